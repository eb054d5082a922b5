//! Where accounts can come from besides being added by hand: the environment, and the files of the
//! official command line tool. Nothing here reads the environment itself; the texts are handed in.

mod environment;
mod hf_cli;

use hfsm_model::{AccountId, TokenSource};
use secrecy::SecretString;

pub use environment::{BadPart, Configured, Mistake, configured_accounts};
pub use hf_cli::{HfCliEnvironment, HfCliError, HfCliPaths, HfCliToken, hf_cli_tokens};

/// An account that was named outside, before the Hub was asked about it.
#[derive(Debug, Clone)]
pub struct ConfiguredAccount {
    /// The user name, where it was given; the Hub tells it for a token.
    pub name: Option<AccountId>,
    /// The token; an account without one sees public Spaces only.
    pub token: Option<SecretString>,
    /// Where it was named.
    pub source: TokenSource,
}
