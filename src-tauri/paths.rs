//! The paths of the page that the shell opens.

use hfsm_model::SpaceId;

/// All Spaces.
pub(crate) const SPACES: &str = "/spaces";

/// One Space.
pub(crate) fn space(id: &SpaceId) -> String {
    format!("{SPACES}/{id}")
}

/// The logs of one Space.
pub(crate) fn logs(id: &SpaceId) -> String {
    format!("{}#logs", space(id))
}

/// The accounts, and what is wrong with them.
pub(crate) const ACCOUNTS: &str = "/accounts";
