//! Metrics, events, logs.

use std::time::Duration;

use crate::client::{Client, conformance, quick, start};
use hfsm_hub_sim::{RouteKind, SimHub, World};
use http::StatusCode;

#[tokio::test]
async fn a_running_space_reports_each_of_its_containers() {
    let hub = conformance().await;
    let mut stream = Client::alice(&hub).stream("/api/spaces/alice/two/metrics").await;
    assert_eq!(stream.headers["content-type"], "text/event-stream");
    let (first, second) = (stream.metric().await, stream.metric().await);
    assert_ne!(first["replica"], second["replica"]);
    assert_eq!(first["cpu_millicores"], 8_000);
    assert!(first["memory_used_bytes"].as_u64() < first["memory_total_bytes"].as_u64());
}

#[tokio::test]
async fn a_gpu_is_reported_under_its_own_id() {
    let hub = conformance().await;
    let sample =
        Client::anonymous(&hub).stream("/v1/alice/gradio/live-metrics/sse").await.metric().await;
    let gpus = sample["gpus"].as_object().unwrap();
    assert_eq!(gpus.len(), 1);
    let (id, gpu) = gpus.iter().next().unwrap();
    assert_eq!(id.len(), 8);
    assert!(gpu["utilization"].as_f64().unwrap() <= 100.0);
}

#[tokio::test]
async fn what_does_not_run_has_no_metrics() {
    let hub = conformance().await;
    let client = Client::alice(&hub);
    for id in ["alice/site", "alice/asleep", "alice/paused", "alice/broken"] {
        let answer = client.get(&format!("/v1/{id}/live-metrics/sse")).await;
        assert_eq!(
            (answer.status, answer.text()),
            (StatusCode::NOT_ACCEPTABLE, "Space is stale"),
            "{id}"
        );
    }
    let stranger = Client::anonymous(&hub);
    assert_eq!(
        stranger.get("/api/spaces/alice/demo/metrics").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        stranger.get("/v1/alice/secret-lab/live-metrics/sse").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn metrics_end_when_the_space_is_paused() {
    let hub = conformance().await;
    let mut stream = Client::alice(&hub).stream("/v1/alice/demo/live-metrics/sse").await;
    stream.metric().await;
    hub.world().pause("alice/demo").unwrap();
    while stream.next().await.unwrap().is_some() {}
    assert_eq!(hub.world().until_asked(|counts| counts.streams_open() == 0).await.streams_peak, 1);
}

#[tokio::test]
async fn a_restart_shows_as_another_container_in_the_same_stream() {
    let hub = conformance().await;
    let mut stream = Client::alice(&hub).stream("/v1/alice/demo/live-metrics/sse").await;
    let before = stream.metric().await["replica"].clone();
    hub.world().restart("alice/demo").unwrap();
    while stream.metric().await["replica"] == before {}
}

#[tokio::test]
async fn events_tell_each_change_of_stage() {
    let hub = conformance().await;
    let mut stream = Client::alice(&hub).stream("/api/spaces/alice/demo/events").await;
    assert_eq!(stream.next().await.unwrap().unwrap(), "event: stage\ndata: RUNNING");
    hub.world().crash("alice/demo", "Exit code: 1. Reason: application error").unwrap();
    let mut crashed = false;
    while let Some(event) = stream.next().await.unwrap() {
        crashed |= event == "event: stage\ndata: RUNTIME_ERROR";
        if crashed && event.contains("\"message\":\"Exit code: 1. Reason: application error\"") {
            return;
        }
    }
}

#[tokio::test]
async fn events_of_a_static_space_claim_an_error() {
    let hub = conformance().await;
    let mut stream = Client::anonymous(&hub).stream("/v1/alice/site/sse").await;
    assert_eq!(stream.next().await.unwrap().unwrap(), "event: stage\ndata: CONFIG_ERROR");
}

#[tokio::test]
async fn logs_replay_from_the_start_and_then_follow() {
    let hub = conformance().await;
    let mut stream = Client::alice(&hub).stream("/api/spaces/alice/demo/logs/run").await;
    assert!(stream.line().await.starts_with("===== Application Startup at "));
    while stream.line().await != "listening on :7860\n" {}
    hub.world().log("alice/demo", "\u{1b}[31mnaïve 🦊\u{1b}[0m").unwrap();
    assert_eq!(stream.line().await, "\u{1b}[31mnaïve 🦊\u{1b}[0m\n");
}

#[tokio::test]
async fn tail_gives_the_last_lines_only() {
    let hub = conformance().await;
    for number in 0..5 {
        hub.world().log("alice/demo", &format!("line {number}")).unwrap();
    }
    let client = Client::alice(&hub);
    let mut stream = client.stream("/api/spaces/alice/demo/logs/run?tail=2").await;
    assert_eq!([stream.line().await, stream.line().await], ["line 3\n", "line 4\n"]);
    let bad = client.get("/api/spaces/alice/demo/logs/run?tail=-1").await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_burst_of_ten_thousand_lines_reaches_a_reader_who_keeps_up_in_order() {
    let hub = conformance().await;
    let mut stream = Client::alice(&hub).stream("/api/spaces/alice/demo/logs/run?tail=0").await;
    for batch in 0..10 {
        for number in 0..1_000 {
            hub.world().log("alice/demo", &format!("{}", batch * 1_000 + number)).unwrap();
        }
        for number in 0..1_000 {
            assert_eq!(stream.line().await, format!("{}\n", batch * 1_000 + number));
        }
    }
}

#[tokio::test]
async fn a_restart_shows_its_build_and_its_startup_in_the_logs() {
    let hub = conformance().await;
    let client = Client::alice(&hub);
    let mut build = client.stream("/api/spaces/alice/paused/logs/build?tail=0").await;
    hub.world().restart("alice/paused").unwrap();
    assert!(build.line().await.starts_with("===== Build Queued at "));
    while !build.line().await.starts_with("--> Pushing image") {}
}

#[tokio::test]
async fn only_those_who_may_write_read_logs() {
    let hub = conformance().await;
    let path = "/api/spaces/alice/demo/logs/run";
    assert_eq!(Client::anonymous(&hub).get(path).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(Client::new(&hub, "hf_bob_write").get(path).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn quiet_streams_are_kept_alive() {
    let hub = start(quick().conformance().keep_alive(Duration::from_millis(20))).await;
    let client = Client::alice(&hub);
    let mut logs = client.stream("/api/spaces/alice/demo/logs/run?tail=0").await;
    assert_eq!(logs.next().await.unwrap().unwrap(), "data:");
    hub.world().set_stage("alice/paused", "APP_STARTING", None).unwrap();
    let mut starting = client.stream("/v1/alice/paused/live-metrics/sse").await;
    assert_eq!(starting.next().await.unwrap().unwrap(), ": keep-alive");
}

#[tokio::test]
async fn streams_run_over_http2_as_many_as_a_connection_may_have() {
    let hub = start(quick().conformance().streams_per_connection(8)).await;
    let client = Client::alice(&hub).http2();
    let mut streams = Vec::new();
    for _ in 0..8 {
        streams.push(client.stream("/v1/alice/demo/live-metrics/sse").await);
    }
    for stream in &mut streams {
        stream.metric().await;
    }
    let counts = hub.world().stats();
    assert_eq!((counts.streams(RouteKind::Metrics), counts.connections), (8, 1));
    let ninth =
        tokio::time::timeout(Duration::from_millis(200), client.get("/api/spaces/alice/demo"))
            .await;
    assert!(ninth.is_err(), "the connection has no stream left");
    drop(streams);
    assert_eq!(client.get("/api/spaces/alice/demo").await.status, StatusCode::OK);
}

#[tokio::test]
async fn stamped_metrics_count_and_carry_the_time() {
    let hub = start(quick().many(1).stamped_metrics()).await;
    let mut stream =
        Client::new(&hub, "hf_demo_bench").stream("/v1/bench/space-0000/live-metrics/sse").await;
    let (first, second) = (stream.metric().await, stream.metric().await);
    assert_eq!(second["rx_bps"].as_u64(), first["rx_bps"].as_u64().map(|number| number + 1));
    assert!(second["tx_bps"].as_u64() > first["tx_bps"].as_u64());
}

#[tokio::test]
async fn a_hub_that_stops_ends_its_streams() {
    let hub = SimHub::start(World::builder().conformance().build()).await.unwrap();
    let mut stream = Client::alice(&hub).stream("/api/spaces/alice/demo/logs/run?tail=0").await;
    drop(hub);
    while let Ok(Some(_)) = stream.next().await {}
}

#[tokio::test]
async fn somebody_elses_listener_can_be_put_in_front() {
    let hub = conformance().await;
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let serving = hub.serve_connection(theirs, hub.local_addr());
    let asking = async {
        let io = hyper_util::rt::TokioIo::new(ours);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
        let request = http::Request::get("/api/spaces/alice/demo")
            .header("host", "huggingface.co")
            .body(http_body_util::Empty::<bytes::Bytes>::new())
            .unwrap();
        let (response, _) = tokio::join!(
            async {
                let response = sender.send_request(request).await;
                drop(sender);
                response
            },
            connection
        );
        response.unwrap().status()
    };
    let (status, ()) = tokio::join!(asking, serving);
    assert_eq!(status, StatusCode::OK);
}
