//! `GET /api/proxy/spaces`.

use axum::{Extension, Json, extract::State};
use chrono::{DateTime, Utc};
use hfsm_api::{Caller, PublicView};
use hfsm_model::{Space, Stage};
use serde::Serialize;

use super::{Compat, answer::OldRefusal};
use crate::problem::sign_in_needed;

/// A Space with the old names of its fields.
#[derive(Serialize)]
pub(super) struct OldSpace {
    repo_id: String,
    name: String,
    owner: String,
    username: String,
    url: String,
    stage: Stage,
    status: Stage,
    last_modified: Option<DateTime<Utc>>,
    created_at: Option<DateTime<Utc>>,
    sdk: Option<String>,
    tags: Vec<String>,
    private: bool,
    app_port: Option<u16>,
    description: Option<String>,
}

impl OldSpace {
    fn of(space: &Space, caller: &Caller) -> Self {
        let info = &space.info;
        // Through which account a Space is seen is nobody's business who did not sign in.
        let account = space.accounts.first().filter(|_| caller.is_trusted());
        Self {
            repo_id: info.id.to_string(),
            name: info.title.clone().unwrap_or_else(|| info.id.name().to_owned()),
            owner: info.id.owner().to_owned(),
            username: account.map_or_else(|| info.id.owner().to_owned(), ToString::to_string),
            url: info.app_url.clone().unwrap_or_else(|| info.hub_url.clone()),
            stage: space.stage.clone(),
            status: space.stage.clone(),
            last_modified: info.last_modified,
            created_at: info.created_at,
            sdk: info.sdk.clone(),
            tags: info.tags.clone(),
            private: info.private,
            app_port: info.app_port,
            description: info.description.clone(),
        }
    }
}

/// Returns whether the caller may see a Space.
pub(super) fn sees(caller: &Caller, space: &Space) -> bool {
    match caller.view() {
        PublicView::Nothing => false,
        PublicView::PublicSpaces => !space.info.private,
        PublicView::AllSpaces => true,
    }
}

/// Every Space that the caller may see.
pub(super) async fn list(
    State(compat): State<Compat>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<OldSpace>>, OldRefusal> {
    if caller.view() == PublicView::Nothing {
        return Err(sign_in_needed().into());
    }
    let spaces = compat.fleet.spaces();
    let shown = spaces.iter().filter(|space| sees(&caller, space));
    Ok(Json(shown.map(|space| OldSpace::of(space, &caller)).collect()))
}
