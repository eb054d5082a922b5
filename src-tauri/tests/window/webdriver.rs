//! The little of WebDriver that looking at one window takes, over plain HTTP to WebKitWebDriver.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// How long anything may take before the test gives up. A first start in a busy machine's software
/// renderer takes some seconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// The key under which WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A driver and the program whose window it looks into. Both end with it.
pub(crate) struct Window {
    driver: Child,
    port: u16,
    session: String,
}

impl Window {
    /// Starts `program` with the variables `environment` and nothing else of the test's own.
    pub(crate) fn open(program: &Path, environment: &[(&str, &str)]) -> Self {
        let mut driver = Command::new("WebKitWebDriver");
        driver.envs(environment.iter().copied());
        Self::of_webkit(driver, program, &[])
    }

    /// Starts `program` by WebKit's driver, which hands its own environment on.
    pub(crate) fn of_webkit(mut driver: Command, program: &Path, args: &[&str]) -> Self {
        let capabilities = json!({
            "browserName": "wry",
            "webkitgtk:browserOptions": { "binary": program, "args": args },
        });
        driver.arg("--host=127.0.0.1").env("TAURI_WEBVIEW_AUTOMATION", "true");
        Self::begin(driver, &capabilities)
    }

    /// Starts `driver`, and with it what `capabilities` name.
    pub(crate) fn begin(mut driver: Command, capabilities: &Value) -> Self {
        // The driver takes no port 0. Between here and its start the port is nobody's, which is
        // as good as it gets.
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let driver = driver
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .spawn()
            .expect("the driver of the window starts");
        let mut window = Self { driver, port, session: String::new() };
        window.wait("the driver listens", |window| window.ask("GET", "/status", None).ok());
        let wanted = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let answer = window.ask("POST", "/session", Some(&wanted)).unwrap();
        let session = answer["sessionId"].as_str().unwrap_or_else(|| panic!("{answer}"));
        window.session = session.to_owned();
        window
    }

    /// Runs the body of a function in the page, and returns what it returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.execute("sync", script, &json!([]))
    }

    /// Runs the body of a function whose last argument takes the result.
    pub(crate) fn run_async(&self, script: &str) -> Value {
        self.execute("async", script, &json!([]))
    }

    /// Runs the body of a function whose last argument, after `arguments`, takes the result.
    pub(crate) fn run_async_with(&self, script: &str, arguments: &Value) -> Value {
        self.execute("async", script, arguments)
    }

    /// Clicks the first element that fits `selector`, a CSS selector or an XPath, as a person's
    /// mouse does.
    pub(crate) fn click(&self, selector: &str) {
        self.act(selector, "click", &json!({}));
    }

    /// Types `text` into the first element that fits `selector`.
    pub(crate) fn enter(&self, selector: &str, text: &str) {
        self.act(selector, "value", &json!({ "text": text }));
    }

    fn act(&self, selector: &str, what: &str, how: &Value) {
        let kind = if selector.starts_with('/') { "xpath" } else { "css selector" };
        let wanted = json!({ "using": kind, "value": selector });
        let path = format!("/session/{}/element", self.session);
        // What it finds may be replaced or covered before it is clicked: a page lives.
        self.wait(&format!("`{selector}` can be used"), |window| {
            let found = window.ask("POST", &path, Some(&wanted)).ok()?;
            let element = found[ELEMENT].as_str()?;
            let done = window.ask("POST", &format!("{path}/{element}/{what}"), Some(how)).ok()?;
            done.is_null().then_some(())
        });
    }

    /// Leads the window to another page.
    pub(crate) fn go(&self, url: &str) {
        let path = format!("/session/{}/url", self.session);
        self.ask("POST", &path, Some(&json!({ "url": url }))).unwrap();
    }

    /// Loads the page anew.
    pub(crate) fn reload(&self) {
        let path = format!("/session/{}/refresh", self.session);
        self.ask("POST", &path, Some(&json!({}))).unwrap();
    }

    /// Waits until the page shows `text`.
    pub(crate) fn shows(&self, text: &str) {
        self.wait(&format!("the page shows `{text}`"), |window| {
            let shown = window.run("return document.body ? document.body.innerText : ''");
            shown.as_str().is_some_and(|shown| shown.contains(text)).then_some(())
        });
    }

    /// Asks every 100 ms; a browser tells nobody when its page changes.
    pub(crate) fn wait<T>(&self, what: &str, mut ask: impl FnMut(&Self) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(answer) = ask(self) {
                return answer;
            }
            if begun.elapsed() > PATIENCE {
                let page = if self.session.is_empty() {
                    Value::Null
                } else {
                    self.run("return document.documentElement.outerHTML")
                };
                panic!("after {PATIENCE:?} it is still not so that {what}; the page: {page}");
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn execute(&self, kind: &str, script: &str, arguments: &Value) -> Value {
        let path = format!("/session/{}/execute/{kind}", self.session);
        self.ask("POST", &path, Some(&json!({ "script": script, "args": arguments }))).unwrap()
    }

    /// Sends one command, and returns its `value`.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> io::Result<Value> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        connection.set_read_timeout(Some(PATIENCE))?;
        let body = body.map(Value::to_string).unwrap_or_default();
        write!(
            connection,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = BufReader::new(connection);
        let mut length = 0;
        loop {
            let mut line = String::new();
            answer.read_line(&mut line)?;
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        let mut body = vec![0; length];
        answer.read_exact(&mut body)?;
        let mut answer: Value = serde_json::from_slice(&body)?;
        Ok(answer["value"].take())
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // Ends the program as well.
        let _ = self.ask("DELETE", &format!("/session/{}", self.session), None);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
