//! What was asked of the simulator: tests hold clients to it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::watch;

use crate::route::RouteKind;

/// The counts at one moment.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Counts {
    /// Requests by kind, refused ones included.
    pub requests: BTreeMap<RouteKind, u64>,
    /// Requests by the token that they carried; `anonymous` where there was none.
    pub by_token: BTreeMap<String, u64>,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Streams that are open now, by kind.
    pub streams: BTreeMap<RouteKind, u64>,
    /// Streams that were opened, by kind.
    pub streams_opened: BTreeMap<RouteKind, u64>,
    /// The most streams that were open at once.
    pub streams_peak: u64,
    /// Events of metrics that were sent to readers.
    pub metric_events: u64,
    /// Connections that were accepted.
    pub connections: u64,
    /// Connections that are open now.
    pub connections_open: u64,
}

impl Counts {
    /// Requests of `kind`.
    #[must_use]
    pub fn requests(&self, kind: RouteKind) -> u64 {
        self.requests.get(&kind).copied().unwrap_or(0)
    }

    /// Requests of every kind.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.requests.values().sum()
    }

    /// Requests that carried `token`, which is `anonymous` for those without one.
    #[must_use]
    pub fn of_token(&self, token: &str) -> u64 {
        self.by_token.get(token).copied().unwrap_or(0)
    }

    /// Answers with `status`.
    #[must_use]
    pub fn answered(&self, status: u16) -> u64 {
        self.statuses.get(&status).copied().unwrap_or(0)
    }

    /// Streams of `kind` that are open now.
    #[must_use]
    pub fn streams(&self, kind: RouteKind) -> u64 {
        self.streams.get(&kind).copied().unwrap_or(0)
    }

    /// Streams that are open now.
    #[must_use]
    pub fn streams_open(&self) -> u64 {
        self.streams.values().sum()
    }
}

/// The counts as they grow.
#[derive(Debug)]
pub(crate) struct Stats {
    counts: Mutex<Counts>,
    changed: watch::Sender<()>,
}

impl Default for Stats {
    fn default() -> Self {
        Self { counts: Mutex::default(), changed: watch::channel(()).0 }
    }
}

impl Stats {
    pub(crate) fn counts(&self) -> Counts {
        self.lock().clone()
    }

    pub(crate) fn reset(&self) {
        let mut counts = self.lock();
        let open = std::mem::take(&mut counts.streams);
        *counts = Counts {
            streams: open,
            connections_open: counts.connections_open,
            ..Counts::default()
        };
    }

    pub(crate) fn asked(&self, kind: RouteKind, token: &str) {
        self.update(|counts| {
            *counts.requests.entry(kind).or_default() += 1;
            *counts.by_token.entry(token.to_owned()).or_default() += 1;
        });
    }

    pub(crate) fn answered(&self, status: u16) {
        self.update(|counts| *counts.statuses.entry(status).or_default() += 1);
    }

    pub(crate) fn metric_sent(&self) {
        // Nobody waits for this one: it grows a thousand times a second.
        self.lock().metric_events += 1;
    }

    pub(crate) fn connected(&self) {
        self.update(|counts| {
            counts.connections += 1;
            counts.connections_open += 1;
        });
    }

    pub(crate) fn disconnected(&self) {
        self.update(|counts| counts.connections_open = counts.connections_open.saturating_sub(1));
    }

    /// Waits until the counts are as `wanted`.
    pub(crate) async fn until(&self, wanted: impl Fn(&Counts) -> bool) -> Counts {
        let mut changed = self.changed.subscribe();
        loop {
            let counts = self.counts();
            if wanted(&counts) || changed.changed().await.is_err() {
                return counts;
            }
        }
    }

    fn update(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.lock());
        self.changed.send_replace(());
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a stream for as long as it is open.
#[derive(Debug)]
pub(crate) struct StreamCount {
    stats: Arc<Stats>,
    kind: RouteKind,
}

impl StreamCount {
    pub(crate) fn new(stats: Arc<Stats>, kind: RouteKind) -> Self {
        stats.update(|counts| {
            *counts.streams.entry(kind).or_default() += 1;
            *counts.streams_opened.entry(kind).or_default() += 1;
            counts.streams_peak = counts.streams_peak.max(counts.streams_open());
        });
        Self { stats, kind }
    }
}

impl Drop for StreamCount {
    fn drop(&mut self) {
        self.stats.update(|counts| {
            if let Some(open) = counts.streams.get_mut(&self.kind) {
                *open = open.saturating_sub(1);
            }
        });
    }
}
