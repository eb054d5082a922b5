//! One request and its answer: waiting in line, sending, redirects, trying again, and what a
//! refusal means.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hfsm_model::SpaceId;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{AUTHORIZATION, CONTENT_LENGTH, LOCATION},
};
use reqwest::{Client, Response};
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

use crate::{
    Backoff, Error, Gateway, Rank, Refusal,
    budget::Told,
    queue::{Ticket, TooLong},
    refusal::{header, refusal_of, request_id, retry_after},
    retry,
};

/// No answer of the Hub is near it.
const LARGEST_ANSWER: usize = 64 << 20;
const MOST_REDIRECTS: usize = 5;
/// Waits that the Hub asks for by 429 are not failures, but have an end too.
const MOST_WAITS: u32 = 5;

/// One request.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) space: Option<SpaceId>,
    /// Whether it uses the Hub's rate budget; the host of live streams has none.
    pub(crate) counted: bool,
    /// May hold the value of a secret; never logged.
    pub(crate) body: Option<Body>,
}

pub(crate) struct Body(Value);

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl Call {
    pub(crate) fn get(url: Url, space: Option<&SpaceId>) -> Self {
        Self { method: Method::GET, url, space: space.cloned(), counted: true, body: None }
    }

    pub(crate) fn act(method: Method, url: Url, space: &SpaceId, body: Option<Value>) -> Self {
        Self { method, url, space: Some(space.clone()), counted: true, body: body.map(Body) }
    }
}

/// A complete answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) space: Option<SpaceId>,
}

impl Reply {
    pub(crate) fn request_id(&self) -> Option<String> {
        request_id(&self.headers)
    }

    pub(crate) fn json(&self) -> Result<Value, Error> {
        serde_json::from_slice(&self.body).map_err(|_| self.unexpected("it is no JSON"))
    }

    /// An answer of success that is not of the form that it should have.
    pub(crate) fn unexpected(&self, reason: &str) -> Error {
        Error::Unexpected {
            reason: reason.to_owned(),
            refusal: Refusal {
                space: self.space.clone(),
                status: Some(self.status.as_u16()),
                message: None,
                request_id: self.request_id(),
            },
        }
    }
}

impl Gateway {
    /// Sends a request until it is answered, as often as its kind allows: a GET after every passing
    /// failure, an action only when it surely never reached the Hub.
    pub(crate) async fn send(&self, call: &Call) -> Result<Reply, Error> {
        let config = self.account.hub.config();
        let attempts =
            if self.rank == Rank::Polling { config.attempts.min(2) } else { config.attempts };
        let mut backoff = Backoff::new(config.retry_delay, config.retry_delay * 16);
        let mut waits = 0;
        loop {
            let ticket = self.enter().await?;
            let result = self.attempt(call, ticket).await;
            let error = match result {
                Ok(reply) if reply.status.is_success() => return Ok(reply),
                Ok(reply) if reply.status == StatusCode::TOO_MANY_REQUESTS => {
                    let (wait, whose) = self.told_to_wait(&reply.headers, &mut backoff);
                    waits += 1;
                    if waits >= MOST_WAITS || wait > config.patience {
                        return Err(self.refused(call, &reply, wait));
                    }
                    match whose {
                        // In the line, where the higher rank goes first.
                        Whose::Account => {}
                        Whose::Route => tokio::time::sleep(wait).await,
                    }
                    continue;
                }
                Ok(reply) => {
                    let error = self.refused(call, &reply, Duration::ZERO);
                    if call.method != Method::GET || !retry::is_retriable(reply.status) {
                        return Err(error);
                    }
                    error
                }
                Err(error @ Error::Unreachable { maybe_sent, .. }) => {
                    if call.method != Method::GET && maybe_sent {
                        return Err(error);
                    }
                    error
                }
                Err(error) => return Err(error),
            };
            let delay = backoff.next_delay();
            if backoff.failures() >= attempts {
                return Err(error);
            }
            tracing::debug!(path = call.url.path(), "asks the Hub again in {delay:?}: {error}");
            tokio::time::sleep(delay).await;
        }
    }

    /// Waits in line.
    pub(crate) async fn enter(&self) -> Result<Ticket, Error> {
        let patience = self.account.hub.config().patience;
        self.account.queue.enter(self.rank, patience).await.map_err(|refusal| match refusal {
            TooLong::HeldBack(retry_after) => Error::HeldBack { retry_after },
            TooLong::Closed(retry_after) => {
                Error::RateLimited { retry_after, refusal: Refusal::default() }
            }
        })
    }

    async fn attempt(&self, call: &Call, ticket: Ticket) -> Result<Reply, Error> {
        let hub = &self.account.hub;
        let timeout = hub.config().request_timeout;
        let space = call.space.as_ref();
        let line = hub.line();
        let answer = async {
            let response = self.dispatch(&line.client, call, Some(timeout), &[]).await?;
            let (status, headers) = (response.status(), response.headers().clone());
            let body = read_body(response, LARGEST_ANSWER)
                .await
                .map_err(|error| Error::transport(space, error))?;
            Ok(Reply { status, headers, body, space: call.space.clone() })
        };
        let reply = tokio::select! {
            reply = answer => reply,
            () = line.cut.cancelled() => Err(Error::lost(space, "the connection was given up")),
        };
        drop(ticket);
        reply
    }

    /// Sends once and follows redirects on the same host with the method, the body and the token.
    /// Returns the head of the answer, whatever its status.
    pub(crate) async fn dispatch(
        &self,
        client: &Client,
        call: &Call,
        timeout: Option<Duration>,
        headers: &[(http::HeaderName, &'static str)],
    ) -> Result<Response, Error> {
        let space = call.space.as_ref();
        let mut url = call.url.clone();
        for hop in 0..=MOST_REDIRECTS {
            let mut request = client.request(call.method.clone(), url.clone());
            if let Some(bearer) = self.bearer()? {
                request = request.header(AUTHORIZATION, bearer);
            }
            match &call.body {
                Some(Body(body)) => request = request.json(body),
                None if call.method == Method::GET => {}
                // Some front servers refuse an action that does not say that it has no body.
                None => request = request.header(CONTENT_LENGTH, "0"),
            }
            if let Some(timeout) = timeout {
                request = request.timeout(timeout);
            }
            for (name, value) in headers {
                request = request.header(name, *value);
            }
            if hop > 0 && call.counted {
                self.account.queue.spend();
            }
            let response = request.send().await.map_err(|error| {
                if call.counted && error.is_connect() {
                    self.account.queue.refund();
                }
                Error::transport(space, error)
            })?;
            if call.counted {
                if let Some(told) = Told::read(response.headers()).filter(|told| told.of_api) {
                    self.learn(told);
                }
                if let Some(warning) = header(response.headers(), "x-hf-warning") {
                    self.account.hub.warn_once(&warning);
                }
            }
            match redirected(&call.method, &url, &response) {
                Redirect::None => return Ok(response),
                Redirect::To(next) => url = next,
                Redirect::Elsewhere(place) => {
                    return Err(Error::Unexpected {
                        reason: format!(
                            "it sends the request on to {place}, which is not followed; check \
                             HF_ENDPOINT"
                        ),
                        refusal: refusal_of(space, response.status(), response.headers(), None),
                    });
                }
            }
        }
        Err(Error::Unexpected {
            reason: "it sends the request round in circles".to_owned(),
            refusal: Refusal { space: space.cloned(), ..Refusal::default() },
        })
    }

    /// Makes the header that says who asks.
    pub(crate) fn bearer(&self) -> Result<Option<HeaderValue>, Error> {
        let Some(token) = &self.account.token else { return Ok(None) };
        let token = token.expose_secret().trim();
        let bearer = HeaderValue::from_str(&format!("Bearer {token}"));
        let mut bearer = bearer
            .ok()
            .filter(|_| token.bytes().all(|byte| byte.is_ascii_graphic()))
            .ok_or_else(|| {
                Error::TokenRefused(Refusal {
                    message: Some("it holds characters that no token has".to_owned()),
                    ..Refusal::default()
                })
            })?;
        bearer.set_sensitive(true);
        Ok(Some(bearer))
    }

    /// Reads how long a 429 asks to wait, and closes the whole account where it is meant.
    fn told_to_wait(&self, headers: &HeaderMap, backoff: &mut Backoff) -> (Duration, Whose) {
        let asked = retry_after(headers, self.account.hub.clock().now());
        match (Told::read(headers), asked) {
            // The window is used up, which the budget has learnt from the same headers.
            (Some(told), _) if told.remaining == 0 => (
                told.resets_in + Duration::from_secs(1),
                if told.of_api { Whose::Account } else { Whose::Route },
            ),
            (Some(_), Some(asked)) => (asked, Whose::Route),
            (Some(_), None) => (backoff.next_delay(), Whose::Route),
            (None, asked) => {
                let wait = asked.unwrap_or_else(|| backoff.next_delay());
                self.account.queue.close(wait);
                (wait, Whose::Account)
            }
        }
    }

    /// Reads how long the 429 of a stream asks to wait; nobody waits for it here.
    pub(crate) fn wait_of(&self, reply: &Reply) -> Duration {
        let config = self.account.hub.config();
        let mut backoff = Backoff::new(config.retry_delay * 2, config.patience);
        self.told_to_wait(&reply.headers, &mut backoff).0
    }
}

/// Whom a 429 is about.
enum Whose {
    Account,
    Route,
}

enum Redirect {
    None,
    To(Url),
    Elsewhere(String),
}

fn redirected(method: &Method, url: &Url, response: &Response) -> Redirect {
    let follows = match response.status().as_u16() {
        307 | 308 => true,
        // They would turn an action into a GET, so only a GET follows them.
        301..=303 => method == Method::GET,
        _ => false,
    };
    let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    let Some(location) = location.filter(|_| follows) else { return Redirect::None };
    match url.join(location) {
        Ok(next) if next.origin() == url.origin() => Redirect::To(next),
        Ok(next) => Redirect::Elsewhere(next.origin().ascii_serialization()),
        Err(_) => Redirect::Elsewhere("an address that cannot be read".to_owned()),
    }
}

/// Reads a body up to `limit` bytes; a longer one is cut, which no JSON survives.
pub(crate) async fn read_body(mut response: Response, limit: usize) -> reqwest::Result<Bytes> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        let room = limit - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == limit {
            break;
        }
    }
    Ok(body.freeze())
}
