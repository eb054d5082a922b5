//! The entry that starts the program hidden when its person signs in.

use tauri::AppHandle;
use tauri_plugin_autostart::{Builder, ManagerExt as _};

use crate::arguments::Arguments;

/// The plugin that knows each system's way.
pub(crate) fn plugin() -> tauri::plugin::TauriPlugin<tauri::Wry> {
    Builder::new().arg(Arguments::HIDDEN).app_name("hf-space-manager").build()
}

/// Returns whether there is an entry.
pub(crate) fn is_on(app: &AppHandle) -> bool {
    app.autolaunch().is_enabled().unwrap_or_else(|error| {
        tracing::warn!("whether there is an entry for the sign-in cannot be seen: {error}");
        false
    })
}

/// Makes or removes the entry.
///
/// # Errors
/// When the system does not allow it.
pub(crate) fn set(app: &AppHandle, on: bool) -> Result<(), tauri_plugin_autostart::Error> {
    let entry = app.autolaunch();
    match (on, is_on(app)) {
        (true, _) => entry.enable(),
        (false, true) => entry.disable(),
        (false, false) => Ok(()),
    }
}

/// Writes an entry anew that is there: an update may have moved the program that it names.
pub(crate) fn renew(app: &AppHandle) {
    // macOS tells its person of every entry that is written, and there the program stays in place.
    if cfg!(target_os = "macos") || !is_on(app) {
        return;
    }
    if let Err(error) = app.autolaunch().enable() {
        tracing::warn!("the entry for the sign-in may be out of date: {error}");
    }
}
