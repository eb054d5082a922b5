//! One clock for everything that asks what time it is.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

/// Wall-clock time anchored to tokio's clock, so that a test that pauses tokio moves both the
/// intervals and the time of day.
///
/// [`Clock::system`] reads the machine's clock each time, so it follows a laptop that slept;
/// [`Clock::anchored`] moves only with tokio.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Source);

#[derive(Debug, Clone, Copy)]
enum Source {
    System,
    Anchored { wall: DateTime<Utc>, instant: Instant },
    Shifted { milliseconds: &'static AtomicI64 },
}

impl Clock {
    /// Follows the machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// Starts at `wall` now, and moves with tokio's clock.
    pub fn anchored(wall: DateTime<Utc>) -> Self {
        Self(Source::Anchored { wall, instant: Instant::now() })
    }

    /// Follows the machine's clock, so many milliseconds ahead of it: a test that changes the number
    /// sets the clock, or lets the machine sleep.
    pub fn shifted(milliseconds: &'static AtomicI64) -> Self {
        Self(Source::Shifted { milliseconds })
    }

    /// Returns the time.
    pub fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
        let machine = Utc::now;
        match self.0 {
            Source::System => machine(),
            Source::Shifted { milliseconds } => {
                machine() + TimeDelta::milliseconds(milliseconds.load(Ordering::Relaxed))
            }
            Source::Anchored { wall, instant } => {
                wall + TimeDelta::from_std(instant.elapsed()).unwrap_or(TimeDelta::MAX)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_anchored_clock_moves_with_tokio() {
        let clock = Clock::anchored(DateTime::UNIX_EPOCH);
        tokio::time::advance(std::time::Duration::from_secs(3600)).await;
        assert_eq!(clock.now(), DateTime::UNIX_EPOCH + TimeDelta::hours(1));
    }
}
