//! The routes of the old Node application, so that its pages, scripts and clients go on working.
//!
//! Same methods, bodies and answers. Where the old behaviour was a defect the answer differs:
//! nothing private is told without signing in, a repository name never reaches another endpoint of
//! the Hub, and every refusal is JSON. A token in a path is taken and never logged.

mod actions;
mod answer;
mod encoding;
mod external;
mod live_metrics;
mod schedules;
mod sign_in;
mod spaces;
mod tokens;

use axum::{
    Router,
    routing::{get, post},
};
use hfsm_core::Fleet;
use hfsm_hub::Hub;

use crate::caller::Door;

use {encoding::Encoder, tokens::Tokens};

/// What the old routes need.
#[derive(Clone)]
pub(crate) struct Compat {
    pub(crate) fleet: Fleet,
    pub(crate) door: Door,
    /// Actions go through the API, so that they are allowed, refused and recorded in one place.
    pub(crate) api: Router,
    encoder: Encoder,
    tokens: Tokens,
}

impl Compat {
    pub(crate) fn new(fleet: Fleet, hub: Hub, door: Door, api: Router) -> Self {
        Self { fleet, door, api, encoder: Encoder::default(), tokens: Tokens::new(hub) }
    }
}

/// The old routes.
pub(crate) fn routes(compat: Compat) -> Router {
    Router::new()
        .route("/api/config", get(sign_in::config))
        .route("/api/login", post(sign_in::login))
        .route("/api/verify-token", post(sign_in::verify_token))
        .route("/api/logout", post(sign_in::logout))
        .route("/api/proxy/spaces", get(spaces::list))
        .route("/api/proxy/restart/{*repo_id}", post(actions::restart))
        .route("/api/proxy/rebuild/{*repo_id}", post(actions::rebuild))
        .route(
            "/api/schedule/restart/{*repo_id}",
            get(schedules::restart).post(schedules::set_restart),
        )
        .route("/api/schedule/status", get(schedules::status))
        .route(
            "/api/keepalive/{*repo_id}",
            get(schedules::keep_alive).post(schedules::set_keep_alive),
        )
        .route(
            "/api/keepalive-global",
            get(schedules::keep_alive_all).post(schedules::set_keep_alive_all),
        )
        .route("/api/proxy/live-metrics-stream", get(live_metrics::stream))
        .route("/api/proxy/update-subscriptions", post(live_metrics::update_subscriptions))
        .route("/api/v1/info/{token}", get(external::list))
        .route("/api/v1/info/{token}/{*space_id}", get(external::details))
        .route("/api/v1/action/{token}/{*space_and_action}", post(external::act))
        .with_state(compat)
}
