//! Five hundred streams over TLS and HTTP/2, to a server that allows a hundred on a connection.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Router, body::Body, routing::get};
use futures::{StreamExt, stream::FuturesUnordered};
use hfsm_hub::{Error, Hub, Rank};
use hfsm_hub_sim::{Plan, SimHub};
use hfsm_model::{Clock, LogKind};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    service::TowerToHyperService,
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use secrecy::SecretString;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{self, ServerConfig, pki_types::PrivateKeyDer},
    server::TlsStream,
};

use crate::support::{TOKEN, alice, answer, id, quick};

const STREAMS: usize = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_streams_all_deliver_and_a_request_still_answers_within_a_second() {
    let mut world = alice()
        .user_with("alice", |user| user.plan(Plan::Enterprise))
        .metric_interval(Duration::from_secs(1))
        .streams_per_connection(100);
    for number in 0..STREAMS {
        world = world.space(&format!("alice/demo-{number}"), |space| space);
    }
    let sim = Arc::new(SimHub::start(world.build()).await.unwrap());
    let (address, root, _server) = tls_in_front_of(Arc::clone(&sim)).await;

    let url = format!("https://localhost:{}", address.port());
    let mut config = quick(&url, &url, &format!("{url}/app/{{subdomain}}/"));
    config.extra_roots = vec![root];
    config.metrics_grace = Duration::from_secs(60);
    config.stream_silence = Duration::from_secs(30);
    let hub = Hub::new(config, Clock::system()).unwrap();
    let gateway = hub.gateway(Some(SecretString::from(TOKEN))).ranked(Rank::Person);

    let started = Instant::now();
    let ids: Vec<_> = (0..STREAMS).map(|number| id(&format!("alice/demo-{number}"))).collect();
    let opening: FuturesUnordered<_> = ids.iter().map(|id| gateway.metrics(id)).collect();
    let opened: Vec<_> = opening.map(Result::unwrap).collect().await;
    println!("{STREAMS} streams opened in {:?}", started.elapsed());
    assert_eq!(hub.open_streams(), STREAMS);

    // Everybody delivers, again and again, while requests are made.
    let reading = opened
        .into_iter()
        .map(|stream| async move { stream.take(3).map(Result::unwrap).count().await });
    let mut readers = JoinSet::new();
    for reader in reading {
        readers.spawn(reader);
    }
    let mut slowest = Duration::ZERO;
    for id in ids.iter().take(20) {
        let asked = Instant::now();
        gateway.runtime(id).await.unwrap();
        slowest = slowest.max(asked.elapsed());
    }
    println!("the slowest of 20 requests took {slowest:?}");
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    let delivered: Vec<_> = readers.join_all().await;
    assert_eq!(delivered.len(), STREAMS);
    assert!(delivered.iter().all(|&samples| samples == 3));

    let stats = sim.world().stats();
    println!("{} connections", stats.connections);
    assert!(
        stats.connections <= 8,
        "six for the streams and one for requests: no burst of greetings"
    );
    assert_eq!(stats.streams_peak, STREAMS as u64);
    assert_eq!(hub.open_streams(), 0);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_not_trusted() {
    let sim = SimHub::start(alice().space("alice/demo", |space| space).build()).await.unwrap();
    let (address, _, _server) = tls_in_front_of(Arc::new(sim)).await;
    let url = format!("https://localhost:{}", address.port());
    let config = quick(&url, &url, &format!("{url}/app/{{subdomain}}/"));
    let hub = Hub::new(config, Clock::system()).unwrap();
    let gateway = hub.gateway(Some(SecretString::from(TOKEN)));
    let error = gateway.runtime(&id("alice/demo")).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { maybe_sent: false, .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_allows_fewer_streams_than_expected_gets_more_connections() {
    let world = alice().streams_per_connection(10).space("alice/demo", |space| space);
    let sim = Arc::new(SimHub::start(world.build()).await.unwrap());
    let (address, root, _server) = tls_in_front_of(sim).await;
    let url = format!("https://localhost:{}", address.port());
    let mut config = quick(&url, &url, &format!("{url}/app/{{subdomain}}/"));
    config.extra_roots = vec![root];
    config.request_timeout = Duration::from_secs(2);
    let hub = Hub::new(config, Clock::system()).unwrap();
    let gateway = hub.gateway(Some(SecretString::from(TOKEN))).ranked(Rank::Person);
    let demo = id("alice/demo");
    let opening: FuturesUnordered<_> = (0..40).map(|_| gateway.metrics(&demo)).collect();
    let opened: Vec<_> = opening.map(Result::unwrap).collect().await;
    let delivered = opened.into_iter().map(|mut stream| async move { stream.next().await });
    let delivered = futures::future::join_all(delivered).await;
    assert!(delivered.iter().all(|sample| matches!(sample, Some(Ok(_)))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_nobody_reads_hold_up_none_of_those_that_share_their_connection() {
    let line = format!("data: {{\"data\":\"{}\"}}\n\n", "x".repeat(60_000));
    let router = Router::new()
        .route(
            "/api/spaces/alice/demo/logs/run",
            get(move || async move {
                let lines = futures::stream::repeat(line).map(Ok::<_, std::io::Error>);
                answer(200, &[("content-type", "text/event-stream")], Body::from_stream(lines))
            }),
        )
        .route(
            "/api/spaces/alice/demo/metrics",
            get(|| async {
                let tick = tokio::time::interval(Duration::from_millis(20));
                let samples = futures::stream::unfold(tick, |mut tick| async {
                    tick.tick().await;
                    let sample = "event: metric\ndata: {\"cpu_usage_pct\":1}\n\n";
                    Some((Ok::<_, std::io::Error>(sample), tick))
                });
                answer(200, &[("content-type", "text/event-stream")], Body::from_stream(samples))
            }),
        );
    let serve = move |stream: TlsStream<TcpStream>, _| {
        let service = TowerToHyperService::new(router.clone());
        async move {
            let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            drop(builder.serve_connection(TokioIo::new(stream), service).await);
        }
    };
    let (address, root, _server) = tls(serve).await;
    let url = format!("https://localhost:{}", address.port());
    let mut config = quick(&url, &url, &format!("{url}/app/{{subdomain}}/"));
    config.extra_roots = vec![root];
    let hub = Hub::new(config, Clock::system()).unwrap();
    let gateway = hub.gateway(Some(SecretString::from(TOKEN))).ranked(Rank::Person);
    let demo = id("alice/demo");
    let mut unread = Vec::new();
    for _ in 0..60 {
        let mut log = gateway.logs(&demo, LogKind::Run, None).await.unwrap();
        log.next().await.unwrap().unwrap();
        unread.push(log);
    }
    let metrics = gateway.metrics(&demo).await.unwrap();
    let flowing = metrics.take(20).count();
    assert_eq!(tokio::time::timeout(Duration::from_secs(30), flowing).await, Ok(20));
    assert_eq!(hub.open_streams(), 60, "the log streams are open still");
}

/// Serves the simulated Hub under TLS. Returns its address, its root certificate, and the tasks
/// that serve.
async fn tls_in_front_of(sim: Arc<SimHub>) -> (SocketAddr, Vec<u8>, JoinSet<()>) {
    tls(move |stream, peer| {
        let sim = Arc::clone(&sim);
        async move { sim.serve_connection(stream, peer).await }
    })
    .await
}

/// Serves HTTP/2 under TLS, each connection by `serve`.
async fn tls<F>(
    serve: impl Fn(TlsStream<TcpStream>, SocketAddr) -> F + Clone + Send + 'static,
) -> (SocketAddr, Vec<u8>, JoinSet<()>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = JoinSet::new();
    server.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (stream, peer) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let (acceptor, serve) = (acceptor.clone(), serve.clone());
            connections.spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream, peer).await;
                }
            });
        }
    });
    (address, cert.der().to_vec(), server)
}
