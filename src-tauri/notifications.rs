//! Notifications of the desktop. They are sent in the background: a desktop without a service for
//! them shows none, and nothing here fails for it.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tauri::{AppHandle, Manager as _};
use tauri_plugin_notification::NotificationExt as _;
use tokio::time::Instant;

use crate::{desktop::Desktop, window, words};

/// The name under which a notification carries the path that a click on it opens.
const PATH: &str = "path";

/// Opens what a clicked notification is about.
pub(crate) fn listen(app: &AppHandle) {
    let handle = app.clone();
    let listening = app.notification().on_action(move |performed| {
        let path = performed.notification().and_then(|clicked| clicked.extra().get(PATH));
        let path = path.and_then(|path| path.as_str()).map(str::to_owned);
        window::summon(&handle, path);
    });
    if let Err(error) = listening {
        tracing::warn!("a click on a notification will do nothing: {error}");
    }
}

/// The longest text of a notification, in letters: what does not fit is in the window.
const LENGTH: usize = 240;

/// When the last notification about a Space was shown. One for the program, managed by Tauri.
#[derive(Debug, Default)]
pub(crate) struct LastTold(Mutex<Option<Instant>>);

impl LastTold {
    /// Returns how long ago that was.
    #[cfg(target_os = "linux")]
    pub(crate) fn since(&self) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).map(|told| told.elapsed())
    }

    fn now(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

/// Shows a notification; a click on it shows the window, at `path` where one is given.
pub(crate) fn show(app: &AppHandle, title: &str, body: &str, path: Option<&str>) {
    let body = body_text(body);
    let mut notification = app.notification().builder().title(title).body(body);
    if let Some(path) = path {
        notification = notification.extra(PATH, path);
        app.state::<LastTold>().now();
    }
    if let Err(error) = notification.show() {
        tracing::warn!("a notification cannot be shown: {error}");
    }
}

/// Says once that closing the window has left the program running.
pub(crate) fn tell_closing(desktop: &Desktop) {
    if desktop.preferences().close_was_told() {
        return;
    }
    let (title, body) = words::still_running(desktop.language());
    show(desktop.app(), title, body, None);
    let told = desktop.clone();
    desktop.spawn("remember what was told", async move {
        if let Err(error) = told.preferences().set_close_was_told().await {
            tracing::warn!("that closing leaves the program running will be told again: {error}");
        }
    });
}

/// Shortens a text, and keeps what the Hub or an app wrote from being taken for markup, which Linux
/// has in notifications.
fn body_text(text: &str) -> String {
    let text = words::shortened(text.trim(), LENGTH);
    if cfg!(target_os = "linux") {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn what_an_app_wrote_is_text_and_no_markup() {
        assert_eq!(body_text(" 1 < 2 & <b>x</b>\n"), "1 &lt; 2 &amp; &lt;b&gt;x&lt;/b&gt;");
    }

    #[test]
    fn a_long_text_is_shortened() {
        assert_eq!(body_text(&"错".repeat(1000)).chars().count(), LENGTH);
    }
}
