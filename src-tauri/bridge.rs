//! The carrier between the page and the API: the page's `fetch` as calls of the router in this
//! process. No socket is opened, and nothing here knows what the API can do.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, Method, Request, Response, Uri},
};
use hfsm_api::Caller;
use http_body_util::BodyExt as _;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

/// One request of the page.
#[derive(Debug, Deserialize)]
pub struct ApiRequest {
    /// The page's own number for it, so that the page can abort it.
    pub id: u32,
    /// The method, in capitals.
    pub method: String,
    /// Path and query.
    pub uri: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body, where there is one: the API speaks JSON.
    pub body: Option<String>,
}

/// What an answer begins with. The body follows in chunks.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct ApiResponseHead {
    /// The HTTP status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
}

/// Why there is no answer. What the API refuses is an answer.
#[derive(Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "code", content = "detail", rename_all = "snake_case")]
pub enum BridgeError {
    /// The page took the request back, or has gone.
    #[error("the request was aborted")]
    Aborted,
    /// It cannot be put into HTTP's words.
    #[error("the request is malformed: {0}")]
    Malformed(String),
    /// The API broke while it answered.
    #[error("the API broke while it answered")]
    Broken,
}

/// A part of an answer's body.
#[derive(Debug, PartialEq, Eq)]
pub enum Chunk {
    /// The next bytes, never none.
    Data(Bytes),
    /// The body is complete.
    End,
    /// The body broke off.
    Failed,
}

/// Takes the chunks to the page, in order.
pub trait ChunkSink: Send + 'static {
    /// Sends one chunk.
    ///
    /// # Errors
    /// [`PageGone`] where nobody will ever read it.
    fn send(&self, chunk: Chunk) -> Result<(), PageGone>;
}

/// Nobody reads the chunks any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageGone;

/// Calls the API for the page. Owns what runs for it.
#[derive(Debug)]
pub struct ApiBridge {
    router: RwLock<Router>,
    in_flight: Arc<Mutex<InFlight>>,
    tasks: TaskTracker,
}

impl ApiBridge {
    /// Makes a carrier to `router`, which sees each request as the desktop's person's own.
    pub fn new(router: Router) -> Self {
        Self { router: RwLock::new(router), in_flight: Arc::default(), tasks: TaskTracker::new() }
    }

    /// Leads to another router from now on, and stops what runs on the one before.
    pub fn lead_to(&self, router: Router) {
        *self.router.write().unwrap_or_else(PoisonError::into_inner) = router;
        self.abort_all();
    }

    /// Runs one request, and returns the head of its answer. The body follows into `sink`.
    ///
    /// # Errors
    /// [`BridgeError`] where there is no answer.
    pub async fn fetch(
        &self,
        request: ApiRequest,
        sink: impl ChunkSink,
    ) -> Result<ApiResponseHead, BridgeError> {
        let entry = Entry::new(&self.in_flight, request.id);
        let aborted = entry.aborted.clone();
        let request = into_http(request)?;
        let (tell, head) = oneshot::channel();
        let router = self.router.read().unwrap_or_else(PoisonError::into_inner).clone();
        self.tasks.spawn(async move {
            let mut answer = Answer { sink, state: State::Waiting };
            tokio::select! {
                () = entry.aborted.cancelled() => answer.state = State::Over,
                () = forward(router, request, tell, &mut answer) => {}
            }
        });
        head.await.map_err(|_| {
            if aborted.is_cancelled() { BridgeError::Aborted } else { BridgeError::Broken }
        })
    }

    /// Stops the page's request of this number, and its stream. One that has ended is none.
    pub fn abort(&self, id: u32) {
        if let Some((_, aborted)) = lock(&self.in_flight).by_id.remove(&id) {
            aborted.cancel();
        }
    }

    /// Stops everything that runs for the page, which is about to be another one.
    pub fn abort_all(&self) {
        for (_, (_, aborted)) in lock(&self.in_flight).by_id.drain() {
            aborted.cancel();
        }
    }

    /// Stops everything, and returns when nothing runs any more.
    pub async fn shutdown(&self) {
        self.abort_all();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

fn into_http(request: ApiRequest) -> Result<Request<Body>, BridgeError> {
    fn malformed(what: impl std::fmt::Display) -> BridgeError {
        BridgeError::Malformed(what.to_string())
    }
    let mut http = Request::new(request.body.map_or_else(Body::empty, Body::from));
    *http.method_mut() = Method::try_from(request.method.as_str()).map_err(malformed)?;
    *http.uri_mut() = Uri::try_from(request.uri).map_err(malformed)?;
    if !http.uri().path().starts_with('/') || http.uri().authority().is_some() {
        return Err(malformed("the address is no path"));
    }
    for (name, value) in request.headers {
        let name = HeaderName::try_from(name).map_err(malformed)?;
        http.headers_mut().append(name, HeaderValue::try_from(value).map_err(malformed)?);
    }
    // Who asks is known by construction: only our own window can reach this.
    http.extensions_mut().insert(Caller::Desktop);
    Ok(http)
}

/// Lets the API answer, tells the head, and sends the body piece by piece.
async fn forward(
    router: Router,
    request: Request<Body>,
    tell: oneshot::Sender<ApiResponseHead>,
    answer: &mut Answer<impl ChunkSink>,
) {
    let Ok(response) = router.oneshot(request).await;
    if tell.send(head(&response)).is_err() {
        return;
    }
    answer.state = State::Sending;
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return answer.close(Chunk::Failed);
        };
        // Trailers have no place in the page's `Response`.
        let Ok(data) = frame.into_data() else { continue };
        if !data.is_empty() && answer.sink.send(Chunk::Data(data)).is_err() {
            answer.state = State::Over;
            return;
        }
    }
    answer.close(Chunk::End);
}

fn head(response: &Response<Body>) -> ApiResponseHead {
    let headers = response.headers().iter().filter_map(|(name, value)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    });
    ApiResponseHead { status: response.status().as_u16(), headers: headers.collect() }
}

/// The way of one answer to the page, which always hears how the body ended.
struct Answer<S: ChunkSink> {
    sink: S,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// The page has not heard of it: it will hear an error.
    Waiting,
    Sending,
    Over,
}

impl<S: ChunkSink> Answer<S> {
    fn close(&mut self, last: Chunk) {
        self.state = State::Over;
        // A page that has gone needs no last word.
        let _ = self.sink.send(last);
    }
}

impl<S: ChunkSink> Drop for Answer<S> {
    fn drop(&mut self) {
        // Only a panic comes here with the body half sent.
        if self.state == State::Sending {
            self.close(Chunk::Failed);
        }
    }
}

/// The requests that run, by the page's number. A page that was loaded anew counts from the start
/// again, so each also has a number that never comes back.
#[derive(Debug, Default)]
struct InFlight {
    by_id: HashMap<u32, (u64, CancellationToken)>,
    begun: u64,
}

/// Keeps a request abortable for as long as it runs.
struct Entry {
    in_flight: Arc<Mutex<InFlight>>,
    id: u32,
    serial: u64,
    aborted: CancellationToken,
}

impl Entry {
    fn new(in_flight: &Arc<Mutex<InFlight>>, id: u32) -> Self {
        let aborted = CancellationToken::new();
        let mut requests = lock(in_flight);
        requests.begun += 1;
        let serial = requests.begun;
        if let Some((_, forgotten)) = requests.by_id.insert(id, (serial, aborted.clone())) {
            forgotten.cancel();
        }
        Self { in_flight: in_flight.clone(), id, serial, aborted }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut requests = lock(&self.in_flight);
        if requests.by_id.get(&self.id).is_some_and(|(serial, _)| *serial == self.serial) {
            requests.by_id.remove(&self.id);
        }
    }
}

fn lock(in_flight: &Mutex<InFlight>) -> MutexGuard<'_, InFlight> {
    in_flight.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
