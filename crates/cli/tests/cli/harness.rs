//! Runs the built program with an environment of its own.

use std::{
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

use hfsm_hub_sim::{Durations, SimHub, TokenKind, World, WorldBuilder};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
};

pub(crate) const TOKEN: &str = "hf_alice_writes_everything";
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// A Hub, and a home folder for the program.
pub(crate) struct Bench {
    pub(crate) hub: SimHub,
    pub(crate) home: TempDir,
}

pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}\n{}", self.out, self.err))
    }
}

pub(crate) fn world() -> WorldBuilder {
    World::builder()
        .seed(7)
        .durations(Durations::all(Duration::from_millis(700)))
        .user("alice")
        .token(TOKEN, TokenKind::Write)
        .token("hf_alice_reads_everything", TokenKind::Read)
        .space("alice/demo", |space| {
            space.title("Demo").log("first line").log("\u{1b}[31msecond\u{1b}[0m line")
        })
        .space("alice/hidden", |space| space.private())
        .space("alice/asleep", |space| space.sleeping())
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::of(world()).await
    }

    pub(crate) async fn of(world: WorldBuilder) -> Self {
        let hub = SimHub::start(world.build()).await.unwrap();
        Self { hub, home: tempfile::tempdir().unwrap() }
    }

    /// The program with nothing but what it needs to find this Hub.
    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hfsm"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("HF_ENDPOINT", self.hub.endpoint())
            .env("HFSM_METRICS_ENDPOINT", self.hub.metrics_endpoint())
            .env("HFSM_APP_URL", self.hub.app_url_template())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs a command as alice, to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, &[("HF_USER", &format!("alice:{TOKEN}"))]).await
    }

    pub(crate) async fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
        let child = self.program(arguments).envs(environment.iter().copied()).output();
        ended(tokio::time::timeout(SOON, child).await.expect("the program ends").unwrap())
    }

    /// Runs a command with something to read.
    pub(crate) async fn run_reading(&self, arguments: &[&str], input: &str) -> Ended {
        let mut child = self.program(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).await.unwrap();
        drop(stdin);
        let output = tokio::time::timeout(SOON, child.wait_with_output()).await;
        ended(output.expect("the program ends").unwrap())
    }

    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.home.path().join("data")
    }

    /// Starts a server and reads where it answers.
    pub(crate) async fn serve(&self, command: &str, environment: &[(&str, &str)]) -> Serving {
        let data = self.data();
        let arguments = ["--data-dir", data.to_str().unwrap(), "--port", "0", "--print-address"];
        let mut child = self
            .program(&[&[command][..], &arguments].concat())
            .envs(environment.iter().copied())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = tokio::time::timeout(SOON, lines.next_line()).await.expect("a first line");
        let Some(first) = first.unwrap() else {
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).await.unwrap();
            panic!("the server did not start: {said}");
        };
        let first: Value = serde_json::from_str(&first).unwrap();
        Serving {
            child,
            address: first["address"].as_str().unwrap().to_owned(),
            sign_in: first["sign_in"].as_str().map(str::to_owned),
            lines,
        }
    }
}

/// A server that runs.
pub(crate) struct Serving {
    pub(crate) child: Child,
    pub(crate) address: String,
    pub(crate) sign_in: Option<String>,
    pub(crate) lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
}

impl Serving {
    /// Sends one request and returns the status line, the headers and what came of the body until
    /// the connection closed or `until` was in it.
    pub(crate) async fn ask(&self, path: &str, headers: &str, until: &str) -> (TcpStream, String) {
        let host = self.address.trim_start_matches("http://");
        let mut socket = TcpStream::connect(host).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        let mut buffer = [0; 4096];
        while until.is_empty() || !text.contains(until) {
            let read = tokio::time::timeout(SOON, socket.read(&mut buffer)).await;
            match read.expect("an answer").unwrap() {
                0 => break,
                read => text.push_str(&String::from_utf8_lossy(&buffer[..read])),
            }
        }
        (socket, text)
    }

    /// Signs in with the link, and returns the header with the cookie.
    pub(crate) async fn cookie(&self) -> String {
        let link = self.sign_in.as_deref().unwrap();
        let path = link.strip_prefix(&self.address).unwrap();
        let (_, answer) = self.ask(path, "Connection: close\r\n", "").await;
        let cookie = answer
            .lines()
            .find_map(|line| line.strip_prefix("set-cookie: "))
            .unwrap_or_else(|| panic!("{answer}"));
        format!("Cookie: {}\r\n", cookie.split(';').next().unwrap())
    }

    pub(crate) async fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().await.unwrap();
        assert!(sent.success());
    }

    /// Waits for the end; returns the exit code and what was said to the standard error.
    pub(crate) async fn end(mut self) -> (i32, String) {
        let mut said = String::new();
        let stderr = self.child.stderr.take().unwrap();
        let all = async {
            BufReader::new(stderr).read_to_string(&mut said).await.unwrap();
            self.child.wait().await.unwrap()
        };
        let status = tokio::time::timeout(SOON, all).await.expect("the server ends");
        (status.code().unwrap_or(-1), said)
    }
}

fn ended(output: Output) -> Ended {
    Ended {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Returns whether any file below `folder` holds `text`.
pub(crate) fn found_in_files(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return found_in_files(&path, text);
        }
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}
