//! The schedule: takes the times of jobs as they come, and says of those that were missed that they
//! were.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use hfsm_model::{Detail, Event, Job, MissedRule, Run, RunState};
use hfsm_store::TakenTime;

use crate::{Error, Fleet, events::Audience};

use super::{
    due_after, due_at, run_of, set_due,
    trigger::{self, Fired},
};

/// What begins so much later than it was due was missed; less is a busy machine.
const LATE: TimeDelta = TimeDelta::seconds(60);
/// Jobs that are looked at together.
const TOGETHER: u64 = 500;
/// Times that are counted one by one at most.
const COUNTED: u32 = 100_000;
/// The clock on the wall may be set while a timer runs.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// Between two attempts to read a store that cannot be read.
const AGAIN: Duration = Duration::from_secs(5);

impl Fleet {
    /// Takes the times of jobs as they come, until the program ends.
    pub(crate) async fn follow_schedule(self) {
        let mut woke = self.0.woke.subscribe();
        let stopping = self.0.supervisor.stopping().clone();
        let mut seen = *woke.borrow_and_update();
        loop {
            let wait = self.take_due_jobs().await.unwrap_or_else(|error| {
                tracing::error!(%error, "the schedule was not followed, and is tried again: {error}");
                AGAIN
            });
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.0.jobs.changed.notified() => {}
                _ = woke.changed() => {}
                () = stopping.cancelled() => return,
            }
            self.compare_clocks();
            let times = *woke.borrow_and_update();
            if times != seen
                && let Err(error) = self.plan_anew().await
            {
                tracing::error!(%error, "jobs were not planned anew: {error}");
            }
            seen = times;
        }
    }

    /// Takes the time of every job that is due. Returns how long to wait for the next.
    async fn take_due_jobs(&self) -> Result<Duration, Error> {
        if self.settings().pause_automation {
            return Ok(LONGEST_SLEEP);
        }
        // How late a job is counts from here: that there are many of them makes none late.
        let now = self.0.clock.now();
        let next = loop {
            let next = self.0.store.next_due().await?;
            if next.is_none_or(|next| next > now) {
                break next;
            }
            let due = self.0.store.due_jobs(now, TOGETHER).await?;
            if due.is_empty() {
                // What is due cannot be read, and hides what comes next.
                return Ok(AGAIN);
            }
            let times = due.into_iter().map(|job| self.becomes(job, now)).collect();
            self.take_times(times).await?;
        };
        let Some(next) = next else { return Ok(LONGEST_SLEEP) };
        // A millisecond more, since a sleep may end a little early by the other clock.
        let wait = next - self.0.clock.now() + TimeDelta::milliseconds(1);
        Ok(wait.to_std().unwrap_or(Duration::from_millis(1)).min(LONGEST_SLEEP))
    }

    /// Tells what becomes of a job that is due.
    fn becomes(&self, job: Job, now: DateTime<Utc>) -> TakenTime {
        let planned = job.planned_at.unwrap_or(now);
        // Times of which the latest moment to begin is over.
        let spread = TimeDelta::seconds(job.plan.jitter_secs.into());
        let Fired { count: more, last, next } =
            trigger::fired_between(&job.plan.trigger, planned, now - spread, COUNTED);
        let last = last.unwrap_or(planned);
        let late = now - if more == 0 { job.due_at.unwrap_or(now) } else { last + spread };
        let runs = late <= LATE || rule_allows(job.plan.missed, now - last);
        let missed = if runs { more } else { more + 1 };
        let mut made: Vec<Run> = Vec::new();
        for space in self.targets(&job.plan.target) {
            if missed > 0 {
                let reason = Detail::NotRunning { at: planned };
                made.push(Run {
                    state: RunState::Missed,
                    occurrences: missed,
                    ended_at: Some(now),
                    reason: Some(reason.to_string()),
                    details: Some(reason),
                    ..run_of(&job, space.clone(), planned)
                });
            }
            if runs {
                made.push(run_of(&job, space, last));
            }
        }
        let next = next.and_then(|next| due_at(&job.plan, next));
        TakenTime { job, runs: made, next }
    }

    /// Takes times, and tells those that no other process had taken.
    async fn take_times(&self, times: Vec<TakenTime>) -> Result<(), Error> {
        let taken = self.0.store.take_times(&times).await?;
        for (TakenTime { mut job, runs, next }, taken) in times.into_iter().zip(taken) {
            if taken {
                set_due(&mut job, next);
                self.tell_runs(&runs);
                self.0.events.publish(Event::JobChanged(job), Audience::Everything);
            }
        }
        Ok(())
    }

    /// Plans every job anew whose next time lies further away than it needs to: the clock was set back.
    /// What was done before is not done again, since each time is recorded once.
    async fn plan_anew(&self) -> Result<(), Error> {
        let now = self.0.clock.now();
        let mut times = Vec::new();
        for job in self.0.store.jobs().await? {
            let next = due_after(&job.plan, now);
            if next.zip(job.planned_at).is_some_and(|(next, planned)| next.planned_at < planned) {
                times.push(TakenTime { job, runs: Vec::new(), next });
            }
        }
        self.take_times(times).await
    }
}

/// Tells whether a time that was missed so long ago is made good.
fn rule_allows(rule: MissedRule, ago: TimeDelta) -> bool {
    match rule {
        MissedRule::Skip => false,
        MissedRule::RunOnce => true,
        MissedRule::Within { minutes } => ago <= TimeDelta::minutes(minutes.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_says_which_missed_times_are_made_good() {
        let hour = TimeDelta::hours(1);
        assert!(!rule_allows(MissedRule::Skip, TimeDelta::zero()));
        assert!(rule_allows(MissedRule::RunOnce, hour * 1000));
        assert!(rule_allows(MissedRule::Within { minutes: 60 }, hour));
        assert!(!rule_allows(MissedRule::Within { minutes: 59 }, hour));
    }
}
