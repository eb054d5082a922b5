//! A small HTTP client, and the worlds that most tests start from.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hfsm_hub_sim::{Durations, SimHub, World, WorldBuilder};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(20);

/// The conformance world, whose steps take no time.
pub(crate) async fn conformance() -> SimHub {
    start(quick().conformance()).await
}

/// An empty world in which nothing takes long.
pub(crate) fn quick() -> WorldBuilder {
    World::builder()
        .seed(7)
        .durations(Durations::instant())
        .metric_interval(Duration::from_millis(10))
}

pub(crate) async fn start(world: WorldBuilder) -> SimHub {
    SimHub::start(world.build()).await.unwrap()
}

/// Talks to a simulated Hub, with a token or without.
pub(crate) struct Client {
    http: HyperClient<HttpConnector, Full<Bytes>>,
    base: String,
    token: Option<String>,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }
}

impl Client {
    pub(crate) fn anonymous(hub: &SimHub) -> Self {
        let http = HyperClient::builder(TokioExecutor::new()).build_http();
        Self { http, base: hub.endpoint(), token: None }
    }

    pub(crate) fn new(hub: &SimHub, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..Self::anonymous(hub) }
    }

    pub(crate) fn alice(hub: &SimHub) -> Self {
        Self::new(hub, "hf_alice_write")
    }

    /// The same, over HTTP/2 from the first byte.
    pub(crate) fn http2(mut self) -> Self {
        self.http = HyperClient::builder(TokioExecutor::new()).http2_only(true).build_http();
        self
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, &[]).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(Method::GET, path, None, headers).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body), &[]).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body), &[]).await
    }

    pub(crate) async fn delete(&self, path: &str, body: Value) -> Answer {
        self.send(Method::DELETE, path, Some(body), &[]).await
    }

    pub(crate) async fn form(&self, path: &str, form: &'static str) -> Answer {
        let request = self.request(Method::POST, path, &[]).body(Full::from(form)).unwrap();
        whole(self.http.request(request).await.unwrap()).await.unwrap()
    }

    /// Sends a request whose answer may break off.
    pub(crate) async fn try_get(&self, path: &str) -> Result<Answer, String> {
        let request = self.request(Method::GET, path, &[]).body(Full::default()).unwrap();
        let response = self.http.request(request).await.map_err(|error| error.to_string())?;
        whole(response).await
    }

    /// Opens a stream.
    pub(crate) async fn stream(&self, path: &str) -> Stream {
        let request = self.request(Method::GET, path, &[]).body(Full::default()).unwrap();
        let response = self.http.request(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Stream {
            status: parts.status,
            headers: parts.headers,
            body,
            chunks: Vec::new(),
            read: BytesMut::new(),
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = self.request(method, path, headers).body(Full::from(body)).unwrap();
        whole(self.http.request(request).await.unwrap()).await.unwrap()
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> http::request::Builder {
        let url =
            if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let mut request = Request::builder().method(method).uri(url);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request
    }
}

async fn whole(response: http::Response<Incoming>) -> Result<Answer, String> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(|error| format!("{error:?}"))?.to_bytes();
    Ok(Answer { status: parts.status, headers: parts.headers, body })
}

/// An open stream.
pub(crate) struct Stream {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) chunks: Vec<Bytes>,
    body: Incoming,
    read: BytesMut,
}

impl Stream {
    /// The next event, as it is on the wire without its blank line; `None` when the stream ended, an
    /// error when it broke off.
    pub(crate) async fn next(&mut self) -> Result<Option<String>, String> {
        loop {
            if let Some(end) = self.read.windows(2).position(|two| two == b"\n\n") {
                let event = self.read.split_to(end + 2);
                return Ok(Some(String::from_utf8(event[..end].to_vec()).unwrap()));
            }
            if !self.more().await? {
                return Ok(None);
            }
        }
    }

    /// Reads one more chunk; false at the end.
    pub(crate) async fn more(&mut self) -> Result<bool, String> {
        let frame =
            tokio::time::timeout(PATIENCE, self.body.frame()).await.expect("the stream is silent");
        match frame {
            None => Ok(false),
            Some(Err(error)) => Err(error.to_string()),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    self.read.extend_from_slice(&data);
                    self.chunks.push(data);
                }
                Ok(true)
            }
        }
    }

    /// The data of the next metric event.
    pub(crate) async fn metric(&mut self) -> Value {
        loop {
            let event = self.next().await.unwrap().expect("the stream ended");
            if let Some(data) = event.strip_prefix("event: metric\ndata: ") {
                return serde_json::from_str(data).unwrap();
            }
        }
    }

    /// The text of the next log line.
    pub(crate) async fn line(&mut self) -> String {
        loop {
            let event = self.next().await.unwrap().expect("the stream ended");
            if let Some(data) = event.strip_prefix("data: {") {
                let value: Value = serde_json::from_str(&format!("{{{data}")).unwrap();
                return value["data"].as_str().unwrap().to_owned();
            }
        }
    }

    /// Whether nothing comes for a while.
    pub(crate) async fn is_silent(&mut self) -> bool {
        tokio::time::timeout(Duration::from_millis(150), self.body.frame()).await.is_err()
    }

    pub(crate) fn unread(&self) -> &[u8] {
        &self.read
    }
}
