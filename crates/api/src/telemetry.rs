//! What a Space uses and prints.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json,
    body::Body as HttpBody,
    extract::{Path, State},
    response::Response,
};
use axum_extra::extract::Query;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::{Stream, StreamExt, stream};
use hfsm_core::{Fleet, LogReader};
use hfsm_model::{
    HistoryStep, LogKind, LogLine, LogUpdate, MetricsHistory, MetricsPoint, SpaceId, SpaceLogUpdate,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    ErrorCode, Problem,
    event_stream::{KEEP_ALIVE, event_stream},
    extract::{Params, SpacePath, Trusted, Viewer},
    spaces::visible,
};

/// Lines of a log at most.
const TAIL_MAX: u32 = 100_000;
/// Spaces in one stream of logs at most.
const SPACES_MAX: usize = 20;
/// Between two signs of life of a quiet stream.
const QUIET: Duration = Duration::from_secs(15);

/// How much of a log is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TailParams {
    /// The last so many lines, 0 to 100000; all when absent.
    tail: Option<u32>,
}

fn checked(tail: Option<u32>) -> Result<Option<u32>, Problem> {
    match tail {
        Some(tail) if tail > TAIL_MAX => Err(Problem::new(
            ErrorCode::InvalidRequest,
            format!("`tail` may be 0 to {TAIL_MAX}, not {tail}"),
        )),
        tail => Ok(tail),
    }
}

/// Which log.
#[derive(Deserialize)]
pub(crate) struct LogPath {
    log: String,
}

impl LogPath {
    fn kind(&self) -> Result<LogKind, Problem> {
        match self.log.as_str() {
            "run" => Ok(LogKind::Run),
            "build" => Ok(LogKind::Build),
            _ => Err(Problem::new(ErrorCode::NotFound, "a Space has two logs: `run` and `build`")),
        }
    }
}

/// What a Space's replicas reported in the last fifteen minutes, while somebody watched.
#[utoipa::path(get, path = "/api/v1/spaces/{owner}/{name}/metrics", tag = "metrics", operation_id = "get_metrics",
    params(("owner" = String, Path), ("name" = String, Path)),
    responses((status = OK, description = "Oldest first", body = Vec<MetricsPoint>),
              (status = NOT_FOUND, description = "No account here sees the Space", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn metrics(
    viewer: Viewer,
    SpacePath(id): SpacePath,
    State(fleet): State<Fleet>,
) -> Result<Json<Vec<MetricsPoint>>, Problem> {
    let space = visible(&fleet, &viewer, &id)?;
    Ok(Json(fleet.metrics_recent(&space.info.id)))
}

/// Which part of the history is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryParams {
    /// From when on; an hour before `to` when absent.
    from: Option<DateTime<Utc>>,
    /// Until before when; now when absent.
    to: Option<DateTime<Utc>>,
    /// How fine; with at most 750 points for each replica when absent.
    step: Option<StepParam>,
}

/// How fine a history is.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
pub(crate) enum StepParam {
    /// As fine as is kept, with at most 750 points for each replica.
    #[serde(rename = "auto")]
    Auto,
    /// One minute; kept for two days.
    #[serde(rename = "1m")]
    Minute,
    /// A quarter of an hour; kept for two weeks.
    #[serde(rename = "15m")]
    Quarter,
    /// One hour; kept for as long as the settings say.
    #[serde(rename = "1h")]
    Hour,
}

/// What a Space's replicas used over hours and months, as far as it was watched or collected.
#[utoipa::path(get, path = "/api/v1/spaces/{owner}/{name}/metrics/history", tag = "metrics", operation_id = "get_metrics_history",
    params(("owner" = String, Path), ("name" = String, Path), HistoryParams),
    responses((status = OK, description = "Aggregates of what was reported, oldest first", body = MetricsHistory),
              (status = BAD_REQUEST, description = "`from` is not before `to`, or no time", body = Problem, content_type = "application/problem+json"),
              (status = NOT_FOUND, description = "No account here sees the Space", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn metrics_history(
    viewer: Viewer,
    SpacePath(id): SpacePath,
    State(fleet): State<Fleet>,
    Params(params): Params<HistoryParams>,
) -> Result<Json<MetricsHistory>, Problem> {
    let space = visible(&fleet, &viewer, &id)?;
    let to = params.to.unwrap_or_else(|| fleet.clock().now());
    let from = match params.from {
        Some(from) => from,
        None => to.checked_sub_signed(TimeDelta::hours(1)).unwrap_or(DateTime::UNIX_EPOCH),
    };
    let step = match params.step {
        None | Some(StepParam::Auto) => None,
        Some(StepParam::Minute) => Some(HistoryStep::Minute),
        Some(StepParam::Quarter) => Some(HistoryStep::Quarter),
        Some(StepParam::Hour) => Some(HistoryStep::Hour),
    };
    Ok(Json(fleet.metrics_history(&space.info.id, from, to, step).await?))
}

/// What a log holds now.
#[utoipa::path(get, path = "/api/v1/spaces/{owner}/{name}/logs/{log}", tag = "logs", operation_id = "get_log",
    params(("owner" = String, Path), ("name" = String, Path), ("log" = LogKind, Path), TailParams),
    responses((status = OK, description = "Oldest first", body = Vec<LogLine>),
              (status = FORBIDDEN, description = "No token here may read it", body = Problem, content_type = "application/problem+json"),
              (status = NOT_FOUND, description = "No account here sees the Space", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn log(
    _: Trusted,
    SpacePath(id): SpacePath,
    Path(path): Path<LogPath>,
    State(fleet): State<Fleet>,
    Params(params): Params<TailParams>,
) -> Result<Json<Vec<LogLine>>, Problem> {
    Ok(Json(fleet.log_now(&id, path.kind()?, checked(params.tail)?).await?))
}

/// A log as it grows, as server-sent events whose data is a `LogUpdate`.
#[utoipa::path(get, path = "/api/v1/spaces/{owner}/{name}/logs/{log}/stream", tag = "logs", operation_id = "stream_log",
    params(("owner" = String, Path), ("name" = String, Path), ("log" = LogKind, Path), TailParams),
    responses((status = OK, description = "First `reset`, then lines", body = LogUpdate, content_type = "text/event-stream"),
              (status = FORBIDDEN, description = "No token here may read it", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn stream_log(
    _: Trusted,
    SpacePath(id): SpacePath,
    Path(path): Path<LogPath>,
    State(fleet): State<Fleet>,
    Params(params): Params<TailParams>,
) -> Result<Response, Problem> {
    let reader = fleet.read_log(&id, path.kind()?, checked(params.tail)?)?;
    Ok(event_stream(HttpBody::from_stream(written(updates(reader)))))
}

/// Which Spaces' logs are wanted, and how much of each.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogsParams {
    /// A Space; said once for each, 1 to 20 times.
    #[serde(default)]
    space: Vec<SpaceId>,
    /// The last so many lines of each, 0 to 100000; all when absent.
    tail: Option<u32>,
}

/// The logs of several Spaces as they grow, as server-sent events whose data is a `SpaceLogUpdate`.
///
/// A Space whose log cannot be read is told as `waiting` with the reason; the others go on.
#[utoipa::path(get, path = "/api/v1/logs/{log}/stream", tag = "logs", operation_id = "stream_logs",
    params(("log" = LogKind, Path), LogsParams),
    responses((status = OK, description = "For each Space first `reset`, then lines", body = SpaceLogUpdate, content_type = "text/event-stream"),
              (status = BAD_REQUEST, description = "There is no Space, one is no name of a Space, or there are more than 20", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn stream_logs(
    _: Trusted,
    Path(path): Path<LogPath>,
    State(fleet): State<Fleet>,
    params: Result<Query<LogsParams>, axum_extra::extract::QueryRejection>,
) -> Result<Response, Problem> {
    let Query(mut params) =
        params.map_err(|refusal| Problem::new(ErrorCode::InvalidRequest, refusal.body_text()))?;
    params.space.sort();
    params.space.dedup();
    if !(1..=SPACES_MAX).contains(&params.space.len()) {
        let detail = format!("`space` may be given 1 to {SPACES_MAX} times");
        return Err(Problem::new(ErrorCode::InvalidRequest, detail));
    }
    let (kind, tail) = (path.kind()?, checked(params.tail)?);
    let logs = params.space.into_iter().map(|space| {
        let updates = match fleet.read_log(&space, kind, tail) {
            Ok(reader) => updates(reader).boxed(),
            Err(error) => {
                let reason = LogUpdate::Waiting { reason: error.to_string() };
                stream::iter([reason]).boxed()
            }
        };
        updates.map(move |update| SpaceLogUpdate { space: space.clone(), update })
    });
    // While all are in trouble there may still be nothing to end the answer for.
    let all = stream::select_all(logs).chain(stream::pending());
    let stopping = fleet.supervisor().stopping().clone();
    let all = all.take_until(async move { stopping.cancelled().await });
    Ok(event_stream(HttpBody::from_stream(written(all))))
}

fn updates(reader: LogReader) -> impl Stream<Item = LogUpdate> + Send {
    stream::unfold(reader, |mut reader| async { Some((reader.next().await?, reader)) })
}

/// Writes each update as an event, and a sign of life where there is none for long.
fn written<T: Serialize>(
    updates: impl Stream<Item = T> + Send,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    stream::unfold(Box::pin(updates), |mut updates| async {
        let bytes = match tokio::time::timeout(QUIET, updates.next()).await {
            Ok(update) => {
                let json = serde_json::to_string(&update?).unwrap_or_default();
                Bytes::from(format!("data: {json}\n\n"))
            }
            Err(_) => Bytes::from_static(KEEP_ALIVE),
        };
        Some((Ok(bytes), updates))
    })
}
