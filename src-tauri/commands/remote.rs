//! The listener inside the program, for a browser on this or another machine.

use hfsm_server::{RemoteSettings, RemoteState};
use secrecy::SecretString;
use tauri::State;

use super::Refusal;
use crate::{desktop::Desktop, words};

/// Tells whether the listener is on, and where it is reached.
#[tauri::command(async)]
#[expect(clippy::needless_pass_by_value, reason = "Tauri hands a command its state by value")]
pub(crate) fn remote_access(desktop: State<'_, Desktop>) -> Result<RemoteState, Refusal> {
    let lasting = desktop.lasting().ok_or_else(|| Refusal::in_the_demo(&desktop))?;
    Ok(lasting.remote.state())
}

/// Turns the listener on or off, and changes how it is reached.
#[tauri::command]
pub(crate) async fn set_remote_access(
    settings: RemoteSettings,
    password: Option<SecretString>,
    desktop: State<'_, Desktop>,
) -> Result<RemoteState, Refusal> {
    let lasting = desktop.lasting().ok_or_else(|| Refusal::in_the_demo(&desktop))?;
    lasting
        .remote
        .apply(settings, password)
        .await
        .map_err(|error| Refusal::new("remote_refused", words::sentence(&error.to_string())))
}
