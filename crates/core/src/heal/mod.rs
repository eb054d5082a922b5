//! Auto-heal: Spaces that failed are restarted, and rebuilt where that is allowed, within bounds that a
//! person sets. An attempt is a run like any other, on the same terms; see [`crate::jobs`].
//!
//! What was tried is read from the store each time, and changed there only by who read the newest of it.
//! So of several programs one makes an attempt, and one that was killed goes on where it was.

mod check;
mod failure;
mod follow;
mod rules;
mod verdict;

use std::{
    collections::{HashMap, HashSet},
    sync::Mutex,
};

use chrono::{DateTime, Utc};
use hfsm_model::{
    Activity, ActivityKind, Actor, Detail, Event, Forgotten, GaveUp, HealMode, HealRecord,
    HealScope, HealStanding, HealState, Outcome, ScopedHeal, Space, SpaceId,
};
use hfsm_store::{Store, StoredHeal};
use tokio::sync::Notify;

pub(crate) use self::rules::Rules;
use self::{
    rules::check,
    verdict::{Verdict, attempts_last_day, forgotten},
};
use crate::{Error, Fleet, events::Audience, lock};

/// Under which it stands in the store what is chosen.
const RULES: &str = "auto_heal";

/// What is chosen, and what is asked for once.
#[derive(Debug, Default)]
pub(crate) struct Heals {
    rules: Mutex<Rules>,
    changed: Notify,
    /// Spaces on which attempts were made, and are not over.
    mending: Mutex<HashSet<SpaceId>>,
    /// The end of the log of each build that failed, by when it did.
    build_logs: Mutex<HashMap<SpaceId, (DateTime<Utc>, String)>>,
}

impl Heals {
    /// Reads what was chosen.
    pub(crate) async fn load(store: &Store) -> Self {
        let rules = store.setting(RULES).await.unwrap_or_else(|error| {
            tracing::error!(%error, "no Space is mended: what was chosen cannot be read: {error}");
            None
        });
        Self { rules: Mutex::new(Rules(rules.unwrap_or_default())), ..Self::default() }
    }

    /// Has every Space looked at anew.
    pub(crate) fn look_again(&self) {
        self.changed.notify_one();
    }

    /// Returns whether attempts to mend a Space go on.
    pub(crate) fn is_mending(&self, space: &SpaceId) -> bool {
        lock(&self.mending).contains(space)
    }

    fn note(&self, space: &SpaceId, record: &HealRecord) {
        let mut mending = lock(&self.mending);
        if record.in_a_row > 0 && record.gave_up.is_none() {
            mending.insert(space.clone());
        } else {
            mending.remove(space);
        }
    }
}

impl Fleet {
    /// Returns what is chosen, for each scope for which something is.
    pub fn heal_choices(&self) -> Vec<ScopedHeal> {
        self.heal_rules().0
    }

    /// Chooses for one scope, and returns what is chosen for all. Whoever chooses for a Space wants it
    /// tried anew.
    ///
    /// # Errors
    /// When a number is out of its range, no account sees the Space, there is no such account, or the
    /// store cannot be read or written.
    pub async fn choose_heal(
        &self,
        mut chosen: ScopedHeal,
        actor: Actor,
    ) -> Result<Vec<ScopedHeal>, Error> {
        self.check_heal(&mut chosen)?;
        let _turn = self.0.persistence.choosing.lock().await;
        self.put_heals(vec![chosen], actor).await
    }

    /// Refuses a number out of its range and a scope that is nothing here. Names are taken as they are
    /// written at the Hub.
    pub(crate) fn check_heal(&self, chosen: &mut ScopedHeal) -> Result<(), Error> {
        check(&chosen.choice.rule)?;
        self.check_scope(chosen)
    }

    /// Stores choices that were checked, tells them, and returns what is chosen for all scopes. Called by
    /// who holds the turn to choose.
    pub(crate) async fn put_heals(
        &self,
        choices: Vec<ScopedHeal>,
        actor: Actor,
    ) -> Result<Vec<ScopedHeal>, Error> {
        // From the store: what could not be read at the start is not to be written over.
        let mut rules = Rules(self.0.store.setting(RULES).await?.unwrap_or_default());
        for chosen in &choices {
            rules.set(chosen.clone())?;
        }
        self.0.store.set_setting(RULES, &rules.0).await?;
        lock(&self.0.heals.rules).clone_from(&rules);
        for chosen in choices {
            let mode = chosen.choice.mode;
            let space = match &chosen.scope {
                HealScope::Space { space } => Some(space.clone()),
                HealScope::All | HealScope::Account { .. } | HealScope::Label { .. } => None,
            };
            let details = Detail::AutoHeal { scope: chosen.scope, mode };
            if let Some(id) = &space {
                self.forget_attempts(id, None).await?;
            }
            let line = self.heal_line(space.as_ref(), Outcome::Done, details);
            let kind = ActivityKind::ChangeSetting;
            self.record(Activity { actor: actor.clone(), kind, ..line }).await;
            self.heal_changed(space.as_ref());
        }
        Ok(rules.0)
    }

    /// Returns how a Space is mended.
    ///
    /// # Errors
    /// When no account sees the Space, or the store cannot be read.
    pub async fn heal_state(&self, id: &SpaceId) -> Result<HealState, Error> {
        let space = self.space(id)?;
        let rules = self.heal_rules();
        let stored = self.0.store.heal(&space.info.id).await?;
        Ok(self.state_of(&space, &rules, &stored).await)
    }

    /// Returns how every Space is mended that is, in the order of their names.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn heal_states(&self) -> Result<Vec<HealState>, Error> {
        let rules = self.heal_rules();
        let heals = self.0.store.heals().await?;
        let mut states = Vec::new();
        for space in self.spaces() {
            let stored = heals.get(&space.info.id).cloned().unwrap_or_default();
            let state = self.state_of(&space, &rules, &stored).await;
            if state.rule.is_some() {
                states.push(state);
            }
        }
        Ok(states)
    }

    /// Forgets the attempts on a Space, so that it is mended again where auto-heal gave up. Those of the
    /// last 24 hours still count as such.
    ///
    /// # Errors
    /// When no account sees the Space, or the store cannot be read or written.
    pub async fn reset_heal(&self, id: &SpaceId, actor: Actor) -> Result<HealState, Error> {
        let id = self.space(id)?.info.id.clone();
        self.forget_attempts(&id, Some(actor)).await?;
        self.heal_changed(Some(&id));
        self.heal_state(&id).await
    }

    pub(crate) fn heal_rules(&self) -> Rules {
        lock(&self.0.heals.rules).clone()
    }

    fn check_scope(&self, chosen: &mut ScopedHeal) -> Result<(), Error> {
        match &mut chosen.scope {
            HealScope::All => {}
            HealScope::Account { account } => {
                self.account(account)?;
            }
            HealScope::Label { label } => {
                *label = label.trim().to_owned();
                let fits = (1..=40).contains(&label.chars().count());
                if !fits || label.chars().any(char::is_control) {
                    return Err(Error::Invalid("a label has 1 to 40 characters".to_owned()));
                }
            }
            HealScope::Space { space } => {
                let known = self.space(space)?;
                let id = known.info.id.clone();
                if known.info.is_static() && chosen.choice.mode == HealMode::On {
                    return Err(Error::StaticSpace(id));
                }
                *space = id;
            }
        }
        Ok(())
    }

    async fn forget_attempts(&self, id: &SpaceId, actor: Option<Actor>) -> Result<(), Error> {
        loop {
            let stored = self.0.store.heal(id).await?;
            // What is under way is still waited for.
            let run = stored.record.run.clone();
            let record = HealRecord { run, ..forgotten(&stored.record) };
            let line = actor.clone().map(|actor| Activity {
                actor,
                ..self.heal_line(
                    Some(id),
                    Outcome::Done,
                    Detail::AttemptsForgotten { because: Forgotten::Asked },
                )
            });
            if record == stored.record && line.is_none() {
                return Ok(());
            }
            if self.remember(id, &stored, &record, None, line.as_slice()).await? {
                return Ok(());
            }
        }
    }

    async fn state_of(&self, space: &Space, rules: &Rules, stored: &StoredHeal) -> HealState {
        let id = &space.info.id;
        let now = self.0.clock.now();
        let record = &stored.record;
        let in_force = rules.of(space);
        let rule = in_force.rule.filter(|_| !space.info.is_static());
        let mut state = HealState {
            space: id.clone(),
            choice: rules.own(&HealScope::Space { space: id.clone() }),
            rule: rule.clone(),
            from: in_force.from,
            standing: HealStanding::Off,
            reason: None,
            details: None,
            failing_since: None,
            next_attempt_at: None,
            next_action: None,
            attempts_in_a_row: record.in_a_row,
            attempts_last_day: u32::try_from(attempts_last_day(record, now)).unwrap_or(u32::MAX),
            run: record.run.clone(),
            gave_up: record.gave_up.clone(),
            health: None,
        };
        let Some(rule) = rule else { return state };
        state.health = rule.health.as_ref().map(|_| record.health.clone());
        if let Some(health) = &mut state.health
            && let Some(why) = self.why_not_asked(space, &rule).await
        {
            (health.next_at, health.wrong) = (None, Some(why.to_string()));
            health.wrong_details = Some(why);
        }
        if record.run.is_some() {
            state.standing = HealStanding::Mending;
            return state;
        }
        match self.judge_fully(space, &rule, record, now).await {
            Verdict::Well | Verdict::Watched { .. } | Verdict::Forget(_) => {
                state.standing = HealStanding::Well;
            }
            Verdict::Mend { failure, at, action } => {
                state.standing = HealStanding::Waiting;
                state.details = Some(failure.reason);
                state.failing_since = Some(failure.since);
                state.next_attempt_at = Some(at.max(now));
                state.next_action = Some(action);
            }
            Verdict::LeaveAlone { since, reason } => {
                state.standing = HealStanding::LeftAlone;
                state.details = Some(reason);
                state.failing_since = Some(since);
            }
            Verdict::GiveUp { cause, reason } => {
                state.standing = HealStanding::GaveUp;
                let sha = space.info.sha.clone();
                let (words, details) = (reason.to_string(), Some(reason.clone()));
                state.details = Some(reason);
                state.gave_up = Some(GaveUp { at: now, cause, reason: words, details, sha });
            }
            Verdict::GaveUp => {
                state.standing = HealStanding::GaveUp;
                state.reason = record.gave_up.as_ref().map(|gave_up| gave_up.reason.clone());
                state.details = record.gave_up.as_ref().and_then(|gave_up| gave_up.details.clone());
            }
        }
        state.reason = state.details.as_ref().map(ToString::to_string).or(state.reason);
        state
    }

    /// Makes a line of the activity list about auto-heal.
    fn heal_line(&self, space: Option<&SpaceId>, outcome: Outcome, details: Detail) -> Activity {
        Activity {
            id: 0,
            at: self.0.clock.now(),
            actor: Actor::System,
            kind: ActivityKind::Heal,
            space: space.cloned(),
            account: None,
            outcome,
            message: Some(details.to_string()),
            details: Some(details),
            request_id: None,
        }
    }

    /// Tells that something is another, and has every Space looked at anew.
    fn heal_changed(&self, space: Option<&SpaceId>) {
        let event = Event::HealChanged { space: space.cloned() };
        self.0.events.publish(event, Audience::Everything);
        self.0.heals.look_again();
    }
}
