//! Variables and secrets of a Space. The Hub restarts the app after each change.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use hfsm_core::Fleet;
use hfsm_model::{Secret, Variable};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    Problem,
    extract::{Body, SpacePath, Trusted},
};

/// What a variable holds.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VariableRequest {
    /// Its value.
    value: String,
    /// What it is for.
    description: Option<String>,
}

/// What a secret holds. It cannot be read again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretRequest {
    /// Its value.
    #[schema(value_type = String, format = "password")]
    value: SecretString,
    /// What it is for.
    description: Option<String>,
}

/// The last part of the address.
#[derive(Deserialize)]
pub(crate) struct KeyPath {
    key: String,
}

/// A Space's variables.
#[utoipa::path(get, path = "/api/v1/spaces/{owner}/{name}/variables", tag = "variables", operation_id = "list_variables",
    params(("owner" = String, Path), ("name" = String, Path)),
    responses((status = OK, description = "By their names", body = Vec<Variable>),
              (status = FORBIDDEN, description = "No token here may", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn list_variables(
    _: Trusted,
    SpacePath(id): SpacePath,
    State(fleet): State<Fleet>,
) -> Result<Json<Vec<Variable>>, Problem> {
    Ok(Json(fleet.variables(&id).await?))
}

/// Set a variable.
#[utoipa::path(put, path = "/api/v1/spaces/{owner}/{name}/variables/{key}", tag = "variables", operation_id = "set_variable",
    params(("owner" = String, Path), ("name" = String, Path), ("key" = String, Path)),
    request_body = VariableRequest,
    responses((status = OK, description = "All variables after the change", body = Vec<Variable>),
              (status = BAD_REQUEST, description = "The key is none", body = Problem, content_type = "application/problem+json"),
              (status = FORBIDDEN, description = "No token here may", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn set_variable(
    Trusted(caller): Trusted,
    SpacePath(id): SpacePath,
    Path(KeyPath { key }): Path<KeyPath>,
    State(fleet): State<Fleet>,
    Body(request): Body<VariableRequest>,
) -> Result<Json<Vec<Variable>>, Problem> {
    let description = request.description.as_deref();
    Ok(Json(fleet.set_variable(&id, &key, &request.value, description, caller.actor()).await?))
}

/// Remove a variable.
#[utoipa::path(delete, path = "/api/v1/spaces/{owner}/{name}/variables/{key}", tag = "variables", operation_id = "remove_variable",
    params(("owner" = String, Path), ("name" = String, Path), ("key" = String, Path)),
    responses((status = OK, description = "All variables after the change", body = Vec<Variable>),
              (status = FORBIDDEN, description = "No token here may", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn remove_variable(
    Trusted(caller): Trusted,
    SpacePath(id): SpacePath,
    Path(KeyPath { key }): Path<KeyPath>,
    State(fleet): State<Fleet>,
) -> Result<Json<Vec<Variable>>, Problem> {
    Ok(Json(fleet.remove_variable(&id, &key, caller.actor()).await?))
}

/// The names of a Space's secrets.
#[utoipa::path(get, path = "/api/v1/spaces/{owner}/{name}/secrets", tag = "secrets", operation_id = "list_secrets",
    params(("owner" = String, Path), ("name" = String, Path)),
    responses((status = OK, description = "By their names; values cannot be read", body = Vec<Secret>),
              (status = FORBIDDEN, description = "No token here may", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn list_secrets(
    _: Trusted,
    SpacePath(id): SpacePath,
    State(fleet): State<Fleet>,
) -> Result<Json<Vec<Secret>>, Problem> {
    Ok(Json(fleet.secrets(&id).await?))
}

/// Set a secret.
#[utoipa::path(put, path = "/api/v1/spaces/{owner}/{name}/secrets/{key}", tag = "secrets", operation_id = "set_secret",
    params(("owner" = String, Path), ("name" = String, Path), ("key" = String, Path)),
    request_body = SecretRequest,
    responses((status = NO_CONTENT, description = "It is set"),
              (status = BAD_REQUEST, description = "The key is none", body = Problem, content_type = "application/problem+json"),
              (status = FORBIDDEN, description = "No token here may", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn set_secret(
    Trusted(caller): Trusted,
    SpacePath(id): SpacePath,
    Path(KeyPath { key }): Path<KeyPath>,
    State(fleet): State<Fleet>,
    Body(request): Body<SecretRequest>,
) -> Result<StatusCode, Problem> {
    let description = request.description.as_deref();
    fleet.set_secret(&id, &key, &request.value, description, caller.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a secret.
#[utoipa::path(delete, path = "/api/v1/spaces/{owner}/{name}/secrets/{key}", tag = "secrets", operation_id = "remove_secret",
    params(("owner" = String, Path), ("name" = String, Path), ("key" = String, Path)),
    responses((status = NO_CONTENT, description = "It is gone"),
              (status = FORBIDDEN, description = "No token here may", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn remove_secret(
    Trusted(caller): Trusted,
    SpacePath(id): SpacePath,
    Path(KeyPath { key }): Path<KeyPath>,
    State(fleet): State<Fleet>,
) -> Result<StatusCode, Problem> {
    fleet.remove_secret(&id, &key, caller.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}
