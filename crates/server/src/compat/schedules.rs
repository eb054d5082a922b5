//! The old routes of schedules and of keeping awake, over jobs and keep-alive.
//!
//! There the numbers were not looked at: text became a timer of a millisecond, 720 hours did too, and a
//! Space that does not exist had schedules. Here an interval is a whole number within its bounds, and a
//! Space is one that is seen.

use axum::{
    Extension, Json,
    extract::{Request, State},
};
use chrono::{DateTime, Utc};
use hfsm_api::{Caller, Problem};
use hfsm_core::{
    Error, OLD_HOURS_MAX, OLD_MINUTES_MAX, RunFilter, is_old_restart, old_interval, old_restart_id,
    old_restart_plan,
};
use hfsm_model::{
    Job, JobTarget, KeepAlive, KeepAliveAll, KeepAliveMode, RunState, SpaceId, Trigger,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Compat,
    actions::space_id,
    answer::{OldPath, OldRefusal, success},
};
use crate::{
    json::read_json,
    problem::{invalid_request, sign_in_needed},
};

/// What is said when nothing is.
const DAILY: u32 = 24;
const HALF_HOURLY: u32 = 30;
#[derive(Deserialize)]
struct Hourly {
    enabled: bool,
    #[serde(default, rename = "intervalHours")]
    interval_hours: Value,
}

#[derive(Deserialize)]
struct Minutely {
    enabled: bool,
    #[serde(default, rename = "intervalMinutes")]
    interval_minutes: Value,
}

pub(super) async fn restart(
    State(compat): State<Compat>,
    Extension(caller): Extension<Caller>,
    OldPath(repo_id): OldPath<String>,
) -> Result<Json<Value>, OldRefusal> {
    let space = seen(&compat, &caller, &repo_id)?;
    Ok(Json(match job_of(&compat, &space).await? {
        Some(job) => json!({
            "enabled": !job.paused,
            "intervalHours": hours_of(&job),
            "lastRestart": last_restart(&compat, &job).await?,
        }),
        None => json!({ "enabled": false, "intervalHours": 0, "lastRestart": null }),
    }))
}

pub(super) async fn set_restart(
    State(compat): State<Compat>,
    Extension(caller): Extension<Caller>,
    OldPath(repo_id): OldPath<String>,
    request: Request,
) -> Result<Json<Value>, OldRefusal> {
    let space = seen(&compat, &caller, &repo_id)?;
    let wanted: Hourly = read_json(request).await?;
    let hours = interval(&wanted.interval_hours, wanted.enabled, "intervalHours", OLD_HOURS_MAX)?;
    if !wanted.enabled {
        if let Some(job) = job_of(&compat, &space).await? {
            compat.fleet.pause_job(&job.id, true, caller.actor()).await.map_err(Problem::from)?;
        }
        return Ok(success(format!("the Space {space} is no longer restarted by schedule")));
    }
    let hours = hours.unwrap_or(DAILY);
    // As there, the time counts from when it was saved.
    let plan = old_restart_plan(&space, hours, compat.fleet.clock().now());
    let put = compat.fleet.put_job(old_restart_id(&space), plan, false, caller.actor());
    put.await.map_err(Problem::from)?;
    Ok(success(format!("the Space {space} is restarted every {hours} h")))
}

pub(super) async fn keep_alive(
    State(compat): State<Compat>,
    Extension(caller): Extension<Caller>,
    OldPath(repo_id): OldPath<String>,
) -> Result<Json<Value>, OldRefusal> {
    let space = seen(&compat, &caller, &repo_id)?;
    let state = compat.fleet.keep_alive(&space).await.map_err(Problem::from)?;
    Ok(Json(json!({
        "enabled": state.rule.mode == KeepAliveMode::On,
        "intervalMinutes": state.rule.every_minutes.unwrap_or(0),
        "lastPing": state.visited_at,
    })))
}

pub(super) async fn set_keep_alive(
    State(compat): State<Compat>,
    Extension(caller): Extension<Caller>,
    OldPath(repo_id): OldPath<String>,
    request: Request,
) -> Result<Json<Value>, OldRefusal> {
    let space = seen(&compat, &caller, &repo_id)?;
    let wanted: Minutely = read_json(request).await?;
    let minutes =
        interval(&wanted.interval_minutes, wanted.enabled, "intervalMinutes", OLD_MINUTES_MAX)?;
    let old = compat.fleet.keep_alive(&space).await.map_err(Problem::from)?.rule;
    let (rule, message) = if wanted.enabled {
        let minutes = minutes.unwrap_or(HALF_HOURLY);
        let rule =
            KeepAlive { mode: KeepAliveMode::On, every_minutes: Some(minutes), hours: None, ..old };
        (rule, format!("the Space {space} is visited every {minutes} min"))
    } else {
        let rule = KeepAlive { mode: KeepAliveMode::Follow, every_minutes: None, ..old };
        (rule, format!("the Space {space} is no longer kept awake by itself"))
    };
    let set = compat.fleet.set_keep_alive(&space, rule, caller.actor());
    set.await.map_err(Problem::from)?;
    Ok(success(message))
}

pub(super) async fn keep_alive_all(
    State(compat): State<Compat>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Value>, OldRefusal> {
    trusted(&caller)?;
    Ok(Json(global(&compat.fleet.keep_alive_all())))
}

pub(super) async fn set_keep_alive_all(
    State(compat): State<Compat>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<Value>, OldRefusal> {
    trusted(&caller)?;
    let wanted: Minutely = read_json(request).await?;
    let minutes =
        interval(&wanted.interval_minutes, wanted.enabled, "intervalMinutes", OLD_MINUTES_MAX)?;
    let old = compat.fleet.keep_alive_all();
    let all = KeepAliveAll {
        enabled: wanted.enabled,
        every_minutes: minutes.or(old.every_minutes).or(Some(HALF_HOURLY)),
        ..old
    };
    let every = all.every_minutes.unwrap_or(HALF_HOURLY);
    compat.fleet.set_keep_alive_all(all, caller.actor()).await.map_err(Problem::from)?;
    Ok(success(if wanted.enabled {
        format!("all Spaces are visited every {every} min")
    } else {
        "Spaces are no longer kept awake".to_owned()
    }))
}

pub(super) async fn status(
    State(compat): State<Compat>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Value>, OldRefusal> {
    trusted(&caller)?;
    let (mut restarts, mut keep_alives) = (Vec::new(), Vec::new());
    for job in compat.fleet.jobs().await.map_err(Problem::from)? {
        let JobTarget::Spaces { spaces } = &job.plan.target else { continue };
        if let (true, [space]) = (is_old_restart(&job.id), spaces.as_slice()) {
            restarts.push(json!({
                "repoId": space,
                "enabled": !job.paused,
                "intervalHours": hours_of(&job),
                "lastRestart": last_restart(&compat, &job).await?,
            }));
        }
    }
    for space in compat.fleet.spaces() {
        let id = &space.info.id;
        let state = compat.fleet.keep_alive(id).await.map_err(Problem::from)?;
        if state.rule.mode == KeepAliveMode::On {
            keep_alives.push(json!({
                "repoId": id,
                "enabled": true,
                "intervalMinutes": state.rule.every_minutes.unwrap_or(0),
                "lastPing": state.visited_at,
            }));
        }
    }
    Ok(Json(json!({
        "scheduledRestarts": restarts,
        "keepAlives": keep_alives,
        "globalKeepAlive": global(&compat.fleet.keep_alive_all()),
    })))
}

fn global(all: &KeepAliveAll) -> Value {
    json!({
        "enabled": all.enabled,
        "intervalMinutes": all.every_minutes.unwrap_or(HALF_HOURLY),
    })
}

fn trusted(caller: &Caller) -> Result<(), Problem> {
    if caller.is_trusted() { Ok(()) } else { Err(sign_in_needed()) }
}

/// Returns the Space of a path, where the caller signed in and it is seen.
fn seen(compat: &Compat, caller: &Caller, repo_id: &str) -> Result<SpaceId, OldRefusal> {
    trusted(caller)?;
    let space = compat.fleet.space(&space_id(repo_id)?).map_err(Problem::from)?;
    Ok(space.info.id.clone())
}

/// Reads an interval: a whole number from 1 on. Nothing is said of one that is switched off.
fn interval(value: &Value, wanted: bool, name: &str, most: u64) -> Result<Option<u32>, OldRefusal> {
    match old_interval(value, most) {
        Some(number) => Ok(Some(number)),
        None if wanted || !(value.is_null() || value == 0) => {
            Err(invalid_request(format!("`{name}` may be a whole number from 1 to {most}")).into())
        }
        None => Ok(None),
    }
}

async fn job_of(compat: &Compat, space: &SpaceId) -> Result<Option<Job>, Problem> {
    match compat.fleet.job(&old_restart_id(space)).await {
        Ok(job) => Ok(Some(job)),
        Err(Error::JobNotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn hours_of(job: &Job) -> u64 {
    match job.plan.trigger {
        Trigger::Every { seconds, .. } => seconds / 3600,
        // A person has changed it meanwhile.
        Trigger::Cron { .. } | Trigger::Once { .. } => 0,
    }
}

async fn last_restart(compat: &Compat, job: &Job) -> Result<Option<DateTime<Utc>>, Problem> {
    let filter = RunFilter {
        job: Some(job.id.clone()),
        state: Some(RunState::Done),
        ..RunFilter::default()
    };
    let runs = compat.fleet.runs(&filter, 1).await?;
    Ok(runs.first().and_then(|run| run.ended_at))
}
