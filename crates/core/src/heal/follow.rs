//! Mending Spaces as they fail, until the program ends.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use hfsm_model::{
    Activity, Detail, Event, GaveUp, HealRecord, HealRule, JobAction, LogKind, Outcome, Run,
    RunCause, RunState, Space, SpaceId, Terms,
};
use hfsm_store::StoredHeal;

use super::{
    failure::needs_log,
    verdict::{Verdict, announced, begun, forgotten, judge, settled},
};
use crate::{Error, Fleet, events::Audience, jobs, lock};

/// Between two looks; stages change meanwhile.
const LOOK: Duration = Duration::from_secs(60);
/// Until a store that cannot be read, or a Space of which nothing new is known, is looked at again.
const AGAIN: TimeDelta = TimeDelta::seconds(5);
/// So long whoever gives up has to tell it; then another program does, or the same at its next start.
const TOLD_WITHIN: TimeDelta = TimeDelta::minutes(1);
/// Lines of a build log in which it is looked for why the build failed.
const LINES: u32 = 60;

impl Fleet {
    /// Mends Spaces as they fail, until the program ends.
    pub(crate) async fn heal(self) {
        let mut woke = self.0.woke.subscribe();
        loop {
            let next = match self.heal_what_fails().await {
                Ok(next) => next,
                Err(error) => {
                    tracing::error!(%error, "no Space was mended, which is tried again: {error}");
                    Some(self.0.clock.now() + AGAIN)
                }
            };
            let wait = next.and_then(|next| {
                (next - self.0.clock.now() + TimeDelta::milliseconds(1)).to_std().ok()
            });
            let wait = wait.map_or(LOOK, |wait| wait.clamp(self.0.pace.look, LOOK));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.0.heals.changed.notified() => {}
                _ = woke.changed() => {}
                () = self.0.supervisor.stopping().cancelled() => return,
            }
        }
    }

    /// Returns when something is due next.
    async fn heal_what_fails(&self) -> Result<Option<DateTime<Utc>>, Error> {
        if self.settings().pause_automation {
            return Ok(None);
        }
        let rules = self.heal_rules();
        if rules.are_off() {
            return Ok(None);
        }
        let heals = self.0.store.heals().await?;
        let mut next: Option<DateTime<Utc>> = None;
        for space in self.spaces() {
            let rule = rules.of(&space).rule.filter(|_| !space.info.is_static());
            let Some(rule) = rule else { continue };
            // What was known when the program last ran, or before a sleep, may be long over.
            if space.stale {
                next = next.into_iter().chain([self.0.clock.now() + AGAIN]).min();
                continue;
            }
            let stored = heals.get(&space.info.id).cloned().unwrap_or_default();
            self.0.heals.note(&space.info.id, &stored.record);
            let due = self.mend(&space, &rule, stored).await?;
            next = next.into_iter().chain(due).min();
        }
        Ok(next)
    }

    /// Does what is due about a Space. Returns when something is due next.
    async fn mend(
        &self,
        space: &Space,
        rule: &HealRule,
        mut stored: StoredHeal,
    ) -> Result<Option<DateTime<Utc>>, Error> {
        let id = &space.info.id;
        let now = self.0.clock.now();
        if stored.record.run.is_some() {
            if !self.settle(space, rule, &stored).await? {
                return Ok(None);
            }
            stored = self.0.store.heal(id).await?;
            if stored.record.run.is_some() {
                return Ok(None);
            }
        }
        let record = &stored.record;
        match self.judge_fully(space, rule, record, now).await {
            Verdict::Well if record.left_alone.is_some() => {
                let record = HealRecord { left_alone: None, ..record.clone() };
                self.remember(id, &stored, &record, None, &[]).await?;
                Ok(Some(now))
            }
            Verdict::Well => self.ask_if_due(space, rule, &stored, now).await,
            Verdict::GaveUp => {
                let gave_up = record.gave_up.as_ref().filter(|_| record.untold);
                let Some(gave_up) = gave_up else { return Ok(None) };
                let at = gave_up.at + TOLD_WITHIN;
                if at <= now {
                    self.tell_giving_up(space).await?;
                }
                Ok((at > now).then_some(at))
            }
            Verdict::Watched { until } => {
                let asked = self.ask_if_due(space, rule, &stored, now).await?;
                Ok(asked.into_iter().chain((until > now).then_some(until)).min())
            }
            Verdict::Forget(because) => {
                let line =
                    self.heal_line(Some(id), Outcome::Done, Detail::AttemptsForgotten { because });
                self.remember(id, &stored, &forgotten(record), None, &[line]).await?;
                Ok(Some(now))
            }
            Verdict::Mend { failure, at, action } if at <= now => {
                let line = announced(&action, rule, record, &failure);
                let line = self.heal_line(Some(id), Outcome::Done, line);
                let run = attempt(space, rule, action, now);
                let record = begun(record, space, &run, now);
                if self.remember(id, &stored, &record, Some(&run), &[line]).await? {
                    self.tell_runs(std::slice::from_ref(&run));
                }
                Ok(None)
            }
            // An answer that is right ends a failure that only answers showed.
            Verdict::Mend { at, .. } => {
                let asked = self.ask_if_due(space, rule, &stored, now).await?;
                Ok(asked.into_iter().chain(Some(at)).min())
            }
            Verdict::LeaveAlone { reason, .. } => {
                let words = reason.to_string();
                if record.left_alone.as_ref() != Some(&words) {
                    let line = self.heal_line(Some(id), Outcome::Refused, reason);
                    let record = HealRecord { left_alone: Some(words), ..record.clone() };
                    self.remember(id, &stored, &record, None, &[line]).await?;
                }
                Ok(None)
            }
            Verdict::GiveUp { cause, reason } => {
                let sha = space.info.sha.clone();
                let (words, details) = (reason.to_string(), Some(reason));
                let gave_up = GaveUp { at: now, cause, reason: words, details, sha };
                self.give_up(space, &stored, record.clone(), gave_up).await?;
                Ok(None)
            }
        }
    }

    /// Decides about a Space, and asks for what that takes: the end of a build log, and what the action
    /// may cost.
    pub(super) async fn judge_fully(
        &self,
        space: &Space,
        rule: &HealRule,
        record: &HealRecord,
        now: DateTime<Utc>,
    ) -> Verdict {
        let log = if record.gave_up.is_none() && needs_log(space, rule) {
            self.end_of_build_log(space).await
        } else {
            None
        };
        let verdict = judge(space, rule, record, log.as_deref(), now);
        let Verdict::Mend { failure, action, .. } = &verdict else { return verdict };
        let risks = self.risks_of(space, action).await;
        match risks.forbidden(rule.allow_billed, rule.allow_slot_risk) {
            Some(reason) => Verdict::LeaveAlone { since: failure.since, reason },
            None => verdict,
        }
    }

    /// Reads the end of the build log of a Space, once for each failure; `None` where that does not
    /// succeed now.
    async fn end_of_build_log(&self, space: &Space) -> Option<String> {
        let id = &space.info.id;
        let known = lock(&self.0.heals.build_logs).get(id).cloned();
        if let Some((_, log)) = known.filter(|(since, _)| *since == space.stage_since) {
            return Some(log);
        }
        let lines = self.log_now(id, LogKind::Build, Some(LINES)).await;
        let lines = lines
            .inspect_err(|error| {
                tracing::debug!(space.id = %id, %error, "the build log was not read: {error}");
            })
            .ok()?;
        let texts: Vec<String> = lines.into_iter().map(|line| line.text).collect();
        let log = texts.join("\n");
        lock(&self.0.heals.build_logs).insert(id.clone(), (space.stage_since, log.clone()));
        Some(log)
    }

    /// Takes how an attempt ended. Returns whether it has.
    async fn settle(
        &self,
        space: &Space,
        rule: &HealRule,
        stored: &StoredHeal,
    ) -> Result<bool, Error> {
        let id = &space.info.id;
        let Some(name) = &stored.record.run else { return Ok(true) };
        let Some(run) = self.0.store.find_run(name).await? else {
            // Nobody knows any more what came of it.
            let record = HealRecord { run: None, ..stored.record.clone() };
            return self.remember(id, stored, &record, None, &[]).await;
        };
        if !run.state.is_final() {
            return Ok(false);
        }
        let now = self.0.clock.now();
        let (mut record, said) = settled(&stored.record, rule, &run, now, rand::random());
        if let Some(gave_up) = record.gave_up.take() {
            self.give_up(space, stored, record, gave_up).await?;
            return Ok(true);
        }
        let line = said.map(|said| Activity {
            request_id: run.request_id.clone(),
            ..self.heal_line(Some(id), outcome_of(run.state), said)
        });
        self.remember(id, stored, &record, None, line.as_slice()).await?;
        Ok(true)
    }

    async fn give_up(
        &self,
        space: &Space,
        stored: &StoredHeal,
        record: HealRecord,
        gave_up: GaveUp,
    ) -> Result<(), Error> {
        let id = &space.info.id;
        let why = gave_up.details.clone().unwrap_or_else(|| Detail::said(&gave_up.reason));
        let line = Detail::GaveUp { why: Box::new(why) };
        let line = self.heal_line(Some(id), Outcome::Failed, line);
        let untold = record.in_a_row > 0;
        let record = HealRecord { gave_up: Some(gave_up), untold, ..record };
        if self.remember(id, stored, &record, None, &[line]).await? {
            self.tell_giving_up(space).await?;
        }
        Ok(())
    }

    /// Tells a person that a Space was given up, where that is yet to be told. It is remembered as told only
    /// afterwards: who is killed in between tells it at the next start.
    async fn tell_giving_up(&self, space: &Space) -> Result<(), Error> {
        let id = &space.info.id;
        let stored = self.0.store.heal(id).await?;
        let gave_up = stored.record.gave_up.as_ref().filter(|_| stored.record.untold);
        let Some(gave_up) = gave_up else { return Ok(()) };
        self.notice_giving_up(space, gave_up).await;
        let record = HealRecord { untold: false, ..stored.record.clone() };
        self.remember(id, &stored, &record, None, &[]).await?;
        Ok(())
    }

    /// Stores what is remembered of a Space, and tells it. Returns `false` when another was first.
    pub(super) async fn remember(
        &self,
        id: &SpaceId,
        stored: &StoredHeal,
        record: &HealRecord,
        run: Option<&Run>,
        lines: &[Activity],
    ) -> Result<bool, Error> {
        let saved = self.0.store.save_heal(id, stored, record, run, lines).await?;
        let Some(lines) = saved else { return Ok(false) };
        self.0.heals.note(id, record);
        let told = lines.into_iter().map(|line| (Event::ActivityAdded(line), Audience::Everything));
        self.0.events.publish_all(told);
        let event = Event::HealChanged { space: Some(id.clone()) };
        self.0.events.publish(event, Audience::Everything);
        Ok(true)
    }

    /// Tells why an attempt that is about to be made is not needed any more; `None` when it is.
    pub(crate) async fn needs_no_mending(&self, run: &Run, space: &Space) -> Option<Detail> {
        if run.cause != RunCause::AutoHeal {
            return None;
        }
        let Some(rule) = self.heal_rules().of(space).rule else {
            return Some(Detail::HealSwitchedOff);
        };
        let check = rule.health.as_ref().filter(|_| jobs::serves(&space.stage))?;
        match self.wrong_answer(space, check).await {
            Some(_) => None,
            None => Some(Detail::AnswersAgain),
        }
    }
}

fn attempt(space: &Space, rule: &HealRule, action: JobAction, now: DateTime<Utc>) -> Run {
    let terms = Terms {
        stages: Some(vec![space.stage.clone()]),
        allow_billed: rule.allow_billed,
        allow_slot_risk: rule.allow_slot_risk,
        ..Terms::default()
    };
    let run = jobs::waiting(space.info.id.clone(), action, terms, now);
    Run { name: "auto-heal".to_owned(), cause: RunCause::AutoHeal, ..run }
}

fn outcome_of(state: RunState) -> Outcome {
    match state {
        RunState::Done => Outcome::Done,
        RunState::Refused | RunState::Skipped | RunState::Missed => Outcome::Refused,
        RunState::Failed | RunState::Waiting | RunState::Running => Outcome::Failed,
    }
}
