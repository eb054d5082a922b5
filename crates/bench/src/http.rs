//! A small HTTP client: one connection a request, and bodies as they come.

use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response, StatusCode, body::Incoming, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};

/// Longer than any answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where to ask, and with which key.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    host: String,
    key: Option<String>,
}

impl Target {
    /// Takes an address such as `http://127.0.0.1:4480`.
    pub(crate) fn new(address: &str, key: Option<&str>) -> Self {
        let host = address.trim_start_matches("http://").trim_end_matches('/');
        Self { host: host.to_owned(), key: key.map(str::to_owned) }
    }

    /// Asks for JSON.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let body = self.ask(Method::GET, path, None).await?;
        serde_json::from_slice(&body).with_context(|| format!("{path} answered no JSON"))
    }

    /// Sends JSON, or nothing.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Bytes> {
        self.ask(method, path, body).await
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Bytes> {
        let answer = async {
            let stream = TcpStream::connect(&self.host).await?;
            let response = self.request(stream, method, path, body).await?;
            let status = response.status();
            let body = response.into_body().collect().await?.to_bytes();
            if !status.is_success() {
                bail!("{path} answered {status}: {}", String::from_utf8_lossy(&body));
            }
            Ok(body)
        };
        tokio::time::timeout(PATIENCE, answer).await.with_context(|| format!("{path} is silent"))?
    }

    /// Opens a stream whose socket takes in at most `receive_buffer` bytes that nobody reads.
    pub(crate) async fn open(
        &self,
        path: &str,
        receive_buffer: Option<u32>,
    ) -> anyhow::Result<Incoming> {
        let socket = TcpSocket::new_v4()?;
        if let Some(bytes) = receive_buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        let stream = socket.connect(self.host.parse()?).await?;
        let response = self.request(stream, Method::GET, path, None).await?;
        if response.status() != StatusCode::OK {
            bail!("{path} answered {}", response.status());
        }
        Ok(response.into_body())
    }

    async fn request(
        &self,
        stream: TcpStream,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Response<Incoming>> {
        stream.set_nodelay(true)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        background(async move {
            // A connection that breaks is told to whoever reads the body.
            let _ = connection.await;
        });
        let mut request =
            Request::builder().method(method).uri(path).header(header::HOST, &self.host);
        if let Some(key) = &self.key {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        let body: Full<Bytes> = match body {
            Some(json) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Full::from(serde_json::to_vec(json)?)
            }
            None => Full::default(),
        };
        Ok(sender.send_request(request.body(body)?).await?)
    }
}

/// Runs something beside the measurement, until it ends by itself.
pub(crate) fn background<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    #[expect(clippy::disallowed_methods, reason = "a benchmark has no supervisor")]
    tokio::spawn(work)
}
