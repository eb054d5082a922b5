//! The handle through which everything is asked and done.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, RwLock},
    time::Duration,
};

use hfsm_hub::Hub;
use hfsm_model::{AccountId, Clock, HardwareOption};
use hfsm_store::Store;
use tokio::sync::{Notify, watch};

use crate::{
    Error, FleetBuilder, Pace,
    accounts::Member,
    events::{Audience, EventReader, Events, Watch},
    heal::Heals,
    inventory::Inventory,
    jobs::Jobs,
    keep_alive::KeepAlives,
    logs::LogFeeds,
    metrics::MetricsFeeds,
    notices::Notices,
    operations::Operations,
    persistence::Persistence,
    reception::Reception,
    supervisor::{Supervisor, TaskStatus},
    tokens::Vaults,
    wake::Clocks,
};

/// How long tasks may take to end.
const GRACE: Duration = Duration::from_millis(1200);
/// How long the list of hardware is kept.
const HARDWARE_AGE: Duration = Duration::from_secs(3600);

/// All accounts and their Spaces. Cheap to clone; every clone is the same fleet.
#[derive(Clone)]
pub struct Fleet(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) clock: Clock,
    pub(crate) pace: Pace,
    pub(crate) hub: Hub,
    pub(crate) store: Store,
    pub(crate) vaults: Vaults,
    pub(crate) hf_cli: Option<crate::sources::HfCliPaths>,
    pub(crate) supervisor: Supervisor,
    pub(crate) events: Events,
    pub(crate) reception: Reception,
    pub(crate) members: RwLock<BTreeMap<AccountId, Member>>,
    pub(crate) inventory: Inventory,
    pub(crate) persistence: Persistence,
    pub(crate) metrics: MetricsFeeds,
    pub(crate) logs: LogFeeds,
    pub(crate) operations: Operations,
    pub(crate) jobs: Jobs,
    pub(crate) keep_alives: KeepAlives,
    pub(crate) heals: Heals,
    pub(crate) notices: Notices,
    pub(crate) clocks: Clocks,
    /// Changes when the machine slept.
    pub(crate) woke: watch::Sender<u64>,
    /// Told when a Space came, went, or changed its stage.
    pub(crate) inventory_changed: Notify,
    hardware: Mutex<Option<(tokio::time::Instant, Vec<HardwareOption>)>>,
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fleet").finish_non_exhaustive()
    }
}

impl Fleet {
    /// Begins to put a fleet together.
    pub fn builder(clock: Clock, hub: Hub, store: Store) -> FleetBuilder {
        FleetBuilder::new(clock, hub, store)
    }

    pub(crate) fn assemble(parts: crate::builder::Parts) -> Result<Self, Error> {
        let supervisor = Supervisor::new(parts.clock);
        let events = Events::new(parts.clock, supervisor.stopping().clone());
        let reception = Reception::begin(events.clone()).map_err(Error::NoThread)?;
        Ok(Self(Arc::new(Inner {
            clock: parts.clock,
            pace: parts.pace,
            hub: parts.hub,
            store: parts.store,
            vaults: Vaults::new(parts.vault),
            hf_cli: parts.hf_cli,
            members: RwLock::new(parts.members),
            inventory: parts.inventory,
            persistence: parts.persistence,
            metrics: MetricsFeeds::default(),
            logs: LogFeeds::default(),
            operations: Operations::default(),
            jobs: Jobs::default(),
            keep_alives: parts.keep_alives,
            heals: parts.heals,
            notices: parts.notices,
            clocks: Clocks::new(parts.clock),
            woke: watch::Sender::new(0),
            inventory_changed: Notify::new(),
            hardware: Mutex::new(None),
            supervisor,
            events,
            reception,
        })))
    }

    /// Begins everything that goes on by itself. Who wants to hear every notice subscribes before.
    pub fn start(&self) {
        let supervisor = &self.0.supervisor;
        let events = self.0.events.clone();
        supervisor.on(self.0.reception.handle()).keep("send events", move || events.clone().run());
        let fleet = self.clone();
        supervisor.keep("open metrics streams", move || fleet.clone().reconcile_metrics());
        let fleet = self.clone();
        supervisor.keep("store metrics", move || fleet.clone().keep_history());
        let fleet = self.clone();
        supervisor.keep("keep history short", move || fleet.clone().prune());
        let fleet = self.clone();
        supervisor.keep("save what could not be saved", move || fleet.clone().save_again());
        let fleet = self.clone();
        supervisor.keep("notice sleep", move || fleet.clone().notice_sleep());
        let fleet = self.clone();
        supervisor.keep("tell notices", move || fleet.clone().tell_notices());
        let fleet = self.clone();
        supervisor.keep("follow the schedule", move || fleet.clone().follow_schedule());
        let fleet = self.clone();
        supervisor.keep("carry out runs", move || fleet.clone().carry_out_runs());
        let fleet = self.clone();
        supervisor.keep("keep awake", move || fleet.clone().keep_awake());
        let fleet = self.clone();
        supervisor.keep("mend what failed", move || fleet.clone().heal());
        for id in self.account_ids() {
            self.follow_account(&id);
        }
        self.resume_operations();
    }

    /// Ends everything: streams close, running work gets a moment, the store is closed.
    pub async fn shutdown(&self) {
        self.0.supervisor.shutdown(GRACE).await;
        self.save_pending().await;
        self.0.metrics.end_all_minutes();
        self.save_history().await;
        if let Err(error) = self.0.store.clone().close().await {
            tracing::warn!(%error, "the store was not closed in order: {error}");
        }
    }

    /// Returns the clock that everything here asks.
    pub fn clock(&self) -> Clock {
        self.0.clock
    }

    /// Returns the store, for what the carriers keep there: settings, sessions, answers.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Returns the owner of background tasks, for the carriers' own.
    pub fn supervisor(&self) -> &Supervisor {
        &self.0.supervisor
    }

    /// Returns what is known of the background tasks.
    pub fn tasks(&self) -> Vec<TaskStatus> {
        self.0.supervisor.statuses()
    }

    /// Returns how many streams are open to the Hub.
    pub fn open_streams(&self) -> usize {
        self.0.hub.open_streams()
    }

    /// Makes a reader of what changes from now on.
    pub fn subscribe(&self, audience: Audience, watch: Watch) -> EventReader {
        let first = !self.0.events.is_looked_at();
        let reader = self.0.events.subscribe(audience, watch);
        if first {
            self.attend();
        }
        reader
    }

    /// Returns where events are published.
    pub fn events(&self) -> &Events {
        &self.0.events
    }

    /// Returns the hardware that the Hub offers, at most an hour old.
    ///
    /// # Errors
    /// When the Hub does not answer and no list is at hand.
    pub async fn hardware(&self) -> Result<Vec<HardwareOption>, Error> {
        if let Some((at, list)) = &*crate::lock(&self.0.hardware)
            && at.elapsed() < HARDWARE_AGE
        {
            return Ok(list.clone());
        }
        let list = self.any_gateway().hardware().await?;
        *crate::lock(&self.0.hardware) = Some((tokio::time::Instant::now(), list.clone()));
        Ok(list)
    }
}
