//! `GET /api/proxy/live-metrics-stream` and `POST /api/proxy/update-subscriptions`.

use std::{collections::HashSet, convert::Infallible, time::Duration};

use axum::{
    Extension, Json,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use hfsm_api::{Caller, ErrorCode, Problem, PublicView};
use hfsm_core::events::{Audience, EventReader, Received, Watch};
use hfsm_model::SpaceId;
use http::header;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::{
    Compat,
    answer::{OldQuery, OldRefusal, success},
    encoding::{self, Encoder},
};
use crate::{json::read_json, problem::sign_in_needed, session_end::end_with_session};

/// So often a quiet stream says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    instances: Option<String>,
    /// The session; a browser's `EventSource` cannot send a header.
    #[serde(default)]
    token: Option<String>,
}

/// Live metrics of the Spaces in `instances`, or of all when there are none.
pub(super) async fn stream(
    State(compat): State<Compat>,
    Extension(caller): Extension<Caller>,
    OldQuery(wanted): OldQuery<Wanted>,
) -> Result<Response, OldRefusal> {
    let mut session = None;
    let caller = match wanted.token {
        Some(token) if !caller.is_trusted() => {
            let caller = by_token(&compat, &token, caller).await?;
            session = caller.is_trusted().then_some(token);
            caller
        }
        _ => caller,
    };
    let audience = audience(&caller)?;
    let watch = match wanted.instances.as_deref().map(str::trim).filter(|list| !list.is_empty()) {
        None => Watch::All,
        Some(list) => Watch::Spaces(parse(list.split(','))?),
    };
    if let (Watch::Spaces(spaces), Audience::PublicSpaces) = (&watch, audience) {
        let visible = |id: &SpaceId| compat.fleet.space(id).is_ok_and(|space| !space.info.private);
        if !spaces.iter().any(visible) {
            return Err(sign_in_needed().into());
        }
    }
    let snapshot = snapshot(&compat, &watch, audience);
    let reader = compat.fleet.subscribe(audience, watch.clone());
    let connected = json!({ "clientId": reader.id() });
    let mut first = format!("event: connected\ndata: {connected}\n\n").into_bytes();
    first.extend_from_slice(&snapshot);
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    heartbeat.reset();
    let state = Streaming { reader, encoder: compat.encoder.clone(), heartbeat };
    let rest = futures::stream::unfold(state, Streaming::next);
    let first = futures::stream::once(async move { Ok::<_, Infallible>(Bytes::from(first)) });
    let body = Body::from_stream(futures::StreamExt::chain(first, rest));
    let response = (
        [
            (header::CONTENT_TYPE, "text/event-stream"),
            (header::CACHE_CONTROL, "no-store"),
            (header::HeaderName::from_static("x-accel-buffering"), "no"),
        ],
        body,
    )
        .into_response();
    Ok(match session {
        Some(token) => end_with_session(response, compat.door.sign_in, token),
        None => response,
    })
}

#[derive(Deserialize)]
struct Update {
    #[serde(rename = "clientId")]
    client_id: String,
    instances: Instances,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Instances {
    List(Vec<String>),
    Text(String),
}

/// Changes what an open stream watches. Its name came with the stream's first event.
pub(super) async fn update_subscriptions(
    State(compat): State<Compat>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<Value>, OldRefusal> {
    let own = audience(&caller)?;
    let Update { client_id, instances } = read_json(request).await?;
    let spaces = match &instances {
        Instances::List(list) => parse(list.iter().map(String::as_str))?,
        Instances::Text(text) => parse(text.split(',').filter(|part| !part.trim().is_empty()))?,
    };
    let events = compat.fleet.events();
    // A stream that hears more than the caller may is another caller's.
    let allowed = events.audience_of(&client_id).is_some_and(|open| open <= own);
    if !allowed || !events.set_watch(&client_id, Watch::Spaces(spaces)) {
        return Err(Problem::new(
            ErrorCode::StreamNotFound,
            "no open stream has this clientId; the first event of a stream tells its own",
        )
        .into());
    }
    Ok(success("the stream watches these Spaces now"))
}

struct Streaming {
    reader: EventReader,
    encoder: Encoder,
    heartbeat: Interval,
}

impl Streaming {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        loop {
            let received = tokio::select! {
                received = self.reader.next() => received?,
                _ = self.heartbeat.tick() => {
                    return Some((Ok(Bytes::from_static(b": alive\n\n")), self));
                }
            };
            let text = match received {
                Received::Batch(batch) => match self.encoder.encode(&batch) {
                    Some(events) if self.reader.wants_everything() => events.all(),
                    Some(events) => {
                        let wanted = self.reader.wanted(&batch);
                        events.numbered(wanted.map(|frame| frame.envelope.seq))
                    }
                    None => Bytes::new(),
                },
                Received::Missed(missed) => {
                    format!("event: resync\ndata: {{\"missed\":{missed}}}\n\n").into()
                }
            };
            if !text.is_empty() {
                self.heartbeat.reset();
                return Some((Ok(text), self));
            }
        }
    }
}

async fn by_token(compat: &Compat, token: &str, anonymous: Caller) -> Result<Caller, OldRefusal> {
    Ok(match compat.door.sign_in.session_user(token).await? {
        Some(user) => Caller::Session { user },
        None => anonymous,
    })
}

fn audience(caller: &Caller) -> Result<Audience, Problem> {
    match caller.view() {
        PublicView::Nothing => Err(sign_in_needed()),
        _ if caller.is_trusted() => Ok(Audience::Everything),
        PublicView::PublicSpaces => Ok(Audience::PublicSpaces),
        PublicView::AllSpaces => Ok(Audience::AllSpaces),
    }
}

fn parse<'a>(ids: impl Iterator<Item = &'a str>) -> Result<HashSet<SpaceId>, Problem> {
    ids.map(|id| super::actions::space_id(id.trim())).collect()
}

/// The last sample of each replica, so that a page that comes back has something to show.
fn snapshot(compat: &Compat, watch: &Watch, audience: Audience) -> Vec<u8> {
    let mut text = Vec::new();
    for space in compat.fleet.spaces() {
        let id = &space.info.id;
        let heard = audience != Audience::PublicSpaces || !space.info.private;
        if heard && watch.includes(id) {
            for point in compat.fleet.metrics_latest(id) {
                encoding::write(&mut text, id, &point.sample);
            }
        }
    }
    text
}
