//! The TCP port: binding it, and serving a router on it until told to stop.
//!
//! The desktop application switches the same listener on and off while it runs.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Body};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{Error, TlsFiles, client::Client, tls};

/// Connections at the same time; further ones wait.
const CONNECTIONS: usize = 2048;
/// How long the head of a request may take to arrive, and how long a connection may be idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long open connections may take to end. Streams end by themselves at once.
const GRACE: Duration = Duration::from_millis(1200);
/// How long to rest when the system has no more descriptors.
const REST: Duration = Duration::from_millis(100);

/// A port that is bound and not served yet.
pub struct Listener {
    tcp: TcpListener,
    tls: Option<TlsAcceptor>,
    address: SocketAddr,
}

impl Listener {
    /// Binds the port.
    ///
    /// # Errors
    /// When the port is in use or may not be used, the address is not this machine's, or the
    /// certificate cannot be used.
    pub async fn bind(address: SocketAddr, tls: Option<&TlsFiles>) -> Result<Self, Error> {
        let tls = tls.map(tls::acceptor).transpose()?;
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => Error::PortInUse(address),
            io::ErrorKind::PermissionDenied => Error::PortForbidden(address),
            io::ErrorKind::AddrNotAvailable => Error::NoSuchAddress(address),
            _ => Error::Listen { address, source },
        };
        let tcp = TcpListener::bind(address).await.map_err(failed)?;
        let address = tcp.local_addr().map_err(failed)?;
        Ok(Self { tcp, tls, address })
    }

    /// Returns the address that is bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address to open in a browser on this machine.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let mut shown = self.address;
        match shown.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => shown.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => shown.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        format!("{scheme}://{shown}")
    }

    /// Serves `router` until `stopping`, then lets open requests end for a moment.
    pub async fn serve(self, router: Router, stopping: CancellationToken) {
        let permits = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = accept(&self.tcp, &permits) => accepted,
                Some(_) = connections.join_next(), if !connections.is_empty() => continue,
                () = stopping.cancelled() => break,
            };
            let Some((stream, peer, permit)) = accepted else { continue };
            let connection = Connection {
                router: router.clone(),
                tls: self.tls.clone(),
                peer: peer.ip(),
                stopping: stopping.clone(),
            };
            connections.spawn(async move {
                connection.serve(stream).await;
                drop(permit);
            });
        }
        drop(self.tcp);
        let ended = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tracing::debug!(open = connections.len(), "connections were cut");
            connections.shutdown().await;
        }
    }
}

async fn accept(
    tcp: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    match tcp.accept().await {
        Ok((stream, peer)) => Some((stream, peer, permit)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted: {error}");
            tokio::time::sleep(REST).await;
            None
        }
    }
}

struct Connection {
    router: Router,
    tls: Option<TlsAcceptor>,
    peer: IpAddr,
    stopping: CancellationToken,
}

impl Connection {
    async fn serve(self, stream: TcpStream) {
        // Metrics are small and wanted at once.
        let _ = stream.set_nodelay(true);
        match &self.tls {
            None => self.speak(stream).await,
            Some(tls) => match tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
                Ok(Ok(stream)) => self.speak(stream).await,
                Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed: {error}"),
                Err(_) => tracing::debug!("a TLS handshake took too long"),
            },
        }
    }

    async fn speak(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let client = Client { address: self.peer.to_canonical(), secure: self.tls.is_some() };
        let service = service_fn(|mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(client);
            self.router.clone().oneshot(request.map(Body::new))
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
        let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
        let outcome = tokio::select! {
            outcome = connection.as_mut() => outcome,
            () = self.stopping.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = outcome {
            tracing::trace!(%error, "a connection ended: {error}");
        }
    }
}
