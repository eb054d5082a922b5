//! A stream lasts no longer than the session that opened it.

use std::time::Duration;

use axum::{body::Body, response::Response};
use futures::StreamExt as _;
use http::header::CONTENT_TYPE;

use crate::sign_in::SignIn;

/// When to look again where the store could not be asked.
const AGAIN: Duration = Duration::from_secs(30);

/// Ends `response`, if it is a stream of events, when the session of `token` has ended: by signing
/// out, by another password, or by its age. Other answers are over before that matters.
pub(crate) fn end_with_session(response: Response, sign_in: SignIn, token: String) -> Response {
    let is_stream = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    if !is_stream {
        return response;
    }
    let ended = Box::pin(async move { wait_for_end(&sign_in, &token).await });
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(ended)))
}

async fn wait_for_end(sign_in: &SignIn, token: &str) {
    let mut changes = sign_in.session_changes();
    loop {
        let next = match sign_in.session_rest(token).await {
            Ok(Some(rest)) => rest,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, "a session could not be looked up: {error}");
                AGAIN
            }
        };
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(next) => {}
        }
    }
}
