//! Views of the list of Spaces, by name.

use axum::{Json, extract::State};
use hfsm_core::Fleet;
use hfsm_model::SavedView;

use crate::{
    Problem,
    extract::{Body, Trusted},
};

/// The saved views.
#[utoipa::path(get, path = "/api/v1/views", tag = "views", operation_id = "list_views",
    responses((status = OK, description = "In the order in which they were given", body = Vec<SavedView>)))]
pub(crate) async fn list(
    _: Trusted,
    State(fleet): State<Fleet>,
) -> Result<Json<Vec<SavedView>>, Problem> {
    Ok(Json(fleet.views().await?))
}

/// Keep these views, in the place of those that were kept.
#[utoipa::path(put, path = "/api/v1/views", tag = "views", operation_id = "set_views",
    request_body = Vec<SavedView>,
    responses((status = OK, description = "The views from now on", body = Vec<SavedView>),
              (status = BAD_REQUEST, description = "A view is not of its form, or there are more than 50", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn set(
    _: Trusted,
    State(fleet): State<Fleet>,
    Body(views): Body<Vec<SavedView>>,
) -> Result<Json<Vec<SavedView>>, Problem> {
    Ok(Json(fleet.set_views(views).await?))
}
