//! What a Space uses and prints.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json,
    body::Body as HttpBody,
    extract::{Path, State},
    response::Response,
};
use bytes::Bytes;
use hfsm_core::{Fleet, LogReader};
use hfsm_model::{LogKind, LogLine, LogUpdate, MetricsPoint};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    ErrorCode, Problem,
    event_stream::{KEEP_ALIVE, event_stream},
    extract::{Params, SpacePath, Trusted, Viewer},
    spaces::visible,
};

/// Lines of a log at most.
const TAIL_MAX: u32 = 100_000;
/// Between two signs of life of a quiet stream.
const QUIET: Duration = Duration::from_secs(15);

/// How much of a log is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TailParams {
    /// The last so many lines, 0 to 100000; all when absent.
    tail: Option<u32>,
}

impl TailParams {
    fn tail(&self) -> Result<Option<u32>, Problem> {
        match self.tail {
            Some(tail) if tail > TAIL_MAX => Err(Problem::new(
                ErrorCode::InvalidRequest,
                format!("`tail` may be 0 to {TAIL_MAX}, not {tail}"),
            )),
            tail => Ok(tail),
        }
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
    Ok(Json(fleet.log_now(&id, path.kind()?, params.tail()?).await?))
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
    let tail = params.tail()?.map(|tail| tail as usize);
    let reader = fleet.read_log(&id, path.kind()?, tail)?;
    Ok(event_stream(HttpBody::from_stream(futures::stream::unfold(reader, next_update))))
}

async fn next_update(mut reader: LogReader) -> Option<(Result<Bytes, Infallible>, LogReader)> {
    let bytes = match tokio::time::timeout(QUIET, reader.next()).await {
        Ok(update) => {
            let json = serde_json::to_string(&update?).unwrap_or_default();
            Bytes::from(format!("data: {json}\n\n"))
        }
        Err(_) => Bytes::from_static(KEEP_ALIVE),
    };
    Some((Ok(bytes), reader))
}
