//! Spaces: reading them.

use axum::{Json, extract::State};
use chrono::TimeDelta;
use hfsm_core::Fleet;
use hfsm_model::{AccountId, Space, SpaceId, StageChange, StageFamily};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    ErrorCode, Problem,
    extract::{Body, Params, SpacePath, Trusted, Viewer},
    page::{Page, PageParams},
};

/// Which Spaces are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SpaceFilter {
    /// Seen by this account.
    account: Option<AccountId>,
    /// Of this user or organisation.
    owner: Option<String>,
    /// In this stage.
    stage: Option<String>,
    /// In a stage of this family.
    family: Option<StageFamily>,
    /// With this label of a person's own, in any letter case.
    label: Option<String>,
    /// With this text in the name or the title, in any letter case.
    q: Option<String>,
    /// Entries at most, 1 to 1000; 100 when absent.
    limit: Option<u32>,
    /// From `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of Spaces.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SpacePage {
    /// In the order of their names.
    items: Vec<Space>,
    /// Where the next page begins; `null` on the last.
    next_cursor: Option<String>,
    /// How many match on all pages together.
    total: usize,
}

impl SpaceFilter {
    fn admits(&self, space: &Space, viewer: &Viewer) -> bool {
        let text = self.q.as_deref().map(str::to_lowercase);
        let found =
            |hay: &str| text.as_deref().is_none_or(|needle| hay.to_lowercase().contains(needle));
        self.account.as_ref().is_none_or(|account| space.accounts.contains(account))
            && self
                .owner
                .as_deref()
                .is_none_or(|owner| space.info.id.owner().eq_ignore_ascii_case(owner))
            && self.stage.as_deref().is_none_or(|stage| space.stage.as_str() == stage)
            && self.family.is_none_or(|family| space.stage.family() == family)
            && self.label.as_deref().is_none_or(|label| {
                let label = label.to_lowercase();
                viewer.0.is_trusted() && space.labels.iter().any(|own| own.to_lowercase() == label)
            })
            && (found(space.info.id.as_str()) || space.info.title.as_deref().is_some_and(found))
    }
}

/// Every Space of every account, each once.
#[utoipa::path(get, path = "/api/v1/spaces", tag = "spaces", operation_id = "list_spaces", params(SpaceFilter),
    responses((status = OK, description = "A page of Spaces", body = SpacePage),
              (status = BAD_REQUEST, description = "A filter is not of its form", body = Problem, content_type = "application/problem+json"),
              (status = UNAUTHORIZED, description = "Sign in first", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn list(
    viewer: Viewer,
    State(fleet): State<Fleet>,
    Params(filter): Params<SpaceFilter>,
) -> Result<Json<SpacePage>, Problem> {
    let page = PageParams { limit: filter.limit, cursor: filter.cursor.clone() };
    let (limit, after) = (page.limit()?, page.after::<SpaceId>()?);
    let mut matching: Vec<_> = fleet
        .spaces()
        .into_iter()
        .filter(|space| viewer.sees(space.info.private) && filter.admits(space, &viewer))
        .collect();
    let total = matching.len();
    if let Some(after) = after {
        matching.retain(|space| space.info.id > after);
    }
    matching.truncate(limit as usize + 1);
    let page = Page::of(matching, limit, |space| space.info.id.to_string());
    let items = page.items.iter().map(|space| shown((**space).clone(), &viewer)).collect();
    Ok(Json(SpacePage { items, next_cursor: page.next_cursor, total }))
}

/// One Space.
#[utoipa::path(get, path = "/api/v1/spaces/{owner}/{name}", tag = "spaces", operation_id = "get_space",
    params(("owner" = String, Path), ("name" = String, Path)),
    responses((status = OK, description = "The Space", body = Space),
              (status = NOT_FOUND, description = "No account here sees it", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn get(
    viewer: Viewer,
    SpacePath(id): SpacePath,
    State(fleet): State<Fleet>,
) -> Result<Json<Space>, Problem> {
    let space = visible(&fleet, &viewer, &id)?;
    Ok(Json(shown(space, &viewer)))
}

/// How the stage of a Space changed, the newest first.
#[utoipa::path(get, path = "/api/v1/spaces/{owner}/{name}/stage-changes", tag = "spaces", operation_id = "list_stage_changes",
    params(("owner" = String, Path), ("name" = String, Path), PageParams),
    responses((status = OK, description = "At most `limit` changes", body = Vec<StageChange>),
              (status = NOT_FOUND, description = "No account here sees the Space", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn stage_changes(
    viewer: Viewer,
    SpacePath(id): SpacePath,
    State(fleet): State<Fleet>,
    Params(page): Params<PageParams>,
) -> Result<Json<Vec<StageChange>>, Problem> {
    let space = visible(&fleet, &viewer, &id)?;
    Ok(Json(fleet.stage_changes(&space.info.id, page.limit()?).await?))
}

/// How far back the changes of all Spaces are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RecentParams {
    /// Hours, 1 to 168; 24 when absent.
    hours: Option<u32>,
}

/// The longest answer: a Space that flaps for a week must not fill a memory.
const RECENT_AT_MOST: u32 = 20_000;

/// How the stages of all Spaces changed of late, the newest first.
#[utoipa::path(get, path = "/api/v1/stage-changes", tag = "spaces", operation_id = "list_recent_stage_changes", params(RecentParams),
    responses((status = OK, description = "The newest changes of that time, 20,000 at most", body = Vec<StageChange>),
              (status = BAD_REQUEST, description = "`hours` is out of its bounds", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn recent_stage_changes(
    viewer: Viewer,
    State(fleet): State<Fleet>,
    Params(recent): Params<RecentParams>,
) -> Result<Json<Vec<StageChange>>, Problem> {
    let hours = recent.hours.unwrap_or(24);
    if !(1..=168).contains(&hours) {
        let detail = format!("`hours` may be 1 to 168, not {hours}");
        return Err(Problem::new(ErrorCode::InvalidRequest, detail));
    }
    let since = fleet.clock().now() - TimeDelta::hours(hours.into());
    let mut changes = fleet.stage_changes_since(since, RECENT_AT_MOST).await?;
    changes.retain(|change| visible(&fleet, &viewer, &change.space).is_ok());
    Ok(Json(changes))
}

/// A person's own labels.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LabelsRequest {
    /// At most 20, each of 1 to 40 characters. One that differs in letter case only is kept once.
    labels: Vec<String>,
}

/// Give a Space these labels of your own, in the place of those it has.
#[utoipa::path(put, path = "/api/v1/spaces/{owner}/{name}/labels", tag = "spaces", operation_id = "set_labels",
    params(("owner" = String, Path), ("name" = String, Path)),
    request_body = LabelsRequest,
    responses((status = OK, description = "The Space with its labels, in their order", body = Space),
              (status = BAD_REQUEST, description = "A label is not of its form", body = Problem, content_type = "application/problem+json"),
              (status = NOT_FOUND, description = "No account here sees the Space", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn set_labels(
    Trusted(caller): Trusted,
    SpacePath(id): SpacePath,
    State(fleet): State<Fleet>,
    Body(request): Body<LabelsRequest>,
) -> Result<Json<Space>, Problem> {
    let space = fleet.set_labels(&id, request.labels, caller.actor()).await?;
    Ok(Json((*space).clone()))
}

/// Ask the Hub for every list now.
#[utoipa::path(post, path = "/api/v1/spaces/refresh", tag = "spaces", operation_id = "refresh_spaces",
    responses((status = NO_CONTENT, description = "The Hub is being asked; events tell what changed")))]
pub(crate) async fn refresh(_: Trusted, State(fleet): State<Fleet>) -> axum::http::StatusCode {
    fleet.refresh();
    axum::http::StatusCode::NO_CONTENT
}

/// Returns a Space that the caller may see. One that they may not see does not exist for them.
pub(crate) fn visible(fleet: &Fleet, viewer: &Viewer, id: &SpaceId) -> Result<Space, Problem> {
    let space = fleet.space(id)?;
    if viewer.sees(space.info.private) {
        return Ok((*space).clone());
    }
    let detail = hfsm_core::Error::SpaceNotFound(id.clone()).to_string();
    Err(Problem::new(ErrorCode::SpaceNotFound, detail).about(id.clone()))
}

/// Leaves out what only people who signed in may know: through which accounts a Space is seen, and
/// what they call it.
pub(crate) fn shown(mut space: Space, viewer: &Viewer) -> Space {
    if !viewer.0.is_trusted() {
        space.accounts.clear();
        space.labels.clear();
        space.write_access = hfsm_model::WriteAccess::No;
    }
    space
}
