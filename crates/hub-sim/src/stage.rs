//! The Hub's words for what a Space is doing.

/// Nothing to run.
pub const NO_APP_FILE: &str = "NO_APP_FILE";
/// The README's front matter is wrong.
pub const CONFIG_ERROR: &str = "CONFIG_ERROR";
/// An image is built, or waits to be.
pub const BUILDING: &str = "BUILDING";
/// The image could not be built.
pub const BUILD_ERROR: &str = "BUILD_ERROR";
/// The container boots.
pub const APP_STARTING: &str = "APP_STARTING";
/// The app answers.
pub const RUNNING: &str = "RUNNING";
/// The old version serves while a new image is built.
pub const RUNNING_BUILDING: &str = "RUNNING_BUILDING";
/// The old version serves while a new container boots.
pub const RUNNING_APP_STARTING: &str = "RUNNING_APP_STARTING";
/// The app died.
pub const RUNTIME_ERROR: &str = "RUNTIME_ERROR";
/// Idle; a visit wakes it.
pub const STOPPED: &str = "STOPPED";
/// Idle; a visit wakes it.
pub const SLEEPING: &str = "SLEEPING";
/// Stopped by its owner, or for want of a slot.
pub const PAUSED: &str = "PAUSED";
/// About to be gone.
pub const DELETING: &str = "DELETING";

/// Whether a container of the Space answers visitors.
pub(crate) fn serves(stage: &str) -> bool {
    matches!(stage, RUNNING | RUNNING_BUILDING | RUNNING_APP_STARTING)
}

/// Whether a container of the Space holds its hardware (what quotas and bills count).
pub(crate) fn occupies(stage: &str) -> bool {
    serves(stage) || matches!(stage, BUILDING | APP_STARTING)
}

/// Whether a visit starts it.
pub(crate) fn wakes(stage: &str) -> bool {
    matches!(stage, SLEEPING | STOPPED)
}
