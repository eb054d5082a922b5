//! How large a request may be, and how long it may take to arrive. Answers, streams among them, are
//! not limited.

use std::time::Duration;

use axum::{
    body::{Body, HttpBody, to_bytes},
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use hfsm_api::{ErrorCode, Problem};
use http::StatusCode;

use crate::problem::{invalid_request, invalid_with};

/// The largest body: a thousand Space ids need a tenth of it.
pub(crate) const LARGEST_BODY: usize = 1024 * 1024;

/// The largest file of jobs: ten thousand need a good third of it.
const LARGEST_IMPORT: usize = 8 * 1024 * 1024;
const IMPORT: &str = "/api/v1/jobs/import";

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Reads the whole body before anything else happens, within size and time.
pub(crate) async fn read_body(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let most = if parts.uri.path() == IMPORT { LARGEST_IMPORT } else { LARGEST_BODY };
    if body.size_hint().lower() > most as u64 {
        return too_large(most).into_response();
    }
    match tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, most)).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(error)) if is_too_large(&error) => too_large(most).into_response(),
        Ok(Err(_)) => invalid_request("the body ended too early").into_response(),
        Err(_) => invalid_with(
            StatusCode::REQUEST_TIMEOUT,
            format!("the body did not arrive within {} s", BODY_TIMEOUT.as_secs()),
        )
        .into_response(),
    }
}

fn too_large(most: usize) -> Problem {
    Problem::new(ErrorCode::BodyTooLarge, format!("a body may have at most {most} bytes"))
}

fn is_too_large(error: &axum::Error) -> bool {
    std::error::Error::source(error)
        .is_some_and(|source| source.is::<http_body_util::LengthLimitError>())
}
