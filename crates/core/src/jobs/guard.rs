//! What automation does not do by itself: undo what a person chose, spend money, or cost a free account
//! the place of a Space.

use hfsm_model::{
    Detail, Flavor, Hurdle, JobAction, Risks, Run, RunCause, RunState, Space, Stage, StageFamily,
};

use crate::Fleet;

use super::work::{Ended, ended};

/// The free hardware of which an account has few places.
const FREE: &str = "cpu-basic";

impl Fleet {
    /// Tells why a run is not carried out now; `None` when it may be.
    pub(super) async fn objection(&self, run: &Run, space: &Space) -> Option<Ended> {
        if space.info.is_static() {
            return Some(ended(RunState::Refused, Detail::StaticSpace));
        }
        if let Some(reason) = unfit(run, space) {
            return Some(ended(RunState::Skipped, reason));
        }
        if let Some(minutes) = run.terms.idle_minutes
            && let Some(reason) = self.why_not_idle(space, minutes).await
        {
            return Some(ended(RunState::Skipped, reason));
        }
        if let Some(reason) = self.needs_no_mending(run, space).await {
            return Some(ended(RunState::Skipped, reason));
        }
        let risks = self.risks_of(space, &run.action).await;
        let forbidden = risks.forbidden(run.terms.allow_billed, run.terms.allow_slot_risk)?;
        Some(Ended { hurdle: Some(Hurdle::Terms), ..ended(RunState::Refused, forbidden) })
    }

    /// Tells what may come of doing something to a Space.
    pub(crate) async fn risks_of(&self, space: &Space, action: &JobAction) -> Risks {
        let serves = serves(&space.stage);
        let starts = match action {
            JobAction::Pause | JobAction::SetSleepTime { .. } => false,
            JobAction::Visit | JobAction::Wake => !serves,
            JobAction::Restart
            | JobAction::FactoryRebuild
            | JobAction::Resume
            | JobAction::SetHardware { .. } => true,
        };
        if !starts || space.info.is_static() {
            return Risks::default();
        }
        let hardware = space.info.runtime.as_ref().map(|runtime| &runtime.hardware);
        let now = hardware.and_then(|hardware| hardware.current.clone());
        let asked = hardware.and_then(|hardware| hardware.requested.clone());
        let before = asked.or(now.clone()).unwrap_or_else(|| Flavor(FREE.to_owned()));
        let after = match action {
            JobAction::SetHardware { flavor, .. } => flavor.clone(),
            _ => before.clone(),
        };
        // What costs already goes on costing the same.
        let goes_on = serves && now.as_ref() == Some(&after);
        let billed = if goes_on { None } else { self.cost(&after).await };
        let slot = if before.as_str() == FREE { self.slot_risk(space, &after) } else { None };
        let words = |risk: &Option<Detail>| risk.as_ref().map(ToString::to_string);
        Risks {
            slot: words(&slot),
            slot_details: slot,
            billed: words(&billed),
            billed_details: billed,
        }
    }

    /// Tells what a flavor costs; `None` where it is free.
    pub(crate) async fn cost(&self, flavor: &Flavor) -> Option<Detail> {
        if flavor.as_str() == FREE {
            return None;
        }
        let unknown = |why| Some(Detail::CostUnknown { flavor: flavor.clone(), why });
        match self.hardware().await {
            Ok(list) => match list.iter().find(|option| option.flavor == *flavor) {
                Some(option) if option.usd_per_hour > 0.0 => {
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                    let cents_per_hour = (option.usd_per_hour * 100.0).round() as u32;
                    Some(Detail::Costs { flavor: flavor.clone(), cents_per_hour })
                }
                Some(_) => None,
                // Hardware of a plan is not on the list of what can be bought.
                None if flavor.as_str().starts_with("zero-") => None,
                None => unknown(None),
            },
            Err(error) => unknown(Some(error.to_string())),
        }
    }

    /// Returns what speaks for it that the Space loses its free place.
    fn slot_risk(&self, space: &Space, after: &Flavor) -> Option<Detail> {
        let owner = space.info.id.owner();
        if self.has_plan(owner) {
            return None;
        }
        for other in self.spaces() {
            if other.info.id.owner() == owner
                && let Some(message) =
                    other.info.error_message().filter(|message| message.contains("uota"))
            {
                let (space, words) = (other.info.id.clone(), message.to_owned());
                return Some(Detail::QuotaOfOther { space, words });
            }
        }
        let owner = owner.to_owned();
        if after.as_str() != FREE {
            return Some(Detail::PlaceGivenUp { owner, flavor: after.clone() });
        }
        let stage = space.stage.clone();
        (!serves(&stage)).then_some(Detail::PlaceUnsure { owner, stage })
    }

    /// Tells whether a user or an organisation is known to pay for a plan.
    fn has_plan(&self, owner: &str) -> bool {
        self.accounts().iter().any(|account| {
            let own = account.username.as_deref().unwrap_or(account.id.as_str());
            (own.eq_ignore_ascii_case(owner) && account.is_pro == Some(true))
                || account
                    .organisations
                    .iter()
                    .any(|one| one.name.eq_ignore_ascii_case(owner) && one.plan.is_some())
        })
    }
}

/// Tells whether an app answers in this stage.
pub(crate) fn serves(stage: &Stage) -> bool {
    *stage == Stage::RUNNING
        || *stage == Stage::RUNNING_BUILDING
        || *stage == Stage::RUNNING_APP_STARTING
}

/// Tells why the stage of the Space does not fit; `None` when it does.
fn unfit(run: &Run, space: &Space) -> Option<Detail> {
    let stage = &space.stage;
    if let Some(stages) = run.terms.stages.as_ref().filter(|stages| !stages.contains(stage)) {
        return Some(Detail::OtherStage { stage: stage.clone(), wanted: stages.clone() });
    }
    if stage.is_transitional() && !run.terms.while_moving {
        return Some(Detail::Unsettled { stage: stage.clone() });
    }
    let paused = *stage == Stage::PAUSED;
    match run.action {
        JobAction::Resume => (!paused).then(|| Detail::NotPaused { stage: stage.clone() }),
        JobAction::Pause => paused.then_some(Detail::PausedAlready),
        JobAction::Restart | JobAction::FactoryRebuild | JobAction::Wake | JobAction::Visit => {
            let by_itself = run.job.is_some() || run.cause != RunCause::ByHand;
            (paused && by_itself).then_some(Detail::PausedByPerson)
        }
        JobAction::SetHardware { .. } | JobAction::SetSleepTime { .. } => None,
    }
}

/// Tells whether a Space sleeps, so that a visit wakes it.
pub(crate) fn sleeps(stage: &Stage) -> bool {
    stage.family() == StageFamily::Resting && *stage != Stage::PAUSED
}
