//! A page whose process has died is loaded anew, instead of leaving a window that shows nothing.

use std::{cell::Cell, time::Duration};

use tauri::WebviewWindow;
use tokio::time::Instant;
use webkit2gtk::{WebProcessTerminationReason, WebViewExt as _};

/// A page that dies again within this time would go on like that.
const AGAIN: Duration = Duration::from_secs(10);

/// Loads the page of `window` anew when its process dies.
///
/// # Errors
/// When the window has gone.
pub(crate) fn reload_after(window: &WebviewWindow) -> tauri::Result<()> {
    window.with_webview(|view| {
        let last = Cell::new(None::<Instant>);
        view.inner().connect_web_process_terminated(move |view, reason| {
            if reason == WebProcessTerminationReason::TerminatedByApi {
                return;
            }
            let now = Instant::now();
            let died_before = last.replace(Some(now));
            if died_before.is_some_and(|before| now - before < AGAIN) {
                tracing::error!(
                    "the page died twice in a row ({reason:?}); close the window and open it again, \
                     or start with WEBKIT_DISABLE_DMABUF_RENDERER=1"
                );
            } else {
                tracing::warn!("the page died ({reason:?}) and is loaded anew");
                // One that died while it was loaded has nothing yet that could be reloaded.
                match view.uri() {
                    Some(address) => view.load_uri(&address),
                    None => view.reload(),
                }
            }
        });
    })
}
