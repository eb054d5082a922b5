//! JSON bodies, with an answer in JSON when they are none.

use axum::{body::to_bytes, extract::Request};
use hfsm_api::{ErrorCode, Problem};
use http::header;
use serde::de::DeserializeOwned;

use crate::{limits::LARGEST_BODY, problem::invalid_request};

/// Reads a JSON body.
///
/// The content type must say so: a form of another site can send other types without asking first.
pub(crate) async fn read_json<T: DeserializeOwned>(request: Request) -> Result<T, Problem> {
    let is_json = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    if !is_json {
        return Err(Problem::new(
            ErrorCode::UnsupportedMediaType,
            "send the body as application/json",
        ));
    }
    let bytes = to_bytes(request.into_body(), LARGEST_BODY)
        .await
        .map_err(|_| invalid_request("the body could not be read"))?;
    // serde's message names fields and places; the body's own text is not repeated.
    serde_json::from_slice(&bytes).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Data => "does not have the wanted fields",
            _ => "is not JSON",
        };
        invalid_request(format!(
            "the body {what} (line {}, column {})",
            error.line(),
            error.column()
        ))
    })
}
