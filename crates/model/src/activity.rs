//! Who or what did which thing, with its result.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AccountId, Detail, SpaceId};

/// One line of the activity list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Activity {
    /// Grows with time; `0` until it is stored.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who or what.
    pub actor: Actor,
    /// What.
    pub kind: ActivityKind,
    /// To which Space, where there is one.
    pub space: Option<SpaceId>,
    /// To which account, or with which.
    pub account: Option<AccountId>,
    /// How it went.
    pub outcome: Outcome,
    /// The reason or the details, in words for a person.
    pub message: Option<String>,
    /// The same in a form that can be put into another language; `null` for what others worded, and for
    /// lines of before there was this.
    #[serde(default)]
    pub details: Option<Detail>,
    /// The Hub's name of the request, where one was made.
    pub request_id: Option<String>,
}

/// Who or what acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", content = "name", rename_all = "snake_case")]
pub enum Actor {
    /// The person at the desktop window.
    Desktop,
    /// A person who signed in, by name.
    Person(String),
    /// A program with the API key.
    ApiKey,
    /// The command line.
    CommandLine,
    /// A job, by name.
    Job(String),
    /// This program by itself.
    System,
}

/// What sort of actor acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// The person at the desktop window.
    Desktop,
    /// A person who signed in.
    Person,
    /// A program with the API key.
    ApiKey,
    /// The command line.
    CommandLine,
    /// A job.
    Job,
    /// This program by itself.
    System,
}

impl ActorKind {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::Person => "person",
            Self::ApiKey => "api_key",
            Self::CommandLine => "command_line",
            Self::Job => "job",
            Self::System => "system",
        }
    }
}

impl Actor {
    /// Returns what sort of actor it is.
    pub fn kind(&self) -> ActorKind {
        match self {
            Self::Desktop => ActorKind::Desktop,
            Self::Person(_) => ActorKind::Person,
            Self::ApiKey => ActorKind::ApiKey,
            Self::CommandLine => ActorKind::CommandLine,
            Self::Job(_) => ActorKind::Job,
            Self::System => ActorKind::System,
        }
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    /// A restart was asked for.
    Restart,
    /// A factory rebuild was asked for.
    FactoryRebuild,
    /// A pause was asked for.
    Pause,
    /// Other hardware was asked for.
    SetHardware,
    /// Another sleep time was asked for.
    SetSleepTime,
    /// Dev mode was switched.
    SetDevMode,
    /// A variable was set or removed.
    ChangeVariable,
    /// A secret was set or removed.
    ChangeSecret,
    /// An account was added.
    AddAccount,
    /// An account was removed.
    RemoveAccount,
    /// An account's token was replaced.
    ReplaceToken,
    /// An account's state changed.
    AccountState,
    /// A setting changed.
    ChangeSetting,
    /// A job was made, changed, paused, resumed or removed.
    ChangeJob,
    /// An app was visited.
    Visit,
    /// An app was made to answer.
    Wake,
    /// A Space that failed was to be mended, was left alone, or is well again.
    Heal,
    /// Somebody signed in, or failed to.
    SignIn,
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As asked.
    Done,
    /// Refused, by the Hub or here.
    Refused,
    /// Failed on the way.
    Failed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_written_with_the_word_of_its_kind() {
        for actor in [
            Actor::Desktop,
            Actor::Person("alice".into()),
            Actor::ApiKey,
            Actor::CommandLine,
            Actor::Job("nightly".into()),
            Actor::System,
        ] {
            let written = serde_json::to_value(&actor).unwrap();
            assert_eq!(written["type"], actor.kind().as_str());
            assert_eq!(written["type"], serde_json::to_value(actor.kind()).unwrap());
        }
    }
}
