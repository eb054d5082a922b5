//! Looking at a file without changing it, before it is opened for writing.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, Read},
    path::Path,
    time::Duration,
};

use sea_orm::{DatabaseConnection, EntityTrait, QueryOrder, sqlx::sqlite::SqliteConnectOptions};
use sea_orm_migration::{MigratorTrait, SchemaManager, seaql_migrations};

use crate::{
    Error, Result,
    connection::{connect, one_value},
    files,
};

/// Written into the header of the file, so that it is told from another program's: `HFSM`.
pub(crate) const APPLICATION_ID: i32 = i32::from_be_bytes(*b"HFSM");

const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// How long the header of an SQLite file is.
const HEADER: usize = 100;

/// What the file is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// There is none, or it is empty.
    New,
    /// It has an older schema, of so many migrations.
    Behind {
        /// How many migrations it has.
        version: usize,
    },
    /// It has the schema that is known here.
    Current,
}

/// Looks at the file and refuses one that must not be opened for writing.
pub(crate) async fn inspect<M: MigratorTrait>(path: &Path) -> Result<State> {
    if !has_content(path)? {
        return Ok(State::New);
    }
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(Duration::from_secs(5));
    match look::<M>(path, options.clone().read_only(true)).await {
        Err(error) if error.needs_recovery() => look::<M>(path, options).await,
        state => state,
    }
}

async fn look<M: MigratorTrait>(path: &Path, options: SqliteConnectOptions) -> Result<State> {
    let connection = connect(options).await?;
    let state = inspect_open::<M>(&connection, path).await;
    connection.close().await?;
    state
}

/// Returns whether there is something that could be lost.
fn has_content(path: &Path) -> Result<bool> {
    let damaged =
        |detail: &str| Error::Damaged { path: path.to_owned(), detail: detail.to_owned() };
    let failed = |source| Error::of_file(path, "read", source);

    let log = files::beside(path, "-wal").metadata().map_or(0, |metadata| metadata.len());
    let mut bytes = Vec::with_capacity(HEADER);
    let mut length = 0;
    match File::open(path) {
        Ok(file) => {
            length = file.metadata().map_err(failed)?.len();
            file.take(HEADER as u64).read_to_end(&mut bytes).map_err(failed)?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    if length == 0 {
        // SQLite would throw away what the file beside an empty database holds.
        return if log == 0 {
            Ok(false)
        } else {
            Err(damaged(
                "it is missing or empty, but the file of its last changes (`-wal`) is still there",
            ))
        };
    }
    let Some(header) = bytes.first_chunk::<HEADER>().filter(|header| header.starts_with(MAGIC))
    else {
        return Err(damaged("it is not an SQLite file"));
    };
    // SQLite itself does not notice the loss of a part of the last page. While there are changes
    // in the file beside it, the file may rightly be shorter than it says.
    if log == 0 && stated_length(header).is_some_and(|stated| length < stated) {
        return Err(damaged("its end is missing"));
    }
    Ok(true)
}

/// Returns how long the file is by its own account, where it gives one.
fn stated_length(header: &[u8; HEADER]) -> Option<u64> {
    let number = |at: usize| {
        u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    // The number of pages counts only when written with the last change.
    let valid = number(24) == number(92);
    let page_size = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    valid.then(|| u64::from(number(28)) * page_size)
}

async fn inspect_open<M: MigratorTrait>(
    connection: &DatabaseConnection,
    path: &Path,
) -> Result<State> {
    let damaged = |detail: String| Error::Damaged { path: path.to_owned(), detail };

    let verdict: String = one_value(connection, "PRAGMA quick_check(1)").await?;
    if verdict != "ok" {
        return Err(damaged(verdict));
    }

    let tables: i64 = one_value(connection, "SELECT count(*) FROM sqlite_schema").await?;
    if tables == 0 {
        return Ok(State::New);
    }
    let application: i32 = one_value(connection, "PRAGMA application_id").await?;
    let ours =
        SchemaManager::new(connection).has_table(M::migration_table_name().to_string()).await?;
    if application != APPLICATION_ID && (application != 0 || !ours) {
        return Err(damaged("it belongs to another program".to_owned()));
    }

    let known: Vec<String> =
        M::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let newer = |found: String| Error::Newer {
        path: path.to_owned(),
        found,
        known: known.last().cloned().unwrap_or_default(),
    };
    let version: i32 = one_value(connection, "PRAGMA user_version").await?;
    if usize::try_from(version).is_ok_and(|version| version > known.len()) {
        return Err(newer(format!("number {version}")));
    }
    if !ours {
        return Err(damaged("the list of its schema changes is missing".to_owned()));
    }
    let applied = applied_migrations(connection).await?;
    let names: HashSet<&str> = known.iter().map(String::as_str).collect();
    if let Some(unknown) = applied.iter().find(|model| !names.contains(model.version.as_str())) {
        return Err(newer(unknown.version.clone()));
    }
    Ok(if applied.len() == known.len() {
        State::Current
    } else {
        State::Behind { version: applied.len() }
    })
}

/// Reads the list of migrations; the library's own reader would make its table.
async fn applied_migrations(
    connection: &DatabaseConnection,
) -> Result<Vec<seaql_migrations::Model>> {
    Ok(seaql_migrations::Entity::find()
        .order_by_asc(seaql_migrations::Column::Version)
        .all(connection)
        .await?)
}
