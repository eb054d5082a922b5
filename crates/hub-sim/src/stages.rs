//! The stage machine: what follows what, and when.
//!
//! A Space keeps a short list of what is due. Looking at a Space first lets everything happen that
//! was due by then, each at its own time, so that no reader ever sees a stage that is over.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::Instant;

use crate::space::{At, Commit, Replica, Space};
use crate::spec::Life;
use crate::{chatter, dice, stage};

/// Something that will happen to a Space.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub(crate) at: Instant,
    what: Happening,
}

#[derive(Debug, Clone)]
enum Happening {
    BuildLine(String),
    Image { factory: bool },
    Started,
    OutOfSlots { current: u32, limit: u32 },
    Killed { exit: u8, revived_after: Option<Duration> },
    Revived,
    IdleCheck,
}

/// Whether free hardware is left for an owner's next Space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    Free,
    Taken { current: u32, limit: u32 },
}

impl Slot {
    /// The Hub's words for a start that found no free hardware.
    pub(crate) fn message(current: u32, limit: u32) -> String {
        format!(
            "Quota exceeded for flavor cpu-basic (requested=1): current={current}, limit={limit}"
        )
    }
}

impl Space {
    /// Restarts from any stage. A running Space keeps serving meanwhile.
    pub(crate) fn restart(&mut self, at: At<'_>, factory: bool, slot: Slot) {
        self.pending.clear();
        self.error_message = None;
        let serving = stage::serves(&self.stage) && !at.settings.hard_restart;
        if let (Slot::Taken { current, limit }, false) = (slot, stage::occupies(&self.stage)) {
            self.enter(stage::BUILDING);
            self.schedule(
                at,
                at.settings.durations.building,
                Happening::OutOfSlots { current, limit },
            );
            return;
        }
        if serving {
            self.enter(stage::RUNNING_BUILDING);
        } else {
            self.stop(stage::BUILDING);
        }
        self.expect_image(at, factory);
    }

    /// What a visit does to a Space that sleeps.
    pub(crate) fn wake(&mut self, at: At<'_>, slot: Slot) {
        if !stage::wakes(&self.stage) {
            return;
        }
        if slot == Slot::Free && self.card.image_cached {
            self.pending.clear();
            self.enter(stage::APP_STARTING);
            self.greet(at.date());
            self.expect_start(at);
        } else {
            self.restart(at, false, slot);
        }
    }

    pub(crate) fn pause(&mut self) {
        self.pending.clear();
        self.error_message = None;
        self.stop(stage::PAUSED);
    }

    pub(crate) fn sleep(&mut self) {
        self.pending.clear();
        self.stop(stage::SLEEPING);
    }

    /// The container dies, for the reason that `message` gives.
    pub(crate) fn crash(&mut self, at: At<'_>, message: &str) {
        self.pending.clear();
        let last_words =
            if message.contains("137") { chatter::killed() } else { chatter::traceback(self) };
        for line in last_words {
            self.run_log.push(at.date(), &line);
        }
        self.error_message = Some(message.to_owned());
        self.stop(stage::RUNTIME_ERROR);
    }

    /// A new commit on `main`; a paused Space stays paused, dev mode does not rebuild.
    pub(crate) fn push(&mut self, at: At<'_>, title: &str, author: &str, slot: Slot) {
        let commit = Commit {
            sha: self.dice.hex(40),
            title: title.to_owned(),
            author: author.to_owned(),
            date: at.date(),
        };
        self.commits.push(commit);
        self.last_modified = at.date();
        self.card.without_runtime = false;
        if self.stage == stage::PAUSED || self.card.dev_mode || self.is_static() {
            self.changed();
        } else {
            self.restart(at, false, slot);
        }
    }

    /// A setting changed that the app only takes up when it restarts.
    pub(crate) fn take_up_settings(&mut self, at: At<'_>) {
        if stage::serves(&self.stage) && !self.is_static() {
            self.restart(at, false, Slot::Free);
        } else {
            self.changed();
        }
    }

    /// Puts the Space into `stage`, known or not, and forgets what was due.
    pub(crate) fn force(&mut self, at: At<'_>, stage: &str, error_message: Option<&str>) {
        self.pending.clear();
        self.error_message = error_message.map(str::to_owned);
        if !stage::serves(stage) {
            self.stop(stage);
            return;
        }
        if self.replicas.is_empty() {
            self.boot(at, Duration::ZERO);
            self.greet(at.date());
            self.running_sha = Some(self.head().to_owned());
        }
        self.hardware_now = Some(self.card.hardware.clone());
        self.enter(stage);
        if stage == stage::RUNNING {
            self.live(at, Duration::ZERO);
        }
    }

    /// Lets everything happen that is due by `at`.
    pub(crate) fn advance(&mut self, at: At<'_>) {
        // A chain without durations is finite, except for a life of zero seconds: stop that here.
        for _ in 0..64 {
            let due = self.pending.iter().enumerate().filter(|(_, due)| due.at <= at.instant);
            let Some((index, _)) = due.min_by_key(|(_, due)| due.at) else { break };
            let due = self.pending.remove(index);
            self.happen(due.what, At { instant: due.at, ..at });
        }
        self.replicas.retain(|replica| replica.leaves_at.is_none_or(|leaves| leaves > at.instant));
    }

    /// When the next thing is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let leaving = self.replicas.iter().filter_map(|replica| replica.leaves_at);
        self.pending.iter().map(|due| due.at).chain(leaving).min()
    }

    /// A build is under way; its lines, and at its end the image, are due.
    pub(crate) fn expect_image(&mut self, at: At<'_>, factory: bool) {
        let durations = &at.settings.durations;
        let takes = match (factory, stage::serves(&self.stage)) {
            (true, _) => durations.factory,
            (false, true) => durations.running_building,
            (false, false) => durations.building,
        };
        self.build_log.begin();
        let lines = chatter::build(self, at.date());
        let count = lines.len() as f64;
        for (index, line) in lines.into_iter().enumerate() {
            self.schedule(at, takes.mul_f64(index as f64 / count), Happening::BuildLine(line));
        }
        self.schedule(at, takes, Happening::Image { factory });
    }

    /// A container boots; that it is up is due.
    pub(crate) fn expect_start(&mut self, at: At<'_>) {
        let durations = &at.settings.durations;
        let beside = stage::serves(&self.stage);
        let takes = if beside { durations.running_app_starting } else { durations.app_starting };
        self.schedule(at, takes, Happening::Started);
    }

    /// New containers, up since `head_start`.
    pub(crate) fn boot(&mut self, at: At<'_>, head_start: Duration) {
        for _ in 0..self.card.replicas.max(1) {
            let name = self.dice.pod(5);
            let seed = dice::hash(at.settings.seed, &name);
            let replica =
                Replica { name, seed, born: at.instant, head_start, leaves_at: None, sent: 0 };
            self.replicas.push(replica);
        }
    }

    /// What will happen by itself to a Space that has been running for `up_for`.
    pub(crate) fn live(&mut self, at: At<'_>, up_for: Duration) {
        match self.card.life {
            Life::LeaksMemory { lasts, revived_after } => {
                let left = Duration::from_secs_f64(
                    lasts.as_secs_f64().max(1.0)
                        - up_for.as_secs_f64() % lasts.as_secs_f64().max(1.0),
                );
                self.schedule(at, left, Happening::Killed { exit: 137, revived_after });
            }
            Life::Flaps { up, down } => {
                self.schedule(at, up, Happening::Killed { exit: 1, revived_after: Some(down) });
            }
            Life::Steady | Life::FailsToBuild | Life::FailsToStart | Life::CannotBeScheduled => {}
        }
        self.last_visit = at.instant;
        self.expect_idleness(at);
    }

    /// Looks again when the Space may have been idle for too long.
    pub(crate) fn expect_idleness(&mut self, at: At<'_>) {
        self.pending.retain(|due| !matches!(due.what, Happening::IdleCheck));
        if let (Some(timeout), false) = (self.card.gc_timeout, self.card.load.visitors) {
            let idle_at = self.last_visit + at.clock.scaled(Duration::from_secs(timeout));
            self.pending.push(Due { at: idle_at, what: Happening::IdleCheck });
        }
    }

    fn happen(&mut self, what: Happening, at: At<'_>) {
        match what {
            Happening::BuildLine(line) => self.build_log.push(at.date(), &line),
            Happening::Image { factory } => self.image(at, factory),
            Happening::Started => self.started(at),
            Happening::OutOfSlots { current, limit } => {
                self.error_message = Some(Slot::message(current, limit));
                self.stop(stage::PAUSED);
            }
            Happening::Killed { exit, revived_after } => {
                let reason = if exit == 137 {
                    "Memory limit exceeded (OOMKilled)"
                } else {
                    "application error"
                };
                self.crash(at, &format!("Exit code: {exit}. Reason: {reason}"));
                if let Some(after) = revived_after {
                    self.schedule(at, after, Happening::Revived);
                }
            }
            Happening::Revived => self.restart(at, false, Slot::Free),
            Happening::IdleCheck => self.check_idleness(at),
        }
    }

    fn image(&mut self, at: At<'_>, factory: bool) {
        if self.card.life == Life::FailsToBuild {
            for line in chatter::build_failure(self) {
                self.build_log.push(at.date(), &line);
            }
            self.error_message =
                Some("Job failed with exit code: 1. Reason: build failed".to_owned());
            self.stop(stage::BUILD_ERROR);
            return;
        }
        for line in chatter::build_success(factory) {
            self.build_log.push(at.date(), &line);
        }
        self.card.image_cached = true;
        self.greet(at.date());
        let serving = stage::serves(&self.stage);
        self.enter(if serving { stage::RUNNING_APP_STARTING } else { stage::APP_STARTING });
        self.expect_start(at);
    }

    fn started(&mut self, at: At<'_>) {
        match self.card.life {
            Life::FailsToStart => return self.crash(at, "Exit code: 1. Reason: application error"),
            Life::CannotBeScheduled => {
                self.error_message =
                    Some("Scheduling failure: not enough hardware capacity".to_owned());
                return self.stop(stage::RUNTIME_ERROR);
            }
            Life::Steady | Life::LeaksMemory { .. } | Life::Flaps { .. } | Life::FailsToBuild => {}
        }
        let leave = at.after(at.settings.durations.hand_over);
        for replica in &mut self.replicas {
            replica.leaves_at.get_or_insert(leave);
        }
        self.container = self.dice.pod(8);
        self.boot(at, Duration::ZERO);
        self.running_sha = Some(self.head().to_owned());
        self.hardware_now = Some(self.card.hardware.clone());
        for line in chatter::ready(self) {
            self.run_log.push(at.date() + TimeDelta::milliseconds(1), &line);
        }
        self.enter(stage::RUNNING);
        self.live(at, Duration::ZERO);
    }

    fn check_idleness(&mut self, at: At<'_>) {
        let timeout = Duration::from_secs(self.card.gc_timeout.unwrap_or(u64::MAX / 4));
        if self.last_visit + at.clock.scaled(timeout) <= at.instant && stage::serves(&self.stage) {
            self.sleep();
        } else {
            self.expect_idleness(at);
        }
    }

    fn schedule(&mut self, at: At<'_>, after: Duration, what: Happening) {
        self.pending.push(Due { at: at.after(after), what });
    }

    /// Enters a stage in which no container serves.
    fn stop(&mut self, stage: &str) {
        self.replicas.clear();
        self.hardware_now = None;
        self.enter(stage);
        if !matches!(stage, stage::BUILDING | stage::APP_STARTING) {
            self.end_metrics();
        }
    }

    fn enter(&mut self, stage: &str) {
        stage.clone_into(&mut self.stage);
        self.changed();
    }
}

#[cfg(test)]
mod tests;
