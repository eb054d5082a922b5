//! Stages: an open set of the Hub's words, and the families that they are shown in.

use std::{borrow::Cow, fmt};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::SpaceId;

/// The Hub's word for what a Space is doing, such as `RUNNING`.
///
/// The set is open: a word that is not known here is kept, shown, and counts as
/// [`StageFamily::Unknown`].
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "RUNNING")]
pub struct Stage(Cow<'static, str>);

macro_rules! stages {
    ($($constant:ident),* $(,)?) => {
        impl Stage {
            $(
                #[doc = concat!("`", stringify!($constant), "`")]
                pub const $constant: Self = Self(Cow::Borrowed(stringify!($constant)));
            )*
            /// Every stage known in November 2026.
            pub const KNOWN: &'static [Self] = &[$(Self::$constant),*];
        }
    };
}

stages!(
    NO_APP_FILE,
    CONFIG_ERROR,
    BUILDING,
    BUILD_ERROR,
    APP_STARTING,
    RUNNING,
    RUNNING_BUILDING,
    RUNNING_APP_STARTING,
    RUNTIME_ERROR,
    STOPPED,
    SLEEPING,
    PAUSED,
    DELETING,
);

/// What a stage means to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StageFamily {
    /// The app answers.
    Good,
    /// On its way: building or starting.
    Moving,
    /// Stopped on purpose or by idleness.
    Resting,
    /// Failed; somebody has to look.
    Broken,
    /// A word that is not known here, or a Space that is going away.
    Unknown,
}

impl Stage {
    /// Takes the Hub's word.
    pub fn new(word: impl Into<Cow<'static, str>>) -> Self {
        let word = word.into();
        Self::KNOWN.iter().find(|known| known.0 == word).cloned().unwrap_or(Self(word))
    }

    /// Returns the Hub's word.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the family that the stage is shown in.
    pub fn family(&self) -> StageFamily {
        match self.as_str() {
            "RUNNING" => StageFamily::Good,
            "BUILDING" | "APP_STARTING" | "RUNNING_BUILDING" | "RUNNING_APP_STARTING" => {
                StageFamily::Moving
            }
            "SLEEPING" | "PAUSED" | "STOPPED" => StageFamily::Resting,
            "NO_APP_FILE" | "CONFIG_ERROR" | "BUILD_ERROR" | "RUNTIME_ERROR" => StageFamily::Broken,
            _ => StageFamily::Unknown,
        }
    }

    /// Returns whether a container serves, so that metrics can flow. A stage that is not known
    /// counts as serving: asking costs one request, not asking would hide data.
    pub fn may_have_metrics(&self) -> bool {
        match self.family() {
            StageFamily::Good | StageFamily::Moving => self.as_str() != "BUILDING",
            StageFamily::Resting | StageFamily::Broken => false,
            StageFamily::Unknown => *self != Self::DELETING,
        }
    }

    /// Returns whether the Hub is still at work, so that another stage will follow by itself.
    pub fn is_transitional(&self) -> bool {
        self.family() == StageFamily::Moving
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A Space went from one stage to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StageChange {
    /// The Space.
    pub space: SpaceId,
    /// When it was noticed here.
    pub at: DateTime<Utc>,
    /// The stage before; `null` when the Space was new to this program.
    pub from: Option<Stage>,
    /// The stage now.
    pub to: Stage,
    /// The Hub's reason, for error stages and refusals.
    pub message: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_stage_is_kept_and_shown() {
        let stage: Stage = serde_json::from_str(r#""FUTURE_STAGE""#).unwrap();
        assert_eq!(stage.to_string(), "FUTURE_STAGE");
        assert_eq!(stage.family(), StageFamily::Unknown);
    }

    #[test]
    fn resting_is_not_broken_and_asks_for_no_metrics() {
        assert_eq!(Stage::SLEEPING.family(), StageFamily::Resting);
        assert!(!Stage::SLEEPING.may_have_metrics());
        assert!(Stage::RUNNING_BUILDING.may_have_metrics());
        assert!(!Stage::BUILDING.may_have_metrics());
    }
}
