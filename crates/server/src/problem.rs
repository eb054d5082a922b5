//! Refusals of this crate, as the API's problem documents.

use std::{error::Error, time::Duration};

use hfsm_api::{ErrorCode, Problem};
use http::StatusCode;

/// Nobody signed in, and it is needed.
pub(crate) fn sign_in_needed() -> Problem {
    Problem::new(ErrorCode::SignInNeeded, "sign in first, or send the API key as a bearer token")
}

/// Too many failures before.
pub(crate) fn too_many_attempts(wait: Duration) -> Problem {
    let secs = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Problem::new(
        ErrorCode::TooManyAttempts,
        format!("too many failed attempts; try again in {secs} s"),
    )
    .retry_after_secs(secs)
}

/// What was sent is not of the wanted form.
pub(crate) fn invalid_request(detail: impl Into<String>) -> Problem {
    Problem::new(ErrorCode::InvalidRequest, detail)
}

/// The same, with a more precise status.
pub(crate) fn invalid_with(status: StatusCode, detail: impl Into<String>) -> Problem {
    Problem { status: status.as_u16(), ..invalid_request(detail) }
}

/// Logs `cause`, and answers without it.
pub(crate) fn internal(cause: &(dyn Error + 'static)) -> Problem {
    tracing::error!(error = cause, "a request failed inside the program: {cause}");
    Problem::new(ErrorCode::Internal, "something failed here; the server's log says what")
}

impl From<crate::Error> for Problem {
    fn from(error: crate::Error) -> Self {
        match error {
            crate::Error::Store(source) => hfsm_core::Error::Store(source).into(),
            crate::Error::Unsuitable(why) => invalid_request(why),
            other => internal(&other),
        }
    }
}
