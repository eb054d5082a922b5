//! How the simulator behaves as a whole.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// How long the steps between stages take, in the simulated world's time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Durations {
    /// A build beside the old version.
    pub running_building: Duration,
    /// A start beside the old version.
    pub running_app_starting: Duration,
    /// For how long the old container still reports after the new one took over.
    pub hand_over: Duration,
    /// A build while nothing serves.
    pub building: Duration,
    /// A build without caches.
    pub factory: Duration,
    /// A start while nothing serves.
    pub app_starting: Duration,
}

impl Default for Durations {
    fn default() -> Self {
        Self {
            running_building: Duration::from_secs(2),
            running_app_starting: Duration::from_secs(5),
            hand_over: Duration::from_secs(2),
            building: Duration::from_secs(3),
            factory: Duration::from_secs(10),
            app_starting: Duration::from_secs(8),
        }
    }
}

impl Durations {
    /// No step takes time: an action's answer still shows its first stage, the next look its last.
    #[must_use]
    pub fn instant() -> Self {
        Self::all(Duration::ZERO)
    }

    /// Every step takes `duration`.
    #[must_use]
    pub fn all(duration: Duration) -> Self {
        Self {
            running_building: duration,
            running_app_starting: duration,
            hand_over: duration,
            building: duration,
            factory: duration,
            app_starting: duration,
        }
    }
}

/// What the app's address answers for a paused Space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PausedAnswer {
    /// A page that says so, with status 200.
    #[default]
    Page,
    /// 503 with the text for errors.
    Error,
}

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) seed: u64,
    pub(crate) speed: f64,
    pub(crate) starts_at: Option<DateTime<Utc>>,
    pub(crate) durations: Durations,
    pub(crate) hard_restart: bool,
    pub(crate) paused_answer: PausedAnswer,
    /// What a list gives when no `limit` is asked for.
    pub(crate) page_size: usize,
    /// The largest `limit`.
    pub(crate) page_limit: usize,
    /// Length of a rate window; in real time, as the Hub's clients wait in real time.
    pub(crate) window: Duration,
    pub(crate) anonymous_quota: u32,
    /// Calls of whoami by one token in one window.
    pub(crate) whoami_quota: u32,
    pub(crate) metric_interval: Duration,
    pub(crate) keep_alive: Duration,
    /// Metrics carry a running number (`rx_bps`) and the send time in microseconds (`tx_bps`).
    pub(crate) stamped: bool,
    pub(crate) streams_per_connection: u32,
    /// Who agrees to every device that wants to sign in.
    pub(crate) oauth_agrees: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 0,
            speed: 1.0,
            starts_at: None,
            durations: Durations::default(),
            hard_restart: false,
            paused_answer: PausedAnswer::default(),
            page_size: 1_000,
            page_limit: 1_000,
            window: Duration::from_secs(300),
            anonymous_quota: 500,
            whoami_quota: 60,
            metric_interval: Duration::from_secs(1),
            keep_alive: Duration::from_secs(30),
            stamped: false,
            streams_per_connection: 100,
            oauth_agrees: None,
        }
    }
}
