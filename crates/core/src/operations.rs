//! Acting on Spaces, and following what was asked until the Space has settled.

use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
    time::Duration,
};

use hfsm_hub::{Answer, Rank};
use hfsm_model::{
    Action, Activity, ActivityKind, Actor, Event, Operation, OperationId, OperationState,
    OperationStep, Outcome, Runtime, Space, SpaceId, Stage, StageFamily, WriteAccess,
};
use hfsm_store::OperationFilter;
use tokio::{sync::oneshot, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{Error, Fleet, events::Audience, lock};

/// The Hub gives an app thirty minutes to start; after these nothing more is expected.
const GIVE_UP: Duration = Duration::from_secs(35 * 60);

/// Attempts to read a Space of which it is not known whether the Hub took what was asked of it.
const LOOKS_BACK: u32 = 30;

/// How many operations that ended are at hand: whoever waits for one asks again in a moment.
const AT_HAND: usize = 64;

/// The operations that are followed now, and those that ended last.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    followed: Mutex<HashMap<OperationId, Followed>>,
    ended: Mutex<VecDeque<Operation>>,
}

#[derive(Debug)]
struct Followed {
    operation: Operation,
    cancel: CancellationToken,
}

impl Operations {
    /// Takes the newest state of an operation. Returns whether it is still followed.
    fn renew(&self, operation: &Operation) -> bool {
        match lock(&self.followed).get_mut(&operation.id) {
            Some(followed) => {
                followed.operation.clone_from(operation);
                true
            }
            None => false,
        }
    }

    fn take_end(&self, operation: &Operation) {
        let mut ended = lock(&self.ended);
        ended.truncate(AT_HAND - 1);
        ended.push_front(operation.clone());
    }

    fn find(&self, id: &OperationId) -> Option<Operation> {
        if let Some(followed) = lock(&self.followed).get(id) {
            return Some(followed.operation.clone());
        }
        lock(&self.ended).iter().find(|operation| operation.id == *id).cloned()
    }
}

/// Where a Space stands with regard to what was asked.
enum Verdict {
    OnItsWay,
    Reached,
    Missed(String),
}

impl Fleet {
    /// Asks the Hub for `action`, and follows the Space until it has settled. Returns when the Hub
    /// has taken it.
    ///
    /// The request goes on when the caller goes away. A second action on the same Space takes the
    /// place of the first, which is no longer followed.
    ///
    /// # Errors
    /// When no account sees the Space or may act on it, when it is static, or when the Hub refuses
    /// or cannot be reached. The failed operation can be read afterwards, too.
    pub async fn act(
        &self,
        id: &SpaceId,
        action: Action,
        actor: Actor,
    ) -> Result<Operation, Error> {
        self.act_as(OperationId(uuid::Uuid::new_v4().to_string()), id, action, actor).await
    }

    /// The same, under a name that was stored before: whoever finds it stored, and no operation of that
    /// name, knows that nothing was sent.
    pub(crate) async fn act_as(
        &self,
        name: OperationId,
        id: &SpaceId,
        action: Action,
        actor: Actor,
    ) -> Result<Operation, Error> {
        let space = self.space(id)?;
        let id = space.info.id.clone();
        if space.info.is_static() {
            return Err(Error::StaticSpace(id));
        }
        if space.write_access == WriteAccess::No {
            return Err(Error::NoWriteAccess(id));
        }
        check_sleep_time(&action)?;
        let operation = Operation {
            id: name,
            space: id.clone(),
            action,
            actor: Some(actor),
            state: OperationState::Sending,
            started_at: self.0.clock.now(),
            ended_at: None,
            steps: vec![OperationStep { stage: space.stage.clone(), at: self.0.clock.now() }],
            error: None,
            request_id: None,
        };
        self.supersede(&id, &operation.action).await;
        let (answer, answered) = oneshot::channel();
        let fleet = self.clone();
        self.0
            .supervisor
            .spawn("operation", async move { fleet.run_operation(operation, answer).await });
        answered.await.map_err(|_| Error::Stopping)?
    }

    /// Returns an operation, running or ended.
    ///
    /// # Errors
    /// When there is none of that name, or the store cannot be read.
    pub async fn operation(&self, id: &OperationId) -> Result<Operation, Error> {
        if let Some(known) = self.0.operations.find(id) {
            return Ok(known);
        }
        self.0.store.operation(id).await?.ok_or_else(|| Error::OperationNotFound(id.clone()))
    }

    /// Returns operations, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn operations(
        &self,
        filter: &OperationFilter,
        limit: u32,
    ) -> Result<Vec<Operation>, Error> {
        Ok(self.0.store.operations(filter, limit.into()).await?)
    }

    /// Stops following an operation. What the Hub has taken goes on there.
    ///
    /// # Errors
    /// When there is none of that name, or the store cannot be read.
    pub async fn cancel_operation(&self, id: &OperationId) -> Result<Operation, Error> {
        let cancelled = lock(&self.0.operations.followed).remove(id).map(|followed| {
            followed.cancel.cancel();
            followed.operation
        });
        match cancelled {
            Some(mut operation) => {
                self.end(
                    &mut operation,
                    OperationState::Cancelled,
                    Some("no longer followed".to_owned()),
                )
                .await;
                Ok(operation)
            }
            None => self.operation(id).await,
        }
    }

    /// Follows again what was under way when the program ended.
    pub(crate) fn resume_operations(&self) {
        let fleet = self.clone();
        self.0.supervisor.spawn("resume operations", async move {
            let unfinished = match fleet.0.store.unfinished_operations().await {
                Ok(unfinished) => unfinished,
                Err(error) => return tracing::error!(%error, "operations were not read: {error}"),
            };
            for mut operation in unfinished {
                if operation.state == OperationState::Following {
                    let resumed = fleet.clone();
                    let cancel = fleet.begin_following(&operation);
                    fleet
                        .0
                        .supervisor
                        .spawn("operation", async move { resumed.follow(operation, cancel).await });
                } else {
                    let resumed = fleet.clone();
                    fleet.0.supervisor.spawn("operation", async move {
                        if resumed.was_taken_after_all(&mut operation).await {
                            let cancel = resumed.begin_following(&operation);
                            resumed.follow(operation, cancel).await;
                        }
                    });
                }
            }
        });
    }

    /// Tells whether the Hub took what was on its way to it when the program ended: reads the Space, and
    /// never asks again. Ends the operation where it did not, or where nobody can tell.
    async fn was_taken_after_all(&self, operation: &mut Operation) -> bool {
        for _ in 0..LOOKS_BACK {
            // Right after the start no account may have been asked yet.
            if let Some((_, _, gateway)) = self.gateways(&operation.space).into_iter().next() {
                match gateway.ranked(Rank::Person).runtime(&operation.space).await {
                    Ok(runtime) if was_taken(operation, &runtime) => {
                        operation.state = OperationState::Following;
                        note_step(operation, &runtime.stage, self.0.clock.now());
                        self.save_operation(operation).await;
                        return true;
                    }
                    Ok(_) => break,
                    Err(error) => {
                        tracing::debug!(operation = %operation.id, %error, "not read: {error}");
                    }
                }
            }
            tokio::time::sleep(self.0.pace.look).await;
        }
        let reason = "the program ended before the Hub answered, and the stage of the Space does not show that it was taken; it was not sent again";
        self.end(operation, OperationState::Failed, Some(reason.to_owned())).await;
        self.notice_failure(operation).await;
        false
    }

    async fn supersede(&self, space: &SpaceId, by: &Action) {
        let older: Vec<OperationId> = lock(&self.0.operations.followed)
            .values()
            .filter(|followed| followed.operation.space == *space)
            .map(|followed| followed.operation.id.clone())
            .collect();
        for id in older {
            let Some(followed) = lock(&self.0.operations.followed).remove(&id) else { continue };
            followed.cancel.cancel();
            let mut operation = followed.operation;
            let reason = format!("`{}` took its place", by.name());
            self.end(&mut operation, OperationState::Cancelled, Some(reason)).await;
        }
    }

    async fn run_operation(
        self,
        mut operation: Operation,
        answer: oneshot::Sender<Result<Operation, Error>>,
    ) {
        if let Err(error) = self.0.store.save_operation(&operation).await {
            // What cannot be remembered is not sent: nobody could tell later whether it was.
            let _ = answer.send(Err(error.into()));
            return;
        }
        self.0.events.publish(Event::OperationChanged(operation.clone()), Audience::Everything);
        let outcome = self.send(&operation).await;
        let mut activity = Activity {
            id: 0,
            at: self.0.clock.now(),
            actor: operation.actor.clone().unwrap_or(Actor::System),
            kind: kind_of(&operation.action),
            space: Some(operation.space.clone()),
            account: None,
            outcome: Outcome::Done,
            message: None,
            details: None,
            request_id: None,
        };
        match outcome {
            Ok(taken) => {
                operation.request_id.clone_from(&taken.request_id);
                activity.request_id = taken.request_id;
                operation.state = OperationState::Following;
                note_step(&mut operation, &taken.value.stage, self.0.clock.now());
                let cancel = self.begin_following(&operation);
                self.save_operation_with(&operation, activity).await;
                let changes = self.0.inventory.apply_runtime(
                    &operation.space,
                    taken.value,
                    self.0.clock.now(),
                );
                self.publish_changes(changes).await;
                let _ = answer.send(Ok(operation.clone()));
                self.follow(operation, cancel).await;
            }
            Err(error) => {
                activity.outcome = match &error {
                    Error::Hub(hub) if hub.is_transient() => Outcome::Failed,
                    _ => Outcome::Refused,
                };
                activity.message = Some(error.to_string());
                activity.request_id = error.request_id().map(ToOwned::to_owned);
                operation.request_id.clone_from(&activity.request_id);
                self.end(&mut operation, OperationState::Failed, activity.message.clone()).await;
                self.record(activity).await;
                self.notice_failure(&operation).await;
                let _ = answer.send(Err(error));
            }
        }
    }

    /// Sends an action with the first account that may. Where the Hub refuses one for want of
    /// rights, it has done nothing, and the next is tried.
    async fn send(&self, operation: &Operation) -> Result<Answer<Runtime>, Error> {
        let rank = match operation.actor {
            Some(Actor::Job(_) | Actor::System) => Rank::Automation,
            _ => Rank::Person,
        };
        let mut refused = None;
        for (_, access, gateway) in self.gateways(&operation.space) {
            if access == WriteAccess::No {
                continue;
            }
            let gateway = gateway.ranked(rank);
            match gateway.act(&operation.space, &operation.action).await {
                Ok(taken) => return Ok(taken),
                Err(
                    error @ (hfsm_hub::Error::Forbidden(_)
                    | hfsm_hub::Error::OauthRefused(_)
                    | hfsm_hub::Error::SpaceNotFound(_)
                    | hfsm_hub::Error::TokenRefused(_)),
                ) => refused = refused.or(Some(error)),
                Err(error) if error.may_have_acted() => {
                    return self.find_out(operation, &gateway, error).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(refused.map_or_else(|| Error::NoWriteAccess(operation.space.clone()), Error::Hub))
    }

    /// Tells after a failure on the way whether the Hub took the action all the same: reads the
    /// Space, and never asks again blindly.
    async fn find_out(
        &self,
        operation: &Operation,
        gateway: &hfsm_hub::Gateway,
        error: hfsm_hub::Error,
    ) -> Result<Answer<Runtime>, Error> {
        let Ok(runtime) = gateway.runtime(&operation.space).await else { return Err(error.into()) };
        if was_taken(operation, &runtime) {
            Ok(Answer { value: runtime, request_id: None })
        } else {
            Err(error.into())
        }
    }

    fn begin_following(&self, operation: &Operation) -> CancellationToken {
        let cancel = self.0.supervisor.stopping().child_token();
        let followed = Followed { operation: operation.clone(), cancel: cancel.clone() };
        lock(&self.0.operations.followed).insert(operation.id.clone(), followed);
        cancel
    }

    async fn follow(self, mut operation: Operation, cancel: CancellationToken) {
        let began = Instant::now();
        let mut moved = operation.steps.iter().any(|step| step.stage.is_transitional());
        let mut unsaved = false;
        loop {
            let Ok(space) = self.space(&operation.space) else {
                return self
                    .finish(operation, OperationState::Failed, Some("the Space is gone".to_owned()))
                    .await;
            };
            moved |= space.stage.is_transitional();
            let unseen = began.elapsed() > self.0.pace.unseen;
            match verdict(&operation.action, &space, moved, unseen) {
                Verdict::Reached => {
                    return self.finish(operation, OperationState::Succeeded, None).await;
                }
                Verdict::Missed(why) => {
                    return self.finish(operation, OperationState::Failed, Some(why)).await;
                }
                Verdict::OnItsWay if began.elapsed() > GIVE_UP => {
                    let why = format!("still `{}` after 35 minutes; look at its logs", space.stage);
                    return self.finish(operation, OperationState::Failed, Some(why)).await;
                }
                Verdict::OnItsWay => {}
            }
            // Where the step was the last, it is saved with the end.
            if std::mem::take(&mut unsaved) {
                self.save_operation(&operation).await;
            }
            tokio::select! {
                () = tokio::time::sleep(self.0.pace.look) => {}
                () = cancel.cancelled() => return,
            }
            self.look(&operation.space).await;
            if let Ok(space) = self.space(&operation.space)
                && note_step(&mut operation, &space.stage, self.0.clock.now())
            {
                if !self.0.operations.renew(&operation) {
                    return;
                }
                unsaved = true;
            }
        }
    }

    /// Reads one Space's runtime.
    pub(crate) async fn look(&self, id: &SpaceId) {
        let Some((_, _, gateway)) = self.gateways(id).into_iter().next() else { return };
        match gateway.ranked(Rank::Automation).runtime(id).await {
            Ok(runtime) => {
                let changes = self.0.inventory.apply_runtime(id, runtime, self.0.clock.now());
                self.publish_changes(changes).await;
            }
            Err(error) => tracing::debug!(space.id = %id, %error, "`{id}` was not read: {error}"),
        }
    }

    async fn finish(&self, mut operation: Operation, state: OperationState, error: Option<String>) {
        // Whoever takes the operation from the list ends it: a cancellation may have been first.
        let ours = lock(&self.0.operations.followed).remove(&operation.id).is_some();
        if ours {
            self.end(&mut operation, state, error).await;
            if state == OperationState::Failed {
                self.notice_failure(&operation).await;
            }
        }
    }

    async fn end(&self, operation: &mut Operation, state: OperationState, error: Option<String>) {
        operation.state = state;
        operation.ended_at = Some(self.0.clock.now());
        operation.error = error;
        self.save_operation(operation).await;
        self.0.operations.take_end(operation);
    }

    /// Stores an operation with the line that tells of it, and tells both.
    async fn save_operation_with(&self, operation: &Operation, line: Activity) {
        let stored = self.0.store.save_operation_with(operation, &line).await;
        let line = stored.unwrap_or_else(|error| {
            tracing::error!(operation = %operation.id, ?line, %error, "an operation was not stored: {error}");
            line
        });
        self.0.events.publish(Event::OperationChanged(operation.clone()), Audience::Everything);
        self.0.events.publish(Event::ActivityAdded(line), Audience::Everything);
    }

    async fn save_operation(&self, operation: &Operation) {
        if let Err(error) = self.0.store.save_operation(operation).await {
            tracing::error!(operation = %operation.id, %error, "an operation was not stored: {error}");
        }
        self.0.events.publish(Event::OperationChanged(operation.clone()), Audience::Everything);
    }
}

/// Refuses a sleep time that the Hub does not take.
pub(crate) fn check_sleep_time(action: &Action) -> Result<(), Error> {
    if let Action::SetSleepTime { sleep_time }
    | Action::SetHardware { sleep_time: Some(sleep_time), .. } = action
        && sleep_time.0.is_some_and(|seconds| !(300..=31_536_000).contains(&seconds))
    {
        let detail = "a sleep time may be 300 to 31536000 seconds, or never (null)";
        return Err(Error::Invalid(detail.to_owned()));
    }
    Ok(())
}

/// Tells by what the Hub says of the Space now whether it took an action.
fn was_taken(operation: &Operation, runtime: &Runtime) -> bool {
    let before = operation.steps.first().map(|step| &step.stage);
    let moved = before.is_some_and(|before| *before != runtime.stage);
    match &operation.action {
        Action::Restart | Action::FactoryRebuild => {
            moved && matches!(runtime.stage.family(), StageFamily::Moving | StageFamily::Good)
        }
        Action::Pause => runtime.stage == Stage::PAUSED,
        Action::SetHardware { flavor, .. } => runtime.hardware.requested.as_ref() == Some(flavor),
        Action::SetSleepTime { sleep_time } => runtime.sleep_time == *sleep_time,
        Action::SetDevMode { enabled } => runtime.dev_mode == *enabled,
    }
}

/// Judges by the stage; `unseen` says that so much time went by that what did not show will not.
fn verdict(action: &Action, space: &Space, moved: bool, unseen: bool) -> Verdict {
    let runtime = space.info.runtime.as_ref();
    let stage = &space.stage;
    let why = || {
        let reason = runtime
            .and_then(|runtime| runtime.error_message.as_deref())
            .unwrap_or("the Hub gave no reason");
        Verdict::Missed(format!("the Space is `{stage}`: {reason}"))
    };
    match action {
        Action::Pause if *stage == Stage::PAUSED => Verdict::Reached,
        Action::Pause if unseen => Verdict::Missed(format!("the Space is `{stage}`, not paused")),
        Action::Pause => Verdict::OnItsWay,
        Action::SetSleepTime { .. } => Verdict::Reached,
        Action::Restart
        | Action::FactoryRebuild
        | Action::SetHardware { .. }
        | Action::SetDevMode { .. } => {
            match stage.family() {
                StageFamily::Good if moved || unseen => Verdict::Reached,
                StageFamily::Broken => why(),
                // What rests takes the new hardware when it wakes.
                StageFamily::Resting
                    if !matches!(action, Action::Restart | Action::FactoryRebuild) =>
                {
                    if unseen {
                        Verdict::Reached
                    } else {
                        Verdict::OnItsWay
                    }
                }
                StageFamily::Resting if moved || unseen => why(),
                _ => Verdict::OnItsWay,
            }
        }
    }
}

/// Adds the stage to the steps where it differs from the last. Returns whether it did.
fn note_step(operation: &mut Operation, stage: &Stage, at: chrono::DateTime<chrono::Utc>) -> bool {
    let new = operation.steps.last().is_none_or(|step| step.stage != *stage);
    if new {
        operation.steps.push(OperationStep { stage: stage.clone(), at });
    }
    new
}

fn kind_of(action: &Action) -> ActivityKind {
    match action {
        Action::Restart => ActivityKind::Restart,
        Action::FactoryRebuild => ActivityKind::FactoryRebuild,
        Action::Pause => ActivityKind::Pause,
        Action::SetHardware { .. } => ActivityKind::SetHardware,
        Action::SetSleepTime { .. } => ActivityKind::SetSleepTime,
        Action::SetDevMode { .. } => ActivityKind::SetDevMode,
    }
}
