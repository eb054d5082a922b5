//! The number on the program's icon in a dock or task list: how many Spaces have failed. Set from
//! here, so that it is right while no page is there; where a system has no badges, nothing happens.

use tauri::{AppHandle, Manager as _};

use crate::{desktop::Desktop, window::MAIN};

/// Shows how many Spaces of the fleet that is shown have failed and are not muted.
pub(crate) fn update(app: &AppHandle) {
    let (Some(desktop), Some(window)) = (app.try_state::<Desktop>(), app.get_webview_window(MAIN))
    else {
        return;
    };
    let failing = desktop.shown().failing();
    // Windows has pictures there instead of numbers.
    #[cfg(not(windows))]
    if let Err(error) = window.set_badge_count((failing > 0).then_some(failing as i64)) {
        tracing::debug!("this desktop shows no badge: {error}");
    }
    #[cfg(windows)]
    {
        let icon = (failing > 0).then(crate::tray::failing_picture).transpose();
        if let Err(error) = icon.and_then(|icon| window.set_overlay_icon(icon)) {
            tracing::debug!("this desktop shows no badge: {error}");
        }
    }
}
