//! `hfsm metrics`

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use hfsm_core::events::{Audience, EventReader, Received, Watch};
use hfsm_model::{Event, MetricsPoint, SpaceId};
use hfsm_server::ServerConfig;
use serde::Serialize;
use tokio::time::Instant;

use crate::{
    args::Metrics,
    engine::{self, Engine},
    exit::Failure,
    output::{Output, Table, bytes, rate, text_cell},
};

/// Replicas report once a second; who has said nothing in this time says nothing.
const PATIENCE: Duration = Duration::from_secs(6);

#[derive(Serialize)]
struct Report<'a> {
    space: &'a SpaceId,
    #[serde(flatten)]
    point: &'a MetricsPoint,
}

/// Shows what Spaces use.
pub(crate) async fn metrics(
    config: &ServerConfig,
    args: Metrics,
    output: Output,
) -> anyhow::Result<()> {
    let engine = engine::for_a_command(config).await?;
    engine.first_lists().await?;
    let wanted = wanted(&engine, args.spaces)?;
    let watch = Watch::Spaces(wanted.clone());
    let mut reader = engine.fleet.subscribe(Audience::Everything, watch);
    if args.follow {
        while let Some(points) = next(&mut reader).await {
            for (space, point) in points {
                write(output, &space, &point)?;
            }
        }
        return Ok(());
    }
    let mut latest: BTreeMap<(SpaceId, String), MetricsPoint> = BTreeMap::new();
    let deadline = Instant::now() + PATIENCE;
    let spaces = |latest: &BTreeMap<(SpaceId, String), MetricsPoint>| {
        latest.keys().map(|(space, _)| space.clone()).collect::<HashSet<_>>().len()
    };
    while spaces(&latest) < wanted.len() {
        match tokio::time::timeout_at(deadline, next(&mut reader)).await {
            Ok(Some(points)) => {
                latest.extend(
                    points
                        .into_iter()
                        .map(|(space, point)| ((space, point.sample.replica.clone()), point)),
                );
            }
            Ok(None) | Err(_) => break,
        }
    }
    if latest.is_empty() {
        let failure = "no Space has reported; only running ones do";
        return Err(Failure::TimedOut(failure.to_owned()).into());
    }
    show(output, &latest)
}

/// Returns the named Spaces, or all that can have metrics.
fn wanted(engine: &Engine, named: Vec<SpaceId>) -> anyhow::Result<HashSet<SpaceId>> {
    if named.is_empty() {
        let spaces = engine.fleet.spaces();
        let running = spaces
            .iter()
            .filter(|space| !space.info.is_static() && space.stage.may_have_metrics())
            .map(|space| space.info.id.clone())
            .collect::<HashSet<_>>();
        if running.is_empty() {
            return Err(Failure::NotFound("no Space runs".to_owned()).into());
        }
        return Ok(running);
    }
    for id in &named {
        let space = engine.fleet.space(id)?;
        if !space.stage.may_have_metrics() {
            return Err(Failure::NotFound(format!(
                "the Space `{id}` is {} and has no metrics",
                space.stage
            ))
            .into());
        }
    }
    Ok(named.into_iter().collect())
}

async fn next(reader: &mut EventReader) -> Option<Vec<(SpaceId, MetricsPoint)>> {
    loop {
        let Received::Batch(batch) = reader.next().await? else { continue };
        let points: Vec<_> = reader
            .wanted(&batch)
            .filter_map(|frame| match &frame.envelope.event {
                Event::Metrics { space, point } => Some((space.clone(), point.clone())),
                _ => None,
            })
            .collect();
        if !points.is_empty() {
            return Some(points);
        }
    }
}

fn write(output: Output, space: &SpaceId, point: &MetricsPoint) -> anyhow::Result<()> {
    if output.json {
        return Ok(output.record(&Report { space, point })?);
    }
    let [replica, cpu, memory, down, up] = columns(point);
    Ok(output.line(format!(
        "{} {space} {replica:6} cpu {cpu:>7}  memory {memory}  in {down}  out {up}",
        point.at.format("%H:%M:%S")
    ))?)
}

fn show(output: Output, latest: &BTreeMap<(SpaceId, String), MetricsPoint>) -> anyhow::Result<()> {
    if output.json {
        let reports: Vec<_> =
            latest.iter().map(|((space, _), point)| Report { space, point }).collect();
        return Ok(output.document(&reports)?);
    }
    let mut table = Table::new(&["SPACE", "REPLICA", ">CPU", ">MEMORY", ">IN", ">OUT"]);
    for ((space, _), point) in latest {
        let mut cells = vec![text_cell(space.as_str())];
        cells.extend(columns(point).iter().map(text_cell));
        table.row(cells);
    }
    Ok(output.table(table)?)
}

fn columns(point: &MetricsPoint) -> [String; 5] {
    let sample = &point.sample;
    let unknown = || "–".to_owned();
    let memory = match (sample.memory_used_bytes, sample.memory_total_bytes) {
        (Some(used), Some(total)) if total > 0 => format!("{} of {}", bytes(used), bytes(total)),
        (Some(used), _) => bytes(used),
        (None, _) => unknown(),
    };
    [
        sample.replica.clone(),
        sample.cpu_pct.map_or_else(unknown, |cpu| format!("{cpu:.1} %")),
        memory,
        sample.rx_bps.map_or_else(unknown, rate),
        sample.tx_bps.map_or_else(unknown, rate),
    ]
}
