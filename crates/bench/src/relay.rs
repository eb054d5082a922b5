//! TLS in front of the simulated Hub, which speaks without.
//!
//! At the Hub about ninety streams share one HTTP/2 connection. Without TLS each would have a
//! connection of its own, and the figures would be those of another program.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::Context;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

use crate::http::background;

/// A port with TLS whose connections are handed on, byte for byte.
pub(crate) struct Relay {
    port: u16,
    certificate: Vec<u8>,
    folder: TempDir,
    task: tokio::task::JoinHandle<()>,
}

impl Relay {
    /// Hands on to `host`, such as `127.0.0.1:4480`.
    pub(crate) async fn start(host: &str) -> anyhow::Result<Self> {
        let to: SocketAddr = host.parse()?;
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("hub.pem"), made.cert.pem())?;
        let certificate = made.cert.der().to_vec();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())
            .map_err(|error| anyhow::anyhow!("the key of the relay: {error}"))?;
        let mut tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .context("the certificate of the relay")?;
        // The simulator sees by the first bytes which of the two it is.
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let task = background(accept(listener, TlsAcceptor::from(Arc::new(tls)), to));
        Ok(Self { port, certificate, folder, task })
    }

    /// Returns the address, which the certificate is for.
    pub(crate) fn address(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// Returns the certificate, as DER.
    pub(crate) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// Returns the file with the certificate, for `SSL_CERT_FILE`.
    pub(crate) fn certificate_file(&self) -> PathBuf {
        self.folder.path().join("hub.pem")
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, to: SocketAddr) {
    while let Ok((client, _)) = listener.accept().await {
        let tls = tls.clone();
        background(async move {
            client.set_nodelay(true)?;
            let mut client = tls.accept(client).await?;
            let mut hub = TcpStream::connect(to).await?;
            hub.set_nodelay(true)?;
            tokio::io::copy_bidirectional(&mut client, &mut hub).await
        });
    }
}
