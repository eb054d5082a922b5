//! The browser of somebody who reads over the network.

use std::process::Stdio;

use serde_json::json;

use crate::{session::Session, webdriver::Window};

/// Opens `url` in Chromium. It reaches nothing but this machine.
pub(crate) fn open(session: &Session, url: &str) -> Window {
    let mut driver = session.command("chromedriver");
    driver.stdout(Stdio::null());
    let capabilities = json!({
        "browserName": "chrome",
        "goog:chromeOptions": { "args": [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ]},
    });
    let window = Window::begin(driver, &capabilities);
    window.go(url);
    window
}
