//! When a Space is to be visited: shortly before its sleep timer runs out, at an interval that a person
//! chose, within the hours at which it is to be awake.

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, TimeZone, Utc};
use hfsm_model::{AwakeHours, KeepAlive, RunId, RunState, Space, Stage, VisitReason};

use crate::{Error, jobs, spread::spread};

/// After a visit that brought nothing, the next comes no sooner, and each time twice as late.
const RETRY: TimeDelta = TimeDelta::minutes(15);
/// The latest that it comes, and when it comes where a rule or the Hub said no.
const RETRY_MAX: TimeDelta = TimeDelta::hours(24);
/// The longest fixed interval, 30 days.
const EVERY_MAX: u32 = 43_200;

/// How visits of a Space went.
#[derive(Debug, Clone, Default)]
pub(super) struct Visits {
    /// When the app last answered.
    pub(super) answered_at: Option<DateTime<Utc>>,
    /// No visit is tried before.
    pub(super) not_before: Option<DateTime<Utc>>,
    pub(super) failures: u32,
    /// For when the last was planned that is stored; what is planned for then again is not recorded.
    pub(super) planned_at: Option<DateTime<Utc>>,
    /// The visit that is under way.
    pub(super) under_way: Option<RunId>,
    /// When it was last asked how that goes.
    pub(super) looked_at: Option<DateTime<Utc>>,
}

impl Visits {
    /// Returns for when a visit is to be planned that is due at `at`, so that it is recorded.
    pub(super) fn plan(&self, at: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        let minute = TimeDelta::minutes(1);
        if self.planned_at.is_some_and(|planned| at < planned + minute) { now } else { at }
    }

    /// Takes how a visit ended.
    pub(super) fn take(&mut self, state: RunState, now: DateTime<Utc>) {
        self.under_way = None;
        match state {
            RunState::Done => *self = Self { answered_at: Some(now), ..Self::default() },
            RunState::Refused => self.not_before = Some(now + RETRY_MAX),
            _ => {
                let wait = RETRY * (1 << self.failures.min(7));
                self.failures = self.failures.saturating_add(1);
                self.not_before = Some(now + wait.min(RETRY_MAX));
            }
        }
    }
}

/// When a Space is to be visited next, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NextVisit {
    /// A time that is over is now; `None` where no visit is needed, or none would help.
    pub(super) at: Option<DateTime<Utc>>,
    pub(super) why: VisitReason,
}

/// Finds out when a Space is to be visited next.
pub(super) fn next_visit(
    space: &Space,
    rule: &KeepAlive,
    visits: &Visits,
    now: DateTime<Utc>,
) -> NextVisit {
    let asleep = jobs::sleeps(&space.stage);
    let none = |why| NextVisit { at: None, why };
    if visits.under_way.is_some() {
        return none(VisitReason::UnderWay);
    }
    if space.info.is_static() {
        return none(VisitReason::Static);
    }
    if !asleep && space.stage != Stage::RUNNING {
        return none(VisitReason::Stage);
    }
    let Some(due) = due(space, rule, visits, asleep, now) else {
        return none(VisitReason::NeverSleeps);
    };
    let why = match rule.every_minutes {
        Some(_) => VisitReason::Interval,
        None if asleep => VisitReason::Asleep,
        None => VisitReason::SleepTimer,
    };
    let (due, why) = match visits.not_before {
        // One that lies too far away is of a clock that was set back.
        Some(not_before) if not_before > due && not_before <= now + RETRY_MAX => {
            (not_before, VisitReason::Retry)
        }
        Some(_) | None => (due, why),
    };
    let Some(hours) = &rule.hours else { return NextVisit { at: Some(due), why } };
    let from = due.max(now);
    let at = opening(hours, from);
    NextVisit { at, why: if at > Some(from) { VisitReason::Hours } else { why } }
}

/// Returns when a visit is due that nothing stands in the way of; `None` where none ever is.
fn due(
    space: &Space,
    rule: &KeepAlive,
    visits: &Visits,
    asleep: bool,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let timer = space.info.runtime.as_ref().and_then(|runtime| runtime.sleep_time.0);
    let interval = match (rule.every_minutes, timer) {
        (Some(minutes), _) => TimeDelta::minutes(minutes.into()),
        // 80 % of the timer, a little more or less, another time after each visit.
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
        (None, Some(seconds)) => {
            let share = 0.78 + 0.04 * spread((space.info.id.as_str(), visits.answered_at));
            TimeDelta::try_seconds((seconds as f64 * share) as i64)?
        }
        // It sleeps although its timer is not known.
        (None, None) if asleep => TimeDelta::zero(),
        (None, None) => return None,
    };
    let began = space.stage_since_known.then_some(space.stage_since).filter(|_| !asleep);
    if asleep && rule.every_minutes.is_none() {
        return Some(now);
    }
    match visits.answered_at.max(began) {
        // The clock may have been set back since.
        Some(last) => last.min(now).checked_add_signed(interval),
        None => Some(now),
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

/// Refuses what is out of its range.
pub(super) fn check(every_minutes: Option<u32>, hours: Option<&AwakeHours>) -> Result<(), Error> {
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
    use hfsm_model::{KeepAliveMode, Runtime, SleepTime, SpaceInfo, WriteAccess};

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
            if next_visit(&demo, &on(), &visits, now).at.is_some_and(|at| at <= now) {
                assert!(now - last < TimeDelta::hours(48), "it had fallen asleep");
                (count, last) = (count + 1, now);
                visits = Visits { answered_at: Some(now), ..Visits::default() };
            }
            now += TimeDelta::minutes(1);
        }
        assert!((4..=5).contains(&count), "{count}");
    }

    #[test]
    fn who_cannot_be_helped_by_a_visit_or_needs_none_is_not_visited() {
        let now = at("2026-06-03T00:00:00Z");
        let next = |space: &Space, visits: &Visits| {
            let next = next_visit(space, &on(), visits, now);
            (next.at, next.why)
        };
        let fresh = Visits::default();
        for stage in [Stage::PAUSED, Stage::RUNTIME_ERROR, Stage::BUILDING, Stage::APP_STARTING] {
            let demo = space(stage.clone(), now, Some(172_800));
            assert_eq!(next(&demo, &fresh), (None, VisitReason::Stage), "{stage}");
        }
        let never = space(Stage::RUNNING, now, None);
        assert_eq!(next(&never, &fresh), (None, VisitReason::NeverSleeps));
        let asleep = space(Stage::SLEEPING, now, Some(172_800));
        assert_eq!(next(&asleep, &fresh), (Some(now), VisitReason::Asleep));
        let waiting = Visits { under_way: Some(RunId("r-1".to_owned())), ..Visits::default() };
        assert_eq!(next(&asleep, &waiting), (None, VisitReason::UnderWay));
        let later = now + RETRY;
        let failed = Visits { not_before: Some(later), ..Visits::default() };
        assert_eq!(next(&asleep, &failed), (Some(later), VisitReason::Retry));
        let mut of_static = space(Stage::RUNNING, now, None);
        of_static.info.sdk = Some("static".into());
        assert_eq!(next(&of_static, &fresh), (None, VisitReason::Static));
    }

    #[test]
    fn a_clock_that_was_ahead_keeps_nobody_from_being_visited() {
        let now = at("2026-06-03T00:00:00Z");
        let ahead = Some(now + TimeDelta::days(400));
        let demo = space(Stage::RUNNING, now, Some(172_800));
        let visits = Visits { answered_at: ahead, not_before: ahead, ..Visits::default() };
        let next = next_visit(&demo, &on(), &visits, now);
        assert_eq!(next.why, VisitReason::SleepTimer);
        assert!(next.at.unwrap() < now + TimeDelta::hours(48), "{next:?}");
    }

    #[test]
    fn what_was_recorded_for_a_time_is_planned_for_another() {
        let (due, now) = (at("2026-06-03T00:00:30Z"), at("2026-06-03T02:00:00Z"));
        let planned = |text: &str| Visits { planned_at: Some(at(text)), ..Visits::default() };
        assert_eq!(Visits::default().plan(due, now), due);
        assert_eq!(planned("2026-06-01T00:00:00Z").plan(due, now), due);
        assert_eq!(planned("2026-06-03T00:00:00Z").plan(due, now), now, "the same minute");
        assert_eq!(planned("2026-06-03T00:00:30Z").plan(due, now), now);
    }

    #[test]
    fn why_a_visit_is_due_is_said_with_its_time() {
        let now = at("2026-07-04T12:00:00Z");
        let demo = space(Stage::RUNNING, now, Some(172_800));
        let why = |rule: KeepAlive| next_visit(&demo, &rule, &Visits::default(), now);
        let by_timer = why(on());
        assert_eq!(by_timer.why, VisitReason::SleepTimer);
        assert!(by_timer.at.unwrap() < now + TimeDelta::hours(48), "{by_timer:?}");
        let hourly = KeepAlive { every_minutes: Some(60), ..on() };
        let in_an_hour = Some(now + TimeDelta::hours(1));
        assert_eq!(why(hourly.clone()), NextVisit { at: in_an_hour, why: VisitReason::Interval });
        // It is Saturday.
        let hours = AwakeHours {
            days: vec![1],
            from: "09:00".into(),
            to: "18:00".into(),
            zone: "UTC".into(),
        };
        let monday = Some(at("2026-07-06T09:00:00Z"));
        assert_eq!(
            why(KeepAlive { hours: Some(hours), ..hourly }),
            NextVisit { at: monday, why: VisitReason::Hours }
        );
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
}
