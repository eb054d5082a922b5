//! `/_sim`: the same hand over HTTP, for people and for tests in other languages.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{Method, StatusCode, Uri};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{self, Refusal};
use crate::error::Error;
use crate::faults::{Fault, FaultId, When};
use crate::handle::WorldHandle;
use crate::hub::Hub;

type Reply = Result<Json<Value>, Missing>;

struct Missing(Error);

impl From<Error> for Missing {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Missing {
    fn into_response(self) -> Response {
        (StatusCode::NOT_FOUND, Json(json!({ "error": self.0.to_string() }))).into_response()
    }
}

pub(crate) fn routes(hub: &Arc<Hub>) -> Router {
    Router::new()
        .route("/_sim/stats", get(stats).delete(reset_stats))
        .route("/_sim/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/_sim/faults/{id}", axum::routing::delete(remove_fault))
        .route("/_sim/streams/cut", post(cut_streams))
        .route("/_sim/oauth/answer", post(answer_device))
        .route("/_sim/spaces", get(all_spaces))
        .route("/_sim/spaces/{owner}/{name}/{what}", post(happen))
        .with_state(Arc::clone(hub))
}

/// What the Hub says about a path that it does not know.
pub(crate) async fn unknown_route(_: Method, uri: Uri) -> Response {
    let text = "Sorry, we can't find the page you are looking for.";
    if uri.path().starts_with("/api/") || uri.path().starts_with("/v1/") {
        return Refusal::new(StatusCode::NOT_FOUND, text).into_response();
    }
    Refusal::page(StatusCode::NOT_FOUND, text).into_response()
}

async fn stats(State(hub): State<Arc<Hub>>) -> Json<Value> {
    let mut counts = hub.stats.counts();
    // Tokens stay inside; what they are called will do outside.
    let people = hub.lock().people.clone();
    counts.by_token = std::mem::take(&mut counts.by_token)
        .into_iter()
        .map(|(token, count)| match people.token(&token) {
            Some(known) => (format!("{}/{}", known.user, known.display_name()), count),
            None if token == "anonymous" => (token, count),
            None => ("unknown".to_owned(), count),
        })
        .fold(
            Default::default(),
            |mut sums: std::collections::BTreeMap<String, u64>, (name, count)| {
                *sums.entry(name).or_default() += count;
                sums
            },
        );
    Json(json!(counts))
}

async fn reset_stats(State(hub): State<Arc<Hub>>) -> StatusCode {
    hub.stats.reset();
    StatusCode::NO_CONTENT
}

async fn faults(State(hub): State<Arc<Hub>>) -> Json<Value> {
    Json(json!(hub.faults.active()))
}

#[derive(Deserialize)]
struct NewFault {
    #[serde(flatten)]
    fault: Fault,
    #[serde(flatten)]
    when: When,
}

async fn add_fault(State(hub): State<Arc<Hub>>, body: axum::body::Bytes) -> Response {
    match serde_json::from_slice::<NewFault>(&body) {
        Ok(new) => answer::ok(&json!({ "id": hub.faults.add(new.fault, new.when) })),
        Err(error) => Refusal::bad_request(&error.to_string()).into_response(),
    }
}

async fn remove_fault(State(hub): State<Arc<Hub>>, Path(id): Path<FaultId>) -> StatusCode {
    if hub.faults.remove(id) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

async fn clear_faults(State(hub): State<Arc<Hub>>) -> StatusCode {
    hub.faults.clear();
    StatusCode::NO_CONTENT
}

async fn cut_streams(State(hub): State<Arc<Hub>>) -> StatusCode {
    hub.faults.cut_streams();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct DeviceAnswer {
    user_code: String,
    user: Option<String>,
}

async fn answer_device(State(hub): State<Arc<Hub>>, body: axum::body::Bytes) -> StatusCode {
    let Ok(answer) = serde_json::from_slice::<DeviceAnswer>(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    let known = WorldHandle::new(hub).answer_device(&answer.user_code, answer.user.as_deref());
    if known { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

async fn all_spaces(State(hub): State<Arc<Hub>>) -> Json<Value> {
    Json(hub.with(|state, _| {
        state.spaces.iter().map(|space| json!({ "id": space.id(), "stage": space.stage })).collect()
    }))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Facts {
    stage: String,
    error_message: Option<String>,
    line: String,
    to: String,
}

/// `POST /_sim/spaces/{id}/{stage|crash|sleep|pause|restart|push|log|rename|delete}`
async fn happen(
    State(hub): State<Arc<Hub>>,
    Path((owner, name, what)): Path<(String, String, String)>,
    body: axum::body::Bytes,
) -> Reply {
    let world = WorldHandle::new(hub);
    let id = format!("{owner}/{name}");
    let facts: Facts = serde_json::from_slice(&body).unwrap_or_default();
    let message = facts.error_message.as_deref();
    match what.as_str() {
        "stage" => world.set_stage(&id, &facts.stage, message)?,
        "crash" => {
            world.crash(&id, message.unwrap_or("Exit code: 1. Reason: application error"))?
        }
        "sleep" => world.sleep(&id)?,
        "pause" => world.pause(&id)?,
        "restart" => world.restart(&id)?,
        "push" => return Ok(Json(json!({ "sha": world.push_commit(&id)? }))),
        "log" => world.log(&id, &facts.line)?,
        "rename" => world.rename(&id, &facts.to)?,
        "delete" => world.remove_space(&id)?,
        _ => return Err(Missing(Error::NoSuchSpace(format!("{id}/{what}")))),
    }
    Ok(Json(json!({})))
}
