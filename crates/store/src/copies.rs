//! A copy of the file before its schema is changed.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use sea_orm::{ConnectionTrait, Statement, sqlx::sqlite::SqliteConnectOptions};

use crate::{Error, Result, connection::connect, files};

/// How many copies stay.
const KEPT: usize = 2;

/// Copies the store at `path`, whose schema has `version` migrations, to `<path>.before-<next>`,
/// and removes all but the newest copies.
pub(crate) async fn keep(path: &Path, version: usize) -> Result<()> {
    let target = files::beside(path, &format!("{MARK}{}", version + 1));
    let partial = files::beside(&target, ".part");
    if let Err(error) = fs::remove_file(&partial)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(Error::of_file(&partial, "remove", error));
    }
    // Made empty first, so that it is private from its first byte on.
    let copy = files::open_private(&partial)?;
    write_copy(path, &partial).await.map_err(|error| error.about(Some(&partial)))?;
    copy.sync_all().map_err(|source| Error::of_file(&partial, "write", source))?;
    fs::rename(&partial, &target).map_err(|source| Error::of_file(&target, "write", source))?;
    files::sync_folder(&target);
    tracing::info!(path = %target.display(), "kept a copy of the store before changing its schema");
    remove_older(path)
}

const MARK: &str = ".before-";

/// Copies with the database's own means: the last changes may still be in the file beside it.
async fn write_copy(path: &Path, target: &Path) -> Result<()> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(Duration::from_secs(5));
    let connection = connect(options).await?;
    let statement = Statement::from_sql_and_values(
        connection.get_database_backend(),
        "VACUUM INTO ?",
        [target.to_string_lossy().into_owned().into()],
    );
    let written = connection.execute_raw(statement).await;
    connection.close().await?;
    written?;
    Ok(())
}

fn remove_older(path: &Path) -> Result<()> {
    let mut copies = copies_of(path)?;
    copies.sort_unstable_by_key(|(version, _)| std::cmp::Reverse(*version));
    for (_, old) in copies.into_iter().skip(KEPT) {
        fs::remove_file(&old).map_err(|source| Error::of_file(&old, "remove", source))?;
    }
    Ok(())
}

fn copies_of(path: &Path) -> Result<Vec<(usize, PathBuf)>> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let Some(name) = path.file_name() else { return Ok(Vec::new()) };
    let prefix = format!("{}{MARK}", name.to_string_lossy());
    let failed = |source| Error::of_file(folder, "list", source);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        if let Some(version) =
            name.to_string_lossy().strip_prefix(&prefix).and_then(|rest| rest.parse().ok())
        {
            found.push((version, entry.path()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use sea_orm::Database;
    use sea_orm_migration::{
        DbErr, MigrationName, MigrationTrait, MigratorTrait, SchemaManager, async_trait,
        schema::string, sea_query::Table,
    };

    use super::*;
    use crate::connection::{Connection, one_value};

    /// A schema of so many steps, each of which adds a table.
    struct Steps<const N: usize>;

    struct Step(String);

    impl MigrationName for Step {
        fn name(&self) -> &str {
            &self.0
        }
    }

    #[async_trait::async_trait]
    impl MigrationTrait for Step {
        #[expect(elided_lifetimes_in_paths, reason = "the trait leaves it out, and so must we")]
        async fn up(&self, manager: &SchemaManager) -> std::result::Result<(), DbErr> {
            let table = Table::create().table(self.0.clone()).col(string("value")).to_owned();
            manager.create_table(table).await?;
            if self.0 == "step_7" {
                return Err(DbErr::Custom("step 7 does not work".to_owned()));
            }
            Ok(())
        }
    }

    #[async_trait::async_trait]
    impl<const N: usize> MigratorTrait for Steps<N> {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            (1..=N).map(|n| Box::new(Step(format!("step_{n}"))) as _).collect()
        }
    }

    async fn open<const N: usize>(path: &Path) -> crate::Result<()> {
        let connection = Connection::open::<Steps<N>>(path).await?;
        let insert = format!("INSERT INTO step_1 VALUES ('by {N}')");
        connection.writer().execute_unprepared(&insert).await?;
        // Not closed: the last changes are still in the file beside it, as after a crash.
        Ok(())
    }

    fn copies(path: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(path.parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name.contains("before"))
            .collect();
        names.sort();
        names
    }

    async fn rows(path: &Path) -> i64 {
        let url = format!("sqlite://{}?mode=ro", path.display());
        let connection = Database::connect(url).await.unwrap();
        let rows = one_value(&connection, "SELECT count(*) FROM step_1").await.unwrap();
        connection.close().await.unwrap();
        rows
    }

    #[tokio::test]
    async fn the_last_two_copies_from_before_a_change_of_the_schema_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("it's a store.db");
        open::<1>(&path).await.unwrap();
        assert!(copies(&path).is_empty(), "a new store has nothing to copy");
        open::<1>(&path).await.unwrap();
        assert!(copies(&path).is_empty(), "nothing changed");
        open::<2>(&path).await.unwrap();
        assert_eq!(copies(&path), ["it's a store.db.before-2"]);
        open::<3>(&path).await.unwrap();
        open::<5>(&path).await.unwrap();
        assert_eq!(copies(&path), ["it's a store.db.before-3", "it's a store.db.before-4"]);

        assert_eq!(rows(&files::beside(&path, ".before-4")).await, 4);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let copy = files::beside(&path, ".before-4");
            assert_eq!(fs::metadata(copy).unwrap().permissions().mode() & 0o777, 0o600);
        }

        let error = open::<4>(&path).await.unwrap_err();
        assert!(matches!(error, Error::Newer { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_change_that_fails_changes_nothing_and_leaves_its_copy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        open::<5>(&path).await.unwrap();
        let error = open::<8>(&path).await.unwrap_err();
        assert!(matches!(error, Error::Database(_)), "{error}");
        assert_eq!(copies(&path), ["store.db.before-6"]);
        // Step 6 went well by itself, and was taken back with step 7.
        open::<5>(&path).await.unwrap();
        assert_eq!(rows(&path).await, 2);
        open::<6>(&path).await.unwrap();
    }
}
