//! Keeping Spaces awake with the fewest visits that work: one shortly before the Space's own sleep timer
//! runs out. A visit is a run like any other, on the same terms; see [`crate::jobs`].

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, RwLock},
    time::Duration,
};

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, TimeZone, Utc};
use hfsm_model::{
    Activity, ActivityKind, Actor, AwakeHours, Event, JobAction, KeepAlive, KeepAliveAll,
    KeepAliveMode, KeepAliveState, Outcome, Run, RunCause, RunId, RunState, Space, SpaceId, Stage,
    Terms,
};
use hfsm_store::RunFilter;
use tokio::sync::Notify;

use crate::{Error, Fleet, events::Audience, jobs, lock};

/// Under which it stands in the store what is chosen for all, and for each.
const ALL: &str = "keep_alive_all";
const EACH: &str = "keep_alive";
/// Between two looks at what is due; stages change meanwhile.
const LOOK: Duration = Duration::from_secs(60);
/// After a visit that brought nothing, the next comes no sooner, and each time twice as late.
const RETRY: TimeDelta = TimeDelta::minutes(15);
/// The latest that it comes, and when it comes where a rule or the Hub said no.
const RETRY_MAX: TimeDelta = TimeDelta::hours(24);
/// The longest fixed interval, 30 days.
const EVERY_MAX: u32 = 43_200;

/// What is chosen, and who was visited when.
#[derive(Debug, Default)]
pub(crate) struct KeepAlives {
    rules: RwLock<Rules>,
    visits: Mutex<HashMap<SpaceId, Visits>>,
    changed: Notify,
}

#[derive(Debug, Clone, Default)]
struct Rules {
    all: KeepAliveAll,
    each: BTreeMap<SpaceId, KeepAlive>,
}

/// How visits of a Space went.
#[derive(Debug, Clone, Copy, Default)]
struct Visits {
    /// When the app last answered.
    answered_at: Option<DateTime<Utc>>,
    /// No visit is tried before.
    not_before: Option<DateTime<Utc>>,
    failures: u32,
    under_way: bool,
    /// From 0 to 1, another one after each visit, so that visits of many Spaces spread.
    spread: f64,
}

impl Rules {
    /// Returns the rule by which a Space is kept awake; `None` when it is not.
    fn of(&self, id: &SpaceId) -> Option<KeepAlive> {
        let own = self.each.get(id).cloned().unwrap_or_default();
        match own.mode {
            KeepAliveMode::Off => None,
            KeepAliveMode::On => Some(own),
            KeepAliveMode::Follow => {
                let all = &self.all;
                (all.enabled && !all.excluded.contains(id)).then(|| KeepAlive {
                    mode: KeepAliveMode::On,
                    every_minutes: all.every_minutes,
                    hours: all.hours.clone(),
                    ..own
                })
            }
        }
    }
}

impl KeepAlives {
    fn rules(&self) -> Rules {
        self.rules.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn set_rules(&self, rules: Rules) {
        *self.rules.write().unwrap_or_else(std::sync::PoisonError::into_inner) = rules;
        self.changed.notify_one();
    }

    /// Takes how a visit went, whoever asked for it.
    pub(crate) fn take(&self, run: &Run, now: DateTime<Utc>) {
        let mut visits = lock(&self.visits);
        let own = visits.entry(run.space.clone()).or_default();
        own.under_way = false;
        match run.state {
            RunState::Done => {
                let spread = rand::random::<f64>();
                *own = Visits { answered_at: Some(now), spread, ..Visits::default() };
            }
            RunState::Refused => own.not_before = Some(now + RETRY_MAX),
            _ => {
                let wait = RETRY * (1 << own.failures.min(7));
                own.failures = own.failures.saturating_add(1);
                own.not_before = Some(now + wait.min(RETRY_MAX));
            }
        }
        drop(visits);
        self.changed.notify_one();
    }
}

impl Fleet {
    /// Returns what is chosen for all Spaces.
    pub fn keep_alive_all(&self) -> KeepAliveAll {
        self.0.keep_alives.rules().all
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
        check(all.every_minutes, all.hours.as_ref())?;
        let _turn = self.0.persistence.choosing.lock().await;
        self.0.store.set_setting(ALL, &all).await?;
        self.0.keep_alives.set_rules(Rules { all: all.clone(), ..self.0.keep_alives.rules() });
        let word = if all.enabled { "on" } else { "off" };
        self.keep_alive_changed(None, word, actor).await;
        Ok(all)
    }

    /// Returns how a Space is kept awake.
    ///
    /// # Errors
    /// When no account sees the Space.
    pub async fn keep_alive(&self, id: &SpaceId) -> Result<KeepAliveState, Error> {
        let space = self.space(id)?;
        let id = &space.info.id;
        let rules = self.0.keep_alives.rules();
        let rule = rules.each.get(id).cloned().unwrap_or_default();
        let visits = self.visits_of(id).await;
        let kept = rules.of(id);
        let now = self.0.clock.now();
        let next = kept.as_ref().and_then(|kept| next_visit(&space, kept, visits, now));
        Ok(KeepAliveState {
            rule,
            kept: kept.is_some(),
            visited_at: visits.answered_at,
            next_visit_at: next,
        })
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
        let space = self.space(id)?;
        let id = space.info.id.clone();
        if space.info.is_static() && rule.mode == KeepAliveMode::On {
            return Err(Error::StaticSpace(id));
        }
        check(rule.every_minutes, rule.hours.as_ref())?;
        let turn = self.0.persistence.choosing.lock().await;
        let mut rules = self.0.keep_alives.rules();
        let word = match rule.mode {
            KeepAliveMode::On => "on",
            KeepAliveMode::Off => "off",
            KeepAliveMode::Follow => "as for all",
        };
        rules.each.insert(id.clone(), rule);
        rules.each.retain(|_, rule| *rule != KeepAlive::default());
        self.0.store.set_setting(EACH, &rules.each).await?;
        self.0.keep_alives.set_rules(rules);
        if let Some(visits) = lock(&self.0.keep_alives.visits).get_mut(&id) {
            // Who chooses anew wants to see it tried anew.
            (visits.not_before, visits.failures) = (None, 0);
        }
        drop(turn);
        self.keep_alive_changed(Some(id.clone()), word, actor).await;
        self.keep_alive(&id).await
    }

    async fn keep_alive_changed(&self, space: Option<SpaceId>, word: &str, actor: Actor) {
        self.0.events.publish(Event::KeepAliveChanged {}, Audience::Everything);
        self.record(Activity {
            id: 0,
            at: self.0.clock.now(),
            actor,
            kind: ActivityKind::ChangeSetting,
            space,
            account: None,
            outcome: Outcome::Done,
            message: Some(format!("keep awake: {word}")),
            request_id: None,
        })
        .await;
    }

    /// Visits Spaces as it falls due, until the program ends.
    pub(crate) async fn keep_awake(self) {
        let stored = async {
            let all = self.0.store.setting(ALL).await?.unwrap_or_default();
            let each = self.0.store.setting(EACH).await?.unwrap_or_default();
            Ok::<_, hfsm_store::Error>(Rules { all, each })
        };
        match stored.await {
            Ok(rules) => self.0.keep_alives.set_rules(rules),
            Err(error) => {
                tracing::error!(%error, "no Space is kept awake: what was chosen cannot be read: {error}");
            }
        }
        let mut woke = self.0.woke.subscribe();
        loop {
            let next = self.visit_what_is_due().await;
            let wait = next
                .and_then(|next| {
                    (next - self.0.clock.now() + TimeDelta::milliseconds(1)).to_std().ok()
                })
                .map_or(LOOK, |wait| wait.clamp(Duration::from_secs(1), LOOK));
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
        if self.settings().await.is_ok_and(|settings| settings.pause_automation) {
            return None;
        }
        let rules = self.0.keep_alives.rules();
        let (mut due, mut next): (Vec<Run>, Option<DateTime<Utc>>) = (Vec::new(), None);
        for space in self.spaces() {
            let id = &space.info.id;
            // What was known when the program last ran may be long over.
            let Some(rule) = rules.of(id).filter(|_| !space.stale) else { continue };
            let visits = self.visits_of(id).await;
            let now = self.0.clock.now();
            match next_visit(&space, &rule, visits, now) {
                Some(at) if at <= now => due.push(visit_of(&space, &rule, at)),
                at => next = next.into_iter().chain(at).min(),
            }
        }
        if !due.is_empty() {
            match self.begin_runs(&due).await {
                Ok(()) => {
                    let mut visits = lock(&self.0.keep_alives.visits);
                    for run in &due {
                        visits.entry(run.space.clone()).or_default().under_way = true;
                    }
                }
                Err(error) => tracing::error!(%error, "no Space was visited: {error}"),
            }
        }
        next
    }

    /// Returns how visits of a Space went; reads once what is stored of them.
    async fn visits_of(&self, id: &SpaceId) -> Visits {
        if let Some(known) = lock(&self.0.keep_alives.visits).get(id) {
            return *known;
        }
        let filter = RunFilter {
            space: Some(id.clone()),
            state: Some(RunState::Done),
            ..RunFilter::default()
        };
        let runs = self.0.store.runs(&filter, 20).await.unwrap_or_default();
        let answered_at = runs
            .iter()
            .find(|run| matches!(run.action, JobAction::Visit | JobAction::Wake))
            .and_then(|run| run.ended_at);
        let fresh = Visits { answered_at, spread: rand::random(), ..Visits::default() };
        *lock(&self.0.keep_alives.visits).entry(id.clone()).or_insert(fresh)
    }
}

fn visit_of(space: &Space, rule: &KeepAlive, at: DateTime<Utc>) -> Run {
    Run {
        id: RunId(uuid::Uuid::new_v4().to_string()),
        number: 0,
        job: None,
        name: "keep awake".to_owned(),
        cause: RunCause::KeepAlive,
        actor: Actor::System,
        space: space.info.id.clone(),
        action: JobAction::Visit,
        terms: Terms {
            allow_billed: rule.allow_billed,
            allow_slot_risk: rule.allow_slot_risk,
            ..Terms::default()
        },
        planned_at: at,
        occurrences: 1,
        state: RunState::Waiting,
        started_at: None,
        ended_at: None,
        reason: None,
        steps: Vec::new(),
        operation: None,
        request_id: None,
    }
}

/// Returns when a Space is to be visited next; a time that is over is now. `None` where no visit is
/// needed, or none would help.
fn next_visit(
    space: &Space,
    rule: &KeepAlive,
    visits: Visits,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let asleep = jobs::sleeps(&space.stage);
    if visits.under_way || space.info.is_static() || !(asleep || space.stage == Stage::RUNNING) {
        return None;
    }
    let timer = space.info.runtime.as_ref().and_then(|runtime| runtime.sleep_time.0);
    let interval = match (rule.every_minutes, timer) {
        (Some(minutes), _) => TimeDelta::minutes(minutes.into()),
        // 80 % of the timer, a little more or less.
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
        (None, Some(seconds)) => {
            let share = 0.78 + 0.04 * visits.spread.clamp(0.0, 1.0);
            TimeDelta::try_seconds((seconds as f64 * share) as i64)?
        }
        // It sleeps although its timer is not known.
        (None, None) if asleep => TimeDelta::zero(),
        (None, None) => return None,
    };
    let began = space.stage_since_known.then_some(space.stage_since).filter(|_| !asleep);
    let due = if asleep && rule.every_minutes.is_none() {
        now
    } else {
        match visits.answered_at.max(began) {
            Some(last) => last.checked_add_signed(interval)?,
            None => now,
        }
    };
    let due = due.max(visits.not_before.unwrap_or(due));
    match &rule.hours {
        None => Some(due),
        Some(hours) => opening(hours, due.max(now)),
    }
}

/// Returns the first moment from `from` on that lies within the hours.
fn opening(hours: &AwakeHours, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let zone = jobs::zone_of(&hours.zone).ok()?;
    let (begin, end) = (time(&hours.from)?, time(&hours.to)?);
    let today = from.with_timezone(&zone).date_naive();
    for days in -1..=8 {
        let day = today.checked_add_signed(TimeDelta::days(days))?;
        let number = u8::try_from(day.weekday().number_from_monday()).ok()?;
        if !hours.days.contains(&number) {
            continue;
        }
        let last = if end <= begin { day.succ_opt()? } else { day };
        // A moment that a change to summer time leaves out is an hour later.
        let moment = |at: chrono::NaiveDateTime| {
            let local = zone.from_local_datetime(&at).earliest();
            local.or_else(|| zone.from_local_datetime(&(at + TimeDelta::hours(1))).earliest())
        };
        let opens = moment(day.and_time(begin))?.with_timezone(&Utc);
        let closes = moment(last.and_time(end))?.with_timezone(&Utc);
        if from < closes {
            return Some(from.max(opens));
        }
    }
    None
}

fn time(text: &str) -> Option<NaiveTime> {
    (text.len() == 5).then(|| NaiveTime::parse_from_str(text, "%H:%M").ok()).flatten()
}

fn check(every_minutes: Option<u32>, hours: Option<&AwakeHours>) -> Result<(), Error> {
    let invalid = |what: String| Err(Error::Invalid(what));
    if every_minutes.is_some_and(|minutes| !(1..=EVERY_MAX).contains(&minutes)) {
        return invalid(format!("`every_minutes` may be 1 to {EVERY_MAX}, or null"));
    }
    let Some(hours) = hours else { return Ok(()) };
    jobs::zone_of(&hours.zone)?;
    if hours.days.is_empty() || !hours.days.iter().all(|day| (1..=7).contains(day)) {
        return invalid("`days` names days from 1 (Monday) to 7 (Sunday)".to_owned());
    }
    match (time(&hours.from), time(&hours.to)) {
        (Some(from), Some(to)) if from != to => Ok(()),
        _ => invalid("`from` and `to` are times such as `09:00`, and not the same".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use hfsm_model::{Runtime, SleepTime, SpaceInfo, WriteAccess};

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn space(stage: Stage, since: DateTime<Utc>, timer: Option<u64>) -> Space {
        let mut runtime = Runtime::of_stage(stage.clone());
        runtime.sleep_time = SleepTime(timer);
        Space {
            info: SpaceInfo {
                id: "alice/demo".parse().unwrap(),
                title: None,
                emoji: None,
                description: None,
                sdk: Some("docker".into()),
                private: false,
                sha: None,
                last_modified: None,
                created_at: None,
                likes: 0,
                tags: vec![],
                app_port: None,
                subdomain: None,
                app_url: None,
                hub_url: String::new(),
                runtime: Some(runtime),
            },
            stage,
            stage_since: since,
            stage_since_known: true,
            seen_at: since,
            stale: false,
            accounts: vec![],
            write_access: WriteAccess::Yes,
            labels: vec![],
        }
    }

    fn on() -> KeepAlive {
        KeepAlive { mode: KeepAliveMode::On, ..KeepAlive::default() }
    }

    #[test]
    fn a_week_takes_five_visits_for_a_timer_of_two_days() {
        let begin = at("2026-06-01T00:00:00Z");
        let demo = space(Stage::RUNNING, begin, Some(172_800));
        let (mut visits, mut count, mut last) = (Visits::default(), 0, begin);
        let mut now = begin;
        while now < begin + TimeDelta::days(7) {
            if next_visit(&demo, &on(), visits, now).is_some_and(|at| at <= now) {
                assert!(now - last < TimeDelta::hours(48), "it had fallen asleep");
                (count, last) = (count + 1, now);
                let spread = f64::from(count % 3) / 2.0;
                visits = Visits { answered_at: Some(now), spread, ..Visits::default() };
            }
            now += TimeDelta::minutes(1);
        }
        assert!((4..=5).contains(&count), "{count}");
    }

    #[test]
    fn who_cannot_be_helped_by_a_visit_or_needs_none_is_not_visited() {
        let now = at("2026-06-03T00:00:00Z");
        for stage in [Stage::PAUSED, Stage::RUNTIME_ERROR, Stage::BUILDING, Stage::APP_STARTING] {
            let demo = space(stage.clone(), now, Some(172_800));
            assert_eq!(next_visit(&demo, &on(), Visits::default(), now), None, "{stage}");
        }
        let never = space(Stage::RUNNING, now, None);
        assert_eq!(next_visit(&never, &on(), Visits::default(), now), None);
        let asleep = space(Stage::SLEEPING, now, Some(172_800));
        assert_eq!(next_visit(&asleep, &on(), Visits::default(), now), Some(now));
        let waiting = Visits { under_way: true, ..Visits::default() };
        assert_eq!(next_visit(&asleep, &on(), waiting, now), None);
        let later = now + RETRY;
        let failed = Visits { not_before: Some(later), ..Visits::default() };
        assert_eq!(next_visit(&asleep, &on(), failed, now), Some(later));
    }

    #[test]
    fn awake_from_monday_to_friday_in_rome_is_so_in_summer_and_winter() {
        let hours = AwakeHours {
            days: vec![1, 2, 3, 4, 5],
            from: "09:00".into(),
            to: "18:00".into(),
            zone: "Europe/Rome".into(),
        };
        for (from, expected) in [
            ("2026-07-03T12:00:00Z", "2026-07-03T12:00:00Z"),
            ("2026-07-03T16:00:00Z", "2026-07-06T07:00:00Z"),
            ("2026-07-06T06:59:00Z", "2026-07-06T07:00:00Z"),
            ("2026-12-04T17:00:00Z", "2026-12-07T08:00:00Z"),
        ] {
            assert_eq!(opening(&hours, at(from)), Some(at(expected)), "{from}");
        }
        let night = AwakeHours { from: "22:00".into(), to: "02:00".into(), ..hours.clone() };
        assert_eq!(opening(&night, at("2026-07-03T23:30:00Z")), Some(at("2026-07-03T23:30:00Z")));
        check(None, Some(&hours)).unwrap();
        for bad in [
            AwakeHours { days: vec![], ..hours.clone() },
            AwakeHours { days: vec![0], ..hours.clone() },
            AwakeHours { from: "9:00".into(), ..hours.clone() },
            AwakeHours { to: "09:00".into(), ..hours.clone() },
            AwakeHours { to: "24:00".into(), ..hours.clone() },
            AwakeHours { zone: "Europe/Atlantis".into(), ..hours.clone() },
        ] {
            assert!(check(None, Some(&bad)).is_err(), "{bad:?}");
        }
        assert!(check(Some(0), None).is_err() && check(Some(43_201), None).is_err());
    }

    #[test]
    fn what_is_chosen_for_a_space_counts_before_what_is_chosen_for_all() {
        let id: SpaceId = "alice/demo".parse().unwrap();
        let all = KeepAliveAll { enabled: true, every_minutes: Some(30), ..Default::default() };
        let mut rules = Rules { all, each: BTreeMap::new() };
        assert_eq!(rules.of(&id).unwrap().every_minutes, Some(30));
        rules.each.insert(id.clone(), KeepAlive { mode: KeepAliveMode::Off, ..on() });
        assert_eq!(rules.of(&id), None);
        rules.each.insert(id.clone(), on());
        assert_eq!(rules.of(&id).unwrap().every_minutes, None);
        rules.each.clear();
        rules.all.excluded = vec![id.clone()];
        assert_eq!(rules.of(&id), None);
    }
}
