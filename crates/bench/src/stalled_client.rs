//! A client that opens the stream and does not read, beside ten that do.

use std::time::Duration;

use anyhow::{Context, bail};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::{
    processes::{HubProcess, Server, folder, until},
    report::Row,
    stamps::{Line, Lines, read},
    watchers::{NEW_ROUTE, Watchers},
};

const SPACES: usize = 1_000;
const OTHERS: usize = 10;
/// A small socket buffer, so that not reading is felt soon.
const RECEIVE_BUFFER: u32 = 64 << 10;
const SETTLE: Duration = Duration::from_secs(4);
/// Growth that the events which wait for the stalled client may cause, in MB.
const BACKLOG_MB: f64 = 12.0;

pub(crate) async fn run(quick: bool) -> anyhow::Result<Vec<Row>> {
    let length = Duration::from_secs(if quick { 30 } else { 90 });
    let hub = HubProcess::start(SPACES, &["--stamp"]).await?;
    let data = folder()?;
    let server = Server::start(&hub, data.path()).await?;
    server.knows(SPACES as u64).await?;
    let watchers = Watchers::open(&server.target, NEW_ROUTE, OTHERS).await?;
    until("every metrics stream is open", async || {
        Ok(hub.counts().await?.open_metrics() >= SPACES as u64)
    })
    .await?;
    tokio::time::sleep(SETTLE).await;

    // What history alone adds is measured first, and taken off below.
    let start = server.usage()?;
    tokio::time::sleep(length).await;
    let before = server.usage()?;
    watchers.measure();
    let stalled = server.target.open(NEW_ROUTE, Some(RECEIVE_BUFFER)).await?;
    tokio::time::sleep(length).await;
    let after = server.usage()?;
    let mut others = watchers.close().await?;
    let resync = reads_again(stalled).await?;

    let history = (before.resident_mb - start.resident_mb).max(0.0);
    let growth = after.resident_mb - before.resident_mb;
    #[expect(clippy::cast_precision_loss, reason = "a count of events")]
    let disturbed = (others.lost + others.twice + others.resyncs) as f64;
    Ok(vec![
        Row::at_most("a client does not read: the server grows", BACKLOG_MB, growth, "MB").note(
            format!(
                "in {} s, to {:.1} MB; without it {history:.1} MB",
                length.as_secs(),
                after.resident_mb
            ),
        ),
        Row::at_most("a client does not read: lost or twice elsewhere", 0.0, disturbed, "events")
            .note(format!(
                "{OTHERS} others: {} lost, {} twice, {} times `resync`",
                others.lost, others.twice, others.resyncs
            )),
        Row::at_most("a client does not read: p99 elsewhere", 50.0, others.latency(0.99), "ms")
            .note(format!("p50 {:.2} ms", others.latency(0.5))),
        Row::at_most("it reads again: until `resync`", 1000.0, resync, "ms"),
    ])
}

/// Reads what waited, and returns the milliseconds until the client is told that it missed events.
async fn reads_again(mut stream: Incoming) -> anyhow::Result<f64> {
    let started = Instant::now();
    let mut lines = Lines::default();
    let told = async {
        loop {
            let frame = stream.frame().await.context("the stream ended without `resync`")??;
            let mut resync = false;
            if let Some(piece) = frame.data_ref() {
                lines.feed(piece, |line| resync |= read(line) == Line::Resync);
            }
            if resync {
                return anyhow::Ok(started.elapsed());
            }
        }
    };
    match tokio::time::timeout(Duration::from_secs(30), told).await {
        Ok(took) => Ok(took?.as_secs_f64() * 1000.0),
        Err(_) => bail!("the client was not told that it missed events"),
    }
}
