//! The commands of the page: the API, and what only a desktop program can do. Each is granted to
//! the main window alone, in `src-tauri/permissions`.

mod api;
mod files;
mod remote;
mod state;
mod switch;
mod tokens;
mod update;

use serde::Serialize;
use tauri::{Wry, ipc::Invoke};

use crate::{desktop::Desktop, words::refusals};

/// All commands.
pub(crate) fn handler() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        api::api_fetch,
        api::api_abort,
        state::desktop_state,
        state::set_close_keeps_running,
        state::close_told,
        state::set_autostart,
        state::set_shortcut,
        state::set_language,
        files::open_external,
        files::reveal_data_folder,
        files::save_file,
        files::copy_text,
        tokens::token_store,
        tokens::move_tokens,
        remote::remote_access,
        remote::set_remote_access,
        switch::start_demo,
        switch::leave_demo,
        switch::hide_window,
        switch::quit,
        update::check_update,
        update::install_update,
    ]
}

/// Why a command did nothing.
#[derive(Debug, Serialize)]
pub(crate) struct Refusal {
    /// For the page to branch on.
    code: &'static str,
    /// For a person, in the language that was chosen.
    message: String,
}

impl Refusal {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// Nothing of a person's own is seen or changed from the demo.
    fn in_the_demo(desktop: &Desktop) -> Self {
        Self::new("demo", refusals::in_the_demo(desktop.language()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// Everything between double quotes in the lists of commands.
    fn granted() -> BTreeSet<&'static str> {
        let files = [
            include_str!("permissions/api.toml"),
            include_str!("permissions/desktop.toml"),
            include_str!("permissions/remote.toml"),
            include_str!("permissions/tokens.toml"),
        ];
        let lists = files.into_iter().flat_map(|file| file.split("commands.allow = [").skip(1));
        let lists = lists.map(|list| list.split(']').next().unwrap());
        lists.flat_map(|list| list.split('"').skip(1).step_by(2)).collect()
    }

    fn handled() -> BTreeSet<&'static str> {
        let list = include_str!("commands.rs").split("generate_handler![").nth(1).unwrap();
        let list = list.split(']').next().unwrap();
        list.split(',').filter_map(|path| path.trim().split("::").nth(1)).collect()
    }

    #[test]
    fn every_command_is_granted_to_the_page_by_name() {
        assert!(handled().contains("api_fetch"));
        assert_eq!(handled(), granted());
    }
}
