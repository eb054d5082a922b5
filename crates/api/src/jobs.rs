//! Jobs: what is done to Spaces by itself, and each time it was.

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, SecondsFormat, Utc};
use hfsm_core::{Fleet, RunFilter};
use hfsm_model::{
    ImportReport, ImportRequest, Job, JobAction, JobId, JobPlan, Risks, Run, RunCause, RunId,
    RunState, SpaceId, Trigger, WakeTimes,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    ErrorCode, Problem,
    extract::{Body, Params, SpacePath, Trusted},
    page::{Page, PageParams},
};

/// All jobs.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", operation_id = "list_jobs",
    responses((status = OK, description = "The oldest first", body = Vec<Job>)))]
pub(crate) async fn list(
    _: Trusted,
    State(fleet): State<Fleet>,
) -> Result<Json<Vec<Job>>, Problem> {
    Ok(Json(fleet.jobs().await?))
}

/// Make a job.
#[utoipa::path(post, path = "/api/v1/jobs", tag = "jobs", operation_id = "create_job",
    request_body = JobPlan,
    responses((status = CREATED, description = "The job; its address is in `Location`", body = Job),
              (status = BAD_REQUEST, description = "The plan is not of its form, or never comes to pass", body = Problem, content_type = "application/problem+json"),
              (status = NOT_FOUND, description = "No account here sees a Space of it", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn create(
    Trusted(caller): Trusted,
    State(fleet): State<Fleet>,
    Body(plan): Body<JobPlan>,
) -> Result<Response, Problem> {
    Ok(created(fleet.create_job(plan, caller.actor()).await?))
}

/// One job.
#[utoipa::path(get, path = "/api/v1/jobs/{job}", tag = "jobs", operation_id = "get_job",
    params(("job" = String, Path)),
    responses((status = OK, description = "The job", body = Job),
              (status = NOT_FOUND, description = "There is none of that name", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn get(
    _: Trusted,
    Path(id): Path<String>,
    State(fleet): State<Fleet>,
) -> Result<Json<Job>, Problem> {
    Ok(Json(fleet.job(&JobId(id)).await?))
}

/// Change what a job does, and when.
#[utoipa::path(put, path = "/api/v1/jobs/{job}", tag = "jobs", operation_id = "change_job",
    params(("job" = String, Path)),
    request_body = JobPlan,
    responses((status = OK, description = "The job from now on", body = Job),
              (status = BAD_REQUEST, description = "The plan is not of its form, or never comes to pass", body = Problem, content_type = "application/problem+json"),
              (status = NOT_FOUND, description = "There is none of that name", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn change(
    Trusted(caller): Trusted,
    Path(id): Path<String>,
    State(fleet): State<Fleet>,
    Body(plan): Body<JobPlan>,
) -> Result<Json<Job>, Problem> {
    Ok(Json(fleet.change_job(&JobId(id), plan, caller.actor()).await?))
}

/// Remove a job. What it has begun goes on, and its runs stay.
#[utoipa::path(delete, path = "/api/v1/jobs/{job}", tag = "jobs", operation_id = "remove_job",
    params(("job" = String, Path)),
    responses((status = NO_CONTENT, description = "It is gone"),
              (status = NOT_FOUND, description = "There is none of that name", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn remove(
    Trusted(caller): Trusted,
    Path(id): Path<String>,
    State(fleet): State<Fleet>,
) -> Result<StatusCode, Problem> {
    fleet.remove_job(&JobId(id), caller.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Do now what a job does, on its terms. Its times stay as they are.
#[utoipa::path(post, path = "/api/v1/jobs/{job}/run", tag = "jobs", operation_id = "run_job",
    params(("job" = String, Path)),
    responses((status = ACCEPTED, description = "A run for each Space; events tell how they go on", body = Vec<Run>),
              (status = NOT_FOUND, description = "There is none of that name", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn run_now(
    Trusted(caller): Trusted,
    Path(id): Path<String>,
    State(fleet): State<Fleet>,
) -> Result<(StatusCode, Json<Vec<Run>>), Problem> {
    let runs = fleet.run_job(&JobId(id), caller.actor()).await?;
    Ok((StatusCode::ACCEPTED, Json(runs)))
}

/// Let a job rest.
#[utoipa::path(post, path = "/api/v1/jobs/{job}/pause", tag = "jobs", operation_id = "pause_job",
    params(("job" = String, Path)),
    responses((status = OK, description = "The job, which rests", body = Job),
              (status = NOT_FOUND, description = "There is none of that name", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn pause(
    Trusted(caller): Trusted,
    Path(id): Path<String>,
    State(fleet): State<Fleet>,
) -> Result<Json<Job>, Problem> {
    Ok(Json(fleet.pause_job(&JobId(id), true, caller.actor()).await?))
}

/// Let a job go on from the next of its times.
#[utoipa::path(post, path = "/api/v1/jobs/{job}/resume", tag = "jobs", operation_id = "resume_job",
    params(("job" = String, Path)),
    responses((status = OK, description = "The job, which goes on", body = Job),
              (status = NOT_FOUND, description = "There is none of that name", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn resume(
    Trusted(caller): Trusted,
    Path(id): Path<String>,
    State(fleet): State<Fleet>,
) -> Result<Json<Job>, Problem> {
    Ok(Json(fleet.pause_job(&JobId(id), false, caller.actor()).await?))
}

/// Make a job like another one. It rests until it is resumed.
#[utoipa::path(post, path = "/api/v1/jobs/{job}/duplicate", tag = "jobs", operation_id = "duplicate_job",
    params(("job" = String, Path)),
    responses((status = CREATED, description = "The new job; its address is in `Location`", body = Job),
              (status = NOT_FOUND, description = "There is none of that name", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn duplicate(
    Trusted(caller): Trusted,
    Path(id): Path<String>,
    State(fleet): State<Fleet>,
) -> Result<Response, Problem> {
    Ok(created(fleet.duplicate_job(&JobId(id), caller.actor()).await?))
}

/// A trigger to look at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewRequest {
    /// The trigger.
    trigger: Trigger,
    /// The time zone in which its times are shown; that of the trigger, or UTC, when absent.
    #[serde(default)]
    zone: Option<String>,
    /// How many times are wanted, 1 to 100; 5 when absent.
    #[serde(default)]
    count: Option<u8>,
}

/// A time at which a trigger fires.
#[derive(Serialize, ToSchema)]
pub(crate) struct PreviewTime {
    /// The time.
    at: DateTime<Utc>,
    /// The same in the time zone that was asked for, with what it is ahead of UTC then.
    #[schema(format = "date-time", example = "2026-11-26T03:00:00+01:00")]
    local: String,
}

/// When a trigger fires next.
#[utoipa::path(post, path = "/api/v1/jobs/preview", tag = "jobs", operation_id = "preview_job",
    request_body = PreviewRequest,
    responses((status = OK, description = "The next times; fewer where there are no more", body = Vec<PreviewTime>),
              (status = BAD_REQUEST, description = "It is no trigger, never fires, or there is no such time zone", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn preview(
    _: Trusted,
    State(fleet): State<Fleet>,
    Body(request): Body<PreviewRequest>,
) -> Result<Json<Vec<PreviewTime>>, Problem> {
    let count = request.count.unwrap_or(5);
    if !(1..=100).contains(&count) {
        let detail = format!("`count` may be 1 to 100, not {count}");
        return Err(Problem::new(ErrorCode::InvalidRequest, detail));
    }
    let zone = match (&request.zone, &request.trigger) {
        (Some(zone), _) | (None, Trigger::Cron { zone, .. }) => zone.as_str(),
        (None, Trigger::Every { .. } | Trigger::Once { .. }) => "UTC",
    };
    let times = fleet.preview_times(&request.trigger, count.into())?;
    let shown = times.into_iter().map(|at| {
        let local = hfsm_core::in_zone(at, zone)?.to_rfc3339_opts(SecondsFormat::Secs, false);
        Ok(PreviewTime { at, local })
    });
    Ok(Json(shown.collect::<Result<_, hfsm_core::Error>>()?))
}

/// All jobs, keep-alive rules and auto-heal rules as a file, which the import takes here or on another machine.
#[utoipa::path(get, path = "/api/v1/jobs/export", tag = "jobs", operation_id = "export_jobs",
    responses((status = OK, description = "YAML", body = String, content_type = "application/yaml")))]
pub(crate) async fn export(_: Trusted, State(fleet): State<Fleet>) -> Result<Response, Problem> {
    let headers = [
        (header::CONTENT_TYPE, "application/yaml; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"hfsm-jobs.yaml\""),
    ];
    Ok((headers, fleet.export_jobs().await?).into_response())
}

/// Take over jobs, keep-alive rules and auto-heal rules from a file, or only say what would become of them.
/// What is good is taken over; of the rest it is said why not. What the file does not name stays as it is.
#[utoipa::path(post, path = "/api/v1/jobs/import", tag = "jobs", operation_id = "import_jobs",
    request_body = ImportRequest,
    responses((status = OK, description = "What became of each thing in the file, or would", body = ImportReport),
              (status = BAD_REQUEST, description = "The file is not of its form; `detail` says on which line", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn import(
    Trusted(caller): Trusted,
    State(fleet): State<Fleet>,
    Body(request): Body<ImportRequest>,
) -> Result<Json<ImportReport>, Problem> {
    let ImportRequest { format, document, dry_run } = request;
    Ok(Json(fleet.import_jobs(format, &document, dry_run, caller.actor()).await?))
}

/// Which runs are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunParams {
    /// Of this job.
    job: Option<String>,
    /// On this Space.
    space: Option<SpaceId>,
    /// In this state.
    state: Option<RunState>,
    /// Asked for by this.
    cause: Option<RunCause>,
    /// Entries at most, 1 to 1000; 100 when absent.
    limit: Option<u32>,
    /// From `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of runs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunPage {
    /// The newest first.
    items: Vec<Run>,
    /// Where the next page begins; `null` on the last.
    next_cursor: Option<String>,
}

/// What was done by itself, and what was not and why, the newest first.
#[utoipa::path(get, path = "/api/v1/runs", tag = "jobs", operation_id = "list_runs", params(RunParams),
    responses((status = OK, description = "A page", body = RunPage),
              (status = BAD_REQUEST, description = "A filter is not of its form", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn list_runs(
    _: Trusted,
    State(fleet): State<Fleet>,
    Params(params): Params<RunParams>,
) -> Result<Json<RunPage>, Problem> {
    let page = PageParams { limit: params.limit, cursor: params.cursor };
    let limit = page.limit()?;
    let filter = RunFilter {
        job: params.job.map(JobId),
        space: params.space,
        state: params.state,
        cause: params.cause,
        before: page.after::<i64>()?,
    };
    let items = fleet.runs(&filter, limit + 1).await?;
    let page = Page::of(items, limit, |run| run.number.to_string());
    Ok(Json(RunPage { items: page.items, next_cursor: page.next_cursor }))
}

/// One run.
#[utoipa::path(get, path = "/api/v1/runs/{run}", tag = "jobs", operation_id = "get_run",
    params(("run" = String, Path)),
    responses((status = OK, description = "What became of it, or is becoming", body = Run),
              (status = NOT_FOUND, description = "There is none of that name", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn get_run(
    _: Trusted,
    Path(id): Path<String>,
    State(fleet): State<Fleet>,
) -> Result<Json<Run>, Problem> {
    Ok(Json(fleet.find_run(&RunId(id)).await?))
}

/// Have the app of a Space answer: visit it or restart it, whichever its stage needs.
#[utoipa::path(post, path = "/api/v1/spaces/{owner}/{name}/wake", tag = "spaces", operation_id = "wake_space",
    params(("owner" = String, Path), ("name" = String, Path)),
    responses((status = ACCEPTED, description = "A run that ends when the app answers; its address is in `Location`", body = Run),
              (status = FORBIDDEN, description = "No token here may", body = Problem, content_type = "application/problem+json"),
              (status = NOT_FOUND, description = "No account here sees the Space", body = Problem, content_type = "application/problem+json"),
              (status = CONFLICT, description = "The Space is static", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn wake(
    Trusted(caller): Trusted,
    SpacePath(id): SpacePath,
    State(fleet): State<Fleet>,
) -> Result<Response, Problem> {
    let run = fleet.wake_space(&id, caller.actor()).await?;
    let location = format!("/api/v1/runs/{}", run.id);
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(run)).into_response())
}

/// How long it took to wake a Space, by the last times that it was.
#[utoipa::path(get, path = "/api/v1/spaces/{owner}/{name}/wake", tag = "spaces", operation_id = "get_wake_times",
    params(("owner" = String, Path), ("name" = String, Path)),
    responses((status = OK, description = "Without times where it was never woken from here", body = WakeTimes),
              (status = NOT_FOUND, description = "No account here sees the Space", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn wake_times(
    _: Trusted,
    SpacePath(id): SpacePath,
    State(fleet): State<Fleet>,
) -> Result<Json<WakeTimes>, Problem> {
    Ok(Json(fleet.wake_times(&id).await?))
}

/// What is to be done to a Space.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RisksRequest {
    /// The action.
    action: JobAction,
}

/// What may come of doing something to a Space: what it costs, and whether a free account may lose the
/// Space's place. Does nothing.
#[utoipa::path(post, path = "/api/v1/spaces/{owner}/{name}/risks", tag = "spaces", operation_id = "get_risks",
    params(("owner" = String, Path), ("name" = String, Path)),
    request_body = RisksRequest,
    responses((status = OK, description = "The risks, with the evidence; `null` for what is none", body = Risks),
              (status = NOT_FOUND, description = "No account here sees the Space", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn risks(
    _: Trusted,
    SpacePath(id): SpacePath,
    State(fleet): State<Fleet>,
    Body(request): Body<RisksRequest>,
) -> Result<Json<Risks>, Problem> {
    Ok(Json(fleet.risks(&id, &request.action).await?))
}

fn created(job: Job) -> Response {
    let location = format!("/api/v1/jobs/{}", job.id);
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(job)).into_response()
}
