//! Taking over jobs, keep-alive rules and auto-heal rules from a file.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::JobId;

/// What sort of file is taken over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportFormat {
    /// YAML as this program exports it.
    #[default]
    Yaml,
    /// JSON of the old application: the file that its forks keep (`data/config.json`), or what it
    /// answers at `/api/schedule/status`.
    OldApplication,
}

/// What is to be taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportRequest {
    /// What sort of file it is.
    #[serde(default)]
    pub format: ImportFormat,
    /// What is in the file.
    pub document: String,
    /// Only says what would be done.
    #[serde(default)]
    pub dry_run: bool,
}

/// What became of a file, or would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportReport {
    /// Whether nothing was done.
    pub dry_run: bool,
    /// What it holds, in its order.
    pub entries: Vec<ImportEntry>,
}

/// What became of one thing in a file, or would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportEntry {
    /// What sort of thing it is.
    pub kind: ImportKind,
    /// The name of the job, the Space, or what else it is called in the file.
    pub name: String,
    /// The job, where there is one.
    pub job: Option<JobId>,
    /// The line of the file on which it begins, where that is known.
    pub line: Option<u64>,
    /// What became of it.
    pub outcome: ImportOutcome,
    /// Why it is not taken over, or not as it stands.
    pub reason: Option<String>,
}

/// What sort of thing was taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    /// A job.
    Job,
    /// How one Space is kept awake.
    KeepAlive,
    /// How all Spaces are kept awake that nothing else is chosen for.
    KeepAliveAll,
    /// How failed Spaces are mended: all, those of an account or of a label, or one.
    AutoHeal,
    /// Something that this program does not know.
    Other,
}

impl ImportKind {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::KeepAlive => "keep-alive",
            Self::KeepAliveAll => "keep-alive of all",
            Self::AutoHeal => "auto-heal",
            Self::Other => "other",
        }
    }
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportOutcome {
    /// It is new.
    Made,
    /// It is another than before.
    Changed,
    /// It was here as it stands.
    Same,
    /// It cannot be taken over.
    Refused,
    /// It is of no use here.
    LeftOut,
}

impl ImportOutcome {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Changed => "changed",
            Self::Same => "same",
            Self::Refused => "refused",
            Self::LeftOut => "left out",
        }
    }
}
