//! How the program stands on this desktop, and what a person chose.
#![expect(clippy::needless_pass_by_value, reason = "Tauri hands a command its state by value")]

use hfsm_store::Error;
use serde::Serialize;
use tauri::{Manager as _, State};

use super::Refusal;
use crate::{
    autostart,
    desktop::Desktop,
    shortcut,
    tray::{self, TrayState},
    updates,
    words::{Language, refusals},
};

/// How the program stands on this desktop.
#[derive(Debug, Serialize)]
pub(crate) struct DesktopState {
    version: &'static str,
    data_dir: String,
    demo: bool,
    tray: TrayInfo,
    close_keeps_running: bool,
    close_was_told: bool,
    autostart: bool,
    shortcut: Option<String>,
    shortcut_trouble: Option<String>,
    updates: UpdatesInfo,
}

#[derive(Debug, Serialize)]
struct TrayInfo {
    shown: bool,
    trouble: Option<String>,
}

#[derive(Debug, Serialize)]
struct UpdatesInfo {
    configured: bool,
}

impl DesktopState {
    fn now(desktop: &Desktop) -> Self {
        let preferences = desktop.preferences();
        let tray = desktop.tray();
        Self {
            version: env!("CARGO_PKG_VERSION"),
            data_dir: desktop.data_dir().display().to_string(),
            demo: desktop.shown().demo,
            tray: TrayInfo {
                shown: tray == TrayState::Shown,
                trouble: tray.trouble(desktop.language()),
            },
            close_keeps_running: preferences.close_keeps_running(),
            close_was_told: preferences.close_was_told(),
            autostart: autostart::is_on(desktop.app()),
            shortcut: preferences.shortcut(),
            shortcut_trouble: desktop.app().state::<shortcut::Trouble>().get(),
            updates: UpdatesInfo { configured: updates::is_configured(desktop.app().config()) },
        }
    }
}

/// Tells how the program stands.
#[tauri::command(async)]
pub(crate) fn desktop_state(desktop: State<'_, Desktop>) -> DesktopState {
    DesktopState::now(&desktop)
}

/// Chooses whether closing the window leaves the program running.
#[tauri::command]
pub(crate) async fn set_close_keeps_running(
    on: bool,
    desktop: State<'_, Desktop>,
) -> Result<DesktopState, Refusal> {
    kept(&desktop, desktop.preferences().set_close_keeps_running(on).await)?;
    Ok(DesktopState::now(&desktop))
}

/// Notes that the page has told what closing does.
#[tauri::command]
pub(crate) async fn close_told(desktop: State<'_, Desktop>) -> Result<(), Refusal> {
    kept(&desktop, desktop.preferences().set_close_was_told().await)
}

/// Makes or removes the entry that starts the program when its person signs in.
#[tauri::command(async)]
pub(crate) fn set_autostart(
    on: bool,
    desktop: State<'_, Desktop>,
) -> Result<DesktopState, Refusal> {
    autostart::set(desktop.app(), on).map_err(|error| {
        let message = refusals::autostart(desktop.language(), &error.to_string());
        Refusal::new("autostart_refused", message)
    })?;
    Ok(DesktopState::now(&desktop))
}

/// Chooses the keys that show the window from anywhere, or none. Keys that another program has are
/// kept, and the answer says so.
#[tauri::command]
pub(crate) async fn set_shortcut(
    keys: Option<String>,
    desktop: State<'_, Desktop>,
) -> Result<DesktopState, Refusal> {
    let keys = keys.map(|keys| keys.trim().to_owned()).filter(|keys| !keys.is_empty());
    if let Some(keys) = &keys {
        shortcut::read(keys, desktop.language())
            .map_err(|message| Refusal::new("no_shortcut", message))?;
    }
    kept(&desktop, desktop.preferences().set_shortcut(keys).await)?;
    shortcut::apply(&desktop);
    Ok(DesktopState::now(&desktop))
}

/// Chooses the language of the tray, notifications and dialogs.
#[tauri::command]
pub(crate) async fn set_language(
    language: Language,
    desktop: State<'_, Desktop>,
) -> Result<(), Refusal> {
    kept(&desktop, desktop.preferences().set_language(language).await)?;
    tray::update(&desktop);
    Ok(())
}

/// Says that a choice could not be saved.
fn kept(desktop: &Desktop, saved: Result<(), Error>) -> Result<(), Refusal> {
    saved.map_err(|error| {
        Refusal::new("not_kept", refusals::not_kept(desktop.language(), &error.to_string()))
    })
}
