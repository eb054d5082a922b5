//! Everything that survives a restart: accounts (never their tokens), the last known inventory,
//! stage changes, metrics, labels, settings, sessions, activity, operations, jobs, runs, what is
//! remembered of mending Spaces, and the answers to repeated requests.
//!
//! One SQLite file with one writer. What a method has confirmed is on the disk: a process that is
//! killed the moment after loses nothing. The crate knows no Hub and decides nothing; it keeps what
//! it is given and finds it again.

mod accounts;
mod activity;
mod connection;
mod copies;
mod error;
mod files;
mod heals;
mod history;
mod idempotency;
mod inspection;
mod jobs;
mod labels;
mod lending;
mod lock;
mod migrations;
mod operations;
mod records;
mod runs;
mod sessions;
mod settings;
mod spaces;
mod stages;
mod together;

use std::{future::Future, path::Path, sync::Arc};

use connection::Connection;
use lending::Lender;
use migrations::Migrator;

pub use activity::ActivityFilter;
pub use error::Error;
pub use heals::StoredHeal;
pub use history::{Sample, SeriesKey, StoredSeries};
pub use idempotency::StoredAnswer;
pub use jobs::{Due, TakenTime};
pub use operations::OperationFilter;
pub use runs::RunFilter;
pub use sessions::{Session, SessionHash};
pub use stages::{RecordedStageChange, StageChangeFilter};

/// The result of everything that the store does.
pub type Result<T> = std::result::Result<T, Error>;

/// The store. Cheap to clone; all clones share one file and one writer.
#[derive(Debug, Clone)]
pub struct Store(Arc<Connection>);

impl Store {
    /// Opens the store in the file `path`, and makes it where there is none.
    ///
    /// Folders are made with mode 0700 and files with 0600 where the system knows modes. Before a
    /// schema is changed, a copy of the file is kept beside it. Runs that an earlier process held can
    /// be taken over at once: the lock says that it holds none any more.
    ///
    /// # Errors
    /// [`Error::Locked`] when another process holds the store, [`Error::Damaged`] and
    /// [`Error::Newer`] when the file cannot be used as it is (it is left untouched),
    /// [`Error::NotWritable`] when the folder does not allow it, [`Error::Full`] when the disk does
    /// not.
    pub async fn open(path: &Path) -> Result<Self> {
        let store = Self(Arc::new(Connection::open::<Migrator>(path).await?));
        // A full disk must not prevent reading; the leases end by themselves then.
        if let Err(error) = store.end_leases().await {
            tracing::warn!(%error, "runs that an earlier process held wait until their time is over: {error}");
        }
        Ok(store)
    }

    /// Makes a store that ends with the process, for tests and the demo.
    ///
    /// # Errors
    /// Only when the database library itself fails.
    pub async fn in_memory() -> Result<Self> {
        Ok(Self(Arc::new(Connection::in_memory::<Migrator>().await?)))
    }

    /// Returns the file, and `None` for a store in memory.
    pub fn path(&self) -> Option<&Path> {
        self.0.path()
    }

    /// Moves everything into the one file, closes it, and lets another process have it. Clones of
    /// this store fail from then on.
    ///
    /// # Errors
    /// When the last changes could not be moved into the main file. They are not lost: they are
    /// read from the file beside it at the next start.
    pub async fn close(self) -> Result<()> {
        self.0.close().await
    }

    /// Tells whether nothing is being read or written at this moment.
    pub fn is_idle(&self) -> bool {
        self.0.is_idle()
    }

    fn reader(&self) -> &Lender {
        self.0.reader()
    }

    fn writer(&self) -> &Lender {
        self.0.writer()
    }

    /// Runs `work` and says of a failure what it means for this file.
    async fn run<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        work.await.map_err(|error| error.about(self.0.path()))
    }
}
