//! Noticing that the machine slept, or that its clock was set, and being right again soon after.
//!
//! Tokio's clock stands still while the machine sleeps, and the wall clock does not. When the two
//! drift apart, timers still wait for what is long over, and connections are dead without having
//! been closed. So connections are given up, streams opened anew, and lists asked for at once.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::Instant;

use crate::Fleet;

/// A smaller difference is the clock being kept right. Connections survive so short a sleep.
const SLEPT: TimeDelta = TimeDelta::seconds(5);

impl Fleet {
    /// Compares the two clocks again and again, until the program ends.
    pub(crate) async fn notice_sleep(self) {
        let mut wall = self.0.clock.now();
        let mut instant = Instant::now();
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.0.pace.clock) => {}
                () = self.0.supervisor.stopping().cancelled() => return,
            }
            let (wall_now, instant_now) = (self.0.clock.now(), Instant::now());
            let ran = TimeDelta::from_std(instant_now - instant).unwrap_or(TimeDelta::MAX);
            let drift = (wall_now - wall) - ran;
            (wall, instant) = (wall_now, instant_now);
            if drift.abs() > SLEPT {
                tracing::info!(
                    "the clock is {} s from where it was expected: this machine slept, or its clock was set; everything is asked anew",
                    drift.num_seconds()
                );
                self.wake_up(drift.to_std().unwrap_or_default());
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
