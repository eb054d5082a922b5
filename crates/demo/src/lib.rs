//! The demo: a fleet over a simulated Hub in the same process. Nothing leaves the machine, and
//! nothing is kept.

use std::sync::Arc;

use hfsm_core::{Fleet, sources::ConfiguredAccount, vault::MemoryVault};
use hfsm_hub::{Hub, HubConfig};
use hfsm_hub_sim::{SimHub, World};
use hfsm_model::{AccountId, Clock, TokenSource};
use hfsm_store::Store;
use secrecy::SecretString;

/// Why the demo could not begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The simulated Hub got no port.
    #[error("the simulated Hub cannot listen on this machine")]
    Simulator(#[from] hfsm_hub_sim::Error),
    /// The simulated Hub's address is none.
    #[error("the simulated Hub has no address")]
    Address(#[from] url::ParseError),
    /// The client cannot be made.
    #[error("the simulated Hub cannot be asked")]
    Hub(#[from] hfsm_hub::Error),
    /// The store in memory cannot be made.
    #[error("the demo's data cannot be kept in memory")]
    Store(#[from] hfsm_store::Error),
    /// The fleet cannot be put together.
    #[error("the demo's accounts cannot be read")]
    Fleet(#[from] hfsm_core::Error),
}

/// A simulated Hub, and a fleet with all of its accounts.
#[derive(Debug)]
pub struct Demo {
    fleet: Fleet,
    hub: Hub,
    simulator: SimHub,
}

impl Demo {
    /// Begins to simulate, and puts the fleet together, which is not started yet.
    ///
    /// # Errors
    /// When the machine gives no port, or no memory for it.
    pub async fn open() -> Result<Self, Error> {
        let world = World::demo();
        let accounts = accounts(&world);
        let simulator = SimHub::start(world).await?;
        let endpoints = HubConfig::new(
            simulator.endpoint().parse()?,
            simulator.metrics_endpoint().parse()?,
            simulator.app_url_template(),
        );
        let clock = Clock::system();
        let hub = Hub::new(endpoints, clock)?;
        let fleet = Fleet::builder(clock, hub.clone(), Store::in_memory().await?)
            .vault(Arc::new(MemoryVault::default()))
            .configured(accounts)
            .build()
            .await?;
        Ok(Self { fleet, hub, simulator })
    }

    /// Returns the fleet.
    pub fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// Returns the client of the simulated Hub.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Ends the simulated Hub. The fleet is shut down before.
    pub fn stop(self) {
        self.simulator.stop();
    }
}

/// The tokens with which the world's users may act; it also has some that do not work.
fn accounts(world: &World) -> Vec<ConfiguredAccount> {
    let usable = |(name, token): (String, String)| {
        let user = name.strip_suffix("/space-manager")?;
        Some(ConfiguredAccount {
            name: Some(AccountId::new(user).ok()?),
            token: Some(SecretString::from(token)),
            source: TokenSource::Environment,
        })
    };
    world.tokens().into_iter().filter_map(usable).collect()
}
