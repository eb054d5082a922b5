//! A Space as the Hub describes it, and as this program knows it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{AccountId, Hardware, SpaceId, Stage, WriteAccess};

/// What the Hub says of a Space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SpaceInfo {
    /// Its full name.
    pub id: SpaceId,
    /// The title of its card; the name is shown where there is none.
    pub title: Option<String>,
    /// The emoji of its card.
    pub emoji: Option<String>,
    /// The short description of its card.
    pub description: Option<String>,
    /// `gradio`, `docker`, `static`, …; absent for a Space without configuration.
    pub sdk: Option<String>,
    /// Whether only its owner and the organisation's members see it.
    pub private: bool,
    /// The head commit of `main`.
    pub sha: Option<String>,
    /// Of the repository.
    pub last_modified: Option<DateTime<Utc>>,
    /// Of the repository.
    pub created_at: Option<DateTime<Utc>>,
    /// How many people like it.
    #[serde(default)]
    pub likes: u64,
    /// The Hub's tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The port of the app, from its card.
    pub app_port: Option<u16>,
    /// The label of its host, without the domain.
    pub subdomain: Option<String>,
    /// Where the app answers.
    pub app_url: Option<String>,
    /// Its page on the Hub.
    pub hub_url: String,
    /// What runs; absent for a Space that has nothing to run.
    pub runtime: Option<Runtime>,
}

impl SpaceInfo {
    /// Returns whether the Hub serves plain files for it, so that it has no runtime worth asking.
    pub fn is_static(&self) -> bool {
        self.sdk.as_deref() == Some("static")
    }

    /// Returns the stage; a Space without runtime has no app file.
    pub fn stage(&self) -> Stage {
        self.runtime.as_ref().map_or(Stage::NO_APP_FILE, |runtime| runtime.stage.clone())
    }

    /// Returns the Hub's reason for the stage, where it gave one.
    pub fn error_message(&self) -> Option<&str> {
        self.runtime.as_ref()?.error_message.as_deref()
    }
}

/// What runs for a Space. Every field but the stage may be missing at the Hub.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Runtime {
    /// What it is doing.
    pub stage: Stage,
    /// The Hub's reason for an error stage or a refusal.
    pub error_message: Option<String>,
    /// Now and asked for.
    #[serde(default)]
    pub hardware: Hardware,
    /// When it falls asleep.
    #[serde(default)]
    pub sleep_time: SleepTime,
    /// Now and asked for.
    #[serde(default)]
    pub replicas: Replicas,
    /// Whether the container is kept for editing.
    #[serde(default)]
    pub dev_mode: bool,
    /// Where it answers.
    #[serde(default)]
    pub domains: Vec<Domain>,
    /// The commit that the running container was built from.
    pub sha: Option<String>,
}

impl Runtime {
    /// Makes a runtime of which only the stage is known.
    pub fn of_stage(stage: Stage) -> Self {
        Self {
            stage,
            error_message: None,
            hardware: Hardware::default(),
            sleep_time: SleepTime::default(),
            replicas: Replicas::default(),
            dev_mode: false,
            domains: Vec::new(),
            sha: None,
        }
    }
}

/// How long a Space may be idle before it sleeps, in seconds; `null` is never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Option<u64>, example = 172800)]
pub struct SleepTime(pub Option<u64>);

impl SleepTime {
    /// Reads a field that may be absent, which is not the same as `null`: never.
    ///
    /// # Errors
    /// When it is neither a number nor `null`.
    pub fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Self::deserialize(deserializer).map(Some)
    }
}

/// How many containers serve a Space.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Replicas {
    /// Running now.
    pub current: Option<u32>,
    /// Asked for: a number or `auto`.
    pub requested: Option<String>,
}

/// A host that leads to a Space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Domain {
    /// The host name.
    pub domain: String,
    /// The Hub's word, such as `READY`.
    pub stage: String,
    /// Whether the owner brought it.
    #[serde(default)]
    pub custom: bool,
}

/// A Space as this program knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Space {
    /// What the Hub said last.
    #[serde(flatten)]
    pub info: SpaceInfo,
    /// What it is doing; the Hub's word.
    pub stage: Stage,
    /// When this stage began, or was first seen here.
    pub stage_since: DateTime<Utc>,
    /// Whether this stage began then; otherwise it was seen first then, and began before.
    #[serde(default)]
    pub stage_since_known: bool,
    /// When the Hub last said so.
    pub seen_at: DateTime<Utc>,
    /// Whether the last attempt to read it failed, so that it may have changed since.
    pub stale: bool,
    /// The accounts that see it, the one that acts on it first.
    pub accounts: Vec<AccountId>,
    /// Whether a token here may act on it, as far as is known without asking.
    pub write_access: WriteAccess,
    /// A person's own words for it, in their order; the Hub's are in `tags`.
    #[serde(default)]
    pub labels: Vec<String>,
}
