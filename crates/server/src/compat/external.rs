//! `/api/v1/info/…` and `/api/v1/action/…`: for programs with the API key, which name a token of
//! the Hub in the path.

use axum::{Extension, Json, extract::State};
use hfsm_api::{Caller, ErrorCode, Problem};
use hfsm_model::{AccountId, Action, SpaceId, SpaceInfo, Stage};
use serde_json::{Value, json};

use super::{
    Compat,
    actions::{OldAction, ask_api, done, space_id},
    answer::{OldPath, OldRefusal},
    tokens::Bearer,
};
use crate::problem::invalid_request;

/// The Spaces of the token's user.
pub(super) async fn list(
    State(compat): State<Compat>,
    Extension(caller): Extension<Caller>,
    OldPath(token): OldPath<String>,
) -> Result<Json<Value>, OldRefusal> {
    needs_key(&caller)?;
    let bearer = compat.tokens.bearer(token).await?;
    let spaces: Vec<String> = if known_here(&compat, &bearer).is_some() {
        let spaces = compat.fleet.spaces();
        spaces
            .iter()
            .filter(|space| space.info.id.owner() == bearer.username)
            .map(|space| space.info.id.to_string())
            .collect()
    } else {
        let spaces = bearer.gateway.list_spaces(&bearer.username).await?;
        spaces.iter().map(|space| space.id.to_string()).collect()
    };
    Ok(Json(json!({ "total": spaces.len(), "spaces": spaces })))
}

/// One Space.
pub(super) async fn details(
    State(compat): State<Compat>,
    Extension(caller): Extension<Caller>,
    OldPath((token, id)): OldPath<(String, String)>,
) -> Result<Json<Value>, OldRefusal> {
    needs_key(&caller)?;
    let id = space_id(&id)?;
    let bearer = compat.tokens.bearer(token).await?;
    if sees(&compat, &bearer, &id)
        && let Ok(space) = compat.fleet.space(&id)
    {
        return Ok(Json(as_old(&space.info, &space.stage)));
    }
    let info = bearer.gateway.space(&id).await?;
    let stage = info.stage();
    Ok(Json(as_old(&info, &stage)))
}

/// Restarts or rebuilds a Space.
pub(super) async fn act(
    State(compat): State<Compat>,
    Extension(caller): Extension<Caller>,
    OldPath((token, rest)): OldPath<(String, String)>,
) -> Result<Json<Value>, OldRefusal> {
    needs_key(&caller)?;
    let (id, action) = rest
        .rsplit_once('/')
        .ok_or_else(|| invalid_request("the path ends with owner/name/restart"))?;
    let action = OldAction::try_from(action)?;
    let id = space_id(id)?;
    let bearer = compat.tokens.bearer(token).await?;
    if sees(&compat, &bearer, &id) {
        return ask_api(&compat.api, caller, &id, action).await;
    }
    let wanted = match action {
        OldAction::Restart => Action::Restart,
        OldAction::Rebuild => Action::FactoryRebuild,
    };
    bearer.gateway.act(&id, &wanted).await?;
    Ok(done(&id, action, None))
}

fn needs_key(caller: &Caller) -> Result<(), Problem> {
    match caller {
        Caller::ApiKey => Ok(()),
        _ => Err(Problem::new(
            ErrorCode::SignInNeeded,
            "send the API key as a bearer token; it is set by API_KEY or HFSM_API_KEY",
        )),
    }
}

/// Returns the account here that belongs to the token's user, and whether its list is known.
fn known_here(compat: &Compat, bearer: &Bearer) -> Option<AccountId> {
    let id = AccountId::new(&bearer.username).ok()?;
    compat.fleet.account(&id).is_ok().then_some(id)
}

fn sees(compat: &Compat, bearer: &Bearer, id: &SpaceId) -> bool {
    let Some(account) = known_here(compat, bearer) else { return false };
    compat.fleet.space(id).is_ok_and(|space| space.accounts.contains(&account))
}

fn as_old(info: &SpaceInfo, stage: &Stage) -> Value {
    json!({
        "id": info.id,
        "status": stage,
        "stage": stage,
        "last_modified": info.last_modified,
        "created_at": info.created_at,
        "sdk": info.sdk,
        "tags": info.tags,
        "private": info.private,
    })
}
