//! Spaces: acting on them.

use axum::{extract::State, http::HeaderMap, response::Response};
use hfsm_model::{Action, Flavor, Operation, SleepTime, SpaceId};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    Caller, Problem,
    extract::{Body, SpacePath, Trusted},
    state::ApiState,
};

/// The hardware to run on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HardwareRequest {
    /// One of the flavors that `GET /api/v1/hardware` lists.
    flavor: Flavor,
    /// The sleep time to go with it, in seconds; `null` is never. The Hub decides when it is absent.
    #[serde(default, deserialize_with = "SleepTime::given")]
    #[schema(value_type = Option<u64>)]
    sleep_time: Option<SleepTime>,
}

/// When to fall asleep.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SleepTimeRequest {
    /// Seconds of idleness, 300 to 31536000; `null` is never.
    sleep_time: SleepTime,
}

/// Whether to keep the container for editing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DevModeRequest {
    /// On or off.
    enabled: bool,
}

async fn act(
    state: &ApiState,
    caller: &Caller,
    headers: &HeaderMap,
    id: SpaceId,
    action: Action,
) -> Result<Response, Problem> {
    let actor = caller.actor();
    let request = (id.clone(), action.clone());
    state
        .act_once(
            caller,
            headers,
            &request,
            |fleet| async move { fleet.act(&id, action, actor).await },
        )
        .await
}

macro_rules! action {
    ($(#[$doc:meta])* $name:ident, $verb:ident, $path:literal, $operation:literal, $action:expr $(, $body:ident: $request:ty)?) => {
        $(#[$doc])*
        #[utoipa::path($verb, path = $path, tag = "spaces", operation_id = $operation,
            params(("owner" = String, Path), ("name" = String, Path),
                   ("Idempotency-Key" = Option<String>, Header, description = "A request with a key that was taken before is answered as then, and not done again")),
            $(request_body = $request,)?
            responses((status = ACCEPTED, description = "The Hub took it; follow the operation at `Location`", body = Operation),
                      (status = FORBIDDEN, description = "No token here may", body = Problem, content_type = "application/problem+json"),
                      (status = NOT_FOUND, description = "No account here sees the Space", body = Problem, content_type = "application/problem+json"),
                      (status = CONFLICT, description = "The Hub refuses: a static Space, a quota", body = Problem, content_type = "application/problem+json"),
                      (status = TOO_MANY_REQUESTS, description = "The Hub asks to wait", body = Problem, content_type = "application/problem+json"),
                      (status = BAD_GATEWAY, description = "The Hub cannot be reached", body = Problem, content_type = "application/problem+json")))]
        pub(crate) async fn $name(
            Trusted(caller): Trusted,
            SpacePath(id): SpacePath,
            State(state): State<ApiState>,
            headers: HeaderMap,
            $(Body($body): Body<$request>,)?
        ) -> Result<Response, Problem> {
            act(&state, &caller, &headers, id, $action).await
        }
    };
}

action!(
    /// Restart a Space.
    restart, post, "/api/v1/spaces/{owner}/{name}/restart", "restart_space", Action::Restart
);
action!(
    /// Rebuild a Space without caches, then start it.
    rebuild, post, "/api/v1/spaces/{owner}/{name}/rebuild", "rebuild_space", Action::FactoryRebuild
);
action!(
    /// Pause a Space until somebody restarts it.
    pause, post, "/api/v1/spaces/{owner}/{name}/pause", "pause_space", Action::Pause
);
action!(
    /// Run a Space on other hardware.
    set_hardware, put, "/api/v1/spaces/{owner}/{name}/hardware", "set_hardware",
    Action::SetHardware { flavor: request.flavor, sleep_time: request.sleep_time }, request: HardwareRequest
);
action!(
    /// Let a Space sleep after so much idleness.
    set_sleep_time, put, "/api/v1/spaces/{owner}/{name}/sleep-time", "set_sleep_time",
    Action::SetSleepTime { sleep_time: request.sleep_time }, request: SleepTimeRequest
);
action!(
    /// Keep a Space's container for editing, or no longer.
    set_dev_mode, put, "/api/v1/spaces/{owner}/{name}/dev-mode", "set_dev_mode",
    Action::SetDevMode { enabled: request.enabled }, request: DevModeRequest
);
