//! What this program says of what happened, in a form that a reader can put into another language.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Flavor, HealMode, HealScope, JobAction, KeepAliveMode, Space, SpaceId, Stage};

/// A sentence of this program, as its kind and what it is about. Its [`fmt::Display`] is the sentence in
/// English, which stands beside it wherever it is told; the words of the Hub and of apps stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Detail {
    /// Somebody signed in.
    SignedIn {
        /// The address that they came from.
        from: String,
    },
    /// Somebody was not let in.
    SignInRefused {
        /// What they tried it with.
        with: SignInWay,
        /// The address that they came from.
        from: String,
    },
    /// A Space has other labels; none where the list is empty.
    Labels {
        /// All of them.
        labels: Vec<String>,
    },
    /// Another choice of what is kept awake.
    KeepAwake {
        /// Which.
        mode: KeepAliveMode,
    },
    /// Another choice of what is mended.
    AutoHeal {
        /// For what.
        scope: HealScope,
        /// Which.
        mode: HealMode,
    },
    /// A variable or a secret was set.
    ValueSet {
        /// Its name.
        key: String,
        /// Why it was not after all.
        why: Option<String>,
    },
    /// A variable or a secret was removed.
    ValueRemoved {
        /// Its name.
        key: String,
        /// Why it was not after all.
        why: Option<String>,
    },
    /// Something was done to a job.
    Job {
        /// Its name.
        name: String,
        /// What.
        change: JobChange,
    },
    /// Jobs were made or changed by a file.
    JobsImported {
        /// How many.
        count: u32,
    },
    /// The program did not run at a planned time.
    NotRunning {
        /// The time.
        at: DateTime<Utc>,
    },
    /// A run took longer than it may.
    NotDoneAfter {
        /// So long it may take.
        seconds: u64,
    },
    /// Another process of this program went on with a run.
    TakenOver,
    /// Nothing runs in a static Space.
    StaticSpace,
    /// The Space is in another stage than the terms name.
    OtherStage {
        /// The stage that it is in.
        stage: Stage,
        /// Those that the terms name.
        wanted: Vec<Stage>,
    },
    /// The Space is about to be in another stage.
    Unsettled {
        /// The stage that it is in.
        stage: Stage,
    },
    /// Only what is paused can be resumed.
    NotPaused {
        /// The stage that it is in.
        stage: Stage,
    },
    /// It is paused already.
    PausedAlready,
    /// What a person paused is not started by itself.
    PausedByPerson,
    /// The terms or the rule do not allow what it risks.
    NotAllowed {
        /// What it risks.
        #[schema(no_recursion)]
        risk: Box<Detail>,
    },
    /// The Space does not count as idle.
    NotIdle {
        /// For so many minutes it would have to be.
        minutes: u32,
        /// What speaks against it.
        #[schema(no_recursion)]
        why: Box<Detail>,
    },
    /// The Space has not been in its stage for long.
    StageSince {
        /// The stage.
        stage: Stage,
        /// Since when.
        since: DateTime<Utc>,
    },
    /// No numbers of a minute are known.
    NothingReported {
        /// The minute.
        at: DateTime<Utc>,
    },
    /// One of the numbers of a Space is not known.
    NotReported {
        /// Which.
        what: Load,
        /// In which minute; just now where it is `null`.
        at: Option<DateTime<Utc>>,
    },
    /// A Space was busy.
    Busy {
        /// With what.
        what: Load,
        /// Percent, or bytes a second.
        amount: u64,
        /// In which minute; just now where it is `null`.
        at: Option<DateTime<Utc>>,
    },
    /// What a Space used could not be read.
    UseUnknown {
        /// Why.
        why: String,
    },
    /// Auto-heal was switched off before its attempt was made.
    HealSwitchedOff,
    /// The app answers as it should before an attempt was made.
    AnswersAgain,
    /// Hardware costs money.
    Costs {
        /// Which.
        flavor: Flavor,
        /// US cents an hour.
        cents_per_hour: u32,
    },
    /// What hardware costs is not known.
    CostUnknown {
        /// Which.
        flavor: Flavor,
        /// Why.
        why: Option<String>,
    },
    /// The Hub said of another Space of the same owner that a quota is used up.
    QuotaOfOther {
        /// The other Space.
        space: SpaceId,
        /// The Hub's words.
        words: String,
    },
    /// A Space that leaves free hardware may not get its place back.
    PlaceGivenUp {
        /// The owner, of whom no paid plan is known.
        owner: String,
        /// Where the Space goes.
        flavor: Flavor,
    },
    /// A Space that does not run may find no free place.
    PlaceUnsure {
        /// The owner, of whom no paid plan is known.
        owner: String,
        /// The stage that it is in.
        stage: Stage,
    },
    /// Each question would keep hardware that costs money from falling asleep.
    QuestionsCost {
        /// What it costs.
        #[schema(no_recursion)]
        cost: Box<Detail>,
    },
    /// The app answered as it should.
    Answered {
        /// The HTTP status.
        status: u16,
        /// How long the answer took.
        millis: u64,
        /// After so many seconds of trying.
        after_seconds: i64,
    },
    /// A page of the Hub answered in the app's place.
    HubAnswered {
        /// The HTTP status.
        status: u16,
    },
    /// The app answered, and not as it should.
    WrongStatus {
        /// The HTTP status.
        status: u16,
        /// The one that is expected, where just one is.
        wanted: Option<u16>,
    },
    /// The app's answer lacks the words that are expected.
    WordsMissing {
        /// The HTTP status.
        status: u16,
        /// The words.
        keyword: String,
    },
    /// The Space is in a stage in which its app does not run.
    Fails {
        /// The stage.
        stage: Stage,
        /// The Hub's reason, where it gave one.
        words: Option<String>,
    },
    /// The Space itself has to be changed.
    NoRestartHelps {
        /// How it fails.
        #[schema(no_recursion)]
        why: Box<Detail>,
    },
    /// No token here may restart it.
    NoToken,
    /// As many attempts as are allowed did not help.
    AttemptsInVain {
        /// So many.
        attempts: u32,
        /// How it fails.
        #[schema(no_recursion)]
        why: Box<Detail>,
    },
    /// An attempt to mend a Space begins.
    Attempt {
        /// What is done.
        action: JobAction,
        /// The how manieth attempt.
        number: u32,
        /// Of so many at most.
        of: u32,
        /// Since when it fails.
        since: DateTime<Utc>,
        /// How it fails.
        #[schema(no_recursion)]
        why: Box<Detail>,
    },
    /// An attempt to mend a Space was not made after all.
    AttemptNotMade {
        /// What would have been done.
        action: JobAction,
        /// The how manieth attempt.
        number: u32,
        /// Of so many at most.
        of: u32,
        /// Why not.
        #[schema(no_recursion)]
        why: Box<Detail>,
    },
    /// An attempt to mend a Space did not help.
    AttemptFailed {
        /// What was done.
        action: JobAction,
        /// The how manieth attempt.
        number: u32,
        /// Of so many at most.
        of: u32,
        /// Why not.
        #[schema(no_recursion)]
        why: Box<Detail>,
        /// The next attempt is made after this time; none is where it is `null`.
        next: Option<DateTime<Utc>>,
    },
    /// A Space is not mended any more.
    GaveUp {
        /// Why.
        #[schema(no_recursion)]
        why: Box<Detail>,
    },
    /// The attempts before no longer count.
    AttemptsForgotten {
        /// Why.
        because: Forgotten,
    },
    /// The words of the Hub, of an app or of a failure, as they are.
    Said {
        /// The words.
        words: String,
    },
}

/// What somebody tried to sign in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignInWay {
    /// A wrong password.
    Password,
    /// The name of a user who does not exist.
    UnknownUser,
    /// A code that works once, and did not.
    Code,
}

/// What was done to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobChange {
    /// It was made.
    Made,
    /// It was changed.
    Changed,
    /// It was paused.
    Paused,
    /// It was resumed.
    Resumed,
    /// It was removed.
    Removed,
}

/// What a Space can be busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Load {
    /// The processor, in percent.
    Cpu,
    /// A GPU, in percent.
    Gpu,
    /// What it receives, in bytes a second.
    Received,
    /// What it sends, in bytes a second.
    Sent,
}

/// Why attempts no longer count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Forgotten {
    /// There is a new commit.
    NewCommit,
    /// The Space was paused.
    Paused,
    /// It has run well for ten minutes.
    RanWell,
    /// A person asked for it.
    Asked,
}

impl Detail {
    /// Takes the words of others as they are.
    pub fn said(words: impl fmt::Display) -> Self {
        Self::Said { words: words.to_string() }
    }

    /// Says in which stage a Space is, and why.
    pub fn fails(space: &Space) -> Self {
        let words = space.info.error_message().map(ToOwned::to_owned);
        Self::Fails { stage: space.stage.clone(), words }
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignedIn { from } => write!(f, "signed in from {from}"),
            Self::SignInRefused { with, from } => {
                let with = match with {
                    SignInWay::Password => "with a password",
                    SignInWay::UnknownUser => "with an unknown user name",
                    SignInWay::Code => "with a one-time code",
                };
                write!(f, "sign-in {with} refused, from {from}")
            }
            Self::Labels { labels } => write!(f, "labels: {}", labels.join(", ")),
            Self::KeepAwake { mode } => {
                let word = match mode {
                    KeepAliveMode::On => "on",
                    KeepAliveMode::Off => "off",
                    KeepAliveMode::Follow => "as for all",
                };
                write!(f, "keep awake: {word}")
            }
            Self::AutoHeal { scope, mode } => {
                match scope {
                    HealScope::All => write!(f, "auto-heal of all Spaces: ")?,
                    HealScope::Account { account } => {
                        write!(f, "auto-heal of the account {account}: ")?;
                    }
                    HealScope::Label { label } => write!(f, "auto-heal of the label {label}: ")?,
                    HealScope::Space { .. } => write!(f, "auto-heal: ")?,
                }
                f.write_str(match mode {
                    HealMode::On => "on",
                    HealMode::Off => "off",
                    HealMode::Follow => "as is chosen more generally",
                })
            }
            Self::ValueSet { key, why } => write!(f, "set `{key}`{}", Why(why)),
            Self::ValueRemoved { key, why } => write!(f, "removed `{key}`{}", Why(why)),
            Self::Job { name, change } => {
                let word = match change {
                    JobChange::Made => "made",
                    JobChange::Changed => "changed",
                    JobChange::Paused => "paused",
                    JobChange::Resumed => "resumed",
                    JobChange::Removed => "removed",
                };
                write!(f, "{name}: {word}")
            }
            Self::JobsImported { count } => write!(f, "{count} imported"),
            Self::NotRunning { at } => write!(f, "this program did not run at {}", Time(at)),
            Self::NotDoneAfter { seconds } => write!(f, "not done after {seconds} s"),
            Self::TakenOver => f.write_str("another process took it over"),
            Self::StaticSpace => f.write_str("the Space is static: nothing runs"),
            Self::OtherStage { stage, wanted } => {
                let names: Vec<String> = wanted.iter().map(|stage| format!("`{stage}`")).collect();
                write!(f, "the Space is `{stage}`, not {}", names.join(" or "))
            }
            Self::Unsettled { stage } => {
                write!(f, "the Space is `{stage}`, and left alone until it has settled")
            }
            Self::NotPaused { stage } => write!(f, "the Space is `{stage}`, not paused"),
            Self::PausedAlready => f.write_str("the Space is paused already"),
            Self::PausedByPerson => {
                f.write_str("the Space is paused, and what a person paused stays paused")
            }
            Self::NotAllowed { risk } => {
                write!(f, "{risk}; this is done only where its terms allow it")
            }
            Self::NotIdle { minutes, why } => {
                write!(f, "not known to be idle for {minutes} minutes: {why}")
            }
            Self::StageSince { stage, since } => write!(f, "`{stage}` only since {}", Time(since)),
            Self::NothingReported { at } => write!(
                f,
                "nothing was reported at {}; only Spaces that are watched report, or all where the settings say that metrics are collected",
                Time(at)
            ),
            Self::NotReported { what, at } => {
                let what = match what {
                    Load::Cpu => "what the processor did",
                    Load::Gpu => "what a GPU did",
                    Load::Received => "what it received",
                    Load::Sent => "what it sent",
                };
                write!(f, "{what} was not reported{}", Moment(at))
            }
            Self::Busy { what, amount, at } => {
                #[expect(clippy::cast_precision_loss, reason = "it is shown with one decimal")]
                let kib = *amount as f64 / 1024.0;
                match what {
                    Load::Cpu => write!(f, "the processor was at {amount} %")?,
                    Load::Gpu => write!(f, "a GPU was at {amount} %")?,
                    Load::Received => write!(f, "it received {kib:.1} KiB a second")?,
                    Load::Sent => write!(f, "it sent {kib:.1} KiB a second")?,
                }
                write!(f, "{}", Moment(at))
            }
            Self::UseUnknown { why } => write!(f, "what it used is not known: {why}"),
            Self::HealSwitchedOff => f.write_str("auto-heal was switched off"),
            Self::AnswersAgain => f.write_str("the app answers as it should again"),
            Self::Costs { flavor, cents_per_hour: cents } => {
                write!(f, "`{flavor}` costs ${}.{:02} an hour", cents / 100, cents % 100)
            }
            Self::CostUnknown { flavor, why } => {
                write!(f, "what `{flavor}` costs is not known{}", Why(why))
            }
            Self::QuotaOfOther { space, words } => write!(f, "the Hub says of `{space}`: {words}"),
            Self::PlaceGivenUp { owner, flavor } => write!(
                f,
                "`{owner}` has no paid plan that is known here, and a Space that moves to `{flavor}` may not get its free place back"
            ),
            Self::PlaceUnsure { owner, stage } => write!(
                f,
                "the Space is `{stage}` and `{owner}` has no paid plan that is known here: the Hub may have no free place for it and leave it paused"
            ),
            Self::QuestionsCost { cost } => {
                write!(f, "not asked: {cost}, and each question would keep it from falling asleep")
            }
            Self::Answered { status, millis, after_seconds } => write!(
                f,
                "the app answered with HTTP {status} in {millis} ms, after {after_seconds} s"
            ),
            Self::HubAnswered { status } => {
                write!(f, "a page of the Hub answered in the app's place (HTTP {status})")
            }
            Self::WrongStatus { status, wanted } => {
                write!(f, "the app answered with HTTP {status}")?;
                wanted.map_or(Ok(()), |wanted| write!(f, ", not {wanted}"))
            }
            Self::WordsMissing { status, keyword } => {
                write!(f, "the app answered with HTTP {status}, without \"{keyword}\"")
            }
            Self::Fails { stage, words } => write!(
                f,
                "the Space is `{stage}`: {}",
                words.as_deref().unwrap_or("the Hub gave no reason")
            ),
            Self::NoRestartHelps { why } => write!(f, "a restart does not mend this: {why}"),
            Self::NoToken => f.write_str("no token here may restart it"),
            Self::AttemptsInVain { attempts, why } => {
                write!(f, "{attempts} attempt{} did not help: {why}", plural(*attempts))
            }
            Self::Attempt { action, number, of, since, why } => {
                write!(f, "{} {number} of {of}, since {}: {why}", attempt(action), Time(since))
            }
            Self::AttemptNotMade { action, number, of, why } => {
                write!(f, "{} {number} of {of} was not made: {why}", attempt(action))
            }
            Self::AttemptFailed { action, number, of, why, next } => {
                write!(f, "{} {number} of {of} did not help: {why}", attempt(action))?;
                next.map_or(Ok(()), |next| {
                    write!(f, "; the next attempt is made after {}", Time(&next))
                })
            }
            Self::GaveUp { why } => write!(f, "gave up: {why}"),
            Self::AttemptsForgotten { because } => f.write_str(match because {
                Forgotten::NewCommit => "there is a new commit",
                Forgotten::Paused => "it was paused",
                Forgotten::RanWell => "it has run well for 10 minutes",
                Forgotten::Asked => "the attempts before are forgotten",
            }),
            Self::Said { words } => f.write_str(words),
        }
    }
}

fn attempt(action: &JobAction) -> &'static str {
    match action {
        JobAction::FactoryRebuild => "factory rebuild",
        _ => "restart",
    }
}

fn plural(count: u32) -> &'static str {
    if count == 1 { "" } else { "s" }
}

struct Time<'a>(&'a DateTime<Utc>);

impl fmt::Display for Time<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d %H:%M UTC"))
    }
}

struct Moment<'a>(&'a Option<DateTime<Utc>>);

impl fmt::Display for Moment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(at) => write!(f, " at {}", Time(at)),
            None => f.write_str(" just now"),
        }
    }
}

struct Why<'a>(&'a Option<String>);

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |why| write!(f, ": {why}"))
    }
}
