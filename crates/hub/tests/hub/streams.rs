//! Metrics, events and logs, whole and in pieces.

use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt};
use hfsm_hub::{Error, LogEvent, SpaceEvent};
use hfsm_hub_sim::{Fault, RouteKind, TokenKind, When};
use hfsm_model::{LogKind, Stage};

use crate::support::{Fixture, Scripted, alice, answer, id};

const SAMPLE: &str = "event: metric\ndata: {\"cpu_usage_pct\":1.5,\"replica\":\"abcde\"}\n\n";

#[tokio::test]
async fn metrics_arrive_whole_however_the_stream_is_cut() {
    let world = alice().stamped_metrics().space("alice/demo", |space| space.replicas(2));
    let hub = Fixture::start(world).await;
    let gateway = hub.alice();
    for fault in [
        None,
        Some(Fault::Chunks { bytes: 1 }),
        Some(Fault::Chunks { bytes: 7 }),
        Some(Fault::Crlf),
        Some(Fault::Comments),
        Some(Fault::Coalesce { events: 5 }),
    ] {
        hub.sim.faults().clear();
        if let Some(fault) = fault.clone() {
            hub.sim.faults().add(fault, When::always());
        }
        let stream = gateway.metrics(&id("alice/demo")).await.unwrap();
        // Byte by byte a sample takes a fifth of a second.
        let enough = if fault == Some(Fault::Chunks { bytes: 1 }) { 4 } else { 10 };
        let samples: Vec<_> = stream.take(enough).try_collect().await.unwrap();
        let replicas: std::collections::BTreeSet<_> =
            samples.iter().map(|sample| sample.replica.as_str()).collect();
        assert_eq!(replicas.len(), 2, "{fault:?}: {samples:?}");
        for replica in replicas {
            let numbers: Vec<_> = samples
                .iter()
                .filter(|sample| sample.replica == replica)
                .map(|sample| sample.rx_bps.unwrap())
                .collect();
            assert!(
                numbers.windows(2).all(|pair| pair[1] > pair[0]),
                "{fault:?}: in order, and each once: {numbers:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_stream_that_ends_ends_and_one_that_breaks_off_says_so() {
    let hub = Fixture::start(alice().space("alice/demo", |space| space)).await;
    let gateway = hub.alice();
    for (clean, mid_event) in [(true, false), (true, true), (false, false), (false, true)] {
        hub.sim.faults().clear();
        hub.sim.faults().add(Fault::Cut { after: 3, mid_event, clean }, When::always());
        let stream = gateway.metrics(&id("alice/demo")).await.unwrap();
        let items: Vec<_> = stream.collect().await;
        let samples = items.iter().filter(|item| item.is_ok()).count();
        assert_eq!(samples, 3, "clean {clean}, mid event {mid_event}");
        match items.last().unwrap() {
            Ok(_) => assert!(clean),
            Err(error) => {
                assert!(!clean && matches!(error, Error::Unreachable { .. }), "{error:?}");
            }
        }
    }
    hub.sim.world().until_asked(|counts| counts.streams_open() == 0).await;
    assert_eq!(hub.hub.open_streams(), 0);
}

#[tokio::test]
async fn a_stream_that_falls_silent_is_lost_and_one_that_only_has_nothing_to_say_is_not() {
    let world = alice()
        .keep_alive(Duration::from_millis(50))
        .space("alice/demo", |space| space)
        .space("alice/boots", |space| space.stage("APP_STARTING"));
    let hub = Fixture::with(world, |config| {
        config.stream_silence = Duration::from_millis(300);
        config.metrics_grace = Duration::from_secs(60);
    })
    .await;
    let gateway = hub.alice();
    let mut quiet = gateway.metrics(&id("alice/boots")).await.unwrap();
    let mut stream = gateway.metrics(&id("alice/demo")).await.unwrap();
    let started = Instant::now();
    stream.next().await.unwrap().unwrap();
    hub.sim.faults().add(Fault::Stall { after: 0 }, When::always().space("alice/demo"));
    let error = loop {
        if let Err(error) = stream.next().await.unwrap() {
            break error;
        }
    };
    assert!(started.elapsed() >= Duration::from_millis(300));
    assert!(error.to_string().contains("silent"), "{error}");
    assert!(stream.next().await.is_none());
    let still = tokio::time::timeout(Duration::from_millis(400), quiet.next()).await;
    if let Ok(item) = still {
        assert!(item.unwrap().is_ok());
    }
}

#[tokio::test]
async fn where_nothing_runs_there_is_no_stream() {
    let world = alice()
        .space("alice/files", |space| space.statics())
        .space("alice/asleep", |space| space.sleeping());
    let hub = Fixture::start(world).await;
    for name in ["alice/files", "alice/asleep"] {
        let error = hub.alice().metrics(&id(name)).await.map(drop).unwrap_err();
        assert!(matches!(error, Error::StreamUnavailable(_)), "{error:?}");
        assert_eq!(error.message(), Some("Space is stale"));
    }
    assert_eq!(hub.sim.world().stats().requests(RouteKind::Metrics), 2, "no other door is tried");
    let error = hub.alice().metrics(&id("alice/never")).await.map(drop).unwrap_err();
    assert!(matches!(error, Error::SpaceNotFound(_)), "{error:?}");
}

#[tokio::test]
async fn a_stream_that_says_not_found_and_hangs_is_an_error_and_not_a_silence() {
    let hub = Fixture::start(alice().space("alice/demo", |space| space)).await;
    hub.sim.faults().add(Fault::NotFoundAndHang, When::always());
    let mut stream = hub.alice().metrics(&id("alice/demo")).await.unwrap();
    let error = stream.next().await.unwrap().unwrap_err();
    assert!(matches!(error, Error::SpaceNotFound(_)), "{error:?}");
    assert!(stream.next().await.is_none());
    assert_eq!(hub.sim.world().stats().requests(RouteKind::Metrics), 2, "both doors were tried");
}

#[tokio::test]
async fn without_a_token_the_live_host_serves_at_once() {
    let hub = Fixture::start(alice().space("alice/demo", |space| space)).await;
    let gateway = hub.anonymous();
    for requests in [1, 2] {
        let mut stream = gateway.metrics(&id("alice/demo")).await.unwrap();
        stream.next().await.unwrap().unwrap();
        assert_eq!(hub.sim.world().stats().requests(RouteKind::Metrics), requests);
    }
}

#[tokio::test]
async fn the_other_host_serves_when_the_first_has_no_such_stream() {
    for status in [404, 405, 501] {
        let server = Scripted::start(move |asked, _| match asked.path.as_str() {
            "/v1/alice/demo/live-metrics/sse" => answer(status, &[], "<html>no</html>"),
            "/api/spaces/alice/demo/metrics" => {
                assert_eq!(asked.headers["accept"], "text/event-stream");
                assert_eq!(asked.headers["accept-encoding"], "identity");
                answer(200, &[("content-type", "text/event-stream")], SAMPLE)
            }
            path => panic!("{path}"),
        })
        .await;
        let gateway = server.gateway();
        for requests in [2, 3] {
            let stream = gateway.metrics(&id("alice/demo")).await.unwrap();
            let samples: Vec<_> = stream.try_collect().await.unwrap();
            assert_eq!(samples[0].replica, "abcde");
            assert_eq!(server.asked().len(), requests, "{status}");
        }
    }
}

#[tokio::test]
async fn a_documented_stream_without_samples_is_left_for_the_other_host() {
    let server = Scripted::start(|asked, _| {
        let silence = futures::stream::pending::<Result<&str, std::io::Error>>();
        let body = if asked.path.starts_with("/v1/") {
            axum::body::Body::from(SAMPLE)
        } else {
            let first = futures::stream::iter([Ok("event: zero-gpu-count\ndata: 0\n\n")]);
            axum::body::Body::from_stream(first.chain(silence))
        };
        answer(200, &[("content-type", "text/event-stream")], body)
    })
    .await;
    let mut stream = server.gateway().metrics(&id("alice/demo")).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap().replica, "abcde");
}

#[tokio::test]
async fn a_not_found_without_a_line_end_is_seen_too() {
    let server = Scripted::start(|_, _| {
        let silence = futures::stream::pending::<Result<&str, std::io::Error>>();
        let first = futures::stream::iter([Ok("{\"error\":\"NOT_FOUND\"}")]);
        answer(200, &[], axum::body::Body::from_stream(first.chain(silence)))
    })
    .await;
    let mut stream = server.gateway().metrics(&id("alice/demo")).await.unwrap();
    let error = stream.next().await.unwrap().unwrap_err();
    assert!(matches!(error, Error::SpaceNotFound(_)), "{error:?}");
}

#[tokio::test]
async fn a_page_instead_of_a_stream_is_an_error() {
    let server =
        Scripted::start(|_, _| answer(200, &[("content-type", "text/html")], "<!DOCTYPE html>"))
            .await;
    let error = server.gateway().metrics(&id("alice/demo")).await.map(drop).unwrap_err();
    assert!(matches!(error, Error::Unexpected { .. }), "{error:?}");
}

#[tokio::test]
async fn events_tell_a_stage_that_changes() {
    let hub = Fixture::start(alice().space("alice/demo", |space| space)).await;
    let mut events = hub.alice().events(&id("alice/demo")).await.unwrap();
    assert_eq!(events.next().await.unwrap().unwrap(), SpaceEvent::Stage(Stage::RUNNING));
    hub.sim.world().crash("alice/demo", "Exit code: 1").unwrap();
    let mut seen = Vec::new();
    let compute = loop {
        match events.next().await.unwrap().unwrap() {
            SpaceEvent::Stage(stage) => seen.push(stage),
            SpaceEvent::Compute(compute) if compute.stage == Some(Stage::RUNTIME_ERROR) => {
                break compute;
            }
            _ => {}
        }
    };
    assert!(seen.contains(&Stage::RUNTIME_ERROR), "{seen:?}");
    assert_eq!(compute.message.as_deref(), Some("Exit code: 1"));
    assert_eq!(compute.sdk.as_deref(), Some("docker"));
}

#[tokio::test]
async fn a_static_space_is_not_called_broken_by_its_events() {
    let hub = Fixture::start(alice().space("alice/files", |space| space.statics())).await;
    let events = hub.alice().events(&id("alice/files")).await.unwrap();
    let stages = events.take_until(tokio::time::sleep(Duration::from_secs(1)));
    let stages: Vec<_> = stages.try_collect().await.unwrap();
    assert!(!stages.is_empty());
    assert!(!stages.iter().any(|event| matches!(event, SpaceEvent::Stage(_))), "{stages:?}");
}

#[tokio::test]
async fn logs_are_replayed_and_then_followed() {
    let world = alice()
        .token("hf_read", TokenKind::Read)
        .keep_alive(Duration::from_millis(20))
        .space("alice/demo", |space| space.log("naïve \u{1b}[31mred\u{1b}[0m 🚀").log("second"));
    let hub = Fixture::start(world).await;
    hub.sim.faults().add(Fault::Chunks { bytes: 3 }, When::always());
    let gateway = hub.alice();
    let demo = id("alice/demo");
    let mut log = gateway.logs(&demo, LogKind::Run, None).await.unwrap();
    let answered_at = log.answered_at().unwrap();
    let mut lines = Vec::new();
    while !lines.iter().any(|line: &hfsm_model::LogLine| line.text == "second") {
        match log.next().await.unwrap().unwrap() {
            LogEvent::Line(line) => lines.push(line),
            LogEvent::KeepAlive => {}
        }
    }
    assert!(lines[0].text.starts_with("===== Application Startup at"), "{lines:?}");
    assert!(lines.iter().any(|line| line.text == "naïve \u{1b}[31mred\u{1b}[0m 🚀"), "{lines:?}");
    assert!(
        lines.iter().all(|line| line.at.unwrap() <= answered_at + chrono::TimeDelta::seconds(1))
    );
    while log.next().await.unwrap().unwrap() != LogEvent::KeepAlive {}
    hub.sim.world().log("alice/demo", "live").unwrap();
    loop {
        if let LogEvent::Line(line) = log.next().await.unwrap().unwrap() {
            assert_eq!(line.text, "live");
            break;
        }
    }
    let mut tail = gateway.logs(&demo, LogKind::Run, Some(1)).await.unwrap();
    let LogEvent::Line(line) = tail.next().await.unwrap().unwrap() else { panic!() };
    assert_eq!(line.text, "live");
    hub.sim.world().build_log("alice/demo", "--> FROM python").unwrap();
    let mut build = gateway.logs(&demo, LogKind::Build, Some(1)).await.unwrap();
    let LogEvent::Line(line) = build.next().await.unwrap().unwrap() else { panic!() };
    assert_eq!(line.text, "--> FROM python");
    let error = hub.with_token("hf_read").logs(&demo, LogKind::Run, None).await.unwrap_err();
    assert!(matches!(error, Error::Forbidden(_)), "{error:?}");
}

#[tokio::test]
async fn a_stream_that_nobody_reads_any_more_is_closed() {
    let hub = Fixture::start(alice().space("alice/demo", |space| space)).await;
    let mut stream = hub.alice().metrics(&id("alice/demo")).await.unwrap();
    stream.next().await.unwrap().unwrap();
    assert_eq!(hub.hub.open_streams(), 1);
    drop(stream);
    assert_eq!(hub.hub.open_streams(), 0);
    hub.sim.world().until_asked(|counts| counts.streams_open() == 0).await;
}

#[tokio::test]
async fn streams_use_the_budget_and_are_held_back_with_it() {
    let world = alice().user_with("alice", |user| user.api_quota(20));
    let hub = Fixture::start(world.space("alice/demo", |space| space)).await;
    let poll = hub.alice().ranked(hfsm_hub::Rank::Polling);
    let mut opened = Vec::new();
    let error = loop {
        match tokio::time::timeout(Duration::from_secs(1), poll.events(&id("alice/demo"))).await {
            Ok(Ok(stream)) => opened.push(stream),
            Ok(Err(error)) => break Some(error),
            Err(_) => break None,
        }
    };
    assert!(opened.len() < 20, "{}", opened.len());
    if let Some(error) = error {
        assert!(matches!(error, Error::HeldBack { .. }), "{error:?}");
    }
    hub.alice().runtime(&id("alice/demo")).await.unwrap();
    assert_eq!(hub.sim.world().stats().answered(429), 0);
}

#[tokio::test]
async fn metrics_leave_the_budget_to_requests() {
    let world = alice().user_with("alice", |user| user.api_quota(20));
    let hub = Fixture::start(world.space("alice/demo", |space| space)).await;
    let poll = hub.alice().ranked(hfsm_hub::Rank::Polling);
    let mut opened = Vec::new();
    for _ in 0..40 {
        opened.push(poll.metrics(&id("alice/demo")).await.unwrap());
    }
    hub.alice().runtime(&id("alice/demo")).await.unwrap();
    assert_eq!(hub.sim.world().stats().answered(429), 0);
}
