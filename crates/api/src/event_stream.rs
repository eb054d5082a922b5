//! The one stream that tells a client everything that changes.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    body::Body as HttpBody,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use hfsm_core::{
    Fleet,
    events::{Audience, Batch, EventReader, Received, Watch, encode},
};
use hfsm_model::{Envelope, Event, SpaceId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    Caller, ErrorCode, Problem, PublicView,
    extract::{Body, Params, Viewer},
    spaces::shown,
};

/// Between two signs of life of a quiet stream.
const QUIET: Duration = Duration::from_secs(15);
/// A sign of life.
pub(crate) const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// What the stream carries from its beginning.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WatchParams {
    /// Whose metrics it carries: `none` (when absent) or `all`.
    watch: Option<InitialWatch>,
}

/// Whose metrics a stream carries from its beginning.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InitialWatch {
    /// Nobody's.
    None,
    /// Every Space's.
    All,
}

/// Whose metrics a stream carries from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WatchRequest {
    /// Every Space's.
    #[serde(default)]
    all: bool,
    /// These Spaces', unless `all`.
    #[serde(default)]
    spaces: Vec<SpaceId>,
}

/// Everything that changes, as server-sent events whose data is an `Envelope`.
///
/// Events are hints: what they carry is what changed, and reading the list again is always right.
/// After `resync` events were lost, and what is shown has to be read again.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", operation_id = "stream_events", params(WatchParams),
    responses((status = OK, description = "First `hello`, then what changes", body = Envelope, content_type = "text/event-stream"),
              (status = UNAUTHORIZED, description = "Sign in first", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn stream(
    viewer: Viewer,
    State(fleet): State<Fleet>,
    Params(params): Params<WatchParams>,
) -> Response {
    let watch = match params.watch {
        Some(InitialWatch::All) => Watch::All,
        None | Some(InitialWatch::None) => Watch::nothing(),
    };
    let reader = fleet.subscribe(audience(&viewer.0), watch.clone());
    let mut waiting =
        VecDeque::from([aside(&fleet, Event::Hello { stream: reader.id().to_owned() })]);
    if watch == Watch::All {
        waiting.extend(latest(&fleet, &viewer, fleet.spaces().iter().map(|space| &space.info.id)));
    }
    let state = Open { reader, viewer, fleet, waiting };
    event_stream(HttpBody::from_stream(futures::stream::unfold(state, Open::next)))
}

/// Change whose metrics an open stream carries, without opening it anew.
#[utoipa::path(put, path = "/api/v1/events/{stream}/watch", tag = "events", operation_id = "watch_spaces",
    params(("stream" = String, Path, description = "From the stream's `hello`")),
    request_body = WatchRequest,
    responses((status = NO_CONTENT, description = "From now on"),
              (status = NOT_FOUND, description = "No such stream is open", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn watch(
    viewer: Viewer,
    Path(stream): Path<String>,
    State(fleet): State<Fleet>,
    Body(request): Body<WatchRequest>,
) -> Result<StatusCode, Problem> {
    let watch =
        if request.all { Watch::All } else { Watch::Spaces(request.spaces.into_iter().collect()) };
    // A stream that hears more than the caller may is another caller's.
    let theirs =
        fleet.events().audience_of(&stream).is_some_and(|open| open <= audience(&viewer.0));
    if theirs && fleet.events().set_watch(&stream, watch) {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::new(ErrorCode::StreamNotFound, "no such stream is open; open a new one"))
}

struct Open {
    reader: EventReader,
    viewer: Viewer,
    fleet: Fleet,
    waiting: VecDeque<Bytes>,
}

impl Open {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        loop {
            if let Some(bytes) = self.waiting.pop_front() {
                return Some((Ok(bytes), self));
            }
            let received = match tokio::time::timeout(QUIET, self.reader.next()).await {
                Ok(received) => received?,
                Err(_) => return Some((Ok(Bytes::from_static(KEEP_ALIVE)), self)),
            };
            let bytes = match received {
                Received::Missed(missed) => aside(&self.fleet, Event::Resync { missed }),
                Received::Batch(batch) => self.select(&batch),
            };
            if !bytes.is_empty() {
                return Some((Ok(bytes), self));
            }
        }
    }

    /// Returns what of a batch the caller wants and may hear; all of it is shared, not copied.
    fn select(&self, batch: &Batch) -> Bytes {
        if self.reader.wants_everything() {
            return batch.event_stream();
        }
        let mut text = Vec::new();
        for frame in self.reader.wanted(batch) {
            match &frame.envelope.event {
                Event::SpaceChanged(space) if !self.viewer.0.is_trusted() => {
                    let event = Event::SpaceChanged(shown(space.clone(), &self.viewer));
                    text.extend_from_slice(&encode(&Envelope { event, ..frame.envelope.clone() }));
                }
                _ => text.extend_from_slice(frame.event_stream()),
            }
        }
        text.into()
    }
}

fn audience(caller: &Caller) -> Audience {
    match caller.view() {
        _ if caller.is_trusted() => Audience::Everything,
        PublicView::AllSpaces => Audience::AllSpaces,
        PublicView::PublicSpaces | PublicView::Nothing => Audience::PublicSpaces,
    }
}

/// Writes an event that is for one reader only.
fn aside(fleet: &Fleet, event: Event) -> Bytes {
    encode(&Envelope { seq: 0, at: fleet.clock().now(), event })
}

/// Writes the newest metrics of Spaces, so that a page shows numbers at once.
fn latest<'a>(
    fleet: &Fleet,
    viewer: &Viewer,
    spaces: impl Iterator<Item = &'a SpaceId>,
) -> Option<Bytes> {
    let mut text = Vec::new();
    for id in spaces {
        if fleet.space(id).is_ok_and(|space| viewer.sees(space.info.private)) {
            for point in fleet.metrics_latest(id) {
                text.extend_from_slice(&aside(fleet, Event::Metrics { space: id.clone(), point }));
            }
        }
    }
    (!text.is_empty()).then(|| text.into())
}

/// Makes an answer of a stream of server-sent events that no proxy holds back.
pub(crate) fn event_stream(body: HttpBody) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}
