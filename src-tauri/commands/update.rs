//! Newer versions.

use tauri::State;
use tauri_plugin_updater::Error;

use super::Refusal;
use crate::{
    desktop::Desktop,
    updates::{self, NewVersion},
    words::refusals,
};

/// Asks for a newer version.
#[tauri::command]
pub(crate) async fn check_update(
    desktop: State<'_, Desktop>,
) -> Result<Option<NewVersion>, Refusal> {
    updates::check(desktop.app()).await.map_err(|error| refused(&desktop, &error))
}

/// Installs the version that was found, and starts it.
#[tauri::command]
pub(crate) async fn install_update(desktop: State<'_, Desktop>) -> Result<(), Refusal> {
    let installed =
        updates::install(desktop.app()).await.map_err(|error| refused(&desktop, &error))?;
    if !installed {
        return Err(Refusal::new("no_update", refusals::no_update(desktop.language())));
    }
    desktop.app().request_restart();
    Ok(())
}

fn refused(desktop: &Desktop, error: &Error) -> Refusal {
    tracing::warn!("no update could be had: {error}");
    Refusal::new("no_update", refusals::update(desktop.language(), &error.to_string()))
}
