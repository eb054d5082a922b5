//! A stage that somebody else changed at the Hub, until a client is told.

use std::time::Duration;

use anyhow::Context;
use http_body_util::BodyExt;
use hyper::{Method, body::Incoming};
use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

use crate::{
    http::background,
    processes::{HubProcess, Server, folder, until},
    report::{Row, percentile},
    stamps::Lines,
};

const SPACES: usize = 1_000;
/// What can happen to a Space without us, and the stage that it is in then.
const CHANGES: [(&str, &str); 3] =
    [("crash", "RUNTIME_ERROR"), ("sleep", "SLEEPING"), ("pause", "PAUSED")];

pub(crate) async fn run(quick: bool) -> anyhow::Result<Vec<Row>> {
    let rounds = if quick { 2 } else { 8 };
    let mut rows = Vec::new();
    for (on_screen, allowed) in [(false, 20.0), (true, 5.0)] {
        let (mut times, per_minute) = changes(on_screen, rounds).await?;
        let name = if on_screen { "on screen" } else { "elsewhere" };
        let (median, worst) = (percentile(&mut times, 0.5), percentile(&mut times, 1.0));
        rows.push(
            Row::at_most(
                format!("a stage changed, of a Space {name}: until shown"),
                allowed,
                worst,
                "s",
            )
            .note(format!("worst of {}; median {median:.1} s", times.len())),
        );
        rows.push(Row::at_most(
            format!("a stage changed, of a Space {name}: Hub requests"),
            60.0,
            per_minute,
            "a minute",
        ));
    }
    Ok(rows)
}

/// Lets stages change one after the other. Returns the seconds until each was told, and the Hub
/// requests a minute meanwhile.
async fn changes(on_screen: bool, rounds: usize) -> anyhow::Result<(Vec<f64>, f64)> {
    let hub = HubProcess::start(SPACES, &[]).await?;
    let data = folder()?;
    let server = Server::start(&hub, data.path()).await?;
    server.knows(SPACES as u64).await?;
    let (told, mut events) = mpsc::unbounded_channel();
    background(tell(server.target.open("/api/v1/events", None).await?, told));
    let hello = events.recv().await.context("the stream said nothing")?;
    let stream = hello["event"]["data"]["stream"].as_str().context("no `hello`")?.to_owned();

    let (began, asked) = (Instant::now(), hub.counts().await?.budgeted());
    let mut times = Vec::new();
    for number in 0..rounds * CHANGES.len() {
        let space = format!("bench/space-{:04}", 100 + number);
        if on_screen {
            let watch = json!({ "spaces": [space] });
            let path = format!("/api/v1/events/{stream}/watch");
            server.target.send(Method::PUT, &path, Some(&watch)).await?;
            until("its metrics stream is open", async || {
                Ok(hub.counts().await?.open_metrics() >= 1)
            })
            .await?;
        }
        // Anywhere between two looks at the Hub.
        sleep(Duration::from_millis(700 + 1_370 * (number as u64 % 4))).await;
        let (what, stage) = CHANGES[number % CHANGES.len()];
        let changed = Instant::now();
        hub.happen(&space, what).await?;
        let shown = async {
            loop {
                let event = events.recv().await.context("the stream ended")?;
                if is_in_stage(&event["event"], &space, stage) {
                    return anyhow::Ok(changed.elapsed());
                }
            }
        };
        let took = tokio::time::timeout(Duration::from_secs(60), shown)
            .await
            .with_context(|| format!("`{space}` was never shown as {stage}"))??;
        times.push(took.as_secs_f64());
    }
    #[expect(clippy::cast_precision_loss, reason = "a few hundred requests")]
    let requests = (hub.counts().await?.budgeted() - asked) as f64;
    Ok((times, requests / began.elapsed().as_secs_f64() * 60.0))
}

fn is_in_stage(event: &Value, space: &str, stage: &str) -> bool {
    event["type"] == "space_changed"
        && event["data"]["id"] == space
        && event["data"]["stage"] == stage
}

/// Hands each event on.
async fn tell(mut stream: Incoming, told: mpsc::UnboundedSender<Value>) {
    let mut lines = Lines::default();
    while let Some(Ok(frame)) = stream.frame().await {
        let Some(piece) = frame.data_ref() else { continue };
        lines.feed(piece, |line| {
            let data = line.strip_prefix(b"data: ");
            if let Some(event) = data.and_then(|data| serde_json::from_slice(data).ok()) {
                // The scenario has ended when nobody listens.
                let _ = told.send(event);
            }
        });
    }
}
