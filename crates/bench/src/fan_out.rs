//! 1,000 Spaces that report once a second, to 1, 10 and 50 clients that each watch all.

use std::time::Duration;

use anyhow::ensure;

use crate::{
    processes::{HubProcess, Server, folder, until},
    report::Row,
    watchers::{NEW_ROUTE, OLD_ROUTE, Watchers},
};

const SPACES: usize = 1_000;
/// Between the opening of the streams and the measurement.
const SETTLE: Duration = Duration::from_secs(4);

pub(crate) async fn run(quick: bool) -> anyhow::Result<Vec<Row>> {
    let length = Duration::from_secs(if quick { 10 } else { 60 });
    let mut rows = Vec::new();
    for (route, name) in [(NEW_ROUTE, "/api/v1/events"), (OLD_ROUTE, "the old route")] {
        for clients in [1, 10, 50] {
            rows.extend(fan_out(route, name, clients, length).await?);
        }
    }
    Ok(rows)
}

async fn fan_out(
    route: &str,
    name: &str,
    clients: usize,
    length: Duration,
) -> anyhow::Result<Vec<Row>> {
    let hub = HubProcess::start(SPACES, &["--stamp"]).await?;
    let data = folder()?;
    let server = Server::start(&hub, data.path()).await?;
    server.knows(SPACES as u64).await?;
    let watchers = Watchers::open(&server.target, route, clients).await?;
    until("every metrics stream is open", async || {
        Ok(hub.counts().await?.open_metrics() >= SPACES as u64)
    })
    .await?;
    tokio::time::sleep(SETTLE).await;

    let before = server.usage()?;
    watchers.measure();
    tokio::time::sleep(length).await;
    let delivered = watchers.delivered();
    let after = server.usage()?;
    let mut seen = watchers.close().await?;
    ensure!(
        seen.fewest_spaces == SPACES,
        "a client heard of {} Spaces only; nothing else can be told from such a run",
        seen.fewest_spaces
    );

    #[expect(clippy::cast_precision_loss, reason = "millions")]
    let (delivered, wrong) = (delivered as f64, (seen.lost + seen.twice) as f64);
    let cpu = after.cpu_seconds - before.cpu_seconds;
    let (p50, p99) = (seen.latency(0.50), seen.latency(0.99));
    let what = |figure| format!("1,000 Spaces to {clients} by {name}: {figure}");
    let mut rows = vec![Row::at_most(what("lost or twice"), 0.0, wrong, "events").note(format!(
        "{} lost, {} twice of {delivered:.0} in {} s",
        seen.lost,
        seen.twice,
        length.as_secs()
    ))];
    if clients <= 10 {
        rows.push(Row::at_most(what("p50"), 2.0, p50, "ms").note(format!("p99 {p99:.1} ms")));
    } else {
        rows.push(Row::at_most(what("p99"), 50.0, p99, "ms").note(format!("p50 {p50:.2} ms")));
    }
    rows.push(
        Row::at_most(what("resident"), 80.0, after.resident_mb, "MB")
            .note(format!("{:.1} MB private, {:.1} MB at most", after.private_mb, after.peak_mb)),
    );
    rows.push(
        Row::at_most(what("CPU per million delivered"), 6.0, cpu / delivered * 1e6, "s")
            .note(format!("{:.1} % of a core", cpu / length.as_secs_f64() * 100.0)),
    );
    Ok(rows)
}
