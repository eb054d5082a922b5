//! A Space: its repository, its card, what runs, and who listens.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

use crate::clock::SimClock;
use crate::dice::{self, Dice};
use crate::log_buffer::LogBuffer;
use crate::settings::Settings;
use crate::spec::{Sdk, SpaceSpec};
use crate::stages::Due;
use crate::{chatter, stage};

/// Events that a slow reader of metrics may be behind before it loses some.
const METRICS_BEHIND: usize = 32;

/// Things that a talking app has said before the simulator starts.
const PAST_LINES: i32 = 80;

/// A point in time, with what it takes to judge by it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) instant: Instant,
    pub(crate) clock: &'a SimClock,
    pub(crate) settings: &'a Settings,
}

impl At<'_> {
    pub(crate) fn date(&self) -> DateTime<Utc> {
        self.clock.date_of(self.instant)
    }

    /// The point `simulated` time after this one.
    pub(crate) fn after(&self, simulated: Duration) -> Instant {
        self.instant + self.clock.scaled(simulated)
    }
}

/// A container.
#[derive(Debug, Clone)]
pub(crate) struct Replica {
    /// The last part of the container's name, e.g. `j6qz9`.
    pub(crate) name: String,
    pub(crate) seed: u64,
    pub(crate) born: Instant,
    /// Simulated time that it had been up when `born` was taken.
    pub(crate) head_start: Duration,
    pub(crate) leaves_at: Option<Instant>,
    /// Events sent so far.
    pub(crate) sent: u64,
}

/// A commit on `main`.
#[derive(Debug, Clone)]
pub(crate) struct Commit {
    pub(crate) sha: String,
    pub(crate) title: String,
    pub(crate) author: String,
    pub(crate) date: DateTime<Utc>,
}

/// A secret or a variable.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) value: String,
    pub(crate) description: Option<String>,
    pub(crate) updated_at: DateTime<Utc>,
}

#[derive(Debug)]
pub(crate) struct Space {
    pub(crate) oid: String,
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) subdomain: String,
    pub(crate) card: SpaceSpec,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) last_modified: DateTime<Utc>,
    pub(crate) used_storage: u64,
    pub(crate) commits: Vec<Commit>,
    pub(crate) secrets: BTreeMap<String, Entry>,
    pub(crate) variables: BTreeMap<String, Entry>,
    pub(crate) volumes: Vec<Value>,

    pub(crate) stage: String,
    pub(crate) error_message: Option<String>,
    pub(crate) hardware_now: Option<String>,
    pub(crate) container: String,
    pub(crate) replicas: Vec<Replica>,
    pub(crate) running_sha: Option<String>,
    pub(crate) pending: Vec<Due>,
    pub(crate) last_visit: Instant,
    pub(crate) visits: u64,

    pub(crate) run_log: LogBuffer,
    pub(crate) build_log: LogBuffer,
    pub(crate) metrics: broadcast::Sender<Bytes>,
    pub(crate) changes: watch::Sender<u64>,
    pub(crate) dice: Dice,
    phase: u64,
}

impl Space {
    pub(crate) fn new(id: &str, card: SpaceSpec, at: At<'_>) -> Self {
        let (owner, name) = id.split_once('/').unwrap_or(("nobody", id));
        let mut dice = Dice::new(dice::hash(at.settings.seed, id));
        let days = 20 + dice.below(700) as i64;
        let created_at =
            at.date() - TimeDelta::days(days) - TimeDelta::seconds(dice.below(86_400) as i64);
        let last_modified = at.date()
            - TimeDelta::minutes(dice.below((days as usize * 1_440).min(60_000)) as i64 + 5);
        let commits = history(owner, created_at, last_modified, &mut dice);
        let entry = |value: &str| Entry {
            value: value.to_owned(),
            description: None,
            updated_at: last_modified,
        };
        let secrets =
            card.secrets.iter().map(|key| (key.clone(), entry("a secret value"))).collect();
        let variables =
            card.variables.iter().map(|(key, value)| (key.clone(), entry(value))).collect();
        let mut space = Self {
            oid: dice.hex(24),
            owner: owner.to_owned(),
            name: name.to_owned(),
            subdomain: subdomain(owner, name),
            created_at,
            last_modified,
            used_storage: 20_480 + dice.next() % 90_000_000,
            commits,
            secrets,
            variables,
            volumes: Vec::new(),
            stage: card.stage.clone(),
            error_message: card.error_message.clone(),
            hardware_now: None,
            container: dice.pod(8),
            replicas: Vec::new(),
            running_sha: None,
            pending: Vec::new(),
            last_visit: at.instant,
            visits: 0,
            run_log: LogBuffer::new(),
            build_log: LogBuffer::new(),
            metrics: broadcast::channel(METRICS_BEHIND).0,
            changes: watch::channel(0).0,
            phase: dice.next(),
            dice,
            card,
        };
        space.settle(at);
        space
    }

    /// Puts everything in place that its first stage implies.
    fn settle(&mut self, at: At<'_>) {
        if self.is_static() {
            return;
        }
        let up_for = self.card.up_for;
        let started = at.date() - TimeDelta::from_std(up_for).unwrap_or_default();
        for line in chatter::build(self, started) {
            self.build_log.push(started, &line);
        }
        if stage::serves(&self.stage) {
            self.running_sha = Some(self.head().to_owned());
            self.hardware_now = Some(self.card.hardware.clone());
            self.boot(at, up_for);
            self.live(at, up_for);
            self.greet(started);
            self.remember(at, started);
        }
        match self.stage.as_str() {
            stage::BUILDING | stage::RUNNING_BUILDING => self.expect_image(at, false),
            stage::APP_STARTING | stage::RUNNING_APP_STARTING => self.expect_start(at),
            stage::BUILD_ERROR => {
                for line in chatter::build_failure(self) {
                    self.build_log.push(started, &line);
                }
                self.error_message.get_or_insert_with(|| "Job failed with exit code: 1".to_owned());
            }
            stage::RUNTIME_ERROR => {
                self.greet(started);
                for line in chatter::traceback(self) {
                    self.run_log.push(started, &line);
                }
                self.error_message
                    .get_or_insert_with(|| "Exit code: 1. Reason: application error".to_owned());
            }
            _ => {}
        }
        for line in self.card.log.clone() {
            self.run_log.push(at.date(), &line);
        }
    }

    /// Fills the log with what the app said since `started`, as far as somebody would scroll back.
    fn remember(&mut self, at: At<'_>, started: DateTime<Utc>) {
        for line in chatter::ready(self) {
            self.run_log.push(started, &line);
        }
        if !self.card.talks {
            return;
        }
        let span = (at.date() - started).min(TimeDelta::minutes(20));
        let mut dice = Dice::new(self.dice.next());
        for number in 0..PAST_LINES {
            let date = at.date() - span * (PAST_LINES - number) / (PAST_LINES + 1);
            for line in chatter::line(self, &mut dice, date) {
                self.run_log.push(date, &line);
            }
        }
    }

    /// The lines with which a run's log begins.
    pub(crate) fn greet(&mut self, date: DateTime<Utc>) {
        self.run_log.begin();
        self.run_log.push(
            date,
            &format!("===== Application Startup at {} =====", date.format("%Y-%m-%d %H:%M:%S")),
        );
        self.run_log.push(date, "");
        for line in chatter::startup(self, date) {
            self.run_log.push(date, &line);
        }
    }

    pub(crate) fn id(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    pub(crate) fn is_static(&self) -> bool {
        self.card.sdk == Some(Sdk::Static)
    }

    /// The newest commit.
    pub(crate) fn head(&self) -> &str {
        self.commits.last().map_or("", |commit| commit.sha.as_str())
    }

    /// In which of `slots` parts of a second the Space reports.
    pub(crate) fn slot(&self, slots: u32) -> u32 {
        (self.phase % u64::from(slots)) as u32
    }

    pub(crate) fn changed(&self) {
        self.changes.send_modify(|version| *version += 1);
    }

    /// Ends every stream of metrics: the containers behind them are gone.
    pub(crate) fn end_metrics(&mut self) {
        self.metrics = broadcast::channel(METRICS_BEHIND).0;
    }
}

/// The label before `.hf.space`.
pub(crate) fn subdomain(owner: &str, name: &str) -> String {
    format!("{owner}-{name}")
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect()
}

fn history(owner: &str, first: DateTime<Utc>, last: DateTime<Utc>, dice: &mut Dice) -> Vec<Commit> {
    const TITLES: &[&str] = &[
        "Update app.py",
        "Pin dependencies",
        "Fix timeout on large files",
        "Update README.md",
        "Add health check",
        "Use streaming responses",
        "Bump base image",
    ];
    let count = 3 + dice.below(9);
    (0..count)
        .map(|index| {
            let part = index as f64 / (count - 1) as f64;
            let title = if index == 0 { "initial commit" } else { dice.pick(TITLES) };
            let seconds = ((last - first).num_seconds() as f64 * part) as i64;
            Commit {
                sha: dice.hex(40),
                title: title.to_owned(),
                author: owner.to_owned(),
                date: first + TimeDelta::seconds(seconds),
            }
        })
        .collect()
}
