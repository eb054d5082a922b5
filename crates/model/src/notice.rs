//! What a person is told without looking: a Space failed, is good again, fell asleep.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Action, SpaceId, Stage};

/// Something about a Space that a person wants to know at once. Told once for each incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Notice {
    /// Its name, another one each time.
    pub id: String,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    pub kind: NoticeKind,
    /// To which Space.
    pub space: SpaceId,
    /// The stage of the Space then.
    pub stage: Stage,
    /// Why, in the Hub's words where it gave some.
    pub reason: Option<String>,
    /// What was asked for, when that failed.
    #[serde(default)]
    pub action: Option<Action>,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// It could not be built: the build failed, or the configuration or the app file is wrong.
    BuildFailed,
    /// The app ended with an error.
    RuntimeError,
    /// It runs again, after a failure that was told.
    Recovered,
    /// It was idle for too long.
    FellAsleep,
    /// What somebody else or a program asked for was not done.
    ActionFailed,
    /// Auto-heal could not mend it, and does nothing more.
    GaveUp,
}

/// A time in which nothing is told of a Space, or of any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mute {
    /// The Space; `null` is every Space.
    pub space: Option<SpaceId>,
    /// When it runs out by itself.
    pub until: DateTime<Utc>,
}
