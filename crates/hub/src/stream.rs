//! One stream of server-sent events, from its opening to its end.

use std::{collections::VecDeque, pin::Pin, time::Duration};

use chrono::{DateTime, Utc};
use hfsm_model::SpaceId;
use http::header::{ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_TYPE, DATE};
use reqwest::Response;
use serde_json::Value;
use tokio::time::{Instant, Sleep};
use url::Url;

use crate::{
    Error, Gateway,
    refusal::header,
    send::{Call, Reply, read_body},
    sse::{Decoder, Frame},
    streams::Place,
};

const LARGEST_REFUSAL: usize = 64 << 10;
/// Until a stream has begun on a connection that others use already.
const WHEN_SHARED: Duration = Duration::from_secs(10);

/// An open stream. Its place is free again when it is dropped.
#[derive(Debug)]
pub(crate) struct SseStream {
    response: Response,
    decoder: Decoder,
    frames: VecDeque<Frame>,
    space: SpaceId,
    ended: bool,
    place: Place,
    quiet: Quiet,
}

/// Notices when a stream has been silent for too long. A timer that is set anew with each chunk
/// would cost more than reading the chunk, so this one looks only when it rings how long ago the
/// last was.
#[derive(Debug)]
struct Quiet {
    allowed: Duration,
    heard: Instant,
    alarm: Pin<Box<Sleep>>,
}

impl Quiet {
    fn new(allowed: Duration) -> Self {
        Self { allowed, heard: Instant::now(), alarm: Box::pin(tokio::time::sleep(allowed)) }
    }

    /// Returns when nothing was heard for as long as is allowed.
    async fn too_long(&mut self) {
        loop {
            self.alarm.as_mut().await;
            let until = self.heard + self.allowed;
            if until <= Instant::now() {
                return;
            }
            self.alarm.as_mut().reset(until);
        }
    }
}

impl Gateway {
    /// Opens one stream; waits in line for it as for any request, but not on a seat: streams open
    /// slowly at times. `counted` says whether it is on the Hub itself, whose budget it uses.
    pub(crate) async fn open(
        &self,
        url: Url,
        space: &SpaceId,
        silence: Duration,
        counted: bool,
    ) -> Result<SseStream, Error> {
        const HEADERS: [(http::HeaderName, &str); 3] = [
            (ACCEPT, "text/event-stream"),
            (ACCEPT_ENCODING, "identity"),
            (CACHE_CONTROL, "no-cache"),
        ];
        let hub = &self.account.hub;
        let call = Call { counted, ..Call::get(url, Some(space)) };
        let ticket = if counted { Some(self.enter().await?.stand_up()) } else { None };
        let (place, response) = loop {
            let place = hub.streams().place(&call.url)?;
            let turn = place.turn().await;
            let opening = async {
                let response = self.dispatch(place.client(), &call, None, &HEADERS).await?;
                self.checked(&call, response).await
            };
            let patience = hub.config().request_timeout;
            let patience = if place.is_shared() { patience.min(WHEN_SHARED) } else { patience };
            match tokio::time::timeout(patience, opening).await {
                Ok(Ok(response)) => {
                    turn.opened();
                    break (place, response);
                }
                Ok(Err(error)) => {
                    drop(turn);
                    if matches!(error, Error::Unreachable { .. }) {
                        place.lost();
                    }
                    return Err(error);
                }
                Err(_) => {
                    drop(turn);
                    if !place.stalled() {
                        place.lost();
                        return Err(Error::lost(Some(space), "the stream did not begin in time"));
                    }
                }
            }
        };
        drop(ticket);
        Ok(SseStream {
            response,
            decoder: Decoder::default(),
            frames: VecDeque::new(),
            space: space.clone(),
            ended: false,
            place,
            quiet: Quiet::new(silence),
        })
    }

    /// Turns the head of an answer that is no stream into what it means.
    async fn checked(&self, call: &Call, response: Response) -> Result<Response, Error> {
        let is_html = header(response.headers(), CONTENT_TYPE.as_str())
            .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"));
        if response.status().is_success() && !is_html {
            return Ok(response);
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_body(response, LARGEST_REFUSAL)
            .await
            .map_err(|error| Error::transport(call.space.as_ref(), error))?;
        let reply = Reply { status, headers, body, space: call.space.clone() };
        if status.is_success() {
            return Err(reply.unexpected("it is a page, not a stream"));
        }
        if status != http::StatusCode::TOO_MANY_REQUESTS {
            return Err(self.refused(call, &reply, Duration::ZERO));
        }
        let wait = self.wait_of(&reply);
        Err(self.refused(call, &reply, wait))
    }
}

impl SseStream {
    /// Returns the time of the answer by the Hub's own clock.
    pub(crate) fn answered_at(&self) -> Option<DateTime<Utc>> {
        let date = header(self.response.headers(), DATE.as_str())?;
        DateTime::parse_from_rfc2822(&date).ok().map(|date| date.to_utc())
    }

    /// Waits for the next frame. `None` is the end; after an error there is nothing more.
    pub(crate) async fn next(&mut self) -> Option<Result<Frame, Error>> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Some(Ok(frame));
            }
            if self.ended {
                return None;
            }
            let chunk = tokio::select! {
                biased;
                chunk = self.response.chunk() => Some(chunk),
                () = self.quiet.too_long() => None,
            };
            let error = match chunk {
                Some(Ok(Some(chunk))) => {
                    self.quiet.heard = Instant::now();
                    self.decoder.feed(&chunk, |frame| self.frames.push_back(frame));
                    self.take_unfinished();
                    continue;
                }
                Some(Ok(None)) => {
                    self.ended = true;
                    return None;
                }
                Some(Err(error)) => Error::transport(Some(&self.space), error),
                None => Error::lost(
                    Some(&self.space),
                    format!("the stream was silent for {} s", self.quiet.allowed.as_secs()),
                ),
            };
            self.ended = true;
            self.place.lost();
            return Some(Err(error));
        }
    }

    /// Takes a JSON object for a line of its own, even if nothing follows it: the Hub says
    /// `{"error":"NOT_FOUND"}` so, and then holds the connection open.
    fn take_unfinished(&mut self) {
        const LONGEST: usize = 1000;
        let line = self.decoder.unfinished();
        if line.first() == Some(&b'{')
            && line.len() < LONGEST
            && line.ends_with(b"}")
            && let Ok(text) = std::str::from_utf8(line)
            && serde_json::from_str::<Value>(text).is_ok()
        {
            self.frames.push_back(Frame::Stray(text.to_owned()));
            self.decoder = Decoder::default();
        }
    }
}

/// Reads what an event or a line in the middle of a stream says is wrong.
pub(crate) fn error_in(line: &str) -> Option<String> {
    // Asked of every sample of every Space, so the parser is spared.
    if !line.contains("\"error\"") {
        return None;
    }
    let value: Value = serde_json::from_str(line).ok()?;
    crate::wire::word(&value, "error")
}
