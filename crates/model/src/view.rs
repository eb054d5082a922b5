//! Views of the list of Spaces that a person keeps by name.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A view of the list of Spaces, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedView {
    /// Its identifier, a UUID.
    #[schema(format = "uuid")]
    pub id: String,
    /// Its name, 1 to 60 characters.
    pub name: String,
    /// The query of the list's address, at most 2000 characters.
    pub query: String,
}
