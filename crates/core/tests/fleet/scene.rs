//! A fleet on a simulated Hub, and waiting for what it tells.

use std::{sync::Arc, time::Duration};

use hfsm_core::{
    Fleet, FleetBuilder, Pace,
    events::{Audience, EventReader, Received, Watch},
    sources::configured_accounts,
    vault::MemoryVault,
};
use hfsm_hub::{Hub, HubConfig};
use hfsm_hub_sim::{Durations, SimHub, TokenKind, World, WorldBuilder};
use hfsm_model::{AccountId, Clock, Event, SpaceId, Stage};
use hfsm_store::Store;

/// Longer than anything here takes, so that a test which waits in vain fails with words.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn world() -> WorldBuilder {
    World::builder()
        .seed(7)
        .durations(Durations::all(Duration::from_millis(60)))
        .metric_interval(Duration::from_millis(40))
        .user("alice")
        .token("hf_alice_write", TokenKind::Write)
        .space("alice/demo", |space| space.running())
        .space("alice/secret", |space| space.running().private())
        .space("alice/page", |space| space.statics())
        .user("bob")
        .token("hf_bob_write", TokenKind::Write)
        .space("bob/tool", |space| space.running())
}

pub(crate) struct Scene {
    pub(crate) hub: SimHub,
    pub(crate) fleet: Fleet,
}

pub(crate) fn client(hub: &SimHub) -> Hub {
    let mut config = HubConfig::new(
        hub.endpoint().parse().unwrap(),
        hub.metrics_endpoint().parse().unwrap(),
        hub.app_url_template(),
    );
    config.retry_delay = Duration::from_millis(10);
    config.attempts = 2;
    Hub::new(config, Clock::system()).unwrap()
}

pub(crate) async fn fleet(hub: &SimHub, store: Store, accounts: &str) -> Fleet {
    let fleet = builder(hub, store, accounts).build().await.unwrap();
    fleet.start();
    fleet
}

/// A fleet that is not put together yet.
pub(crate) fn builder(hub: &SimHub, store: Store, accounts: &str) -> FleetBuilder {
    builder_by(Clock::system(), hub, store, accounts)
}

/// The same, by a clock of the test's own.
pub(crate) fn builder_by(clock: Clock, hub: &SimHub, store: Store, accounts: &str) -> FleetBuilder {
    let configured = configured_accounts(Some(accounts), None);
    assert!(configured.problems.is_empty(), "{:?}", configured.problems);
    Fleet::builder(clock, client(hub), store)
        .configured(configured.accounts)
        .vault(Arc::new(MemoryVault::default()))
        .pace(Pace::brisk())
}

pub(crate) async fn scene(world: WorldBuilder, accounts: &str) -> Scene {
    let hub = SimHub::start(world.build()).await.unwrap();
    let fleet = fleet(&hub, Store::in_memory().await.unwrap(), accounts).await;
    Scene { hub, fleet }
}

/// Waits until `wanted` says yes, looking again at each event.
pub(crate) async fn until<T>(
    fleet: &Fleet,
    what: &str,
    mut wanted: impl FnMut() -> Option<T>,
) -> T {
    let mut reader = fleet.subscribe(Audience::Everything, Watch::nothing());
    let waiting = async {
        loop {
            if let Some(found) = wanted() {
                return found;
            }
            reader.next().await.expect("the fleet runs");
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("in vain: {what}"))
}

/// Waits for an event.
pub(crate) async fn event<T>(
    reader: &mut EventReader,
    what: &str,
    mut wanted: impl FnMut(&Event) -> Option<T>,
) -> T {
    let waiting = async {
        loop {
            let Some(Received::Batch(batch)) = reader.next().await else {
                panic!("the stream ended")
            };
            if let Some(found) =
                reader.wanted(&batch).find_map(|frame| wanted(&frame.envelope.event))
            {
                return found;
            }
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("in vain: {what}"))
}

pub(crate) fn id(text: &str) -> SpaceId {
    text.parse().unwrap()
}

pub(crate) fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

pub(crate) fn stage_of(fleet: &Fleet, space: &str) -> Option<Stage> {
    fleet.space(&id(space)).ok().map(|space| space.stage.clone())
}
