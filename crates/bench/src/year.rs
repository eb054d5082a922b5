//! A year of 500 Spaces that are kept awake and restarted by schedule: how long it takes when time goes by
//! as fast as the work is done, and whether everything that was planned is accounted for.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, ensure};
use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc, Weekday};
use hfsm_core::{RunFilter, in_zone};
use hfsm_model::{
    Actor, AwakeHours, JobAction, JobId, JobPlan, JobTarget, KeepAlive, KeepAliveAll,
    KeepAliveMode, MissedRule, Run, RunCause, RunState, Settings, SpaceId, Terms, Trigger,
};
use tokio::time::Instant;

use crate::{
    report::Row,
    simulation::{Simulation, USER, simulate, world},
};

const SPACES: usize = 500;
const ZONES: [&str; 5] =
    ["Europe/Paris", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "UTC"];
/// How many of the Spaces, from the first on, are kept awake by a rule of their own.
const NOT_KEPT: usize = 25;
const BY_INTERVAL: usize = 50;
const BY_HOURS: usize = 100;
/// A person paused these, from the last on.
const PAUSED: usize = 5;
/// The visits of a fixed interval lie so far apart.
const INTERVAL: TimeDelta = TimeDelta::hours(12);
/// The least between two visits of a Space that falls asleep after 48 hours: 78 % of them.
const LEAST: TimeDelta = TimeDelta::seconds(48 * 3600 * 78 / 100);

pub(crate) async fn run(quick: bool) -> anyhow::Result<Vec<Row>> {
    simulate(async move || live_through(quick).await).await
}

async fn live_through(quick: bool) -> anyhow::Result<Vec<Row>> {
    let begin: DateTime<Utc> = "2026-01-01T00:00:00Z".parse()?;
    let length = TimeDelta::days(if quick { 28 } else { 365 });
    let hub = (0..SPACES).fold(world(), |world, n| {
        world.space(&name(n), |space| if n < SPACES - PAUSED { space } else { space.paused() })
    });
    let started = Instant::now().into_std();
    let simulation = Simulation::start(hub, begin).await?;
    let jobs = plan(&simulation).await?;
    // For a week in the middle nothing is done by itself.
    let rest = begin + length / 2;
    let back = rest + TimeDelta::days(7);
    simulation.pass_until(rest).await?;
    pause_automation(&simulation, true).await?;
    simulation.pass_until(back).await?;
    pause_automation(&simulation, false).await?;
    simulation.pass_until(begin + length).await?;
    let took = started.elapsed().as_secs_f64();

    let runs = all_runs(&simulation).await?;
    let end = simulation.now();
    let (mut planned, mut unaccounted) = (0, 0);
    for (id, job) in &jobs {
        let times = times_between(job, begin + TimeDelta::minutes(1), end)?;
        planned += times;
        let recorded: u64 = runs
            .iter()
            .filter(|run| run.job.as_ref() == Some(id))
            .map(|run| u64::from(run.occurrences))
            .sum();
        unaccounted += times.abs_diff(recorded);
    }
    let without_reason = runs
        .iter()
        .filter(|run| {
            !run.state.is_final() || (run.state != RunState::Done && run.reason.is_none())
        })
        .count();
    let (visits, needless) = visits(&runs)?;
    let mut states: BTreeMap<&str, u64> = BTreeMap::new();
    for run in &runs {
        *states.entry(run.state.as_str()).or_default() += u64::from(run.occurrences);
    }
    let states: Vec<String> =
        states.iter().map(|(state, count)| format!("{count} {state}")).collect();
    for state in [RunState::Done, RunState::Skipped, RunState::Missed] {
        ensure!(runs.iter().any(|run| run.state == state), "nothing was {}", state.as_str());
    }
    let awake = asleep_in_vain(&simulation, rest, back).await?;
    simulation.end().await;
    let days = length.num_days();
    #[expect(clippy::cast_precision_loss, reason = "a few hundred thousand")]
    let rows = vec![
        Row::at_most(format!("{SPACES} Spaces, {days} days: time"), 60.0, took, "s")
            .note(states.join(", ")),
        Row::at_most("times that are not accounted for", 0.0, unaccounted as f64, "times")
            .note(format!("{planned} planned by {} jobs", jobs.len())),
        Row::at_most("runs without an end or a reason", 0.0, without_reason as f64, "runs")
            .note(format!("of {}", runs.len())),
        Row::at_most("visits that the rule did not need", 0.0, needless as f64, "visits")
            .note(format!("of {visits}")),
        Row::at_most("Spaces that fell asleep although kept awake", 0.0, awake as f64, "times"),
    ];
    Ok(rows)
}

fn name(n: usize) -> String {
    format!("{USER}/space-{n:03}")
}

/// Restarts each Space once a week, at four in the morning of one of five zones, and keeps it awake.
async fn plan(simulation: &Simulation) -> anyhow::Result<HashMap<JobId, JobPlan>> {
    let fleet = &simulation.fleet;
    let mut jobs = HashMap::new();
    for n in 0..SPACES {
        let plan = JobPlan {
            name: format!("weekly {n}"),
            action: JobAction::Restart,
            target: JobTarget::Spaces { spaces: vec![name(n).parse()?] },
            trigger: Trigger::Cron {
                expression: "0 4 * * MON".to_owned(),
                zone: ZONES[n % ZONES.len()].to_owned(),
            },
            missed: if n % 2 == 0 { MissedRule::Skip } else { MissedRule::RunOnce },
            jitter_secs: 0,
            terms: Terms::default(),
        };
        let job = fleet.create_job(plan, Actor::System).await?;
        jobs.insert(job.id, job.plan);
    }
    let hours = AwakeHours {
        days: vec![1, 2, 3, 4, 5],
        from: "09:00".to_owned(),
        to: "18:00".to_owned(),
        zone: "Europe/Rome".to_owned(),
    };
    for n in 0..BY_HOURS {
        let rule = match n {
            n if n < NOT_KEPT => KeepAlive { mode: KeepAliveMode::Off, ..KeepAlive::default() },
            n if n < BY_INTERVAL => KeepAlive {
                mode: KeepAliveMode::On,
                every_minutes: u32::try_from(INTERVAL.num_minutes()).ok(),
                ..KeepAlive::default()
            },
            _ => KeepAlive {
                mode: KeepAliveMode::On,
                hours: Some(hours.clone()),
                ..KeepAlive::default()
            },
        };
        fleet.set_keep_alive(&name(n).parse()?, rule, Actor::System).await?;
    }
    let all = KeepAliveAll { enabled: true, ..KeepAliveAll::default() };
    fleet.set_keep_alive_all(all, Actor::System).await?;
    Ok(jobs)
}

async fn pause_automation(simulation: &Simulation, pause: bool) -> anyhow::Result<()> {
    let settings = simulation.fleet.settings();
    let settings = Settings { pause_automation: pause, ..settings };
    simulation.fleet.set_settings(settings, Actor::System).await?;
    Ok(())
}

async fn all_runs(simulation: &Simulation) -> anyhow::Result<Vec<Run>> {
    let mut runs: Vec<Run> = Vec::new();
    loop {
        let before = runs.last().map(|run| run.number);
        let page =
            simulation.fleet.runs(&RunFilter { before, ..RunFilter::default() }, 1000).await?;
        if page.is_empty() {
            runs.reverse();
            return Ok(runs);
        }
        runs.extend(page);
    }
}

/// Counts the times of a job, hour by hour, by another way than the schedule takes.
fn times_between(job: &JobPlan, from: DateTime<Utc>, to: DateTime<Utc>) -> anyhow::Result<u64> {
    let Trigger::Cron { zone, .. } = &job.trigger else { anyhow::bail!("another trigger") };
    // Lord Howe is half an hour off.
    let half = TimeDelta::minutes(30);
    let mut at = from - TimeDelta::minutes(from.minute().into()) + half;
    let mut times = 0;
    while at <= to {
        let local = in_zone(at, zone)?;
        let four = local.weekday() == Weekday::Mon && local.hour() == 4 && local.minute() == 0;
        times += u64::from(four);
        at += half;
    }
    Ok(times)
}

/// Returns how many visits there were, and how many of them came sooner than the rule needs.
fn visits(runs: &[Run]) -> anyhow::Result<(usize, usize)> {
    let mut last: HashMap<&SpaceId, DateTime<Utc>> = HashMap::new();
    let (mut count, mut needless) = (0, 0);
    for run in runs.iter().filter(|run| run.cause == RunCause::KeepAlive) {
        let number: usize = run.space.name().trim_start_matches("space-").parse()?;
        let ended = run.ended_at.context("a visit without an end")?;
        let least = if (NOT_KEPT..BY_INTERVAL).contains(&number) { INTERVAL } else { LEAST };
        let soon = last.get(&run.space).is_some_and(|last| ended - *last < least);
        needless += usize::from(soon || !(NOT_KEPT..SPACES - PAUSED).contains(&number));
        last.insert(&run.space, ended);
        count += 1;
    }
    Ok((count, needless))
}

/// Counts how often a Space fell asleep that was to be awake all the time.
async fn asleep_in_vain(
    simulation: &Simulation,
    rest: DateTime<Utc>,
    back: DateTime<Utc>,
) -> anyhow::Result<usize> {
    let mut asleep = 0;
    for n in (NOT_KEPT..BY_INTERVAL).chain(BY_HOURS..SPACES - PAUSED) {
        let changes = simulation.fleet.stage_changes(&name(n).parse()?, 1000).await?;
        asleep += changes
            .iter()
            .filter(|change| change.to == hfsm_model::Stage::SLEEPING)
            .filter(|change| !(rest..=back + TimeDelta::days(1)).contains(&change.at))
            .count();
    }
    Ok(asleep)
}
