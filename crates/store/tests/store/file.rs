//! The file of the store: who may open it, and what happens to one that cannot be used.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::common::{account, space};
use hfsm_store::{Error, Store};
use sea_orm::{ConnectionTrait, Database};

fn database(folder: &Path) -> PathBuf {
    folder.join("store.db")
}

fn wal(path: &Path) -> PathBuf {
    path.with_extension("db-wal")
}

/// Makes a store with a few hundred Spaces, closed, all in its one file.
async fn filled(path: &Path) {
    let store = Store::open(path).await.unwrap();
    let spaces: Vec<_> = (0..300).map(|n| space(&format!("acme/space-{n}"), &["alice"])).collect();
    store.save_account(&account("alice")).await.unwrap();
    store.save_spaces(&spaces).await.unwrap();
    store.close().await.unwrap();
    assert!(!wal(path).exists(), "everything is in the one file");
}

/// Changes the file as another program would.
async fn run(path: &Path, statement: &str) {
    let url = format!("sqlite://{}?mode=rwc", path.display());
    let connection = Database::connect(url).await.unwrap();
    connection.execute_unprepared(statement).await.unwrap();
    connection.close().await.unwrap();
}

async fn refused(path: &Path) -> Error {
    let before = fs::read(path).ok();
    let error = Store::open(path).await.unwrap_err();
    assert!(fs::read(path).ok() == before, "the file was changed: {error}");
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    error
}

#[tokio::test]
async fn what_was_saved_is_there_after_closing_and_without() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(&folder.path().join("made/on/the/way"));
    filled(&path).await;
    let store = Store::open(&path).await.unwrap();
    assert_eq!(store.path(), Some(path.as_path()));
    assert_eq!(store.spaces().await.unwrap().len(), 300);
    store.save_account(&account("bob")).await.unwrap();
    drop(store);
    let store = Store::open(&path).await.unwrap();
    assert_eq!(store.accounts().await.unwrap(), [account("alice"), account("bob")]);
}

#[tokio::test]
async fn a_store_that_is_open_is_not_opened_again_until_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    let store = Store::open(&path).await.unwrap();
    let other = store.clone();
    let error = refused(&path).await;
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    store.close().await.unwrap();
    assert!(other.accounts().await.is_err(), "a clone of a closed store says so");
    Store::open(&path).await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_store_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    let garbage: Vec<u8> =
        (0..20_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut header_only = b"SQLite format 3\0".to_vec();
    header_only.extend_from_slice(&garbage);
    for bytes in [&garbage[..], b"x", b"SQLite format 3", &header_only, b"SQLite format 3\0"] {
        fs::write(&path, bytes).unwrap();
        let error = refused(&path).await;
        assert!(matches!(error, Error::Damaged { .. }), "{} bytes: {error}", bytes.len());
        assert!(error.to_string().contains("move it away"), "{error}");
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(Store::open(&path).await.is_err());
}

#[tokio::test]
async fn a_store_that_was_cut_short_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    filled(&path).await;
    let whole = fs::read(&path).unwrap();
    for length in [17, 100, 4096, 4097, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        let error = refused(&path).await;
        assert!(matches!(error, Error::Damaged { .. }), "{length} bytes: {error}");
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(Store::open(&path).await.unwrap().spaces().await.unwrap().len(), 300);
}

#[tokio::test]
async fn a_store_with_overwritten_pages_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    filled(&path).await;
    let whole = fs::read(&path).unwrap();
    let mut refusals = 0;
    for page in 1..whole.len() / 4096 {
        let mut bytes = whole.clone();
        bytes[page * 4096..(page + 1) * 4096].fill(0x5a);
        fs::write(&path, &bytes).unwrap();
        let error = refused(&path).await;
        assert!(matches!(error, Error::Damaged { .. }), "page {page}: {error}");
        refusals += 1;
        if refusals == 40 {
            break;
        }
    }
    assert!(refusals > 10, "{refusals}");
}

#[tokio::test]
async fn a_file_that_vanished_beside_its_last_changes_is_not_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    for leave_empty in [true, false] {
        let _ = fs::remove_file(&path);
        fs::write(wal(&path), b"the last changes").unwrap();
        if leave_empty {
            fs::write(&path, b"").unwrap();
        }
        let error = refused(&path).await;
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
        assert_eq!(fs::read(wal(&path)).unwrap(), b"the last changes");
    }
}

#[tokio::test]
async fn a_change_that_a_killed_process_left_half_done_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    filled(&path).await;
    let url = format!("sqlite://{}", path.display());
    let connection = Database::connect(url).await.unwrap();
    // As while the file is made, before it keeps its last changes beside it.
    connection.execute_unprepared("PRAGMA journal_mode = DELETE").await.unwrap();
    connection.execute_unprepared("PRAGMA cache_size = 2").await.unwrap();
    let half_done = "BEGIN; UPDATE spaces SET info = 'half done'";
    connection.execute_unprepared(half_done).await.unwrap();
    let killed = folder.path().join("killed.db");
    fs::copy(&path, &killed).unwrap();
    fs::copy(path.with_extension("db-journal"), killed.with_extension("db-journal")).unwrap();

    let store = Store::open(&killed).await.unwrap();
    assert_eq!(store.spaces().await.unwrap().len(), 300);
}

#[tokio::test]
async fn an_empty_file_becomes_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    fs::write(&path, b"").unwrap();
    Store::open(&path).await.unwrap();
}

#[tokio::test]
async fn a_database_of_another_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    run(&path, "CREATE TABLE bookmarks (url TEXT)").await;
    let error = refused(&path).await;
    assert!(error.to_string().contains("another program"), "{error}");

    fs::remove_file(&path).unwrap();
    run(&path, "CREATE TABLE seaql_migrations (version TEXT); PRAGMA application_id = 77").await;
    let error = refused(&path).await;
    assert!(error.to_string().contains("another program"), "{error}");
}

#[tokio::test]
async fn a_newer_store_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    for change in [
        "INSERT INTO seaql_migrations VALUES ('m9999_of_tomorrow', 0)",
        "PRAGMA user_version = 9999",
        "PRAGMA user_version = 9999; DROP TABLE seaql_migrations",
    ] {
        let _ = fs::remove_file(&path);
        filled(&path).await;
        run(&path, change).await;
        let error = refused(&path).await;
        assert!(matches!(error, Error::Newer { .. }), "{error}");
        assert!(error.to_string().contains("9999"), "{error}");
        assert!(error.to_string().contains("newer version"), "{error}");
    }
}

#[tokio::test]
async fn a_folder_that_is_a_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("data");
    fs::write(&in_the_way, "in the way").unwrap();
    let error = Store::open(&database(&in_the_way)).await.unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    assert!(error.to_string().contains(&in_the_way.display().to_string()), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_store() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("hfsm");
    let path = database(&made);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;

    let store = Store::open(&path).await.unwrap();
    store.save_account(&account("alice")).await.unwrap();
    assert_eq!(mode(&made), 0o700);
    let mut seen = 0;
    for entry in fs::read_dir(&made).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(mode(&entry.path()), 0o600, "{:?}", entry.file_name());
        seen += 1;
    }
    assert_eq!(seen, 4, "store, lock, log and index");
    store.close().await.unwrap();

    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let store = Store::open(&path).await.unwrap();
    assert_eq!(mode(&path), 0o600);
    store.close().await.unwrap();
}
