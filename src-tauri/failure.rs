//! A start that failed, told to the person in front of the screen.

use std::path::PathBuf;

use tauri::{App, AppHandle, RunEvent};
use tauri_plugin_dialog::{DialogExt as _, MessageDialogButtons, MessageDialogKind};
use tauri_plugin_opener::OpenerExt as _;

use crate::{
    engine::EngineError,
    words::{self, Language},
};

/// Shows what went wrong and what to do, until it is answered. Returns the code to end with.
pub(crate) fn show(app: App, error: &EngineError) -> i32 {
    let language = Language::of_the_system();
    let text = text(language, error);
    tracing::error!("the program cannot start: {text}");
    let folder = folder(error);
    let mut untold = Some((text, folder));
    app.run_return(move |app, event| {
        if matches!(event, RunEvent::Ready)
            && let Some((text, folder)) = untold.take()
        {
            ask(app, language, &text, folder);
        }
    })
}

fn ask(app: &AppHandle, language: Language, text: &str, folder: Option<PathBuf>) {
    let quit = words::quit(language).to_owned();
    let buttons = match folder {
        Some(_) => {
            MessageDialogButtons::OkCancelCustom(words::show_folder(language).to_owned(), quit)
        }
        None => MessageDialogButtons::OkCustom(quit),
    };
    let ending = app.clone();
    app.dialog()
        .message(text)
        .title(words::cannot_start(language))
        .kind(MessageDialogKind::Error)
        .buttons(buttons)
        .show(move |first_button| {
            if let Some(folder) = folder.filter(|_| first_button)
                && let Err(error) =
                    ending.opener().open_path(folder.to_string_lossy(), None::<&str>)
            {
                tracing::warn!("the folder {} cannot be shown: {error}", folder.display());
            }
            ending.exit(1);
        });
}

/// Says what went wrong, with all that is known of its causes.
fn text(language: Language, error: &EngineError) -> String {
    if let EngineError::Store(error) = error {
        return words::store_trouble(language, error);
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    words::sentence(&text)
}

/// Returns the folder in which a person can put it right.
fn folder(error: &EngineError) -> Option<PathBuf> {
    use hfsm_store::Error;
    let EngineError::Store(
        Error::Damaged { path, .. }
        | Error::Newer { path, .. }
        | Error::NotWritable { path, .. }
        | Error::Io { path, .. },
    ) = error
    else {
        return None;
    };
    path.parent().filter(|folder| folder.is_dir()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn damaged() -> EngineError {
        let path = std::env::temp_dir().join("hfsm.db");
        EngineError::Store(hfsm_store::Error::Damaged { path, detail: "no database".to_owned() })
    }

    #[test]
    fn a_damaged_store_is_told_with_its_place_and_what_to_do() {
        for (language, advice) in [(Language::English, "move it away"), (Language::Chinese, "移走")]
        {
            let text = text(language, &damaged());
            assert!(text.contains("hfsm.db") && text.contains(advice), "{text}");
        }
        assert_eq!(folder(&damaged()), Some(std::env::temp_dir()));
    }

    #[test]
    fn a_store_that_another_program_holds_offers_no_folder() {
        let path = std::env::temp_dir().join("hfsm.db");
        let locked = EngineError::Store(hfsm_store::Error::Locked { path, holder: Some(7) });
        assert!(text(Language::English, &locked).contains("Another process (number 7)"));
        assert_eq!(folder(&locked), None);
    }

    #[test]
    fn every_cause_is_told() {
        let wrong =
            EngineError::Log("=x=".parse::<tracing_subscriber::filter::Directive>().err().unwrap());
        let text = text(Language::English, &wrong);
        assert!(text.starts_with("HFSM_LOG is no filter"), "{text}");
    }
}
