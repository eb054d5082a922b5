//! The least that receiving costs: a program that reads the same streams and throws the bytes away.
//!
//! It has the same libraries for TLS and HTTP/2 below it and nothing above, and rests once it is
//! woken as `hfsm serve` does. What `hfsm serve` takes beyond it is its own.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{Request, body::Incoming, client::conn::http2, header};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, ServerName},
    },
};

use crate::{
    http::background,
    processes::{HubProcess, TICKS},
    report::Row,
};

const SPACES: usize = 1_000;
/// Streams that `hfsm serve` lets share a connection.
const PER_CONNECTION: usize = 90;
/// Between the opening of the streams and the measurement.
const SETTLE: Duration = Duration::from_secs(4);

pub(crate) async fn run(quick: bool) -> anyhow::Result<Vec<Row>> {
    let length = Duration::from_secs(if quick { 10 } else { 60 });
    let mut rows = Vec::new();
    for rest in [0, 1, 10].map(Duration::from_millis) {
        let hub = HubProcess::start(SPACES, &["--stamp"]).await?;
        let (address, token) = (hub.endpoint(), hub.token()?.to_owned());
        let certificate = hub.certificate().to_vec();
        let (done, outcome) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let received = receive(&address, &token, certificate, rest, length);
            // Whoever waits for it has given up, or gets it.
            let _ = done.send(received);
        });
        let (reports, cpu_us) = outcome.await.context("the reading thread failed")??;
        ensure!(reports > 0.0, "nothing came");
        let what = format!("1,000 streams read and thrown away, {} ms of rest", rest.as_millis());
        rows.push(Row::figure(what, cpu_us / reports, "µs a report"));
    }
    Ok(rows)
}

/// Returns how many reports came while measuring, and what they took of the processor in µs.
fn receive(
    address: &str,
    token: &str,
    certificate: Vec<u8>,
    rest: Duration,
    length: Duration,
) -> anyhow::Result<(f64, f64)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_unpark(move || std::thread::sleep(rest))
        .build()?;
    runtime.block_on(async {
        let received = Arc::new(AtomicU64::new(0));
        let host = address.trim_start_matches("https://");
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(certificate))?;
        let mut tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec()];
        let tls = TlsConnector::from(Arc::new(tls));
        let spaces: Vec<usize> = (0..SPACES).collect();
        for spaces in spaces.chunks(PER_CONNECTION) {
            let socket = TcpStream::connect(host).await?;
            socket.set_nodelay(true)?;
            let stream = tls.connect(ServerName::try_from("localhost")?, socket).await?;
            let (mut sender, connection) =
                http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
            background(connection);
            for space in spaces {
                let url = format!("{address}/v1/bench/space-{space:04}/live-metrics/sse");
                let request = Request::get(url)
                    .header(header::AUTHORIZATION, format!("Bearer {token}"))
                    .body(Empty::<Bytes>::new())?;
                let answer = sender.send_request(request).await?;
                ensure!(answer.status().is_success(), "a stream answered {}", answer.status());
                background(count(answer.into_body(), received.clone()));
            }
        }
        tokio::time::sleep(SETTLE).await;
        let before = (received.load(Ordering::Relaxed), processor_us()?);
        tokio::time::sleep(length).await;
        #[expect(clippy::cast_precision_loss, reason = "millions")]
        let reports = (received.load(Ordering::Relaxed) - before.0) as f64;
        Ok((reports, processor_us()? - before.1))
    })
}

/// Each piece that comes is one report: the simulated Hub writes them whole.
async fn count(mut body: Incoming, received: Arc<AtomicU64>) {
    while let Some(Ok(_)) = body.frame().await {
        received.fetch_add(1, Ordering::Relaxed);
    }
}

/// Returns the processor time of the calling thread.
fn processor_us() -> anyhow::Result<f64> {
    let stat = fs::read_to_string("/proc/thread-self/stat")?;
    let (_, rest) = stat.rsplit_once(") ").context("/proc/…/stat has another form")?;
    let ticks = rest.split(' ').skip(11).take(2).filter_map(|text| text.parse::<f64>().ok());
    Ok(ticks.sum::<f64>() / TICKS * 1e6)
}
