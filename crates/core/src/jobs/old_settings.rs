//! What the old application and its forks keep of schedules and of keeping awake, as jobs and rules.
//!
//! Two forms are read: the file `data/config.json` of those forks that keep one, with an object by Space, and
//! what `/api/schedule/status` answers, with a list.

use chrono::{DateTime, Utc};
use hfsm_model::{
    ImportEntry, ImportKind, ImportOutcome, JobAction, JobId, JobPlan, JobTarget, KeepAlive,
    KeepAliveAll, KeepAliveMode, MissedRule, SpaceId, Terms, Trigger,
};
use serde_json::{Map, Value};

use crate::Error;

use super::import::{Wanted, WantedJob};

/// The longest intervals: 366 days, and 30.
pub const OLD_HOURS_MAX: u64 = 8784;
/// The same for visits.
pub const OLD_MINUTES_MAX: u64 = 43_200;
/// Under which the jobs of the old application are found again.
const MARK: &str = "old-restart";
/// Longer names of what is not known here are cut.
const SHOWN: usize = 80;

/// Returns the name of the job that restarts a Space as the old application did; it has no slash, so that it
/// can stand in an address.
pub fn old_restart_id(space: &SpaceId) -> JobId {
    JobId(format!("{MARK}:{}:{}", space.owner(), space.name()))
}

/// Tells whether a job is one of the old application.
pub fn is_old_restart(id: &JobId) -> bool {
    id.0.strip_prefix(MARK).is_some_and(|rest| rest.starts_with(':'))
}

/// Returns the plan that restarts a Space as the old application did: every so many hours from when it was
/// saved.
pub fn old_restart_plan(space: &SpaceId, hours: u32, saved: DateTime<Utc>) -> JobPlan {
    JobPlan {
        name: format!("Restart {}", space.name().chars().take(70).collect::<String>()),
        action: JobAction::Restart,
        target: JobTarget::Spaces { spaces: vec![space.clone()] },
        trigger: Trigger::Every { seconds: u64::from(hours) * 3600, anchor: saved },
        missed: MissedRule::default(),
        jitter_secs: 0,
        terms: Terms::default(),
    }
}

/// Reads an interval: a whole number from 1 on.
pub fn old_interval(value: &Value, most: u64) -> Option<u32> {
    value.as_u64().filter(|number| (1..=most).contains(number)).and_then(|n| u32::try_from(n).ok())
}

/// Reads what the old application kept.
pub(super) fn read(text: &str, now: DateTime<Utc>) -> Result<Wanted, Error> {
    let file: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
        Error::Invalid(format!(
            "this is no file of the old application, which is JSON (line {}, column {}: {error})",
            error.line(),
            error.column()
        ))
    })?;
    let mut wanted = Wanted::default();
    for (key, value) in &file {
        match key.as_str() {
            "scheduledRestarts" => {
                for (name, entry) in entries(value, key)? {
                    restart(&mut wanted, &name, entry, now);
                }
            }
            // The first is the file's, the second the answer's.
            "keepAliveConfigs" | "keepAlives" => {
                for (name, entry) in entries(value, key)? {
                    keep_alive(&mut wanted, name, entry);
                }
            }
            "globalKeepAlive" if value.is_null() => {}
            "globalKeepAlive" => keep_alive_all(&mut wanted, value),
            other => wanted.left_out.push(ImportEntry {
                kind: ImportKind::Other,
                name: other.chars().take(SHOWN).collect(),
                job: None,
                line: None,
                outcome: ImportOutcome::LeftOut,
                reason: Some("this program does not know what it is".to_owned()),
            }),
        }
    }
    Ok(wanted)
}

/// Returns what stands under each Space, in either form.
fn entries<'a>(value: &'a Value, key: &str) -> Result<Vec<(String, &'a Value)>, Error> {
    match value {
        Value::Object(spaces) => Ok(spaces.iter().map(|(id, entry)| (id.clone(), entry)).collect()),
        Value::Array(list) => {
            let name = |entry: &Value| entry["repoId"].as_str().unwrap_or_default().to_owned();
            Ok(list.iter().map(|entry| (name(entry), entry)).collect())
        }
        Value::Null => Ok(Vec::new()),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Err(Error::Invalid(format!(
            "`{key}` is neither an object by Space nor a list, as the old application keeps it"
        ))),
    }
}

/// Reads the interval of an entry that is switched on; `None` where it is not.
fn wish(entry: &Value, field: &str, most: u64) -> Option<Result<u32, String>> {
    match &entry["enabled"] {
        Value::Bool(true) => {}
        Value::Bool(false) | Value::Null => return None,
        other => return Some(Err(format!("`enabled` is {}, not true or false", shown(other)))),
    }
    Some(old_interval(&entry[field], most).ok_or_else(|| {
        format!("`{field}` is {}, which is no whole number from 1 to {most}", shown(&entry[field]))
    }))
}

fn restart(wanted: &mut Wanted, name: &str, entry: &Value, now: DateTime<Utc>) {
    let space: Result<SpaceId, _> = name.parse();
    let Some(hours) = wish(entry, "intervalHours", OLD_HOURS_MAX) else {
        return wanted.left_out.push(switched_off(ImportKind::Job, name));
    };
    let plan = match (&space, hours) {
        (Ok(space), Ok(hours)) => Ok(old_restart_plan(space, hours, now)),
        (Err(error), _) => Err((shown_name(name), error.to_string())),
        (Ok(_), Err(reason)) => Err((shown_name(name), reason)),
    };
    let id = space.ok().as_ref().map(old_restart_id);
    wanted.jobs.push(WantedJob { line: None, id, paused: false, plan });
}

fn keep_alive(wanted: &mut Wanted, name: String, entry: &Value) {
    let Some(minutes) = wish(entry, "intervalMinutes", OLD_MINUTES_MAX) else {
        return wanted.left_out.push(switched_off(ImportKind::KeepAlive, &name));
    };
    let rule = minutes.map(|minutes| KeepAlive {
        mode: KeepAliveMode::On,
        every_minutes: Some(minutes),
        ..KeepAlive::default()
    });
    wanted.keep_alive.push((None, name, rule));
}

fn keep_alive_all(wanted: &mut Wanted, entry: &Value) {
    match wish(entry, "intervalMinutes", OLD_MINUTES_MAX) {
        None => {
            let name = "globalKeepAlive";
            wanted.left_out.push(switched_off(ImportKind::KeepAliveAll, name));
        }
        Some(minutes) => {
            wanted.keep_alive_all = Some(minutes.map(|minutes| KeepAliveAll {
                enabled: true,
                every_minutes: Some(minutes),
                ..KeepAliveAll::default()
            }));
        }
    }
}

fn switched_off(kind: ImportKind, name: &str) -> ImportEntry {
    ImportEntry {
        kind,
        name: shown_name(name),
        job: None,
        line: None,
        outcome: ImportOutcome::LeftOut,
        reason: Some("it was switched off there".to_owned()),
    }
}

fn shown_name(name: &str) -> String {
    name.chars().take(SHOWN).collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "missing".to_owned(),
        other => format!("`{}`", other.to_string().chars().take(40).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn both_forms_become_the_same_jobs_and_rules() {
        let file = r#"{
            "scheduledRestarts": { "alice/demo": { "enabled": true, "intervalHours": 720 } },
            "keepAliveConfigs": { "alice/demo": { "enabled": true, "intervalMinutes": 30 } },
            "globalKeepAlive": { "enabled": true, "intervalMinutes": 60 }
        }"#;
        let answer = r#"{
            "scheduledRestarts": [{ "repoId": "alice/demo", "enabled": true, "intervalHours": 720, "lastRestart": null }],
            "keepAlives": [{ "repoId": "alice/demo", "enabled": true, "intervalMinutes": 30, "lastPing": "x" }],
            "globalKeepAlive": { "enabled": true, "intervalMinutes": 60 }
        }"#;
        let now = at("2026-06-01T00:00:00Z");
        for text in [file, answer] {
            let wanted = read(text, now).unwrap();
            let job = &wanted.jobs[0];
            assert_eq!(job.id, Some(JobId("old-restart:alice:demo".into())));
            let Trigger::Every { seconds, anchor } = job.plan.as_ref().unwrap().trigger else {
                panic!("another trigger")
            };
            assert_eq!((seconds, anchor), (720 * 3600, now));
            let (_, space, rule) = &wanted.keep_alive[0];
            let every = rule.as_ref().unwrap().every_minutes;
            assert_eq!((space.as_str(), every), ("alice/demo", Some(30)));
            let all = wanted.keep_alive_all.as_ref().unwrap().as_ref().unwrap();
            assert_eq!((all.enabled, all.every_minutes), (true, Some(60)));
            assert!(wanted.left_out.is_empty());
        }
    }

    #[test]
    fn what_was_no_number_or_no_space_or_off_is_told_and_not_taken_over() {
        for bad in ["\"abc\"", "\"24\"", "-1", "0", "1.5", "1e9", "null", "[]", "{}"] {
            let text = format!(
                r#"{{ "scheduledRestarts": {{ "a/b": {{ "enabled": true, "intervalHours": {bad} }} }},
                     "keepAliveConfigs": {{ "a/b": {{ "enabled": true, "intervalMinutes": {bad} }} }},
                     "globalKeepAlive": {{ "enabled": true, "intervalMinutes": {bad} }} }}"#
            );
            let wanted = read(&text, DateTime::UNIX_EPOCH).unwrap();
            let (_, job) = wanted.jobs[0].plan.as_ref().unwrap_err();
            assert!(job.contains("whole number"), "{bad}: {job}");
            assert!(wanted.keep_alive[0].2.is_err(), "{bad}");
            assert!(wanted.keep_alive_all.unwrap().is_err(), "{bad}");
        }
        let text = r#"{ "scheduledRestarts": { "../x": { "enabled": true, "intervalHours": 1 },
                                              "a/off": { "enabled": false, "intervalHours": 1 } },
                        "globalKeepAlive": null, "sessions": {} }"#;
        let wanted = read(text, DateTime::UNIX_EPOCH).unwrap();
        assert!(wanted.jobs[0].plan.is_err() && wanted.keep_alive_all.is_none());
        let names: Vec<_> = wanted.left_out.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["a/off", "sessions"]);
        for no_file in ["", "[]", "{\n\"scheduledRestarts\": 1 }", "{\n \"x\"", "version: 1"] {
            assert!(read(no_file, DateTime::UNIX_EPOCH).is_err(), "{no_file}");
        }
    }
}
