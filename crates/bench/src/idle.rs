//! 200 Spaces, and nobody looks.

use std::time::Duration;

use crate::{
    processes::{HubProcess, Server, folder},
    report::Row,
};

const SPACES: usize = 200;

pub(crate) async fn run(quick: bool) -> anyhow::Result<Vec<Row>> {
    let length = Duration::from_secs(if quick { 20 } else { 60 });
    let hub = HubProcess::start(SPACES, &[]).await?;
    let data = folder()?;
    let server = Server::start(&hub, data.path()).await?;
    server.knows(SPACES as u64).await?;
    // What the start itself left to do is done.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (before, asked) = (server.usage()?, hub.counts().await?.budgeted());
    tokio::time::sleep(length).await;
    let (after, requests) = (server.usage()?, hub.counts().await?.budgeted() - asked);
    let cpu = (after.cpu_seconds - before.cpu_seconds) / length.as_secs_f64() * 100.0;
    Ok(vec![
        Row::at_most("200 Spaces, no client: resident", 40.0, after.resident_mb, "MB")
            .note(format!("{:.1} MB private, {:.1} MB at most", after.private_mb, after.peak_mb)),
        Row::at_most("200 Spaces, no client: processor", 1.0, cpu, "% of a core")
            .note(format!("over {} s, {requests} Hub requests", length.as_secs())),
    ])
}
