//! Auto-heal: mending Spaces that failed, within bounds.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AccountId, Detail, ExpectedAnswer, JobAction, RunId, SpaceId};

/// For which Spaces auto-heal is chosen. What is chosen for a Space counts before what is chosen for its
/// labels, that before what is chosen for its account, and that before what is chosen for all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum HealScope {
    /// Every Space.
    All,
    /// Those of an account.
    Account {
        /// The account.
        account: AccountId,
    },
    /// Those with a label of a person's own, in any letter case. Of several labels, one for which it is
    /// off counts first, then the first in the order of the alphabet.
    Label {
        /// The label.
        label: String,
    },
    /// One Space.
    Space {
        /// Its name.
        space: SpaceId,
    },
}

/// Whether Spaces are mended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealMode {
    /// As is chosen more generally; off where nothing is.
    #[default]
    Follow,
    /// They are, by the rule that goes with it.
    On,
    /// They are not.
    Off,
}

/// Whether and how Spaces are mended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HealChoice {
    /// Whether they are.
    pub mode: HealMode,
    /// How; kept also while it is off.
    pub rule: HealRule,
}

/// What is chosen for one scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopedHeal {
    /// For which Spaces.
    pub scope: HealScope,
    /// What.
    pub choice: HealChoice,
}

/// What counts as a failure, and what is done about it. What a restart cannot mend (configuration, quota,
/// billing, abuse, what a person paused) is left alone whatever the rule says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HealRule {
    /// The app ended with an error, or could not be started.
    pub runtime_error: bool,
    /// The build failed by something that passes: the network, a registry, want of capacity.
    pub build_error: bool,
    /// The app does not answer as it should; not asked when `null`. Each question is a visit: it keeps
    /// the Space from falling asleep.
    pub health: Option<HealthCheck>,
    /// A Space has to fail for so many minutes before anything is done, 0 to 1440.
    pub after_minutes: u32,
    /// Restarts that are tried one after the other before a factory rebuild, or giving up; 1 to 10.
    pub restarts: u32,
    /// Whether one factory rebuild is tried after the restarts.
    pub factory_rebuild: bool,
    /// After an attempt, the next follows no sooner than in about so many minutes, 1 to 1440; after each
    /// further one twice as late, a day at most.
    pub wait_minutes: u32,
    /// Attempts within 24 hours at most, 1 to 48.
    pub max_per_day: u32,
    /// Also where hardware runs that costs money.
    pub allow_billed: bool,
    /// Also where a free account may lose the Space's place.
    pub allow_slot_risk: bool,
}

impl Default for HealRule {
    fn default() -> Self {
        Self {
            runtime_error: true,
            build_error: true,
            health: None,
            after_minutes: 5,
            restarts: 3,
            factory_rebuild: false,
            wait_minutes: 10,
            max_per_day: 6,
            allow_billed: false,
            allow_slot_risk: false,
        }
    }
}

/// How it is found out whether an app works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HealthCheck {
    /// What the app has to answer.
    pub answer: ExpectedAnswer,
    /// It is asked every so many minutes, 1 to 1440.
    pub every_minutes: u32,
    /// So many wrong answers in a row are a failure, 1 to 20.
    pub failures: u32,
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self { answer: ExpectedAnswer::default(), every_minutes: 5, failures: 3 }
    }
}

/// What is remembered of mending one Space. It survives a restart of the program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HealRecord {
    /// The head commit at the last attempt.
    pub sha: Option<String>,
    /// When attempts were made, the oldest first, as far back as they count.
    pub attempts: Vec<DateTime<Utc>>,
    /// Attempts since it last ran well for a while.
    pub in_a_row: u32,
    /// No attempt is made before.
    pub not_before: Option<DateTime<Utc>>,
    /// The attempt that is under way.
    pub run: Option<RunId>,
    /// Why nothing is done about how it fails now, once that was told.
    pub left_alone: Option<String>,
    /// That no further attempt is made.
    pub gave_up: Option<GaveUp>,
    /// Whether a person has yet to be told of that.
    pub untold: bool,
    /// How its app answered.
    pub health: HealthRecord,
}

/// What is remembered of how an app answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct HealthRecord {
    /// When it was asked last.
    pub checked_at: Option<DateTime<Utc>>,
    /// When it is asked next.
    pub next_at: Option<DateTime<Utc>>,
    /// Since when its answers are wrong, and how many were.
    pub failing_since: Option<DateTime<Utc>>,
    /// Wrong answers in a row.
    pub failures: u32,
    /// What was wrong with the last; `null` when it was right.
    pub wrong: Option<String>,
    /// The same in a form that can be put into another language.
    pub wrong_details: Option<Detail>,
}

/// That a Space is no longer mended, until a person or a new commit says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GaveUp {
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub cause: GaveUpCause,
    /// Why, in words, with those of the Hub where it gave some.
    pub reason: String,
    /// The same in a form that can be put into another language; `null` for what was stored before there
    /// was this.
    #[serde(default)]
    pub details: Option<Detail>,
    /// The head commit then: another one ends it.
    pub sha: Option<String>,
}

/// Why a Space is no longer mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GaveUpCause {
    /// As many attempts as are allowed did not help.
    Attempts,
    /// The account has no place left for it.
    Quota,
    /// The Hub wants to be paid.
    Billing,
    /// The Space itself has to be changed.
    Configuration,
    /// The Hub flagged the Space.
    Abuse,
    /// No token here may restart it, or the Hub refused for another reason.
    Refused,
}

/// Where a Space stands with auto-heal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealStanding {
    /// It is not mended.
    Off,
    /// Nothing is to be mended.
    Well,
    /// It fails, and an attempt is planned.
    Waiting,
    /// An attempt is under way.
    Mending,
    /// It fails by something that is not mended.
    LeftAlone,
    /// It is no longer mended, until a person or a new commit says otherwise.
    GaveUp,
}

/// How a Space is mended now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealState {
    /// The Space.
    pub space: SpaceId,
    /// What is chosen for the Space itself.
    pub choice: HealChoice,
    /// The rule that counts for it; `null` where it is not mended.
    pub rule: Option<HealRule>,
    /// For what that rule was chosen, on or off; `null` where nothing is chosen.
    pub from: Option<HealScope>,
    /// Where it stands.
    pub standing: HealStanding,
    /// What fails, or why it is left alone.
    pub reason: Option<String>,
    /// The same in a form that can be put into another language.
    pub details: Option<Detail>,
    /// Since when it fails.
    pub failing_since: Option<DateTime<Utc>>,
    /// When the next attempt is made, if it still fails then.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// What is done then.
    pub next_action: Option<JobAction>,
    /// Attempts since it last ran well for a while.
    pub attempts_in_a_row: u32,
    /// Attempts within the last 24 hours.
    pub attempts_last_day: u32,
    /// The attempt that is under way.
    pub run: Option<RunId>,
    /// That no further attempt is made.
    pub gave_up: Option<GaveUp>,
    /// How its app answered; `null` where it is not asked.
    pub health: Option<HealthRecord>,
}
