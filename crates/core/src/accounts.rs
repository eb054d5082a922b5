//! The accounts whose Spaces are shown, and what can be done with them.

use std::{collections::BTreeMap, sync::Arc};

use hfsm_hub::{Gateway, Identity, Rank};
use hfsm_model::{
    Account, AccountId, AccountState, AccountStatus, Activity, ActivityKind, Actor, Event,
    Importable, Outcome, SpaceId, TokenKind, TokenSource, WriteAccess,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{Error, Fleet, builder::fresh_account, events::Audience, sources};

/// An account with its way to the Hub.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) account: Account,
    pub(crate) gateway: Gateway,
    pub(crate) has_token: bool,
    /// Ask the Hub now.
    pub(crate) wake: Arc<Notify>,
    /// Something at the Hub may have changed: ask soon.
    pub(crate) hint: Arc<Notify>,
    pub(crate) stop: CancellationToken,
}

impl Member {
    pub(crate) fn new(account: Account, gateway: Gateway, has_token: bool) -> Self {
        Self {
            account,
            gateway,
            has_token,
            wake: Arc::new(Notify::new()),
            hint: Arc::new(Notify::new()),
            stop: CancellationToken::new(),
        }
    }
}

impl Fleet {
    /// Returns the accounts in the order of their names.
    pub fn accounts(&self) -> Vec<Account> {
        self.members().values().map(account_now).collect()
    }

    /// Returns an account.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn account(&self, id: &AccountId) -> Result<Account, Error> {
        self.members().get(id).map(account_now).ok_or_else(|| Error::AccountNotFound(id.clone()))
    }

    /// Asks the Hub whose `token` is, keeps it in the vault, and shows the account's Spaces.
    ///
    /// # Errors
    /// When the Hub does not take the token or cannot be reached, when the account or its token is
    /// here already, or when the vault fails.
    pub async fn add_account(&self, token: SecretString, actor: Actor) -> Result<Account, Error> {
        self.take_account(token, TokenSource::Vault, actor).await
    }

    /// Asks the Hub whose `token` is and what it may, and keeps nothing. Returns the account as it
    /// would be, and whether it is here already.
    ///
    /// # Errors
    /// When the Hub does not take the token or cannot be reached.
    pub async fn preview_account(&self, token: &SecretString) -> Result<(Account, bool), Error> {
        let identity = self.identify(token).await?;
        let id = AccountId::new(&identity.username)?;
        let here = self.members().contains_key(&id);
        Ok((self.vouched_for(id, identity, TokenSource::Vault), here))
    }

    /// Replaces the token of an account that was added here.
    ///
    /// # Errors
    /// As [`Fleet::add_account`]; also when the token is another user's, or when the account comes
    /// from the configuration.
    pub async fn replace_token(
        &self,
        id: &AccountId,
        token: SecretString,
        actor: Actor,
    ) -> Result<Account, Error> {
        let old = self.account(id)?;
        if old.token.source == TokenSource::Environment {
            return Err(Error::AccountConfigured(id.clone()));
        }
        let identity = self.identify(&token).await?;
        if identity.username != id.as_str() {
            return Err(Error::OtherUser { expected: id.clone(), found: identity.username });
        }
        self.save_token(id, &token).await?;
        self.stop_following(id);
        let account = self.enrol(id.clone(), identity, token, TokenSource::Vault).await?;
        self.note_account(id, ActivityKind::ReplaceToken, actor).await;
        Ok(account)
    }

    /// Removes an account that was added here, its token, and the Spaces that only it sees.
    ///
    /// # Errors
    /// When there is no such account, when it comes from the configuration, or when the vault or
    /// the store fails.
    pub async fn remove_account(&self, id: &AccountId, actor: Actor) -> Result<(), Error> {
        let account = self.account(id)?;
        if account.token.source == TokenSource::Environment {
            return Err(Error::AccountConfigured(id.clone()));
        }
        self.remove_token(id).await?;
        self.stop_following(id);
        self.drop_member(id).await;
        self.note_account(id, ActivityKind::RemoveAccount, actor).await;
        Ok(())
    }

    /// Asks the Hub about the account's token now.
    ///
    /// # Errors
    /// When there is no such account, or with the Hub's refusal, which the account's state says too.
    pub async fn check_account(&self, id: &AccountId) -> Result<Account, Error> {
        let member = self.member(id)?;
        if member.has_token {
            match member.gateway.ranked(Rank::Person).whoami().await {
                Ok(identity) => self.identified(id, identity).await,
                Err(error) => {
                    self.account_failed(id, &error).await;
                    return Err(error.into());
                }
            }
        }
        member.wake.notify_one();
        self.account(id)
    }

    /// Asks the Hub for every list now.
    pub fn refresh(&self) {
        for member in self.members().values() {
            member.wake.notify_one();
        }
    }

    /// Returns the accounts that the official command line tool has saved.
    ///
    /// # Errors
    /// When its files are there and cannot be read.
    pub fn importable(&self) -> Result<Vec<Importable>, Error> {
        let entries = self.hf_cli_tokens()?.into_iter();
        Ok(entries
            .map(|entry| Importable { name: import_name(&entry), active: entry.active })
            .collect())
    }

    fn hf_cli_tokens(&self) -> Result<Vec<sources::HfCliToken>, Error> {
        Ok(self.0.hf_cli.as_ref().map(sources::hf_cli_tokens).transpose()?.unwrap_or_default())
    }

    /// Takes over the named accounts of the official command line tool; all when no name is given.
    /// Each has its own outcome.
    ///
    /// # Errors
    /// When accounts cannot be added here at all.
    pub async fn import_accounts(
        &self,
        names: &[String],
        actor: Actor,
    ) -> Result<Vec<(String, Result<Account, Error>)>, Error> {
        self.vault()?;
        let mut outcomes = Vec::new();
        for entry in self.hf_cli_tokens()? {
            let name = import_name(&entry);
            if names.is_empty() || names.contains(&name) {
                let outcome =
                    self.take_account(entry.token, TokenSource::HfCli, actor.clone()).await;
                outcomes.push((name, outcome));
            }
        }
        Ok(outcomes)
    }

    async fn take_account(
        &self,
        token: SecretString,
        source: TokenSource,
        actor: Actor,
    ) -> Result<Account, Error> {
        self.vault()?;
        let identity = self.identify(&token).await?;
        let id = AccountId::new(&identity.username)?;
        if self.members().contains_key(&id) {
            return Err(Error::AccountExists(id));
        }
        self.save_token(&id, &token).await?;
        let account = self.enrol(id.clone(), identity, token, source).await?;
        self.note_account(&id, ActivityKind::AddAccount, actor).await;
        Ok(account)
    }

    /// Asks whose a token is, after a look at its form.
    async fn identify(&self, token: &SecretString) -> Result<Identity, Error> {
        check_form(token.expose_secret())?;
        Ok(self.0.hub.gateway(Some(token.clone())).ranked(Rank::Person).whoami().await?)
    }

    /// Makes a member of an account that the Hub has just vouched for, and follows it.
    async fn enrol(
        &self,
        id: AccountId,
        identity: Identity,
        token: SecretString,
        source: TokenSource,
    ) -> Result<Account, Error> {
        let account = self.vouched_for(id.clone(), identity, source);
        self.0.store.save_account(&account).await?;
        let member = Member::new(account.clone(), self.0.hub.gateway(Some(token)), true);
        self.members_mut().insert(id.clone(), member);
        self.0.events.publish(Event::AccountChanged(account.clone()), Audience::Everything);
        self.follow_account(&id);
        Ok(account)
    }

    /// Returns an account of which the Hub has just said whose it is.
    fn vouched_for(&self, id: AccountId, identity: Identity, source: TokenSource) -> Account {
        let mut account = fresh_account(id, self.0.clock);
        account.token.source = source;
        take_identity(&mut account, identity);
        account.state.status = AccountStatus::Fine;
        account
    }

    /// Takes what the Hub says of an account's token.
    pub(crate) async fn identified(&self, id: &AccountId, identity: Identity) {
        let account = {
            let mut members = self.members_mut();
            let Some(member) = members.get_mut(id) else { return };
            take_identity(&mut member.account, identity);
            member.account.clone()
        };
        self.save_account(&account).await;
    }

    /// Removes a member and what only it sees.
    pub(crate) async fn drop_member(&self, id: &AccountId) {
        self.members_mut().remove(id);
        let changes = self.0.inventory.retain_owners(id, &[], &self.accounts_by_id());
        self.publish_changes(changes).await;
        if let Err(error) = self.0.store.remove_account(id).await {
            tracing::error!(account = %id, %error, "the account `{id}` was not removed from the store: {error}");
        }
        self.0.events.publish(Event::AccountRemoved { id: id.clone() }, Audience::Everything);
    }

    /// Changes an account's state, tells and stores it, where it differs.
    pub(crate) async fn set_account_state(
        &self,
        id: &AccountId,
        status: AccountStatus,
        reason: Option<String>,
        retry_at: Option<chrono::DateTime<chrono::Utc>>,
    ) {
        let now = self.0.clock.now();
        let (account, before) = {
            let mut members = self.members_mut();
            let Some(member) = members.get_mut(id) else { return };
            let state = &mut member.account.state;
            let before = state.status;
            if before == status && state.reason == reason {
                state.retry_at = retry_at;
                return;
            }
            let since = if before == status { state.since } else { now };
            *state = AccountState { status, since, reason: reason.clone(), retry_at };
            (account_now(member), before)
        };
        self.save_account(&account).await;
        let settled = |status| !matches!(status, AccountStatus::Checking);
        if status != AccountStatus::Fine {
            let reason = reason.as_deref().unwrap_or("no reason given");
            tracing::warn!(account = %id, "the account `{id}` does not work now: {reason}");
        }
        if before != status && settled(before) {
            let outcome =
                if status == AccountStatus::Fine { Outcome::Done } else { Outcome::Failed };
            self.record(Activity {
                id: 0,
                at: now,
                actor: Actor::System,
                kind: ActivityKind::AccountState,
                space: None,
                account: Some(id.clone()),
                outcome,
                message: reason,
                details: None,
                request_id: None,
            })
            .await;
        }
    }

    async fn save_account(&self, account: &Account) {
        if let Err(error) = self.0.store.save_account(account).await {
            tracing::error!(account = %account.id, %error, "the account `{}` was not stored: {error}", account.id);
        }
        self.0.events.publish(Event::AccountChanged(account.clone()), Audience::Everything);
    }

    async fn note_account(&self, id: &AccountId, kind: ActivityKind, actor: Actor) {
        self.record(Activity {
            id: 0,
            at: self.0.clock.now(),
            actor,
            kind,
            space: None,
            account: Some(id.clone()),
            outcome: Outcome::Done,
            message: None,
            details: None,
            request_id: None,
        })
        .await;
    }

    pub(crate) fn stop_following(&self, id: &AccountId) {
        if let Some(member) = self.members().get(id) {
            member.stop.cancel();
        }
    }

    /// Returns the gateways through which a Space can be asked, the best first.
    pub(crate) fn gateways(&self, id: &SpaceId) -> Vec<(AccountId, WriteAccess, Gateway)> {
        let Some(space) = self.0.inventory.get(id) else { return Vec::new() };
        let members = self.members();
        let mut ways: Vec<_> = space
            .accounts
            .iter()
            .filter_map(|account| members.get(account))
            .map(|member| (member.account.id.clone(), member.account.write_access(id), member))
            .collect();
        ways.sort_by_key(|(_, access, member)| {
            (std::cmp::Reverse(*access), member.account.state.status != AccountStatus::Fine)
        });
        ways.into_iter().map(|(id, access, member)| (id, access, member.gateway.clone())).collect()
    }

    /// Returns a gateway for what does not belong to an account.
    pub(crate) fn any_gateway(&self) -> Gateway {
        let members = self.members();
        let fine =
            members.values().find(|member| member.account.state.status == AccountStatus::Fine);
        fine.map_or_else(|| self.0.hub.gateway(None), |member| member.gateway.clone())
    }

    pub(crate) fn member(&self, id: &AccountId) -> Result<Member, Error> {
        self.members().get(id).cloned().ok_or_else(|| Error::AccountNotFound(id.clone()))
    }

    pub(crate) fn account_ids(&self) -> Vec<AccountId> {
        self.members().keys().cloned().collect()
    }

    pub(crate) fn accounts_by_id(&self) -> BTreeMap<AccountId, Account> {
        self.members().iter().map(|(id, member)| (id.clone(), member.account.clone())).collect()
    }

    pub(crate) fn members(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<AccountId, Member>> {
        self.0.members.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn members_mut(
        &self,
    ) -> std::sync::RwLockWriteGuard<'_, BTreeMap<AccountId, Member>> {
        self.0.members.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The tool keeps the token in use in a file of its own, which has no name for it.
fn import_name(entry: &sources::HfCliToken) -> String {
    entry.name.clone().unwrap_or_else(|| "token".to_owned())
}

fn account_now(member: &Member) -> Account {
    Account { budget: member.gateway.budget(), ..member.account.clone() }
}

fn take_identity(account: &mut Account, identity: Identity) {
    account.username = Some(identity.username);
    account.full_name = identity.full_name;
    account.avatar_url = identity.avatar_url;
    account.is_pro = identity.is_pro;
    account.can_pay = identity.can_pay;
    account.organisations = identity.organisations;
    account.token.kind = identity.kind;
    account.token.display_name = identity.display_name;
    account.token.expires_at = identity.expires_at;
    account.token.permissions = identity.permissions;
    debug_assert!(account.token.kind != TokenKind::None);
}

/// Refuses what cannot be a token before it is sent anywhere.
fn check_form(token: &str) -> Result<(), Error> {
    if token.is_empty() {
        return Err(Error::NotAToken("it is empty"));
    }
    if token.len() > 4096 {
        return Err(Error::NotAToken("it is longer than any token"));
    }
    if !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Error::NotAToken("it holds spaces or characters that no token has"));
    }
    if !token.starts_with("hf_") {
        return Err(Error::NotAToken("tokens of the Hub begin with `hf_`"));
    }
    Ok(())
}
