//! Troubles, switched on.

use std::time::{Duration, Instant};

use crate::client::{Client, conformance};
use hfsm_hub_sim::{Fault, RouteKind, When};
use http::StatusCode;
use serde_json::{Value, json};

const DEMO: &str = "/api/spaces/alice/demo";
const METRICS: &str = "/v1/alice/demo/live-metrics/sse";

#[tokio::test]
async fn a_fault_strikes_as_often_as_it_was_told_and_only_where() {
    let hub = conformance().await;
    let client = Client::alice(&hub);
    hub.faults().add(
        Fault::Html { status: 502 },
        When::on(RouteKind::Space).space("alice/demo").after(1).times(1),
    );
    let mut statuses = Vec::new();
    for path in [DEMO, "/api/spaces/alice/two", DEMO, DEMO] {
        statuses.push(client.get(path).await.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 502, 200]);
}

#[tokio::test]
async fn a_page_of_the_front_is_html_without_a_request_id() {
    let hub = conformance().await;
    hub.faults().add(Fault::Html { status: 503 }, When::always());
    let answer = Client::alice(&hub).get(DEMO).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.text().starts_with("<!DOCTYPE html>") && answer.text().contains("<h1>503</h1>"));
    assert!(answer.header("x-request-id").is_empty() && !answer.header("x-amz-cf-id").is_empty());
}

#[tokio::test]
async fn latency_is_added_to_every_answer() {
    let hub = conformance().await;
    hub.faults().add(Fault::Latency { ms: 60, jitter_ms: 0 }, When::always());
    let began = Instant::now();
    Client::alice(&hub).get(DEMO).await;
    assert!(began.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn a_reset_leaves_half_a_body() {
    let hub = conformance().await;
    hub.faults().add(Fault::ResetMidBody, When::on(RouteKind::Space).times(1));
    let client = Client::alice(&hub);
    assert!(client.try_get(DEMO).await.is_err());
    assert!(client.try_get(DEMO).await.is_ok());
    let client = client.http2();
    hub.faults().add(Fault::ResetMidBody, When::on(RouteKind::Space).times(1));
    assert!(client.try_get(DEMO).await.is_err());
}

#[tokio::test]
async fn both_kinds_of_429_are_told_apart_by_their_headers() {
    let hub = conformance().await;
    let client = Client::alice(&hub);
    hub.faults()
        .add(Fault::RateLimited { remaining: 0, retry_after: None }, When::always().times(1));
    let used_up = client.get(DEMO).await;
    assert_eq!(
        (used_up.status, used_up.header("ratelimit")),
        (StatusCode::TOO_MANY_REQUESTS, "\"api\";r=0;t=60")
    );
    assert!(used_up.header("retry-after").is_empty());
    hub.faults()
        .add(Fault::RateLimited { remaining: 400, retry_after: Some(7) }, When::always().times(1));
    let finer = client.get(DEMO).await;
    assert_eq!(
        (finer.header("ratelimit"), finer.header("retry-after")),
        ("\"api\";r=400;t=7", "7")
    );
}

#[tokio::test]
async fn fields_are_changed_nulled_and_dropped_in_lists_and_alone() {
    let hub = conformance().await;
    let client = Client::alice(&hub);
    let set = |field: &str, value: Value| Fault::SetField { field: field.to_owned(), value };
    hub.faults().add(set("runtime.stage", json!("FUTURE_STAGE")), When::always());
    hub.faults().add(set("runtime.hardware", Value::Null), When::always());
    hub.faults().add(Fault::DropField { field: "sha".to_owned() }, When::always());
    let list =
        client.get("/api/spaces?author=alice&expand=runtime&expand=sha&limit=1").await.json();
    assert_eq!(
        (&list[0]["runtime"]["stage"], &list[0]["runtime"]["hardware"]),
        (&json!("FUTURE_STAGE"), &Value::Null)
    );
    assert!(list[0].get("sha").is_none());
    let runtime = client.get("/api/spaces/alice/demo/runtime").await.json();
    assert_eq!((&runtime["stage"], &runtime["hardware"]), (&json!("FUTURE_STAGE"), &Value::Null));
}

#[tokio::test]
async fn the_date_may_be_off() {
    let hub = conformance().await;
    let client = Client::alice(&hub);
    let honest = client.get(DEMO).await.header("date").to_owned();
    hub.faults().add(Fault::DateSkew { seconds: -86_400 * 2 }, When::always());
    let skewed = client.get(DEMO).await.header("date").to_owned();
    assert_ne!(&honest[..16], &skewed[..16]);
}

#[tokio::test]
async fn an_open_stream_stalls_and_goes_on() {
    let hub = conformance().await;
    let mut stream = Client::alice(&hub).stream(METRICS).await;
    stream.metric().await;
    let stall = hub.faults().add(Fault::Stall { after: 0 }, When::on(RouteKind::Metrics));
    while !stream.is_silent().await {}
    hub.faults().remove(stall);
    stream.metric().await;
}

#[tokio::test]
async fn streams_are_cut_in_mid_event() {
    let hub = conformance().await;
    let cut = Fault::Cut { after: 1, mid_event: true, clean: false };
    hub.faults().add(cut, When::on(RouteKind::Metrics).times(1));
    let client = Client::alice(&hub);
    let mut stream = client.stream(METRICS).await;
    stream.metric().await;
    assert!(stream.next().await.is_err());
    assert!(stream.unread().starts_with(b"event: metric\ndata: {"));
    let mut next = client.stream(METRICS).await;
    next.metric().await;
    next.metric().await;
}

#[tokio::test]
async fn a_clean_cut_ends_a_stream_as_if_it_were_over() {
    let hub = conformance().await;
    hub.faults()
        .add(Fault::Cut { after: 1, mid_event: false, clean: true }, When::on(RouteKind::Metrics));
    let mut stream = Client::alice(&hub).stream(METRICS).await;
    stream.metric().await;
    assert_eq!(stream.next().await, Ok(None));
}

#[tokio::test]
async fn a_stream_in_bytes_still_reads_the_same() {
    let hub = conformance().await;
    hub.faults().add(Fault::Chunks { bytes: 1 }, When::on(RouteKind::RunLogs));
    hub.world().log("alice/demo", "naïve 🦊").unwrap();
    let mut stream = Client::alice(&hub).stream("/api/spaces/alice/demo/logs/run?tail=1").await;
    assert_eq!(stream.line().await, "naïve 🦊\n");
    assert!(stream.chunks.iter().any(|chunk| chunk.len() == 1), "the pieces leave one by one");
}

#[tokio::test]
async fn all_streams_are_cut_at_once() {
    let hub = conformance().await;
    let client = Client::alice(&hub);
    let mut metrics = client.stream(METRICS).await;
    let mut logs = client.stream("/api/spaces/alice/demo/logs/run?tail=0").await;
    metrics.metric().await;
    hub.faults().cut_streams();
    while let Ok(Some(_)) = metrics.next().await {}
    assert!(logs.next().await.is_err());
    hub.world().until_asked(|counts| counts.streams_open() == 0).await;
    client.stream(METRICS).await.metric().await;
}

#[tokio::test]
async fn a_stream_may_say_not_found_and_hang() {
    let hub = conformance().await;
    hub.faults().add(Fault::NotFoundAndHang, When::on(RouteKind::Metrics));
    let mut stream = Client::alice(&hub).stream(METRICS).await;
    assert_eq!(stream.status, StatusCode::OK);
    stream.more().await.unwrap();
    assert_eq!(stream.unread(), b"{\"error\":\"NOT_FOUND\"}\n");
    assert!(stream.is_silent().await);
}

#[tokio::test]
async fn streams_may_close_silently_after_a_while() {
    let hub = conformance().await;
    hub.faults().add(Fault::CloseEvery { ms: 500 }, When::on(RouteKind::Metrics));
    let mut stream = Client::alice(&hub).stream(METRICS).await;
    let mut events = 0;
    while stream.next().await.unwrap().is_some() {
        events += 1;
    }
    assert!(events > 0);
}

#[tokio::test]
async fn refused_connections_come_to_nothing() {
    let hub = conformance().await;
    hub.faults().refuse_connections(true);
    assert!(Client::alice(&hub).try_get(DEMO).await.is_err());
    hub.faults().clear();
    assert!(Client::alice(&hub).try_get(DEMO).await.is_ok());
}

#[tokio::test]
async fn faults_are_switched_over_http_too() {
    let hub = conformance().await;
    let client = Client::alice(&hub);
    let body = json!({"fault": "html", "status": 504, "on": ["space"], "times": 1});
    let id = client.post("/_sim/faults", body).await.json()["id"].clone();
    assert_eq!(client.get("/_sim/faults").await.json()[0]["id"], id);
    assert_eq!(client.get(DEMO).await.status, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(
        client.delete(&format!("/_sim/faults/{id}"), json!({})).await.status,
        StatusCode::NO_CONTENT
    );
    let bad = client.post("/_sim/faults", json!({"fault": "nonsense"})).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_counts_over_http_name_no_token() {
    let hub = conformance().await;
    let client = Client::alice(&hub);
    client.get(DEMO).await;
    let stats = client.get("/_sim/stats").await;
    assert_eq!(stats.json()["requests"]["space"], 1);
    assert_eq!(stats.json()["by_token"]["alice/space-manager"], 1);
    assert!(!stats.text().contains("hf_"));
}

#[tokio::test]
async fn a_person_makes_things_happen_over_http() {
    let hub = conformance().await;
    let client = Client::alice(&hub);
    client.post("/_sim/spaces/alice/demo/stage", json!({"stage": "FUTURE_STAGE"})).await;
    assert_eq!(client.get("/api/spaces/alice/demo/runtime").await.json()["stage"], "FUTURE_STAGE");
    client.post("/_sim/spaces/alice/two/crash", json!({"error_message": "Exit code: 137"})).await;
    assert_eq!(
        hub.world().space("alice/two").unwrap().error_message.as_deref(),
        Some("Exit code: 137")
    );
    assert_eq!(
        client.post("/_sim/spaces/alice/none/crash", json!({})).await.status,
        StatusCode::NOT_FOUND
    );
}
