//! A server that runs, over HTTP/1.1, one connection a request.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, crypto::ring, pki_types::ServerName};
use rustls_platform_verifier::BuilderVerifierExt;
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use url::Url;

use crate::exit::Failure;

use super::collected;

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where it answers, and the key to come in with.
pub(crate) struct Server {
    url: Url,
    host: String,
    key: Option<SecretString>,
}

impl Server {
    pub(super) fn new(url: Url, key: Option<SecretString>) -> anyhow::Result<Self> {
        let wrong = || {
            Failure::Usage(format!(
                "`{url}` is no address of a server; write http://127.0.0.1:8787"
            ))
        };
        let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https"));
        let host = host.ok_or_else(wrong)?.to_owned();
        Ok(Self { url, host, key })
    }

    pub(super) async fn ask(
        &self,
        request: Request<Vec<u8>>,
    ) -> anyhow::Result<(StatusCode, Vec<u8>)> {
        let answer = async {
            let port = self.url.port_or_known_default().context("no port")?;
            let stream = TcpStream::connect((self.host.trim_matches(['[', ']']), port)).await?;
            if self.url.scheme() == "https" {
                let config =
                    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
                        .with_safe_default_protocol_versions()?
                        .with_platform_verifier()?
                        .with_no_client_auth();
                let name = ServerName::try_from(self.host.clone())?;
                let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
                self.over(stream, request).await
            } else {
                self.over(stream, request).await
            }
        };
        let answer = tokio::time::timeout(PATIENCE, answer).await;
        let answer = answer.unwrap_or_else(|_| Err(anyhow::anyhow!("it is silent")));
        answer.map_err(|error| {
            Failure::TimedOut(format!("the server at {} cannot be asked: {error:#}", self.url))
                .into()
        })
    }

    async fn over<S>(
        &self,
        stream: S,
        mut request: Request<Vec<u8>>,
    ) -> anyhow::Result<(StatusCode, Vec<u8>)>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let host = match self.url.port() {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        };
        let headers = request.headers_mut();
        headers.insert(header::HOST, host.parse()?);
        if let Some(key) = &self.key {
            let mut bearer: HeaderValue = format!("Bearer {}", key.expose_secret()).parse()?;
            bearer.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, bearer);
        }
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let answer = async { collected(sender.send_request(request).await?).await };
        tokio::pin!(connection);
        tokio::pin!(answer);
        tokio::select! {
            answer = &mut answer => answer,
            // It may have ended after the whole answer came.
            _ = &mut connection => answer.await,
        }
    }
}
