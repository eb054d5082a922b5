//! Where tokens are kept. Exactly one vault is chosen, and said at start.

mod error;
mod file;
mod keychain;
mod memory;
mod private_file;
mod seal;

use std::fmt;

use async_trait::async_trait;
use hfsm_model::AccountId;
use secrecy::SecretString;

pub use error::VaultError;
pub use file::{FileVault, VaultKey};
pub use keychain::KeychainVault;
pub use memory::MemoryVault;

/// Keeps one token for each account. What `save` and `remove` have confirmed survives the process,
/// where the kind allows it.
#[async_trait]
pub trait SecretVault: Send + Sync {
    /// Returns what kind of vault it is.
    fn kind(&self) -> VaultKind;

    /// Returns the token of an account, and `None` when it has none here.
    ///
    /// # Errors
    /// When the vault cannot be read, which is never taken for "no token".
    async fn token(&self, account: &AccountId) -> Result<Option<SecretString>, VaultError>;

    /// Keeps the token of an account in place of the one before.
    ///
    /// # Errors
    /// When it could not be kept; the one before still is.
    async fn save(&self, account: &AccountId, token: &SecretString) -> Result<(), VaultError>;

    /// Forgets the token of an account. An account without one is no error.
    ///
    /// # Errors
    /// When it could not be forgotten.
    async fn remove(&self, account: &AccountId) -> Result<(), VaultError>;
}

/// What kind of vault keeps the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VaultKind {
    /// A file, encrypted with a key from a passphrase or a key file.
    File,
    /// The keychain of the system.
    Keychain,
    /// The memory of this process.
    Memory,
}

impl fmt::Display for VaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "an encrypted file",
            Self::Keychain => "the system's keychain",
            Self::Memory => "memory, until this program ends",
        })
    }
}
