//! The interface: the files of `ui/dist`, inside the program in release builds.

use std::borrow::Cow;

use axum::response::{Html, IntoResponse, Response};
use hfsm_api::{ErrorCode, Problem};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::headers::content_security_policy;

#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Interface;

/// Files below this folder have a hash of their content in their name.
const IMMUTABLE: &str = "_app/immutable/";

/// Returns whether the interface is inside the program (or, in debug builds, beside it).
pub fn has_interface() -> bool {
    Interface::get("index.html").is_some()
}

/// Answers a path that is none of the API's: a file, or the page that finds its way by itself.
pub(crate) fn answer(method: &Method, path: &str, headers: &HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return Problem::new(ErrorCode::MethodNotAllowed, "only GET and HEAD are answered here")
            .into_response();
    }
    let path = path.trim_start_matches('/');
    if !path.is_empty()
        && let Some(file) = Interface::get(path)
    {
        return send(path, file, headers);
    }
    // A page of an older build asks for its own scripts: another page in their place would break it
    // without a word.
    if path.starts_with("_app/") {
        return (StatusCode::NOT_FOUND, "not found").into_response();
    }
    match Interface::get("index.html") {
        Some(page) => send("index.html", page, headers),
        None => Html(include_str!("../assets/no-interface.html")).into_response(),
    }
}

fn send(path: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = format!("W/\"{}\"", hex::encode(&file.metadata.sha256_hash()[..12]));
    let cache = if path.starts_with(IMMUTABLE) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|known| known.split(',').any(|known| known.trim() == tag));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = content_type(path, &file);
        let policy = kind
            .starts_with("text/html")
            .then(|| content_security_policy(&String::from_utf8_lossy(&file.data)));
        let mut response = match file.data {
            Cow::Borrowed(data) => data.into_response(),
            Cow::Owned(data) => data.into_response(),
        };
        if let Ok(kind) = HeaderValue::try_from(kind) {
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        if let Some(policy) = policy {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn content_type(path: &str, file: &EmbeddedFile) -> String {
    if path.ends_with(".webmanifest") {
        return "application/manifest+json".to_owned();
    }
    let kind = file.metadata.mimetype();
    if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind.to_owned() }
}
