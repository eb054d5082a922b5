//! The programs that are measured, and what they use.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, ensure};
use hyper::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, ChildStdin, Command},
    time::Instant,
};

use crate::{http::Target, relay::Relay};

/// The key with which the clients read.
const API_KEY: &str = "benchmark-key-that-opens-nothing-else";
/// The user of the simulated world.
const USER: &str = "bench";
/// Longer than any start takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A simulated Hub in a process of its own.
pub(crate) struct HubProcess {
    target: Target,
    hello: Value,
    relay: Relay,
    _child: Child,
    /// The simulator ends when this does.
    _stdin: ChildStdin,
}

impl HubProcess {
    /// Starts a Hub with so many running Spaces of one user; `more` are further arguments.
    pub(crate) async fn start(spaces: usize, more: &[&str]) -> anyhow::Result<Self> {
        let mut child = Command::new(program("hub-sim")?)
            .args(["--world", "many", "--spaces", &spaces.to_string(), "--watch-stdin"])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdin = child.stdin.take().context("the simulated Hub has no stdin")?;
        let hello = first_line(&mut child).await.context("the simulated Hub did not start")?;
        let endpoint = text(&hello, "endpoint")?;
        let relay = Relay::start(endpoint.trim_start_matches("http://")).await?;
        let target = Target::new(endpoint, None);
        Ok(Self { target, hello, relay, _child: child, _stdin: stdin })
    }

    /// Returns the address for `HF_ENDPOINT` and `HFSM_METRICS_ENDPOINT`.
    pub(crate) fn endpoint(&self) -> String {
        self.relay.address()
    }

    /// Returns the certificate that has to be trusted, as DER.
    pub(crate) fn certificate(&self) -> &[u8] {
        self.relay.certificate()
    }

    /// Returns the pattern for `HFSM_APP_URL`.
    pub(crate) fn app_url(&self) -> anyhow::Result<&str> {
        text(&self.hello, "app_url")
    }

    /// Returns the account in the form of the variable `HF_USER`.
    pub(crate) fn account(&self) -> anyhow::Result<String> {
        Ok(format!("{USER}:{}", self.token()?))
    }

    /// Returns the account's token.
    pub(crate) fn token(&self) -> anyhow::Result<&str> {
        let tokens = self.hello["tokens"].as_object().context("the Hub named no tokens")?;
        tokens.values().find_map(Value::as_str).context("the Hub has no token")
    }

    /// Returns what was asked of it so far.
    pub(crate) async fn counts(&self) -> anyhow::Result<HubCounts> {
        Ok(HubCounts(self.target.get("/_sim/stats").await?))
    }

    /// Makes a trouble come; see the simulator's README.
    pub(crate) async fn fault(&self, fault: &Value) -> anyhow::Result<()> {
        self.control(Method::POST, "/_sim/faults", Some(fault)).await
    }

    /// Ends all troubles.
    pub(crate) async fn no_faults(&self) -> anyhow::Result<()> {
        self.control(Method::DELETE, "/_sim/faults", None).await
    }

    /// Makes something happen to a Space: `crash`, `sleep`, `pause`.
    pub(crate) async fn happen(&self, space: &str, what: &str) -> anyhow::Result<()> {
        self.control(Method::POST, &format!("/_sim/spaces/{space}/{what}"), Some(&json!({}))).await
    }

    /// Breaks off every stream.
    pub(crate) async fn cut_streams(&self) -> anyhow::Result<()> {
        self.control(Method::POST, "/_sim/streams/cut", None).await
    }

    async fn control(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<()> {
        self.target.send(method, path, body).await.map(drop)
    }
}

/// What was asked of the Hub up to a moment.
#[derive(Debug)]
pub(crate) struct HubCounts(Value);

impl HubCounts {
    /// Requests of a kind, such as `list`.
    pub(crate) fn of(&self, kind: &str) -> u64 {
        self.0["requests"][kind].as_u64().unwrap_or(0)
    }

    /// Requests that cost the account's budget: all but streams of the streaming host.
    pub(crate) fn budgeted(&self) -> u64 {
        let all = self.0["requests"].as_object().into_iter().flatten();
        let counted = all.filter(|(kind, _)| *kind != "metrics" && *kind != "app");
        counted.filter_map(|(_, count)| count.as_u64()).sum()
    }

    /// Answers with a status.
    pub(crate) fn answered(&self, status: u16) -> u64 {
        self.0["statuses"][status.to_string()].as_u64().unwrap_or(0)
    }

    /// Metrics streams that are open.
    pub(crate) fn open_metrics(&self) -> u64 {
        self.0["streams"]["metrics"].as_u64().unwrap_or(0)
    }
}

/// A folder for a server's data, gone with this.
pub(crate) fn folder() -> anyhow::Result<TempDir> {
    Ok(tempfile::tempdir()?)
}

/// `hfsm serve` in a process of its own.
pub(crate) struct Server {
    pub(crate) target: Target,
    child: Child,
    id: u32,
}

impl Server {
    /// Starts it on a free port and waits for its first line.
    pub(crate) async fn start(hub: &HubProcess, data: &Path) -> anyhow::Result<Self> {
        let mut server = Self::spawn(hub, data, 0)?;
        let first = first_line(&mut server.child).await.context("`hfsm serve` did not start")?;
        server.target = Target::new(text(&first, "address")?, Some(API_KEY));
        Ok(server)
    }

    /// Starts it on `port` and waits for nothing.
    pub(crate) fn spawn(hub: &HubProcess, data: &Path, port: u16) -> anyhow::Result<Self> {
        let child = Command::new(program("hfsm")?)
            .args(["serve", "--print-address", "--json", "--log", "warn"])
            .args(["--port", &port.to_string(), "--data-dir"])
            .arg(data)
            .env_clear()
            .env("HOME", data)
            .env("HF_ENDPOINT", hub.endpoint())
            .env("HFSM_METRICS_ENDPOINT", hub.endpoint())
            .env("HFSM_APP_URL", hub.app_url()?)
            .env("SSL_CERT_FILE", hub.relay.certificate_file())
            .env("HF_USER", hub.account()?)
            .env("HFSM_API_KEY", API_KEY)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let id = child.id().context("`hfsm serve` ended at once")?;
        Ok(Self { target: Target::new(&format!("127.0.0.1:{port}"), Some(API_KEY)), child, id })
    }

    /// Waits until so many Spaces are listed.
    pub(crate) async fn knows(&self, spaces: u64) -> anyhow::Result<()> {
        until("the Spaces are listed", async || {
            Ok(self.target.get("/api/v1/spaces?limit=1").await?["total"].as_u64() == Some(spaces))
        })
        .await
    }

    /// Ends it in order.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let sent = Command::new("kill").arg(self.id.to_string()).status().await?;
        ensure!(sent.success(), "`hfsm serve` cannot be told to end");
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await??;
        ensure!(status.success(), "`hfsm serve` ended with {status}");
        Ok(())
    }

    /// Reads what it uses.
    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        Usage::of(self.id)
    }
}

/// What a process uses at a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// Resident memory, in MB (10^6 bytes).
    pub(crate) resident_mb: f64,
    /// The most that was ever resident, in MB.
    pub(crate) peak_mb: f64,
    /// The resident memory that is not shared with the program's file, in MB.
    pub(crate) private_mb: f64,
    /// Processor time since its start, in seconds.
    pub(crate) cpu_seconds: f64,
}

/// Linux counts processor time in hundredths of a second.
pub(crate) const TICKS: f64 = 100.0;

impl Usage {
    fn of(process: u32) -> anyhow::Result<Self> {
        let read = |name: &str| fs::read_to_string(format!("/proc/{process}/{name}"));
        let (status, stat, smaps) = (read("status")?, read("stat")?, read("smaps_rollup")?);
        // The name of the program, in brackets, may hold anything.
        let (_, rest) = stat.rsplit_once(") ").context("/proc/…/stat has another form")?;
        let ticks = rest.split(' ').skip(11).take(2).filter_map(|text| text.parse::<f64>().ok());
        let private = ["Private_Clean:", "Private_Dirty:"];
        Ok(Self {
            resident_mb: megabytes(&status, "VmRSS:")?,
            peak_mb: megabytes(&status, "VmHWM:")?,
            private_mb: private.iter().filter_map(|name| megabytes(&smaps, name).ok()).sum(),
            cpu_seconds: ticks.sum::<f64>() / TICKS,
        })
    }
}

fn megabytes(text: &str, name: &str) -> anyhow::Result<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next()).context("no such figure")?;
    Ok(number.parse::<f64>()? * 1024.0 / 1e6)
}

/// Asks again and again, until the answer is yes.
pub(crate) async fn until(
    what: &str,
    mut reached: impl AsyncFnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let started = Instant::now();
    while !reached().await? {
        ensure!(started.elapsed() < PATIENCE, "in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Returns a program that was built beside this one.
fn program(name: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    ensure!(
        path.exists(),
        "there is no {}; `cargo xtask bench` builds what is measured too",
        path.display()
    );
    Ok(path)
}

/// Reads the first line, which is JSON, and lets the rest go by.
async fn first_line(child: &mut Child) -> anyhow::Result<Value> {
    let mut lines = BufReader::new(child.stdout.take().context("no stdout")?);
    let mut line = String::new();
    tokio::time::timeout(PATIENCE, lines.read_line(&mut line)).await??;
    crate::http::background(async move {
        let mut nothing = [0; 4096];
        while matches!(lines.read(&mut nothing).await, Ok(1..)) {}
    });
    serde_json::from_str(&line).with_context(|| format!("it said `{}`", line.trim()))
}

fn text<'a>(value: &'a Value, word: &str) -> anyhow::Result<&'a str> {
    value[word].as_str().with_context(|| format!("it did not say its {word}"))
}
