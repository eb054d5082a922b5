//! Noticing that the machine slept, or that its clock was set, and being right again soon after.
//!
//! On most systems tokio's clock stands still while the machine sleeps, and the wall clock does not.
//! When the two drift apart, timers still wait for what is long over, and connections are dead
//! without having been closed. So connections are given up, streams opened anew, and lists asked for
//! at once. Where tokio's clock goes on in a sleep, as on Windows, a short pause that took long tells.

use std::{sync::Mutex, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use hfsm_model::Clock;
use tokio::time::Instant;

use crate::{Fleet, lock};

/// A smaller difference is the clock being kept right. Connections survive so short a sleep.
const SLEPT: TimeDelta = TimeDelta::seconds(5);
/// A pause that took so much longer than asked was a sleep; less may be a busy machine.
const OVERSLEPT: Duration = Duration::from_secs(20);

/// What the two clocks said when they were last compared.
pub(crate) struct Clocks(Mutex<(DateTime<Utc>, Instant)>);

impl Clocks {
    pub(crate) fn new(clock: Clock) -> Self {
        Self(Mutex::new((clock.now(), Instant::now())))
    }
}

impl Fleet {
    /// Compares the two clocks again and again, until the program ends.
    pub(crate) async fn notice_sleep(self) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.0.pace.clock) => {}
                () = self.0.supervisor.stopping().cancelled() => return,
            }
            self.compare_clocks();
        }
    }

    /// Begins everything anew if the machine slept since the clocks were last compared. Whoever is
    /// about to ask the Hub for what cannot be asked twice compares them first: what is asked on a
    /// connection that is then given up may have been done or not.
    pub(crate) fn compare_clocks(&self) {
        // Held until all is begun anew, or another would ask on the old connections meanwhile.
        let mut last = lock(&self.0.clocks.0);
        let now = (self.0.clock.now(), Instant::now());
        let went_by = now.0 - last.0;
        let slept = slept(went_by, now.1 - last.1, self.0.pace.clock);
        *last = now;
        if let Some(slept) = slept {
            tracing::info!(
                "{} s went by unnoticed: this machine slept, or its clock was set; everything is asked anew",
                went_by.num_seconds()
            );
            self.wake_up(slept);
        }
    }

    /// Begins anew what time went by for.
    fn wake_up(&self, slept: Duration) {
        self.0.hub.reconnect();
        for member in self.members().values() {
            member.gateway.slept(slept);
        }
        self.0.woke.send_modify(|times| *times += 1);
        self.reopen_metrics();
        self.0.notices.look_at_the_clock();
    }
}

/// Tells after a pause whether the machine slept in it, or its clock was set: for how long tokio's
/// clock stood still, of the time that went by on the wall and the time that `ran` on tokio's.
fn slept(went_by: TimeDelta, ran: Duration, pause: Duration) -> Option<Duration> {
    let still = went_by - TimeDelta::from_std(ran).unwrap_or_default();
    (still.abs() > SLEPT || ran > pause + OVERSLEPT).then(|| still.to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(2);

    fn after(wall: i64, ran: u64) -> Option<u64> {
        let slept = slept(TimeDelta::seconds(wall), Duration::from_secs(ran), PAUSE);
        slept.map(|slept| slept.as_secs())
    }

    #[test]
    fn a_sleep_is_told_from_a_busy_machine_and_a_clock_that_is_kept_right() {
        for (wall, ran) in [(2, 2), (5, 2), (-1, 2), (17, 17)] {
            assert_eq!(after(wall, ran), None, "{wall} {ran}");
        }
        assert_eq!(after(28_802, 2), Some(28_800));
        assert_eq!(after(-3600, 2), Some(0), "a clock that was set back");
        assert_eq!(after(28_802, 28_802), Some(0), "where tokio's clock goes on in a sleep");
    }
}
