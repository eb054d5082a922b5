//! Starts on a desktop that lacks something.

use std::fs;

use hfsm_hub_sim::{TokenKind, World};
use serde_json::json;

use crate::{
    package::Package,
    program::{self, Hub, TITLE, add_account, click, invoke, is_at},
    session::{Keychain, Session, wait},
    tray::Tray,
    webdriver::Window,
};

const TOKEN: &str = "hf_alice_write";

fn world() -> World {
    World::builder()
        .user("alice")
        .token(TOKEN, TokenKind::Write)
        .space("alice/chat-server", |space| space.running().title("Chat server"))
        .build()
}

#[test]
#[ignore = "it needs the package, which `cargo xtask test` makes"]
fn without_a_session_bus_it_says_what_is_missing_and_closing_quits() {
    let package = Package::unpack();
    let mut session = Session::without_bus();
    program::install(&mut session, &package);
    let _hub = Hub::start(&mut session, world());
    let window = program::open(&session, &package, &[]);

    no_keychain(&window);
    let state = wait_for_tray_trouble(&window);
    assert!(state.contains("D-Bus"), "{state}");
    session.press(TITLE, "alt+F4");
    program::has_ended(&session, &package);
}

#[test]
#[ignore = "it needs the package, which `cargo xtask test` makes"]
fn without_the_library_of_the_tray_it_runs_without_a_tray() {
    let package = Package::unpack();
    let mut session = Session::whole(Keychain::Unlocked);
    program::install(&mut session, &package);
    let _hub = Hub::start(&mut session, world());
    // Files that are no library, under the library's names, before the real ones.
    let folder = session.home().join("lib");
    fs::create_dir(&folder).unwrap();
    for name in ["libayatana-appindicator3.so", "libappindicator3.so"] {
        fs::write(folder.join(name), "").unwrap();
        fs::write(folder.join(format!("{name}.1")), "").unwrap();
    }
    session.set("LD_LIBRARY_PATH", folder.to_str().unwrap());
    let window = program::open(&session, &package, &[]);

    add_account(&window, TOKEN);
    window.shows("Chat server");
    let trouble = wait_for_tray_trouble(&window);
    assert!(trouble.contains("libayatana-appindicator3"), "{trouble}");
    assert_eq!(Tray::icons(&session), 0);
    session.press(TITLE, "alt+F4");
    program::has_ended(&session, &package);
}

#[test]
#[ignore = "it needs the package, which `cargo xtask test` makes"]
fn with_a_locked_keychain_it_opens_and_offers_the_encrypted_file() {
    let package = Package::unpack();
    let mut session = Session::whole(Keychain::Locked);
    program::install(&mut session, &package);
    let _hub = Hub::start(&mut session, world());
    let window = program::open(&session, &package, &[]);
    no_keychain(&window);
    assert_eq!(program::files_with(session.home(), TOKEN), Vec::<std::path::PathBuf>::new());
}

#[test]
#[ignore = "it needs the package, which `cargo xtask test` makes"]
fn a_keychain_that_was_locked_later_keeps_the_list_and_says_so() {
    let package = Package::unpack();
    let mut session = Session::whole(Keychain::Missing);
    session.start_keychain();
    program::install(&mut session, &package);
    let _hub = Hub::start(&mut session, world());
    let window = program::open(&session, &package, &[]);
    add_account(&window, TOKEN);
    window.shows("Chat server");
    Tray::find(&session).click("Quit");
    program::has_ended(&session, &package);
    drop(window);

    session.lock_keychain();
    let window = program::open(&session, &package, &[]);
    // What was known is shown, and no second store is begun.
    window.shows("Chat server");
    let store = invoke(&window, "token_store", &json!({}));
    assert_eq!(store["keychain"]["usable"], false, "{store}");
    assert_ne!(store["kind"], "file", "{store}");
    assert!(!std::path::Path::new(store["file"].as_str().unwrap()).exists(), "{store}");
}

#[test]
#[ignore = "it needs the package, which `cargo xtask test` makes"]
fn a_damaged_store_is_told_and_left_as_it_is() {
    const DAMAGED: &str = "this is no database, and somebody may still want what is in it";
    let package = Package::unpack();
    let mut session = Session::whole(Keychain::Unlocked);
    program::install(&mut session, &package);
    let folder = session.home().join("share/hf-space-manager");
    fs::create_dir_all(&folder).unwrap();
    let store = folder.join("hfsm.db");
    fs::write(&store, DAMAGED).unwrap();

    let mut program = program::start(&session, &package, &[]);
    let title = "HF Space Manager cannot start";
    wait("a message says so", || session.sees_window(title).then_some(()));
    assert_eq!(fs::read_to_string(&store).unwrap(), DAMAGED);
    session.press(title, "Escape");
    assert_eq!(program.ends(), Some(1));
    let said = program.said();
    assert!(said.contains("hfsm.db"), "{said}");
    assert!(said.contains("left as it is"), "{said}");
    assert_eq!(fs::read_to_string(&store).unwrap(), DAMAGED);
    let copies = fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.file_name());
    let copies: Vec<_> = copies.filter(|name| name != "hfsm.db").collect();
    assert!(copies.iter().all(|name| !name.to_string_lossy().ends_with(".db")), "{copies:?}");
}

/// Expects that nothing is kept before a person has chosen where, then chooses the encrypted file,
/// which works at once.
fn no_keychain(window: &Window) {
    window.shows("All your Spaces in one window");
    let store = invoke(window, "token_store", &json!({}));
    assert_eq!(store["kind"], json!(null), "{store}");
    assert_eq!(store["keychain"]["usable"], false, "{store}");
    assert!(store["keychain"]["trouble"].is_string(), "{store}");
    let file = store["file"].as_str().unwrap().to_owned();
    assert!(!std::path::Path::new(&file).exists(), "{store}");
    click(window, "Use the encrypted file");
    add_account(window, TOKEN);
    is_at(window, "/spaces");
    window.shows("Chat server");
    assert_eq!(invoke(window, "token_store", &json!({}))["kind"], "file");
    assert!(std::path::Path::new(&file).exists());
}

fn wait_for_tray_trouble(window: &Window) -> String {
    window.wait("it says why there is no tray", |window| {
        let state = invoke(window, "desktop_state", &json!({}));
        assert_eq!(state["tray"]["shown"], false, "{state}");
        state["tray"]["trouble"].as_str().map(str::to_owned)
    })
}
