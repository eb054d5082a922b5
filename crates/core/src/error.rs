//! What can go wrong, in the words of the product. Knows no HTTP.

use std::time::Duration;

use hfsm_model::{AccountId, InvalidId, JobId, OperationId, RunId, SpaceId};
use thiserror::Error;

use crate::{sources::HfCliError, vault::VaultError};

/// Why something was not done.
#[derive(Debug, Error)]
pub enum Error {
    /// No account here sees such a Space.
    #[error("no account here sees the Space `{0}`")]
    SpaceNotFound(SpaceId),
    /// There is no such account here.
    #[error("there is no account `{0}` here")]
    AccountNotFound(AccountId),
    /// The account, or its token, is here already.
    #[error("the account `{0}` is here already; replace its token instead")]
    AccountExists(AccountId),
    /// The account comes from the environment or a configuration file.
    #[error("the account `{0}` is set by the configuration of this program; change it there")]
    AccountConfigured(AccountId),
    /// There is no such operation here.
    #[error("there is no operation `{0}` here")]
    OperationNotFound(OperationId),
    /// There is no such job here.
    #[error("there is no job `{0}` here")]
    JobNotFound(JobId),
    /// There is no such run here.
    #[error("there is no run `{0}` here")]
    RunNotFound(RunId),
    /// The text is no token.
    #[error("this is not a token of the Hub: {0}")]
    NotAToken(&'static str),
    /// The token is another user's.
    #[error("this token belongs to `{found}`, not to `{expected}`")]
    OtherUser {
        /// Whose token was wanted.
        expected: AccountId,
        /// Whose it is.
        found: String,
    },
    /// No account here may act on the Space.
    #[error("no token here may change the Space `{0}`; add one with write access to it")]
    NoWriteAccess(SpaceId),
    /// The Hub serves plain files for the Space: nothing runs that could be acted on.
    #[error("the Space `{0}` is static: nothing runs that could be restarted, paused or moved")]
    StaticSpace(SpaceId),
    /// The text is no identifier.
    #[error(transparent)]
    InvalidId(#[from] InvalidId),
    /// A value is out of its range.
    #[error("{0}")]
    Invalid(String),
    /// The Hub refused or could not be reached.
    #[error(transparent)]
    Hub(#[from] hfsm_hub::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] hfsm_store::Error),
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The files of the official command line tool cannot be read.
    #[error(transparent)]
    HfCli(#[from] HfCliError),
    /// The system gave no thread.
    #[error(
        "the system gives this program no further thread: {0}; end other programs and try again"
    )]
    NoThread(#[source] std::io::Error),
    /// The program is ending.
    #[error("this program is ending; ask again when it is back")]
    Stopping,
}

impl Error {
    /// Returns how long to wait before asking again, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Hub(error) => error.retry_after(),
            _ => None,
        }
    }

    /// Returns the Hub's name of the request, where one was made.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Hub(error) => error.request_id(),
            _ => None,
        }
    }
}
