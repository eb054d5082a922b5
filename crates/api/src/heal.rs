//! Auto-heal: mending Spaces that failed.

use axum::{Json, extract::State};
use hfsm_core::Fleet;
use hfsm_model::{HealChoice, HealScope, HealState, ScopedHeal};

use crate::{
    Problem,
    extract::{Body, SpacePath, Trusted},
};

/// For which Spaces auto-heal is chosen, and how.
#[utoipa::path(get, path = "/api/v1/auto-heal", tag = "auto-heal", operation_id = "list_auto_heal",
    responses((status = OK, description = "What is chosen, one entry for each scope for which something is", body = Vec<ScopedHeal>)))]
pub(crate) async fn list(
    _: Trusted,
    State(fleet): State<Fleet>,
) -> Result<Json<Vec<ScopedHeal>>, Problem> {
    Ok(Json(fleet.heal_choices()))
}

/// Choose for all Spaces, an account, a label or a Space. What was chosen for the same scope is replaced.
#[utoipa::path(put, path = "/api/v1/auto-heal", tag = "auto-heal", operation_id = "choose_auto_heal",
    request_body = ScopedHeal,
    responses((status = OK, description = "What is chosen from now on, for all scopes", body = Vec<ScopedHeal>),
              (status = BAD_REQUEST, description = "A number is out of its range", body = Problem, content_type = "application/problem+json"),
              (status = NOT_FOUND, description = "There is no such account, or no account here sees the Space", body = Problem, content_type = "application/problem+json"),
              (status = CONFLICT, description = "The Space is static", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn choose(
    Trusted(caller): Trusted,
    State(fleet): State<Fleet>,
    Body(chosen): Body<ScopedHeal>,
) -> Result<Json<Vec<ScopedHeal>>, Problem> {
    Ok(Json(fleet.choose_heal(chosen, caller.actor()).await?))
}

/// How every Space is mended that is.
#[utoipa::path(get, path = "/api/v1/auto-heal/spaces", tag = "auto-heal", operation_id = "list_auto_heal_states",
    responses((status = OK, description = "In the order of their names", body = Vec<HealState>)))]
pub(crate) async fn list_states(
    _: Trusted,
    State(fleet): State<Fleet>,
) -> Result<Json<Vec<HealState>>, Problem> {
    Ok(Json(fleet.heal_states().await?))
}

/// How a Space is mended.
#[utoipa::path(get, path = "/api/v1/spaces/{owner}/{name}/auto-heal", tag = "auto-heal", operation_id = "get_auto_heal",
    params(("owner" = String, Path), ("name" = String, Path)),
    responses((status = OK, description = "The rule that counts for it, and where it stands", body = HealState),
              (status = NOT_FOUND, description = "No account here sees the Space", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn get(
    _: Trusted,
    SpacePath(id): SpacePath,
    State(fleet): State<Fleet>,
) -> Result<Json<HealState>, Problem> {
    Ok(Json(fleet.heal_state(&id).await?))
}

/// Choose for a Space. It is tried anew, where auto-heal had given up.
#[utoipa::path(put, path = "/api/v1/spaces/{owner}/{name}/auto-heal", tag = "auto-heal", operation_id = "set_auto_heal",
    params(("owner" = String, Path), ("name" = String, Path)),
    request_body = HealChoice,
    responses((status = OK, description = "The rule that counts for it, and where it stands", body = HealState),
              (status = BAD_REQUEST, description = "A number is out of its range", body = Problem, content_type = "application/problem+json"),
              (status = NOT_FOUND, description = "No account here sees the Space", body = Problem, content_type = "application/problem+json"),
              (status = CONFLICT, description = "The Space is static", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn set(
    Trusted(caller): Trusted,
    SpacePath(id): SpacePath,
    State(fleet): State<Fleet>,
    Body(choice): Body<HealChoice>,
) -> Result<Json<HealState>, Problem> {
    let scope = HealScope::Space { space: id.clone() };
    fleet.choose_heal(ScopedHeal { scope, choice }, caller.actor()).await?;
    Ok(Json(fleet.heal_state(&id).await?))
}

/// Mend a Space again that auto-heal gave up, or is waiting for. Attempts of the last 24 hours still count.
#[utoipa::path(post, path = "/api/v1/spaces/{owner}/{name}/auto-heal/reset", tag = "auto-heal", operation_id = "reset_auto_heal",
    params(("owner" = String, Path), ("name" = String, Path)),
    responses((status = OK, description = "Where it stands from now on", body = HealState),
              (status = NOT_FOUND, description = "No account here sees the Space", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn reset(
    Trusted(caller): Trusted,
    SpacePath(id): SpacePath,
    State(fleet): State<Fleet>,
) -> Result<Json<HealState>, Problem> {
    Ok(Json(fleet.reset_heal(&id, caller.actor()).await?))
}
