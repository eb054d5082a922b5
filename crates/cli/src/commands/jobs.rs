//! `hfsm jobs …`

use std::{fs, io::Read, path::Path};

use anyhow::Context;
use hfsm_core::{Fleet, RunFilter};
use hfsm_model::{Actor, Job, JobId, JobPlan, JobTarget, Run, RunState, Trigger};
use hfsm_server::ServerConfig;

use super::accounts::change;
use crate::{
    args::Jobs,
    exit::Failure,
    output::{Output, Table, text_cell, warning_cell},
};

/// Shows and changes what is done by itself. A server that runs has it.
pub(crate) async fn jobs(
    config: &ServerConfig,
    command: Jobs,
    output: Output,
) -> anyhow::Result<()> {
    change(config, "jobs", async |engine| {
        let fleet = &engine.fleet;
        match command {
            Jobs::List => list(fleet, output).await,
            Jobs::Runs { job, space, limit } => {
                let filter = RunFilter { job: job.map(JobId), space, ..RunFilter::default() };
                runs(&fleet.runs(&filter, limit).await?, output)
            }
            Jobs::Create { plan } => {
                let job = fleet.create_job(read(&plan)?, Actor::CommandLine).await?;
                output.note(format!("made the job `{}`", job.plan.name));
                Ok(output.document(&job)?)
            }
            Jobs::Show { job } => Ok(output.document(&fleet.job(&JobId(job)).await?)?),
            Jobs::Pause { job } => pause(fleet, job, true, output).await,
            Jobs::Resume { job } => pause(fleet, job, false, output).await,
            Jobs::Remove { job } => {
                fleet.remove_job(&JobId(job.clone()), Actor::CommandLine).await?;
                output.note(format!("removed the job `{job}`"));
                Ok(())
            }
            Jobs::Next { expression, zone, count } => {
                next(fleet, &Trigger::Cron { expression, zone }, count.into(), output)
            }
        }
    })
    .await
}

async fn list(fleet: &Fleet, output: Output) -> anyhow::Result<()> {
    let jobs = fleet.jobs().await?;
    if output.json {
        return Ok(output.document(&jobs)?);
    }
    let mut table = Table::new(&["JOB", "NAME", "ACTION", "FOR", "WHEN", "NEXT"]);
    for job in &jobs {
        let cells = [
            job.id.to_string(),
            job.plan.name.clone(),
            job.plan.action.name().to_owned(),
            target(&job.plan.target),
            when(&job.plan.trigger),
            next_time(job),
        ];
        table.row(cells.iter().map(text_cell).collect());
    }
    Ok(output.table(table)?)
}

fn runs(runs: &[Run], output: Output) -> anyhow::Result<()> {
    if output.json {
        return Ok(output.document(&runs)?);
    }
    let mut table = Table::new(&["PLANNED", "SPACE", "ACTION", "BY", "STATE", "REASON"]);
    for run in runs {
        let state = match run.occurrences {
            1 => run.state.as_str().to_owned(),
            times => format!("{} {times} times", run.state.as_str()),
        };
        let state = match run.state {
            RunState::Failed | RunState::Refused | RunState::Missed => warning_cell(&state),
            RunState::Waiting | RunState::Running | RunState::Done | RunState::Skipped => {
                text_cell(&state)
            }
        };
        table.row(vec![
            text_cell(run.planned_at.format("%Y-%m-%d %H:%M:%SZ").to_string()),
            text_cell(run.space.as_str()),
            text_cell(run.action.name()),
            text_cell(&run.name),
            state,
            text_cell(run.reason.as_deref().unwrap_or_default()),
        ]);
    }
    Ok(output.table(table)?)
}

async fn pause(fleet: &Fleet, job: String, paused: bool, output: Output) -> anyhow::Result<()> {
    let job = fleet.pause_job(&JobId(job), paused, Actor::CommandLine).await?;
    output.note(format!("the job `{}`: next {}", job.plan.name, next_time(&job)));
    if output.json { Ok(output.document(&job)?) } else { Ok(()) }
}

fn next(fleet: &Fleet, trigger: &Trigger, count: usize, output: Output) -> anyhow::Result<()> {
    let Trigger::Cron { zone, .. } = trigger else { return Ok(()) };
    let times = fleet.preview_times(trigger, count)?;
    if output.json {
        return Ok(output.document(&times)?);
    }
    for at in times {
        let local = hfsm_core::in_zone(at, zone)?;
        output.line(local.format("%a %Y-%m-%d %H:%M %Z").to_string())?;
    }
    Ok(())
}

/// Reads a plan from a file, or from the standard input where that is `-`.
fn read(path: &Path) -> anyhow::Result<JobPlan> {
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).context("the plan cannot be read")?;
    } else {
        text = fs::read_to_string(path)
            .with_context(|| format!("the plan `{}` cannot be read", path.display()))?;
    }
    serde_json::from_str(&text).map_err(|error| {
        Failure::Usage(format!(
            "this is no plan of a job ({error}); it is JSON as `POST /api/v1/jobs` takes it"
        ))
        .into()
    })
}

fn target(target: &JobTarget) -> String {
    match target {
        JobTarget::Spaces { spaces } => match spaces.as_slice() {
            [space] => space.to_string(),
            spaces => format!("{} Spaces", spaces.len()),
        },
        JobTarget::Account { account } => format!("all of {account}"),
        JobTarget::Label { label } => format!("label {label}"),
    }
}

fn when(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Every { seconds, .. } => match seconds {
            seconds if seconds % 86_400 == 0 => format!("every {} d", seconds / 86_400),
            seconds if seconds % 3600 == 0 => format!("every {} h", seconds / 3600),
            seconds if seconds % 60 == 0 => format!("every {} min", seconds / 60),
            seconds => format!("every {seconds} s"),
        },
        Trigger::Cron { expression, zone } => format!("{expression} ({zone})"),
        Trigger::Once { .. } => "once".to_owned(),
    }
}

fn next_time(job: &Job) -> String {
    match job.planned_at {
        _ if job.paused => "paused".to_owned(),
        Some(at) => at.format("%Y-%m-%d %H:%MZ").to_string(),
        None => "never again".to_owned(),
    }
}
