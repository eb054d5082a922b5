//! Live metrics: one stream a Space for all who watch it, and the last fifteen minutes.
//!
//! Streams are opened when somebody wants them and closed a little after the last one left. A
//! stream that ends, however politely, is opened again while the Space can have metrics.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Mutex,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use hfsm_hub::{Backoff, Rank};
use hfsm_model::{GpuSample, MetricsPoint, MetricsSample, Space, SpaceId};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    Fleet,
    events::{Audience, Watch},
    history::{History, Minute},
    lock,
};

/// How long samples are kept, one a second.
const KEPT: TimeDelta = TimeDelta::minutes(15);
/// Points for which a series gets room at a time; doubling it would waste megabytes.
const GROWTH: usize = 64;
/// The pause when the Hub has no metrics for the Space.
const NONE_HERE: Duration = Duration::from_secs(30);
/// A replica that was silent for so long is gone.
const REPLICA_SILENT: TimeDelta = TimeDelta::seconds(15);

/// What is open and what was heard.
#[derive(Debug, Default)]
pub(crate) struct MetricsFeeds {
    feeds: Mutex<HashMap<SpaceId, Feed>>,
    series: Mutex<HashMap<SpaceId, Vec<Series>>>,
    /// What is kept longer.
    pub(crate) history: History,
}

#[derive(Debug)]
struct Feed {
    stop: CancellationToken,
    unwanted_since: Option<Instant>,
}

/// What one replica reported.
#[derive(Debug)]
struct Series {
    replica: String,
    /// The last report in full: what rarely changes is kept once.
    last: MetricsPoint,
    points: VecDeque<Compact>,
    /// What the GPUs did at the newest of the points; empty where there never was one.
    gpus: VecDeque<Vec<GpuSample>>,
    /// What it reported in this minute.
    minute: Minute,
}

/// A sample in 20 bytes, so that 1,000 Spaces fit into memory. Missing numbers are not-a-number.
#[derive(Debug, Clone, Copy)]
struct Compact {
    /// The lower half of the milliseconds since 1970: what is kept together is minutes apart.
    at_low_ms: u32,
    cpu_pct: f32,
    memory_mib: f32,
    rx_bps: f32,
    tx_bps: f32,
}

const MIB: f64 = 1_048_576.0;

impl Compact {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "charts need no more than a single's precision"
    )]
    fn of(point: &MetricsPoint) -> Self {
        let number = |value: Option<f64>| value.map_or(f32::NAN, |value| value as f32);
        let sample = &point.sample;
        Self {
            at_low_ms: low(point.at.timestamp_millis()),
            cpu_pct: number(sample.cpu_pct),
            #[expect(clippy::cast_precision_loss, reason = "no Space has 2^53 bytes of memory")]
            memory_mib: number(sample.memory_used_bytes.map(|bytes| bytes as f64 / MIB)),
            rx_bps: number(sample.rx_bps),
            tx_bps: number(sample.tx_bps),
        }
    }

    /// Returns the milliseconds since 1970, given a time within three weeks of it.
    fn at_ms(&self, near_ms: i64) -> i64 {
        near_ms + i64::from(self.at_low_ms.wrapping_sub(low(near_ms)).cast_signed())
    }

    fn point(&self, newest: &MetricsPoint) -> MetricsPoint {
        let number = |value: f32| (!value.is_nan()).then_some(f64::from(value));
        let at_ms = self.at_ms(newest.at.timestamp_millis());
        let last = &newest.sample;
        MetricsPoint {
            at: DateTime::from_timestamp_millis(at_ms).unwrap_or_default(),
            sample: MetricsSample {
                replica: last.replica.clone(),
                cpu_pct: number(self.cpu_pct),
                cpu_millicores: last.cpu_millicores,
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "made from whole bytes"
                )]
                memory_used_bytes: number(self.memory_mib).map(|mib| (mib * MIB) as u64),
                memory_total_bytes: last.memory_total_bytes,
                rx_bps: number(self.rx_bps),
                tx_bps: number(self.tx_bps),
                gpus: Vec::new(),
            },
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the lower half is what is wanted"
)]
fn low(ms: i64) -> u32 {
    ms as u32
}

impl MetricsFeeds {
    fn record(&self, space: &SpaceId, point: &MetricsPoint) {
        let mut all = lock(&self.series);
        let series = all.entry(space.clone()).or_default();
        let now = point.at.timestamp_millis();
        let oldest = now - KEPT.num_milliseconds();
        match series.iter_mut().find(|series| series.replica == point.sample.replica) {
            Some(series) => {
                while series.points.front().is_some_and(|first| first.at_ms(now) < oldest) {
                    series.points.pop_front();
                }
                if series.points.len() == series.points.capacity() {
                    series.points.reserve_exact(GROWTH);
                }
                series.points.push_back(Compact::of(point));
                if !(series.gpus.is_empty() && point.sample.gpus.is_empty()) {
                    series.gpus.push_back(point.sample.gpus.clone());
                    if series.gpus.len() > series.points.len() {
                        series.gpus.pop_front();
                    }
                }
                series.last.clone_from(point);
                if series.minute.is_over(now) {
                    self.history.take(series.minute.end(space, &series.replica));
                }
                series.minute.add(now, &point.sample);
            }
            None => {
                let mut minute = Minute::default();
                minute.add(now, &point.sample);
                series.retain(|series| series.last.at.timestamp_millis() >= oldest);
                series.push(Series {
                    replica: point.sample.replica.clone(),
                    last: point.clone(),
                    points: VecDeque::from([Compact::of(point)]),
                    gpus: if point.sample.gpus.is_empty() {
                        VecDeque::new()
                    } else {
                        VecDeque::from([point.sample.gpus.clone()])
                    },
                    minute,
                });
            }
        }
    }

    /// Returns the last fifteen minutes, oldest first.
    fn recent(&self, space: &SpaceId) -> Vec<MetricsPoint> {
        let all = lock(&self.series);
        let mut points = Vec::new();
        for series in all.get(space).into_iter().flatten() {
            points.extend(series.points.iter().map(|point| point.point(&series.last)));
            for (point, gpus) in points.iter_mut().rev().zip(series.gpus.iter().rev()) {
                point.sample.gpus.clone_from(gpus);
            }
        }
        points.sort_by_key(|point| point.at);
        points
    }

    /// Returns the newest point of each replica that still reports.
    fn latest(&self, space: &SpaceId, now: DateTime<Utc>) -> Vec<MetricsPoint> {
        let all = lock(&self.series);
        let series = all.get(space).into_iter().flatten();
        series
            .filter(|series| now - series.last.at < REPLICA_SILENT)
            .map(|series| series.last.clone())
            .collect()
    }

    fn forget(&self, gone: impl Fn(&SpaceId) -> bool) {
        lock(&self.series).retain(|space, series| {
            let gone = gone(space);
            if gone {
                for one in series {
                    self.history.take(one.minute.end(space, &one.replica));
                }
            }
            !gone
        });
    }

    /// Has the minutes stored that ended before `now`.
    pub(crate) fn end_minutes(&self, now: DateTime<Utc>) {
        let now = now.timestamp_millis();
        for (space, series) in lock(&self.series).iter_mut() {
            for one in series.iter_mut().filter(|one| one.minute.is_over(now)) {
                self.history.take(one.minute.end(space, &one.replica));
            }
        }
    }

    /// Has everything stored, the minutes that have not ended as well.
    pub(crate) fn end_all_minutes(&self) {
        self.forget(|_| true);
    }
}

/// What all readers want together.
struct Demand {
    everything: bool,
    everything_public: bool,
    spaces: HashSet<SpaceId>,
    public_spaces: HashSet<SpaceId>,
}

impl Demand {
    fn is_nothing(&self) -> bool {
        let everything = self.everything || self.everything_public;
        !everything && self.spaces.is_empty() && self.public_spaces.is_empty()
    }

    fn wants(&self, space: &Space) -> bool {
        let id = &space.info.id;
        let heard = self.everything
            || self.spaces.contains(id)
            || (!space.info.private && (self.everything_public || self.public_spaces.contains(id)));
        heard && !space.info.is_static() && space.stage.may_have_metrics()
    }
}

impl Fleet {
    /// Returns what a Space's replicas reported in the last fifteen minutes, oldest first.
    pub fn metrics_recent(&self, space: &SpaceId) -> Vec<MetricsPoint> {
        self.0.metrics.recent(space)
    }

    /// Returns the newest report of each replica of a Space that still reports.
    pub fn metrics_latest(&self, space: &SpaceId) -> Vec<MetricsPoint> {
        self.0.metrics.latest(space, self.0.clock.now())
    }

    /// Opens and closes streams as what is wanted changes.
    pub(crate) async fn reconcile_metrics(self) {
        // Streams are read on a thread of their own, and yet none outlives this task.
        let open = self.0.supervisor.stopping().child_token();
        let _end = open.clone().drop_guard();
        lock(&self.0.metrics.feeds).clear();
        self.0.metrics.history.set_collecting(self.settings().collect_metrics);
        loop {
            let next = self.reconcile_once(&open);
            tokio::select! {
                () = self.0.events.demand_changed() => {}
                () = self.0.inventory_changed.notified() => {}
                () = tokio::time::sleep_until(next) => {}
                () = self.0.supervisor.stopping().cancelled() => return,
            }
        }
    }

    /// Opens what is missing, closes what nobody wanted for a while. Returns when to look again.
    fn reconcile_once(&self, open: &CancellationToken) -> Instant {
        let now = Instant::now();
        let demand = self.demand();
        let known = |space: &SpaceId| self.0.inventory.get(space).is_some();
        self.0.metrics.forget(|space| !known(space));
        let spaces = if demand.is_nothing() { Vec::new() } else { self.0.inventory.all() };
        let wanted: HashSet<&SpaceId> =
            spaces.iter().filter(|space| demand.wants(space)).map(|space| &space.info.id).collect();
        let mut feeds = lock(&self.0.metrics.feeds);
        let mut next = now + Duration::from_secs(60);
        feeds.retain(|id, feed| {
            if wanted.contains(id) {
                feed.unwanted_since = None;
                return true;
            }
            let since = *feed.unwanted_since.get_or_insert(now);
            let keep = known(id) && now < since + self.0.pace.linger;
            if keep {
                next = next.min(since + self.0.pace.linger);
            } else {
                feed.stop.cancel();
            }
            keep
        });
        for id in wanted {
            if !feeds.contains_key(id) {
                let stop = open.child_token();
                feeds.insert(id.clone(), Feed { stop: stop.clone(), unwanted_since: None });
                self.0
                    .supervisor
                    .on(self.0.reception.handle())
                    .spawn("metrics stream", self.clone().feed_metrics(id.clone(), stop));
            }
        }
        next
    }

    /// Closes every stream, dead or not; those that are wanted are opened again at once.
    pub(crate) fn reopen_metrics(&self) {
        for (_, feed) in lock(&self.0.metrics.feeds).drain() {
            feed.stop.cancel();
        }
        self.0.inventory_changed.notify_one();
    }

    fn demand(&self) -> Demand {
        let mut demand = Demand {
            everything: self.0.metrics.history.is_collecting(),
            everything_public: false,
            spaces: HashSet::new(),
            public_spaces: HashSet::new(),
        };
        for (watch, audience) in self.0.events.demand() {
            match (&*watch, audience) {
                (Watch::All, Audience::PublicSpaces) => demand.everything_public = true,
                (Watch::All, Audience::AllSpaces | Audience::Everything) => {
                    demand.everything = true
                }
                (Watch::Spaces(spaces), Audience::PublicSpaces) => {
                    demand.public_spaces.extend(spaces.iter().cloned());
                }
                (Watch::Spaces(spaces), Audience::AllSpaces | Audience::Everything) => {
                    demand.spaces.extend(spaces.iter().cloned());
                }
            }
        }
        demand
    }

    /// Reads one Space's stream until it is told to stop.
    async fn feed_metrics(self, id: SpaceId, stop: CancellationToken) {
        let mut backoff = Backoff::new(self.0.pace.reopen.0, self.0.pace.reopen.1);
        while !stop.is_cancelled() {
            let pause = tokio::select! {
                pause = self.read_metrics(&id, &mut backoff) => pause,
                () = stop.cancelled() => return,
            };
            // Whatever ended the stream may have ended the app: the next list tells.
            for (account, _, _) in self.gateways(&id).into_iter().take(1) {
                if let Ok(member) = self.member(&account) {
                    member.hint.notify_one();
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Reads one connection to its end. Returns how long to wait before the next.
    async fn read_metrics(&self, id: &SpaceId, backoff: &mut Backoff) -> Duration {
        let Some((_, _, gateway)) = self.gateways(id).into_iter().next() else { return NONE_HERE };
        // What opening takes is large, and kept out of the task that goes on for days.
        let mut stream = match Box::pin(gateway.ranked(Rank::Polling).metrics(id)).await {
            Ok(stream) => stream,
            Err(error) => {
                tracing::debug!(space.id = %id, %error, "no metrics of `{id}`: {error}");
                let pause = backoff.next_delay();
                return match error {
                    hfsm_hub::Error::StreamUnavailable(_) | hfsm_hub::Error::SpaceNotFound(_) => {
                        NONE_HERE
                    }
                    error => error.retry_after().map_or(pause, |wait| wait + pause),
                };
            }
        };
        while let Some(item) = stream.next().await {
            match item {
                Ok(sample) => {
                    backoff.reset();
                    let Some(space) = self.0.inventory.get(id) else { return NONE_HERE };
                    let point = MetricsPoint { at: self.0.clock.now(), sample };
                    self.0.metrics.record(id, &point);
                    self.0.events.publish_metrics(
                        id.clone(),
                        point,
                        Audience::of_space(space.info.private),
                    );
                }
                Err(error) => {
                    tracing::debug!(space.id = %id, %error, "the metrics of `{id}` were cut: {error}");
                    break;
                }
            }
        }
        backoff.next_delay()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(second: i64, replica: &str, cpu: f64) -> MetricsPoint {
        MetricsPoint {
            at: DateTime::UNIX_EPOCH + TimeDelta::seconds(second),
            sample: MetricsSample {
                replica: replica.into(),
                cpu_pct: Some(cpu),
                memory_used_bytes: Some(433_451_008),
                memory_total_bytes: Some(17_179_869_184),
                ..MetricsSample::default()
            },
        }
    }

    #[test]
    fn replicas_have_series_of_their_own_and_old_points_go() {
        let feeds = MetricsFeeds::default();
        let id = SpaceId::new("alice", "demo").unwrap();
        for second in 0..2000 {
            feeds.record(&id, &point(second, "aaaaa", 1.0));
        }
        feeds.record(&id, &point(2000, "bbbbb", 2.0));
        let recent = feeds.recent(&id);
        assert_eq!(recent.len(), 902);
        assert_eq!(recent.last().unwrap().sample.replica, "bbbbb");
        assert_eq!(recent[0].sample.memory_used_bytes, Some(433_451_008));
        assert_eq!(feeds.latest(&id, DateTime::UNIX_EPOCH + TimeDelta::seconds(2010)).len(), 2);
        assert_eq!(feeds.latest(&id, DateTime::UNIX_EPOCH + TimeDelta::seconds(2014)).len(), 1);
    }

    #[test]
    fn points_keep_their_time_where_its_lower_half_begins_anew() {
        let feeds = MetricsFeeds::default();
        let id = SpaceId::new("alice", "demo").unwrap();
        let seconds = (1 << 32) / 1000 - 2..(1 << 32) / 1000 + 3;
        for second in seconds.clone() {
            feeds.record(&id, &point(second, "aaaaa", 1.0));
        }
        let times: Vec<i64> = feeds.recent(&id).iter().map(|point| point.at.timestamp()).collect();
        assert_eq!(times, seconds.collect::<Vec<_>>());
    }

    #[test]
    fn what_gpus_did_is_kept_as_long_as_the_rest() {
        let feeds = MetricsFeeds::default();
        let id = SpaceId::new("alice", "model").unwrap();
        for second in 0..2000_i64 {
            let mut point = point(second, "aaaaa", 1.0);
            if second >= 1990 {
                point.sample.gpus = vec![GpuSample {
                    id: "d901cd7f".into(),
                    utilization_pct: Some(f64::from(i32::try_from(second).unwrap())),
                    memory_used_bytes: Some(0),
                    memory_total_bytes: Some(22_836_000_000),
                }];
            }
            feeds.record(&id, &point);
        }
        let recent = feeds.recent(&id);
        let seen: Vec<_> =
            recent.iter().filter_map(|point| point.sample.gpus.first()?.utilization_pct).collect();
        assert_eq!(seen, (1990..2000).map(f64::from).collect::<Vec<_>>());
        assert_eq!(recent[recent.len() - 10].at.timestamp(), 1990);
    }
}
