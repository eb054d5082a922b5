//! Jobs: what is done to Spaces by itself. A person makes them, the schedule takes their times, and
//! the work carries the runs out.

mod answer;
mod guard;
mod idle;
mod import;
mod old_settings;
mod portable;
mod schedule;
mod trigger;
mod wake;
mod work;

use std::{collections::HashSet, sync::Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use hfsm_model::{
    Activity, ActivityKind, Actor, Detail, Event, Job, JobAction, JobChange, JobId, JobPlan,
    JobTarget, MissedRule, Outcome, Risks, Run, RunCause, RunId, RunState, SpaceId, Terms, Trigger,
    WriteAccess,
};
use hfsm_store::{Due, RunFilter};
use rand::Rng;
use tokio::sync::Notify;

use crate::{Error, Fleet, events::Audience, operations::check_sleep_time};

pub use old_settings::{
    OLD_HOURS_MAX, OLD_MINUTES_MAX, is_old_restart, old_interval, old_restart_id, old_restart_plan,
};
pub use trigger::in_zone;
pub(crate) use {
    answer::{check_expected, wrong_with},
    guard::{serves, sleeps},
    trigger::zone_of,
};

/// Jobs at most.
const JOBS: usize = 20_000;
/// Spaces that one job names at most.
const NAMED: usize = 500;

/// What the parts of automation tell each other.
#[derive(Debug)]
pub(crate) struct Jobs {
    /// Under which this process holds runs.
    holder: String,
    /// What is under way here.
    at_work: Mutex<HashSet<RunId>>,
    /// A job is new or another.
    changed: Notify,
    /// A run waits.
    arrived: Notify,
}

impl Default for Jobs {
    fn default() -> Self {
        let holder = uuid::Uuid::new_v4().to_string();
        let at_work = Mutex::default();
        Self { holder, at_work, changed: Notify::new(), arrived: Notify::new() }
    }
}

impl Jobs {
    /// Has the schedule looked at anew.
    pub(crate) fn look_again(&self) {
        self.changed.notify_one();
    }
}

impl Fleet {
    /// Returns all jobs, the oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn jobs(&self) -> Result<Vec<Job>, Error> {
        Ok(self.0.store.jobs().await?)
    }

    /// Returns a job.
    ///
    /// # Errors
    /// When there is none of that name, or the store cannot be read.
    pub async fn job(&self, id: &JobId) -> Result<Job, Error> {
        self.0.store.job(id).await?.ok_or_else(|| Error::JobNotFound(id.clone()))
    }

    /// Makes a job.
    ///
    /// # Errors
    /// When the plan is not of its form or never comes to pass, no account sees a Space of it, there
    /// are too many jobs, or the store cannot be written.
    pub async fn create_job(&self, plan: JobPlan, actor: Actor) -> Result<Job, Error> {
        let id = JobId(uuid::Uuid::new_v4().to_string());
        self.put_job(id, plan, false, actor).await
    }

    /// Makes the job of that name, or another of it that there is.
    ///
    /// # Errors
    /// As [`Fleet::create_job`].
    pub async fn put_job(
        &self,
        id: JobId,
        mut plan: JobPlan,
        paused: bool,
        actor: Actor,
    ) -> Result<Job, Error> {
        self.check_plan(&mut plan)?;
        let _turn = self.0.persistence.choosing.lock().await;
        let old = self.0.store.job(&id).await?;
        if old.is_none() && self.0.store.count_jobs().await? >= JOBS as u64 {
            return Err(Error::Invalid(format!("at most {JOBS} jobs are kept; remove one first")));
        }
        let now = self.0.clock.now();
        let mut job = Job {
            id,
            plan,
            paused,
            created_at: old.as_ref().map_or(now, |old| old.created_at),
            planned_at: None,
            due_at: None,
        };
        if !paused {
            let due = due_after(&job.plan, now);
            set_due(&mut job, due);
        }
        self.0.store.save_jobs(std::slice::from_ref(&job)).await?;
        let what = if old.is_none() { JobChange::Made } else { JobChange::Changed };
        self.job_changed(&job, what, actor).await;
        Ok(job)
    }

    /// Changes what a job does, and when.
    ///
    /// # Errors
    /// As [`Fleet::create_job`], and when there is no job of that name.
    pub async fn change_job(&self, id: &JobId, plan: JobPlan, actor: Actor) -> Result<Job, Error> {
        let old = self.job(id).await?;
        self.put_job(old.id, plan, old.paused, actor).await
    }

    /// Lets a job rest, or go on from the next of its times.
    ///
    /// # Errors
    /// When there is none of that name, or the store cannot be read or written.
    pub async fn pause_job(&self, id: &JobId, paused: bool, actor: Actor) -> Result<Job, Error> {
        let _turn = self.0.persistence.choosing.lock().await;
        let mut job = self.job(id).await?;
        if job.paused == paused {
            return Ok(job);
        }
        job.paused = paused;
        let due = if paused { None } else { due_after(&job.plan, self.0.clock.now()) };
        set_due(&mut job, due);
        self.0.store.save_jobs(std::slice::from_ref(&job)).await?;
        let what = if paused { JobChange::Paused } else { JobChange::Resumed };
        self.job_changed(&job, what, actor).await;
        Ok(job)
    }

    /// Makes a job like another one, which rests until a person wants it.
    ///
    /// # Errors
    /// When there is none of that name, or as [`Fleet::create_job`].
    pub async fn duplicate_job(&self, id: &JobId, actor: Actor) -> Result<Job, Error> {
        let mut plan = self.job(id).await?.plan;
        if let Trigger::Once { at } = &mut plan.trigger {
            // It may be over.
            *at = (*at).max(self.0.clock.now() + TimeDelta::hours(1));
        }
        let copy: String = plan.name.chars().take(72).collect();
        plan.name = format!("{copy} (copy)");
        self.put_job(JobId(uuid::Uuid::new_v4().to_string()), plan, true, actor).await
    }

    /// Removes a job. What it has begun goes on, and its runs stay.
    ///
    /// # Errors
    /// When there is none of that name, or the store cannot be written.
    pub async fn remove_job(&self, id: &JobId, actor: Actor) -> Result<(), Error> {
        let _turn = self.0.persistence.choosing.lock().await;
        let job = self.job(id).await?;
        self.0.store.remove_job(id).await?;
        self.0.events.publish(Event::JobRemoved { id: id.clone() }, Audience::Everything);
        self.note_job(&job, JobChange::Removed, actor).await;
        Ok(())
    }

    /// Does now what a job does, on its terms. Its times stay as they are.
    ///
    /// # Errors
    /// When there is none of that name, it is for no Space now, or the store cannot be written.
    pub async fn run_job(&self, id: &JobId, actor: Actor) -> Result<Vec<Run>, Error> {
        let job = self.job(id).await?;
        let now = self.0.clock.now();
        let run = |space| Run {
            cause: RunCause::ByHand,
            actor: actor.clone(),
            ..run_of(&job, space, now)
        };
        let runs: Vec<Run> = self.targets(&job.plan.target).into_iter().map(run).collect();
        if runs.is_empty() {
            return Err(Error::Invalid(format!(
                "the job `{}` is for no Space that is seen here now",
                job.plan.name
            )));
        }
        self.begin_runs(&runs).await?;
        Ok(runs)
    }

    /// Has the app of a Space answer: visits it or restarts it, whichever its stage needs, and follows
    /// it until the app answers.
    ///
    /// # Errors
    /// When no account sees the Space or may act on it, it is static, or the store cannot be written.
    pub async fn wake_space(&self, id: &SpaceId, actor: Actor) -> Result<Run, Error> {
        let space = self.space(id)?;
        let id = space.info.id.clone();
        if space.info.is_static() {
            return Err(Error::StaticSpace(id));
        }
        if space.write_access == WriteAccess::No {
            return Err(Error::NoWriteAccess(id));
        }
        // A person who asks has been told what it may cost.
        let terms = Terms {
            while_moving: true,
            answer: self.expected_answer(&id),
            allow_billed: true,
            allow_slot_risk: true,
            ..Terms::default()
        };
        let run = waiting(id, JobAction::Wake, terms, self.0.clock.now());
        let run = Run { name: "wake".to_owned(), cause: RunCause::ByHand, actor, ..run };
        self.begin_runs(std::slice::from_ref(&run)).await?;
        Ok(run)
    }

    /// Returns the next times at which a trigger fires, at most `count`.
    ///
    /// # Errors
    /// When the trigger is not of its form, or never fires.
    pub fn preview_times(
        &self,
        trigger: &Trigger,
        count: usize,
    ) -> Result<Vec<DateTime<Utc>>, Error> {
        let now = self.0.clock.now();
        trigger::check(trigger, now)?;
        Ok(trigger::times_after(trigger, now).take(count).collect())
    }

    /// Returns runs, the last recorded first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn runs(&self, filter: &RunFilter, limit: u32) -> Result<Vec<Run>, Error> {
        Ok(self.0.store.runs(filter, limit.into()).await?)
    }

    /// Returns a run.
    ///
    /// # Errors
    /// When there is none of that name, or the store cannot be read.
    pub async fn find_run(&self, id: &RunId) -> Result<Run, Error> {
        self.0.store.find_run(id).await?.ok_or_else(|| Error::RunNotFound(id.clone()))
    }

    /// Returns what may come of doing something to a Space.
    ///
    /// # Errors
    /// When no account sees the Space.
    pub async fn risks(&self, id: &SpaceId, action: &JobAction) -> Result<Risks, Error> {
        let space = self.space(id)?;
        Ok(self.risks_of(&space, action).await)
    }

    /// Records runs that wait, tells them, and has them carried out.
    pub(crate) async fn begin_runs(&self, runs: &[Run]) -> Result<(), Error> {
        self.0.store.add_runs(runs).await?;
        self.tell_runs(runs);
        Ok(())
    }

    pub(crate) fn tell_runs(&self, runs: &[Run]) {
        let told = runs.iter().map(|run| (Event::RunChanged(run.clone()), Audience::Everything));
        self.0.events.publish_all(told);
        self.0.jobs.arrived.notify_one();
    }

    /// Returns the Spaces that something is for now. Those that are named stay, seen or not: that one
    /// cannot be reached is worth a word.
    fn targets(&self, target: &JobTarget) -> Vec<SpaceId> {
        let all = || self.spaces().into_iter().filter(|space| !space.info.is_static());
        match target {
            JobTarget::Spaces { spaces } => spaces.clone(),
            JobTarget::Account { account } => all()
                .filter(|space| space.accounts.contains(account))
                .filter(|space| space.write_access != WriteAccess::No)
                .map(|space| space.info.id.clone())
                .collect(),
            JobTarget::Label { label } => {
                let label = label.to_lowercase();
                all()
                    .filter(|space| space.labels.iter().any(|own| own.to_lowercase() == label))
                    .map(|space| space.info.id.clone())
                    .collect()
            }
        }
    }

    fn check_plan(&self, plan: &mut JobPlan) -> Result<(), Error> {
        let invalid = |what: &str| Err(Error::Invalid(what.to_owned()));
        plan.name = plan.name.trim().to_owned();
        let name = &plan.name;
        if !(1..=80).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return invalid(
                "the name of a job has 1 to 80 characters, none of them a control character",
            );
        }
        match &mut plan.target {
            JobTarget::Spaces { spaces } => {
                for space in spaces.iter_mut() {
                    *space = self.space(space)?.info.id.clone();
                }
                spaces.sort();
                spaces.dedup();
                if !(1..=NAMED).contains(&spaces.len()) {
                    return invalid("a job names 1 to 500 Spaces");
                }
            }
            JobTarget::Account { account } => {
                self.account(account)?;
            }
            JobTarget::Label { label } => {
                if !(1..=40).contains(&label.trim().chars().count()) {
                    return invalid("a label has 1 to 40 characters");
                }
                *label = label.trim().to_owned();
            }
        }
        if let Some(action) = plan.action.asked() {
            check_sleep_time(&action)?;
        }
        if plan.jitter_secs > 86_400 {
            return invalid("`jitter_secs` may be 0 to 86400");
        }
        if !(30..=86_400).contains(&plan.terms.timeout_secs) {
            return invalid("`timeout_secs` may be 30 to 86400");
        }
        if plan.terms.stages.as_ref().is_some_and(|stages| !(1..=20).contains(&stages.len())) {
            return invalid("`stages` names 1 to 20 stages, or is absent for any");
        }
        if plan.terms.idle_minutes.is_some_and(|minutes| !(1..=1440).contains(&minutes)) {
            return invalid("`idle_minutes` may be 1 to 1440, or null");
        }
        if let Some(answer) = &plan.terms.answer {
            check_expected(answer)?;
        }
        if let MissedRule::Within { minutes } = plan.missed
            && !(1..=43_200).contains(&minutes)
        {
            return invalid("`minutes` of the rule for missed times may be 1 to 43200");
        }
        trigger::check(&plan.trigger, self.0.clock.now())
    }

    async fn job_changed(&self, job: &Job, change: JobChange, actor: Actor) {
        self.0.events.publish(Event::JobChanged(job.clone()), Audience::Everything);
        self.0.jobs.look_again();
        self.note_job(job, change, actor).await;
    }

    async fn note_job(&self, job: &Job, change: JobChange, actor: Actor) {
        self.note_jobs(Detail::Job { name: job.plan.name.clone(), change }, actor).await;
    }

    async fn note_jobs(&self, details: Detail, actor: Actor) {
        self.record(Activity {
            id: 0,
            at: self.0.clock.now(),
            actor,
            kind: ActivityKind::ChangeJob,
            space: None,
            account: None,
            outcome: Outcome::Done,
            message: Some(details.to_string()),
            details: Some(details),
            request_id: None,
        })
        .await;
    }
}

fn set_due(job: &mut Job, due: Option<Due>) {
    job.planned_at = due.map(|due| due.planned_at);
    job.due_at = due.map(|due| due.due_at);
}

/// Returns when a plan comes to pass next after a time.
fn due_after(plan: &JobPlan, after: DateTime<Utc>) -> Option<Due> {
    due_at(plan, trigger::next_after(&plan.trigger, after)?)
}

/// Returns when what is planned for a time comes to pass.
fn due_at(plan: &JobPlan, planned_at: DateTime<Utc>) -> Option<Due> {
    let spread = match plan.jitter_secs {
        0 => 0,
        most => rand::rng().random_range(0..=i64::from(most) * 1000),
    };
    let due_at = planned_at.checked_add_signed(TimeDelta::milliseconds(spread))?;
    Some(Due { planned_at, due_at })
}

/// Makes a run of a job that waits.
fn run_of(job: &Job, space: SpaceId, planned_at: DateTime<Utc>) -> Run {
    let (action, terms) = (job.plan.action.clone(), job.plan.terms.clone());
    Run {
        job: Some(job.id.clone()),
        name: job.plan.name.clone(),
        actor: Actor::Job(job.plan.name.clone()),
        ..waiting(space, action, terms, planned_at)
    }
}

/// Makes a run that waits, of nobody yet.
pub(crate) fn waiting(
    space: SpaceId,
    action: JobAction,
    terms: Terms,
    planned_at: DateTime<Utc>,
) -> Run {
    Run {
        id: RunId(uuid::Uuid::new_v4().to_string()),
        number: 0,
        job: None,
        name: String::new(),
        cause: RunCause::Schedule,
        actor: Actor::System,
        space,
        action,
        terms,
        planned_at,
        occurrences: 1,
        state: RunState::Waiting,
        started_at: None,
        ended_at: None,
        reason: None,
        details: None,
        hurdle: None,
        steps: Vec::new(),
        operation: None,
        request_id: None,
    }
}
