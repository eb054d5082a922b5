//! The Hub cuts every stream, until all flow again.

use std::time::Duration;

use anyhow::{Context, bail};
use hfsm_model::Clock;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::{
    processes::{HubProcess, Server, folder, until},
    report::Row,
    stamps::{Line, Lines, read},
    watchers::NEW_ROUTE,
};

const SPACES: usize = 1_000;
const SETTLE: Duration = Duration::from_secs(5);
/// Requests that may be counted against the account while the streams come back: one a second.
const BUDGETED: f64 = 10.0;

pub(crate) async fn run(quick: bool) -> anyhow::Result<Vec<Row>> {
    let rounds = if quick { 1 } else { 3 };
    let hub = HubProcess::start(SPACES, &["--stamp"]).await?;
    let data = folder()?;
    let server = Server::start(&hub, data.path()).await?;
    server.knows(SPACES as u64).await?;
    let mut stream = server.target.open(NEW_ROUTE, None).await?;
    until("every metrics stream is open", async || {
        Ok(hub.counts().await?.open_metrics() >= SPACES as u64)
    })
    .await?;
    let clock = Clock::system();
    let (mut worst, mut budgeted, mut opened, mut refused) = (0.0_f64, 0, 0, 0);
    for _ in 0..rounds {
        read_for(&mut stream, SETTLE).await?;
        let before = hub.counts().await?;
        hub.cut_streams().await?;
        let cut_us = clock.now().timestamp_micros();
        let all_us = flows_again(&mut stream, cut_us, &clock).await?;
        #[expect(clippy::cast_precision_loss, reason = "seconds")]
        let took = (all_us - cut_us) as f64 / 1e6;
        worst = worst.max(took);
        let after = hub.counts().await?;
        budgeted = budgeted.max(after.budgeted() - before.budgeted());
        opened = opened.max(after.of("metrics") - before.of("metrics"));
        refused += after.answered(429) - before.answered(429);
    }
    #[expect(clippy::cast_precision_loss, reason = "a few thousand requests")]
    let (budgeted, opened, refused) = (budgeted as f64, opened as f64, refused as f64);
    Ok(vec![
        Row::at_most("1,000 streams cut: until all flow again", 10.0, worst, "s")
            .note(format!("worst of {rounds}")),
        Row::at_most("1,000 streams cut: streams opened", SPACES as f64, opened, "requests")
            .note("one each"),
        Row::at_most("1,000 streams cut: other Hub requests", BUDGETED, budgeted, "requests"),
        Row::at_most("1,000 streams cut: answered 429", 0.0, refused, "requests"),
    ])
}

async fn read_for(stream: &mut Incoming, length: Duration) -> anyhow::Result<()> {
    let reading = async { while let Some(Ok(_)) = stream.frame().await {} };
    match tokio::time::timeout(length, reading).await {
        Ok(()) => bail!("the client's stream ended"),
        Err(_) => Ok(()),
    }
}

/// Reads until every Space has sent a report after the cut; returns when that was.
async fn flows_again(stream: &mut Incoming, cut_us: i64, clock: &Clock) -> anyhow::Result<i64> {
    let mut lines = Lines::default();
    let mut back = vec![false; SPACES];
    let mut missing = SPACES;
    let reading = async {
        while missing > 0 {
            let frame = stream.frame().await.context("the client's stream ended")??;
            let Some(piece) = frame.data_ref() else { continue };
            lines.feed(piece, |line| {
                if let Line::Report(stamp) = read(line)
                    && stamp.sent_us > cut_us
                    && !std::mem::replace(&mut back[stamp.space], true)
                {
                    missing -= 1;
                }
            });
        }
        anyhow::Ok(clock.now().timestamp_micros())
    };
    tokio::time::timeout(Duration::from_secs(60), reading)
        .await
        .context("not all streams came back within a minute")?
}
