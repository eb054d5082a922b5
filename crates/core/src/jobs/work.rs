//! The work: carries runs out, each once.
//!
//! A run is taken in the store before anything is sent, and held while it is under way. The name of the
//! operation is stored before the Hub is asked, and the operation before the request is sent. So whoever
//! takes over what a dead process held knows whether it may have been sent: then the operation tells what
//! became of it, and nothing is sent again.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use hfsm_model::{
    Action, Activity, ActivityKind, Detail, Event, Hurdle, JobAction, OperationId, OperationState,
    Outcome, Run, RunCause, RunId, RunState, RunStep, RunStepKind, Stage,
};
use tokio::{sync::Semaphore, time::Instant};

use crate::{Error, Fleet, HubError, events::Audience, lock};

/// Runs that are under way at the same time.
const TOGETHER: usize = 16;
/// Between two attempts to write what could not be written.
const AGAIN: Duration = Duration::from_secs(5);
/// What is told of a run at most; a Space that flaps must not fill a store.
const STEPS: usize = 100;

/// How a run ended.
pub(super) struct Ended {
    pub(super) state: RunState,
    /// Why, where there is something to say.
    pub(super) why: Option<Detail>,
    pub(super) hurdle: Option<Hurdle>,
}

pub(super) fn ended(state: RunState, why: Detail) -> Ended {
    Ended { state, why: Some(why), hurdle: None }
}

/// Ends with an error, in the words of whoever made it.
pub(super) fn ended_by(state: RunState, error: &impl std::error::Error) -> Ended {
    ended(state, Detail::said(error))
}

/// Adds a step to a run.
pub(super) fn note(
    run: &mut Run,
    what: RunStepKind,
    stage: Option<Stage>,
    detail: Option<String>,
    at: DateTime<Utc>,
) {
    if run.steps.len() < STEPS {
        run.steps.push(RunStep { at, what, stage, detail });
    }
}

/// Says that a run is under way here, as long as it lives.
struct Turn {
    fleet: Fleet,
    run: RunId,
}

impl Turn {
    /// Returns `None` where the run is under way already.
    fn take(fleet: Fleet, run: &RunId) -> Option<Self> {
        let new = lock(&fleet.0.jobs.at_work).insert(run.clone());
        new.then(|| Self { fleet, run: run.clone() })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        lock(&self.fleet.0.jobs.at_work).remove(&self.run);
    }
}

impl Fleet {
    /// Carries out the runs that wait, and those that a dead process held, until the program ends.
    pub(crate) async fn carry_out_runs(self) {
        let places = Arc::new(Semaphore::new(TOGETHER));
        let stopping = self.0.supervisor.stopping().clone();
        let mut take_over_at = Instant::now();
        loop {
            let place = tokio::select! {
                place = places.clone().acquire_owned() => place,
                () = stopping.cancelled() => return,
            };
            let Ok(place) = place else { return };
            // Each way to the store is one to the disk, so as many are taken as there are places for; runs
            // that end together leave theirs together.
            tokio::task::yield_now().await;
            let free: Vec<_> = std::iter::once(place)
                .chain(std::iter::from_fn(|| places.clone().try_acquire_owned().ok()))
                .collect();
            let asked = free.len();
            let pause = match self.take_runs(asked, &mut take_over_at).await {
                Ok(taken) => {
                    let all_taken = taken.len() < asked;
                    for ((run, taken_over), place) in taken.into_iter().zip(free) {
                        // After a sleep of the machine every lease is over, and what it was for goes on.
                        let Some(turn) = Turn::take(self.clone(), &run.id) else { continue };
                        self.0.supervisor.spawn("run", async move {
                            turn.fleet.carry_out(run, taken_over).await;
                            drop((turn, place));
                        });
                    }
                    if !all_taken {
                        continue;
                    }
                    take_over_at.saturating_duration_since(Instant::now())
                }
                Err(error) => {
                    tracing::error!(%error, "no run was taken, which is tried again: {error}");
                    drop(free);
                    AGAIN
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.0.jobs.arrived.notified() => {}
                () = stopping.cancelled() => return,
            }
        }
    }

    /// Takes runs that wait, and where there is room for more, from `take_over_at` on, those that a dead
    /// process held. Returns of each whether it was such a one; where they are fewer than `most`, no more
    /// wait.
    async fn take_runs(
        &self,
        most: usize,
        take_over_at: &mut Instant,
    ) -> Result<Vec<(Run, bool)>, hfsm_store::Error> {
        let (store, holder) = (&self.0.store, &self.0.jobs.holder);
        let now = self.0.clock.now();
        let until = self.lease_from(now);
        let waited = store.take_runs(holder, until, most as u64).await?;
        let mut taken: Vec<_> = waited.into_iter().map(|run| (run, false)).collect();
        if taken.len() < most && *take_over_at <= Instant::now() {
            let rest = (most - taken.len()) as u64;
            match store.take_over_runs(holder, now, until, rest).await {
                Ok(held) => {
                    // Where there may be more, they are taken next.
                    if (held.len() as u64) < rest {
                        *take_over_at = Instant::now() + self.0.pace.lease;
                    }
                    taken.extend(held.into_iter().map(|run| (run, true)));
                }
                Err(error) if taken.is_empty() => return Err(error),
                Err(error) => tracing::error!(%error, "no run was taken over: {error}"),
            }
        }
        Ok(taken)
    }

    fn lease_from(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + TimeDelta::from_std(self.0.pace.lease).unwrap_or_default()
    }

    async fn carry_out(&self, mut run: Run, taken_over: bool) {
        self.compare_clocks();
        let now = self.0.clock.now();
        run.started_at.get_or_insert(now);
        if taken_over {
            note(&mut run, RunStepKind::TakenOver, None, None, now);
        }
        self.tell_run(&run);
        let id = run.id.clone();
        let limit = Duration::from_secs(run.terms.timeout_secs.into());
        let how = tokio::select! {
            how = tokio::time::timeout(limit, self.attempt(&mut run)) => how.unwrap_or_else(|_| {
                ended(RunState::Failed, Detail::NotDoneAfter { seconds: limit.as_secs() })
            }),
            () = self.hold(&id) => {
                tracing::warn!(run = %id, "another process took over the run `{id}`");
                return;
            }
            // It is taken over when this program, or another, is back.
            () = self.0.supervisor.stopping().cancelled() => return,
        };
        run.state = how.state;
        run.reason = how.why.as_ref().map(ToString::to_string);
        run.details = how.why;
        run.hurdle = how.hurdle;
        run.ended_at = Some(self.0.clock.now());
        let visited = matches!(run.action, JobAction::Wake | JobAction::Visit);
        let told = visited && !matches!(run.state, RunState::Skipped | RunState::Missed);
        let line = told.then(|| activity_of(&run));
        let line = loop {
            match self.0.store.end_run(&run, &self.0.jobs.holder, line.as_ref()).await {
                Ok(line) => break line,
                Err(error) => {
                    tracing::error!(run = %id, %error, "a run was not recorded, which is tried again: {error}");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(AGAIN) => {}
                () = self.hold(&id) => return,
                () = self.0.supervisor.stopping().cancelled() => return,
            }
        };
        self.tell_run(&run);
        if run.cause == RunCause::AutoHeal {
            self.0.heals.look_again();
        }
        if visited {
            self.0.keep_alives.take(&run, self.0.clock.now());
        }
        if let Some(line) = line {
            self.0.events.publish(Event::ActivityAdded(line), Audience::Everything);
        }
    }

    /// Goes on holding a run. Returns when it is no longer held.
    async fn hold(&self, id: &hfsm_model::RunId) {
        loop {
            tokio::time::sleep(self.0.pace.lease / 4).await;
            let until = self.lease_from(self.0.clock.now());
            match self.0.store.hold_run(id, &self.0.jobs.holder, until).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::error!(run = %id, %error, "a run is not held: {error}"),
            }
        }
    }

    async fn attempt(&self, run: &mut Run) -> Ended {
        if let Some(operation) = run.operation.clone() {
            match self.operation(&operation).await {
                Ok(_) => {
                    let how = self.await_operation(run, &operation).await;
                    let woken = run.action == JobAction::Wake && how.state == RunState::Done;
                    return if woken { self.have_it_answer(run, true).await } else { how };
                }
                // The name was stored and the operation was not, so it was never sent.
                Err(Error::OperationNotFound(_)) => {}
                Err(error) => return ended_by(RunState::Failed, &error),
            }
        }
        // What was listed last may be a while ago.
        self.look(&run.space).await;
        let space = match self.space(&run.space) {
            Ok(space) => space,
            Err(error) => return ended_by(RunState::Refused, &error),
        };
        if let Some(objection) = self.objection(run, &space).await {
            return objection;
        }
        match run.action.asked() {
            Some(action) => self.ask(run, action).await,
            None => self.have_it_answer(run, false).await,
        }
    }

    /// Asks the Hub for an action, and follows it to its end.
    pub(super) async fn ask(&self, run: &mut Run, action: Action) -> Ended {
        loop {
            let operation = OperationId(uuid::Uuid::new_v4().to_string());
            run.operation = Some(operation.clone());
            note(run, RunStepKind::Asked, None, None, self.0.clock.now());
            match self.0.store.save_run(run, &self.0.jobs.holder).await {
                Ok(true) => {}
                Ok(false) => return ended(RunState::Failed, Detail::TakenOver),
                // What cannot be remembered is not sent.
                Err(error) => return ended_by(RunState::Failed, &error),
            }
            let asked =
                self.act_as(operation.clone(), &run.space, action.clone(), run.actor.clone()).await;
            match asked {
                Ok(taken) => {
                    run.request_id = taken.request_id;
                    note(run, RunStepKind::Taken, None, None, self.0.clock.now());
                    self.tell_run(run);
                    return self.await_operation(run, &operation).await;
                }
                Err(error) => {
                    run.request_id = error.request_id().map(ToOwned::to_owned);
                    // Nothing was done: the Hub asks for patience, or was not reached at all.
                    if let Some(wait) = patience(&error) {
                        tokio::time::sleep(wait.max(self.0.pace.look)).await;
                        continue;
                    }
                    let state = match &error {
                        Error::Hub(hub) if hub.is_transient() => RunState::Failed,
                        Error::Store(_) | Error::Stopping => RunState::Failed,
                        _ => RunState::Refused,
                    };
                    return Ended { hurdle: hurdle_of(&error), ..ended_by(state, &error) };
                }
            }
        }
    }

    /// Waits for the end of an operation, and takes over the stages that it saw.
    async fn await_operation(&self, run: &mut Run, id: &OperationId) -> Ended {
        // The first is the stage before.
        let mut seen = 1 + run.steps.iter().filter(|step| step.what == RunStepKind::Stage).count();
        loop {
            let operation = match self.operation(id).await {
                Ok(operation) => operation,
                Err(error) => return ended_by(RunState::Failed, &error),
            };
            for step in operation.steps.iter().skip(seen) {
                note(run, RunStepKind::Stage, Some(step.stage.clone()), None, step.at);
            }
            if operation.steps.len() > seen {
                seen = operation.steps.len();
                self.tell_run(run);
            }
            run.request_id = operation.request_id.or(run.request_id.take());
            match operation.state {
                OperationState::Sending | OperationState::Following => {}
                OperationState::Succeeded => {
                    return Ended { state: RunState::Done, why: None, hurdle: None };
                }
                OperationState::Failed => {
                    let why = operation.error.map(Detail::said);
                    return Ended { state: RunState::Failed, why, hurdle: None };
                }
                OperationState::Cancelled => {
                    let why = operation.error.unwrap_or_else(|| "no longer followed".to_owned());
                    return ended(RunState::Failed, Detail::said(why));
                }
            }
            tokio::time::sleep(self.0.pace.look).await;
        }
    }

    fn tell_run(&self, run: &Run) {
        self.0.events.publish(Event::RunChanged(run.clone()), Audience::Everything);
    }
}

/// Tells how long to wait before an action is asked for again that surely was not done; `None` where it
/// may have been, or never will.
fn patience(error: &Error) -> Option<Duration> {
    match error {
        Error::Hub(hub) if hub.is_transient() && !hub.may_have_acted() => {
            Some(hub.retry_after().unwrap_or(AGAIN))
        }
        _ => None,
    }
}

/// Tells what stands in the way, where asking again does not help.
fn hurdle_of(error: &Error) -> Option<Hurdle> {
    match error {
        Error::Hub(HubError::QuotaExceeded(_)) => Some(Hurdle::Quota),
        Error::Hub(HubError::PaymentRequired(_)) => Some(Hurdle::Billing),
        Error::NoWriteAccess(_)
        | Error::Hub(
            HubError::Forbidden(_)
            | HubError::OauthRefused(_)
            | HubError::TokenRefused(_)
            | HubError::SignInNeeded(_),
        ) => Some(Hurdle::Rights),
        _ => None,
    }
}

fn activity_of(run: &Run) -> Activity {
    Activity {
        id: 0,
        at: run.ended_at.unwrap_or(run.planned_at),
        actor: run.actor.clone(),
        kind: match run.action {
            JobAction::Visit => ActivityKind::Visit,
            _ => ActivityKind::Wake,
        },
        space: Some(run.space.clone()),
        account: None,
        outcome: match run.state {
            RunState::Done => Outcome::Done,
            RunState::Refused => Outcome::Refused,
            _ => Outcome::Failed,
        },
        message: run.reason.clone(),
        details: run.details.clone(),
        request_id: run.request_id.clone(),
    }
}
