//! `hfsm jobs …`

use std::{fs, io::Read, path::Path, time::Duration};

use anyhow::Context;
use chrono::{DateTime, Utc};
use hfsm_model::{
    ImportFormat, ImportOutcome, ImportReport, ImportRequest, Job, JobPlan, JobTarget,
    KeepAliveState, Run, RunState, SpaceId, Trigger,
};
use hfsm_server::ServerConfig;
use http::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    api::{Api, part},
    args::{Import, Jobs, JobsCommand},
    exit::Failure,
    output::{Output, Table, text_cell, warning_cell},
};

const JOBS: &str = "/api/v1/jobs";
/// Between two looks at runs that are waited for.
const LOOK: Duration = Duration::from_millis(500);

/// Shows and changes what is done by itself, through the API of the server that has it.
pub(crate) async fn jobs(config: &ServerConfig, jobs: Jobs, output: Output) -> anyhow::Result<()> {
    let api = Api::find(config, jobs.server).await?;
    let outcome = done(&api, jobs.command, output).await;
    api.close().await;
    outcome
}

async fn done(api: &Api, command: JobsCommand, output: Output) -> anyhow::Result<()> {
    match command {
        JobsCommand::List => list(&api.get::<Vec<Job>>(JOBS).await?, output),
        JobsCommand::Runs { job, space, state, limit } => {
            let page: Value = api.get(&runs_path(job, space, state, limit)).await?;
            runs(&serde_json::from_value::<Vec<Run>>(page["items"].clone())?, output)
        }
        JobsCommand::Visits => {
            visits(&api.get::<Vec<KeepAliveState>>("/api/v1/keep-alive/spaces").await?, output)
        }
        JobsCommand::Add { plan } => {
            let job: Job = api.send(Method::POST, JOBS, Some(&read_plan(&plan)?)).await?;
            output.note(format!("made the job `{}`", job.plan.name));
            Ok(output.document(&job)?)
        }
        JobsCommand::Edit { job, plan } => {
            let plan = read_plan(&plan)?;
            let job: Job = api.send(Method::PUT, &path(&job, ""), Some(&plan)).await?;
            output.note(format!("the job `{}`: next {}", job.plan.name, next_time(&job)));
            Ok(output.document(&job)?)
        }
        JobsCommand::Show { job } => Ok(output.document(&api.get::<Job>(&path(&job, "")).await?)?),
        JobsCommand::Pause { job } => rest(api, &path(&job, "/pause"), output).await,
        JobsCommand::Resume { job } => rest(api, &path(&job, "/resume"), output).await,
        JobsCommand::Run { job, no_wait, timeout } => {
            run(api, &path(&job, "/run"), (!no_wait).then_some(timeout), output).await
        }
        JobsCommand::Remove { job } => {
            api.remove(&path(&job, "")).await?;
            output.note(format!("removed the job `{job}`"));
            Ok(())
        }
        JobsCommand::Preview { expression, zone, count } => {
            let wanted = json!({ "trigger": { "type": "cron", "expression": expression, "zone": zone },
                                 "count": count });
            let preview = format!("{JOBS}/preview");
            preview_times(&api.send(Method::POST, &preview, Some(&wanted)).await?, output)
        }
        JobsCommand::Export => {
            let text = api.text(&format!("{JOBS}/export")).await?;
            Ok(output.line(text.trim_end())?)
        }
        JobsCommand::Import(file) => import(api, &file, ImportFormat::Yaml, output).await,
        JobsCommand::ImportOld(file) => {
            import(api, &file, ImportFormat::OldApplication, output).await
        }
    }
}

fn path(job: &str, rest: &str) -> String {
    format!("{JOBS}/{}{rest}", part(job))
}

fn runs_path(
    job: Option<String>,
    space: Option<SpaceId>,
    state: Option<String>,
    limit: u32,
) -> String {
    let space = space.map(|space| space.to_string());
    let filters = [("job", job), ("space", space), ("state", state)];
    let filters = filters.into_iter().filter_map(|(key, value)| Some((key, value?)));
    let filters: String = filters.map(|(key, value)| format!("&{key}={}", part(&value))).collect();
    format!("/api/v1/runs?limit={limit}{filters}")
}

fn list(jobs: &[Job], output: Output) -> anyhow::Result<()> {
    if output.json {
        return Ok(output.document(&jobs)?);
    }
    let mut table = Table::new(&["JOB", "NAME", "ACTION", "FOR", "WHEN", "NEXT"]);
    for job in jobs {
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

fn visits(states: &[KeepAliveState], output: Output) -> anyhow::Result<()> {
    if output.json {
        return Ok(output.document(&states)?);
    }
    let mut table = Table::new(&["SPACE", "LAST", "NEXT", "WHY"]);
    let time = |at: Option<DateTime<Utc>>| {
        at.map_or_else(|| "-".to_owned(), |at| at.format("%Y-%m-%d %H:%MZ").to_string())
    };
    for state in states {
        table.row(vec![
            text_cell(state.space.as_str()),
            text_cell(time(state.visited_at)),
            text_cell(time(state.next_visit_at)),
            text_cell(state.why.as_str()),
        ]);
    }
    Ok(output.table(table)?)
}

async fn rest(api: &Api, path: &str, output: Output) -> anyhow::Result<()> {
    let job: Job = api.send(Method::POST, path, None::<&()>).await?;
    output.note(format!("the job `{}`: next {}", job.plan.name, next_time(&job)));
    if output.json { Ok(output.document(&job)?) } else { Ok(()) }
}

/// Has a job done now, and waits until all its runs have ended, unless there is no time to.
async fn run(
    api: &Api,
    path: &str,
    patience: Option<Duration>,
    output: Output,
) -> anyhow::Result<()> {
    api.start().await?;
    let begun: Vec<Run> = api.send(Method::POST, path, None::<&()>).await?;
    let Some(patience) = patience else { return runs(&begun, output) };
    let until = Instant::now() + patience;
    let mut ended = Vec::new();
    for run in &begun {
        let path = format!("/api/v1/runs/{}", part(&run.id.0));
        ended.push(loop {
            let now: Run = api.get(&path).await?;
            if now.state.is_final() {
                break now;
            }
            if Instant::now() >= until {
                let seconds = patience.as_secs();
                let what =
                    format!("`{}` is still {} after {seconds} s", run.space, now.state.as_str());
                return Err(Failure::TimedOut(what).into());
            }
            tokio::time::sleep(LOOK).await;
        });
    }
    runs(&ended, output)?;
    match ended.iter().find(|run| !matches!(run.state, RunState::Done | RunState::Skipped)) {
        None => Ok(()),
        Some(run) => {
            let why = run.reason.as_deref().unwrap_or("no reason was given");
            let what = format!("`{}` was {}: {why}", run.space, run.state.as_str());
            Err(match run.state {
                RunState::Refused => Failure::AccountRefused(what),
                _ => Failure::Missed(what),
            }
            .into())
        }
    }
}

fn preview_times(times: &Vec<Value>, output: Output) -> anyhow::Result<()> {
    if output.json {
        return Ok(output.document(times)?);
    }
    for time in times {
        let local = DateTime::parse_from_rfc3339(time["local"].as_str().unwrap_or_default())?;
        output.line(local.format("%a %Y-%m-%d %H:%M %:z").to_string())?;
    }
    Ok(())
}

/// Takes over a file. Fails where not everything could be.
async fn import(
    api: &Api,
    file: &Import,
    format: ImportFormat,
    output: Output,
) -> anyhow::Result<()> {
    let document = read(&file.file)?;
    let request = ImportRequest { format, document, dry_run: file.dry_run };
    let report: ImportReport =
        api.send(Method::POST, &format!("{JOBS}/import"), Some(&request)).await?;
    if output.json {
        output.document(&report)?;
    } else {
        let mut table = Table::new(&["LINE", "WHAT", "NAME", "OUTCOME", "REASON"]);
        for entry in &report.entries {
            let outcome = match entry.outcome {
                ImportOutcome::Refused => warning_cell(entry.outcome.as_str()),
                other => text_cell(other.as_str()),
            };
            table.row(vec![
                text_cell(entry.line.map_or_else(String::new, |line| line.to_string())),
                text_cell(entry.kind.as_str()),
                text_cell(&entry.name),
                outcome,
                text_cell(entry.reason.as_deref().unwrap_or_default()),
            ]);
        }
        output.table(table)?;
        if report.dry_run {
            output.note("nothing was changed (--dry-run)");
        }
    }
    let refused =
        report.entries.iter().filter(|entry| entry.outcome == ImportOutcome::Refused).count();
    match refused {
        0 => Ok(()),
        count => {
            let all = report.entries.len();
            Err(Failure::Missed(format!("{count} of {all} could not be taken over")).into())
        }
    }
}

/// Reads a plan.
fn read_plan(path: &Path) -> anyhow::Result<JobPlan> {
    serde_json::from_str(&read(path)?).map_err(|error| {
        Failure::Usage(format!(
            "this is no plan of a job ({error}); it is JSON as `POST /api/v1/jobs` takes it"
        ))
        .into()
    })
}

/// Reads a file, or the standard input where that is `-`.
fn read(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).context("the standard input cannot be read")?;
    } else {
        text = fs::read_to_string(path)
            .with_context(|| format!("`{}` cannot be read", path.display()))?;
    }
    Ok(text)
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
