//! What the page hands to the rest of the desktop: the browser, a file, the clipboard.
#![expect(clippy::needless_pass_by_value, reason = "Tauri hands a command its state by value")]

use std::path::PathBuf;

use tauri::{State, Url};
use tauri_plugin_clipboard_manager::ClipboardExt as _;
use tauri_plugin_dialog::{DialogExt as _, FilePath};
use tauri_plugin_opener::OpenerExt as _;
use tokio::sync::oneshot;

use super::Refusal;
use crate::{desktop::Desktop, external, words::refusals};

/// Opens a page of the Hub or the app of a Space in the browser.
#[tauri::command(async)]
pub(crate) fn open_external(url: String, desktop: State<'_, Desktop>) -> Result<(), Refusal> {
    let config = desktop.config();
    let allowed = Url::parse(&url)
        .ok()
        .filter(|url| external::may_open(url, &config.endpoint, &config.app_url));
    let Some(allowed) = allowed else {
        let message = refusals::foreign_address(desktop.language(), &url);
        return Err(Refusal::new("foreign_address", message));
    };
    desktop
        .app()
        .opener()
        .open_url(allowed.as_str(), None::<&str>)
        .map_err(|error| no_program(&desktop, &error))
}

/// Shows the folder that holds everything that is kept.
#[tauri::command(async)]
pub(crate) fn reveal_data_folder(desktop: State<'_, Desktop>) -> Result<(), Refusal> {
    desktop
        .app()
        .opener()
        .open_path(desktop.data_dir().to_string_lossy(), None::<&str>)
        .map_err(|error| no_program(&desktop, &error))
}

/// Asks where to save `text`, and writes it there. Returns the path; nothing where a person took it
/// back.
#[tauri::command]
pub(crate) async fn save_file(
    name: String,
    text: String,
    desktop: State<'_, Desktop>,
) -> Result<Option<String>, Refusal> {
    let (chosen, choice) = oneshot::channel();
    desktop.app().dialog().file().set_file_name(plain_name(&name)).save_file(move |path| {
        // Nobody waits any more where the page has gone.
        let _ = chosen.send(path);
    });
    let path = choice.await.ok().flatten().map(FilePath::into_path).and_then(Result::ok);
    let Some(path) = path else { return Ok(None) };
    let shown = path.display().to_string();
    tokio::fs::write(&path, text).await.map_err(|error| {
        let message = refusals::not_saved(desktop.language(), &shown, &error.to_string());
        Refusal::new("not_saved", message)
    })?;
    Ok(Some(shown))
}

/// Puts `text` into the clipboard.
#[tauri::command(async)]
pub(crate) fn copy_text(text: String, desktop: State<'_, Desktop>) -> Result<(), Refusal> {
    desktop.app().clipboard().write_text(text).map_err(|error| {
        let message = refusals::not_copied(desktop.language(), &error.to_string());
        Refusal::new("not_copied", message)
    })
}

fn no_program(desktop: &Desktop, error: &tauri_plugin_opener::Error) -> Refusal {
    Refusal::new("no_program", refusals::no_browser(desktop.language(), &error.to_string()))
}

/// Takes the last part of what may look like a path.
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let path = PathBuf::from(last);
    path.file_name().map_or_else(|| "hfsm.txt".to_owned(), |name| name.to_string_lossy().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suggested_name_is_never_a_path() {
        assert_eq!(plain_name("chat.log"), "chat.log");
        assert_eq!(plain_name("../../etc/passwd"), "passwd");
        assert_eq!(plain_name(r"C:\Windows\x.log"), "x.log");
        assert_eq!(plain_name(".."), "hfsm.txt");
        assert_eq!(plain_name(""), "hfsm.txt");
    }
}
