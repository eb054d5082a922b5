//! Everything that is answered on the port, in one router.

use std::{
    any::Any,
    net::{IpAddr, SocketAddr},
};

use axum::{
    Extension, Json, Router,
    extract::{OriginalUri, Query, Request, State, rejection::QueryRejection},
    handler::Handler,
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use hfsm_api::{ErrorCode, Problem};
use hfsm_core::Fleet;
use hfsm_hub::Hub;
use serde::Deserialize;
use serde_json::{Value, json};
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};
use utoipa::openapi::OpenApi;

use crate::{
    Error, ServerConfig, access_log, assets,
    caller::{Door, find_caller},
    client::{Client, look_behind_proxies},
    compat::{self, Compat},
    cookies::SessionCookie,
    headers::secure,
    limits::read_body,
    origin::{HEALTH, Hosts, check_origin},
    reference, session_api,
    sign_in::{SignIn, SignInConfig},
};

/// What a site is made of.
pub struct SiteParts {
    /// Everything that is shown and done.
    pub fleet: Fleet,
    /// For requests with tokens that come in a path.
    pub hub: Hub,
    /// The API's router, as the desktop calls it too.
    pub api: Router,
    /// The document of that router.
    pub document: OpenApi,
}

/// Under which addresses a site is reached.
pub(crate) struct Reach {
    pub(crate) bound: SocketAddr,
    /// Further host names.
    pub(crate) hosts: Vec<String>,
    /// Proxies whose `X-Forwarded-*` are believed.
    pub(crate) trusted_proxies: Vec<IpAddr>,
}

/// What is answered on the port.
pub struct Site {
    /// For [`crate::Listener::serve`].
    pub router: Router,
    /// Who may come in.
    pub sign_in: SignIn,
}

impl Site {
    /// Puts the parts together. A password in clear leaves the configuration here.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn new(
        config: ServerConfig,
        bound: SocketAddr,
        parts: SiteParts,
    ) -> Result<Self, Error> {
        let sign_in = SignInConfig {
            user: config.user,
            password: config.password,
            api_key: config.api_key,
            public_view: config.public_view,
        };
        let sign_in = SignIn::open(sign_in, parts.fleet.clone()).await?;
        let reach = Reach { bound, hosts: config.hosts, trusted_proxies: config.trusted_proxies };
        Self::behind(sign_in, reach, parts)
    }

    /// Puts the parts together behind a sign-in that is open already.
    ///
    /// # Errors
    /// When the document cannot be written.
    pub(crate) fn behind(sign_in: SignIn, reach: Reach, parts: SiteParts) -> Result<Self, Error> {
        let SiteParts { fleet, hub, api, document } = parts;
        let Reach { bound, hosts, trusted_proxies } = reach;
        let door = Door { sign_in: sign_in.clone(), cookie: SessionCookie::of_port(bound.port()) };
        let hosts = Hosts::new(bound.ip(), &hosts);
        let (sessions, sessions_document) = session_api::routes().split_for_parts();
        let mut whole = document;
        whole.merge(sessions_document);

        let compat = compat::routes(Compat::new(fleet, hub, door.clone(), api.clone()));
        let routes = Router::new()
            .merge(sessions.with_state(door.clone()))
            .merge(compat)
            .merge(reference::routes(&whole)?)
            .route(HEALTH, get(health))
            .method_not_allowed_fallback(method_not_allowed)
            .merge(api)
            .layer(from_fn(access_log::log));
        let router = routes
            .fallback_service(answer_rest.with_state(door.clone()))
            .layer(from_fn(read_body))
            .layer(from_fn_with_state(door, find_caller))
            .layer(from_fn_with_state(hosts, check_origin))
            .layer(from_fn_with_state(trusted_proxies.into(), look_behind_proxies))
            .layer(CatchPanicLayer::custom(after_panic))
            .layer(from_fn(secure))
            .layer(CompressionLayer::new().gzip(true));
        Ok(Self { router, sign_in })
    }
}

/// Adds this crate's operations to the API's document.
pub fn document(api: OpenApi) -> OpenApi {
    let mut whole = api;
    whole.merge(session_api::routes().into_openapi());
    whole
}

#[derive(Deserialize)]
struct Link {
    code: Option<String>,
}

/// Answers what is no route: by the interface, unless it is the API that was meant.
async fn answer_rest(
    State(door): State<Door>,
    Extension(client): Extension<Client>,
    OriginalUri(uri): OriginalUri,
    link: Result<Query<Link>, QueryRejection>,
    request: Request,
) -> Response {
    let path = uri.path();
    if path == "/api" || path.starts_with("/api/") {
        // The path is not repeated: it may hold a token.
        return Problem::new(
            ErrorCode::NotFound,
            "there is no such path; /api/reference lists those that there are",
        )
        .into_response();
    }
    if path == "/"
        && let Ok(Query(Link { code: Some(code) })) = link
    {
        let agent = session_api::user_agent(request.headers());
        // With a code that does not work the page opens all the same, and asks to sign in.
        if let Ok(session) = door.sign_in.with_code(client.address, &code, agent).await {
            return (door.cookie.begin(&session.token, client), Redirect::to("/")).into_response();
        }
    }
    assets::answer(request.method(), path, request.headers())
}

async fn method_not_allowed() -> Problem {
    Problem::new(ErrorCode::MethodNotAllowed, "this address does not take this method")
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}

// The signature is tower-http's.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over")]
fn after_panic(panic: Box<dyn Any + Send>) -> Response {
    let said = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    tracing::error!(panic = %said, "a request panicked");
    Problem::new(ErrorCode::Internal, "something failed here; the server's log says what")
        .into_response()
}
