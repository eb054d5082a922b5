//! Keys that show the window from anywhere. Off until a person chooses some.

use std::sync::{Mutex, PoisonError};

use tauri::{AppHandle, Manager as _};
use tauri_plugin_global_shortcut::{GlobalShortcutExt as _, Shortcut, ShortcutState};

use crate::{
    desktop::Desktop,
    window,
    words::{Language, refusals},
};

/// Why the keys that were chosen do nothing, where they do nothing.
#[derive(Debug, Default)]
pub(crate) struct Trouble(Mutex<Option<String>>);

impl Trouble {
    /// Returns it in words.
    pub(crate) fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, trouble: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

/// Reads keys such as `Ctrl+Alt+S`.
///
/// # Errors
/// What is wrong with them, in words.
pub(crate) fn read(keys: &str, language: Language) -> Result<Shortcut, String> {
    let refused = || refusals::no_shortcut(language, keys);
    let shortcut: Shortcut = keys.parse().map_err(|_| refused())?;
    // A key alone would be taken from every other program.
    if shortcut.mods.is_empty() { Err(refused()) } else { Ok(shortcut) }
}

/// Makes the chosen keys work, in place of those before, and notes why where they do not.
pub(crate) fn apply(desktop: &Desktop) {
    let app = desktop.app();
    let trouble = app.state::<Trouble>();
    let keys = desktop.preferences().shortcut();
    trouble.set(match keys {
        Some(keys) => register(app, &keys, desktop.language()).err(),
        None => {
            release(app);
            None
        }
    });
    if let Some(trouble) = trouble.get() {
        tracing::warn!("the shortcut does not work: {trouble}");
    }
}

fn register(app: &AppHandle, keys: &str, language: Language) -> Result<(), String> {
    let shortcut = read(keys, language)?;
    if is_wayland() {
        return Err(refusals::no_shortcuts_here(language).to_owned());
    }
    // Not among the plugins of the start: where there is no display for keys it fails, which must
    // not keep the program from starting.
    if app.try_state::<tauri_plugin_global_shortcut::GlobalShortcut<tauri::Wry>>().is_none() {
        app.plugin(tauri_plugin_global_shortcut::Builder::new().build())
            .map_err(|_| refusals::no_shortcuts_here(language).to_owned())?;
    }
    release(app);
    app.global_shortcut()
        .on_shortcut(shortcut, |app, _, event| {
            if event.state == ShortcutState::Pressed {
                window::toggle(app);
            }
        })
        .map_err(|_| refusals::shortcut_taken(language, keys))
}

fn release(app: &AppHandle) {
    let Some(shortcuts) =
        app.try_state::<tauri_plugin_global_shortcut::GlobalShortcut<tauri::Wry>>()
    else {
        return;
    };
    if let Err(error) = shortcuts.unregister_all() {
        tracing::debug!("a shortcut was not released: {error}");
    }
}

/// Wayland has no keys for one program alone, and X11's are heard in X11's windows only.
fn is_wayland() -> bool {
    cfg!(target_os = "linux") && std::env::var_os("WAYLAND_DISPLAY").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_need_a_modifier() {
        assert!(read("Ctrl+Alt+S", Language::English).is_ok());
        for keys in ["S", "Ctrl+", "nonsense", ""] {
            let refused = read(keys, Language::English).unwrap_err();
            assert!(refused.contains("Ctrl+Alt+S"), "{keys}: {refused}");
        }
    }
}
