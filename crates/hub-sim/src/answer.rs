//! Answers in the Hub's words: JSON, refusals, pages.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::dice;

const ERROR_CODE: HeaderName = HeaderName::from_static("x-error-code");
const ERROR_MESSAGE: HeaderName = HeaderName::from_static("x-error-message");

/// The type of a page.
pub(crate) const HTML: &str = "text/html; charset=utf-8";
/// The type of a plain text.
pub(crate) const PLAIN: &str = "text/plain; charset=utf-8";

/// What the address of the app says about a broken Space.
pub(crate) const SPACE_IN_ERROR: &str = "Your space is in error, check its status on hf.co";

/// What a handler gives.
pub(crate) type Answer = Result<Response, Refusal>;

/// A request that the Hub does not fulfil.
#[derive(Debug)]
pub(crate) struct Refusal(Box<Details>);

#[derive(Debug)]
struct Details {
    status: StatusCode,
    body: Body,
    code: Option<&'static str>,
    message: Option<String>,
    location: Option<String>,
}

#[derive(Debug)]
enum Body {
    Json(Value),
    Plain(String),
    Html(String),
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, error: &str) -> Self {
        Self::with(status, Body::Json(json!({ "error": error })))
    }

    /// Nobody is signed in, or an OAuth token is not taken for this.
    pub(crate) fn sign_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Invalid username or password.")
    }

    /// The token is unknown, expired or revoked.
    pub(crate) fn bad_token() -> Self {
        Self::loud(StatusCode::UNAUTHORIZED, "Invalid credentials in Authorization header")
    }

    pub(crate) fn repo_not_found() -> Self {
        Self::coded(StatusCode::NOT_FOUND, "RepoNotFound", "Repository not found")
    }

    /// An error that the Hub names in a header.
    pub(crate) fn coded(status: StatusCode, code: &'static str, error: &str) -> Self {
        let mut refusal = Self::loud(status, error);
        refusal.0.code = Some(code);
        refusal
    }

    pub(crate) fn forbidden(error: &str) -> Self {
        Self::loud(StatusCode::FORBIDDEN, error)
    }

    pub(crate) fn bad_request(error: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    pub(crate) fn conflict(error: &str, url: &str) -> Self {
        Self::with(StatusCode::CONFLICT, Body::Json(json!({ "error": error, "url": url })))
    }

    /// There is no stream: nothing runs that could report.
    pub(crate) fn stale() -> Self {
        Self::with(StatusCode::NOT_ACCEPTABLE, Body::Plain("Space is stale".to_owned()))
    }

    /// The Space is called differently now.
    pub(crate) fn moved(to: String) -> Self {
        let text = format!("Temporary Redirect. Redirecting to {to}");
        let mut refusal = Self::with(StatusCode::TEMPORARY_REDIRECT, Body::Plain(text));
        refusal.0.location = Some(to);
        refusal
    }

    /// A page of the Hub's front.
    pub(crate) fn page(status: StatusCode, text: &str) -> Self {
        Self::with(status, Body::Html(page_html(status, text)))
    }

    /// A refusal of the OAuth routes: their `error` is a code.
    pub(crate) fn oauth(error: &str, description: &str) -> Self {
        let body = json!({ "error": error, "error_description": description });
        Self::with(StatusCode::BAD_REQUEST, Body::Json(body))
    }

    /// The text is in a header too.
    fn loud(status: StatusCode, error: &str) -> Self {
        let mut refusal = Self::new(status, error);
        refusal.0.message = Some(error.to_owned());
        refusal
    }

    fn with(status: StatusCode, body: Body) -> Self {
        Self(Box::new(Details { status, body, code: None, message: None, location: None }))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Details { status, body, code, message, location } = *self.0;
        let mut response = match body {
            Body::Json(value) => json_answer(status, &value),
            Body::Plain(text) => text_answer(status, PLAIN, text),
            Body::Html(text) => text_answer(status, HTML, text),
        };
        let texts =
            [(ERROR_CODE, code.map(str::to_owned)), (ERROR_MESSAGE, message), (LOCATION, location)];
        for (name, text) in texts {
            if let Some(value) = text.and_then(|text| HeaderValue::try_from(text).ok()) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// 200 with `value`.
pub(crate) fn ok(value: &Value) -> Response {
    json_answer(StatusCode::OK, value)
}

pub(crate) fn json_answer(status: StatusCode, value: &Value) -> Response {
    let text = value.to_string();
    let etag = format!("W/\"{:x}-{:016x}\"", text.len(), dice::hash(0, &text));
    let mut response = text_answer(status, "application/json; charset=utf-8", text);
    if let Ok(etag) = HeaderValue::try_from(etag) {
        response.headers_mut().insert(ETAG, etag);
    }
    response
}

pub(crate) fn text_answer(status: StatusCode, kind: &'static str, text: String) -> Response {
    let mut response = Response::new(axum::body::Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// A page as the Hub's front shows it when something is wrong.
pub(crate) fn page_html(status: StatusCode, text: &str) -> String {
    let code = status.as_u16();
    format!(
        "<!DOCTYPE html>\n<html class=\"\">\n<head><title>{code} - Hugging Face</title></head>\n\
         <body><main><h1>{code}</h1>\n<p>{text}</p></main></body>\n</html>\n"
    )
}

/// `text` as it may stand in a page.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Reads a JSON body; no body at all reads as `{}`.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body)
        .map_err(|error| Refusal::bad_request(&format!("Invalid body: {error}")))
}
