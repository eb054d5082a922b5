//! The addresses of the apps: what a visitor gets depends on the stage.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{LINK, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;

use crate::access::{Access, Caller};
use crate::answer::{self, HTML, PLAIN, Refusal, SPACE_IN_ERROR, page_html, text_answer};
use crate::ask;
use crate::dice;
use crate::hub::{self, Hub};
use crate::settings::PausedAnswer;
use crate::space::{At, Space};
use crate::spec::Visibility;
use crate::stage;
use crate::state::State as World;

/// The address of an app on the Hub.
pub(crate) fn address(subdomain: &str) -> String {
    format!("https://{subdomain}.hf.space")
}

/// A visit of `/app/{subdomain}/…`, with whatever method.
pub(crate) async fn visit(
    State(hub): State<Arc<Hub>>,
    Path((subdomain, path)): Path<(String, String)>,
    request: Request,
) -> Response {
    let visitor = visitor(&hub, request.headers(), request.uri().query().unwrap_or_default());
    hub.visit(|state, at| {
        let found = state.position_of_app(&subdomain);
        let Some(index) = found.filter(|&index| enters(state, &visitor, index)) else {
            return Refusal::page(
                StatusCode::NOT_FOUND,
                "Sorry, we can't find the page you are looking for.",
            )
            .into_response();
        };
        let mut response = serve(state, index, at, &format!("/{path}"), &request);
        let canonical = format!(
            "<https://huggingface.co/spaces/{}>;rel=\"canonical\"",
            state.spaces[index].id()
        );
        if let Ok(link) = HeaderValue::try_from(canonical) {
            response.headers_mut().insert(LINK, link);
        }
        response
    })
}

/// A visit of an app's root without a final slash.
pub(crate) async fn visit_root(
    hub: State<Arc<Hub>>,
    Path(subdomain): Path<String>,
    request: Request,
) -> Response {
    visit(hub, Path((subdomain, String::new())), request).await
}

/// Who visits: by bearer token, by the header that the app never sees, or by a pass in the query.
fn visitor(hub: &Hub, headers: &HeaderMap, query: &str) -> Option<Caller> {
    let other = headers.get("x-hf-authorization").and_then(|value| value.to_str().ok());
    let other = other.and_then(|value| value.strip_prefix("Bearer "));
    let signed =
        ask::query(query).into_iter().find(|(key, _)| key == "__sign").map(|(_, value)| value);
    let token = other.or_else(|| hub::bearer(headers)).map(str::to_owned).or(signed)?;
    hub.caller_of(&token).ok()
}

fn enters(state: &World, visitor: &Option<Caller>, index: usize) -> bool {
    let space = &state.spaces[index];
    if space.card.visibility != Visibility::Private {
        return true;
    }
    let access = visitor.as_ref().map(|visitor| visitor.access(&state.people, space));
    matches!(access, Some(Ok(Access::See | Access::Manage)))
}

fn serve(state: &mut World, index: usize, at: At<'_>, path: &str, request: &Request) -> Response {
    let slot = state.slot(index);
    let space = &mut state.spaces[index];
    space.visits += 1;
    space.last_visit = at.instant;
    if space.is_static() {
        return text_answer(StatusCode::OK, HTML, home(space));
    }
    match space.stage.as_str() {
        current if stage::serves(current) => app(space, path, request),
        stage::SLEEPING | stage::STOPPED => {
            space.wake(at, slot);
            state.replan();
            preparing()
        }
        stage::APP_STARTING => preparing(),
        stage::BUILDING => {
            let text = format!("{} is currently building", space.id());
            text_answer(StatusCode::OK, HTML, page_html(StatusCode::OK, &text))
        }
        stage::PAUSED if at.settings.paused_answer == PausedAnswer::Page => {
            let text = "This Space has been paused by its owner.";
            text_answer(StatusCode::OK, HTML, page_html(StatusCode::OK, text))
        }
        _ => text_answer(StatusCode::SERVICE_UNAVAILABLE, PLAIN, SPACE_IN_ERROR.to_owned()),
    }
}

fn preparing() -> Response {
    let page = "<!DOCTYPE html>\n<html><head><title>Preparing Space</title><meta http-equiv=\"refresh\" content=\"10\"></head>\n\
                <body><h1>Preparing Space</h1><p>It will be ready in a moment.</p></body></html>\n";
    text_answer(StatusCode::OK, HTML, page.to_owned())
}

/// The app itself: a page, a health check, an echo of the headers that reach it, and 404s.
fn app(space: &mut Space, path: &str, request: &Request) -> Response {
    let route = path.split('?').next().unwrap_or("/");
    let mut response = match route {
        "/" => text_answer(StatusCode::OK, HTML, home(space)),
        "/health" | "/healthz" => answer::ok(&json!({ "status": "ok" })),
        "/headers" => answer::ok(&seen_by_app(request.headers())),
        "/cookie" => {
            let mut response = answer::ok(&json!({}));
            response.headers_mut().insert(SET_COOKIE, HeaderValue::from_static("seen=1; Path=/"));
            response
        }
        _ => answer::json_answer(StatusCode::NOT_FOUND, &json!({ "detail": "Not Found" })),
    };
    if request.method() == http::Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    let replica = space.replicas.get(space.visits as usize % space.replicas.len().max(1));
    let replica = replica.map_or("00000", |replica| replica.name.as_str());
    let host = dice::hash(1, replica);
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    };
    set("x-proxied-host", format!("http://10.112.{}.{}", host % 256, (host >> 8) % 256));
    set("x-proxied-replica", format!("{}-{replica}", space.container));
    set("x-proxied-path", route.to_owned());
    set("x-request-id", space.dice.pod(6));
    set("access-control-expose-headers", "*".to_owned());
    set("vary", "origin, access-control-request-method, access-control-request-headers".to_owned());
    response
}

fn home(space: &Space) -> String {
    let title = answer::escape(space.card.title.as_deref().unwrap_or(&space.name));
    format!(
        "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body style=\"font-family:system-ui;display:grid;place-items:center;height:90vh\">\
         <main><h1>{} {title}</h1><p>A simulated app of {}.</p></main></body></html>\n",
        answer::escape(&space.card.emoji),
        answer::escape(&space.id()),
    )
}

fn seen_by_app(headers: &HeaderMap) -> serde_json::Value {
    let seen = headers.iter().filter(|(name, _)| name.as_str() != "x-hf-authorization");
    seen.map(|(name, value)| (name.to_string(), json!(String::from_utf8_lossy(value.as_bytes()))))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
