//! What can go wrong with a vault, and what a person can do about it.

use std::{
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use super::VaultKind;

/// Why a vault could not do what it was asked. No variant holds a token, a key or a passphrase.
#[derive(Debug, Error)]
pub enum VaultError {
    /// The passphrase is not the one that the file was made with.
    #[error("the passphrase does not open the vault {}; give the one that it was made with", path.display())]
    WrongPassphrase {
        /// The vault.
        path: PathBuf,
    },
    /// The key file is not the one that the vault was made with.
    #[error("the key file {} does not open the vault {}; put the key file back that it was made with", key_file.display(), path.display())]
    WrongKeyFile {
        /// The vault.
        path: PathBuf,
        /// The key file.
        key_file: PathBuf,
    },
    /// The vault is there, its key file is not. No new key is made: it would open nothing.
    #[error("the key file {} of the vault {} is missing; put it back, or move the vault away and add the accounts again", key_file.display(), path.display())]
    KeyFileMissing {
        /// The vault.
        path: PathBuf,
        /// The key file.
        key_file: PathBuf,
    },
    /// The key file does not hold a key.
    #[error("{} is no key file: a key is exactly 32 random bytes", key_file.display())]
    NoKey {
        /// The key file.
        key_file: PathBuf,
    },
    /// The vault wants a passphrase and got a key file, or the other way round.
    #[error("the vault {} was made with a {made_with}; give that to open it", path.display())]
    OtherKind {
        /// The vault.
        path: PathBuf,
        /// What to give.
        made_with: &'static str,
    },
    /// The file is no vault, or is broken. It was not changed.
    #[error("the vault {} cannot be used: {detail}; it was left as it is: put a copy in its place, or move it away and add the accounts again", path.display())]
    Damaged {
        /// The vault.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// The file was written by a newer version of this program. It was not changed.
    #[error("the vault {} was written by a newer version of this program (format {found}); start that version", path.display())]
    Newer {
        /// The vault.
        path: PathBuf,
        /// Its format.
        found: u64,
    },
    /// A file could not be read or written.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes, so nothing can be encrypted")]
    NoRandomness(
        /// What it said.
        #[source]
        getrandom::Error,
    ),
    /// No keychain answers.
    #[error(
        "no keychain can be reached; sign in to a desktop session that has one, or choose the encrypted file"
    )]
    KeychainUnavailable(
        /// What the system said.
        #[source]
        Box<dyn std::error::Error + Send + Sync>,
    ),
    /// The keychain is locked, or refuses this program.
    #[error("the keychain is locked or refuses access; unlock it and try again")]
    KeychainLocked(
        /// What the system said.
        #[source]
        Box<dyn std::error::Error + Send + Sync>,
    ),
    /// The keychain did not answer; it may be waiting for a person.
    #[error(
        "the keychain did not answer in time; it may be asking for its password, answer it and try again"
    )]
    KeychainSilent,
    /// The keychain failed in another way.
    #[error("the keychain cannot {doing} the token of `{account}`: {detail}")]
    Keychain {
        /// What was tried.
        doing: &'static str,
        /// The account.
        account: String,
        /// What the keychain said, without what it keeps.
        detail: String,
    },
    /// A token that was written is not there when it is read again.
    #[error("{kind} did not keep the token of `{account}`; nothing was changed")]
    NotKept {
        /// The vault.
        kind: VaultKind,
        /// The account.
        account: String,
    },
    /// The work was given up on because the program is ending.
    #[error("the program is ending; nothing was changed")]
    Ending,
}

impl VaultError {
    pub(super) fn io(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), doing, source }
    }

    pub(super) fn damaged(path: &Path, detail: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), detail: detail.into() }
    }
}
