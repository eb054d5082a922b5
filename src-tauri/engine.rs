//! The engine as the desktop program has it: told by the environment and the configuration file,
//! with the tokens in the system's keychain where there is one.

use std::{collections::BTreeMap, io, sync::Arc};

use hfsm_core::{
    Fleet,
    vault::{FileVault, KeychainVault, SecretVault, VaultError, VaultKey},
};
use hfsm_hub::{Hub, HubConfig};
use hfsm_model::Clock;
use hfsm_server::ServerConfig;
use hfsm_store::Store;

/// The name under which the keychain shows our entries.
const KEYCHAIN_SERVICE: &str = "HF Space Manager";

/// What is logged where nobody said what.
const USUAL_LOG: &str = "info,sea_orm_migration=warn";

/// Why the engine could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The environment or the configuration file is wrong.
    #[error("the configuration is wrong")]
    Config(#[from] hfsm_server::ConfigError),
    /// The log's filter is wrong.
    #[error("HFSM_LOG is no filter; write, for example, info or hfsm_core=debug")]
    Log(#[from] tracing_subscriber::filter::ParseError),
    /// The store cannot be opened: another program has it, or it is damaged or newer.
    #[error("the stored data cannot be opened")]
    Store(#[from] hfsm_store::Error),
    /// The vault of added tokens cannot be opened.
    #[error("the vault of added tokens cannot be opened")]
    Vault(#[from] VaultError),
    /// The Hub's client cannot be made.
    #[error("the Hub cannot be asked")]
    Hub(#[from] hfsm_hub::Error),
    /// The fleet cannot be put together.
    #[error("the accounts cannot be read")]
    Fleet(#[from] hfsm_core::Error),
}

/// Puts the engine together, and begins everything that goes on by itself.
pub(crate) async fn start() -> Result<Fleet, EngineError> {
    let config = ServerConfig::load(BTreeMap::new(), std::env::vars(), None)?;
    let filter =
        tracing_subscriber::EnvFilter::try_new(config.log.as_deref().unwrap_or(USUAL_LOG))?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let fleet = build(&config).await?;
    fleet.start();
    Ok(fleet)
}

async fn build(config: &ServerConfig) -> Result<Fleet, EngineError> {
    let clock = Clock::system();
    let endpoints = HubConfig::new(
        config.endpoint.clone(),
        config.metrics_endpoint.clone(),
        config.app_url.clone(),
    );
    let hub = Hub::new(endpoints, clock)?;
    // The same files as the server's, so that one can follow the other on a machine. The store
    // knows to refuse the second one while the first still runs.
    let store = Store::open(&config.data_dir.join("hfsm.db")).await?;
    let mut builder = Fleet::builder(clock, hub, store)
        .vault(vault(config).await?)
        .configured(config.accounts.clone());
    if let Some(paths) = config.hf_cli.clone() {
        builder = builder.hf_cli(paths);
    }
    Ok(builder.build().await?)
}

/// Chooses the keychain of the system, or an encrypted file where none answers.
async fn vault(config: &ServerConfig) -> Result<Arc<dyn SecretVault>, EngineError> {
    let keychain = KeychainVault::new(KEYCHAIN_SERVICE);
    let vault: Arc<dyn SecretVault> = match keychain.check().await {
        Ok(()) => Arc::new(keychain),
        Err(error) => {
            tracing::warn!("added tokens go into a file, since no keychain answers: {error}");
            let key = match &config.vault_passphrase {
                Some(passphrase) => VaultKey::Passphrase(passphrase.clone()),
                None => VaultKey::KeyFile(
                    config
                        .vault_key_file
                        .clone()
                        .unwrap_or_else(|| config.data_dir.join("vault.key")),
                ),
            };
            Arc::new(FileVault::open(config.data_dir.join("vault.json"), key).await?)
        }
    };
    tracing::info!("added tokens are kept in {}", vault.kind());
    Ok(vault)
}
