//! The engine as the desktop program has it: told by the environment and the configuration file.

use std::{collections::BTreeMap, io};

use hfsm_core::Fleet;
use hfsm_hub::{Hub, HubConfig};
use hfsm_model::Clock;
use hfsm_server::ServerConfig;
use hfsm_store::Store;

use crate::last_words;

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
    /// The Hub's client cannot be made.
    #[error("the Hub cannot be asked")]
    Hub(#[from] hfsm_hub::Error),
    /// The fleet cannot be put together.
    #[error("the accounts cannot be read")]
    Fleet(#[from] hfsm_core::Error),
    /// The demo cannot begin.
    #[error("the demo cannot begin")]
    Demo(#[from] hfsm_demo::Error),
}

/// Reads what the program is told, and begins to log.
///
/// # Errors
/// When a value does not fit.
pub(crate) fn configure() -> Result<ServerConfig, EngineError> {
    let config = ServerConfig::load(BTreeMap::new(), std::env::vars(), None)?;
    let filter =
        tracing_subscriber::EnvFilter::try_new(config.log.as_deref().unwrap_or(USUAL_LOG))?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
    last_words::log_panics();
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    Ok(config)
}

/// A fleet that lasts, and the client that it asks the Hub with.
#[derive(Debug, Clone)]
pub(crate) struct Engine {
    pub(crate) fleet: Fleet,
    pub(crate) hub: Hub,
}

impl Engine {
    /// Puts the engine together. The vault of added tokens follows, since a keychain may take its
    /// time.
    ///
    /// # Errors
    /// When the store or the configured accounts cannot be used.
    pub(crate) async fn open(config: &ServerConfig) -> Result<Self, EngineError> {
        let clock = Clock::system();
        let endpoints = HubConfig::new(
            config.endpoint.clone(),
            config.metrics_endpoint.clone(),
            config.app_url.clone(),
        );
        let hub = Hub::new(endpoints, clock)?;
        // The same file as the server's, so that one can follow the other on a machine. The store
        // knows to refuse the second one while the first still runs.
        let store = Store::open(&config.data_dir.join("hfsm.db")).await?;
        let mut builder =
            Fleet::builder(clock, hub.clone(), store).configured(config.accounts.clone());
        if let Some(paths) = config.hf_cli.clone() {
            builder = builder.hf_cli(paths);
        }
        Ok(Self { fleet: builder.build().await?, hub })
    }
}
