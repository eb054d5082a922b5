//! Keeping Spaces awake.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ExpectedAnswer, SpaceId};

/// Whether and how one Space is kept awake.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KeepAlive {
    /// Whether it is.
    pub mode: KeepAliveMode,
    /// It is visited every so many minutes, 1 to 43200; with the fewest visits that work when `null`.
    pub every_minutes: Option<u32>,
    /// It is kept awake at these hours; always when `null`.
    pub hours: Option<AwakeHours>,
    /// What its app has to answer for a visit to count, also where it is woken; anything of its own when
    /// `null`.
    pub answer: Option<ExpectedAnswer>,
    /// Also where that has hardware run that costs money.
    pub allow_billed: bool,
    /// Also where a free account may lose the Space's place.
    pub allow_slot_risk: bool,
}

/// Whether a Space is kept awake.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeepAliveMode {
    /// As is chosen for all.
    #[default]
    Follow,
    /// It is, whatever is chosen for all.
    On,
    /// It is not.
    Off,
}

/// Whether and how all Spaces are kept awake that nothing else is chosen for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KeepAliveAll {
    /// Whether they are.
    pub enabled: bool,
    /// They are visited every so many minutes, 1 to 43200; with the fewest visits that work when
    /// `null`.
    pub every_minutes: Option<u32>,
    /// They are kept awake at these hours; always when `null`.
    pub hours: Option<AwakeHours>,
    /// All but these.
    pub excluded: Vec<SpaceId>,
}

/// Hours of a week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AwakeHours {
    /// The days on which they begin, 1 (Monday) to 7 (Sunday).
    pub days: Vec<u8>,
    /// When they begin, such as `09:00`.
    #[schema(example = "09:00")]
    pub from: String,
    /// When they end; on the next day where that is earlier.
    #[schema(example = "18:00")]
    pub to: String,
    /// The time zone, such as `Europe/Rome`.
    pub zone: String,
}

/// How a Space is kept awake now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeepAliveState {
    /// The Space.
    pub space: SpaceId,
    /// What is chosen for the Space.
    pub rule: KeepAlive,
    /// Whether it is kept awake, by what is chosen for it or for all.
    pub kept: bool,
    /// When its app last answered a visit of this program.
    pub visited_at: Option<DateTime<Utc>>,
    /// When it is visited next, as far as that is known; `null` where no visit is needed, or none helps.
    pub next_visit_at: Option<DateTime<Utc>>,
    /// Why then, or why not at all.
    pub why: VisitReason,
}

/// Why a Space is visited at a time, or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VisitReason {
    /// Its sleep timer would run out soon after.
    SleepTimer,
    /// It is visited at a fixed interval.
    Interval,
    /// It sleeps, and a visit wakes it.
    Asleep,
    /// The hours at which it is to be awake begin then.
    Hours,
    /// The last visit brought nothing, or was refused.
    Retry,
    /// Not now: a visit is under way.
    UnderWay,
    /// Not at all: it is not kept awake.
    NotKept,
    /// Not at all: it has no sleep timer.
    NeverSleeps,
    /// Not in its stage: it is paused, has failed, or builds or starts.
    Stage,
    /// Not at all: it is static.
    Static,
}

impl VisitReason {
    /// Returns the words for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SleepTimer => "its sleep timer would run out",
            Self::Interval => "fixed interval",
            Self::Asleep => "it sleeps",
            Self::Hours => "its hours begin",
            Self::Retry => "the last visit did not succeed",
            Self::UnderWay => "a visit is under way",
            Self::NotKept => "it is not kept awake",
            Self::NeverSleeps => "it never falls asleep",
            Self::Stage => "its stage: a visit does not help",
            Self::Static => "it is static",
        }
    }
}
