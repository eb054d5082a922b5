//! The port: taken, encrypted, left.

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use hfsm_server::{Error, Listener, TlsFiles};
use http::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};

use crate::{
    browser::Events,
    harness::{API_KEY, OLD, Server, TOKEN},
};

#[tokio::test(flavor = "multi_thread")]
async fn open_streams_end_with_the_server_in_less_than_two_seconds() {
    let server = Server::start(OLD).await;
    let admin = server.signed_in_as_admin().await;
    let mut streams = Vec::new();
    for path in [
        "/api/v1/events?watch=all",
        "/api/proxy/live-metrics-stream",
        "/api/v1/spaces/alice/demo/logs/run/stream",
    ] {
        streams.push(Events::of(admin.open(Method::GET, path, &[], "").await));
    }
    // A client that never finishes its request must not hold us up either.
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
    let began = Instant::now();
    server.stop().await;
    let took = began.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    for mut stream in streams {
        while stream.next().await.is_some() {}
    }
}

#[tokio::test]
async fn a_port_in_use_is_an_error_that_says_what_to_do() {
    let taken = Listener::bind("127.0.0.1:0".parse().unwrap(), None).await.unwrap();
    let error = Listener::bind(taken.address(), None).await.err().unwrap();
    assert!(matches!(error, Error::PortInUse(_)));
    let text = error.to_string();
    assert!(text.contains(&taken.address().port().to_string()), "{text}");
    assert!(text.contains("--port") && text.contains("HFSM_PORT"), "{text}");
    let error = Listener::bind("192.0.2.1:0".parse().unwrap(), None).await.err().unwrap();
    assert!(error.to_string().contains("192.0.2.1"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_the_cookie_is_secure() {
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let server = Server::start(&[
        ("HFSM_TLS_CERT", certificate.to_str().unwrap()),
        ("HFSM_TLS_KEY", key.to_str().unwrap()),
    ])
    .await;

    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(server.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let request = format!(
        "GET /?code={} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        server.code
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    let cookie = answer.lines().find(|line| line.starts_with("set-cookie")).unwrap();
    assert!(cookie.contains("Secure") && cookie.contains("HttpOnly"), "{cookie}");
}

#[tokio::test]
async fn a_certificate_that_is_none_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let files =
        TlsFiles { certificate: file.path().to_owned(), key: file.path().join("missing.pem") };
    let error = Listener::bind("127.0.0.1:0".parse().unwrap(), Some(&files)).await.err().unwrap();
    let text = error.to_string();
    assert!(text.contains(file.path().to_str().unwrap()) && text.contains("PEM"), "{text}");
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_password_or_key_is_ever_logged() {
    let captured = Captured::default();
    let writer = captured.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .init();
    let server = Server::start(OLD).await;
    let browser = server.browser();
    let key = format!("Bearer {API_KEY}");
    let key = [("authorization", key.as_str())];
    for path in [
        format!("/api/v1/info/{TOKEN}"),
        format!("/api/v1/info/{TOKEN}/alice/demo"),
        "/api/v1/info/hf_leaking_unknown_token".to_owned(),
        "/api/v1/nothing/hf_leaking_path".to_owned(),
        format!("/?code={}", server.code),
    ] {
        let _ = browser.send(Method::GET, &path, &key, "").await;
    }
    let stream = "/api/proxy/live-metrics-stream?instances=x/y&token=leaking-session";
    let _ = browser.open(Method::GET, stream, &[], "").await;
    let path = format!("/api/v1/action/{TOKEN}/alice/demo/restart");
    assert_eq!(browser.send(Method::POST, &path, &key, "").await.status, 200);
    let sign_in = serde_json::json!({ "user": "admin", "password": "leaking-password" });
    let _ = browser.post("/api/v1/session", &sign_in).await;
    let code = server.code.clone();
    server.stop().await;

    let log = String::from_utf8_lossy(&captured.0.lock().unwrap()).into_owned();
    assert!(log.contains("/api/v1/action/{token}"), "the route is logged");
    for secret in [TOKEN, "leaking", API_KEY, &code] {
        assert!(!log.contains(secret), "{secret}");
    }
}
