//! Lines of a Space's logs.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::SpaceId;

/// Which of a Space's two logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogKind {
    /// What the app prints.
    Run,
    /// What the build prints.
    Build,
}

impl LogKind {
    /// Returns the Hub's word, as in `/logs/run`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Build => "build",
        }
    }
}

/// One line, ANSI escapes and all, without its line end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLine {
    /// When the Hub received it.
    pub at: Option<DateTime<Utc>>,
    /// What it says.
    pub text: String,
}

/// What a reader of a log is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum LogUpdate {
    /// Lines follow from the first on: forget what is shown.
    Reset,
    /// Lines.
    #[schema(value_type = Vec<LogLine>)]
    Lines(Arc<Vec<LogLine>>),
    /// The Hub sends.
    Connected,
    /// The Hub does not send now; it is asked again.
    Waiting {
        /// Why, in words for a person.
        reason: String,
    },
}

/// What a reader of the logs of several Spaces is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SpaceLogUpdate {
    /// Whose log.
    pub space: SpaceId,
    /// What is told of it.
    #[serde(flatten)]
    pub update: LogUpdate,
}
