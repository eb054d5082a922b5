//! The Hub refuses (429) and fails (500): how often it is asked then, and how soon a person's click
//! gets through.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{
    http::background,
    processes::{HubProcess, Server, folder, until},
    report::Row,
    watchers::NEW_ROUTE,
};

const SPACES: usize = 1_000;
/// What the Hub asks for when it refuses.
const RETRY_AFTER: Duration = Duration::from_secs(8);

pub(crate) async fn run(quick: bool) -> anyhow::Result<Vec<Row>> {
    let length = Duration::from_secs(if quick { 24 } else { 60 });
    let mut rows = small_budget(quick).await?;
    rows.extend(refused(length).await?);
    rows.extend(failing(length).await?);
    rows.push(busy_with_streams().await?);
    Ok(rows)
}

/// What a scenario needs: a Hub, a server that knows all, and a client that looks.
struct Scene {
    hub: HubProcess,
    server: Server,
    _data: tempfile::TempDir,
    _client: tokio::task::JoinHandle<()>,
}

impl Scene {
    async fn new(route: &str, arguments: &[&str]) -> anyhow::Result<Self> {
        let hub = HubProcess::start(SPACES, arguments).await?;
        let data = folder()?;
        let server = Server::start(&hub, data.path()).await?;
        server.knows(SPACES as u64).await?;
        let mut stream = server.target.open(route, None).await?;
        let client = background(async move {
            use http_body_util::BodyExt;
            while let Some(Ok(_)) = stream.frame().await {}
        });
        Ok(Self { hub, server, _data: data, _client: client })
    }

    /// Clicks on restart. The answer is not waited for: what counts is when the Hub is asked.
    fn click(&self, space: &str) -> Instant {
        let (target, path) =
            (self.server.target.clone(), format!("/api/v1/spaces/{space}/restart"));
        background(async move { target.send(Method::POST, &path, None).await });
        Instant::now()
    }

    /// Waits until the Hub was asked for one more restart than before.
    async fn restart_asked(&self, before: u64) -> anyhow::Result<()> {
        until("the click is at the Hub", async || {
            Ok(self.hub.counts().await?.of("restart") > before)
        })
        .await
    }

    async fn counted(&self) -> anyhow::Result<(u64, u64, u64)> {
        let counts = self.hub.counts().await?;
        Ok((counts.budgeted(), counts.answered(429), counts.of("restart")))
    }

    async fn trouble(&self, fault: Value) -> anyhow::Result<()> {
        self.hub.fault(&fault).await
    }
}

/// An account that may ask 30 times in 30 seconds.
async fn small_budget(quick: bool) -> anyhow::Result<Vec<Row>> {
    let windows = if quick { 1 } else { 3 };
    let scene = Scene::new("/api/v1/events", &["--quota", "30", "--window", "30"]).await?;
    let mut slowest = 0.0_f64;
    for number in 0..windows {
        // Late in the window, when the lists have used what they may.
        sleep(Duration::from_secs(26)).await;
        let (_, _, restarts) = scene.counted().await?;
        let clicked = scene.click(&format!("bench/space-{number:04}"));
        scene.restart_asked(restarts).await?;
        slowest = slowest.max(clicked.elapsed().as_secs_f64() * 1000.0);
        sleep(Duration::from_secs(4)).await;
    }
    let (requests, refused, _) = scene.counted().await?;
    #[expect(clippy::cast_precision_loss, reason = "a few requests")]
    let refused = refused as f64;
    Ok(vec![
        Row::at_most("a budget of 30 in 30 s: refused", 0.0, refused, "requests")
            .note(format!("{requests} Hub requests in {} s", windows * 30)),
        Row::at_most("a budget of 30 in 30 s: a click is at the Hub", 1000.0, slowest, "ms"),
    ])
}

/// Every request is refused with `Retry-After`.
async fn refused(length: Duration) -> anyhow::Result<Vec<Row>> {
    let scene = Scene::new("/api/v1/events", &[]).await?;
    let (before, _, _) = scene.counted().await?;
    scene
        .trouble(json!({
            "fault": "rate_limited", "remaining": 0, "retry_after": RETRY_AFTER.as_secs(),
        }))
        .await?;
    sleep(length).await;
    let (after, _, restarts) = scene.counted().await?;
    scene.click("bench/space-0007");
    sleep(RETRY_AFTER / 4).await;
    scene.hub.no_faults().await?;
    let ended = Instant::now();
    scene.restart_asked(restarts).await?;
    let wait = ended.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a few requests")]
    let asked = (after - before) as f64;
    // A list is two requests that go together; each wait may be tried out once.
    let waits = length.as_secs_f64() / RETRY_AFTER.as_secs_f64();
    Ok(vec![
        Row::at_most("429 storm: Hub requests", 2.0 * (waits.floor() + 1.0), asked, "requests")
            .note(format!("in {} s, told to wait {} s", length.as_secs(), RETRY_AFTER.as_secs())),
        Row::at_most(
            "429 storm: a click is at the Hub",
            RETRY_AFTER.as_secs_f64() + 1.0,
            wait,
            "s",
        )
        .note("after the storm; the Hub's wait is kept by clicks too"),
    ])
}

/// Lists and identity fail.
async fn failing(length: Duration) -> anyhow::Result<Vec<Row>> {
    let scene = Scene::new("/api/v1/events", &[]).await?;
    scene
        .trouble(
            json!({ "fault": "error", "status": 500, "error": "storm", "on": ["list", "whoami"] }),
        )
        .await?;
    let (before, _, restarts) = scene.counted().await?;
    sleep(length).await;
    let (after, _, _) = scene.counted().await?;
    let clicked = scene.click("bench/space-0007");
    scene.restart_asked(restarts).await?;
    let click = clicked.elapsed().as_secs_f64() * 1000.0;
    #[expect(clippy::cast_precision_loss, reason = "a few requests")]
    let asked = (after - before) as f64 / length.as_secs_f64() * 60.0;
    Ok(vec![
        Row::at_most("500 storm: Hub requests", 60.0, asked, "a minute"),
        Row::at_most("500 storm: a click is at the Hub", 1000.0, click, "ms"),
    ])
}

/// 1,000 streams open again at once, slowly, and a person clicks.
async fn busy_with_streams() -> anyhow::Result<Row> {
    let scene = Scene::new(NEW_ROUTE, &[]).await?;
    until("every metrics stream is open", async || {
        Ok(scene.hub.counts().await?.open_metrics() >= SPACES as u64)
    })
    .await?;
    let (_, _, restarts) = scene.counted().await?;
    scene.trouble(json!({ "fault": "latency", "ms": 300, "on": ["metrics"] })).await?;
    scene.hub.cut_streams().await?;
    let clicked = scene.click("bench/space-0007");
    scene.restart_asked(restarts).await?;
    let click = clicked.elapsed().as_secs_f64() * 1000.0;
    Ok(Row::at_most("1,000 streams reopen: a click is at the Hub", 1000.0, click, "ms"))
}
