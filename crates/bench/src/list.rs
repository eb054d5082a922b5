//! The first full list of 1,000 Spaces, with 50 ms a request.

use std::time::Duration;

use anyhow::Context;
use hfsm_core::{Fleet, Hub, HubConfig, Store, sources::configured_accounts};
use hfsm_model::Clock;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    processes::HubProcess,
    report::{Row, median},
};

const SPACES: usize = 1_000;
/// So often the fleet is asked what it knows; finer than the figure.
const LOOK: Duration = Duration::from_micros(500);

pub(crate) async fn run(quick: bool) -> anyhow::Result<Vec<Row>> {
    let rounds = if quick { 3 } else { 10 };
    let mut times = Vec::new();
    let mut most_requests = 0;
    for _ in 0..rounds {
        let (time, requests) = first_list().await?;
        times.push(time);
        most_requests = most_requests.max(requests);
    }
    let worst = times.iter().copied().fold(0.0, f64::max);
    #[expect(clippy::cast_precision_loss, reason = "a few requests")]
    let requests = most_requests as f64;
    Ok(vec![
        Row::at_most("first list of 1,000 Spaces: Hub requests", 3.0, requests, "requests"),
        Row::at_most("first list of 1,000 Spaces: time", 400.0, median(&mut times), "ms")
            .note(format!("median of {rounds}, worst {worst:.0} ms; 50 ms a Hub request")),
    ])
}

/// Starts a fleet that knows nothing. Returns milliseconds until it knows all, and Hub requests.
async fn first_list() -> anyhow::Result<(f64, u64)> {
    let hub = HubProcess::start(SPACES, &[]).await?;
    hub.fault(&json!({ "fault": "latency", "ms": 50 })).await?;
    let (hub_url, app_url) = (hub.endpoint(), hub.app_url()?);
    let mut endpoints = HubConfig::new(hub_url.parse()?, hub_url.parse()?, app_url);
    endpoints.extra_roots = vec![hub.certificate().to_vec()];
    let clock = Clock::system();
    let account = configured_accounts(Some(&hub.account()?), None);
    let fleet = Fleet::builder(clock, Hub::new(endpoints, clock)?, Store::in_memory().await?)
        .configured(account.accounts)
        .build()
        .await?;
    let started = Instant::now();
    fleet.start();
    let complete = async {
        while fleet.spaces().len() < SPACES {
            tokio::time::sleep(LOOK).await;
        }
        started.elapsed()
    };
    let took = tokio::time::timeout(Duration::from_secs(20), complete)
        .await
        .context("the list never became complete")?;
    let requests = hub.counts().await?.budgeted();
    fleet.shutdown().await;
    Ok((took.as_secs_f64() * 1000.0, requests))
}
