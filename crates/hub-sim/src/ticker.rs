//! The two tasks behind the world: one lets due things happen, one sends metrics and log lines.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::json;
use tokio::time::MissedTickBehavior;

use crate::chatter;
use crate::dice::{self, Dice};
use crate::hardware;
use crate::hub::Hub;
use crate::load::Moment;
use crate::space::{At, Replica, Space};
use crate::spec::Life;
use crate::stage;

/// Parts of a second between which the Spaces are spread, so that they do not all report at once.
const SLOTS: u32 = 50;

/// Lets stages follow each other at their time, whether anybody looks or not.
pub(crate) async fn follow_stages(hub: Arc<Hub>) {
    loop {
        let replanned = hub.replanned.notified();
        let look_again = hub.lock().advance(hub.at());
        tokio::select! {
            () = hub.stopping.cancelled() => return,
            () = replanned => {}
            () = tokio::time::sleep_until(look_again) => {}
        }
    }
}

/// Sends every running Space's metrics to those who listen, once per interval.
pub(crate) async fn send_metrics(hub: Arc<Hub>) {
    let interval = hub.settings.metric_interval;
    let slots = if interval < Duration::from_millis(500) { 1 } else { SLOTS };
    let mut tick = tokio::time::interval((interval / slots).max(Duration::from_millis(1)));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut slot = 0;
    loop {
        tokio::select! {
            () = hub.stopping.cancelled() => return,
            _ = tick.tick() => {}
        }
        let at = hub.at();
        let mut state = hub.lock();
        for space in state.spaces.iter_mut().filter(|space| space.slot(slots) == slot) {
            report(space, at);
            talk(space, at, interval);
        }
        drop(state);
        slot = (slot + 1) % slots;
    }
}

/// One event for each container, all in one chunk.
fn report(space: &mut Space, at: At<'_>) {
    if space.metrics.receiver_count() == 0 || space.replicas.is_empty() {
        return;
    }
    let mut chunk = String::new();
    if space.card.hardware == "zero-a10g" {
        chunk.push_str("event: zero-gpu-count\ndata: 0\n\n");
    }
    let mut replicas = std::mem::take(&mut space.replicas);
    for replica in replicas
        .iter_mut()
        .filter(|replica| replica.leaves_at.is_none_or(|leaves| leaves > at.instant))
    {
        let sample = sample(space, replica, at);
        chunk.push_str(&format!("event: metric\ndata: {sample}\n\n"));
        replica.sent += 1;
    }
    space.replicas = replicas;
    // Sending fails when the last reader left a moment ago.
    let _ = space.metrics.send(Bytes::from(chunk));
}

fn sample(space: &Space, replica: &Replica, at: At<'_>) -> serde_json::Value {
    let age = (replica.head_start
        + at.instant.saturating_duration_since(replica.born).mul_f64(at.clock.speed()))
    .as_secs_f64();
    let leak = match space.card.life {
        Life::LeaksMemory { lasts, .. } => {
            let lasts = lasts.as_secs_f64().max(1.0);
            Some(((age % lasts) / lasts).clamp(0.0, 1.0))
        }
        Life::Steady
        | Life::Flaps { .. }
        | Life::FailsToBuild
        | Life::FailsToStart
        | Life::CannotBeScheduled => None,
    };
    let flavor = hardware::find(space.hardware_now.as_deref().unwrap_or("cpu-basic"));
    let moment = Moment {
        load: &space.card.load,
        flavor,
        replica: &replica.name,
        seed: replica.seed,
        hour: at.clock.hour(at.instant),
        elapsed: at.clock.elapsed(at.instant),
        age,
        leak,
    };
    let mut sample = moment.sample();
    if at.settings.stamped {
        sample["rx_bps"] = json!(replica.sent);
        sample["tx_bps"] = json!(unix_micros());
    }
    sample
}

/// The time that a stamped event carries: the wall clock's, which the other process shares.
fn unix_micros() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "two processes have only the wall clock in common"
    )]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_micros() as u64)
}

/// A line in the run log now and then, more often when many visitors are there.
fn talk(space: &mut Space, at: At<'_>, interval: Duration) {
    if !space.card.talks || !stage::serves(&space.stage) {
        return;
    }
    let elapsed = at.clock.elapsed(at.instant);
    let seed = dice::hash(at.settings.seed, &space.oid);
    let traffic = space.card.load.traffic(seed, at.clock.hour(at.instant), elapsed);
    let mut dice = Dice::new(space.dice.next());
    if dice.chance((0.03 + 0.9 * traffic) * interval.as_secs_f64().min(1.0)) {
        for line in chatter::line(space, &mut dice, at.date()) {
            space.run_log.push(at.date(), &line);
        }
    }
}
