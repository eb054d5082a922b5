//! From the start of `hfsm serve` to its first answer, with 1,000 Spaces in its store.

use std::{net::TcpListener, path::Path, time::Duration};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    processes::{HubProcess, Server, folder},
    report::{Row, median},
};

const SPACES: usize = 1_000;
/// Longer than it takes to store a first list.
const SAVED: Duration = Duration::from_secs(3);

pub(crate) async fn run(quick: bool) -> anyhow::Result<Vec<Row>> {
    let rounds = if quick { 5 } else { 20 };
    let hub = HubProcess::start(SPACES, &[]).await?;
    let data = folder()?;
    let server = Server::start(&hub, data.path()).await?;
    server.knows(SPACES as u64).await?;
    // The list is told a moment before it is on the disk.
    tokio::time::sleep(SAVED).await;
    server.stop().await?;
    // From here on the Hub is too slow to help: what is answered was stored.
    hub.fault(&json!({ "fault": "latency", "ms": 5_000 })).await?;
    let mut times = Vec::new();
    for _ in 0..rounds {
        let all = |answer: &Value| answer["items"].as_array().map(Vec::len) == Some(SPACES);
        times.push(first_answer(&hub, data.path(), "/api/v1/spaces?limit=1000", all).await?);
    }
    let worst = times.iter().copied().fold(0.0, f64::max);
    Ok(vec![
        Row::at_most(
            "start to first answer with 1,000 stored Spaces",
            150.0,
            median(&mut times),
            "ms",
        )
        .note(format!("all 1,000 in it; median of {rounds}, worst {worst:.0} ms")),
    ])
}

/// Starts the program and returns the milliseconds until it answered with everything.
pub(crate) async fn first_answer(
    hub: &HubProcess,
    data: &Path,
    path: &str,
    everything: impl Fn(&Value) -> bool,
) -> anyhow::Result<f64> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let started = Instant::now();
    let server = Server::spawn(hub, data, port)?;
    let answer = async {
        loop {
            match server.target.get(path).await {
                Ok(answer) => return answer,
                Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(30), answer)
        .await
        .context("`hfsm serve` gave no answer")?;
    let took = started.elapsed();
    ensure!(everything(&answer), "the first answer of {path} lacks something");
    server.stop().await?;
    Ok(took.as_secs_f64() * 1000.0)
}
