//! Keeping Spaces awake.

use axum::{Json, extract::State};
use hfsm_core::Fleet;
use hfsm_model::{KeepAlive, KeepAliveAll, KeepAliveState};

use crate::{
    Problem,
    extract::{Body, SpacePath, Trusted},
};

/// How a Space is kept awake.
#[utoipa::path(get, path = "/api/v1/spaces/{owner}/{name}/keep-alive", tag = "keep-alive", operation_id = "get_keep_alive",
    params(("owner" = String, Path), ("name" = String, Path)),
    responses((status = OK, description = "What is chosen for it, and when it is visited", body = KeepAliveState),
              (status = NOT_FOUND, description = "No account here sees the Space", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn get(
    _: Trusted,
    SpacePath(id): SpacePath,
    State(fleet): State<Fleet>,
) -> Result<Json<KeepAliveState>, Problem> {
    Ok(Json(fleet.keep_alive(&id).await?))
}

/// Choose how a Space is kept awake.
#[utoipa::path(put, path = "/api/v1/spaces/{owner}/{name}/keep-alive", tag = "keep-alive", operation_id = "set_keep_alive",
    params(("owner" = String, Path), ("name" = String, Path)),
    request_body = KeepAlive,
    responses((status = OK, description = "What is chosen for it, and when it is visited", body = KeepAliveState),
              (status = BAD_REQUEST, description = "A number or an hour is out of its range", body = Problem, content_type = "application/problem+json"),
              (status = NOT_FOUND, description = "No account here sees the Space", body = Problem, content_type = "application/problem+json"),
              (status = CONFLICT, description = "The Space is static", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn set(
    Trusted(caller): Trusted,
    SpacePath(id): SpacePath,
    State(fleet): State<Fleet>,
    Body(rule): Body<KeepAlive>,
) -> Result<Json<KeepAliveState>, Problem> {
    Ok(Json(fleet.set_keep_alive(&id, rule, caller.actor()).await?))
}

/// How every Space is kept awake that is, and when each is visited next.
#[utoipa::path(get, path = "/api/v1/keep-alive/spaces", tag = "keep-alive", operation_id = "list_keep_alive_states",
    responses((status = OK, description = "Those with a coming visit first, the soonest before the others", body = Vec<KeepAliveState>)))]
pub(crate) async fn list_states(
    _: Trusted,
    State(fleet): State<Fleet>,
) -> Json<Vec<KeepAliveState>> {
    Json(fleet.keep_alive_states().await)
}

/// How all Spaces are kept awake that nothing else is chosen for.
#[utoipa::path(get, path = "/api/v1/keep-alive", tag = "keep-alive", operation_id = "get_keep_alive_all",
    responses((status = OK, description = "What is chosen", body = KeepAliveAll)))]
pub(crate) async fn get_all(_: Trusted, State(fleet): State<Fleet>) -> Json<KeepAliveAll> {
    Json(fleet.keep_alive_all())
}

/// Choose how all Spaces are kept awake that nothing else is chosen for.
#[utoipa::path(put, path = "/api/v1/keep-alive", tag = "keep-alive", operation_id = "set_keep_alive_all",
    request_body = KeepAliveAll,
    responses((status = OK, description = "What is chosen", body = KeepAliveAll),
              (status = BAD_REQUEST, description = "A number or an hour is out of its range", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn set_all(
    Trusted(caller): Trusted,
    State(fleet): State<Fleet>,
    Body(all): Body<KeepAliveAll>,
) -> Result<Json<KeepAliveAll>, Problem> {
    Ok(Json(fleet.set_keep_alive_all(all, caller.actor()).await?))
}
