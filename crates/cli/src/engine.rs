//! Putting hub client, store, vault and fleet together, for a server or for one command.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context;
use hfsm_core::{
    Fleet,
    events::{Audience, Watch},
    sources::{ConfiguredAccount, hf_cli_tokens},
    vault::{FileVault, MemoryVault, SecretVault, VaultKey},
};
use hfsm_hub::{Hub, HubConfig};
use hfsm_model::{Account, AccountStatus, Clock, SpaceId, TokenSource};
use hfsm_server::ServerConfig;
use hfsm_store::Store;

use crate::{environment, exit::Failure};

/// How long a command waits for the first lists of all accounts.
const FIRST_LISTS: Duration = Duration::from_secs(60);

/// A fleet and the client that it asks the Hub with.
pub(crate) struct Engine {
    pub(crate) fleet: Fleet,
    pub(crate) hub: Hub,
    pub(crate) vault: String,
}

/// Builds the engine of a server: everything survives it.
pub(crate) async fn lasting(config: &ServerConfig) -> anyhow::Result<Engine> {
    let store = Store::open(&config.data_dir.join("hfsm.db")).await?;
    let vault: Arc<dyn SecretVault> = Arc::new(open_vault(config).await?);
    build(config, store, vault, config.accounts.clone()).await
}

/// Builds the engine of one command. It leaves the store alone, so that it works beside a server.
pub(crate) async fn for_a_command(config: &ServerConfig) -> anyhow::Result<Engine> {
    let mut accounts = config.accounts.clone();
    let vault = open_vault(config).await?;
    for id in vault.accounts().await? {
        if !accounts.iter().any(|account| account.name.as_ref() == Some(&id)) {
            let token = vault.token(&id).await?;
            accounts.push(ConfiguredAccount { name: Some(id), token, source: TokenSource::Vault });
        }
    }
    if accounts.is_empty() && !environment::is_set("HF_HUB_DISABLE_IMPLICIT_TOKEN") {
        let tokens = config.hf_cli.as_ref().map(hf_cli_tokens).transpose()?.unwrap_or_default();
        accounts.extend(tokens.into_iter().filter(|token| token.active).map(|token| {
            tracing::info!("asking the Hub with the active token of the official `hf` tool");
            ConfiguredAccount { name: None, token: Some(token.token), source: TokenSource::HfCli }
        }));
    }
    if accounts.is_empty() {
        return Err(Failure::NoAccount.into());
    }
    build(config, Store::in_memory().await?, Arc::new(MemoryVault::default()), accounts).await
}

async fn build(
    config: &ServerConfig,
    store: Store,
    vault: Arc<dyn SecretVault>,
    accounts: Vec<ConfiguredAccount>,
) -> anyhow::Result<Engine> {
    let clock = Clock::system();
    let endpoints = HubConfig::new(
        config.endpoint.clone(),
        config.metrics_endpoint.clone(),
        config.app_url.clone(),
    );
    let hub = Hub::new(endpoints, clock)?;
    let kind = vault.kind().to_string();
    let mut builder = Fleet::builder(clock, hub.clone(), store).vault(vault).configured(accounts);
    if let Some(paths) = config.hf_cli.clone() {
        builder = builder.hf_cli(paths);
    }
    Ok(Engine { fleet: builder.build().await?, hub, vault: kind })
}

async fn open_vault(config: &ServerConfig) -> anyhow::Result<FileVault> {
    let key = match &config.vault_passphrase {
        Some(passphrase) => VaultKey::Passphrase(passphrase.clone()),
        None => VaultKey::KeyFile(key_file(config)),
    };
    FileVault::open(config.data_dir.join("vault.json"), key)
        .await
        .context("the vault of added tokens cannot be opened")
}

fn key_file(config: &ServerConfig) -> PathBuf {
    config.vault_key_file.clone().unwrap_or_else(|| config.data_dir.join("vault.key"))
}

impl Engine {
    /// Asks the Hub for everything, and returns when every account has answered or failed. Says
    /// which failed, unless all did.
    pub(crate) async fn first_lists(&self) -> anyhow::Result<Vec<Account>> {
        let accounts = self.lists_of_some().await?;
        for account in accounts.iter().filter(|a| a.state.status != AccountStatus::Fine) {
            tracing::warn!("{}", trouble(account));
        }
        Ok(accounts)
    }

    /// Asks the Hub for everything, and fails when no account works.
    pub(crate) async fn lists_of_some(&self) -> anyhow::Result<Vec<Account>> {
        let mut reader = self.fleet.subscribe(Audience::Everything, Watch::nothing());
        self.fleet.start();
        let settled = async {
            loop {
                let accounts = self.fleet.accounts();
                let checking = |account: &Account| account.state.status == AccountStatus::Checking;
                if !accounts.iter().any(checking) || reader.next().await.is_none() {
                    return accounts;
                }
            }
        };
        let accounts = tokio::time::timeout(FIRST_LISTS, settled).await.map_err(|_| {
            Failure::TimedOut(format!("the Hub gave no list within {} s", FIRST_LISTS.as_secs()))
        })?;
        if accounts.iter().any(|account| account.state.status == AccountStatus::Fine) {
            return Ok(accounts);
        }
        Err(Failure::of_accounts(&accounts).into())
    }

    /// Asks the Hub for everything, and fails when no account sees `space`.
    pub(crate) async fn find(&self, space: &SpaceId) -> anyhow::Result<()> {
        self.first_lists().await?;
        self.fleet.space(space)?;
        Ok(())
    }
}

impl Failure {
    /// Says what is wrong with the accounts that do not work.
    pub(crate) fn of_accounts(accounts: &[Account]) -> Self {
        let bad = || accounts.iter().filter(|a| a.state.status != AccountStatus::Fine);
        let all = bad().map(trouble).collect::<Vec<_>>().join("; ");
        let refused = bad().any(|a| a.state.status == AccountStatus::TokenRefused);
        if refused { Self::AccountRefused(all) } else { Self::HubUnreachable(all) }
    }
}

/// Says what is wrong with an account.
pub(crate) fn trouble(account: &Account) -> String {
    let what = match account.state.status {
        AccountStatus::Checking => "was not asked yet",
        AccountStatus::Fine => "works",
        AccountStatus::TokenRefused => "has a token that the Hub does not take",
        AccountStatus::RateLimited => "must wait, says the Hub",
        AccountStatus::HubUnreachable => "cannot reach the Hub",
    };
    let reason = account.state.reason.as_deref().unwrap_or("no reason was given");
    format!("the account `{}` {what}: {reason}", account.id)
}
