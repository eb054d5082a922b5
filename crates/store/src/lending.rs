//! Connections to one SQLite database that are lent one at a time, and what SeaORM asks of one.
//!
//! sqlx's own pool has each connection answer once more whenever it comes back, and counts transactions
//! by itself. The first is another way to SQLite's thread and back, as long as a small statement itself;
//! the second goes wrong where SQLite takes a transaction back by itself, as it does on a full disk: sqlx
//! (0.9) goes on counting it as open, and what is written after it is confirmed and never committed.

use std::time::Duration;

use deadpool::{
    Runtime,
    managed::{self, Metrics, Pool, PoolError, RecycleError, RecycleResult},
};
use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    Statement, Values,
    sqlx::{
        self, AssertSqlSafe, ConnectOptions, Connection as _, Executor, Sqlite, SqliteConnection,
        query::Query, sqlite::SqliteConnectOptions,
    },
};
use sea_query_sqlx::SqlxValues;
use tokio::sync::Mutex;

/// What the database made of something.
type Answer<T> = Result<T, DbErr>;

/// How long one waits for a connection.
const PATIENCE: Duration = Duration::from_secs(30);
/// Takes back the transaction that is open; where none is, that is no error.
const TAKE_BACK: &str = "SAVEPOINT given_up; ROLLBACK";

/// A database, and some connections to it.
#[derive(Debug, Clone)]
pub(crate) struct Lender(Pool<Opener>);

/// A connection while it is lent. Where a transaction was begun and not committed, it is taken back
/// before the connection is used again.
#[derive(Debug)]
pub(crate) struct Lent(Mutex<managed::Object<Opener>>);

/// Opens connections.
#[derive(Debug)]
struct Opener(SqliteConnectOptions);

#[derive(Debug)]
struct Opened {
    connection: SqliteConnection,
    in_transaction: bool,
    /// Its thread has ended; it will never answer again.
    broken: bool,
}

impl Opened {
    async fn run(&mut self, statement: &'static str) -> Answer<()> {
        let done = self.connection.execute(statement).await;
        done.map(drop).map_err(|error| self.failed(error))
    }

    fn failed(&mut self, error: sqlx::Error) -> DbErr {
        self.broken |= matches!(error, sqlx::Error::WorkerCrashed);
        failed(error)
    }
}

impl managed::Manager for Opener {
    type Type = Opened;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<Opened, sqlx::Error> {
        Ok(Opened { connection: self.0.connect().await?, in_transaction: false, broken: false })
    }

    async fn recycle(&self, opened: &mut Opened, _: &Metrics) -> RecycleResult<sqlx::Error> {
        if opened.broken { Err(RecycleError::Backend(sqlx::Error::WorkerCrashed)) } else { Ok(()) }
    }
}

impl Lender {
    /// Opens a first connection; others are opened when they are needed, up to `most`, and all are kept.
    pub(crate) async fn open(options: SqliteConnectOptions, most: usize) -> Answer<Self> {
        let pool = Pool::builder(Opener(options.disable_statement_logging()))
            .max_size(most)
            .wait_timeout(Some(PATIENCE))
            .runtime(Runtime::Tokio1)
            .build();
        let this = Self(pool.map_err(|error| DbErr::Custom(error.to_string()))?);
        drop(this.lend().await?);
        Ok(this)
    }

    /// Begins a transaction.
    pub(crate) async fn begin(&self) -> Answer<Lent> {
        let mut lent = self.lend().await?;
        let opened = lent.0.get_mut();
        opened.in_transaction = true;
        opened.run("BEGIN").await?;
        Ok(lent)
    }

    /// Tells whether no connection is lent.
    pub(crate) fn is_idle(&self) -> bool {
        let status = self.0.status();
        status.available == status.size && status.waiting == 0
    }

    /// Waits for the connections to come back, and closes them. Nothing is lent from then on, whatever it
    /// returns.
    pub(crate) async fn close(&self) -> Answer<()> {
        let mut all = Vec::new();
        let mut outcome = Ok(());
        while all.len() < self.0.status().size && outcome.is_ok() {
            match self.lend().await {
                Ok(lent) => all.push(lent),
                Err(error) => outcome = Err(error),
            }
        }
        self.0.close();
        for lent in all {
            let opened = managed::Object::take(lent.0.into_inner());
            let closed = opened.connection.close().await.map_err(failed);
            outcome = outcome.and(closed);
        }
        outcome
    }

    async fn lend(&self) -> Answer<Lent> {
        let mut opened = self.0.get().await.map_err(|error| match error {
            PoolError::Backend(error) => failed(error),
            PoolError::Closed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
            PoolError::Timeout(_) => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
            error => DbErr::Custom(error.to_string()),
        })?;
        if opened.in_transaction {
            if let Err(error) = opened.run(TAKE_BACK).await {
                // Another is opened in its place.
                drop(managed::Object::take(opened));
                return Err(error);
            }
            opened.in_transaction = false;
        }
        Ok(Lent(Mutex::new(opened)))
    }
}

impl Lent {
    /// Commits the transaction that was begun.
    pub(crate) async fn commit(self) -> Answer<()> {
        let mut opened = self.0.into_inner();
        opened.run("COMMIT").await?;
        opened.in_transaction = false;
        Ok(())
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Lent {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Sqlite
    }

    async fn execute_raw(&self, mut statement: Statement) -> Answer<ExecResult> {
        let mut opened = self.0.lock().await;
        let done = query(&mut statement).execute(&mut opened.connection).await;
        done.map(Into::into).map_err(|error| opened.failed(error))
    }

    async fn execute_unprepared(&self, sql: &str) -> Answer<ExecResult> {
        let mut opened = self.0.lock().await;
        let done = opened.connection.execute(AssertSqlSafe(sql.to_owned())).await;
        done.map(Into::into).map_err(|error| opened.failed(error))
    }

    async fn query_one_raw(&self, mut statement: Statement) -> Answer<Option<QueryResult>> {
        let mut opened = self.0.lock().await;
        let row = query(&mut statement).fetch_optional(&mut opened.connection).await;
        row.map(|row| row.map(Into::into)).map_err(|error| opened.failed(error))
    }

    async fn query_all_raw(&self, mut statement: Statement) -> Answer<Vec<QueryResult>> {
        let mut opened = self.0.lock().await;
        let rows = query(&mut statement).fetch_all(&mut opened.connection).await;
        rows.map(|rows| rows.into_iter().map(Into::into).collect())
            .map_err(|error| opened.failed(error))
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Lender {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Sqlite
    }

    async fn execute_raw(&self, statement: Statement) -> Answer<ExecResult> {
        self.lend().await?.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Answer<ExecResult> {
        self.lend().await?.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Answer<Option<QueryResult>> {
        self.lend().await?.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Answer<Vec<QueryResult>> {
        self.lend().await?.query_all_raw(statement).await
    }
}

fn query(statement: &mut Statement) -> Query<'_, Sqlite, SqlxValues> {
    let values = statement.values.take().unwrap_or(Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql.as_str()), SqlxValues(values))
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error.into()))
}
