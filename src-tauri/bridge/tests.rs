use std::{convert::Infallible, future::pending};

use axum::{
    Extension,
    http::StatusCode,
    routing::{get, post},
};
use futures::{StreamExt as _, stream};
use tokio::sync::mpsc;

use super::*;

#[tokio::test]
async fn an_answer_arrives_with_its_head_its_body_and_its_end() {
    let bridge = ApiBridge::new(Router::new().route("/echo", post(|body: String| async { body })));
    let (sink, mut chunks) = page();
    let mut request = request(1, "/echo?x=1");
    request.method = "POST".to_owned();
    request.body = Some(r#"{"boot":"factory"}"#.to_owned());

    let head = bridge.fetch(request, sink).await.unwrap();

    assert_eq!(head.status, 200);
    assert!(
        head.headers.contains(&("content-type".to_owned(), "text/plain; charset=utf-8".to_owned()))
    );
    assert_eq!(next(&mut chunks).await, data(r#"{"boot":"factory"}"#));
    assert_eq!(next(&mut chunks).await, Chunk::End);
}

#[tokio::test]
async fn a_refusal_is_an_answer() {
    let bridge = ApiBridge::new(
        Router::new().route("/spaces", get(|| async { (StatusCode::NOT_FOUND, "no such Space") })),
    );
    let (sink, mut chunks) = page();
    let head = bridge.fetch(request(1, "/spaces"), sink).await.unwrap();
    assert_eq!(head.status, 404);
    assert_eq!(next(&mut chunks).await, data("no such Space"));
}

#[tokio::test]
async fn the_api_sees_the_person_at_the_desktop_whatever_a_header_says() {
    let bridge = ApiBridge::new(Router::new().route(
        "/me",
        get(|Extension(caller): Extension<Caller>| async move { format!("{caller:?}") }),
    ));
    let (sink, mut chunks) = page();
    let mut request = request(1, "/me");
    request.headers.push(("x-caller".to_owned(), "Anonymous".to_owned()));
    bridge.fetch(request, sink).await.unwrap();
    assert_eq!(next(&mut chunks).await, data("Desktop"));
}

#[tokio::test]
async fn a_stream_arrives_piece_by_piece() {
    let stream = Stream::new();
    let bridge = stream.bridge();
    let (sink, mut chunks) = page();
    bridge.fetch(request(1, "/stream"), sink).await.unwrap();
    for text in ["first", "second"] {
        stream.say(text);
        assert_eq!(next(&mut chunks).await, data(text));
    }
}

#[tokio::test]
async fn an_abort_drops_the_stream_and_the_page_hears_nothing_more() {
    let stream = Stream::new();
    let bridge = stream.bridge();
    let (sink, mut chunks) = page();
    bridge.fetch(request(7, "/stream"), sink).await.unwrap();
    stream.say("first");
    assert_eq!(next(&mut chunks).await, data("first"));

    bridge.abort(8);
    stream.say("second");
    assert_eq!(next(&mut chunks).await, data("second"));

    bridge.abort(7);
    stream.dropped().await;
    assert_eq!(chunks.recv().await, None);
}

#[tokio::test]
async fn an_abort_before_the_head_ends_the_request() {
    let (entered, mut was_entered) = mpsc::unbounded_channel();
    let router = Router::new().route(
        "/slow",
        get(move || {
            entered.send(()).unwrap();
            pending::<String>()
        }),
    );
    let bridge = Arc::new(ApiBridge::new(router));
    let (sink, mut chunks) = page();
    let (fetched, ()) = tokio::join!(bridge.fetch(request(3, "/slow"), sink), async {
        was_entered.recv().await.unwrap();
        bridge.abort(3);
    });
    assert_eq!(fetched, Err(BridgeError::Aborted));
    assert_eq!(chunks.recv().await, None);
}

#[tokio::test]
async fn a_reload_stops_everything_and_the_new_page_may_use_the_same_numbers() {
    let (old, new) = (Stream::new(), Stream::new());
    let bridge =
        ApiBridge::new(Router::new().route("/old", old.route()).route("/new", new.route()));
    let (old_page, mut old_chunks) = page();
    bridge.fetch(request(1, "/old"), old_page).await.unwrap();

    bridge.abort_all();
    let (new_page, mut new_chunks) = page();
    bridge.fetch(request(1, "/new"), new_page).await.unwrap();

    old.dropped().await;
    assert_eq!(old_chunks.recv().await, None);
    new.say("still here");
    assert_eq!(next(&mut new_chunks).await, data("still here"));
    bridge.abort(1);
    new.dropped().await;
}

#[tokio::test]
async fn a_page_that_has_gone_ends_its_stream() {
    let stream = Stream::new();
    let bridge = stream.bridge();
    let (sink, chunks) = page();
    bridge.fetch(request(1, "/stream"), sink).await.unwrap();
    drop(chunks);
    stream.say("into the void");
    stream.dropped().await;
}

#[tokio::test]
async fn a_body_that_breaks_off_is_told_from_one_that_ended() {
    let body = || async {
        let parts = [Ok("half"), Err(std::io::Error::other("the Hub hung up"))];
        Body::from_stream(stream::iter(parts))
    };
    let bridge = ApiBridge::new(Router::new().route("/half", get(body)));
    let (sink, mut chunks) = page();
    bridge.fetch(request(1, "/half"), sink).await.unwrap();
    assert_eq!(next(&mut chunks).await, data("half"));
    assert_eq!(next(&mut chunks).await, Chunk::Failed);
}

#[tokio::test]
async fn a_panic_is_an_error_for_the_page_and_the_next_request_is_answered() {
    async fn at_once() -> String {
        panic!("a defect")
    }
    async fn half_way() -> Body {
        Body::from_stream(
            stream::once(async { Ok::<_, Infallible>("half") })
                .chain(stream::once(async { panic!("a defect") })),
        )
    }
    let bridge = ApiBridge::new(
        Router::new().route("/at-once", get(at_once)).route("/half-way", get(half_way)),
    );
    let (sink, _chunks) = page();
    assert_eq!(bridge.fetch(request(1, "/at-once"), sink).await, Err(BridgeError::Broken));

    let (sink, mut chunks) = page();
    assert_eq!(bridge.fetch(request(2, "/half-way"), sink).await.unwrap().status, 200);
    assert_eq!(next(&mut chunks).await, data("half"));
    assert_eq!(next(&mut chunks).await, Chunk::Failed);
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let bridge = ApiBridge::new(Router::new());
    for (method, uri, header) in [
        ("GET", "https://example.org/", "accept"),
        ("GET", "no path", "accept"),
        ("GET", "*", "accept"),
        ("G T", "/", "accept"),
        ("GET", "/", "no header"),
    ] {
        let (sink, _chunks) = page();
        let mut request = request(1, uri);
        request.method = method.to_owned();
        request.headers.push((header.to_owned(), "x".to_owned()));
        let refused = bridge.fetch(request, sink).await;
        assert!(matches!(refused, Err(BridgeError::Malformed(_))), "{method} {uri} {header}");
    }
}

#[tokio::test]
async fn shutdown_ends_what_runs_and_waits_for_it() {
    let stream = Stream::new();
    let bridge = stream.bridge();
    let (sink, mut chunks) = page();
    bridge.fetch(request(1, "/stream"), sink).await.unwrap();
    bridge.shutdown().await;
    assert!(bridge.tasks.is_empty());
    assert_eq!(chunks.recv().await, None);
}

#[tokio::test]
async fn a_request_that_ended_leaves_nothing_behind() {
    let bridge = ApiBridge::new(Router::new().route("/", get(|| async { "" })));
    let (sink, mut chunks) = page();
    bridge.fetch(request(1, "/"), sink).await.unwrap();
    assert_eq!(next(&mut chunks).await, Chunk::End);
    assert_eq!(chunks.recv().await, None);
    bridge.shutdown().await;
    assert!(lock(&bridge.in_flight).by_id.is_empty());
}

/// A route whose answer never ends by itself, and which tells when it was dropped.
struct Stream {
    to_say: mpsc::UnboundedSender<String>,
    said: Arc<Mutex<Option<mpsc::UnboundedReceiver<String>>>>,
}

impl Stream {
    fn new() -> Self {
        let (to_say, said) = mpsc::unbounded_channel();
        Self { to_say, said: Arc::new(Mutex::new(Some(said))) }
    }

    fn route(&self) -> axum::routing::MethodRouter {
        let said = self.said.clone();
        get(move || async move {
            let said = said.lock().unwrap().take().expect("the stream is asked for once");
            Body::from_stream(stream::unfold(said, |mut said| async {
                let text = said.recv().await?;
                Some((Ok::<_, Infallible>(text), said))
            }))
        })
    }

    fn bridge(&self) -> ApiBridge {
        ApiBridge::new(Router::new().route("/stream", self.route()))
    }

    fn say(&self, text: &str) {
        self.to_say.send(text.to_owned()).unwrap();
    }

    /// Returns when nobody holds the stream any more.
    async fn dropped(&self) {
        self.to_say.closed().await;
    }
}

impl ChunkSink for mpsc::UnboundedSender<Chunk> {
    fn send(&self, chunk: Chunk) -> Result<(), PageGone> {
        mpsc::UnboundedSender::send(self, chunk).map_err(|_| PageGone)
    }
}

fn page() -> (mpsc::UnboundedSender<Chunk>, mpsc::UnboundedReceiver<Chunk>) {
    mpsc::unbounded_channel()
}

fn request(id: u32, uri: &str) -> ApiRequest {
    ApiRequest {
        id,
        method: "GET".to_owned(),
        uri: uri.to_owned(),
        headers: vec![("accept".to_owned(), "application/json".to_owned())],
        body: None,
    }
}

async fn next(chunks: &mut mpsc::UnboundedReceiver<Chunk>) -> Chunk {
    chunks.recv().await.expect("the page hears more")
}

fn data(text: &str) -> Chunk {
    Chunk::Data(Bytes::copy_from_slice(text.as_bytes()))
}

#[tokio::test]
async fn a_carrier_that_leads_elsewhere_has_left_the_old_streams() {
    let stream = Stream::new();
    let bridge = stream.bridge();
    let (sink, mut chunks) = page();
    bridge.fetch(request(1, "/stream"), sink).await.unwrap();

    bridge.lead_to(Router::new().route("/stream", get(|| async { "another" })));

    stream.dropped().await;
    assert_eq!(chunks.recv().await, None);
    let (sink, mut chunks) = page();
    bridge.fetch(request(2, "/stream"), sink).await.unwrap();
    assert_eq!(next(&mut chunks).await, data("another"));
}
