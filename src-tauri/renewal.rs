//! Begins the program anew some time after its page was dropped, in the same process.
//!
//! On Linux the web view lives within the program, and what it has loaded, mapped and started stays
//! for good: two thirds of what a hidden program weighs. Without a page there is nothing that a
//! person could lose by it; where there might be, the program goes on as it is.

use std::{os::unix::process::CommandExt as _, path::PathBuf, process::Command, time::Duration};

use hfsm_model::AccountStatus;
use rustix::process::{WaitOptions, wait};
use tauri::Manager as _;
use tokio::time::Instant;
use zbus::{Connection, fdo::DBusProxy, zvariant::OwnedObjectPath};

use crate::{
    arguments::Arguments,
    desktop::Desktop,
    notifications::LastTold,
    preferences::{TokenStoreChoice, TokenStoreKind},
    window,
};

/// How long after a look another one follows.
const PACE: Duration = Duration::from_secs(60);

/// How long a notification is left alone. Some desktops take those away whose program has gone.
const TOLD_REST: Duration = Duration::from_secs(3600);

/// How long the processes of the former web view may take to end.
const BURIAL: Duration = Duration::from_secs(5);

/// Waits until nothing speaks against it, and begins anew. Where the window comes back first, it
/// does not.
pub(crate) async fn when_idle(desktop: Desktop, path: Option<String>) {
    let change = window::changes(desktop.app());
    loop {
        // The window itself is there for a moment longer.
        if window::changes(desktop.app()) != change {
            return;
        }
        if may_begin_anew(&desktop).await {
            break;
        }
        tokio::time::sleep(PACE).await;
    }
    // One that an update has replaced is not begun unasked.
    let Some(program) = program() else { return };
    let mut arguments = vec![Arguments::HIDDEN.to_owned(), Arguments::ANEW.to_owned()];
    arguments.extend(path.map(|path| format!("{}{path}", Arguments::PAGE)));
    if desktop.page_rest() != window::PAGE_REST {
        arguments.push(format!("{}{}", Arguments::PAGE_REST, desktop.page_rest().as_secs()));
    }
    tracing::info!("the program begins anew, without what the page has left in memory");
    desktop.begin_anew(Start { program, arguments });
}

/// Takes leave of the processes that the former self has started, which end with it.
pub(crate) async fn bury_the_former() {
    let begun = Instant::now();
    let mut pace = tokio::time::interval(Duration::from_millis(100));
    while begun.elapsed() < BURIAL {
        pace.tick().await;
        // It fails once there is none.
        if wait(WaitOptions::NOHANG).is_err() {
            return;
        }
    }
}

/// How the program begins anew.
#[derive(Debug)]
pub(crate) struct Start {
    program: PathBuf,
    arguments: Vec<String>,
}

impl Start {
    /// Puts the new program in the place of this one. Returns only where that fails.
    pub(crate) fn take_over(self) -> std::io::Error {
        Command::new(self.program).args(self.arguments).exec()
    }
}

async fn may_begin_anew(desktop: &Desktop) -> bool {
    // The demo would be another one.
    let Some(lasting) = desktop.lasting() else { return false };
    // Somebody may be looking from elsewhere.
    if lasting.remote.state().listening {
        return false;
    }
    if desktop.app().state::<LastTold>().since().is_some_and(|since| since < TOLD_REST) {
        return false;
    }
    let condition = lasting.engine.fleet.condition();
    // How long the Hub has asked to wait would be forgotten.
    let waits = condition.accounts_in_trouble.iter().any(|account| {
        matches!(
            account.state.status,
            AccountStatus::RateLimited | AccountStatus::HubUnreachable | AccountStatus::Checking
        )
    });
    let follows = !condition.moving.is_empty();
    !waits && !follows && tokens_can_be_read_again(lasting.preferences.token_store()).await
}

/// Returns whether the tokens can be read without a question to their person: from a file, or from
/// an unlocked keychain of a kind that never asks again.
async fn tokens_can_be_read_again(choice: Option<TokenStoreChoice>) -> bool {
    if choice.is_none_or(|choice| choice.kind == TokenStoreKind::File) {
        return true;
    }
    match is_open_keychain().await {
        Ok(is_open) => is_open,
        Err(error) => {
            tracing::debug!("whether the keychain would ask its person cannot be seen: {error}");
            false
        }
    }
}

/// Looks for an unlocked keychain of GNOME or KDE. Others may ask for each token that is read.
async fn is_open_keychain() -> zbus::Result<bool> {
    const SECRETS: &str = "org.freedesktop.secrets";
    const TRUSTED: [&str; 3] = ["org.gnome.keyring", "org.kde.kwalletd6", "org.kde.kwalletd5"];
    let bus = Connection::session().await?;
    let names = DBusProxy::new(&bus).await?;
    let owner = names.get_name_owner(SECRETS.try_into()?).await?;
    let mut is_trusted = false;
    for name in TRUSTED {
        is_trusted |= names.get_name_owner(name.try_into()?).await.is_ok_and(|its| its == owner);
    }
    if !is_trusted {
        return Ok(false);
    }
    let interface = "org.freedesktop.Secret.Service";
    let service = zbus::Proxy::new(&bus, SECRETS, "/org/freedesktop/secrets", interface).await?;
    let collection: OwnedObjectPath = service.call("ReadAlias", &("default",)).await?;
    let interface = "org.freedesktop.Secret.Collection";
    let collection = zbus::Proxy::new(&bus, SECRETS, collection, interface).await?;
    let is_locked: bool = collection.get_property("Locked").await?;
    Ok(!is_locked)
}

/// Returns the file of the program, where it is still there.
fn program() -> Option<PathBuf> {
    std::env::current_exe().ok().filter(|program| program.is_file())
}
