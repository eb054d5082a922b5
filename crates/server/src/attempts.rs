//! Limits failed attempts: a few are free, then each one must wait longer than the last.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// So many keys are remembered at most; beyond that the ones that failed longest ago are forgotten.
const REMEMBERED: usize = 10_000;

/// How failures of one key are answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    /// Failures that cost nothing.
    pub(crate) free: u32,
    /// The first wait; it doubles with each further failure.
    pub(crate) first_wait: Duration,
    /// The longest wait.
    pub(crate) longest_wait: Duration,
    /// After so long without a failure all is forgotten.
    pub(crate) forgotten_after: Duration,
}

/// Five failures are free. One address then waits up to a quarter of an hour.
pub(crate) const BY_ADDRESS: Allowance = Allowance {
    free: 5,
    first_wait: Duration::from_secs(15),
    longest_wait: Duration::from_secs(900),
    forgotten_after: Duration::from_secs(3600),
};

/// The wait of a user is short, because anybody can cause it from many addresses.
pub(crate) const BY_USER: Allowance = Allowance {
    free: 10,
    first_wait: Duration::from_secs(5),
    longest_wait: Duration::from_secs(60),
    forgotten_after: Duration::from_secs(3600),
};

/// Programs that kept an old bearer token are stopped later, and not from signing in.
pub(crate) const BY_BEARER: Allowance = Allowance {
    free: 30,
    first_wait: Duration::from_secs(15),
    longest_wait: Duration::from_secs(900),
    forgotten_after: Duration::from_secs(3600),
};

/// Failed attempts by key.
pub(crate) struct Attempts<K> {
    allowance: Allowance,
    failed: Mutex<HashMap<K, Failed>>,
}

struct Failed {
    times: u32,
    last: Instant,
    blocked_until: Option<Instant>,
}

impl<K: Hash + Eq + Clone> Attempts<K> {
    pub(crate) fn new(allowance: Allowance) -> Self {
        Self { allowance, failed: Mutex::default() }
    }

    /// Returns how long `key` must wait, or `None` when it may try.
    pub(crate) fn must_wait(&self, key: &K) -> Option<Duration> {
        let until = self.lock().get(key)?.blocked_until?;
        let wait = until.saturating_duration_since(Instant::now());
        (!wait.is_zero()).then_some(wait)
    }

    /// Remembers a failure of `key`.
    pub(crate) fn failed(&self, key: K) {
        let now = Instant::now();
        let Allowance { free, first_wait, longest_wait, forgotten_after } = self.allowance;
        let mut failed = self.lock();
        if failed.len() >= REMEMBERED && !failed.contains_key(&key) {
            failed.retain(|_, entry| now.duration_since(entry.last) < forgotten_after);
            if failed.len() >= REMEMBERED
                && let Some(oldest) =
                    failed.iter().min_by_key(|(_, entry)| entry.last).map(|(key, _)| key.clone())
            {
                failed.remove(&oldest);
            }
        }
        let entry =
            failed.entry(key).or_insert(Failed { times: 0, last: now, blocked_until: None });
        if now.duration_since(entry.last) >= forgotten_after {
            entry.times = 0;
        }
        entry.times = entry.times.saturating_add(1);
        entry.last = now;
        entry.blocked_until = (entry.times >= free).then(|| {
            let doublings = (entry.times - free).min(16);
            now + first_wait.saturating_mul(1 << doublings).min(longest_wait)
        });
    }

    /// Forgets the failures of `key`, because it succeeded.
    pub(crate) fn succeeded(&self, key: &K) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Failed>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns what counts as one address: for IPv6 the /64, which is what one customer gets.
pub(crate) fn same_address(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWANCE: Allowance = Allowance {
        free: 3,
        first_wait: Duration::from_secs(10),
        longest_wait: Duration::from_secs(35),
        forgotten_after: Duration::from_secs(600),
    };

    #[tokio::test(start_paused = true)]
    async fn waits_grow_with_each_failure_up_to_the_longest() {
        let attempts = Attempts::new(ALLOWANCE);
        attempts.failed("a");
        attempts.failed("a");
        assert_eq!(attempts.must_wait(&"a"), None);
        for wait in [10, 20, 35, 35] {
            attempts.failed("a");
            assert_eq!(attempts.must_wait(&"a"), Some(Duration::from_secs(wait)));
            tokio::time::advance(Duration::from_secs(wait)).await;
            assert_eq!(attempts.must_wait(&"a"), None);
        }
        assert_eq!(attempts.must_wait(&"b"), None, "another key is not held");
    }

    #[tokio::test(start_paused = true)]
    async fn success_and_time_forgive() {
        let attempts = Attempts::new(ALLOWANCE);
        for _ in 0..3 {
            attempts.failed("a");
        }
        attempts.succeeded(&"a");
        assert_eq!(attempts.must_wait(&"a"), None);
        for _ in 0..3 {
            attempts.failed("b");
        }
        tokio::time::advance(Duration::from_secs(601)).await;
        attempts.failed("b");
        assert_eq!(attempts.must_wait(&"b"), None);
    }

    #[tokio::test]
    async fn a_crowd_of_addresses_does_not_grow_memory() {
        let attempts = Attempts::new(ALLOWANCE);
        for key in 0..REMEMBERED + 50 {
            attempts.failed(key);
        }
        assert_eq!(attempts.lock().len(), REMEMBERED);
    }

    #[test]
    fn one_ipv6_customer_is_one_address() {
        let a = same_address("2001:db8:1:2::1".parse().unwrap());
        assert_eq!(a, same_address("2001:db8:1:2:ffff::9".parse().unwrap()));
        assert_eq!(same_address("::ffff:10.0.0.1".parse().unwrap()).to_string(), "10.0.0.1");
    }
}
