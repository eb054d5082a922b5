//! Quiet for a while: of one Space, or of all.

use axum::{Json, extract::State, http::StatusCode};
use chrono::TimeDelta;
use hfsm_core::Fleet;
use hfsm_model::{Mute, SpaceId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    ErrorCode, Problem,
    extract::{Body, Params, Trusted},
};

/// The longest mute: a week.
const LONGEST: u32 = 7 * 24 * 60;

/// Who is to be quiet, and for how long.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MuteRequest {
    /// The Space; `null` is every Space.
    #[serde(default)]
    space: Option<SpaceId>,
    /// For so many minutes from now on, 1 to 10080.
    #[schema(minimum = 1, maximum = 10080)]
    minutes: u32,
}

/// Whose mute is to end.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UnmuteParams {
    /// The Space's; that of everything when absent.
    space: Option<SpaceId>,
}

/// Who is quiet now.
#[utoipa::path(get, path = "/api/v1/mutes", tag = "mutes", operation_id = "list_mutes",
    responses((status = OK, description = "The mute of everything first, then by Space", body = Vec<Mute>)))]
pub(crate) async fn list(_: Trusted, State(fleet): State<Fleet>) -> Json<Vec<Mute>> {
    Json(fleet.mutes())
}

/// Tell nothing of a Space, or of any, for a while.
///
/// Takes the place of the mute of the same that was there, and ends by itself.
#[utoipa::path(post, path = "/api/v1/mutes", tag = "mutes", operation_id = "mute",
    request_body = MuteRequest,
    responses((status = OK, description = "Who is quiet from now on", body = Vec<Mute>),
              (status = BAD_REQUEST, description = "The time is out of its range", body = Problem, content_type = "application/problem+json"),
              (status = NOT_FOUND, description = "No account here sees the Space", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn mute(
    _: Trusted,
    State(fleet): State<Fleet>,
    Body(request): Body<MuteRequest>,
) -> Result<Json<Vec<Mute>>, Problem> {
    let minutes = request.minutes;
    if !(1..=LONGEST).contains(&minutes) {
        return Err(Problem::new(
            ErrorCode::InvalidRequest,
            format!("`minutes` may be 1 to {LONGEST}, not {minutes}"),
        ));
    }
    Ok(Json(fleet.mute(request.space, TimeDelta::minutes(minutes.into())).await?))
}

/// End a mute.
#[utoipa::path(delete, path = "/api/v1/mutes", tag = "mutes", operation_id = "unmute", params(UnmuteParams),
    responses((status = NO_CONTENT, description = "It is over, or there was none")))]
pub(crate) async fn unmute(
    _: Trusted,
    State(fleet): State<Fleet>,
    Params(params): Params<UnmuteParams>,
) -> Result<StatusCode, Problem> {
    fleet.unmute(params.space.as_ref()).await?;
    Ok(StatusCode::NO_CONTENT)
}
