//! What an app has to answer when it is visited.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an app has to answer. A page of the Hub in the app's place never counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExpectedAnswer {
    /// Where it is visited, beginning with `/`, 200 characters at most; at its root when `null`.
    #[schema(example = "/health")]
    pub path: Option<String>,
    /// The HTTP status, 100 to 599; any below 500 when `null`.
    pub status: Option<u16>,
    /// Words that have to be in the first 64 KiB of the answer, 200 characters at most, in this letter
    /// case.
    pub keyword: Option<String>,
}
