//! Whether a Space is idle, by what it reported. What is not known counts as not idle.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use hfsm_model::{
    Aggregate, HistoryPoint, HistoryStep, MetricsPoint, MetricsSeries, Space, StageFamily,
};

use crate::Fleet;

/// Percent of a processor or a GPU, on average of a minute, that a Space uses without doing anything.
const LOAD: f64 = 5.0;
/// Bytes a second, on average of a minute, that go to and fro without anybody using the Space.
const NETWORK: f64 = 1024.0;
/// Until a minute that has ended is stored.
const STORED: TimeDelta = TimeDelta::seconds(10);

impl Fleet {
    /// Tells why a Space does not count as idle for so many minutes; `None` when it does.
    pub(super) async fn why_not_idle(&self, space: &Space, minutes: u32) -> Option<String> {
        // Where no container runs, nobody is served.
        if matches!(space.stage.family(), StageFamily::Resting | StageFamily::Broken) {
            return None;
        }
        let now = self.0.clock.now();
        let until = (now - STORED).duration_trunc(TimeDelta::minutes(1)).unwrap_or(now);
        let from = until - TimeDelta::minutes(minutes.into());
        if space.stage_since_known && space.stage_since > from {
            return Some(format!(
                "not idle for {minutes} minutes: `{}` only since {}",
                space.stage,
                time(space.stage_since)
            ));
        }
        let id = &space.info.id;
        let history = self.metrics_history(id, from, until, Some(HistoryStep::Minute)).await;
        let why = match history {
            Ok(history) => busy(&history.series, from, minutes),
            Err(error) => Some(format!("what it used is not known: {error}")),
        };
        let recent = self.metrics_recent(id);
        let why = why.or_else(|| busy_lately(&recent, until));
        why.map(|why| format!("not known to be idle for {minutes} minutes: {why}"))
    }
}

/// Tells which of the minutes from `from` on speaks against idleness.
fn busy(series: &[MetricsSeries], from: DateTime<Utc>, minutes: u32) -> Option<String> {
    (0..minutes).find_map(|minute| {
        let at = from + TimeDelta::minutes(minute.into());
        let mut reported = series
            .iter()
            .flat_map(|one| &one.points)
            .filter(|point| point.at == at)
            .peekable();
        if reported.peek().is_none() {
            return Some(format!(
                "nothing was reported at {}; only Spaces that are watched report, or all where the settings say that metrics are collected",
                time(at)
            ));
        }
        reported.find_map(|point| busy_point(point).map(|why| format!("{why} at {}", time(at))))
    })
}

fn busy_point(point: &HistoryPoint) -> Option<String> {
    let mean = |aggregate: Option<Aggregate>| aggregate.map(|aggregate| aggregate.mean);
    let gpus = point.gpus.iter().map(|gpu| ("a GPU", mean(gpu.utilisation_pct)));
    let loads = std::iter::once(("the processor", mean(point.cpu_pct))).chain(gpus);
    let network = [("received", mean(point.rx_bps)), ("sent", mean(point.tx_bps))];
    loads
        .into_iter()
        .find_map(|(name, load)| busy_load(name, load))
        .or_else(|| network.into_iter().find_map(|(name, bytes)| busy_network(name, bytes)))
}

/// The same of what was reported since `since`, which is in no minute yet.
fn busy_lately(points: &[MetricsPoint], since: DateTime<Utc>) -> Option<String> {
    let mean = |of: fn(&MetricsPoint) -> Option<f64>| {
        let values: Vec<f64> =
            points.iter().filter(|point| point.at >= since).filter_map(of).collect();
        #[expect(clippy::cast_precision_loss)]
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let load =
        mean(|point| point.sample.cpu_pct).and_then(|load| busy_load("the processor", Some(load)));
    let sent = mean(|point| point.sample.tx_bps).and_then(|sent| busy_network("sent", Some(sent)));
    load.or(sent).map(|why| format!("{why} just now"))
}

fn busy_load(name: &str, load: Option<f64>) -> Option<String> {
    match load {
        None => Some(format!("what {name} did was not reported")),
        Some(load) => (load > LOAD).then(|| format!("{name} was at {load:.0} %")),
    }
}

fn busy_network(name: &str, bytes: Option<f64>) -> Option<String> {
    match bytes {
        None => Some(format!("what it {name} was not reported")),
        Some(bytes) => {
            (bytes > NETWORK).then(|| format!("it {name} {:.1} KiB a second", bytes / 1024.0))
        }
    }
}

fn time(at: DateTime<Utc>) -> impl std::fmt::Display {
    at.format("%Y-%m-%d %H:%M UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin() -> DateTime<Utc> {
        "2026-06-01T03:00:00Z".parse().unwrap()
    }

    fn quiet(minute: i64) -> HistoryPoint {
        let of = |mean| Some(Aggregate { min: 0.0, mean, max: 90.0 });
        HistoryPoint {
            at: begin() + TimeDelta::minutes(minute),
            count: 60,
            cpu_pct: of(1.0),
            memory_used_bytes: None,
            memory_total_bytes: None,
            rx_bps: of(100.0),
            tx_bps: of(100.0),
            gpus: vec![],
        }
    }

    fn found(points: Vec<HistoryPoint>) -> Option<String> {
        busy(&[MetricsSeries { replica: "abc".into(), points }], begin(), 3)
    }

    #[test]
    fn idle_is_what_was_quiet_in_every_minute_and_what_is_not_known_is_not() {
        let loud = |mean| Some(Aggregate { min: mean, mean, max: mean });
        assert_eq!(found(vec![quiet(0), quiet(1), quiet(2)]), None);
        for (points, word) in [
            (vec![quiet(0), quiet(2)], "nothing was reported at 2026-06-01 03:01 UTC"),
            (vec![], "nothing was reported at 2026-06-01 03:00 UTC"),
            (
                vec![quiet(0), HistoryPoint { cpu_pct: loud(23.0), ..quiet(1) }, quiet(2)],
                "the processor was at 23 % at 2026-06-01 03:01 UTC",
            ),
            (vec![HistoryPoint { rx_bps: loud(4096.0), ..quiet(0) }], "received 4.0 KiB a second"),
            (vec![HistoryPoint { tx_bps: None, ..quiet(0) }], "sent was not reported"),
        ] {
            let why = found(points).unwrap();
            assert!(why.contains(word), "{why}");
        }
        // One busy replica of two is enough.
        let busy_one = MetricsSeries {
            replica: "b".into(),
            points: vec![HistoryPoint { cpu_pct: loud(50.0), ..quiet(1) }],
        };
        let calm = MetricsSeries { replica: "a".into(), points: (0..3).map(quiet).collect() };
        assert!(busy(&[calm, busy_one], begin(), 3).is_some());
    }
}
