//! What every request passes: troubles, identity, rate limits, and the headers of every answer.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use http::header::{CONTENT_TYPE, DATE, HOST, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use tower::ServiceExt as _;

use crate::access::Caller;
use crate::answer::{self, Refusal};
use crate::dice;
use crate::distort;
use crate::faults::{Asked, Fault};
use crate::hub::{self, Hub};
use crate::limits::{Bucket, Standing};
use crate::route::RouteKind;

const EXPOSED: &str = "X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag,X-Xet-Hash";

/// The faults that struck a request, for the stream that may answer it.
#[derive(Debug, Clone)]
pub(crate) struct Struck(pub(crate) Arc<[Fault]>);

/// The front and what is behind it.
#[derive(Debug, Clone)]
pub(crate) struct Front {
    pub(crate) hub: Arc<Hub>,
    pub(crate) inner: Router,
    pub(crate) control: Router,
}

/// Answers a request as the Hub would, or as the switched-on faults demand.
pub(crate) async fn answer(State(front): State<Front>, mut request: Request) -> Response {
    if request.uri().path().starts_with("/_sim") {
        return front.control.oneshot(request).await.into_response();
    }
    lead_to_app(&mut request);
    let hub = &front.hub;
    let (kind, space) = RouteKind::of(request.method(), request.uri().path());
    let token = hub::bearer(request.headers()).map(str::to_owned);
    hub.stats.asked(kind, token.as_deref().unwrap_or("anonymous"));
    let asked = Asked { kind, space: space.as_deref(), token: token.as_deref() };
    let faults: Arc<[Fault]> = hub.faults.strike(&asked).into();
    delay(hub, &faults).await;

    let trace = request.headers().get("x-amzn-trace-id").cloned();
    let mut response = match broken(&faults) {
        Some(response) => response,
        None => serve(&front, request, kind, &faults).await,
    };
    if !faults.is_empty() {
        response = distort::distort(response, kind, &faults).await;
    }
    dress(hub, response.headers_mut(), trace.as_ref(), &faults);
    hub.stats.answered(response.status().as_u16());
    response
}

/// Turns the address of an app (`{subdomain}.hf.space`) into the path under which it is served here.
fn lead_to_app(request: &mut Request) {
    let authority = request.uri().authority().map(|authority| authority.host().to_owned());
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
    let Some(host) = authority.or(host) else { return };
    let host = host.split(':').next().unwrap_or_default();
    let label = host.strip_suffix(".hf.space").or_else(|| host.strip_suffix(".localhost"));
    let Some(label) = label.filter(|label| *label != "api") else { return };
    let subdomain = label.strip_suffix(".static").unwrap_or(label);
    let rest = request.uri().path_and_query().map_or("/", |path| path.as_str());
    if let Ok(uri) = format!("/app/{subdomain}{rest}").parse::<Uri>() {
        *request.uri_mut() = uri;
    }
}

async fn delay(hub: &Hub, faults: &[Fault]) {
    for fault in faults {
        if let Fault::Latency { ms, jitter_ms } = fault {
            let chance = dice::unit(dice::mix(hub.number()));
            let extra = (*jitter_ms as f64 * chance) as u64;
            tokio::time::sleep(Duration::from_millis(ms + extra)).await;
        }
    }
}

/// The answer of a fault that takes the place of the Hub's own.
fn broken(faults: &[Fault]) -> Option<Response> {
    faults.iter().find_map(|fault| match fault {
        Fault::Html { status } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            let reason = status.canonical_reason().unwrap_or("Something went wrong");
            Some(Refusal::page(status, reason).into_response())
        }
        Fault::Error { status, error } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Some(Refusal::new(status, error).into_response())
        }
        Fault::RateLimited { remaining, retry_after } => {
            Some(limited_by_fault(*remaining, *retry_after))
        }
        Fault::NotJson => Some(answer::text_answer(
            StatusCode::OK,
            "application/json; charset=utf-8",
            "<!DOCTYPE html><p>not what you asked for".to_owned(),
        )),
        _ => None,
    })
}

fn limited_by_fault(remaining: u32, retry_after: Option<u64>) -> Response {
    let reset_seconds = retry_after.unwrap_or(60);
    let standing =
        Standing { allowed: false, quota: 1_000, remaining, reset_seconds, window_seconds: 300 };
    let mut response =
        Refusal::new(StatusCode::TOO_MANY_REQUESTS, &too_many(1_000)).into_response();
    announce(response.headers_mut(), &standing, Bucket::Api);
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn too_many(quota: u32) -> String {
    format!(
        "We had to rate limit you, you hit the quota of {quota} api requests per 5 minutes period. Upgrade to a PRO user or Team/Enterprise organization account (https://hf.co/pricing) to get higher limits."
    )
}

/// Identity, limits, and the route itself.
async fn serve(
    front: &Front,
    mut request: Request,
    kind: RouteKind,
    faults: &Arc<[Fault]>,
) -> Response {
    let hub = &front.hub;
    request.extensions_mut().insert(Struck(Arc::clone(faults)));
    if kind == RouteKind::App {
        return front.inner.clone().oneshot(request).await.into_response();
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let caller = hub.caller(request.headers(), peer);
    let path = request.uri().path();
    let bucket = Bucket::of(path);
    let anonymous = || Caller::Anonymous(peer.unwrap_or(IpAddr::from([127, 0, 0, 1])));
    let standing = bucket.map(|bucket| match &caller {
        Ok(caller) => hub.take(caller, bucket),
        Err(_) => hub.take(&anonymous(), bucket),
    });
    let mut response = match (caller, &standing) {
        (caller, Some(standing)) if !standing.allowed => {
            refuse_for_limit(caller.as_ref().ok(), standing)
        }
        (Err(refusal), _) if !path.starts_with("/oauth") => refusal.into_response(),
        (caller, _) => {
            request.extensions_mut().insert(caller.unwrap_or_else(|_| anonymous()));
            front.inner.clone().oneshot(request).await.into_response()
        }
    };
    if let (Some(standing), Some(bucket)) = (standing, bucket) {
        announce(response.headers_mut(), &standing, bucket);
    }
    response
}

fn refuse_for_limit(caller: Option<&Caller>, standing: &Standing) -> Response {
    let text = match caller {
        Some(Caller::Token(_) | Caller::Pass { .. }) => too_many(standing.quota),
        Some(Caller::Anonymous(address)) => format!(
            "We had to rate limit your IP ({address}). To continue using our service, create a HF account or login to your existing account, and make sure you pass a HF_TOKEN if you're using the API."
        ),
        None => too_many(standing.quota),
    };
    let mut response = Refusal::new(StatusCode::TOO_MANY_REQUESTS, &text).into_response();
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(standing.reset_seconds));
    response
}

fn announce(headers: &mut HeaderMap, standing: &Standing, bucket: Bucket) {
    // An answer that already says how it stands (one of the finer limits) is left as it is.
    if headers.contains_key("ratelimit") {
        return;
    }
    let (limit, policy) = standing.headers(bucket);
    headers.insert(HeaderName::from_static("ratelimit"), limit);
    headers.insert(HeaderName::from_static("ratelimit-policy"), policy);
}

/// The headers of every answer.
fn dress(hub: &Hub, headers: &mut HeaderMap, trace: Option<&HeaderValue>, faults: &[Fault]) {
    let from_front = headers.get(CONTENT_TYPE).is_some_and(|kind| kind == answer::HTML);
    let number = dice::mix(hub.number());
    if from_front || headers.contains_key("x-proxied-host") {
        set(headers, "x-amz-cf-id", &format!("{number:016x}"));
    } else {
        let seconds = hub.clock.now().timestamp() as u32;
        let mut id = format!("Root=1-{seconds:08x}-{number:016x}{:08x}", dice::mix(number) as u32);
        if let Some(trace) = trace.and_then(|trace| trace.to_str().ok()) {
            id = format!("{id};{trace}");
        }
        set(headers, "x-request-id", &id);
        set(headers, "x-powered-by", "huggingface-moon");
        set(headers, "access-control-expose-headers", EXPOSED);
    }
    let mut date = hub.clock.now();
    for fault in faults {
        match fault {
            Fault::DateSkew { seconds } => date += TimeDelta::seconds(*seconds),
            Fault::Warning { text } => set(headers, "x-hf-warning", text),
            _ => {}
        }
    }
    set(headers, DATE.as_str(), &date.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
