//! Jobs: what is done to Spaces by itself, when, and on which terms; and each time it was.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    AccountId, Action, Actor, Detail, ExpectedAnswer, Flavor, OperationId, SleepTime, SpaceId,
    Stage,
};

/// The name of a job.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct JobId(pub String);

impl std::fmt::Display for JobId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct RunId(pub String);

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something that is done by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// Its name for programs.
    pub id: JobId,
    /// What it does, and when.
    pub plan: JobPlan,
    /// Whether it rests until a person wants it again.
    pub paused: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it is due next; `null` while it is paused, and when it never is again.
    pub planned_at: Option<DateTime<Utc>>,
    /// When it begins then: a little later, where the plan spreads it.
    pub due_at: Option<DateTime<Utc>>,
}

/// What a job does, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobPlan {
    /// Its name for people, 1 to 80 characters.
    pub name: String,
    /// What it does.
    pub action: JobAction,
    /// To which Spaces.
    pub target: JobTarget,
    /// When.
    pub trigger: Trigger,
    /// What happens to times at which this program did not run.
    #[serde(default)]
    pub missed: MissedRule,
    /// Begins up to so many seconds after the time, another number each time; 0 to 86400.
    #[serde(default)]
    pub jitter_secs: u32,
    /// On which terms.
    #[serde(default)]
    pub terms: Terms,
}

/// What is done to a Space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum JobAction {
    /// Start the app again.
    Restart,
    /// Build without caches, then start.
    FactoryRebuild,
    /// Stop until somebody restarts it.
    Pause,
    /// Start again what is paused.
    Resume,
    /// Have the app answer, by a visit or a restart, whichever its stage needs.
    Wake,
    /// Visit the app, which keeps it from falling asleep.
    Visit,
    /// Run on other hardware.
    SetHardware {
        /// The flavor to run on.
        flavor: Flavor,
        /// The sleep time to go with it, in seconds; `null` is never. The Hub decides when it is absent.
        #[serde(
            default,
            deserialize_with = "SleepTime::given",
            skip_serializing_if = "Option::is_none"
        )]
        #[schema(value_type = Option<u64>)]
        sleep_time: Option<SleepTime>,
    },
    /// Fall asleep after so much idleness.
    SetSleepTime {
        /// The new sleep time.
        sleep_time: SleepTime,
    },
}

impl JobAction {
    /// Returns the word for it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::FactoryRebuild => "factory_rebuild",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Wake => "wake",
            Self::Visit => "visit",
            Self::SetHardware { .. } => "set_hardware",
            Self::SetSleepTime { .. } => "set_sleep_time",
        }
    }

    /// Returns what the Hub is asked for; `None` for what is done by visits, too.
    pub fn asked(&self) -> Option<Action> {
        match self {
            Self::Restart | Self::Resume => Some(Action::Restart),
            Self::FactoryRebuild => Some(Action::FactoryRebuild),
            Self::Pause => Some(Action::Pause),
            Self::SetHardware { flavor, sleep_time } => {
                Some(Action::SetHardware { flavor: flavor.clone(), sleep_time: *sleep_time })
            }
            Self::SetSleepTime { sleep_time } => {
                Some(Action::SetSleepTime { sleep_time: *sleep_time })
            }
            Self::Wake | Self::Visit => None,
        }
    }
}

/// To which Spaces something is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum JobTarget {
    /// These, 1 to 500.
    Spaces {
        /// Their names.
        spaces: Vec<SpaceId>,
    },
    /// All that an account sees and may act on.
    Account {
        /// The account.
        account: AccountId,
    },
    /// All with a label of a person's own, in any letter case.
    Label {
        /// The label.
        label: String,
    },
}

/// When something is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Trigger {
    /// Again and again.
    Every {
        /// After so many seconds, 60 to 31622400.
        seconds: u64,
        /// One of the times; the others lie before and after it.
        anchor: DateTime<Utc>,
    },
    /// By the clock on the wall.
    Cron {
        /// Minute, hour, day of the month, month and day of the week, as cron has them.
        expression: String,
        /// The time zone, such as `Europe/Paris`.
        zone: String,
    },
    /// One time.
    Once {
        /// When.
        at: DateTime<Utc>,
    },
}

/// What happens to times at which this program did not run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum MissedRule {
    /// Nothing.
    Skip,
    /// It is done once for all of them.
    #[default]
    RunOnce,
    /// It is done once, where the last of them is not longer ago.
    Within {
        /// Minutes, 1 to 43200.
        minutes: u32,
    },
}

/// On which terms something is done by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Terms {
    /// Only in these stages; in any when absent. What a person paused stays paused all the same.
    pub stages: Option<Vec<Stage>>,
    /// Only where the Space was idle for so many minutes, 1 to 1440: its processor, its GPUs and its network
    /// were quiet in each of them. What is not known counts as not idle.
    pub idle_minutes: Option<u32>,
    /// What the app has to answer where it is visited or woken; anything of its own when `null`.
    pub answer: Option<ExpectedAnswer>,
    /// Also while the Space builds or starts.
    pub while_moving: bool,
    /// Also where hardware that costs money begins to run.
    pub allow_billed: bool,
    /// Also where a free account may lose the Space's place.
    pub allow_slot_risk: bool,
    /// What is not done after so many seconds has failed, 30 to 86400.
    pub timeout_secs: u32,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            stages: None,
            idle_minutes: None,
            answer: None,
            while_moving: false,
            allow_billed: false,
            allow_slot_risk: false,
            timeout_secs: 2100,
        }
    }
}

/// One time that something was to be done to a Space, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// Its name.
    pub id: RunId,
    /// Grows with each run that is recorded; `0` until it is.
    pub number: i64,
    /// The job; `null` for what no job asked for.
    pub job: Option<JobId>,
    /// The name of the job then, or what else asked.
    pub name: String,
    /// What asked for it.
    pub cause: RunCause,
    /// Under whose name it is done.
    pub actor: Actor,
    /// The Space.
    pub space: SpaceId,
    /// What was to be done.
    pub action: JobAction,
    /// On which terms.
    pub terms: Terms,
    /// The time that was planned.
    pub planned_at: DateTime<Utc>,
    /// For how many planned times it stands: more than one only where they were missed.
    pub occurrences: u32,
    /// What became of it.
    pub state: RunState,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it was missed, skipped, refused or failed; the Hub's answer where it gave one.
    pub reason: Option<String>,
    /// The same in a form that can be put into another language; `null` for what others worded, and for
    /// runs of before there was this.
    #[serde(default)]
    pub details: Option<Detail>,
    /// What stood in the way, where that is of a known kind.
    #[serde(default)]
    pub hurdle: Option<Hurdle>,
    /// What happened, oldest first.
    pub steps: Vec<RunStep>,
    /// What the Hub was asked for.
    pub operation: Option<OperationId>,
    /// The Hub's name of the request, to quote to its support.
    pub request_id: Option<String>,
}

/// What asked for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunCause {
    /// The job's time came.
    Schedule,
    /// A person or a program asked for it now.
    ByHand,
    /// The Space would have fallen asleep, or had.
    KeepAlive,
    /// The Space had failed.
    AutoHeal,
}

/// What became of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It will begin.
    Waiting,
    /// It is under way.
    Running,
    /// It was done.
    Done,
    /// Its terms did not allow it then.
    Skipped,
    /// This program did not run then.
    Missed,
    /// The Hub does not allow it, or a rule here.
    Refused,
    /// It did not succeed.
    Failed,
}

impl RunState {
    /// Returns whether nothing more will change.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }

    /// Returns the word under which it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::Missed => "missed",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// What stands in the way of something, so that trying again does not help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Hurdle {
    /// The account has no place left for the Space.
    Quota,
    /// The Hub wants a payment method, a plan or credit.
    Billing,
    /// No token here may do it.
    Rights,
    /// The terms of the run: it costs money, or risks a free place.
    Terms,
}

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunStep {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub what: RunStepKind,
    /// The stage of the Space then, where it is known.
    pub stage: Option<Stage>,
    /// More of it, such as the status with which the app answered.
    pub detail: Option<String>,
}

/// What happened in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStepKind {
    /// The Hub is being asked.
    Asked,
    /// The Hub took it.
    Taken,
    /// The Space came into another stage.
    Stage,
    /// The app was visited.
    Visited,
    /// The app answered.
    Answered,
    /// Another process of this program took over what a dead one had begun.
    TakenOver,
}

/// How long it took to wake a Space, by the last times that it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WakeTimes {
    /// How many times are known, 20 at most.
    pub runs: u32,
    /// How many seconds it took usually: half of the times were shorter; `null` where no time is known.
    pub usual_secs: Option<u32>,
    /// How many seconds it took at most.
    pub longest_secs: Option<u32>,
}

/// What may come of something that starts a Space.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Risks {
    /// Why a free account may lose the Space's place, with the evidence; `null` where nothing says so.
    pub slot: Option<String>,
    /// The same in a form that can be put into another language.
    pub slot_details: Option<Detail>,
    /// Why it will cost money; `null` where it will not.
    pub billed: Option<String>,
    /// The same in a form that can be put into another language.
    pub billed_details: Option<Detail>,
}

impl Risks {
    /// Says which of them is not allowed; `None` where all that there are may be taken.
    pub fn forbidden(self, allow_billed: bool, allow_slot_risk: bool) -> Option<Detail> {
        let billed = self.billed_details.filter(|_| !allow_billed);
        let slot = self.slot_details.filter(|_| !allow_slot_risk);
        billed.or(slot).map(|risk| Detail::NotAllowed { risk: Box::new(risk) })
    }
}
