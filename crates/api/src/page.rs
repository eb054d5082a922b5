//! Lists by pages: a cursor is opaque, and a list that changes meanwhile is not shown twice.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{ErrorCode, Problem};

/// Entries of a page when nothing is said.
const DEFAULT: u32 = 100;
/// Entries of a page at most.
const MAX: u32 = 1000;

/// Which page is wanted.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParams {
    /// Entries at most, 1 to 1000; 100 when absent.
    pub(crate) limit: Option<u32>,
    /// From `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The entries.
    pub(crate) items: Vec<T>,
    /// Where the next page begins; `null` on the last.
    pub(crate) next_cursor: Option<String>,
}

impl PageParams {
    /// Returns how many entries are wanted.
    pub(crate) fn limit(&self) -> Result<u32, Problem> {
        match self.limit.unwrap_or(DEFAULT) {
            limit @ 1..=MAX => Ok(limit),
            limit => Err(Problem::new(
                ErrorCode::InvalidRequest,
                format!("`limit` may be 1 to {MAX}, not {limit}"),
            )),
        }
    }

    /// Returns the last entry of the page before.
    pub(crate) fn after<T: std::str::FromStr>(&self) -> Result<Option<T>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let after =
            URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let after = after.and_then(|text| text.parse().ok());
        after.map(Some).ok_or_else(|| {
            Problem::new(
                ErrorCode::InvalidRequest,
                "`cursor` is not one that this server gave; leave it out to begin anew",
            )
        })
    }
}

impl<T> Page<T> {
    /// Makes a page of up to `limit + 1` entries: the one too many says that there are more.
    pub(crate) fn of(mut items: Vec<T>, limit: u32, key: impl Fn(&T) -> String) -> Self {
        let limit = limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor =
            items.last().filter(|_| more).map(|last| URL_SAFE_NO_PAD.encode(key(last)));
        Self { items, next_cursor }
    }
}
