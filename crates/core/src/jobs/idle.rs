//! Whether a Space is idle, by what it reported. What is not known counts as not idle.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use hfsm_model::{
    Aggregate, Detail, HistoryPoint, HistoryStep, Load, MetricsPoint, MetricsSeries, Space,
    StageFamily,
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
    pub(super) async fn why_not_idle(&self, space: &Space, minutes: u32) -> Option<Detail> {
        let not_idle = |why| Detail::NotIdle { minutes, why: Box::new(why) };
        // Where no container runs, nobody is served.
        if matches!(space.stage.family(), StageFamily::Resting | StageFamily::Broken) {
            return None;
        }
        let now = self.0.clock.now();
        let until = (now - STORED).duration_trunc(TimeDelta::minutes(1)).unwrap_or(now);
        let from = until - TimeDelta::minutes(minutes.into());
        if space.stage_since_known && space.stage_since > from {
            let (stage, since) = (space.stage.clone(), space.stage_since);
            return Some(not_idle(Detail::StageSince { stage, since }));
        }
        let id = &space.info.id;
        let history = self.metrics_history(id, from, until, Some(HistoryStep::Minute)).await;
        let why = match history {
            Ok(history) => busy(&history.series, from, minutes),
            Err(error) => Some(Detail::UseUnknown { why: error.to_string() }),
        };
        let recent = self.metrics_recent(id);
        let why = why.or_else(|| busy_lately(&recent, until));
        why.map(not_idle)
    }
}

/// Tells which of the minutes from `from` on speaks against idleness.
fn busy(series: &[MetricsSeries], from: DateTime<Utc>, minutes: u32) -> Option<Detail> {
    (0..minutes).find_map(|minute| {
        let at = from + TimeDelta::minutes(minute.into());
        let mut reported =
            series.iter().flat_map(|one| &one.points).filter(|point| point.at == at).peekable();
        if reported.peek().is_none() {
            return Some(Detail::NothingReported { at });
        }
        reported.find_map(busy_point)
    })
}

fn busy_point(point: &HistoryPoint) -> Option<Detail> {
    let mean = |aggregate: Option<Aggregate>| aggregate.map(|aggregate| aggregate.mean);
    let gpus = point.gpus.iter().map(|gpu| (Load::Gpu, mean(gpu.utilisation_pct)));
    let loads = std::iter::once((Load::Cpu, mean(point.cpu_pct))).chain(gpus);
    let network = [(Load::Received, mean(point.rx_bps)), (Load::Sent, mean(point.tx_bps))];
    loads.chain(network).find_map(|(what, mean)| busy_with(what, mean, Some(point.at)))
}

/// The same of what was reported since `since`, which is in no minute yet.
fn busy_lately(points: &[MetricsPoint], since: DateTime<Utc>) -> Option<Detail> {
    let mean = |of: fn(&MetricsPoint) -> Option<f64>| {
        let values: Vec<f64> =
            points.iter().filter(|point| point.at >= since).filter_map(of).collect();
        #[expect(clippy::cast_precision_loss)]
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let busy = |what, mean: Option<f64>| mean.and_then(|mean| busy_with(what, Some(mean), None));
    busy(Load::Cpu, mean(|point| point.sample.cpu_pct))
        .or_else(|| busy(Load::Sent, mean(|point| point.sample.tx_bps)))
}

/// Tells what a number of a minute speaks of, where it is not quiet or not known.
fn busy_with(what: Load, mean: Option<f64>, at: Option<DateTime<Utc>>) -> Option<Detail> {
    let Some(mean) = mean else { return Some(Detail::NotReported { what, at }) };
    let quiet = match what {
        Load::Cpu | Load::Gpu => LOAD,
        Load::Received | Load::Sent => NETWORK,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is above quiet"
    )]
    let amount = mean.round() as u64;
    (mean > quiet).then_some(Detail::Busy { what, amount, at })
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

    fn found(points: Vec<HistoryPoint>) -> Option<Detail> {
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
            let why = found(points).unwrap().to_string();
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
