//! Metrics over hours and months: what is reported is added up minute by minute, and each minute is
//! stored once it has ended. Adding a report up takes no memory of its own.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use hfsm_model::{
    Aggregate, GpuHistoryPoint, HistoryPoint, HistoryStep, MetricsHistory, MetricsSample,
    MetricsSeries, SpaceId,
};
use hfsm_store::{Sample, SeriesKey, StoredSeries};

use crate::{Error, Fleet, lock};

/// Points of a chart when nobody says how fine it is to be.
const POINTS: i64 = 750;
/// Ended minutes that wait for a store which cannot be written; older ones are let go.
const WAITING: usize = 20_000;
const MINUTE_MS: i64 = 60_000;

/// What waits to be stored, and whether it is to have no holes.
#[derive(Debug, Default)]
pub(crate) struct History {
    ended: Mutex<Vec<(SeriesKey, Sample)>>,
    collecting: AtomicBool,
}

impl History {
    /// Takes minutes that ended.
    pub(crate) fn take(&self, minutes: impl IntoIterator<Item = (SeriesKey, Sample)>) {
        let mut ended = lock(&self.ended);
        ended.extend(minutes);
        let over = ended.len().saturating_sub(WAITING);
        ended.drain(..over);
    }

    /// Returns whether the metrics of all running Spaces are wanted all the time.
    pub(crate) fn is_collecting(&self) -> bool {
        self.collecting.load(Ordering::Relaxed)
    }

    pub(crate) fn set_collecting(&self, collecting: bool) {
        self.collecting.store(collecting, Ordering::Relaxed);
    }
}

/// What one replica reported in the minute it is in.
#[derive(Debug, Default)]
pub(crate) struct Minute {
    /// Minutes since 1970.
    at: i64,
    own: Sums,
    gpus: Vec<Sums>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: u32,
    load: Sum,
    memory: Sum,
    memory_total: Option<u64>,
    rx: Sum,
    tx: Sum,
}

/// A number as it is added up.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    count: u32,
    total: f64,
    min: f64,
    max: f64,
}

impl Sum {
    fn add(&mut self, value: Option<f64>) {
        let Some(value) = value.filter(|value| value.is_finite()) else { return };
        if self.count == 0 {
            (self.min, self.max) = (value, value);
        } else {
            self.min = self.min.min(value);
            self.max = self.max.max(value);
        }
        self.count += 1;
        self.total += value;
    }

    fn aggregate(self) -> Option<Aggregate> {
        let mean = self.total / f64::from(self.count);
        (self.count > 0).then_some(Aggregate { min: self.min, mean, max: self.max })
    }
}

impl Sums {
    fn sample(&self, at: i64) -> Sample {
        Sample {
            at,
            count: self.count,
            load: self.load.aggregate(),
            memory: self.memory.aggregate(),
            memory_total: self.memory_total,
            rx: self.rx.aggregate(),
            tx: self.tx.aggregate(),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "no Space has 2^53 bytes of memory")]
fn bytes(count: Option<u64>) -> Option<f64> {
    count.map(|count| count as f64)
}

impl Minute {
    /// Returns whether a report of this time belongs to another minute than those before.
    pub(crate) fn is_over(&self, now_ms: i64) -> bool {
        self.at != now_ms.div_euclid(MINUTE_MS) && self.own.count > 0
    }

    /// Adds a report.
    pub(crate) fn add(&mut self, now_ms: i64, sample: &MetricsSample) {
        self.at = now_ms.div_euclid(MINUTE_MS);
        let own = &mut self.own;
        own.count += 1;
        own.load.add(sample.cpu_pct);
        own.memory.add(bytes(sample.memory_used_bytes));
        own.memory_total = sample.memory_total_bytes.or(own.memory_total);
        own.rx.add(sample.rx_bps);
        own.tx.add(sample.tx_bps);
        if self.gpus.len() < sample.gpus.len() {
            self.gpus.resize(sample.gpus.len(), Sums::default());
        }
        for (sums, gpu) in self.gpus.iter_mut().zip(&sample.gpus) {
            sums.count += 1;
            sums.load.add(gpu.utilization_pct);
            sums.memory.add(bytes(gpu.memory_used_bytes));
            sums.memory_total = gpu.memory_total_bytes.or(sums.memory_total);
        }
    }

    /// Takes what was added up, and begins anew.
    pub(crate) fn end(
        &mut self,
        space: &SpaceId,
        replica: &str,
    ) -> impl Iterator<Item = (SeriesKey, Sample)> {
        let own = std::mem::take(&mut self.own);
        let gpus = self.gpus.iter_mut().map(std::mem::take);
        let at = self.at;
        let all = std::iter::once((None, own)).chain((0..).map(Some).zip(gpus));
        all.filter(|(_, sums)| sums.count > 0).map(move |(gpu, sums)| {
            let key = SeriesKey { space: space.clone(), replica: replica.to_owned(), gpu };
            (key, sums.sample(at))
        })
    }
}

impl Fleet {
    /// Stores each minute as it ends, until the program does.
    pub(crate) async fn keep_history(self) {
        loop {
            let into = self.0.clock.now().timestamp_millis().rem_euclid(MINUTE_MS);
            let left = u64::try_from(MINUTE_MS - into).unwrap_or_default();
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(left)) => {}
                () = self.0.supervisor.stopping().cancelled() => return,
            }
            self.0.metrics.end_minutes(self.0.clock.now());
            self.save_history().await;
        }
    }

    /// Stores what has not been stored of the minutes that ended. What cannot be stored waits.
    pub(crate) async fn save_history(&self) {
        let history = &self.0.metrics.history;
        let ended = std::mem::take(&mut *lock(&history.ended));
        if ended.is_empty() {
            return;
        }
        if let Err(error) = self.0.store.add_samples(&ended, self.0.clock.now()).await {
            tracing::error!(%error, "metrics were not stored, which is tried again: {error}");
            let later = std::mem::take(&mut *lock(&history.ended));
            history.take(ended.into_iter().chain(later));
        }
    }

    /// Returns what a Space's replicas used from `from` until before `to`, as fine as `step` says,
    /// or with at most 750 points each.
    ///
    /// # Errors
    /// When `from` is not before `to`, or the store cannot be read.
    pub async fn metrics_history(
        &self,
        space: &SpaceId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        step: Option<HistoryStep>,
    ) -> Result<MetricsHistory, Error> {
        if from >= to {
            return Err(Error::Invalid("`from` must be before `to`".to_owned()));
        }
        let (step, window) = match step {
            Some(step) => (step, step.minutes()),
            None => fitting(from, to, self.0.clock.now()),
        };
        let stored = self.0.store.samples(space, step, from, to).await?;
        let earliest = self.0.store.earliest_sample(space).await?;
        let step_seconds = u32::try_from(window * 60).unwrap_or(u32::MAX);
        Ok(MetricsHistory { step_seconds, series: joined(stored, window), earliest })
    }
}

/// Returns the finest step that is still kept and gives few enough points, and over how many
/// minutes points of it are put together.
fn fitting(from: DateTime<Utc>, to: DateTime<Utc>, now: DateTime<Utc>) -> (HistoryStep, i64) {
    let minutes = (to - from).num_minutes();
    for step in [HistoryStep::Minute, HistoryStep::Quarter] {
        let kept = step.kept_minutes().is_none_or(|kept| from >= now - TimeDelta::minutes(kept));
        if kept && minutes <= POINTS * step.minutes() {
            return (step, step.minutes());
        }
    }
    let hours = minutes / 60;
    (HistoryStep::Hour, 60 * (hours / POINTS + i64::from(hours % POINTS > 0)).max(1))
}

/// Puts the points of each window together, and those of GPUs with their replicas'.
fn joined(stored: Vec<StoredSeries>, window: i64) -> Vec<MetricsSeries> {
    let mut series: Vec<MetricsSeries> = Vec::new();
    let mut places: HashMap<(String, i64), (usize, usize)> = HashMap::new();
    let (replicas, gpus): (Vec<_>, Vec<_>) = stored.into_iter().partition(|one| one.gpu.is_none());
    for one in replicas {
        let points = widened(one.samples, window);
        for (place, point) in points.iter().enumerate() {
            places.insert((one.replica.clone(), point.at), (series.len(), place));
        }
        let points = points.iter().map(point).collect();
        series.push(MetricsSeries { replica: one.replica, points });
    }
    for one in gpus {
        let Some(index) = one.gpu else { continue };
        for sample in widened(one.samples, window) {
            if let Some(&(which, place)) = places.get(&(one.replica.clone(), sample.at)) {
                series[which].points[place].gpus.push(GpuHistoryPoint {
                    index,
                    utilisation_pct: sample.load,
                    memory_used_bytes: sample.memory,
                    memory_total_bytes: sample.memory_total,
                });
            }
        }
    }
    for point in series.iter_mut().flat_map(|one| &mut one.points) {
        point.gpus.sort_by_key(|gpu| gpu.index);
    }
    series
}

fn widened(samples: Vec<Sample>, window: i64) -> Vec<Sample> {
    let mut points: Vec<Sample> = Vec::with_capacity(samples.len());
    for sample in samples {
        let at = sample.at.div_euclid(window) * window;
        match points.last_mut().filter(|last| last.at == at) {
            Some(last) => last.merge(&sample),
            None => points.push(Sample { at, ..sample }),
        }
    }
    points
}

fn point(sample: &Sample) -> HistoryPoint {
    HistoryPoint {
        at: DateTime::from_timestamp(sample.at * 60, 0).unwrap_or_default(),
        count: sample.count,
        cpu_pct: sample.load,
        memory_used_bytes: sample.memory,
        memory_total_bytes: sample.memory_total,
        rx_bps: sample.rx,
        tx_bps: sample.tx,
        gpus: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use hfsm_model::GpuSample;

    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    #[test]
    fn a_minute_knows_the_least_the_most_and_the_average_of_its_reports() {
        let mut minute = Minute::default();
        let gpu = |load| GpuSample {
            id: "d901cd7f".into(),
            utilization_pct: Some(load),
            memory_used_bytes: Some(5),
            memory_total_bytes: Some(10),
        };
        for (second, cpu) in [(0, Some(10.0)), (1, None), (2, Some(40.0)), (3, Some(f64::NAN))] {
            let sample = MetricsSample {
                cpu_pct: cpu,
                memory_used_bytes: Some(7),
                gpus: vec![gpu(0.0), gpu(f64::from(second))],
                ..MetricsSample::default()
            };
            minute.add(i64::from(second) * 1000, &sample);
        }
        assert!(!minute.is_over(59_999) && minute.is_over(60_000));
        let id = SpaceId::new("alice", "demo").unwrap();
        let ended: Vec<_> = minute.end(&id, "aaaaa").collect();
        let own = &ended[0].1;
        assert_eq!((own.count, own.load.unwrap().mean), (4, 25.0));
        assert_eq!((own.load.unwrap().min, own.load.unwrap().max), (10.0, 40.0));
        assert_eq!((own.memory.unwrap().mean, own.rx), (7.0, None));
        assert_eq!(ended[2].0.gpu, Some(1));
        assert_eq!(ended[2].1.load.unwrap().max, 3.0);
        assert!(!minute.is_over(60_000), "it begins anew");
        assert_eq!(minute.end(&id, "aaaaa").count(), 0);
    }

    #[test]
    fn a_chart_is_as_fine_as_what_is_kept_and_its_points_allow() {
        let now = at(1_000_000);
        let days = |days: i64| days * 24 * 60;
        for (from, to, expected) in [
            (60, 0, (HistoryStep::Minute, 1)),
            (750, 0, (HistoryStep::Minute, 1)),
            (days(1), 0, (HistoryStep::Quarter, 15)),
            (days(7), 0, (HistoryStep::Quarter, 15)),
            (days(3), days(3) - 60, (HistoryStep::Quarter, 15)),
            (days(20), days(20) - 60, (HistoryStep::Hour, 60)),
            (days(30), 0, (HistoryStep::Hour, 60)),
            (days(90), 0, (HistoryStep::Hour, 180)),
        ] {
            assert_eq!(fitting(at(1_000_000 - from), at(1_000_000 - to), now), expected, "{from}");
        }
    }

    #[test]
    fn points_of_a_gpu_stand_with_those_of_its_replica() {
        let sample = |minute: i64, load: f64| Sample {
            at: minute,
            count: 60,
            load: Some(Aggregate { min: load, mean: load, max: load }),
            memory: None,
            memory_total: Some(10),
            rx: None,
            tx: None,
        };
        let stored = |gpu, samples| StoredSeries { replica: "aaaaa".into(), gpu, samples };
        let series = joined(
            vec![
                stored(Some(1), vec![sample(61, 80.0)]),
                stored(None, vec![sample(0, 10.0), sample(59, 30.0), sample(61, 5.0)]),
                stored(Some(0), vec![sample(61, 70.0)]),
            ],
            60,
        );
        let points = &series[0].points;
        assert_eq!((series.len(), points.len()), (1, 2));
        assert_eq!((points[0].at, points[0].count), (at(0), 120));
        assert_eq!(points[0].cpu_pct.unwrap().mean, 20.0);
        let gpus: Vec<_> = points[1].gpus.iter().map(|gpu| gpu.index).collect();
        assert_eq!((points[1].at, gpus), (at(60), vec![0, 1]));
    }
}
