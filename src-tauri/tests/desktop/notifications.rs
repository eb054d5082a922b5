//! The notifications that the desktop has shown.

use std::{fs, time::Duration};

use crate::session::{Session, wait_up_to};

/// A Space is not told of more than once a minute.
const PATIENCE: Duration = Duration::from_secs(120);

/// A notification, as a person read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) title: String,
    pub(crate) text: String,
}

/// Returns all of them, the first one first.
pub(crate) fn told(session: &Session) -> Vec<Told> {
    let all = fs::read_to_string(session.home().join("told")).unwrap_or_default();
    all.lines()
        .filter_map(|line| line.split_once('\u{1f}'))
        .map(|(title, text)| Told { title: title.to_owned(), text: text.to_owned() })
        .collect()
}

/// Waits for one with `title`.
pub(crate) fn arrives(session: &Session, title: &str) -> Told {
    wait_up_to(PATIENCE, &format!("a notification says `{title}`"), || {
        told(session).into_iter().find(|told| told.title.contains(title))
    })
}

/// Clicks the newest one.
pub(crate) fn click(session: &Session) {
    session.run("dunstctl", &["action", "0"]);
}

/// Takes those away that are still shown.
pub(crate) fn close_all(session: &Session) {
    session.run("dunstctl", &["close-all"]);
}
