//! The REST API over the core: router, OpenAPI document, problems, event streams.
//!
//! Knows no socket and no window: a carrier puts a [`Caller`] into each request as an extension and
//! calls the [`router`]. A request without one is refused.

mod accounts;
mod actions;
mod caller;
mod event_stream;
mod extract;
mod heal;
mod jobs;
mod keep_alive;
mod mutes;
mod page;
mod problem;
mod records;
mod spaces;
mod state;
mod system;
mod telemetry;
mod variables;
mod views;

use axum::{Router, response::Response};
use hfsm_core::Fleet;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use caller::{Caller, PublicView};
pub use problem::{ErrorCode, Problem};

use state::ApiState;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "HF Space Manager",
        description = "Every Space of every account: state, metrics, logs, control.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(
        hfsm_model::Event,
        hfsm_model::Envelope,
        hfsm_model::LogUpdate,
        hfsm_model::SpaceLogUpdate,
        // Those of parameters are not found by themselves.
        hfsm_model::ActorKind,
        hfsm_model::LogKind,
        hfsm_model::StageFamily,
        event_stream::InitialWatch,
        telemetry::StepParam
    )),
    tags(
        (name = "accounts", description = "Users of the Hub whose Spaces are shown"),
        (name = "spaces", description = "Reading Spaces and acting on them"),
        (name = "variables", description = "Variables of a Space"),
        (name = "secrets", description = "Secrets of a Space"),
        (name = "metrics", description = "What Spaces use"),
        (name = "logs", description = "What Spaces print"),
        (name = "operations", description = "Actions, followed until the Space has settled"),
        (name = "jobs", description = "What is done by itself, and each time it was"),
        (name = "keep-alive", description = "Which Spaces are kept from falling asleep"),
        (name = "auto-heal", description = "Which Spaces are mended when they fail"),
        (name = "events", description = "What changes"),
        (name = "activity", description = "Who or what did which thing"),
        (name = "views", description = "Views of the list of Spaces, by name"),
        (name = "mutes", description = "Who is quiet for a while"),
        (name = "settings", description = "What a person chose"),
        (name = "system", description = "How the program is"),
    )
)]
struct Document;

/// The list of operations, which is the router and the document at the same time.
fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(accounts::list, accounts::add))
        .routes(routes!(accounts::importable))
        .routes(routes!(accounts::import))
        .routes(routes!(accounts::preview))
        .routes(routes!(accounts::get, accounts::remove))
        .routes(routes!(accounts::replace_token))
        .routes(routes!(accounts::check))
        .routes(routes!(spaces::list))
        .routes(routes!(spaces::refresh))
        .routes(routes!(spaces::get))
        .routes(routes!(spaces::stage_changes))
        .routes(routes!(spaces::recent_stage_changes))
        .routes(routes!(spaces::set_labels))
        .routes(routes!(actions::restart))
        .routes(routes!(actions::rebuild))
        .routes(routes!(actions::pause))
        .routes(routes!(jobs::wake, jobs::wake_times))
        .routes(routes!(jobs::risks))
        .routes(routes!(actions::set_hardware))
        .routes(routes!(actions::set_sleep_time))
        .routes(routes!(actions::set_dev_mode))
        .routes(routes!(variables::list_variables))
        .routes(routes!(variables::set_variable, variables::remove_variable))
        .routes(routes!(variables::list_secrets))
        .routes(routes!(variables::set_secret, variables::remove_secret))
        .routes(routes!(telemetry::metrics))
        .routes(routes!(telemetry::metrics_history))
        .routes(routes!(telemetry::log))
        .routes(routes!(telemetry::stream_log))
        .routes(routes!(telemetry::stream_logs))
        .routes(routes!(event_stream::stream))
        .routes(routes!(event_stream::watch))
        .routes(routes!(records::list_operations))
        .routes(routes!(records::get_operation))
        .routes(routes!(records::cancel_operation))
        .routes(routes!(jobs::list, jobs::create))
        .routes(routes!(jobs::preview))
        .routes(routes!(jobs::export))
        .routes(routes!(jobs::import))
        .routes(routes!(jobs::get, jobs::change, jobs::remove))
        .routes(routes!(jobs::run_now))
        .routes(routes!(jobs::pause))
        .routes(routes!(jobs::resume))
        .routes(routes!(jobs::duplicate))
        .routes(routes!(keep_alive::get_all, keep_alive::set_all))
        .routes(routes!(keep_alive::list_states))
        .routes(routes!(keep_alive::get, keep_alive::set))
        .routes(routes!(heal::list, heal::choose))
        .routes(routes!(heal::list_states))
        .routes(routes!(heal::get, heal::set))
        .routes(routes!(heal::reset))
        .routes(routes!(jobs::list_runs))
        .routes(routes!(jobs::get_run))
        .routes(routes!(records::list_activity))
        .routes(routes!(records::list_hardware))
        .routes(routes!(views::list, views::set))
        .routes(routes!(mutes::list, mutes::mute, mutes::unmute))
        .routes(routes!(records::get_settings, records::set_settings))
        .routes(routes!(system::version))
        .routes(routes!(system::health))
        .routes(routes!(system::tasks))
        .routes(routes!(system::budget))
}

/// The API, ready to serve on a listener or to call in process. Each request needs a [`Caller`]
/// among its extensions.
pub fn router(fleet: Fleet) -> Router {
    routes()
        .split_for_parts()
        .0
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(ApiState::new(fleet))
}

/// The OpenAPI document of [`router`].
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}

async fn method_not_allowed() -> Response {
    use axum::response::IntoResponse;
    Problem::new(ErrorCode::MethodNotAllowed, "this address does not take this method")
        .into_response()
}
