//! A stream lasts no longer than the session that opened it.

use std::time::Duration;

use axum::{body::Body, response::Response};
use futures::StreamExt as _;
use http::header::CONTENT_TYPE;
use tokio::sync::oneshot;

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
    let (mut open, ended) = oneshot::channel::<()>();
    let supervisor = sign_in.supervisor().clone();
    // Beside the stream: one that nobody reads is not looked at, and must not keep what it asked the store.
    supervisor.spawn("session of a stream", async move {
        tokio::select! {
            () = wait_for_end(&sign_in, &token) => {}
            () = open.closed() => {}
        }
    });
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::{FutureExt as _, stream};
    use hfsm_core::{Fleet, Store};
    use hfsm_hub::{Hub, HubConfig};
    use hfsm_model::Clock;

    use super::*;
    use crate::{config::ConfiguredPassword, sign_in::SignInConfig};

    #[tokio::test]
    async fn a_stream_that_nobody_reads_keeps_nothing_of_the_store() {
        let nowhere: url::Url = "http://127.0.0.1:9".parse().unwrap();
        let hub =
            HubConfig::new(nowhere.clone(), nowhere, "http://{subdomain}.localhost:9/".to_owned());
        let clock = Clock::system();
        // A store in memory has one connection for all.
        let store = Store::in_memory().await.unwrap();
        let fleet =
            Fleet::builder(clock, Hub::new(hub, clock).unwrap(), store).build().await.unwrap();
        let config = SignInConfig {
            user: "admin".to_owned(),
            password: ConfiguredPassword::None,
            api_key: None,
            public_view: hfsm_api::PublicView::Nothing,
        };
        let sign_in = SignIn::open(config, fleet.clone()).await.unwrap();
        let response = Response::builder()
            .header(CONTENT_TYPE, "text/event-stream")
            .body(Body::from_stream(stream::pending::<Result<String, Infallible>>()))
            .unwrap();
        let response = end_with_session(response, sign_in, "of nobody".to_owned());
        let mut events = response.into_body().into_data_stream();
        assert!(events.next().now_or_never().is_none());
        let asked = fleet.store().setting::<bool>("any");
        let answer = tokio::time::timeout(Duration::from_secs(20), asked).await;
        assert_eq!(answer.expect("the store answers").unwrap(), None);
        assert!(events.next().await.is_none(), "there is no such session");
    }
}
