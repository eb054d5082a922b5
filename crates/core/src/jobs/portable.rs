//! Everything that is chosen to be done by itself (jobs, keep-alive rules, auto-heal rules) as a file that
//! another machine understands: accounts stand in it by the name of their user on the Hub.

use std::collections::BTreeMap;

use hfsm_model::{
    AccountId, HealScope, JobAction, JobId, JobPlan, JobTarget, KeepAlive, KeepAliveAll,
    MissedRule, ScopedHeal, SpaceId, Terms, Trigger,
};
use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;

use crate::{Error, Fleet};

use super::import::{Wanted, WantedJob};

/// The only form of the file so far.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File<J, R, H> {
    version: u32,
    #[serde(default = "Vec::new")]
    jobs: Vec<J>,
    #[serde(default = "Rules::default")]
    keep_alive: Rules<R>,
    #[serde(default = "Vec::new")]
    auto_heal: Vec<H>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules<R> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all: Option<KeepAliveAll>,
    #[serde(default = "BTreeMap::new")]
    spaces: BTreeMap<SpaceId, R>,
}

impl<R> Default for Rules<R> {
    fn default() -> Self {
        Self { all: None, spaces: BTreeMap::new() }
    }
}

/// A job in the file; what is left out has its default.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PortableJob {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<JobId>,
    name: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    paused: bool,
    action: JobAction,
    target: JobTarget,
    trigger: Trigger,
    #[serde(default, skip_serializing_if = "is_default")]
    missed: MissedRule,
    #[serde(default, skip_serializing_if = "is_default")]
    jitter_secs: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    terms: Terms,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Fleet {
    /// Returns all jobs, keep-alive rules and auto-heal rules as YAML, which [`Fleet::import_jobs`] takes
    /// here or on another machine.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn export_jobs(&self) -> Result<String, Error> {
        let mut jobs = self.jobs().await?;
        // The same jobs are the same file, wherever and in whatever order they were made.
        jobs.sort_by(|one, other| (&one.plan.name, &one.id).cmp(&(&other.plan.name, &other.id)));
        let jobs = jobs.into_iter().map(|job| PortableJob {
            id: Some(job.id),
            name: job.plan.name,
            paused: job.paused,
            action: job.plan.action,
            target: match job.plan.target {
                JobTarget::Account { account } => {
                    JobTarget::Account { account: self.by_username(account) }
                }
                target @ (JobTarget::Spaces { .. } | JobTarget::Label { .. }) => target,
            },
            trigger: job.plan.trigger,
            missed: job.plan.missed,
            jitter_secs: job.plan.jitter_secs,
            terms: job.plan.terms,
        });
        let (all, spaces) = self.keep_alive_rules();
        let mut auto_heal = self.heal_choices();
        for chosen in &mut auto_heal {
            if let HealScope::Account { account } = &mut chosen.scope {
                *account = self.by_username(account.clone());
            }
        }
        auto_heal.sort_by_key(|chosen| place(&chosen.scope));
        let file = File {
            version: VERSION,
            jobs: jobs.collect(),
            keep_alive: Rules { all: Some(all), spaces },
            auto_heal,
        };
        let text = serde_saphyr::to_string(&file)
            .map_err(|error| Error::Invalid(format!("the jobs cannot be written: {error}")))?;
        Ok(format!("# Jobs, keep-alive rules and auto-heal rules of HF Space Manager.\n{text}"))
    }

    /// Names an account as the Hub does, whatever it is called here.
    fn by_username(&self, account: AccountId) -> AccountId {
        let username = self.account(&account).ok().and_then(|account| account.username);
        username.and_then(|name| name.parse().ok()).unwrap_or(account)
    }
}

/// Where a scope stands in the file: the widest first.
fn place(scope: &HealScope) -> (u8, String) {
    match scope {
        HealScope::All => (0, String::new()),
        HealScope::Account { account } => (1, account.to_string()),
        HealScope::Label { label } => (2, label.to_lowercase()),
        HealScope::Space { space } => (3, space.to_string()),
    }
}

/// Reads a file.
pub(super) fn read(text: &str) -> Result<Wanted, Error> {
    let file: File<Spanned<PortableJob>, Spanned<KeepAlive>, Spanned<ScopedHeal>> =
        serde_saphyr::from_str(text).map_err(|error| Error::Invalid(words(&error)))?;
    if file.version != VERSION {
        return Err(Error::Invalid(format!(
            "the file is of version {}, and this program reads version {VERSION}",
            file.version
        )));
    }
    let jobs = file.jobs.into_iter().map(|Spanned { value: job, referenced, .. }| WantedJob {
        line: Some(referenced.line()),
        id: job.id,
        paused: job.paused,
        plan: Ok(JobPlan {
            name: job.name,
            action: job.action,
            target: job.target,
            trigger: job.trigger,
            missed: job.missed,
            jitter_secs: job.jitter_secs,
            terms: job.terms,
        }),
    });
    let rules = file.keep_alive.spaces.into_iter();
    Ok(Wanted {
        jobs: jobs.collect(),
        keep_alive_all: file.keep_alive.all.map(Ok),
        keep_alive: rules
            .map(|(id, rule)| (Some(rule.referenced.line()), id.to_string(), Ok(rule.value)))
            .collect(),
        auto_heal: file
            .auto_heal
            .into_iter()
            .map(|chosen| (chosen.referenced.line(), chosen.value))
            .collect(),
        left_out: Vec::new(),
    })
}

/// Says what is wrong in one line, and where.
fn words(error: &serde_saphyr::Error) -> String {
    let error = error.without_snippet();
    let message: String = error.to_string().chars().take(300).collect();
    let message = message.lines().next().unwrap_or_default();
    match error.location() {
        Some(at) if !message.contains("line ") => {
            format!("line {}, column {}: {message}", at.line(), at.column())
        }
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use hfsm_model::{HealMode, HealRule};

    use super::*;

    const GOOD: &str = "version: 1
jobs:
  - name: nightly
    action:
      type: restart
    target: { type: label, label: prod }
    trigger:
      type: cron
      expression: 0 3 * * *
      zone: Europe/Paris
keep_alive:
  spaces:
    alice/demo:
      mode: on
auto_heal:
  - scope: { type: label, label: prod }
    choice:
      mode: on
      rule: { restarts: 5 }
";

    #[test]
    fn what_is_left_out_has_its_default_and_lines_are_known() {
        let wanted = read(GOOD).unwrap();
        let job = &wanted.jobs[0];
        let plan = job.plan.as_ref().unwrap();
        assert_eq!((plan.name.as_str(), job.line, job.paused), ("nightly", Some(3), false));
        assert_eq!((plan.missed, &plan.terms), (MissedRule::RunOnce, &Terms::default()));
        let (line, space, rule) = &wanted.keep_alive[0];
        assert_eq!((*line, space.as_str()), (Some(14), "alice/demo"));
        assert_eq!(rule.as_ref().unwrap().mode, hfsm_model::KeepAliveMode::On);
        assert!(wanted.keep_alive_all.is_none());
        let (line, chosen) = &wanted.auto_heal[0];
        let rule = HealRule { restarts: 5, ..HealRule::default() };
        assert_eq!((*line, chosen.choice.mode, &chosen.choice.rule), (16, HealMode::On, &rule));
    }

    #[test]
    fn what_is_broken_or_hostile_is_refused_with_its_line() {
        let bomb = format!(
            "version: 1\na0: &a0 [x, x]\n{}jobs: *a40\n",
            (1..=40).map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1)).collect::<String>()
        );
        let deep = format!("version: 1\njobs: {}\n", "[".repeat(10_000));
        for (text, line) in [
            (GOOD.replace("type: restart", "type: fly"), "line"),
            (GOOD.replace("paris", "x").replace("    trigger:", "    tigger:"), "line"),
            (GOOD.replace("mode: on", "mode: on\n      mode: off"), "line 15"),
            (GOOD.replace("alice/demo", "../../whoami-v2"), "line 13"),
            (GOOD.replace("auto_heal:", "auto_heel:"), "unknown field `auto_heel`"),
            (GOOD.replace("restarts:", "restart:"), "unknown field `restart`"),
            (GOOD.replace("scope: { type: label", "scope: { type: tag"), "line 16"),
            (GOOD.replace("  spaces:", "  space:"), "unknown field `space`"),
            ("version: 1\njobs: 7\n".to_owned(), "line 2"),
            ("version: 2\n".to_owned(), "version 2"),
            ("version: 1\n\t- x: [\n".to_owned(), "line"),
            ("{".to_owned(), "line"),
            (String::new(), ""),
            ("\0\u{1}".to_owned(), ""),
            (bomb, ""),
            (deep, ""),
        ] {
            let Err(error) = read(&text) else { panic!("taken: {}", &text[..text.len().min(90)]) };
            let error = error.to_string();
            assert!(error.contains(line) && error.len() < 400, "{line}: {error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
