//! The usual folders of the system, from the environment that was handed in.

use std::{collections::BTreeMap, path::PathBuf};

/// Returns the folder of the user.
pub(super) fn home(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    environment.get(name).map(PathBuf::from)
}

/// Returns where programs of the user keep their data.
pub(super) fn data_home(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    let base = if let Some(dir) = environment.get("XDG_DATA_HOME") {
        PathBuf::from(dir)
    } else if cfg!(windows) {
        environment.get("APPDATA").map(PathBuf::from)?
    } else if cfg!(target_os = "macos") {
        home(environment)?.join("Library/Application Support")
    } else {
        home(environment)?.join(".local/share")
    };
    Some(base.join("hf-space-manager"))
}

/// Returns where programs of the user look for their configuration.
pub(super) fn config_home(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    let base = match environment.get("XDG_CONFIG_HOME") {
        Some(dir) => PathBuf::from(dir),
        None => home(environment)?.join(".config"),
    };
    Some(base.join("hf-space-manager"))
}
