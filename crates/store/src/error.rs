//! What can go wrong with the store, and what a person can do about it.

use std::{
    io,
    path::{Path, PathBuf},
};

use sea_orm::{DbErr, RuntimeErr, sqlx};
use thiserror::Error;

/// Why the store could not do what it was asked.
#[derive(Debug, Error)]
pub enum Error {
    /// Another process has the store open.
    #[error(
        "another process{} holds the store {}; end it, or start with another data folder",
        holder.map(|id| format!(" (number {id})")).unwrap_or_default(),
        path.display()
    )]
    Locked {
        /// The store.
        path: PathBuf,
        /// The other process, where the lock file tells.
        holder: Option<u32>,
    },
    /// The file is no store, or is broken. It was not changed.
    #[error(
        "the store {} cannot be used: {detail}; it was left as it is: move it away to start anew, or put a copy of it in its place",
        path.display()
    )]
    Damaged {
        /// The store.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The file was written by a newer version of this program. It was not changed.
    #[error(
        "the store {} was written by a newer version of this program (its schema is {found}, this version knows {known}); it was left as it is: start the newer version, or start with another data folder",
        path.display()
    )]
    Newer {
        /// The store.
        path: PathBuf,
        /// The file's schema.
        found: String,
        /// The newest schema that is known here.
        known: String,
    },
    /// No room is left. What was confirmed before is kept.
    #[error(
        "the disk that holds the store is full; nothing that was saved before is lost: free some space and try again"
    )]
    Full,
    /// The store or its folder cannot be written.
    #[error(
        "cannot write {}; make the folder and the store writable for this user, or start with another data folder",
        path.display()
    )]
    NotWritable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The system could not read or write a file of the store.
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
    /// One stored record cannot be read; the others can.
    #[error("the stored {what} `{key}` cannot be read")]
    Unreadable {
        /// The kind of record.
        what: &'static str,
        /// Its name.
        key: String,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A value cannot be written as JSON.
    #[error("the {what} cannot be stored")]
    Unwritable {
        /// The kind of record.
        what: &'static str,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// The database failed in a way that is not told apart.
    #[error("the store failed")]
    Database(
        /// What it said.
        #[from]
        DbErr,
    ),
}

impl Error {
    /// Sorts a failure of the file at `path` with the system.
    pub(crate) fn of_file(path: &Path, doing: &'static str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::NotWritable { path: path.to_owned(), source }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io { path: path.to_owned(), doing, source },
        }
    }

    /// Returns whether an earlier process was killed in the midst of a change that must be taken
    /// back or finished before the file can be read.
    pub(crate) fn needs_recovery(&self) -> bool {
        let Self::Database(source) = self else { return false };
        matches!(sqlite_code(source), Some(READ_ONLY_RECOVERY | READ_ONLY_ROLLBACK))
    }

    /// Says of a failure of the database what it means for the file at `path`.
    pub(crate) fn about(self, path: Option<&Path>) -> Self {
        let Self::Database(source) = self else { return self };
        let Some(code) = sqlite_code(&source) else { return Self::Database(source) };
        let path = path.unwrap_or_else(|| Path::new(":memory:")).to_owned();
        match code & 0xff {
            FULL => Self::Full,
            CORRUPT | NOT_A_DATABASE => Self::Damaged { path, detail: last_words(&source) },
            READ_ONLY => Self::NotWritable { path, source: io::Error::other(source) },
            IO | CANNOT_OPEN => {
                Self::Io { path, doing: "read or write", source: io::Error::other(source) }
            }
            _ => Self::Database(source),
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(source: sqlx::Error) -> Self {
        Self::Database(DbErr::Conn(RuntimeErr::SqlxError(source.into())))
    }
}

const READ_ONLY: u32 = 8;
const IO: u32 = 10;
const CORRUPT: u32 = 11;
const FULL: u32 = 13;
const CANNOT_OPEN: u32 = 14;
const NOT_A_DATABASE: u32 = 26;
const READ_ONLY_RECOVERY: u32 = 264;
const READ_ONLY_ROLLBACK: u32 = 776;

/// Returns SQLite's extended result code; its lowest byte is the primary one.
fn sqlite_code(error: &DbErr) -> Option<u32> {
    database_error(error)?.code()?.parse().ok()
}

/// Returns SQLite's own message, without the layers above it.
fn last_words(error: &DbErr) -> String {
    database_error(error).map_or_else(|| error.to_string(), |inner| inner.message().to_owned())
}

fn database_error(error: &DbErr) -> Option<&dyn sqlx::error::DatabaseError> {
    let (DbErr::Conn(RuntimeErr::SqlxError(inner))
    | DbErr::Exec(RuntimeErr::SqlxError(inner))
    | DbErr::Query(RuntimeErr::SqlxError(inner))) = error
    else {
        return None;
    };
    inner.as_database_error()
}
