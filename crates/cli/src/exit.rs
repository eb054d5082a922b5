//! What the program says and returns when something did not work.

use std::{io, process::ExitCode};

use hfsm_core::HubError;
use thiserror::Error;

/// Why a command ended without what was wanted, where no library says it.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// There is no account to ask with.
    #[error(
        "there is no account to ask the Hub with; set HF_TOKEN or HF_USER=\"user:token\", add one with `hfsm accounts add`, or sign in with the official `hf auth login`"
    )]
    NoAccount,
    /// An account does not work.
    #[error("{0}")]
    AccountRefused(String),
    /// The Hub did not answer any account.
    #[error("{0}")]
    HubUnreachable(String),
    /// The Space did not get where it should.
    #[error("{0}")]
    Missed(String),
    /// It took too long.
    #[error("{0}")]
    TimedOut(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// Something was asked for that makes no sense.
    #[error("{0}")]
    Usage(String),
}

/// Returns the exit code that says what kind of failure it was.
pub(crate) fn code(error: &anyhow::Error) -> ExitCode {
    ExitCode::from(error.chain().find_map(number).unwrap_or(1))
}

/// Returns the word that says the same to a program.
pub(crate) fn word(error: &anyhow::Error) -> &'static str {
    match error.chain().find_map(number) {
        Some(2) => "usage",
        Some(3) => "not_found",
        Some(4) => "refused",
        Some(5) => "hub_unreachable",
        Some(6) => "timed_out",
        _ => "failed",
    }
}

/// Returns whether the reader of our output went away, which is no failure.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

fn number(cause: &(dyn std::error::Error + 'static)) -> Option<u8> {
    if let Some(failure) = cause.downcast_ref::<Failure>() {
        return Some(match failure {
            Failure::NoAccount | Failure::Usage(_) => 2,
            Failure::NotFound(_) => 3,
            Failure::AccountRefused(_) => 4,
            Failure::HubUnreachable(_) => 5,
            Failure::TimedOut(_) => 6,
            Failure::Missed(_) => 1,
        });
    }
    if cause.is::<hfsm_server::ConfigError>() {
        return Some(2);
    }
    if let Some(error) = cause.downcast_ref::<hfsm_core::Error>() {
        return of_core(error);
    }
    cause.downcast_ref::<HubError>().map(of_hub)
}

fn of_core(error: &hfsm_core::Error) -> Option<u8> {
    use hfsm_core::Error;
    match error {
        Error::SpaceNotFound(_)
        | Error::AccountNotFound(_)
        | Error::OperationNotFound(_)
        | Error::JobNotFound(_)
        | Error::RunNotFound(_) => Some(3),
        Error::NotAToken(_) | Error::InvalidId(_) | Error::Invalid(_) => Some(2),
        Error::NoWriteAccess(_) | Error::StaticSpace(_) | Error::OtherUser { .. } => Some(4),
        Error::Hub(error) => Some(of_hub(error)),
        _ => None,
    }
}

fn of_hub(error: &HubError) -> u8 {
    match error {
        HubError::SpaceNotFound(_) => 3,
        HubError::Unreachable { .. } | HubError::Unavailable { .. } => 5,
        HubError::Unexpected { .. } | HubError::Setup(_) => 1,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use hfsm_model::SpaceId;

    use super::*;

    #[test]
    fn a_cause_deep_in_the_chain_decides_the_code() {
        let space = SpaceId::new("alice", "none").unwrap();
        let error =
            anyhow::Error::from(hfsm_core::Error::SpaceNotFound(space)).context("on the way");
        assert_eq!(code(&error), ExitCode::from(3));
        let error = anyhow::Error::from(Failure::TimedOut("late".to_owned()));
        assert_eq!((code(&error), word(&error)), (ExitCode::from(6), "timed_out"));
        assert_eq!(code(&anyhow::anyhow!("something")), ExitCode::from(1));
    }
}
