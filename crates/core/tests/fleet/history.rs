//! What is kept of what was reported, and what a person adds to a Space.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::TimeDelta;
use hfsm_core::events::{Audience, Watch};
use hfsm_hub_sim::{RouteKind, SimHub};
use hfsm_model::{Actor, Clock, Event, LogKind, LogUpdate, Settings};
use hfsm_store::Store;

use crate::scene::{Scene, builder_by, event, fleet, id, scene, stage_of, until, world};

#[tokio::test]
async fn what_was_watched_is_there_after_a_restart_with_minutes_that_ended_before() {
    static SHIFT: AtomicI64 = AtomicI64::new(0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hfsm.db");
    let hub = SimHub::start(world().build()).await.unwrap();
    let clock = Clock::shifted(&SHIFT);
    let first = builder_by(clock, &hub, Store::open(&path).await.unwrap(), "alice:hf_alice_write")
        .build()
        .await
        .unwrap();
    first.start();
    let mut reader = first.subscribe(Audience::Everything, Watch::All);
    for _ in 0..3 {
        for _ in 0..4 {
            event(&mut reader, "a sample", |event| match event {
                Event::Metrics { space, .. } if *space == id("alice/demo") => Some(()),
                _ => None,
            })
            .await;
        }
        SHIFT.fetch_add(60_000, Ordering::SeqCst);
    }
    drop(reader);
    first.shutdown().await;
    drop(first);

    let again = fleet(&hub, Store::open(&path).await.unwrap(), "alice:hf_alice_write").await;
    let (from, to) = (again.clock().now() - TimeDelta::hours(1), clock.now() + TimeDelta::hours(1));
    let history = again.metrics_history(&id("alice/demo"), from, to, None).await.unwrap();
    assert_eq!(history.step_seconds, 60);
    let points = &history.series[0].points;
    assert!(points.len() >= 3, "{points:?}");
    assert!(points.iter().map(|point| point.count).sum::<u32>() >= 12, "{points:?}");
    let cpu = points[0].cpu_pct.unwrap();
    assert!(cpu.min <= cpu.mean && cpu.mean <= cpu.max, "{cpu:?}");
    assert!(points[0].memory_total_bytes.is_some());
    assert!(history.earliest.unwrap() <= points[0].at);
    assert!(again.metrics_history(&id("alice/demo"), to, from, None).await.is_err());
}

#[tokio::test]
async fn a_person_may_have_the_metrics_of_all_spaces_collected_and_no_longer() {
    let Scene { fleet, hub } = scene(world(), "alice:hf_alice_write").await;
    until(&fleet, "the Spaces", || (fleet.spaces().len() == 3).then_some(())).await;
    assert_eq!(hub.world().stats().streams(RouteKind::Metrics), 0, "nobody watches");
    let collect = |collect_metrics| Settings { collect_metrics, ..Settings::default() };
    fleet.set_settings(collect(true), Actor::Desktop).await.unwrap();
    hub.world().until_asked(|counts| counts.streams(RouteKind::Metrics) == 2).await;
    fleet.set_settings(collect(false), Actor::Desktop).await.unwrap();
    hub.world().until_asked(|counts| counts.streams(RouteKind::Metrics) == 0).await;
    let never = Settings { metrics_history_days: 0, ..Settings::default() };
    assert!(fleet.set_settings(never, Actor::Desktop).await.is_err());
}

#[tokio::test]
async fn labels_stay_with_a_space_that_is_listed_again_and_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hfsm.db");
    let hub = SimHub::start(world().build()).await.unwrap();
    let first = fleet(&hub, Store::open(&path).await.unwrap(), "alice:hf_alice_write").await;
    until(&first, "the Space", || stage_of(&first, "alice/demo")).await;
    let mut reader = first.subscribe(Audience::Everything, Watch::nothing());
    let labels = vec!["prod".to_owned(), "Demo".to_owned()];
    first.set_labels(&id("alice/demo"), labels, Actor::Desktop).await.unwrap();
    let told = event(&mut reader, "the labels", |event| match event {
        Event::SpaceChanged(space) if space.info.id == id("alice/demo") => {
            Some(space.labels.clone())
        }
        _ => None,
    })
    .await;
    assert_eq!(told, ["Demo", "prod"]);
    hub.world().crash("alice/demo", "boom").unwrap();
    event(&mut reader, "the crash", |event| match event {
        Event::StageChanged(change) => Some(change.clone()),
        _ => None,
    })
    .await;
    assert_eq!(first.space(&id("alice/demo")).unwrap().labels, ["Demo", "prod"]);
    first.shutdown().await;
    drop(first);
    let again = fleet(&hub, Store::open(&path).await.unwrap(), "alice:hf_alice_write").await;
    assert_eq!(again.space(&id("alice/demo")).unwrap().labels, ["Demo", "prod"]);
}

#[tokio::test]
async fn who_wants_the_last_lines_of_a_log_is_not_sent_all_of_them() {
    let Scene { fleet, hub } = scene(world(), "alice:hf_alice_write").await;
    until(&fleet, "the Space", || stage_of(&fleet, "alice/demo")).await;
    for n in 0..500 {
        hub.world().log("alice/demo", &format!("line {n}")).unwrap();
    }
    let mut reader = fleet.read_log(&id("alice/demo"), LogKind::Run, Some(10)).unwrap();
    let mut seen = Vec::new();
    let mut read_until = async |wanted: &str| {
        while seen.last().is_none_or(|line| line != wanted) {
            let next = tokio::time::timeout(crate::scene::PATIENCE, reader.next());
            match next.await.expect("a line").unwrap() {
                LogUpdate::Lines(lines) => {
                    seen.extend(lines.iter().map(|line| line.text.clone()));
                }
                LogUpdate::Reset | LogUpdate::Connected | LogUpdate::Waiting { .. } => {}
            }
        }
        seen.clone()
    };
    let first = read_until("line 499").await;
    assert_eq!(first.len(), 10, "{first:?}");
    hub.faults().cut_streams();
    for n in 500..530 {
        hub.world().log("alice/demo", &format!("line {n}")).unwrap();
    }
    let all = read_until("line 529").await;
    let missing: Vec<_> =
        (490..530).map(|n| format!("line {n}")).filter(|line| !all.contains(line)).collect();
    assert!(missing.is_empty(), "lost while the stream was cut: {missing:?}");
}
