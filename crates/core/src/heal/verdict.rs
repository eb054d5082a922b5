//! What is to be done about a Space, decided from what is known of it, and what comes of an attempt.

use chrono::{DateTime, TimeDelta, Utc};
use hfsm_model::{
    Detail, Forgotten, GaveUp, GaveUpCause, HealRecord, HealRule, HealthRecord, Hurdle, JobAction,
    Run, RunState, Space, Stage, WriteAccess,
};

use crate::spread::spread;

use super::failure::{Failure, failure_of, lasting_cause};

/// So long a Space has to run well for the attempts before to be forgotten.
const CALM: TimeDelta = TimeDelta::minutes(10);
/// Within this time at most so many attempts are made as the rule says.
const DAY: TimeDelta = TimeDelta::hours(24);
/// After an attempt that was not made after all, the next follows no sooner.
const SOON: TimeDelta = TimeDelta::minutes(1);

/// What is to be done about a Space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing fails.
    Well,
    /// Attempts were made, and it has to run well for a while before they are forgotten.
    Watched { until: DateTime<Utc> },
    /// The attempts before no longer count, for this reason.
    Forget(Forgotten),
    /// It fails, and is mended at that time; now, where that is over.
    Mend { failure: Failure, at: DateTime<Utc>, action: JobAction },
    /// It fails by something that is not mended.
    LeaveAlone { since: DateTime<Utc>, reason: Detail },
    /// It is not to be mended any more.
    GiveUp { cause: GaveUpCause, reason: Detail },
    /// It is not mended any more.
    GaveUp,
}

/// Decides about a Space of which no attempt is under way.
pub(super) fn judge(
    space: &Space,
    rule: &HealRule,
    record: &HealRecord,
    log: Option<&str>,
    now: DateTime<Utc>,
) -> Verdict {
    let head = space.info.sha.as_ref();
    let is_new =
        |before: &Option<String>| before.is_some() && head.is_some() && head != before.as_ref();
    if let Some(gave_up) = &record.gave_up {
        return if is_new(&gave_up.sha) {
            Verdict::Forget(Forgotten::NewCommit)
        } else {
            Verdict::GaveUp
        };
    }
    let tried = record.in_a_row > 0;
    if tried && is_new(&record.sha) {
        return Verdict::Forget(Forgotten::NewCommit);
    }
    if space.stage == Stage::PAUSED && tried {
        return match space.info.error_message().and_then(lasting_cause) {
            Some(cause) => Verdict::GiveUp { cause, reason: Detail::fails(space) },
            None => Verdict::Forget(Forgotten::Paused),
        };
    }
    let Some(failure) = failure_of(space, rule, record, log) else {
        return if tried { watched(space, rule, record, now) } else { Verdict::Well };
    };
    let Failure { since, reason, lasts } = failure.clone();
    match lasts {
        Some(GaveUpCause::Configuration) if !tried => {
            let reason = Detail::NoRestartHelps { why: Box::new(reason) };
            return Verdict::LeaveAlone { since, reason };
        }
        Some(cause) => return Verdict::GiveUp { cause, reason },
        None => {}
    }
    if space.write_access == WriteAccess::No {
        return Verdict::LeaveAlone { since, reason: Detail::NoToken };
    }
    if record.in_a_row >= attempts_of(rule) {
        let reason = Detail::AttemptsInVain { attempts: record.in_a_row, why: Box::new(reason) };
        return Verdict::GiveUp { cause: GaveUpCause::Attempts, reason };
    }
    let after = TimeDelta::minutes(rule.after_minutes.into());
    // So that Spaces which fail together are not restarted in the same moment.
    let due = since + after + share(after / 10, spread(space.info.id.as_str()));
    let at = [record.not_before, day_is_over(rule, record, now)]
        .into_iter()
        .flatten()
        .fold(due, Ord::max);
    Verdict::Mend { failure, at, action: next_action(rule, record.in_a_row) }
}

fn watched(space: &Space, rule: &HealRule, record: &HealRecord, now: DateTime<Utc>) -> Verdict {
    let last = record.attempts.last().copied();
    let asked = record.health.checked_at.filter(|_| record.health.failures == 0);
    let answers = rule.health.is_none() || asked.max(last) == asked;
    let calm_at = last.map_or(space.stage_since, |last| last.max(space.stage_since)) + CALM;
    if space.stage == Stage::RUNNING && answers && calm_at <= now {
        Verdict::Forget(Forgotten::RanWell)
    } else {
        Verdict::Watched { until: calm_at }
    }
}

/// Returns how many attempts are made in a row.
pub(super) fn attempts_of(rule: &HealRule) -> u32 {
    rule.restarts + u32::from(rule.factory_rebuild)
}

fn next_action(rule: &HealRule, in_a_row: u32) -> JobAction {
    if in_a_row < rule.restarts { JobAction::Restart } else { JobAction::FactoryRebuild }
}

/// Returns how many attempts were made within a day.
pub(super) fn attempts_last_day(record: &HealRecord, now: DateTime<Utc>) -> usize {
    record.attempts.iter().filter(|at| **at > now - DAY).count()
}

/// Returns when the next attempt is allowed, where a day has seen as many as it may.
fn day_is_over(rule: &HealRule, record: &HealRecord, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let most = usize::try_from(rule.max_per_day).ok()?;
    let over = attempts_last_day(record, now).checked_sub(most)?;
    let mut counting = record.attempts.iter().filter(|at| **at > now - DAY);
    counting.nth(over).map(|at| *at + DAY)
}

/// Returns what is remembered once the attempt `run` has begun.
pub(super) fn begun(
    record: &HealRecord,
    space: &Space,
    run: &Run,
    now: DateTime<Utc>,
) -> HealRecord {
    let mut attempts: Vec<_> =
        record.attempts.iter().copied().filter(|at| *at > now - DAY).collect();
    attempts.push(run.planned_at);
    HealRecord {
        sha: space.info.sha.clone(),
        attempts,
        in_a_row: record.in_a_row + 1,
        not_before: None,
        run: Some(run.id.clone()),
        left_alone: None,
        gave_up: None,
        untold: false,
        health: HealthRecord::default(),
    }
}

/// Returns what is remembered once an attempt has ended, and what is said of it. `spread` is from 0 to 1.
pub(super) fn settled(
    record: &HealRecord,
    rule: &HealRule,
    run: &Run,
    now: DateTime<Utc>,
    spread: f64,
) -> (HealRecord, Option<Detail>) {
    let mut after = HealRecord { run: None, ..record.clone() };
    let reason = run.reason.as_deref().unwrap_or("no reason was given");
    let why = Box::new(run.details.clone().unwrap_or_else(|| Detail::said(reason)));
    let (action, number, of) = (run.action.clone(), record.in_a_row, attempts_of(rule));
    match (run.state, run.hurdle) {
        // Nothing was sent.
        (RunState::Skipped | RunState::Missed, _) | (_, Some(Hurdle::Terms)) => {
            after.attempts.retain(|at| *at != run.planned_at);
            after.in_a_row = record.in_a_row.saturating_sub(1);
            after.not_before = Some(now + SOON);
            (after, Some(Detail::AttemptNotMade { action, number, of, why }))
        }
        (_, Some(hurdle)) => {
            let cause = match hurdle {
                Hurdle::Quota => GaveUpCause::Quota,
                Hurdle::Billing => GaveUpCause::Billing,
                Hurdle::Rights | Hurdle::Terms => GaveUpCause::Refused,
            };
            after.gave_up = Some(GaveUp {
                at: now,
                cause,
                reason: reason.to_owned(),
                details: Some(*why),
                sha: record.sha.clone(),
            });
            (after, None)
        }
        (RunState::Done, None) => {
            after.not_before = Some(now + back_off(rule, record.in_a_row, spread));
            (after, None)
        }
        _ => {
            let next = now + back_off(rule, record.in_a_row, spread);
            after.not_before = Some(next);
            let next = (number < of).then_some(next);
            (after, Some(Detail::AttemptFailed { action, number, of, why, next }))
        }
    }
}

/// Returns what is remembered once the attempts before no longer count: those of today still do.
pub(super) fn forgotten(record: &HealRecord) -> HealRecord {
    HealRecord {
        attempts: record.attempts.clone(),
        health: record.health.clone(),
        ..HealRecord::default()
    }
}

/// Says what is done, for the activity list.
pub(super) fn announced(
    action: &JobAction,
    rule: &HealRule,
    record: &HealRecord,
    failure: &Failure,
) -> Detail {
    Detail::Attempt {
        action: action.clone(),
        number: record.in_a_row + 1,
        of: attempts_of(rule),
        since: failure.since,
        why: Box::new(failure.reason.clone()),
    }
}

/// Returns how long to wait after so many attempts: each time twice as long, a fifth more or less, and a
/// day at most.
fn back_off(rule: &HealRule, attempts: u32, spread: f64) -> TimeDelta {
    let first = TimeDelta::minutes(rule.wait_minutes.into());
    let wait = (first * (1 << attempts.saturating_sub(1).min(11))).min(DAY);
    wait - wait / 5 + share(wait * 2 / 5, spread)
}

fn share(of: TimeDelta, share: f64) -> TimeDelta {
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    TimeDelta::milliseconds((of.num_milliseconds() as f64 * share.clamp(0.0, 1.0)) as i64)
}
