//! When a trigger fires.
//!
//! Cron goes by the clock on the wall of its time zone. A fixed time that a change to summer time
//! leaves out comes at the first moment after the gap; one that a change to winter time brings twice
//! comes once. Expressions that go on through the hours (`*/10 * * * *`) fire in both of them.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use hfsm_model::Trigger;

use crate::Error;

/// The shortest time between two runs, in seconds.
const SHORTEST: u64 = 60;
/// The longest, 366 days.
const LONGEST: u64 = 366 * 24 * 3600;
/// Times further away than a century are mistakes.
const CENTURY: TimeDelta = TimeDelta::days(36_525);
/// A cron expression is a few words.
const EXPRESSION: usize = 200;

/// Tells whether a trigger is of its form and fires after `now` at least once.
pub(crate) fn check(trigger: &Trigger, now: DateTime<Utc>) -> Result<(), Error> {
    match trigger {
        Trigger::Every { seconds, .. } if !(SHORTEST..=LONGEST).contains(seconds) => {
            return Err(Error::Invalid(format!(
                "a job may run every {SHORTEST} to {LONGEST} seconds (366 days), not every {seconds}"
            )));
        }
        Trigger::Every { anchor: at, .. } | Trigger::Once { at } if (*at - now).abs() > CENTURY => {
            return Err(Error::Invalid(format!("`{at}` is more than a century away")));
        }
        Trigger::Cron { expression, zone } => {
            parsed(expression)?;
            zone_of(zone)?;
        }
        Trigger::Every { .. } | Trigger::Once { .. } => {}
    }
    if next_after(trigger, now).is_none() {
        return Err(Error::Invalid(match trigger {
            Trigger::Cron { expression, .. } => {
                format!("no time ever matches `{expression}`; look at its days and months")
            }
            Trigger::Once { at } => format!("`{at}` is over"),
            Trigger::Every { .. } => "the times of this job lie too far away".to_owned(),
        }));
    }
    Ok(())
}

/// Returns the first time after `after` at which a trigger fires; `None` when there is none.
pub(crate) fn next_after(trigger: &Trigger, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    times_after(trigger, after).next()
}

/// Returns the times after `after` at which a trigger fires, one after the other.
pub(crate) fn times_after(
    trigger: &Trigger,
    after: DateTime<Utc>,
) -> impl Iterator<Item = DateTime<Utc>> {
    // Reading an expression takes longer than finding a time of it.
    let cron = match trigger {
        Trigger::Cron { expression, zone } => parsed(expression).ok().zip(zone_of(zone).ok()),
        Trigger::Every { .. } | Trigger::Once { .. } => None,
    };
    let next = move |after: &DateTime<Utc>| match trigger {
        Trigger::Once { at } => (*at > *after).then_some(*at),
        Trigger::Every { seconds, anchor } => {
            let every = i64::try_from((*seconds).max(1)).ok()?;
            // Whole steps from the anchor, so that the times do not drift.
            let gone = (*after - *anchor).num_milliseconds().div_euclid(every.checked_mul(1000)?);
            let next = TimeDelta::try_seconds(every.checked_mul(gone.checked_add(1)?)?)?;
            anchor.checked_add_signed(next)
        }
        Trigger::Cron { .. } => {
            let (cron, zone) = cron.as_ref()?;
            let next = cron.find_next_occurrence(&after.with_timezone(zone), false).ok()?;
            Some(next.with_timezone(&Utc))
        }
    };
    std::iter::successors(next(&after), next)
}

/// How often a trigger fired in a while, and what comes after it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fired {
    pub(crate) count: u32,
    pub(crate) last: Option<DateTime<Utc>>,
    pub(crate) next: Option<DateTime<Utc>>,
}

/// Returns how many times a trigger fired after `after` up to `until`, counting at most `most`, the
/// last of those times, and the one that follows.
pub(crate) fn fired_between(
    trigger: &Trigger,
    after: DateTime<Utc>,
    until: DateTime<Utc>,
    most: u32,
) -> Fired {
    if let Trigger::Every { seconds, anchor } = trigger {
        let every = i64::try_from((*seconds).max(1)).unwrap_or(i64::MAX);
        let step = |at: DateTime<Utc>| (at - *anchor).num_seconds().div_euclid(every);
        let count = step(until) - step(after);
        let last = TimeDelta::try_seconds(step(until).saturating_mul(every))
            .and_then(|since| anchor.checked_add_signed(since));
        let count = u32::try_from(count.max(0)).unwrap_or(u32::MAX);
        let last = last.filter(|_| count > 0);
        return Fired { count, last, next: next_after(trigger, last.unwrap_or(after)) };
    }
    let (mut count, mut last) = (0, None);
    let mut times = times_after(trigger, after).peekable();
    while count < most
        && let Some(at) = times.next_if(|at| *at <= until)
    {
        (count, last) = (count + 1, Some(at));
    }
    Fired { count, last, next: times.next() }
}

/// Returns a time as the clock on the wall of a time zone shows it.
///
/// # Errors
/// When there is no such time zone.
pub fn in_zone(at: DateTime<Utc>, zone: &str) -> Result<DateTime<Tz>, Error> {
    Ok(at.with_timezone(&zone_of(zone)?))
}

/// Finds a time zone by its name.
pub(crate) fn zone_of(name: &str) -> Result<Tz, Error> {
    name.parse().map_err(|_| {
        Error::Invalid(format!(
            "there is no time zone `{}`; names are such as `Europe/Paris` or `UTC`",
            name.chars().take(60).collect::<String>()
        ))
    })
}

fn parsed(expression: &str) -> Result<Cron, Error> {
    let words = expression.split_whitespace().count();
    let nickname = expression.trim_start().starts_with('@');
    if expression.len() > EXPRESSION || (words != 5 && !nickname) {
        return Err(Error::Invalid(
            "a cron expression has five fields: minute, hour, day of the month, month, day of the week"
                .to_owned(),
        ));
    }
    CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build()
        .parse(expression)
        .map_err(|error| Error::Invalid(format!("`{expression}` is no cron expression: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn cron(expression: &str, zone: &str) -> Trigger {
        Trigger::Cron { expression: expression.into(), zone: zone.into() }
    }

    fn next(trigger: &Trigger, after: &str, count: usize) -> Vec<String> {
        let mut times = Vec::new();
        let mut after = at(after);
        while let Some(next) = next_after(trigger, after).filter(|_| times.len() < count) {
            times.push(next.format("%m-%dT%H:%M").to_string());
            after = next;
        }
        times
    }

    #[test]
    fn every_so_often_counts_from_its_anchor_before_and_after_it() {
        let every = Trigger::Every { seconds: 6 * 3600, anchor: at("2026-06-01T01:00:00Z") };
        assert_eq!(next(&every, "2026-06-01T01:00:00Z", 2), ["06-01T07:00", "06-01T13:00"]);
        assert_eq!(next(&every, "2026-05-31T23:30:00Z", 1), ["06-01T01:00"]);
        assert_eq!(next(&every, "2027-06-01T00:59:59Z", 1), ["06-01T01:00"]);
        let fired = |after, until| {
            let fired = fired_between(&every, at(after), at(until), 9);
            assert_eq!(fired.next, next_after(&every, at(until)));
            (fired.count, fired.last)
        };
        assert_eq!(
            fired("2026-06-01T01:00:00Z", "2026-06-02T01:00:00Z"),
            (4, Some(at("2026-06-02T01:00:00Z")))
        );
        assert_eq!(fired("2026-06-01T01:00:00Z", "2026-06-01T06:59:59Z"), (0, None));
    }

    #[test]
    fn three_at_night_in_paris_is_three_at_night_the_whole_year() {
        let nightly = cron("0 3 * * *", "Europe/Paris");
        assert_eq!(
            next(&nightly, "2026-03-27T12:00:00Z", 3),
            ["03-28T02:00", "03-29T01:00", "03-30T01:00"]
        );
        assert_eq!(
            next(&nightly, "2026-10-23T12:00:00Z", 3),
            ["10-24T01:00", "10-25T02:00", "10-26T02:00"]
        );
    }

    #[test]
    fn a_time_that_is_left_out_comes_after_the_gap_and_one_that_comes_twice_counts_once() {
        let in_the_gap = cron("30 2 * * *", "Europe/Paris");
        assert_eq!(next(&in_the_gap, "2026-03-28T12:00:00Z", 2), ["03-29T01:00", "03-30T00:30"]);
        let twice = cron("30 2 * * *", "Europe/Paris");
        assert_eq!(next(&twice, "2026-10-24T12:00:00Z", 2), ["10-25T00:30", "10-26T01:30"]);
        let through = cron("*/30 * * * *", "Europe/Paris");
        let hours = next(&through, "2026-10-25T00:00:00Z", 4);
        assert_eq!(hours, ["10-25T00:30", "10-25T01:00", "10-25T01:30", "10-25T02:00"]);
    }

    #[test]
    fn what_is_no_time_is_refused_with_words() {
        let now = at("2026-06-01T00:00:00Z");
        let every = |seconds| Trigger::Every { seconds, anchor: now };
        for (bad, word) in [
            (every(0), "60 to"),
            (every(59), "60 to"),
            (every(u64::MAX), "60 to"),
            (every(1_000_000_000), "60 to"),
            (Trigger::Every { seconds: 60, anchor: DateTime::<Utc>::MAX_UTC }, "century"),
            (Trigger::Once { at: at("2026-05-31T23:59:59Z") }, "over"),
            (Trigger::Once { at: DateTime::<Utc>::MIN_UTC }, "century"),
            (cron("0 0 30 2 *", "UTC"), "ever"),
            (cron("abc", "UTC"), "five fields"),
            (cron("61 * * * *", "UTC"), "no cron expression"),
            (cron("* * * * * *", "UTC"), "five fields"),
            (cron("", "UTC"), "five fields"),
            (cron("0 3 * * *", "Europe/Atlantis"), "no time zone"),
            (cron("0 3 * * *", ""), "no time zone"),
        ] {
            let error = check(&bad, now).expect_err("no time").to_string();
            assert!(error.contains(word), "{bad:?}: {error}");
        }
        for good in [every(60), every(31_622_400), cron("0 0 29 2 *", "UTC"), cron("@daily", "UTC")]
        {
            check(&good, now).unwrap_or_else(|error| panic!("{good:?}: {error}"));
        }
    }

    proptest::proptest! {
        #[test]
        fn times_grow_and_none_is_left_out(
            seconds in 60_u64..1_000_000,
            anchor in -4_000_000_000_i64..4_000_000_000,
            after in -4_000_000_000_i64..4_000_000_000,
        ) {
            let time = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
            let every = Trigger::Every { seconds, anchor: time(anchor) };
            let next = next_after(&every, time(after)).unwrap();
            let step = i64::try_from(seconds).unwrap();
            proptest::prop_assert!(next > time(after));
            proptest::prop_assert!(next - time(after) <= TimeDelta::seconds(step));
            proptest::prop_assert_eq!((next.timestamp() - anchor).rem_euclid(step), 0);
            let fired = fired_between(&every, time(after), next, 9);
            proptest::prop_assert_eq!((fired.count, fired.last), (1, Some(next)));
        }
    }
}
