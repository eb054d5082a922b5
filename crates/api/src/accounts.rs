//! Accounts.

use axum::{Json, extract::State, http::StatusCode};
use hfsm_core::Fleet;
use hfsm_model::{Account, Importable};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Problem,
    extract::{AccountPath, Body, Trusted},
};

/// A token to work with. It is kept in the vault and never given back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenRequest {
    /// The token.
    #[schema(value_type = String, format = "password")]
    token: SecretString,
}

/// An account as it would be.
#[derive(Serialize, ToSchema)]
pub(crate) struct AccountPreview {
    /// Whose the token is, and what it may.
    account: Account,
    /// Whether the account is here already, so that its token can only be replaced.
    already_here: bool,
}

/// Which of the tool's accounts to take over.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountImportRequest {
    /// Their names; all when empty.
    #[serde(default)]
    names: Vec<String>,
}

/// What became of one account that was to be taken over.
#[derive(Serialize, ToSchema)]
pub(crate) struct Imported {
    /// The name under which the tool keeps it.
    name: String,
    /// The account, when it is here now.
    account: Option<Account>,
    /// Why not, otherwise.
    problem: Option<Problem>,
}

/// Every account.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts", operation_id = "list_accounts",
    responses((status = OK, description = "In the order of their names", body = Vec<Account>),
              (status = UNAUTHORIZED, description = "Sign in first", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn list(_: Trusted, State(fleet): State<Fleet>) -> Json<Vec<Account>> {
    Json(fleet.accounts())
}

/// One account.
#[utoipa::path(get, path = "/api/v1/accounts/{account}", tag = "accounts", operation_id = "get_account",
    params(("account" = String, Path, description = "The account's name")),
    responses((status = OK, description = "The account", body = Account),
              (status = NOT_FOUND, description = "There is none of that name", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn get(
    _: Trusted,
    AccountPath(id): AccountPath,
    State(fleet): State<Fleet>,
) -> Result<Json<Account>, Problem> {
    Ok(Json(fleet.account(&id)?))
}

/// Add an account by its token.
///
/// The Hub is asked whose it is; the token is then kept in the vault.
#[utoipa::path(post, path = "/api/v1/accounts", tag = "accounts", operation_id = "add_account",
    request_body = TokenRequest,
    responses((status = CREATED, description = "The account is here, and its Spaces are being listed", body = Account),
              (status = CONFLICT, description = "It was here already", body = Problem, content_type = "application/problem+json"),
              (status = UNPROCESSABLE_ENTITY, description = "The Hub does not take the token", body = Problem, content_type = "application/problem+json"),
              (status = BAD_GATEWAY, description = "The Hub cannot be reached", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn add(
    Trusted(caller): Trusted,
    State(fleet): State<Fleet>,
    Body(request): Body<TokenRequest>,
) -> Result<(StatusCode, Json<Account>), Problem> {
    let account = fleet.add_account(request.token, caller.actor()).await?;
    Ok((StatusCode::CREATED, Json(account)))
}

/// Ask the Hub whose a token is and what it may, without keeping it.
#[utoipa::path(post, path = "/api/v1/accounts/preview", tag = "accounts", operation_id = "preview_account",
    request_body = TokenRequest,
    responses((status = OK, description = "The account as it would be", body = AccountPreview),
              (status = UNPROCESSABLE_ENTITY, description = "The Hub does not take the token", body = Problem, content_type = "application/problem+json"),
              (status = BAD_GATEWAY, description = "The Hub cannot be reached", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn preview(
    _: Trusted,
    State(fleet): State<Fleet>,
    Body(request): Body<TokenRequest>,
) -> Result<Json<AccountPreview>, Problem> {
    let (account, already_here) = fleet.preview_account(&request.token).await?;
    Ok(Json(AccountPreview { account, already_here }))
}

/// Remove an account, its token, and the Spaces that only it sees.
#[utoipa::path(delete, path = "/api/v1/accounts/{account}", tag = "accounts", operation_id = "remove_account",
    params(("account" = String, Path, description = "The account's name")),
    responses((status = NO_CONTENT, description = "It is gone"),
              (status = CONFLICT, description = "It comes from the configuration", body = Problem, content_type = "application/problem+json"),
              (status = NOT_FOUND, description = "There is none of that name", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn remove(
    Trusted(caller): Trusted,
    AccountPath(id): AccountPath,
    State(fleet): State<Fleet>,
) -> Result<StatusCode, Problem> {
    fleet.remove_account(&id, caller.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replace an account's token with another of the same user.
#[utoipa::path(put, path = "/api/v1/accounts/{account}/token", tag = "accounts", operation_id = "replace_token",
    params(("account" = String, Path, description = "The account's name")),
    request_body = TokenRequest,
    responses((status = OK, description = "The account with its new token", body = Account),
              (status = CONFLICT, description = "Another user's token, or an account of the configuration", body = Problem, content_type = "application/problem+json"),
              (status = UNPROCESSABLE_ENTITY, description = "The Hub does not take the token", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn replace_token(
    Trusted(caller): Trusted,
    AccountPath(id): AccountPath,
    State(fleet): State<Fleet>,
    Body(request): Body<TokenRequest>,
) -> Result<Json<Account>, Problem> {
    Ok(Json(fleet.replace_token(&id, request.token, caller.actor()).await?))
}

/// Ask the Hub about an account's token now.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/check", tag = "accounts", operation_id = "check_account",
    params(("account" = String, Path, description = "The account's name")),
    responses((status = OK, description = "The account as the Hub says it is", body = Account),
              (status = UNPROCESSABLE_ENTITY, description = "The Hub does not take the token", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn check(
    _: Trusted,
    AccountPath(id): AccountPath,
    State(fleet): State<Fleet>,
) -> Result<Json<Account>, Problem> {
    Ok(Json(fleet.check_account(&id).await?))
}

/// The accounts that the official command line tool has saved on this machine.
#[utoipa::path(get, path = "/api/v1/accounts/importable", tag = "accounts", operation_id = "list_importable_accounts",
    responses((status = OK, description = "Their names; tokens stay where they are", body = Vec<Importable>)))]
pub(crate) async fn importable(
    _: Trusted,
    State(fleet): State<Fleet>,
) -> Result<Json<Vec<Importable>>, Problem> {
    Ok(Json(fleet.importable()?))
}

/// Take over accounts of the official command line tool.
#[utoipa::path(post, path = "/api/v1/accounts/import", tag = "accounts", operation_id = "import_accounts",
    request_body = AccountImportRequest,
    responses((status = OK, description = "What became of each", body = Vec<Imported>)))]
pub(crate) async fn import(
    Trusted(caller): Trusted,
    State(fleet): State<Fleet>,
    Body(request): Body<AccountImportRequest>,
) -> Result<Json<Vec<Imported>>, Problem> {
    let outcomes = fleet.import_accounts(&request.names, caller.actor()).await?;
    let imported = outcomes.into_iter().map(|(name, outcome)| match outcome {
        Ok(account) => Imported { name, account: Some(account), problem: None },
        Err(error) => Imported { name, account: None, problem: Some(error.into()) },
    });
    Ok(Json(imported.collect()))
}
