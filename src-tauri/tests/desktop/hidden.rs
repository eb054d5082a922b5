//! A program that is left alone in the tray.

use std::fs;

use hfsm_hub_sim::{TokenKind, World};

use crate::{
    notifications,
    package::Package,
    processes::Tree,
    program::{self, Hub, TITLE},
    session::{Keychain, Session, wait},
    tray::Tray,
};

const SPACE: &str = "alice/chat-server";

#[test]
#[ignore = "it needs the package, which `cargo xtask test` makes"]
fn a_hidden_program_lets_go_of_all_that_belongs_to_a_page_and_goes_on() {
    let package = Package::unpack();
    let mut session = Session::whole(Keychain::Unlocked);
    program::install(&mut session, &package);
    session.set("HF_USER", "alice:hf_alice_write");
    let world = World::builder()
        .user("alice")
        .token("hf_alice_write", TokenKind::Write)
        .space(SPACE, |space| space.running())
        .build();
    let hub = Hub::start(&mut session, world);
    let running = program::start(&session, &package, &["--drop-page-after=1"]);
    wait("the window is shown", || session.sees_window(TITLE).then_some(()));
    let tray = Tray::find(&session);
    tray.has("All right");
    assert!(has_page(running.id()));

    session.press(TITLE, "alt+F4");
    wait("the web view has gone", || (!has_page(running.id())).then_some(()));
    wait("the program runs on, in the same process", || {
        let began_anew = running.said().matches("the shell took").count() == 2;
        (began_anew && fs::metadata(format!("/proc/{}/exe", running.id())).is_ok()).then_some(())
    });
    Tray::find(&session).has("All right");
    assert!(!session.sees_window(TITLE));

    // It tells what happens, as before, and comes back when it is asked for.
    hub.sim.world().crash(SPACE, "Exit code: 1").unwrap();
    notifications::arrives(&session, "chat-server");
    program::start_again(&session, &package, &[]);
    wait("the window is shown", || session.sees_window(TITLE).then_some(()));
    assert!(has_page(running.id()));
    Tray::find(&session).click("Quit");
    program::has_ended(&session, &package);
    let said = running.said();
    assert!(!said.contains("ended without a word"), "{said}");
}

fn has_page(process: u32) -> bool {
    Tree::of(process).names().iter().any(|name| name.starts_with("WebKit"))
}
