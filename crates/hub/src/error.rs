//! What can go wrong between this program and the Hub.

use std::{fmt, sync::Arc, time::Duration};

use hfsm_model::SpaceId;
use thiserror::Error;

/// Why the Hub did not do what was asked. Each variant is a case that a caller treats differently.
///
/// No variant ever holds a token or the value of a secret.
#[derive(Debug, Clone, Error)]
pub enum Error {
    /// The token is wrong, expired or revoked.
    #[error("the Hub does not accept this token{0}; make a new one at the Hub and replace it here")]
    TokenRefused(Refusal),
    /// The Hub wants to know who asks; private and missing Spaces look alike without a token.
    #[error("the Hub answers this only with a token{0}; add an account that may see it")]
    SignInNeeded(Refusal),
    /// There is no such Space, or this token may not see it.
    #[error("the Hub knows no such Space for this token{0}")]
    SpaceNotFound(Refusal),
    /// The token sees the Space, but may not do this to it.
    #[error("this token may not do that{0}; use a token with write access to the Space")]
    Forbidden(Refusal),
    /// A token from a sign-in through the browser was refused an action that it may only read.
    #[error(
        "the Hub refuses this action with a token from a sign-in through the browser{0}; use an \
         access token with write permission, made in the Hub's settings"
    )]
    OauthRefused(Refusal),
    /// No free slot is left for this hardware. Asking again does not help.
    #[error(
        "the quota of this hardware is used up{0}; pause another Space, or upgrade the account"
    )]
    QuotaExceeded(Refusal),
    /// The Hub wants a payment method, a plan or credit.
    #[error("the Hub wants to be paid for this{0}")]
    PaymentRequired(Refusal),
    /// The Hub does not accept what was sent; static Spaces answer so to every action.
    #[error("the Hub does not accept this request{0}")]
    Invalid(Refusal),
    /// The Space has no such stream in its present stage.
    #[error("there is no live stream of this Space now{0}")]
    StreamUnavailable(Refusal),
    /// Another operation is under way, or the thing exists already.
    #[error("the Hub is busy with a conflicting operation{0}")]
    Conflict(Refusal),
    /// The Hub asked to wait, for longer than a request waits here.
    #[error("the Hub asks to wait {} s{refusal}", retry_after.as_secs())]
    RateLimited {
        /// For how long.
        retry_after: Duration,
        /// What the Hub said.
        refusal: Refusal,
    },
    /// Not sent: the rest of the budget is kept for requests of a higher rank.
    #[error("held back for {} s, to keep the rest of the Hub's rate budget for what matters more", retry_after.as_secs())]
    HeldBack {
        /// When the budget allows it again.
        retry_after: Duration,
    },
    /// No answer: the network, the name, TLS, or a time-out.
    #[error("the Hub cannot be reached{}: {reason}", About(.space.as_ref()))]
    Unreachable {
        /// The Space that the request was about.
        space: Option<SpaceId>,
        /// What failed, in a few words.
        reason: String,
        /// Whether the request may have reached the Hub. An action with `true` here must not be
        /// repeated before the Space has been read again.
        maybe_sent: bool,
        /// The network's own words.
        #[source]
        source: Option<Arc<reqwest::Error>>,
    },
    /// The Hub has an outage, or is being deployed.
    #[error("the Hub is out of order (status {status}){refusal}; it is usually back soon")]
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// What the Hub said.
        refusal: Refusal,
    },
    /// An answer that cannot be understood.
    #[error("the Hub's answer cannot be understood ({reason}){refusal}")]
    Unexpected {
        /// What is wrong with it.
        reason: String,
        /// What the Hub said.
        refusal: Refusal,
    },
    /// The client itself cannot be built.
    #[error("the client of the Hub cannot be set up: {0}")]
    Setup(String),
}

/// What is known of a refused request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The Space that it was about.
    pub space: Option<SpaceId>,
    /// The HTTP status; `None` when the request was not sent.
    pub status: Option<u16>,
    /// The Hub's words.
    pub message: Option<String>,
    /// The Hub's name of the request, to quote to its support.
    pub request_id: Option<String>,
}

impl Error {
    /// Returns how long to wait before asking again, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::HeldBack { retry_after } => {
                Some(*retry_after)
            }
            _ => None,
        }
    }

    /// Returns whether the same request may well succeed later without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::RateLimited { .. }
                | Self::HeldBack { .. }
                | Self::Unreachable { .. }
                | Self::Unavailable { .. }
        )
    }

    /// Returns whether the Hub may have acted although this error came back, so that the Space
    /// has to be read before the action is asked for again.
    pub fn may_have_acted(&self) -> bool {
        match self {
            Self::Unreachable { maybe_sent, .. } => *maybe_sent,
            Self::Unavailable { .. } | Self::Unexpected { .. } => true,
            _ => false,
        }
    }

    /// Returns what is known of the refused request.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::TokenRefused(refusal)
            | Self::SignInNeeded(refusal)
            | Self::SpaceNotFound(refusal)
            | Self::Forbidden(refusal)
            | Self::OauthRefused(refusal)
            | Self::QuotaExceeded(refusal)
            | Self::PaymentRequired(refusal)
            | Self::Invalid(refusal)
            | Self::StreamUnavailable(refusal)
            | Self::Conflict(refusal)
            | Self::RateLimited { refusal, .. }
            | Self::Unavailable { refusal, .. }
            | Self::Unexpected { refusal, .. } => Some(refusal),
            Self::HeldBack { .. } | Self::Unreachable { .. } | Self::Setup(_) => None,
        }
    }

    /// Returns the Hub's words.
    pub fn message(&self) -> Option<&str> {
        self.refusal()?.message.as_deref()
    }

    /// Returns the Hub's name of the request.
    pub fn request_id(&self) -> Option<&str> {
        self.refusal()?.request_id.as_deref()
    }

    /// Returns the Space that the request was about.
    pub fn space(&self) -> Option<&SpaceId> {
        match self {
            Self::Unreachable { space, .. } => space.as_ref(),
            _ => self.refusal()?.space.as_ref(),
        }
    }

    pub(crate) fn lost(space: Option<&SpaceId>, reason: impl Into<String>) -> Self {
        Self::Unreachable {
            space: space.cloned(),
            reason: reason.into(),
            maybe_sent: true,
            source: None,
        }
    }

    pub(crate) fn transport(space: Option<&SpaceId>, error: reqwest::Error) -> Self {
        let error = error.without_url();
        let reason = match () {
            () if error.is_connect() && error.is_timeout() => "the connection was not made in time",
            () if error.is_connect() => "no connection could be made",
            () if error.is_timeout() => "no answer came in time",
            () if error.is_body() || error.is_decode() => "the answer broke off",
            () => "the connection was lost",
        };
        Self::Unreachable {
            space: space.cloned(),
            reason: reason.to_owned(),
            maybe_sent: !error.is_connect() && !error.is_builder(),
            source: Some(Arc::new(error)),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        About(self.space.as_ref()).fmt(f)?;
        match &self.message {
            Some(message) => write!(f, ": \"{message}\""),
            None => Ok(()),
        }
    }
}

struct About<'a>(Option<&'a SpaceId>);

impl fmt::Display for About<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(space) => write!(f, " (Space {space})"),
            None => Ok(()),
        }
    }
}
