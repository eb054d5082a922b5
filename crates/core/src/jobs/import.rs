//! Taking over jobs, keep-alive rules and auto-heal rules from a file: what is good is taken over at once,
//! and of what is not it is said why.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use hfsm_model::{
    Account, AccountId, Actor, Detail, Event, HealScope, ImportEntry, ImportFormat, ImportKind,
    ImportOutcome, ImportReport, Job, JobId, JobPlan, JobTarget, KeepAlive, KeepAliveAll,
    ScopedHeal, SpaceId, Trigger,
};

use crate::{Error, Fleet, events::Audience, heal};

use super::{JOBS, due_after, is_old_restart, old_settings, portable, set_due};

/// What a file holds.
#[derive(Default)]
pub(super) struct Wanted {
    pub(super) jobs: Vec<WantedJob>,
    pub(super) keep_alive_all: Option<Result<KeepAliveAll, String>>,
    /// The line, the name of the Space, and the rule or what is wrong with it.
    pub(super) keep_alive: Vec<(Option<u64>, String, Result<KeepAlive, String>)>,
    /// The line, and what is chosen for a scope.
    pub(super) auto_heal: Vec<(u64, ScopedHeal)>,
    /// What is said to be of no use here.
    pub(super) left_out: Vec<ImportEntry>,
}

/// A job of a file.
pub(super) struct WantedJob {
    pub(super) line: Option<u64>,
    pub(super) id: Option<JobId>,
    pub(super) paused: bool,
    /// The plan, or its name and what is wrong with it.
    pub(super) plan: Result<JobPlan, (String, String)>,
}

impl Fleet {
    /// Takes over jobs, keep-alive rules and auto-heal rules from a file, or says what would become of
    /// them. A job with the name for programs of one that is here changes it, and so does one without such
    /// a name that is called like the only one here of its name. What the file does not name stays.
    ///
    /// # Errors
    /// When the file is not of its form, with the line; or the store cannot be read or written.
    pub async fn import_jobs(
        &self,
        format: ImportFormat,
        text: &str,
        dry_run: bool,
        actor: Actor,
    ) -> Result<ImportReport, Error> {
        let now = self.0.clock.now();
        let wanted = match format {
            ImportFormat::Yaml => portable::read(text)?,
            ImportFormat::OldApplication => old_settings::read(text, now)?,
        };
        let _turn = self.0.persistence.choosing.lock().await;
        let mut here = Here::new(self.0.store.jobs().await?);
        let (mut entries, mut taken) = (Vec::new(), Vec::new());
        for job in wanted.jobs {
            entries.push(self.take_job(job, &mut here, &mut taken, now));
        }
        // The old application knew an interval and a switch; what else is chosen here stays.
        let part = format == ImportFormat::OldApplication;
        let (rules, all) =
            self.take_rules(wanted.keep_alive_all, wanted.keep_alive, part, &mut entries);
        let heals = self.take_heals(wanted.auto_heal, &mut entries);
        entries.extend(wanted.left_out);
        if !dry_run {
            self.0.store.save_jobs(&taken).await?;
            let count = u32::try_from(taken.len()).unwrap_or(u32::MAX);
            for job in taken {
                self.0.events.publish(Event::JobChanged(job), Audience::Everything);
            }
            self.0.jobs.look_again();
            if count > 0 {
                self.note_jobs(Detail::JobsImported { count }, actor.clone()).await;
            }
            self.put_keep_alive(all, rules, actor.clone()).await?;
            if !heals.is_empty() {
                self.put_heals(heals, actor).await?;
            }
        }
        Ok(ImportReport { dry_run, entries })
    }

    /// Tells what becomes of a job, and has it saved where it is new or another.
    fn take_job(
        &self,
        wanted: WantedJob,
        here: &mut Here,
        taken: &mut Vec<Job>,
        now: DateTime<Utc>,
    ) -> ImportEntry {
        let WantedJob { line, id, paused, plan } = wanted;
        let entry = |name: String, job, outcome, reason| ImportEntry {
            kind: ImportKind::Job,
            name,
            job,
            line,
            outcome,
            reason,
        };
        let (name, refusal) = match plan {
            Err((name, reason)) => (name, reason),
            Ok(plan) => {
                let name: String = plan.name.chars().take(80).collect();
                match self.decide(id, paused, plan, here, now) {
                    Ok((job, outcome)) => {
                        let id = job.id.clone();
                        if outcome != ImportOutcome::Same {
                            taken.push(job);
                        }
                        return entry(name, Some(id), outcome, None);
                    }
                    Err(reason) => (name, reason),
                }
            }
        };
        entry(name, None, ImportOutcome::Refused, Some(refusal))
    }

    fn decide(
        &self,
        id: Option<JobId>,
        paused: bool,
        mut plan: JobPlan,
        here: &mut Here,
        now: DateTime<Utc>,
    ) -> Result<(Job, ImportOutcome), String> {
        if let JobTarget::Account { account } = &mut plan.target {
            self.take_name(account);
        }
        plan.name = plan.name.trim().to_owned();
        let (id, old) = here.find(id, &plan.name)?;
        if let Some(old) = &old
            && same(old, &plan)
            && old.paused == paused
        {
            return Ok((old.clone(), ImportOutcome::Same));
        }
        self.check_plan(&mut plan).map_err(|error| error.to_string())?;
        if old.is_none() {
            here.make_room()?;
        }
        let created_at = old.as_ref().map_or(now, |old| old.created_at);
        let mut job = Job { id, plan, paused, created_at, planned_at: None, due_at: None };
        if !paused {
            let due = due_after(&job.plan, now);
            set_due(&mut job, due);
        }
        let outcome = if old.is_some() { ImportOutcome::Changed } else { ImportOutcome::Made };
        Ok((job, outcome))
    }

    /// Tells what becomes of the rules, and returns those that are another than before.
    fn take_rules(
        &self,
        all: Option<Result<KeepAliveAll, String>>,
        each: Vec<(Option<u64>, String, Result<KeepAlive, String>)>,
        part: bool,
        entries: &mut Vec<ImportEntry>,
    ) -> (Vec<(SpaceId, KeepAlive)>, Option<KeepAliveAll>) {
        let (all_before, before) = self.keep_alive_rules();
        let entry = |kind, name: String, line, verdict: Result<bool, String>| {
            let (outcome, reason) = match verdict {
                Ok(true) => (ImportOutcome::Changed, None),
                Ok(false) => (ImportOutcome::Same, None),
                Err(reason) => (ImportOutcome::Refused, Some(reason)),
            };
            ImportEntry { kind, name, job: None, line, outcome, reason }
        };
        let mut new_all = None;
        if let Some(all) = all {
            let checked = all.and_then(|all| {
                let excluded = if part { all_before.excluded.clone() } else { all.excluded };
                let all = KeepAliveAll { excluded, ..all };
                self.check_keep_alive_all(&all).map_err(|error| error.to_string())?;
                let changed = all != all_before;
                new_all = changed.then_some(all);
                Ok(changed)
            });
            entries.push(entry(ImportKind::KeepAliveAll, "all".to_owned(), None, checked));
        }
        let mut rules = Vec::new();
        for (line, name, rule) in each {
            let checked = rule.and_then(|rule| {
                let id: SpaceId =
                    name.parse().map_err(|error: hfsm_model::InvalidId| error.to_string())?;
                let id = self.check_keep_alive(&id, &rule).map_err(|error| error.to_string())?;
                let old = before.get(&id).cloned().unwrap_or_default();
                let (mode, every_minutes) = (rule.mode, rule.every_minutes);
                let rule =
                    if part { KeepAlive { mode, every_minutes, ..old.clone() } } else { rule };
                let changed = old != rule;
                if changed {
                    rules.push((id, rule));
                }
                Ok(changed)
            });
            let name = name.chars().take(200).collect();
            entries.push(entry(ImportKind::KeepAlive, name, line, checked));
        }
        (rules, new_all)
    }

    /// Tells what becomes of auto-heal rules, and returns those that are another than before.
    fn take_heals(
        &self,
        wanted: Vec<(u64, ScopedHeal)>,
        entries: &mut Vec<ImportEntry>,
    ) -> Vec<ScopedHeal> {
        let mut rules = self.heal_rules();
        let (mut named, mut taken) = (HashSet::new(), Vec::new());
        for (line, chosen) in wanted {
            let name = name_of(&chosen.scope);
            let (outcome, reason) = match self.take_heal(chosen, &mut rules, &mut named) {
                Ok((outcome, chosen)) => {
                    taken.extend(chosen);
                    (outcome, None)
                }
                Err(reason) => (ImportOutcome::Refused, Some(reason)),
            };
            let (kind, line) = (ImportKind::AutoHeal, Some(line));
            entries.push(ImportEntry { kind, name, job: None, line, outcome, reason });
        }
        taken
    }

    fn take_heal(
        &self,
        mut chosen: ScopedHeal,
        rules: &mut heal::Rules,
        named: &mut HashSet<String>,
    ) -> Result<(ImportOutcome, Option<ScopedHeal>), String> {
        if let HealScope::Account { account } = &mut chosen.scope {
            self.take_name(account);
        }
        self.check_heal(&mut chosen).map_err(|error| error.to_string())?;
        if !named.insert(name_of(&chosen.scope).to_lowercase()) {
            return Err("the file chooses twice for this".to_owned());
        }
        let before = rules.own(&chosen.scope);
        if before == chosen.choice {
            return Ok((ImportOutcome::Same, None));
        }
        rules.set(chosen.clone()).map_err(|error| error.to_string())?;
        Ok((ImportOutcome::Changed, Some(chosen)))
    }

    /// Names an account as it is called here, where it stands by the name of its user on the Hub.
    fn take_name(&self, account: &mut AccountId) {
        if let Some(known) = self.accounts().into_iter().find(|known| is_called(known, account)) {
            *account = known.id;
        }
    }
}

/// The jobs that are here, and which of them the file has named.
struct Here {
    by_id: HashMap<JobId, Job>,
    by_name: HashMap<String, Vec<JobId>>,
    named: HashSet<JobId>,
    count: usize,
}

impl Here {
    fn new(jobs: Vec<Job>) -> Self {
        let count = jobs.len();
        let mut by_name: HashMap<String, Vec<JobId>> = HashMap::new();
        for job in &jobs {
            by_name.entry(job.plan.name.clone()).or_default().push(job.id.clone());
        }
        let by_id = jobs.into_iter().map(|job| (job.id.clone(), job)).collect();
        Self { by_id, by_name, named: HashSet::new(), count }
    }

    /// Finds the job that is meant, or names a new one.
    fn find(&mut self, id: Option<JobId>, name: &str) -> Result<(JobId, Option<Job>), String> {
        let id = match id {
            Some(id) if is_a_name(&id) => id,
            Some(_) => {
                return Err(
                    "an `id` is one that this program gave; leave it out for a new job".to_owned()
                );
            }
            None => match self.by_name.get(name).map(Vec::as_slice) {
                Some([only]) => only.clone(),
                Some(_) => {
                    return Err(
                        "several jobs here have this name; say which with its `id`".to_owned()
                    );
                }
                None => JobId(uuid::Uuid::new_v4().to_string()),
            },
        };
        if !self.named.insert(id.clone()) {
            return Err("the file names this job twice".to_owned());
        }
        let old = self.by_id.get(&id).cloned();
        Ok((id, old))
    }

    fn make_room(&mut self) -> Result<(), String> {
        if self.count >= JOBS {
            return Err(format!("at most {JOBS} jobs are kept; remove one first"));
        }
        self.count += 1;
        Ok(())
    }
}

/// Tells whether a name is of the form of those that are given here.
fn is_a_name(id: &JobId) -> bool {
    let safe = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
    uuid::Uuid::try_parse(&id.0).is_ok() || (is_old_restart(id) && id.0.len() < 250 && safe(&id.0))
}

/// Returns how a report calls a scope.
fn name_of(scope: &HealScope) -> String {
    match scope {
        HealScope::All => "all".to_owned(),
        HealScope::Account { account } => format!("account {account}"),
        HealScope::Label { label } => {
            let label: String = label.chars().take(80).collect();
            format!("label {}", label.trim())
        }
        HealScope::Space { space } => space.to_string(),
    }
}

fn is_called(account: &Account, name: &AccountId) -> bool {
    account.id == *name
        || account.username.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name.as_str()))
}

/// Tells whether a plan comes to the same as that of a job. One of the old application counts from when it is
/// saved, which is not a reason to begin anew.
fn same(old: &Job, plan: &JobPlan) -> bool {
    let mut plan = plan.clone();
    if is_old_restart(&old.id)
        && let Trigger::Every { anchor: new, .. } = &mut plan.trigger
        && let Trigger::Every { anchor: before, .. } = old.plan.trigger
    {
        *new = before;
    }
    old.plan == plan
}
