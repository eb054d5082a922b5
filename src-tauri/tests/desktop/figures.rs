//! How fast and how small the installed program is: `cargo xtask bench --desktop` prints it.

use std::{
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

use hfsm_hub_sim::{TokenKind, World};

use crate::{
    package::{self, Package},
    processes::Tree,
    program::{self, Hub, Running, TITLE},
    screen,
    session::{Keychain, Session, wait, wait_up_to},
    stream,
    tray::Tray,
};

const TOKEN: &str = "hf_alice_write";
const STARTS: usize = 5;
/// How long the program is left alone before it is looked at, and then while it is.
const HIDDEN: Duration = Duration::from_secs(300);

fn world(spaces: usize) -> World {
    let mut world = World::builder().user("alice").token(TOKEN, TokenKind::Write);
    for number in 0..spaces {
        let title = format!("Space {number:04}");
        world =
            world.space(&format!("alice/space-{number:04}"), |space| space.running().title(&title));
    }
    world.build()
}

#[test]
#[ignore = "it takes minutes, and says something only on a quiet machine"]
fn figure_of_the_package() {
    let size = std::fs::metadata(package::file()).unwrap().len();
    println!("package: {:.1} MB", size as f64 / 1e6);
    assert!(size < 15_000_000);
}

#[test]
#[ignore = "it takes minutes, and says something only on a quiet machine"]
fn figure_of_the_start_with_1000_stored_spaces() {
    let package = Package::unpack();
    let mut session = Session::whole(Keychain::Unlocked);
    program::install(&mut session, &package);
    session.set("HF_USER", &format!("alice:{TOKEN}"));
    let hub = Hub::start(&mut session, world(1000));
    let first = program::open(&session, &package, &[]);
    first.shows("Space 0001");
    quit(&session, &package);
    drop(first);
    drop(hub);
    // Nobody answers any more, so what is shown is what was stored.
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    session.set("HF_ENDPOINT", &format!("http://{}", silent.local_addr().unwrap()));

    let mut shown = Vec::new();
    let mut shell = Vec::new();
    for _ in 0..STARTS {
        let begun = Instant::now();
        let running = program::start(&session, &package, &[]);
        shown.push(screen::complete_after(&session, begun, Duration::from_secs(6)));
        shell.push(own_part(&running));
        quit(&session, &package);
    }
    shown.sort_unstable();
    shell.sort_unstable();
    println!("start to the last known list on screen, 1,000 stored Spaces: {shown:?}");
    println!("the shell's own part: {shell:?}");
    assert!(shown[STARTS / 2] < Duration::from_millis(1500), "{shown:?}");
    assert!(shell[STARTS / 2] < Duration::from_millis(300), "{shell:?}");
}

#[test]
#[ignore = "it takes minutes, and says something only on a quiet machine"]
fn figure_of_the_hidden_program_with_50_spaces() {
    let package = Package::unpack();
    let mut session = Session::whole(Keychain::Unlocked);
    program::install(&mut session, &package);
    session.set("HF_USER", &format!("alice:{TOKEN}"));
    let _hub = Hub::start(&mut session, world(50));
    let running = program::start(&session, &package, &[]);
    wait("the window is shown", || session.sees_window(TITLE).then_some(()));
    Tray::find(&session).has("50");
    session.press(TITLE, "alt+F4");
    let has_page = || Tree::of(running.id()).names().iter().any(|name| name.contains("WebKitWeb"));
    assert!(has_page());
    wait_up_to(HIDDEN, "the page was let go", || (!has_page()).then_some(()));

    thread::sleep(HIDDEN);
    let (before, begun) = (Tree::of(running.id()).processor_time(), Instant::now());
    thread::sleep(HIDDEN);
    let tree = Tree::of(running.id());
    let share = (tree.processor_time() - before).as_secs_f64() / begun.elapsed().as_secs_f64();
    let memory = tree.proportional_memory();
    println!(
        "hidden with 50 Spaces: {:.1} MB, {:.2} % of a core, {:?}",
        memory as f64 / 1e6,
        share * 100.0,
        tree.names()
    );
    assert!(memory < 90_000_000, "{memory} bytes");
    assert!(share < 0.01, "{share}");
}

#[test]
#[ignore = "it takes minutes, and says something only on a quiet machine"]
fn figure_of_the_carrier_at_1000_events_a_second() {
    let package = Package::unpack();
    let mut session = Session::whole(Keychain::Unlocked);
    program::install(&mut session, &package);
    session.set("HF_USER", "bench:hf_demo_bench");
    // As often as the Hub reports.
    let world = World::builder().many(1000).metric_interval(Duration::from_secs(1)).build();
    let _hub = Hub::start(&mut session, world);
    let window = program::open(&session, &package, &[]);
    let beside = stream::measure(&window);
    println!("1,000 events a second beside the list that shows them, in ms: {beside}");
    assert_eq!(beside["lost"], 0, "{beside}");
    // What is drawn meanwhile is no part of the carrier.
    window.run("document.querySelector('a[href^=\"/settings\"]').click()");
    window.shows("Appearance");
    let figures = stream::measure(&window);
    println!("the carrier at 1,000 events a second, in ms: {figures}");
    assert_eq!(figures["lost"], 0, "{figures}");
    assert!(figures["p99"].as_u64().unwrap() < 10, "{figures}");
}

/// Returns the part of the start that the program says is the shell's.
fn own_part(running: &Running) -> Duration {
    let said = running.said();
    let line = said.lines().find(|line| line.contains("the shell took")).expect("it says so");
    let number = line.split_whitespace().rev().find_map(|word| word.parse().ok());
    Duration::from_millis(number.unwrap_or_else(|| panic!("no time in `{line}`")))
}

fn quit(session: &Session, package: &Package) {
    Tray::find(session).click("Quit");
    program::has_ended(session, package);
}
