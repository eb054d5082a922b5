//! Actions on Spaces, and following them until the Space has settled.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Actor, Flavor, SleepTime, SpaceId, Stage};

/// What can be done to a Space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Action {
    /// Start the app again.
    Restart,
    /// Build without caches, then start.
    FactoryRebuild,
    /// Stop until somebody restarts it.
    Pause,
    /// Run on other hardware.
    SetHardware {
        /// The flavor to run on.
        flavor: Flavor,
        /// The sleep time to go with it, in seconds; `null` is never. The Hub decides when it is absent.
        #[serde(
            default,
            deserialize_with = "SleepTime::given",
            skip_serializing_if = "Option::is_none"
        )]
        #[schema(value_type = Option<u64>)]
        sleep_time: Option<SleepTime>,
    },
    /// Fall asleep after so much idleness.
    SetSleepTime {
        /// The new sleep time.
        sleep_time: SleepTime,
    },
    /// Keep the container for editing, or no longer.
    SetDevMode {
        /// On or off.
        enabled: bool,
    },
}

impl Action {
    /// Returns the word that logs and the activity list use.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::FactoryRebuild => "factory_rebuild",
            Self::Pause => "pause",
            Self::SetHardware { .. } => "set_hardware",
            Self::SetSleepTime { .. } => "set_sleep_time",
            Self::SetDevMode { .. } => "set_dev_mode",
        }
    }
}

/// The name of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct OperationId(pub String);

impl std::fmt::Display for OperationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// An action that was asked for, followed until the Space has settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Operation {
    /// Its name.
    pub id: OperationId,
    /// The Space that it acts on.
    pub space: SpaceId,
    /// What was asked.
    pub action: Action,
    /// Who or what asked; `null` for one from before this was kept.
    #[serde(default)]
    pub actor: Option<Actor>,
    /// Where it stands.
    pub state: OperationState,
    /// When it was asked.
    pub started_at: DateTime<Utc>,
    /// When it ended, where it did.
    pub ended_at: Option<DateTime<Utc>>,
    /// The stages that the Space went through, oldest first.
    pub steps: Vec<OperationStep>,
    /// Why it failed, in words for a person.
    pub error: Option<String>,
    /// The Hub's name of the request, to quote to its support.
    pub request_id: Option<String>,
}

/// Where an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// On its way to the Hub.
    Sending,
    /// The Hub took it; the Space is on its way.
    Following,
    /// The Space has settled as asked.
    Succeeded,
    /// The Hub refused, or the Space settled otherwise.
    Failed,
    /// Nobody follows it any more: it was cancelled here, or the program ended. What the Hub
    /// accepted goes on there.
    Cancelled,
}

impl OperationState {
    /// Returns whether nothing more will change.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// A stage that the Space was seen in while an operation ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OperationStep {
    /// The stage.
    pub stage: Stage,
    /// When it was first seen.
    pub at: DateTime<Utc>,
}
