//! How often the Hub is asked.

use std::time::Duration;

/// How often the Hub is asked. The defaults keep 1,000 Spaces of one account within 60 requests a
/// minute; tests go faster.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Between two lists of an account while somebody looks.
    pub attended: Duration,
    /// Between two lists of an account while nobody does.
    pub unattended: Duration,
    /// Between a hint that something changed and the list that it asks for.
    pub after_hint: Duration,
    /// Between two lists, for each request that a list takes.
    pub per_request: Duration,
    /// Between two looks at a Space that something was asked of.
    pub look: Duration,
    /// A Space that is still running so long after a restart was taken has restarted without
    /// being seen.
    pub unseen: Duration,
    /// The first and the longest pause before a lost stream is opened again.
    pub reopen: (Duration, Duration),
    /// Between two looks whether the clock is where it is expected.
    pub clock: Duration,
    /// How long nothing more is told of a Space that was told of.
    pub notice_rest: Duration,
    /// How long a run is held by who carries it out, without a sign of life.
    pub lease: Duration,
    /// Between two looks at which Spaces are to be visited: stages change meanwhile, and another
    /// program on the same store may have visited.
    pub visits: Duration,
    /// How long a stream stays open after the last reader left.
    pub linger: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            attended: Duration::from_secs(4),
            unattended: Duration::from_secs(15),
            after_hint: Duration::from_secs(2),
            per_request: Duration::from_secs(1),
            look: Duration::from_secs(2),
            unseen: Duration::from_secs(20),
            reopen: (Duration::from_secs(1), Duration::from_secs(8)),
            clock: Duration::from_secs(2),
            notice_rest: Duration::from_secs(60),
            lease: Duration::from_secs(120),
            visits: Duration::from_secs(60),
            linger: Duration::from_secs(15),
        }
    }
}

impl Pace {
    /// A hundred times as fast, for tests.
    pub fn brisk() -> Self {
        let usual = Self::default();
        Self {
            attended: usual.attended / 100,
            unattended: usual.unattended / 100,
            after_hint: usual.after_hint / 100,
            per_request: usual.per_request / 100,
            look: usual.look / 100,
            unseen: usual.unseen / 100,
            reopen: (usual.reopen.0 / 100, usual.reopen.1 / 100),
            clock: usual.clock / 100,
            notice_rest: usual.notice_rest / 100,
            lease: usual.lease / 100,
            visits: usual.visits / 100,
            linger: usual.linger / 100,
        }
    }
}
