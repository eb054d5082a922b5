//! What a person may choose.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person may choose. What is absent keeps its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Days for which stage changes are kept, 1 to 3650.
    pub stage_history_days: u16,
    /// Days for which the activity list is kept, 1 to 3650.
    pub activity_days: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self { stage_history_days: 90, activity_days: 365 }
    }
}
