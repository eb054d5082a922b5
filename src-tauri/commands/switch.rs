//! What is shown: the demo or the person's own, the window or none.
#![expect(clippy::needless_pass_by_value, reason = "Tauri hands a command its state by value")]

use tauri::{Manager as _, State};

use super::Refusal;
use crate::{desktop::Desktop, engine::EngineError, window, words};

/// Shows the demo: a simulated Hub inside the program.
#[tauri::command]
pub(crate) async fn start_demo(desktop: State<'_, Desktop>) -> Result<(), Refusal> {
    desktop.start_demo().await.map_err(|error| {
        let message = words::refusals::demo(desktop.language(), &error.to_string());
        Refusal::new("no_demo", message)
    })
}

/// Shows the person's own Spaces again.
#[tauri::command]
pub(crate) async fn leave_demo(desktop: State<'_, Desktop>) -> Result<(), Refusal> {
    desktop.leave_demo().await.map_err(|error| {
        let message = match &error {
            EngineError::Store(error) => words::store_trouble(desktop.language(), error),
            error => words::sentence(&error.to_string()),
        };
        Refusal::new("no_store", message)
    })
}

/// Hides the window.
#[tauri::command(async)]
pub(crate) fn hide_window(desktop: State<'_, Desktop>) {
    if let Some(window) = desktop.app().get_webview_window(window::MAIN) {
        window::hide(&window);
    }
}

/// Ends the program.
#[tauri::command(async)]
pub(crate) fn quit(desktop: State<'_, Desktop>) {
    desktop.quit();
}
