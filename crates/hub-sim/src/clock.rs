//! The simulator's time: dates are honest, what happens between them can be sped up.
//!
//! Dates that clients see follow the wall clock, so that "three minutes ago" is true at any speed.
//! Durations (a build, an idle timeout, a day's traffic) are divided by the speed.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, SecondsFormat, Timelike, Utc};
use tokio::time::Instant;

/// Where time comes from; anchored to tokio's clock, so that a paused test clock moves it.
#[derive(Debug, Clone)]
pub(crate) struct SimClock {
    started_at: DateTime<Utc>,
    started: Instant,
    speed: f64,
}

impl SimClock {
    pub(crate) fn new(started_at: Option<DateTime<Utc>>, speed: f64) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the simulator stands in for another machine; this is the one place where it looks at the wall clock"
        )]
        let started_at = started_at.unwrap_or_else(|| DateTime::<Utc>::from(SystemTime::now()));
        Self { started_at, started: Instant::now(), speed: if speed > 0.0 { speed } else { 1.0 } }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.date_of(Instant::now())
    }

    /// The date at which the monotonic clock showed `instant`.
    pub(crate) fn date_of(&self, instant: Instant) -> DateTime<Utc> {
        self.started_at + instant.saturating_duration_since(self.started)
    }

    /// `duration` of the simulated world, as real time.
    pub(crate) fn scaled(&self, duration: Duration) -> Duration {
        duration.div_f64(self.speed)
    }

    /// Simulated seconds since the simulator's start.
    pub(crate) fn elapsed(&self, at: Instant) -> f64 {
        at.saturating_duration_since(self.started).as_secs_f64() * self.speed
    }

    /// The simulated hour of the day (UTC), 0 to 24: what the traffic curves follow.
    pub(crate) fn hour(&self, at: Instant) -> f64 {
        let start = f64::from(self.started_at.num_seconds_from_midnight());
        ((start + self.elapsed(at)) / 3600.0).rem_euclid(24.0)
    }

    pub(crate) fn speed(&self) -> f64 {
        self.speed
    }
}

/// The Hub's spelling of a date: milliseconds and `Z`.
pub(crate) fn iso(date: DateTime<Utc>) -> String {
    date.to_rfc3339_opts(SecondsFormat::Millis, true)
}
