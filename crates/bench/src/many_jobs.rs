//! 10,000 jobs: how fast those that are due are found, how long a start with them takes, and what becomes of
//! them when all are due in the same minute.

use std::time::Duration;

use anyhow::ensure;
use chrono::{DateTime, TimeDelta, Utc};
use hfsm_core::{Fleet, RunFilter, Store};
use hfsm_model::{
    Actor, Clock, Job, JobAction, JobId, JobPlan, JobTarget, MissedRule, RunState, Terms, Trigger,
};
use tokio::time::Instant;

use crate::{
    processes::{HubProcess, folder},
    report::{Row, median},
    simulation::{Simulation, USER, simulate, world},
    start::first_answer,
};

const JOBS: usize = 10_000;
const SPACES: usize = 500;
/// Of so many jobs one is due.
const DUE: usize = 1_000;

pub(crate) async fn run(quick: bool) -> anyhow::Result<Vec<Row>> {
    let mut rows = found_and_started(quick).await?;
    let jobs = if quick { JOBS / 10 } else { JOBS };
    rows.extend(simulate(async move || in_one_minute(jobs).await).await?);
    Ok(rows)
}

/// Measures with a store on the disk.
async fn found_and_started(quick: bool) -> anyhow::Result<Vec<Row>> {
    let rounds = if quick { 5 } else { 20 };
    let data = folder()?;
    let store = Store::open(&data.path().join("hfsm.db")).await?;
    let now = Clock::system().now();
    let at = |n: usize| if n.is_multiple_of(DUE) { now } else { now + TimeDelta::days(30) };
    let jobs: Vec<Job> = (0..JOBS).map(|n| job(n, at(n), now)).collect::<Result<_, _>>()?;
    store.save_jobs(&jobs).await?;
    let mut times = Vec::new();
    for _ in 0..rounds * 10 {
        let started = Instant::now();
        let due = store.due_jobs(now, 500).await?;
        times.push(milliseconds(started.elapsed()));
        ensure!(due.len() == JOBS / DUE, "{} were due", due.len());
    }
    let found = median(&mut times);
    // What is due would be done at the start.
    let later: Vec<Job> =
        (0..JOBS).map(|n| job(n, now + TimeDelta::days(30), now)).collect::<Result<_, _>>()?;
    store.save_jobs(&later).await?;
    store.close().await?;
    let hub = HubProcess::start(SPACES, &[]).await?;
    let mut times = Vec::new();
    for _ in 0..rounds {
        times.push(
            first_answer(&hub, data.path(), "/api/v1/jobs", |answer| {
                answer.as_array().is_some_and(|jobs| jobs.len() == JOBS)
            })
            .await?,
        );
    }
    let worst = times.iter().copied().fold(0.0, f64::max);
    Ok(vec![
        Row::at_most("10,000 jobs: those that are due are found", 5.0, found, "ms").note(format!(
            "{} of them; median of {}",
            JOBS / DUE,
            rounds * 10
        )),
        Row::at_most("start to first answer with 10,000 jobs", 300.0, median(&mut times), "ms")
            .note(format!("all in it; median of {rounds}, worst {worst:.0} ms")),
    ])
}

/// Has all be due in the same minute, at a Hub that allows so many requests in five minutes and no more.
async fn in_one_minute(count: usize) -> anyhow::Result<Vec<Row>> {
    // Before time is moved, from where on tokio's moments lie ahead.
    let started = Instant::now().into_std();
    let begin: DateTime<Utc> = "2026-01-01T00:00:00Z".parse()?;
    let hub = (0..SPACES).fold(world(), |world, n| world.space(&space(n), |space| space));
    let simulation = Simulation::start(hub, begin).await?;
    let due = begin + TimeDelta::hours(1);
    let jobs: Vec<Job> = (0..count).map(|n| job(n, due, begin)).collect::<Result<_, _>>()?;
    simulation.fleet.store().save_jobs(&jobs).await?;
    simulation.fleet.pause_job(&jobs[0].id, true, Actor::System).await?;
    simulation.fleet.pause_job(&jobs[0].id, false, Actor::System).await?;
    // They are taken in pieces, between which nothing is under way.
    let mut until = due;
    while until < due + TimeDelta::hours(1) && done_in(&simulation.fleet).await? < count {
        until += TimeDelta::minutes(1);
        simulation.pass_until(until).await?;
    }
    let took = started.elapsed().as_secs_f64();
    let seconds = (simulation.now() - due).num_seconds();
    let stats = simulation.hub.world().stats();
    let done = done_in(&simulation.fleet).await?;
    let visits: u64 = (0..SPACES)
        .map(|n| Ok(simulation.hub.world().space(&space(n))?.visits))
        .sum::<Result<u64, hfsm_hub_sim::Error>>()?;
    simulation.end().await;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let rows = vec![
        Row::at_most(
            format!("{count} jobs due in the same minute: not done"),
            0.0,
            count.abs_diff(done) as f64,
            "runs",
        )
        .note(format!("after {seconds} simulated seconds, {took:.1} real ones")),
        Row::at_most(
            "the same: visits too many or too few",
            0.0,
            visits.abs_diff(count as u64) as f64,
            "visits",
        ),
        Row::at_most("the same: answered 429", 0.0, stats.answered(429) as f64, "requests"),
    ];
    Ok(rows)
}

/// Counts the runs that were done.
async fn done_in(fleet: &Fleet) -> anyhow::Result<usize> {
    let (mut done, mut before) = (0, None);
    loop {
        let filter = RunFilter { state: Some(RunState::Done), before, ..RunFilter::default() };
        let page = fleet.runs(&filter, 1000).await?;
        let Some(last) = page.last() else { return Ok(done) };
        (before, done) = (Some(last.number), done + page.len());
    }
}

fn space(n: usize) -> String {
    format!("{USER}/space-{:03}", n % SPACES)
}

fn job(n: usize, due: DateTime<Utc>, now: DateTime<Utc>) -> anyhow::Result<Job> {
    Ok(Job {
        id: JobId(format!("job-{n:05}")),
        plan: JobPlan {
            name: format!("job {n}"),
            action: JobAction::Visit,
            target: JobTarget::Spaces { spaces: vec![space(n).parse()?] },
            trigger: Trigger::Every { seconds: 31 * 24 * 3600, anchor: due },
            missed: MissedRule::RunOnce,
            jitter_secs: 0,
            terms: Terms { timeout_secs: 86_400, ..Terms::default() },
        },
        paused: false,
        created_at: now,
        planned_at: Some(due),
        due_at: Some(due),
    })
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
