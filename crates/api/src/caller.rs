//! Who asks. Put into a request by the carrier that received it, never read from a header here.

use hfsm_model::Actor;

/// Who asks, as a request extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// The person at the desktop window.
    Desktop,
    /// A person who signed in.
    Session {
        /// The name that they signed in with.
        user: String,
    },
    /// A program that has the API key.
    ApiKey,
    /// The command line of this program, in process.
    CommandLine,
    /// Somebody who did not sign in.
    Anonymous {
        /// What they may see.
        view: PublicView,
    },
}

/// What somebody who did not sign in may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicView {
    /// Nothing.
    Nothing,
    /// Public Spaces, their stages and metrics.
    PublicSpaces,
    /// Private Spaces as well.
    AllSpaces,
}

impl Caller {
    /// Returns whether the caller may read everything and act.
    pub fn is_trusted(&self) -> bool {
        !matches!(self, Self::Anonymous { .. })
    }

    /// Returns what the caller may see of the Spaces.
    pub fn view(&self) -> PublicView {
        match self {
            Self::Anonymous { view } => *view,
            _ => PublicView::AllSpaces,
        }
    }

    /// Returns the name under which an action of the caller is recorded.
    pub fn actor(&self) -> Actor {
        match self {
            Self::Desktop => Actor::Desktop,
            Self::Session { user } => Actor::Person(user.clone()),
            Self::ApiKey => Actor::ApiKey,
            Self::CommandLine => Actor::CommandLine,
            Self::Anonymous { .. } => Actor::Person("anonymous".to_owned()),
        }
    }
}
