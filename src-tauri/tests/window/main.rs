//! The desktop program as a person has it: a real window, the page that is built in, the carrier,
//! the engine, and a simulated Hub behind it.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod carrier;
mod stream;
#[expect(dead_code, reason = "it is shared with another test, which looks at other things")]
mod webdriver;

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use hfsm_hub_sim::{SimHub, TokenKind, World};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::webdriver::Window;

#[test]
#[ignore = "it needs a screen and WebKitWebDriver, which `cargo xtask test` provides"]
fn the_window_shows_live_spaces_through_the_carrier() {
    let runtime = Runtime::new().unwrap();
    let world = World::builder()
        .user("alice")
        .token("hf_alice_write", TokenKind::Write)
        .space("alice/chat-server", |space| space.running())
        .build();
    let hub = runtime.block_on(SimHub::start(world)).unwrap();
    let home = tempfile::tempdir().unwrap();
    let window = open(&hub, home.path(), "alice:hf_alice_write");

    window.shows("chat-server");
    assert_eq!(call(&window, "GET", "/api/v1/system/version")["status"], 200);
    assert_eq!(call(&window, "GET", "/api/v1/no-such-thing")["status"], 404);

    // What changes at the Hub reaches the page by the event stream, over the carrier's channel.
    hub.world().crash("alice/chat-server", "Exit code: 1. Reason: application error").unwrap();
    window.shows("Runtime error");

    // A page that is loaded anew counts its requests from the start again.
    window.reload();
    window.shows("Runtime error");
    hub.world().restart("alice/chat-server").unwrap();
    window.wait("the Space has left its error", |window| {
        let shown = window.run("return document.body.innerText");
        (!shown.as_str()?.contains("Runtime error")).then_some(())
    });
}

#[test]
#[ignore = "it needs a screen and WebKitWebDriver, which `cargo xtask test` provides"]
fn a_page_of_the_hub_opens_in_the_browser_and_any_other_nowhere() {
    let runtime = Runtime::new().unwrap();
    let hub = runtime.block_on(SimHub::start(World::builder().user("alice").build())).unwrap();
    let home = tempfile::tempdir().unwrap();
    let opened = home.path().join("opened");
    let browser = home.path().join("xdg-open");
    fs::write(&browser, format!("#!/bin/sh\necho \"$1\" >> '{}'\n", opened.display())).unwrap();
    fs::set_permissions(&browser, Permissions::from_mode(0o755)).unwrap();
    let window = open(&hub, home.path(), "alice:hf_alice_write");
    let wait_for = |url: &str| {
        window.wait(&format!("the browser has {url}"), |_| {
            fs::read_to_string(&opened).ok()?.lines().any(|line| line == url).then_some(())
        });
    };

    window.run("location.href = 'https://example.org/from-a-link'");
    window.run("location.href = 'https://huggingface.co/from-a-link'");
    wait_for("https://huggingface.co/from-a-link");
    window.run(
        "document.body.innerHTML =
            '<a id=out target=_blank href=\"https://huggingface.co/new-window\">out</a>'",
    );
    window.click("#out");
    wait_for("https://huggingface.co/new-window");
    let all = fs::read_to_string(&opened).unwrap();
    assert!(!all.contains("example.org"), "{all}");
    assert_eq!(window.run("return location.protocol"), "tauri:");
}

/// Opens the window on an empty home folder, with the account `name:token` of `hub`.
#[expect(clippy::disallowed_methods, reason = "the driver and the program are found by PATH")]
fn open(hub: &SimHub, home: &Path, account: &str) -> Window {
    let home = home.to_str().unwrap();
    // What the program opens in a browser goes to a program of the test's own, if there is one.
    let path = format!("{home}:{}", std::env::var("PATH").unwrap());
    Window::open(
        Path::new(env!("CARGO_BIN_EXE_hf-space-manager")),
        &[
            ("HOME", home),
            ("PATH", &path),
            ("XDG_CONFIG_HOME", home),
            ("XDG_DATA_HOME", home),
            ("XDG_CACHE_HOME", home),
            ("XDG_RUNTIME_DIR", home),
            ("LANG", "C.UTF-8"),
            ("GDK_BACKEND", "x11"),
            ("LIBGL_ALWAYS_SOFTWARE", "1"),
            // No service of the desktop's own is part of the test.
            ("DBUS_SESSION_BUS_ADDRESS", "disabled:"),
            ("NO_AT_BRIDGE", "1"),
            ("HFSM_DATA_DIR", home),
            ("HF_USER", account),
            ("HF_ENDPOINT", &hub.endpoint()),
            ("HFSM_METRICS_ENDPOINT", &hub.metrics_endpoint()),
            ("HFSM_APP_URL", &hub.app_url_template()),
        ],
    )
}

/// Calls the API as the page does, and returns the head of the answer.
fn call(window: &Window, method: &str, uri: &str) -> Value {
    let request =
        json!({ "id": 4_000_000, "method": method, "uri": uri, "headers": [], "body": null });
    window.run_async(&format!(
        "const done = arguments[arguments.length - 1];
         const {{ invoke, transformCallback }} = window.__TAURI_INTERNALS__;
         const chunks = `__CHANNEL__:${{transformCallback(() => {{}})}}`;
         invoke('api_fetch', {{ request: {request}, chunks }}).then(done, done);"
    ))
}
