//! What is told to those who listen. Events are hints; reads are the truth.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Account, AccountId, Activity, Job, JobId, MetricsPoint, Mute, Notice, Operation, Run,
    SavedView, Settings, Space, SpaceId, StageChange,
};

/// An event with its place in the stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Envelope {
    /// Grows by one with each event of this run of the program.
    pub seq: u64,
    /// When it was published.
    pub at: DateTime<Utc>,
    /// What happened.
    pub event: Event,
}

/// What can happen. A closed set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// The stream is open. Always first, with `seq` 0.
    Hello {
        /// The name by which what the stream carries can be changed.
        stream: String,
    },
    /// A Space is new, or something about it changed.
    SpaceChanged(Space),
    /// A Space is gone.
    SpaceRemoved {
        /// The Space.
        id: SpaceId,
    },
    /// A Space went from one stage to another.
    StageChanged(StageChange),
    /// An account is new, or something about it changed.
    AccountChanged(Account),
    /// An account is gone.
    AccountRemoved {
        /// The account.
        id: AccountId,
    },
    /// An operation began or moved on.
    OperationChanged(Operation),
    /// A job is new, or something about it changed.
    JobChanged(Job),
    /// A job is gone.
    JobRemoved {
        /// The job.
        id: JobId,
    },
    /// A run is new, or moved on.
    RunChanged(Run),
    /// Spaces are kept awake in another way: read again what is chosen.
    KeepAliveChanged {},
    /// Something about the mending of Spaces is another: read it again.
    HealChanged {
        /// The Space; `null` when it may be any.
        space: Option<SpaceId>,
    },
    /// Something was done.
    ActivityAdded(Activity),
    /// Something happened that a person wants to know at once.
    Notice(Notice),
    /// Somebody asked for quiet, or a time of quiet is over.
    MutesChanged {
        /// Those that count from now on.
        mutes: Vec<Mute>,
    },
    /// A person chose otherwise.
    SettingsChanged(Settings),
    /// The saved views are others.
    ViewsChanged {
        /// All of them, in their order.
        views: Vec<SavedView>,
    },
    /// A replica of a watched Space reported.
    Metrics {
        /// The Space.
        space: SpaceId,
        /// What it reported.
        point: MetricsPoint,
    },
    /// Events were lost to this reader: read again what is shown.
    Resync {
        /// How many were lost.
        missed: u64,
    },
}
