//! Having an app answer: by a visit where the Space sleeps, by a restart where a visit does not help, and
//! looking until it does. A page of the Hub in the app's place does not count.

use chrono::TimeDelta;
use hfsm_hub::Visit;
use hfsm_model::{
    Action, Detail, JobAction, Run, RunState, RunStepKind, SpaceId, Stage, StageFamily, WakeTimes,
};
use hfsm_store::RunFilter;

use crate::{Error, Fleet};

use super::{
    answer::wrong_with,
    guard::{serves, sleeps},
    work::{Ended, ended, ended_by, note},
};

/// A Space that was visited and still sleeps after so many looks is visited again, and a visit to one that
/// answers wrongly so often has failed.
const LOOKS: u32 = 10;
/// So many of the last runs are searched for times at which a Space was woken, and so many of these count.
const SEARCHED: u64 = 200;
const TIMES: usize = 20;

impl Fleet {
    /// Returns how long it took to wake a Space, by the last times that it was.
    ///
    /// # Errors
    /// When no account sees the Space, or the store cannot be read.
    pub async fn wake_times(&self, id: &SpaceId) -> Result<WakeTimes, Error> {
        let id = self.space(id)?.info.id.clone();
        let state = Some(RunState::Done);
        let filter = RunFilter { space: Some(id), state, ..RunFilter::default() };
        let runs = self.0.store.runs(&filter, SEARCHED).await?;
        let mut seconds: Vec<u32> = runs.iter().filter_map(woke_in).take(TIMES).collect();
        seconds.sort_unstable();
        Ok(WakeTimes {
            runs: u32::try_from(seconds.len()).unwrap_or_default(),
            usual_secs: seconds.get(seconds.len() / 2).copied(),
            longest_secs: seconds.last().copied(),
        })
    }

    /// Visits or wakes the Space of a run, and looks until its app answers.
    pub(super) async fn have_it_answer(&self, run: &mut Run, mut restarted: bool) -> Ended {
        let began = self.0.clock.now();
        let wanted = run.terms.answer.clone().unwrap_or_default();
        let mut visited_for: u32 = 0;
        let mut wrong_answers: u32 = 0;
        let mut last: Option<Stage> = None;
        loop {
            let space = match self.space(&run.space) {
                Ok(space) => space,
                Err(error) => return ended_by(RunState::Failed, &error),
            };
            let stage = space.stage.clone();
            if last.as_ref() != Some(&stage) {
                note(run, RunStepKind::Stage, Some(stage.clone()), None, self.0.clock.now());
                last = Some(stage.clone());
            }
            let broken = stage.family() == StageFamily::Broken;
            if broken || stage == Stage::PAUSED {
                if run.action == JobAction::Visit || restarted || visited_for > 0 {
                    return ended(RunState::Failed, Detail::fails(&space));
                }
                match self.ask(run, Action::Restart).await {
                    Ended { state: RunState::Done, .. } => restarted = true,
                    other => return other,
                }
            } else if serves(&stage) || sleeps(&stage) || stage.family() == StageFamily::Unknown {
                if serves(&stage) || visited_for.is_multiple_of(LOOKS) {
                    match self.visit_app(&space, &wanted).await {
                        Ok(visit) => {
                            let status = Some(format!("HTTP {}", visit.status));
                            let now = self.0.clock.now();
                            let wrong = wrong_for(run, &visit);
                            if serves(&stage) && wrong.is_none() {
                                note(run, RunStepKind::Answered, Some(stage), status, now);
                                return ended(RunState::Done, answered(&visit, now - began));
                            }
                            if visited_for == 0 {
                                note(run, RunStepKind::Visited, Some(stage), status, now);
                            }
                            // An app may need a moment until it answers as it should.
                            wrong_answers += u32::from(visit.answered_by_app);
                            if let Some(wrong) = wrong
                                && wrong_answers >= LOOKS
                                && run.action == JobAction::Visit
                            {
                                return ended(RunState::Failed, wrong);
                            }
                        }
                        Err(error) if run.action == JobAction::Visit && serves(&stage) => {
                            return ended_by(RunState::Failed, &error);
                        }
                        Err(error) => {
                            tracing::debug!(space.id = %run.space, %error, "no visit: {error}");
                        }
                    }
                }
                visited_for += 1;
            }
            tokio::time::sleep(self.0.pace.look).await;
            self.look(&run.space).await;
        }
    }
}

/// Returns how many seconds a run took to wake a Space; `None` where the Space ran already.
fn woke_in(run: &Run) -> Option<u32> {
    let wakes = matches!(run.action, JobAction::Wake | JobAction::Visit);
    let first = run.steps.iter().find_map(|step| step.stage.as_ref()).filter(|_| wakes)?;
    let took = (run.ended_at? - run.started_at?).num_seconds();
    u32::try_from(took).ok().filter(|_| !serves(first))
}

/// Tells why an answer does not count; `None` when it does.
fn wrong_for(run: &Run, visit: &Visit) -> Option<Detail> {
    match &run.terms.answer {
        Some(wanted) => wrong_with(visit, wanted),
        None if visit.answered_by_app => None,
        None => Some(Detail::HubAnswered { status: visit.status }),
    }
}

fn answered(visit: &Visit, after: TimeDelta) -> Detail {
    Detail::Answered {
        status: visit.status,
        millis: u64::try_from(visit.took.as_millis()).unwrap_or(u64::MAX),
        after_seconds: after.num_seconds(),
    }
}
