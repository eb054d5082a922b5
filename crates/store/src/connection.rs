//! The SQLite file: one writer, several readers, and how it is opened. The only place that knows
//! which database this is.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbErr, TransactionTrait,
    sqlx::{
        ConnectOptions,
        sqlite::{
            SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqlitePoolOptions,
            SqliteSynchronous,
        },
    },
};
use sea_orm_migration::MigratorTrait;

use crate::{
    Error, Result, copies, files,
    inspection::{APPLICATION_ID, State, inspect},
    lending::Lender,
    lock::Lock,
    spaces::KnownLinks,
    together::Queue,
};

/// How many reads may run at the same time, beside the one writer.
const READERS: usize = 4;

/// An open store.
#[derive(Debug)]
pub(crate) struct Connection {
    writer: Lender,
    reader: Lender,
    file: Option<(PathBuf, Lock)>,
    links: Mutex<KnownLinks>,
    queue: Arc<Queue>,
}

impl Connection {
    /// Opens the file, after looking at it without changing it, and brings its schema up to date.
    pub(crate) async fn open<M: MigratorTrait>(path: &Path) -> Result<Self> {
        if let Some(folder) = path.parent() {
            files::make_folder(folder)?;
        }
        let lock = Lock::take(path)?;
        Self::open_locked::<M>(path, lock).await.map_err(|error| error.about(Some(path)))
    }

    async fn open_locked<M: MigratorTrait>(path: &Path, lock: Lock) -> Result<Self> {
        let state = inspect::<M>(path).await?;
        drop(files::open_private(path)?);
        if let State::Behind { version } = &state {
            copies::keep(path, *version).await?;
        }
        if !matches!(state, State::Current) {
            let connection = connect(writing(path)).await?;
            migrate::<M>(&connection).await?;
            connection.close().await?;
            files::sync_folder(path);
        }
        let writer = Lender::open(writing(path), 1).await?;
        let reader = Lender::open(reading(path), READERS).await?;
        let file = Some((path.to_owned(), lock));
        Ok(Self { writer, reader, file, links: Mutex::default(), queue: Arc::default() })
    }

    /// Makes a database in memory. It lives as long as its connection.
    pub(crate) async fn in_memory<M: MigratorTrait>() -> Result<Self> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let options = SqliteConnectOptions::new()
            // With a slash before its name it is the same one for all connections of this process.
            .filename(format!("/{}", MADE.fetch_add(1, Ordering::Relaxed)))
            // Without it each commit looks through all pages there are.
            .vfs("memdb")
            .journal_mode(SqliteJournalMode::Memory)
            .foreign_keys(true);
        // It ends with its last connection.
        let first = connect(options.clone()).await?;
        migrate::<M>(&first).await?;
        let writer = Lender::open(options.locking_mode(SqliteLockingMode::Exclusive), 1).await?;
        first.close().await?;
        let (links, queue) = Default::default();
        Ok(Self { reader: writer.clone(), writer, file: None, links, queue })
    }

    pub(crate) fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(|(path, _)| path.as_path())
    }

    pub(crate) fn reader(&self) -> &Lender {
        &self.reader
    }

    pub(crate) fn writer(&self) -> &Lender {
        &self.writer
    }

    pub(crate) fn links(&self) -> MutexGuard<'_, KnownLinks> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn queue(&self) -> &Arc<Queue> {
        &self.queue
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.queue.is_idle() && self.reader.is_idle() && self.writer.is_idle()
    }

    pub(crate) async fn close(&self) -> Result<()> {
        let readers = self.reader.close().await;
        let moved = self.writer.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await;
        let writer = self.writer.close().await;
        if let Some((path, lock)) = &self.file {
            lock.release();
            moved.map_err(|error| Error::from(error).about(Some(path)))?;
        }
        readers?;
        Ok(writer?)
    }
}

/// Applies all migrations that are missing, or none of them.
async fn migrate<M: MigratorTrait>(connection: &DatabaseConnection) -> Result<()> {
    let transaction = connection.begin().await?;
    M::up(&transaction, None).await?;
    let version = M::migrations().len();
    transaction.execute_unprepared(&format!("PRAGMA user_version = {version}")).await?;
    transaction.execute_unprepared(&format!("PRAGMA application_id = {APPLICATION_ID}")).await?;
    transaction.commit().await?;
    Ok(())
}

/// A commit is on the disk when it returns (`synchronous = FULL`), so a process that is killed, or
/// a machine that loses power, loses nothing that was confirmed.
fn writing(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
}

fn reading(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("query_only", "ON")
}

/// Connects for a while, by SeaORM's own means.
pub(crate) async fn connect(options: SqliteConnectOptions) -> Result<DatabaseConnection> {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options.disable_statement_logging())
        .await?;
    Ok(pool.into())
}

/// Runs a statement that answers one row with one column.
pub(crate) async fn one_value<T: sea_orm::TryGetable>(
    connection: &impl ConnectionTrait,
    statement: &'static str,
) -> Result<T> {
    let statement =
        sea_orm::Statement::from_string(connection.get_database_backend(), statement.to_owned());
    let row = connection
        .query_one_raw(statement)
        .await?
        .ok_or_else(|| DbErr::RecordNotFound("the database did not answer".to_owned()))?;
    Ok(row.try_get_by_index(0)?)
}

#[cfg(test)]
pub(crate) mod tests {
    use hfsm_model::{Activity, ActivityKind, Actor, Outcome};

    use super::*;
    use crate::{ActivityFilter, Store};

    pub(crate) fn activity(n: i64) -> Activity {
        Activity {
            id: 0,
            at: chrono::DateTime::UNIX_EPOCH,
            actor: Actor::System,
            kind: ActivityKind::Restart,
            space: None,
            account: None,
            outcome: Outcome::Done,
            message: Some(format!("{n} {}", "x".repeat(1500))),
            details: None,
            request_id: None,
        }
    }

    pub(crate) fn waiting() -> hfsm_model::Run {
        let text = r#"{"id":"r-1","number":0,"job":"j","name":"n","cause":"schedule","actor":{"type":"system"},"space":"a/b","action":{"type":"restart"},"terms":{},"planned_at":"1970-01-01T00:00:00Z","occurrences":1,"state":"waiting","started_at":null,"ended_at":null,"reason":null,"steps":[],"operation":null,"request_id":null}"#;
        serde_json::from_str(text).unwrap()
    }

    #[tokio::test]
    async fn a_full_disk_is_told_and_loses_nothing_that_was_confirmed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let store = Store::open(&path).await.unwrap();
        // The same answer of SQLite as for a disk without room.
        let pages: i64 = one_value(store.writer(), "PRAGMA page_count").await.unwrap();
        let limit = format!("PRAGMA max_page_count = {}", pages + 20);
        store.writer().execute_unprepared(&limit).await.unwrap();

        let mut confirmed = Vec::new();
        let error = loop {
            match store.add_activity(&activity(0)).await {
                Ok(line) => confirmed.push(line),
                Err(error) => break error,
            }
            assert!(confirmed.len() < 1000, "never full");
        };
        assert!(matches!(error, Error::Full), "{error}");
        assert!(error.to_string().contains("free some space"), "{error}");
        assert!(confirmed.len() > 10);
        confirmed.reverse();
        let all = ActivityFilter::default();
        assert_eq!(store.activities(&all, 1000).await.unwrap(), confirmed);

        store.writer().execute_unprepared("PRAGMA max_page_count = 1000000").await.unwrap();
        confirmed.insert(0, store.add_activity(&activity(1)).await.unwrap());
        drop(store);
        let store = Store::open(&path).await.unwrap();
        assert_eq!(store.activities(&all, 1000).await.unwrap(), confirmed);
    }

    #[tokio::test]
    async fn a_run_for_which_there_is_no_room_stays_held_and_is_recorded_when_there_is() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store.db")).await.unwrap();
        let now = chrono::DateTime::UNIX_EPOCH;
        let waiting = waiting();
        store.add_runs(std::slice::from_ref(&waiting)).await.unwrap();
        let until = now + chrono::TimeDelta::minutes(1);
        let mut run = store.take_runs("me", until, 1).await.unwrap().remove(0);
        let pages: i64 = one_value(store.writer(), "PRAGMA page_count").await.unwrap();
        let limit = format!("PRAGMA max_page_count = {pages}");
        store.writer().execute_unprepared(&limit).await.unwrap();
        run.state = hfsm_model::RunState::Done;
        run.reason = Some("x".repeat(100_000));
        let line = activity(1);
        for error in [
            store.save_run(&run, "me").await.unwrap_err(),
            store.end_run(&run, "me", Some(&line)).await.unwrap_err(),
        ] {
            assert!(matches!(error, Error::Full), "{error}");
        }
        let held = store.find_run(&run.id).await.unwrap().unwrap();
        assert_eq!(held.state, hfsm_model::RunState::Running, "not lost");
        assert!(store.take_runs("another", until, 1).await.unwrap().is_empty(), "nor done twice");
        store.writer().execute_unprepared("PRAGMA max_page_count = 1000000").await.unwrap();
        let line = store.end_run(&run, "me", Some(&line)).await.unwrap();
        let all = crate::ActivityFilter::default();
        assert_eq!(store.activities(&all, 9).await.unwrap(), [line.unwrap()]);
        let recorded = store.find_run(&run.id).await.unwrap().unwrap();
        assert_eq!(recorded.state, hfsm_model::RunState::Done);
    }

    #[tokio::test]
    async fn what_is_confirmed_after_failed_transactions_is_committed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store.db")).await.unwrap();
        for statement in ["ROLLBACK", "DELETE FROM settings"] {
            let transaction = store.writer().begin().await.unwrap();
            // The first does what SQLite does by itself when there is no room.
            transaction.execute_unprepared(statement).await.unwrap();
            drop(transaction);
        }
        store.set_setting("kept", &true).await.unwrap();
        assert_eq!(store.setting("kept").await.unwrap(), Some(true), "seen by another connection");
    }

    #[tokio::test]
    async fn the_file_is_set_up_so_that_a_commit_is_on_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store.db")).await.unwrap();
        let mode: String = one_value(store.writer(), "PRAGMA journal_mode").await.unwrap();
        let synchronous: i64 = one_value(store.writer(), "PRAGMA synchronous").await.unwrap();
        assert_eq!((mode.as_str(), synchronous), ("wal", 2));
        for connection in [store.writer(), store.reader()] {
            let keys: i64 = one_value(connection, "PRAGMA foreign_keys").await.unwrap();
            assert_eq!(keys, 1);
        }
        let statement = "DELETE FROM activities";
        assert!(store.reader().execute_unprepared(statement).await.is_err());
    }

    #[tokio::test]
    async fn a_write_that_is_given_up_on_changes_nothing_and_blocks_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store.db")).await.unwrap();
        let transaction = store.writer().begin().await.unwrap();
        transaction.execute_unprepared("INSERT INTO settings VALUES ('a', '1')").await.unwrap();
        drop(transaction);
        store.set_setting("b", &2).await.unwrap();
        assert_eq!(store.setting::<i32>("a").await.unwrap(), None);
        assert_eq!(store.setting::<i32>("b").await.unwrap(), Some(2));
    }
}
