//! Variables and secrets of a Space.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A variable that the app can read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Variable {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
    /// What its owner wrote about it.
    pub description: Option<String>,
    /// When it last changed.
    pub updated_at: Option<DateTime<Utc>>,
}

/// A secret that the app can read. The Hub never gives its value back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Secret {
    /// Its name.
    pub key: String,
    /// What its owner wrote about it.
    pub description: Option<String>,
    /// When it last changed.
    pub updated_at: Option<DateTime<Utc>>,
}
