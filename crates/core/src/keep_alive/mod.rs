//! Keeping Spaces awake with the fewest visits that work: one shortly before the Space's own sleep timer
//! runs out. A visit is a run like any other, on the same terms; see [`crate::jobs`].

mod times;

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, RwLock},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use hfsm_model::{
    Activity, ActivityKind, Actor, Detail, Event, ExpectedAnswer, JobAction, KeepAlive,
    KeepAliveAll, KeepAliveMode, KeepAliveState, Outcome, Run, RunCause, RunId, RunState, Space,
    SpaceId, Terms, VisitReason,
};
use hfsm_store::{RunFilter, Store};
use tokio::sync::Notify;

use self::times::{NextVisit, Visits, check, next_visit};
use crate::{Error, Fleet, events::Audience, jobs, lock};

/// Under which it stands in the store what is chosen for all, and for each.
const ALL: &str = "keep_alive_all";
const EACH: &str = "keep_alive";
/// Between two looks at what is due, at least.
const REST: Duration = Duration::from_secs(1);
/// Until a Space of which nothing new is known is looked at again.
const SOON: TimeDelta = TimeDelta::seconds(5);
/// What is chosen, and who was visited when.
#[derive(Debug, Default)]
pub(crate) struct KeepAlives {
    rules: RwLock<Arc<Rules>>,
    visits: Mutex<HashMap<SpaceId, Visits>>,
    changed: Notify,
}

#[derive(Debug, Clone, Default)]
struct Rules {
    all: KeepAliveAll,
    each: BTreeMap<SpaceId, KeepAlive>,
}

impl Rules {
    /// Returns the rule by which a Space is kept awake; `None` when it is not.
    fn of(&self, id: &SpaceId) -> Option<Cow<'_, KeepAlive>> {
        let own = self.each.get(id);
        match own.map_or(KeepAliveMode::Follow, |own| own.mode) {
            KeepAliveMode::Off => None,
            KeepAliveMode::On => own.map(Cow::Borrowed),
            KeepAliveMode::Follow => {
                let all = &self.all;
                (all.enabled && !all.excluded.contains(id)).then(|| {
                    Cow::Owned(KeepAlive {
                        mode: KeepAliveMode::On,
                        every_minutes: all.every_minutes,
                        hours: all.hours.clone(),
                        ..own.cloned().unwrap_or_default()
                    })
                })
            }
        }
    }
}

impl KeepAlives {
    /// Reads what was chosen.
    pub(crate) async fn load(store: &Store) -> Self {
        let this = Self::default();
        let stored = async {
            let all = store.setting(ALL).await?.unwrap_or_default();
            let each = store.setting(EACH).await?.unwrap_or_default();
            Ok::<_, hfsm_store::Error>(Rules { all, each })
        };
        match stored.await {
            Ok(rules) => this.set_rules(rules),
            Err(error) => {
                tracing::error!(%error, "no Space is kept awake: what was chosen cannot be read: {error}");
            }
        }
        this
    }

    fn rules(&self) -> Arc<Rules> {
        self.rules.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn set_rules(&self, rules: Rules) {
        *self.rules.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(rules);
        self.changed.notify_one();
    }

    /// Changes what is known of the visits of a Space, and returns it.
    fn change(&self, id: &SpaceId, change: impl FnOnce(&mut Visits)) -> Visits {
        let mut all = lock(&self.visits);
        let visits = all.entry(id.clone()).or_default();
        change(visits);
        visits.clone()
    }

    /// Takes how a visit went, whoever asked for it.
    pub(crate) fn take(&self, run: &Run, now: DateTime<Utc>) {
        let mut visits = lock(&self.visits);
        visits.entry(run.space.clone()).or_default().take(run.state, run.ended_at.unwrap_or(now));
    }
}

impl Fleet {
    /// Returns what is chosen for all Spaces.
    pub fn keep_alive_all(&self) -> KeepAliveAll {
        self.0.keep_alives.rules().all.clone()
    }

    /// Chooses for all Spaces that nothing else is chosen for.
    ///
    /// # Errors
    /// When a number or an hour is out of its range, or the store cannot be written.
    pub async fn set_keep_alive_all(
        &self,
        all: KeepAliveAll,
        actor: Actor,
    ) -> Result<KeepAliveAll, Error> {
        self.check_keep_alive_all(&all)?;
        let _turn = self.0.persistence.choosing.lock().await;
        self.put_keep_alive(Some(all.clone()), Vec::new(), actor).await?;
        Ok(all)
    }

    /// Returns how a Space is kept awake.
    ///
    /// # Errors
    /// When no account sees the Space.
    pub async fn keep_alive(&self, id: &SpaceId) -> Result<KeepAliveState, Error> {
        let space = self.space(id)?;
        Ok(self.keep_alive_state(&space, &self.0.keep_alives.rules()).await)
    }

    /// Returns how every Space is kept awake that is: those with a coming visit first, the soonest before
    /// the others, and the rest in the order of their names.
    pub async fn keep_alive_states(&self) -> Vec<KeepAliveState> {
        let rules = self.0.keep_alives.rules();
        let mut states = Vec::new();
        for space in self.spaces() {
            if rules.of(&space.info.id).is_some() && !space.info.is_static() {
                states.push(self.keep_alive_state(&space, &rules).await);
            }
        }
        states.sort_by(|one, other| {
            let place =
                |state: &KeepAliveState| (state.next_visit_at.is_none(), state.next_visit_at);
            place(one).cmp(&place(other)).then_with(|| one.space.cmp(&other.space))
        });
        states
    }

    async fn keep_alive_state(&self, space: &Space, rules: &Rules) -> KeepAliveState {
        let id = &space.info.id;
        let kept = rules.of(id);
        let next = match &kept {
            Some(kept) => self.plan_visit(space, kept, self.0.clock.now()).await,
            None => NextVisit { at: None, why: VisitReason::NotKept },
        };
        KeepAliveState {
            space: id.clone(),
            rule: rules.each.get(id).cloned().unwrap_or_default(),
            kept: kept.is_some(),
            visited_at: self.visits_of(id).await.answered_at,
            next_visit_at: next.at,
            why: next.why,
        }
    }

    /// Chooses for one Space.
    ///
    /// # Errors
    /// When no account sees the Space, it is static, a number or an hour is out of its range, or the
    /// store cannot be written.
    pub async fn set_keep_alive(
        &self,
        id: &SpaceId,
        rule: KeepAlive,
        actor: Actor,
    ) -> Result<KeepAliveState, Error> {
        let id = self.check_keep_alive(id, &rule)?;
        let turn = self.0.persistence.choosing.lock().await;
        self.put_keep_alive(None, vec![(id.clone(), rule)], actor).await?;
        drop(turn);
        self.keep_alive(&id).await
    }

    /// Returns what is chosen for all Spaces, and for each.
    pub(crate) fn keep_alive_rules(&self) -> (KeepAliveAll, BTreeMap<SpaceId, KeepAlive>) {
        let Rules { all, each } = Arc::unwrap_or_clone(self.0.keep_alives.rules());
        (all, each)
    }

    /// Refuses for all Spaces what is out of its range.
    pub(crate) fn check_keep_alive_all(&self, all: &KeepAliveAll) -> Result<(), Error> {
        check(all.every_minutes, all.hours.as_ref())
    }

    /// Refuses for a Space what is out of its range, and what is of no use; returns its name as the Hub
    /// spells it.
    pub(crate) fn check_keep_alive(
        &self,
        id: &SpaceId,
        rule: &KeepAlive,
    ) -> Result<SpaceId, Error> {
        let space = self.space(id)?;
        let id = space.info.id.clone();
        if space.info.is_static() && rule.mode == KeepAliveMode::On {
            return Err(Error::StaticSpace(id));
        }
        check(rule.every_minutes, rule.hours.as_ref())?;
        if let Some(answer) = &rule.answer {
            jobs::check_expected(answer)?;
        }
        Ok(id)
    }

    /// Stores rules that were checked, and tells them. Called by who holds the turn to choose.
    pub(crate) async fn put_keep_alive(
        &self,
        all: Option<KeepAliveAll>,
        each: Vec<(SpaceId, KeepAlive)>,
        actor: Actor,
    ) -> Result<(), Error> {
        let mut rules = Arc::unwrap_or_clone(self.0.keep_alives.rules());
        let mut told = Vec::new();
        if let Some(all) = all {
            told.push((None, if all.enabled { KeepAliveMode::On } else { KeepAliveMode::Off }));
            self.0.store.set_setting(ALL, &all).await?;
            rules.all = all;
        }
        if !each.is_empty() {
            for (id, rule) in each {
                told.push((Some(id.clone()), rule.mode));
                rules.each.insert(id, rule);
            }
            rules.each.retain(|_, rule| *rule != KeepAlive::default());
            self.0.store.set_setting(EACH, &rules.each).await?;
        }
        self.0.keep_alives.set_rules(rules);
        for (id, mode) in told {
            if let Some(id) = &id
                && let Some(visits) = lock(&self.0.keep_alives.visits).get_mut(id)
            {
                // Who chooses anew wants to see it tried anew.
                (visits.not_before, visits.failures) = (None, 0);
            }
            self.keep_alive_changed(id, mode, actor.clone()).await;
        }
        Ok(())
    }

    /// Returns what the app of a Space has to answer, by what is chosen for keeping it awake.
    pub(crate) fn expected_answer(&self, id: &SpaceId) -> Option<ExpectedAnswer> {
        self.0.keep_alives.rules().each.get(id)?.answer.clone()
    }

    async fn keep_alive_changed(&self, space: Option<SpaceId>, mode: KeepAliveMode, actor: Actor) {
        let details = Detail::KeepAwake { mode };
        self.0.events.publish(Event::KeepAliveChanged {}, Audience::Everything);
        self.record(Activity {
            id: 0,
            at: self.0.clock.now(),
            actor,
            kind: ActivityKind::ChangeSetting,
            space,
            account: None,
            outcome: Outcome::Done,
            message: Some(details.to_string()),
            details: Some(details),
            request_id: None,
        })
        .await;
    }

    /// Visits Spaces as it falls due, until the program ends.
    pub(crate) async fn keep_awake(self) {
        let mut woke = self.0.woke.subscribe();
        let look = self.0.pace.visits;
        loop {
            let next = self.visit_what_is_due().await;
            let wait = next
                .and_then(|next| {
                    (next - self.0.clock.now() + TimeDelta::milliseconds(1)).to_std().ok()
                })
                .map_or(look, |wait| wait.clamp(REST.min(look), look));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.0.keep_alives.changed.notified() => {}
                _ = woke.changed() => {}
                () = self.0.supervisor.stopping().cancelled() => return,
            }
        }
    }

    /// Returns when the next visit is due.
    async fn visit_what_is_due(&self) -> Option<DateTime<Utc>> {
        if self.settings().pause_automation {
            return None;
        }
        let rules = self.0.keep_alives.rules();
        let (mut may_be_due, mut next): (Vec<_>, Option<DateTime<Utc>>) = (Vec::new(), None);
        for space in self.spaces() {
            let Some(rule) = rules.of(&space.info.id) else { continue };
            let now = self.0.clock.now();
            // What was known when the program last ran, or before a sleep, may be long over.
            if space.stale {
                next = next.into_iter().chain([now + SOON]).min();
                continue;
            }
            match next_visit(&space, &rule, &self.visits_of(&space.info.id).await, now).at {
                Some(at) if at <= now => may_be_due.push((space, rule)),
                at => next = next.into_iter().chain(at).min(),
            }
        }
        let ids: Vec<SpaceId> = may_be_due.iter().map(|(space, _)| space.info.id.clone()).collect();
        let visits = match self.visits_of_any_program(&ids).await {
            Ok(visits) => visits,
            Err(error) => {
                tracing::error!(%error, "no Space was visited: {error}");
                return next;
            }
        };
        let now = self.0.clock.now();
        let mut due: Vec<Run> = Vec::new();
        for ((space, rule), visits) in may_be_due.into_iter().zip(visits) {
            match next_visit(&space, &rule, &visits, now).at {
                Some(at) if at <= now => {
                    due.push(visit_of(&space, &rule, visits.plan(at, now)));
                }
                at => next = next.into_iter().chain(at).min(),
            }
        }
        if !due.is_empty() {
            // Before they begin: one that ends at once must not be taken for one that goes on.
            self.set_under_way(&due, true);
            if let Err(error) = self.begin_runs(&due).await {
                self.set_under_way(&due, false);
                tracing::error!(%error, "no Space was visited: {error}");
            }
        }
        next
    }

    /// Finds out when a Space is to be visited next.
    async fn plan_visit(&self, space: &Space, rule: &KeepAlive, now: DateTime<Utc>) -> NextVisit {
        let id = &space.info.id;
        let visits = self.visits_of(id).await;
        let planned = next_visit(space, rule, &visits, now);
        if planned.at.is_none_or(|at| at > now) {
            return planned;
        }
        let visits = self.visits_of_any_program(std::slice::from_ref(id)).await;
        visits
            .unwrap_or_default()
            .first()
            .map_or(planned, |visits| next_visit(space, rule, visits, now))
    }

    /// Returns how visits to keep Spaces awake went, with those by another program on the same store.
    async fn visits_of_any_program(&self, ids: &[SpaceId]) -> Result<Vec<Visits>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let last = self.0.store.last_runs(RunCause::KeepAlive, ids).await?;
        let last: HashMap<&SpaceId, &Run> = last.iter().map(|run| (&run.space, run)).collect();
        let mut news = false;
        let mut take = |id: &SpaceId| {
            self.0.keep_alives.change(id, |visits| {
                let Some(run) = last.get(id) else { return };
                visits.planned_at = Some(run.planned_at);
                if !run.state.is_final() {
                    visits.under_way = Some(run.id.clone());
                } else if run.state == RunState::Done && visits.answered_at < run.ended_at {
                    visits.answered_at = run.ended_at;
                    news = true;
                }
            })
        };
        let visits = ids.iter().map(&mut take).collect();
        if news {
            self.0.events.publish(Event::KeepAliveChanged {}, Audience::Everything);
        }
        Ok(visits)
    }

    fn set_under_way(&self, runs: &[Run], under_way: bool) {
        let mut visits = lock(&self.0.keep_alives.visits);
        for run in runs {
            let run_id = under_way.then(|| run.id.clone());
            let visits = visits.entry(run.space.clone()).or_default();
            (visits.under_way, visits.looked_at) = (run_id, Some(self.0.clock.now()));
        }
    }

    /// Returns how visits of a Space went, once the one that is under way has ended: another program on
    /// the same store may carry it out.
    async fn after_visit(&self, id: &SpaceId, run: &RunId) -> Visits {
        let found = self.0.store.find_run(run).await;
        let visits = self.0.keep_alives.change(id, |visits| match found {
            _ if visits.under_way.as_ref() != Some(run) => {}
            Ok(Some(run)) if run.state.is_final() => {
                visits.take(run.state, run.ended_at.unwrap_or_else(|| self.0.clock.now()));
            }
            // Another program had planned the same visit, and this one was never recorded.
            Ok(None) => visits.under_way = None,
            Ok(Some(_)) | Err(_) => visits.looked_at = Some(self.0.clock.now()),
        });
        if visits.under_way.is_none() {
            // Nothing else here tells of what another program did.
            self.0.events.publish(Event::KeepAliveChanged {}, Audience::Everything);
        }
        visits
    }

    /// Returns how visits of a Space went; reads once what is stored of them.
    async fn visits_of(&self, id: &SpaceId) -> Visits {
        let known = lock(&self.0.keep_alives.visits).get(id).cloned();
        if let Some(visits) = known {
            let rest = TimeDelta::from_std(self.0.pace.look).unwrap_or_default();
            let now = self.0.clock.now();
            let looked = visits.looked_at.is_some_and(|at| (now - at).abs() < rest);
            return match &visits.under_way {
                Some(run) if !looked => self.after_visit(id, run).await,
                Some(_) | None => visits,
            };
        }
        let stored = self.stored_visits(id).await;
        lock(&self.0.keep_alives.visits).entry(id.clone()).or_insert(stored).clone()
    }

    /// Returns when the app of a Space last answered a visit, and whether one is under way, by what is
    /// stored.
    async fn stored_visits(&self, id: &SpaceId) -> Visits {
        let (space, state) = (Some(id.clone()), Some(RunState::Done));
        let done = RunFilter { space, state, ..RunFilter::default() };
        let runs = self.0.store.runs(&done, 20).await.unwrap_or_default();
        let answered =
            runs.iter().find(|run| matches!(run.action, JobAction::Visit | JobAction::Wake));
        let last = self.0.store.last_runs(RunCause::KeepAlive, std::slice::from_ref(id)).await;
        let mut visits =
            Visits { answered_at: answered.and_then(|run| run.ended_at), ..Visits::default() };
        match last.unwrap_or_default().pop() {
            Some(run) if !run.state.is_final() => visits.under_way = Some(run.id),
            // What brought nothing before the program ended is not tried sooner because it did.
            Some(Run { state, ended_at: Some(ended_at), .. }) if state != RunState::Done => {
                visits.take(state, ended_at);
            }
            Some(_) | None => {}
        }
        visits
    }
}

fn visit_of(space: &Space, rule: &KeepAlive, at: DateTime<Utc>) -> Run {
    let terms = Terms {
        answer: rule.answer.clone(),
        allow_billed: rule.allow_billed,
        allow_slot_risk: rule.allow_slot_risk,
        ..Terms::default()
    };
    let run = jobs::waiting(space.info.id.clone(), JobAction::Visit, terms, at);
    Run { name: "keep awake".to_owned(), cause: RunCause::KeepAlive, ..run }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_for_a_space_counts_before_what_is_chosen_for_all() {
        let id: SpaceId = "alice/demo".parse().unwrap();
        let all = KeepAliveAll { enabled: true, every_minutes: Some(30), ..Default::default() };
        let mut rules = Rules { all, each: BTreeMap::new() };
        assert_eq!(rules.of(&id).unwrap().every_minutes, Some(30));
        rules
            .each
            .insert(id.clone(), KeepAlive { mode: KeepAliveMode::Off, ..KeepAlive::default() });
        assert_eq!(rules.of(&id), None);
        let on = KeepAlive { mode: KeepAliveMode::On, ..KeepAlive::default() };
        rules.each.insert(id.clone(), on);
        assert_eq!(rules.of(&id).unwrap().every_minutes, None);
        rules.each.clear();
        rules.all.excluded = vec![id.clone()];
        assert_eq!(rules.of(&id), None);
    }
}
