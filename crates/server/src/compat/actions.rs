//! `POST /api/proxy/restart/…` and `…/rebuild/…`.

use axum::{
    Extension, Json, Router,
    body::{Body, to_bytes},
    extract::{Request, State},
};
use hfsm_api::{Caller, ErrorCode, Problem};
use hfsm_model::SpaceId;
use http::Method;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{
    Compat,
    answer::{OldPath, OldRefusal},
};
use crate::{
    limits::LARGEST_BODY,
    problem::{internal, invalid_request, sign_in_needed},
};

/// What the old application could do to a Space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OldAction {
    Restart,
    Rebuild,
}

impl OldAction {
    fn as_str(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::Rebuild => "rebuild",
        }
    }
}

pub(super) async fn restart(
    State(compat): State<Compat>,
    Extension(caller): Extension<Caller>,
    OldPath(repo_id): OldPath<String>,
) -> Result<Json<Value>, OldRefusal> {
    proxied(&compat.api, caller, &repo_id, OldAction::Restart).await
}

pub(super) async fn rebuild(
    State(compat): State<Compat>,
    Extension(caller): Extension<Caller>,
    OldPath(repo_id): OldPath<String>,
) -> Result<Json<Value>, OldRefusal> {
    proxied(&compat.api, caller, &repo_id, OldAction::Rebuild).await
}

async fn proxied(
    api: &Router,
    caller: Caller,
    repo_id: &str,
    action: OldAction,
) -> Result<Json<Value>, OldRefusal> {
    if !caller.is_trusted() {
        return Err(sign_in_needed().into());
    }
    ask_api(api, caller, &space_id(repo_id)?, action).await
}

/// Reads the name of a Space, as `owner/name` or with the slash escaped.
pub(super) fn space_id(text: &str) -> Result<SpaceId, Problem> {
    text.parse().map_err(|error: hfsm_model::InvalidId| invalid_request(error.to_string()))
}

/// Asks the API in process, and answers in the old shape.
pub(super) async fn ask_api(
    api: &Router,
    caller: Caller,
    space: &SpaceId,
    action: OldAction,
) -> Result<Json<Value>, OldRefusal> {
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("/api/v1/spaces/{space}/{}", action.as_str()))
        .extension(caller)
        .body(Body::empty())
        .map_err(|error| internal(&error))?;
    let response = match api.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let status = response.status();
    let body =
        to_bytes(response.into_body(), LARGEST_BODY).await.map_err(|error| internal(&error))?;
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    if !status.is_success() {
        return Err(OldRefusal::of_document(status, body));
    }
    Ok(done(space, action, body.get("id")))
}

/// The old answer to an action that the Hub took.
pub(super) fn done(space: &SpaceId, action: OldAction, operation: Option<&Value>) -> Json<Value> {
    let message = match action {
        OldAction::Restart => format!("the Hub restarts the Space {space}"),
        OldAction::Rebuild => format!("the Hub rebuilds the Space {space}"),
    };
    Json(json!({ "success": true, "message": message, "operation": operation }))
}

impl TryFrom<&str> for OldAction {
    type Error = Problem;

    fn try_from(text: &str) -> Result<Self, Problem> {
        match text {
            "restart" => Ok(Self::Restart),
            "rebuild" => Ok(Self::Rebuild),
            _ => Err(Problem::new(ErrorCode::NotFound, "the actions are restart and rebuild")),
        }
    }
}
