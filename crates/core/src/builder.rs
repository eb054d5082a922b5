//! Putting a fleet together. Opens nothing by itself and runs nothing.

use std::{collections::BTreeMap, sync::Arc};

use hfsm_hub::Hub;
use hfsm_model::{
    Account, AccountId, AccountState, AccountStatus, Clock, TokenInfo, TokenKind, TokenSource,
};
use hfsm_store::Store;
use secrecy::SecretString;

use crate::{
    Error, Fleet, Pace,
    accounts::Member,
    heal::Heals,
    inventory::Inventory,
    keep_alive::KeepAlives,
    notices::Notices,
    persistence::Persistence,
    sources::{ConfiguredAccount, HfCliPaths},
    tokens::token_of,
    vault::SecretVault,
};

/// The name of an account whose user is not known yet: a token without a name.
pub(crate) const UNNAMED: &str = "unnamed-token";

/// Collects what a fleet is made of.
pub struct FleetBuilder {
    clock: Clock,
    hub: Hub,
    store: Store,
    vault: Option<Arc<dyn SecretVault>>,
    configured: Vec<ConfiguredAccount>,
    hf_cli: Option<HfCliPaths>,
    pace: Pace,
}

pub(crate) struct Parts {
    pub(crate) clock: Clock,
    pub(crate) pace: Pace,
    pub(crate) hub: Hub,
    pub(crate) store: Store,
    pub(crate) vault: Option<Arc<dyn SecretVault>>,
    pub(crate) hf_cli: Option<HfCliPaths>,
    pub(crate) members: BTreeMap<AccountId, Member>,
    pub(crate) inventory: Inventory,
    pub(crate) persistence: Persistence,
    pub(crate) notices: Notices,
    pub(crate) keep_alives: KeepAlives,
    pub(crate) heals: Heals,
}

impl FleetBuilder {
    pub(crate) fn new(clock: Clock, hub: Hub, store: Store) -> Self {
        Self {
            clock,
            hub,
            store,
            vault: None,
            configured: Vec::new(),
            hf_cli: None,
            pace: Pace::default(),
        }
    }

    /// Keeps added tokens in `vault`; until there is one, no account can be added while running.
    #[must_use]
    pub fn vault(mut self, vault: Arc<dyn SecretVault>) -> Self {
        self.vault = Some(vault);
        self
    }

    /// Adds the accounts that the environment or a configuration file names.
    #[must_use]
    pub fn configured(mut self, accounts: Vec<ConfiguredAccount>) -> Self {
        self.configured.extend(accounts);
        self
    }

    /// Offers the accounts of the official command line tool for import.
    #[must_use]
    pub fn hf_cli(mut self, paths: HfCliPaths) -> Self {
        self.hf_cli = Some(paths);
        self
    }

    /// Asks the Hub at another pace than the usual.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Reads the store and the vault, and puts the fleet together.
    ///
    /// # Errors
    /// When the store cannot be read. A vault that fails is said in the state of its accounts.
    pub async fn build(mut self) -> Result<Fleet, Error> {
        let stored: BTreeMap<_, _> = self
            .store
            .accounts()
            .await?
            .into_iter()
            .map(|account| (account.id.clone(), account))
            .collect();
        let mut members = BTreeMap::new();
        for configured in std::mem::take(&mut self.configured) {
            let id = match configured.name {
                Some(name) => name,
                None => AccountId::new(UNNAMED)?,
            };
            if members.contains_key(&id) {
                tracing::warn!(account = %id, "the account `{id}` is configured twice; the first counts");
                continue;
            }
            let mut account = stored.get(&id).cloned().unwrap_or_else(|| self.fresh(&id));
            account.token.source = configured.source;
            if configured.token.is_none() {
                account.token.kind = TokenKind::None;
            }
            members.insert(id, self.member(account, configured.token));
        }
        for (id, account) in &stored {
            if members.contains_key(id) {
                continue;
            }
            if account.token.source == TokenSource::Environment {
                tracing::info!(account = %id, "the account `{id}` is no longer configured");
                self.store.remove_account(id).await?;
                continue;
            }
            let mut account = account.clone();
            let token = if self.vault.is_some() {
                token_of(self.vault.as_ref(), &mut account, self.clock).await
            } else {
                // A vault may still come, with `Fleet::use_vault`.
                account.state = self.fresh(id).state;
                None
            };
            members.insert(id.clone(), self.member(account, token));
        }
        let inventory =
            Inventory::load(self.store.spaces().await?, self.store.labels().await?, &members);
        let persistence = Persistence::load(&self.store).await;
        let notices = Notices::load(&self.store).await;
        let keep_alives = KeepAlives::load(&self.store).await;
        let heals = Heals::load(&self.store).await;
        Fleet::assemble(Parts {
            clock: self.clock,
            pace: self.pace,
            hub: self.hub,
            store: self.store,
            vault: self.vault,
            hf_cli: self.hf_cli,
            members,
            inventory,
            persistence,
            notices,
            keep_alives,
            heals,
        })
    }

    fn fresh(&self, id: &AccountId) -> Account {
        fresh_account(id.clone(), self.clock)
    }

    fn member(&self, account: Account, token: Option<SecretString>) -> Member {
        let has_token = token.is_some();
        Member::new(account, self.hub.gateway(token), has_token)
    }
}

/// Makes an account of which nothing but the name is known.
pub(crate) fn fresh_account(id: AccountId, clock: Clock) -> Account {
    Account {
        id,
        username: None,
        full_name: None,
        avatar_url: None,
        is_pro: None,
        can_pay: None,
        organisations: Vec::new(),
        token: TokenInfo {
            source: TokenSource::Vault,
            kind: TokenKind::Unknown,
            display_name: None,
            expires_at: None,
            permissions: Vec::new(),
        },
        state: AccountState {
            status: AccountStatus::Checking,
            since: clock.now(),
            reason: None,
            retry_at: None,
        },
        budget: None,
    }
}
