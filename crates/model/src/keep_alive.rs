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
    /// What is chosen for the Space.
    pub rule: KeepAlive,
    /// Whether it is kept awake, by what is chosen for it or for all.
    pub kept: bool,
    /// When its app last answered a visit of this program.
    pub visited_at: Option<DateTime<Utc>>,
    /// When it is visited next, as far as that is known; `null` where no visit is needed.
    pub next_visit_at: Option<DateTime<Utc>>,
}
