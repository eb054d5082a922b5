//! Metrics over months: what minutes become, what stays, and what a crash may cost.

use chrono::{DateTime, TimeDelta, Utc};
use hfsm_model::{Aggregate, HistoryStep};
use hfsm_store::{Sample, SeriesKey, Store};

use crate::common::space_id;

/// The beginning of an hour.
const HOUR: i64 = 29_400_000;

fn minute(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
}

fn key(space: &str, replica: &str, gpu: Option<u32>) -> SeriesKey {
    SeriesKey { space: space_id(space), replica: replica.to_owned(), gpu }
}

fn sample(at: i64, load: f64) -> Sample {
    Sample {
        at,
        count: 60,
        load: Some(Aggregate { min: load - 1.0, mean: load, max: load + 1.0 }),
        memory: Some(Aggregate { min: 10.0, mean: 20.0, max: 30.0 }),
        memory_total: Some(16 << 30),
        rx: None,
        tx: Some(Aggregate { min: 0.0, mean: 0.5, max: 1.5 }),
    }
}

async fn loads(store: &Store, step: HistoryStep, from: i64, to: i64) -> Vec<(i64, f64, u32)> {
    let series = store.samples(&space_id("a/b"), step, minute(from), minute(to)).await.unwrap();
    assert!(series.len() <= 1, "{series:?}");
    let samples = series.into_iter().flat_map(|series| series.samples);
    samples.map(|sample| (sample.at, sample.load.unwrap().mean, sample.count)).collect()
}

#[tokio::test]
async fn minutes_become_quarters_and_hours_and_what_is_under_way_is_shown() {
    let store = Store::in_memory().await.unwrap();
    for n in 0..100 {
        let load = if n < 15 { 10.0 } else { 50.0 };
        let one = [(key("a/b", "aaaaa", None), sample(HOUR + n, load))];
        store.add_samples(&one, minute(HOUR + n + 1)).await.unwrap();
    }
    let minutes = loads(&store, HistoryStep::Minute, HOUR + 98, HOUR + 200).await;
    assert_eq!(minutes, [(HOUR + 98, 50.0, 60), (HOUR + 99, 50.0, 60)]);
    let quarters = loads(&store, HistoryStep::Quarter, HOUR, HOUR + 200).await;
    assert_eq!(quarters.len(), 7);
    assert_eq!(quarters[0], (HOUR, 10.0, 900));
    assert_eq!(quarters[6], (HOUR + 90, 50.0, 600), "not yet a whole one");
    let hours = loads(&store, HistoryStep::Hour, HOUR + 30, HOUR + 200).await;
    assert_eq!(hours, [(HOUR, 40.0, 3600), (HOUR + 60, 50.0, 2400)]);
    let series = store
        .samples(&space_id("a/b"), HistoryStep::Hour, minute(HOUR), minute(HOUR + 60))
        .await
        .unwrap();
    let hour = &series[0].samples[0];
    let load = hour.load.unwrap();
    assert_eq!((load.min, load.max, hour.rx), (9.0, 51.0, None));
    assert_eq!((hour.memory.unwrap().mean, hour.memory_total), (20.0, Some(16 << 30)));
    assert_eq!(store.earliest_sample(&space_id("a/b")).await.unwrap(), Some(minute(HOUR)));
    assert_eq!(store.earliest_sample(&space_id("a/c")).await.unwrap(), None);
}

#[tokio::test]
async fn a_minute_that_comes_in_two_parts_counts_both_and_renews_what_was_made_of_it() {
    let store = Store::in_memory().await.unwrap();
    let own = key("a/b", "aaaaa", None);
    store.add_samples(&[(own.clone(), sample(HOUR, 10.0))], minute(HOUR + 70)).await.unwrap();
    assert_eq!(loads(&store, HistoryStep::Hour, HOUR, HOUR + 60).await, [(HOUR, 10.0, 60)]);
    // The clock was set back by an hour.
    store.add_samples(&[(own, sample(HOUR, 20.0))], minute(HOUR + 71)).await.unwrap();
    assert_eq!(loads(&store, HistoryStep::Minute, HOUR, HOUR + 60).await, [(HOUR, 15.0, 120)]);
    assert_eq!(loads(&store, HistoryStep::Hour, HOUR, HOUR + 60).await, [(HOUR, 15.0, 120)]);
}

#[tokio::test]
async fn replicas_and_their_gpus_are_kept_apart_and_those_of_a_thousand_spaces_in_one_go() {
    let store = Store::in_memory().await.unwrap();
    let mut minutes = Vec::new();
    for n in 0..1000 {
        minutes.push((key(&format!("a/s{n}"), "aaaaa", None), sample(HOUR, f64::from(n))));
    }
    minutes.push((key("a/s7", "bbbbb", None), sample(HOUR, 1.0)));
    minutes.push((key("a/s7", "bbbbb", Some(0)), sample(HOUR, 2.0)));
    store.add_samples(&minutes, minute(HOUR + 1)).await.unwrap();
    let series = store
        .samples(&space_id("a/s7"), HistoryStep::Minute, minute(HOUR), minute(HOUR + 1))
        .await
        .unwrap();
    let seen: Vec<_> = series
        .iter()
        .map(|one| (one.replica.as_str(), one.gpu, one.samples[0].load.unwrap().mean))
        .collect();
    assert_eq!(seen, [("aaaaa", None, 7.0), ("bbbbb", None, 1.0), ("bbbbb", Some(0), 2.0)]);
}

#[tokio::test]
async fn each_step_is_kept_for_its_time_and_a_clock_that_jumped_empties_nothing() {
    let store = Store::in_memory().await.unwrap();
    let own = key("a/b", "aaaaa", None);
    let days = |days: i64| days * 24 * 60;
    for n in [0, days(80), days(90), days(99), days(100) - 30] {
        let one = [(own.clone(), sample(HOUR + n, 10.0))];
        store.add_samples(&one, minute(HOUR + n + 61)).await.unwrap();
    }
    let gone = [(key("a/gone", "zzzzz", None), sample(HOUR, 1.0))];
    store.add_samples(&gone, minute(HOUR + 61)).await.unwrap();
    store.prune_samples(minute(HOUR + days(36_500)), 30).await.unwrap();
    let mut left = Vec::new();
    for step in HistoryStep::ALL {
        left.push(loads(&store, step, 0, HOUR + days(101)).await.len());
    }
    assert_eq!(left, [2, 3, 4]);
    assert_eq!(store.earliest_sample(&space_id("a/gone")).await.unwrap(), None);
}

#[tokio::test]
async fn labels_are_kept_for_each_space_and_taken_away() {
    let store = Store::in_memory().await.unwrap();
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    store.set_labels(&space_id("a/b"), &words(&["old"])).await.unwrap();
    store.set_labels(&space_id("a/b"), &words(&["new", "\"two\""])).await.unwrap();
    store.set_labels(&space_id("a/c"), &words(&["x"])).await.unwrap();
    store.set_labels(&space_id("a/c"), &[]).await.unwrap();
    let labels = store.labels().await.unwrap();
    assert_eq!(labels, [(space_id("a/b"), words(&["new", "\"two\""]))].into());
}
