//! Having an app answer: by a visit where the Space sleeps, by a restart where a visit does not help, and
//! looking until it does. A page of the Hub in the app's place does not count.

use chrono::TimeDelta;
use hfsm_hub::Visit;
use hfsm_model::{
    Action, ExpectedAnswer, JobAction, Run, RunState, RunStepKind, Space, Stage, StageFamily,
};

use crate::Fleet;

use super::{
    guard::{serves, sleeps},
    work::{Ended, ended, note},
};

/// A Space that was visited and still sleeps after so many looks is visited again.
const LOOKS: u32 = 10;

impl Fleet {
    /// Visits or wakes the Space of a run, and looks until its app answers.
    pub(super) async fn have_it_answer(&self, run: &mut Run, mut restarted: bool) -> Ended {
        let began = self.0.clock.now();
        let mut visited_for: u32 = 0;
        let mut last: Option<Stage> = None;
        loop {
            let space = match self.space(&run.space) {
                Ok(space) => space,
                Err(error) => return ended(RunState::Failed, error.to_string()),
            };
            let stage = space.stage.clone();
            if last.as_ref() != Some(&stage) {
                note(run, RunStepKind::Stage, Some(stage.clone()), None, self.0.clock.now());
                last = Some(stage.clone());
            }
            let broken = stage.family() == StageFamily::Broken;
            if broken || stage == Stage::PAUSED {
                if run.action == JobAction::Visit || restarted || visited_for > 0 {
                    return ended(RunState::Failed, why(&space));
                }
                match self.ask(run, Action::Restart).await {
                    Ended { state: RunState::Done, .. } => restarted = true,
                    other => return other,
                }
            } else if serves(&stage) || sleeps(&stage) || stage.family() == StageFamily::Unknown {
                if serves(&stage) || visited_for.is_multiple_of(LOOKS) {
                    match self.visit_app(&space, &ExpectedAnswer::default()).await {
                        Ok(visit) if visit.answered_by_app && serves(&stage) => {
                            let status = format!("HTTP {}", visit.status);
                            let now = self.0.clock.now();
                            note(run, RunStepKind::Answered, Some(stage), Some(status), now);
                            return ended(RunState::Done, answered(&visit, now - began));
                        }
                        Ok(visit) if visited_for == 0 => {
                            let status = Some(format!("HTTP {}", visit.status));
                            let now = self.0.clock.now();
                            note(run, RunStepKind::Visited, Some(stage), status, now);
                        }
                        Ok(_) => {}
                        Err(error) if run.action == JobAction::Visit && serves(&stage) => {
                            return ended(RunState::Failed, error.to_string());
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

fn answered(visit: &Visit, after: TimeDelta) -> String {
    format!(
        "the app answered with HTTP {} in {} ms, after {} s",
        visit.status,
        visit.took.as_millis(),
        after.num_seconds()
    )
}

fn why(space: &Space) -> String {
    let reason = space.info.runtime.as_ref().and_then(|runtime| runtime.error_message.as_deref());
    format!("the Space is `{}`: {}", space.stage, reason.unwrap_or("the Hub gave no reason"))
}
