//! Noticing that the machine slept, or that its clock was set, and being right again soon after.
//!
//! On most systems tokio's clock stands still while the machine sleeps, and the wall clock does not.
//! When the two drift apart, timers still wait for what is long over, and connections are dead
//! without having been closed. So connections are given up, streams opened anew, and lists asked for
//! at once. Where tokio's clock goes on in a sleep, as on Windows, a short pause that took long tells.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::Instant;

use crate::Fleet;

/// A smaller difference is the clock being kept right. Connections survive so short a sleep.
const SLEPT: TimeDelta = TimeDelta::seconds(5);
/// A pause that took so much longer than asked was a sleep; less may be a busy machine.
const OVERSLEPT: Duration = Duration::from_secs(20);

impl Fleet {
    /// Compares the two clocks again and again, until the program ends.
    pub(crate) async fn notice_sleep(self) {
        let mut wall = self.0.clock.now();
        let mut instant = Instant::now();
        let pause = self.0.pace.clock;
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.0.supervisor.stopping().cancelled() => return,
            }
            let (wall_now, instant_now) = (self.0.clock.now(), Instant::now());
            let went_by = wall_now - wall;
            let slept = slept(went_by, instant_now - instant, pause);
            (wall, instant) = (wall_now, instant_now);
            if let Some(slept) = slept {
                tracing::info!(
                    "{} s went by in a pause of {} s: this machine slept, or its clock was set; everything is asked anew",
                    went_by.num_seconds(),
                    pause.as_secs()
                );
                self.wake_up(slept);
            }
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
pub(crate) fn slept(went_by: TimeDelta, ran: Duration, pause: Duration) -> Option<Duration> {
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
