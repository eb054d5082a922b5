//! When to try again, and after how long.

use std::time::Duration;

use http::StatusCode;

/// Growing waits with jitter, so that many clients that failed together do not return together.
///
/// Waits on tokio's clock.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    cap: Duration,
    failures: u32,
}

impl Backoff {
    /// Starts at `first`, doubles with each failure, and stays at `cap`.
    pub fn new(first: Duration, cap: Duration) -> Self {
        Self { first, cap, failures: 0 }
    }

    /// Returns the next wait: between half and all of the present step.
    pub fn next_delay(&mut self) -> Duration {
        let step = self.first.saturating_mul(2_u32.saturating_pow(self.failures)).min(self.cap);
        self.failures = self.failures.saturating_add(1);
        step.mul_f64(rand::random_range(0.5..=1.0))
    }

    /// Waits for the next delay.
    pub async fn wait(&mut self) {
        tokio::time::sleep(self.next_delay()).await;
    }

    /// Returns how many waits there were since the last success.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Starts over after a success.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// Returns whether a GET that got this status is worth another try.
pub(crate) fn is_retriable(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 500 | 502 | 503 | 504)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_cap_and_start_over_after_a_success() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(10));
        for step in [1.0, 2.0, 4.0, 8.0, 10.0, 10.0] {
            let wait = backoff.next_delay().as_secs_f64();
            assert!((step / 2.0..=step).contains(&wait), "{wait} for {step}");
        }
        backoff.reset();
        assert!(backoff.next_delay() <= Duration::from_secs(1));
        for _ in 0..100 {
            backoff.next_delay();
        }
        assert!(backoff.next_delay() <= Duration::from_secs(10));
    }
}
