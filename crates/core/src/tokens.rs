//! Which vault keeps the tokens, choosing another while running, and moving them there.
//!
//! Exactly one vault counts at any time. While tokens are moved no account is added or removed.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use hfsm_model::{Account, AccountId, AccountState, AccountStatus, Clock, Event, TokenSource};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    Error, Fleet,
    accounts::Member,
    events::Audience,
    lock,
    vault::{SecretVault, VaultError, VaultKind},
};

/// The vault that counts.
#[derive(Default)]
pub(crate) struct Vaults {
    current: RwLock<Option<Arc<dyn SecretVault>>>,
    /// Those that counted before and may still hold tokens: a removed account is removed there too.
    former: Mutex<Vec<Arc<dyn SecretVault>>>,
    /// Held to read by who changes a token, and to write by who changes the vault.
    changing: tokio::sync::RwLock<()>,
}

impl Vaults {
    pub(crate) fn new(vault: Option<Arc<dyn SecretVault>>) -> Self {
        Self { current: RwLock::new(vault), ..Self::default() }
    }

    fn current(&self) -> Option<Arc<dyn SecretVault>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, vault: Option<Arc<dyn SecretVault>>) -> Option<Arc<dyn SecretVault>> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *current, vault)
    }
}

/// Reads the token of an account. Without one the account's state says why.
pub(crate) async fn token_of(
    vault: Option<&Arc<dyn SecretVault>>,
    account: &mut Account,
    clock: Clock,
) -> Option<SecretString> {
    let outcome = match vault {
        Some(vault) => vault.token(&account.id).await.map_err(|error| error.to_string()),
        None => Err("no vault is open".to_owned()),
    };
    let reason = match outcome {
        Ok(Some(token)) => return Some(token),
        Ok(None) => "the vault holds no token for this account; replace it".to_owned(),
        Err(reason) => reason,
    };
    account.state = AccountState {
        status: AccountStatus::TokenRefused,
        since: clock.now(),
        reason: Some(reason),
        retry_at: None,
    };
    None
}

/// What a vault held before another token was put there.
struct Replaced {
    account: AccountId,
    before: Option<SecretString>,
}

impl Fleet {
    /// Returns what kind of vault keeps the tokens of added accounts; `None` when none is open.
    pub fn vault_kind(&self) -> Option<VaultKind> {
        self.0.vaults.current().map(|vault| vault.kind())
    }

    /// Keeps tokens in `vault` from now on, and reads those of the added accounts there. What the
    /// vault before holds stays in it and counts no longer; [`Fleet::move_tokens`] takes it along.
    pub async fn use_vault(&self, vault: Option<Arc<dyn SecretVault>>) {
        let _turn = self.0.vaults.changing.write().await;
        self.adopt(vault).await;
    }

    /// Moves the tokens of all added accounts into the vault `to`, which counts from then on:
    /// writes them all, reads them back, then removes them from the vault before. Returns how many
    /// were moved. To a vault of the kind that counts already nothing is moved.
    ///
    /// # Errors
    /// When either vault fails. The vault before counts still and holds every token, and `to` holds
    /// what it held.
    pub async fn move_tokens(&self, to: Arc<dyn SecretVault>) -> Result<usize, Error> {
        let vaults = &self.0.vaults;
        let _turn = vaults.changing.write().await;
        let Some(from) = vaults.current() else {
            self.adopt(Some(to)).await;
            return Ok(0);
        };
        if from.kind() == to.kind() {
            return Ok(0);
        }
        let mut tokens = Vec::new();
        for id in self.added_accounts() {
            if let Some(token) = from.token(&id).await? {
                tokens.push((id, token));
            }
        }
        let mut written = Vec::new();
        let moved = async {
            copy(&tokens, &*to, &mut written).await?;
            take_away(&tokens, &*from).await
        };
        if let Err(error) = moved.await {
            put_back(&*to, written).await;
            return Err(error.into());
        }
        vaults.replace(Some(to));
        let waiting: Vec<AccountId> = self
            .added_accounts()
            .filter(|id| !tokens.iter().any(|(moved, _)| moved == id))
            .collect();
        for id in waiting {
            self.read_token(&id).await;
        }
        tracing::info!(
            "moved {} tokens from {} to {}",
            tokens.len(),
            from.kind(),
            self.vault_kind().unwrap_or(from.kind())
        );
        Ok(tokens.len())
    }

    /// Returns whether accounts can be added while running.
    pub fn can_add_accounts(&self) -> bool {
        self.vault_kind().is_some()
    }

    /// Keeps an account's token.
    pub(crate) async fn save_token(
        &self,
        id: &AccountId,
        token: &SecretString,
    ) -> Result<(), Error> {
        let _turn = self.0.vaults.changing.read().await;
        Ok(self.vault()?.save(id, token).await?)
    }

    /// Forgets an account's token, also in vaults that counted before.
    pub(crate) async fn remove_token(&self, id: &AccountId) -> Result<(), Error> {
        let _turn = self.0.vaults.changing.read().await;
        self.vault()?.remove(id).await?;
        let former = lock(&self.0.vaults.former).clone();
        for vault in former {
            if let Err(error) = vault.remove(id).await {
                let kind = vault.kind();
                tracing::warn!(account = %id, %error, "an older token of `{id}` may be left in {kind}: {error}");
            }
        }
        Ok(())
    }

    /// Returns the vault that counts.
    pub(crate) fn vault(&self) -> Result<Arc<dyn SecretVault>, Error> {
        self.0.vaults.current().ok_or_else(|| {
            Error::Invalid(
                "no vault is open, so accounts come from the configuration only".to_owned(),
            )
        })
    }

    async fn adopt(&self, vault: Option<Arc<dyn SecretVault>>) {
        let before = self.0.vaults.replace(vault.clone());
        if let Some(before) = before
            && vault.is_none_or(|vault| !Arc::ptr_eq(&vault, &before))
        {
            lock(&self.0.vaults.former).push(before);
        }
        for id in self.added_accounts() {
            self.read_token(&id).await;
        }
    }

    /// Makes an account anew with the token that the vault holds for it.
    async fn read_token(&self, id: &AccountId) {
        let Ok(mut account) = self.account(id) else { return };
        let token = token_of(self.0.vaults.current().as_ref(), &mut account, self.0.clock).await;
        let has_token = token.is_some();
        if has_token {
            account.state = AccountState {
                status: AccountStatus::Checking,
                since: self.0.clock.now(),
                reason: None,
                retry_at: None,
            };
        }
        self.stop_following(id);
        let member = Member::new(account.clone(), self.0.hub.gateway(token), has_token);
        self.members_mut().insert(id.clone(), member);
        if !has_token {
            let changes = self.0.inventory.mark_stale(id, &self.accounts_by_id());
            self.publish_changes(changes).await;
        }
        self.0.events.publish(Event::AccountChanged(account), Audience::Everything);
        self.follow_account(id);
    }

    fn added_accounts(&self) -> impl Iterator<Item = AccountId> + use<> {
        let accounts = self.accounts();
        let added = accounts.into_iter().filter(|a| a.token.source != TokenSource::Environment);
        added.map(|account| account.id)
    }
}

/// Writes tokens into a vault and reads them back. What it held before is added to `written`.
async fn copy(
    tokens: &[(AccountId, SecretString)],
    to: &dyn SecretVault,
    written: &mut Vec<Replaced>,
) -> Result<(), VaultError> {
    for (id, token) in tokens {
        let before = to.token(id).await?;
        written.push(Replaced { account: id.clone(), before });
        to.save(id, token).await?;
    }
    for (id, token) in tokens {
        let kept = to.token(id).await?;
        if kept.is_none_or(|kept| kept.expose_secret() != token.expose_secret()) {
            return Err(VaultError::NotKept { kind: to.kind(), account: id.to_string() });
        }
    }
    Ok(())
}

/// Removes tokens from a vault, all or none.
async fn take_away(
    tokens: &[(AccountId, SecretString)],
    from: &dyn SecretVault,
) -> Result<(), VaultError> {
    for (number, (id, _)) in tokens.iter().enumerate() {
        if let Err(error) = from.remove(id).await {
            // The one that failed may be gone all the same.
            for (id, token) in &tokens[..=number] {
                if let Err(error) = from.save(id, token).await {
                    tracing::error!(account = %id, %error, "the token of `{id}` was not put back; replace it: {error}");
                }
            }
            return Err(error);
        }
    }
    Ok(())
}

/// Makes a vault hold again what it held.
async fn put_back(vault: &dyn SecretVault, written: Vec<Replaced>) {
    for Replaced { account, before } in written {
        let outcome = match before {
            Some(token) => vault.save(&account, &token).await,
            None => vault.remove(&account).await,
        };
        if let Err(error) = outcome {
            let kind = vault.kind();
            tracing::warn!(account = %account, %error, "a token of `{account}` may be left in {kind}: {error}");
        }
    }
}
