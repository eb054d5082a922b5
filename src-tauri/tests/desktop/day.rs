//! A day with the program, from the package to the next start.

use std::time::Duration;

use hfsm_hub_sim::{TokenKind, World};
use serde_json::json;

use crate::{
    browser, notifications,
    package::Package,
    program::{self, Hub, TITLE, add_account, click, fill, invoke, is_at},
    session::{Keychain, Session, wait, wait_up_to},
    tray::Tray,
    webdriver::Window,
};

const TOKEN: &str = "hf_alice_write_that_must_be_in_no_file";
const PASSWORD: &str = "correct horse battery";
const SPACE: &str = "alice/chat-server";
const PAGE: &str = "/spaces/alice/chat-server";

fn world() -> World {
    World::builder()
        .user("alice")
        .token(TOKEN, TokenKind::Write)
        .space(SPACE, |space| space.running().title("Chat server"))
        .space("alice/painter", |space| space.running().title("Painter"))
        .build()
}

#[test]
#[ignore = "it needs the package, which `cargo xtask test` makes"]
fn a_day_with_the_installed_program() {
    let package = Package::install();
    let mut session = Session::whole(Keychain::Unlocked);
    program::install(&mut session, &package);
    let hub = Hub::start(&mut session, world());
    let window = program::open(&session, &package, &[]);

    first_start(&session, &window);
    live_numbers(&window);
    restart(&window, &hub);
    let tray = Tray::find(&session);
    tray.has("Open Space Manager");
    close_to_the_tray(&session, &window);
    told_of_a_crash(&session, &window, &hub, &tray);
    second_start(&session, &package, &window);
    deep_link(&session, &package, &window);
    remote_access(&session, &window);

    tray.click("Quit");
    program::has_ended(&session, &package);
    drop(window);
    assert_eq!(Tray::icons(&session), 0, "the icon has gone with the program");
    assert_eq!(program::files_with(session.home(), TOKEN), Vec::<std::path::PathBuf>::new());

    // The next start: no token is asked for, and what was known is there.
    let window = program::open(&session, &package, &[]);
    window.shows("Chat server");
    is_at(&window, "/spaces");
    let store = invoke(&window, "token_store", &json!({}));
    assert_eq!(store["kind"], "keychain", "{store}");
    let remote = invoke(&window, "remote_access", &json!({}));
    assert_eq!(remote["listening"], false, "{remote}");
    assert_eq!(remote["has_password"], true, "{remote}");
    hub.sim.world().crash(SPACE, "Exit code: 3").unwrap();
    window.shows("Runtime error");
}

fn first_start(session: &Session, window: &Window) {
    window.shows("All your Spaces in one window");
    add_account(window, TOKEN);
    is_at(window, "/spaces");
    window.shows("Chat server");
    let store = invoke(window, "token_store", &json!({}));
    assert_eq!(store["kind"], "keychain", "{store}");
    let kept = session.run("secret-tool", &["search", "--all", "service", "HF Space Manager"]);
    assert!(kept.contains(TOKEN), "the keychain holds no such token: {kept}");
    assert_eq!(program::files_with(session.home(), TOKEN), Vec::<std::path::PathBuf>::new());
}

/// Waits until the numbers of a Space have changed by themselves.
fn live_numbers(window: &Window) {
    let numbers = |window: &Window| {
        let row = window.run(&format!(
            "return document.querySelector(\"[data-space='{SPACE}']\")?.innerText ?? ''"
        ));
        let row = row.as_str()?.to_owned();
        row.contains(" %").then_some(row)
    };
    let first = window.wait("the Space's row shows its processor", numbers);
    window
        .wait("the numbers change", |window| numbers(window).filter(|now| *now != first).map(drop));
}

fn restart(window: &Window, hub: &Hub) {
    click(window, "Restart Chat server");
    click(window, "Restart");
    wait("the Hub was asked to restart it", || {
        (hub.sim.world().space(SPACE).unwrap().stage != "RUNNING").then_some(())
    });
    window.wait("the row says that it runs again", |window| {
        let runs = window.run(&format!(
            "return !!document.querySelector(\"[data-space='{SPACE}'] [data-stage=RUNNING]\")"
        ));
        (runs == true && hub.sim.world().space(SPACE).unwrap().stage == "RUNNING").then_some(())
    });
}

fn close_to_the_tray(session: &Session, window: &Window) {
    assert!(session.sees_window(TITLE));
    session.press(TITLE, "alt+F4");
    wait("the window is hidden", || (!session.sees_window(TITLE)).then_some(()));
    // Told once.
    notifications::arrives(session, "Still running in the tray");
    notifications::close_all(session);
    assert_eq!(invoke(window, "desktop_state", &json!({}))["close_was_told"], true);
}

fn told_of_a_crash(session: &Session, window: &Window, hub: &Hub, tray: &Tray<'_>) {
    const REASON: &str = "Exit code: 1. Reason: out of tea";
    hub.sim.world().crash(SPACE, REASON).unwrap();
    let told = notifications::arrives(session, "chat-server");
    assert!(told.title.contains("error"), "{told:?}");
    assert!(told.text.contains(REASON), "{told:?}");
    tray.has("1 Space needs you");
    tray.has("chat-server");

    notifications::click(session);
    wait("the window is shown", || session.sees_window(TITLE).then_some(()));
    is_at(window, PAGE);
    window.shows(REASON);

    // One for the incident, not one for each time that the Hub is asked.
    hub.sim.world().restart(SPACE).unwrap();
    notifications::arrives(session, "runs again");
    let of_the_crash = notifications::told(session);
    let of_the_crash = of_the_crash.iter().filter(|told| told.text.contains(REASON)).count();
    assert_eq!(of_the_crash, 1);
    notifications::close_all(session);
}

fn second_start(session: &Session, package: &Package, window: &Window) {
    session.press(TITLE, "alt+F4");
    wait("the window is hidden", || (!session.sees_window(TITLE)).then_some(()));
    // The entry of the sign-in shows nothing to somebody who has it running.
    program::start_again(session, package, &["--hidden"]);
    assert!(!session.sees_window(TITLE));
    program::start_again(session, package, &[]);
    wait("the window is shown", || session.sees_window(TITLE).then_some(()));
    assert_eq!(program::processes(session, &package.program()).len(), 1);
    is_at(window, PAGE);
    // It was told the first time.
    let closing = notifications::told(session);
    let closing = closing.iter().filter(|told| told.title.contains("Still running")).count();
    assert_eq!(closing, 1);
}

fn deep_link(session: &Session, package: &Package, window: &Window) {
    // The desktop finds the program by what the package has registered.
    session.run("gio", &["open", "hfsm://spaces/alice/painter"]);
    is_at(window, "/spaces/alice/painter");
    // A link leads to a Space and nowhere else.
    program::start_again(session, package, &["hfsm://settings/remote"]);
    is_at(window, "/spaces/alice/painter");
}

fn remote_access(session: &Session, window: &Window) {
    let port = free_port();
    let off = invoke(window, "remote_access", &json!({}));
    assert_eq!(off["settings"]["on"], false, "off after the installation: {off}");
    assert_eq!(off["listening"], false, "{off}");
    let settings = json!({ "on": true, "reach": "this_computer", "port": port, "user": "alice" });
    let on = json!({ "settings": settings, "password": PASSWORD });
    let state = invoke(window, "set_remote_access", &on);
    assert_eq!(state["listening"], true, "{state}");
    let url = state["urls"][0].as_str().unwrap_or_else(|| panic!("{state}")).to_owned();
    assert!(url.contains(&port.to_string()), "{url}");

    let reader = browser::open(session, &url);
    reader.shows("Sign in");
    fill(&reader, "User name", "alice");
    fill(&reader, "Password", PASSWORD);
    click(&reader, "Sign in");
    reader.shows("Chat server");
    drop(reader);

    let mut off = on;
    off["settings"]["on"] = json!(false);
    off["password"] = json!(null);
    let state = invoke(window, "set_remote_access", &off);
    assert_eq!(state["listening"], false, "{state}");
    wait_up_to(Duration::from_secs(5), "nobody can connect", || {
        std::net::TcpStream::connect(("127.0.0.1", port)).is_err().then_some(())
    });
}

fn free_port() -> u16 {
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    free.local_addr().unwrap().port()
}
