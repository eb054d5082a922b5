//! Operations, activity, hardware and settings.

use axum::{
    Json,
    extract::{Path, State},
};
use hfsm_core::{ActivityFilter, Fleet, OperationFilter};
use hfsm_model::{
    AccountId, Activity, ActivityKind, ActorKind, HardwareOption, Operation, OperationId, Outcome,
    Settings, SpaceId,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Problem,
    extract::{Body, Params, Trusted, Viewer},
    page::{Page, PageParams},
};

/// Which operations are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OperationParams {
    /// On this Space.
    space: Option<SpaceId>,
    /// Entries at most, 1 to 1000; 100 when absent.
    limit: Option<u32>,
}

/// Operations, the newest first.
#[utoipa::path(get, path = "/api/v1/operations", tag = "operations", operation_id = "list_operations", params(OperationParams),
    responses((status = OK, description = "At most `limit`", body = Vec<Operation>)))]
pub(crate) async fn list_operations(
    _: Trusted,
    State(fleet): State<Fleet>,
    Params(params): Params<OperationParams>,
) -> Result<Json<Vec<Operation>>, Problem> {
    let limit = PageParams { limit: params.limit, cursor: None }.limit()?;
    let filter = OperationFilter { space: params.space, ..OperationFilter::default() };
    Ok(Json(fleet.operations(&filter, limit).await?))
}

/// One operation.
#[utoipa::path(get, path = "/api/v1/operations/{operation}", tag = "operations", operation_id = "get_operation",
    params(("operation" = String, Path)),
    responses((status = OK, description = "Where it stands", body = Operation),
              (status = NOT_FOUND, description = "There is none of that name", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn get_operation(
    _: Trusted,
    Path(id): Path<String>,
    State(fleet): State<Fleet>,
) -> Result<Json<Operation>, Problem> {
    Ok(Json(fleet.operation(&OperationId(id)).await?))
}

/// Stop following an operation. What the Hub has taken goes on there.
#[utoipa::path(post, path = "/api/v1/operations/{operation}/cancel", tag = "operations", operation_id = "cancel_operation",
    params(("operation" = String, Path)),
    responses((status = OK, description = "The operation as it ended", body = Operation),
              (status = NOT_FOUND, description = "There is none of that name", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn cancel_operation(
    _: Trusted,
    Path(id): Path<String>,
    State(fleet): State<Fleet>,
) -> Result<Json<Operation>, Problem> {
    Ok(Json(fleet.cancel_operation(&OperationId(id)).await?))
}

/// Which lines of the activity list are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActivityParams {
    /// About this Space.
    space: Option<SpaceId>,
    /// About this account.
    account: Option<AccountId>,
    /// By this sort of actor.
    actor: Option<ActorKind>,
    /// By the person or the job of this name.
    actor_name: Option<String>,
    /// Of this kind.
    kind: Option<ActivityKind>,
    /// With this outcome.
    outcome: Option<Outcome>,
    /// Entries at most, 1 to 1000; 100 when absent.
    limit: Option<u32>,
    /// From `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of the activity list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActivityPage {
    /// The newest first.
    items: Vec<Activity>,
    /// Where the next page begins; `null` on the last.
    next_cursor: Option<String>,
}

/// Who or what did which thing, the newest first.
#[utoipa::path(get, path = "/api/v1/activity", tag = "activity", operation_id = "list_activity", params(ActivityParams),
    responses((status = OK, description = "A page", body = ActivityPage)))]
pub(crate) async fn list_activity(
    _: Trusted,
    State(fleet): State<Fleet>,
    Params(params): Params<ActivityParams>,
) -> Result<Json<ActivityPage>, Problem> {
    let page = PageParams { limit: params.limit, cursor: params.cursor };
    let limit = page.limit()?;
    let filter = ActivityFilter {
        space: params.space,
        account: params.account,
        actor: params.actor,
        actor_name: params.actor_name,
        kind: params.kind,
        outcome: params.outcome,
        before_id: page.after::<i64>()?,
    };
    let items = fleet.activities(&filter, limit + 1).await?;
    let page = Page::of(items, limit, |activity| activity.id.to_string());
    Ok(Json(ActivityPage { items: page.items, next_cursor: page.next_cursor }))
}

/// The hardware that the Hub offers, with prices.
#[utoipa::path(get, path = "/api/v1/hardware", tag = "spaces", operation_id = "list_hardware",
    responses((status = OK, description = "As the Hub lists it, at most an hour old", body = Vec<HardwareOption>),
              (status = BAD_GATEWAY, description = "The Hub cannot be reached", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn list_hardware(
    _: Viewer,
    State(fleet): State<Fleet>,
) -> Result<Json<Vec<HardwareOption>>, Problem> {
    Ok(Json(fleet.hardware().await?))
}

/// What a person chose.
#[utoipa::path(get, path = "/api/v1/settings", tag = "settings", operation_id = "get_settings",
    responses((status = OK, description = "The settings", body = Settings)))]
pub(crate) async fn get_settings(
    _: Trusted,
    State(fleet): State<Fleet>,
) -> Result<Json<Settings>, Problem> {
    Ok(Json(fleet.settings()))
}

/// Choose.
#[utoipa::path(put, path = "/api/v1/settings", tag = "settings", operation_id = "set_settings",
    request_body = Settings,
    responses((status = OK, description = "The settings from now on", body = Settings),
              (status = BAD_REQUEST, description = "A number is out of its range", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn set_settings(
    Trusted(caller): Trusted,
    State(fleet): State<Fleet>,
    Body(settings): Body<Settings>,
) -> Result<Json<Settings>, Problem> {
    Ok(Json(fleet.set_settings(settings, caller.actor()).await?))
}
