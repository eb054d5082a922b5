//! What happens between processes: one is killed, one holds the store, one may not write it.
//!
//! The tests marked as ignored are the other process: each is run by the test above it.
use std::{
    collections::hash_map::RandomState,
    fs,
    hash::{BuildHasher, Hasher},
    io::{BufRead, BufReader, Read, Write},
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use crate::common::{activity, at, space, space_id};
use hfsm_model::{ActivityKind, Stage, StageChange};
use hfsm_store::{ActivityFilter, Error, StageChangeFilter, Store};

const BATCH: usize = 40;

#[tokio::test]
async fn a_killed_process_has_lost_nothing_that_it_had_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut confirmed = Confirmed::default();
    for round in 0..12 {
        // Now and then before anything is written, else in the midst of it.
        let lines = if round % 4 == 0 { 0 } else { random(60) };
        let pause = Duration::from_micros(random(if round % 4 == 0 { 60_000 } else { 3_000 }));
        confirmed.add(&kill_a_writer(&path, lines, pause));

        let store = Store::open(&path).await.unwrap();
        confirmed.check(&store).await;
        if round % 2 == 0 {
            store.close().await.unwrap();
        }
    }
    assert!(confirmed.activities.len() > 20, "{} lines", confirmed.activities.len());
    assert!(confirmed.generation > 5, "{} batches", confirmed.generation);
}

#[derive(Default)]
struct Confirmed {
    activities: Vec<i64>,
    changes: Vec<i64>,
    generation: u64,
    setting: u64,
}

impl Confirmed {
    fn add(&mut self, lines: &[String]) {
        for line in lines {
            let (what, number) = line.split_once(' ').unwrap();
            match what {
                "activity" => self.activities.push(number.parse().unwrap()),
                "change" => self.changes.push(number.parse().unwrap()),
                "spaces" => self.generation = number.parse().unwrap(),
                "setting" => self.setting = number.parse().unwrap(),
                other => panic!("{other}"),
            }
        }
    }

    async fn check(&self, store: &Store) {
        let stored = store.activities(&ActivityFilter::default(), u64::MAX >> 1).await.unwrap();
        for id in &self.activities {
            assert!(stored.iter().any(|line| line.id == *id), "activity {id} is lost");
        }
        let changes =
            store.stage_changes(&StageChangeFilter::default(), u64::MAX >> 1).await.unwrap();
        for second in &self.changes {
            let time = at(*second);
            assert!(
                changes.iter().any(|record| record.change.at == time),
                "change {second} is lost"
            );
        }
        let spaces = store.spaces().await.unwrap();
        let generations: Vec<u64> = spaces.iter().map(|space| space.info.likes).collect();
        if let Some(first) = generations.first() {
            assert!(
                generations.iter().all(|likes| likes == first),
                "half a batch: {generations:?}"
            );
            assert_eq!(generations.len(), BATCH);
        }
        assert!(generations.first().copied().unwrap_or(0) >= self.generation);
        let setting = store.setting::<u64>("counter").await.unwrap().unwrap_or(0);
        assert!(setting >= self.setting, "{setting} < {}", self.setting);
    }
}

/// Kills a writer after it has confirmed so many writes and some time more, and returns what it
/// had confirmed until then.
fn kill_a_writer(path: &Path, lines: u64, pause: Duration) -> Vec<String> {
    let Other { mut child, stdin, stdout } = Other::start("the_writer_that_is_killed", path);
    let mut seen = Vec::new();
    let mut stdout = BufReader::new(stdout);
    let mut line = String::new();
    while (seen.len() as u64) < lines && stdout.read_line(&mut line).unwrap() > 0 {
        seen.extend(confirmation(&line));
        line.clear();
    }
    let until = Instant::now() + pause;
    while Instant::now() < until {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    drop(stdin);
    // What it had written into the pipe counts; a line that was cut does not.
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    seen.extend(rest.split_inclusive('\n').filter_map(confirmation));
    seen
}

/// Tells the lines of the writer from those of the test harness around it.
fn confirmation(line: &str) -> Option<String> {
    let line = line.strip_suffix('\n')?;
    let known = ["activity ", "change ", "spaces ", "setting "];
    known.iter().any(|word| line.starts_with(word)).then(|| line.to_owned())
}

#[tokio::test]
#[ignore = "is run by the test above, in a process of its own"]
async fn the_writer_that_is_killed() {
    let Some(path) = path_from_above() else { return };
    let store = Store::open(&path).await.unwrap();
    let mut generation = store.spaces().await.unwrap().first().map_or(0, |space| space.info.likes);
    let newest = store.stage_changes(&StageChangeFilter::default(), 1).await.unwrap();
    let mut second = newest.first().map_or(0, |record| record.id);
    println!();
    loop {
        let line = activity(Some("a/b"), "alice", ActivityKind::Restart, second);
        let line = store.add_activity(&line).await.unwrap();
        println!("activity {}", line.id);

        second += 1;
        let change = StageChange {
            space: space_id("a/b"),
            at: at(second),
            from: None,
            to: Stage::RUNNING,
            message: None,
        };
        store.record_stage_changes(&[change]).await.unwrap();
        println!("change {second}");

        generation += 1;
        let spaces: Vec<_> = (0..BATCH)
            .map(|n| {
                let mut space = space(&format!("acme/space-{n}"), &["alice"]);
                space.info.likes = generation;
                space
            })
            .collect();
        store.save_spaces(&spaces).await.unwrap();
        println!("spaces {generation}");

        store.set_setting("counter", &generation).await.unwrap();
        println!("setting {generation}");
    }
}

#[tokio::test]
async fn a_store_that_another_process_holds_is_refused_with_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let Other { mut child, stdin, stdout } = Other::start("the_holder", &path);
    let mut stdout = BufReader::new(stdout);
    let mut line = String::new();
    while !line.ends_with("held\n") {
        assert!(stdout.read_line(&mut line).unwrap() > 0, "{line}");
    }

    let error = Store::open(&path).await.unwrap_err();
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains(&path.display().to_string()), "{text}");
    assert!(text.contains(&child.id().to_string()), "{text}");
    assert!(text.contains("end it"), "{text}");

    drop(stdin);
    child.wait().unwrap();
    Store::open(&path).await.unwrap();
}

#[tokio::test]
#[ignore = "is run by the test above, in a process of its own"]
async fn the_holder() {
    let Some(path) = path_from_above() else { return };
    let _store = Store::open(&path).await.unwrap();
    println!("\nheld");
    let mut rest = String::new();
    std::io::stdin().read_to_string(&mut rest).unwrap();
}

#[tokio::test]
async fn a_folder_that_may_not_be_written_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let path = data.join("store.db");
    Store::open(&path).await.unwrap().close().await.unwrap();
    let fresh = folder.path().join("fresh");
    fs::create_dir(&fresh).unwrap();
    for folder in [folder.path(), &data, &fresh] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o555)).unwrap();
    }
    for path in [path, fresh.join("store.db"), folder.path().join("new/store.db")] {
        let before = fs::read(&path).ok();
        let Other { mut child, stdin, mut stdout } = Other::start("the_powerless", &path);
        drop(stdin);
        let mut text = String::new();
        stdout.read_to_string(&mut text).unwrap();
        child.wait().unwrap();
        assert!(text.contains("NotWritable"), "{text}");
        assert!(text.contains("make the folder and the store writable"), "{text}");
        assert_eq!(fs::read(&path).ok(), before);
    }
    for folder in [folder.path(), &data, &fresh] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[tokio::test]
#[ignore = "is run by the test above, in a process of its own"]
async fn the_powerless() {
    let Some(path) = path_from_above() else { return };
    let error = Store::open(&path).await.unwrap_err();
    println!("\n{error:?}\n{error}");
}

#[tokio::test]
async fn a_disk_that_is_full_loses_nothing_and_is_written_again_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    // A small disk of its own needs a system that lets this user have one; elsewhere the limit of
    // pages in `connection.rs` stands for it.
    let probe = ["-rm", "sh", "-c", "mount -t tmpfs -o size=3m tmpfs \"$0\""];
    let may = Command::new("unshare").args(probe).arg(folder.path()).output();
    if !may.is_ok_and(|output| output.status.success()) {
        println!("this system allows no small disk: nothing was tested");
        return;
    }
    let mut command = Command::new("unshare");
    let mount = "mount -t tmpfs -o size=3m tmpfs \"$0\" && exec \"$@\"";
    command.args(["-rm", "sh", "-c", mount]).arg(folder.path());
    command.arg(std::env::current_exe().unwrap());
    let Other { mut child, stdin, mut stdout } =
        Other::run(command, "the_one_on_a_full_disk", &folder.path().join("data/store.db"));
    drop(stdin);
    let mut text = String::new();
    stdout.read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success(), "{text}");
    assert!(text.contains("1 passed"), "{text}");
}

#[tokio::test]
#[ignore = "is run by the test above, in a process of its own"]
async fn the_one_on_a_full_disk() {
    let Some(path) = path_from_above() else { return };
    let ballast = path.parent().unwrap().with_file_name("ballast");
    fs::write(&ballast, vec![0; 1024 * 1024]).unwrap();
    let store = Store::open(&path).await.unwrap();
    let mut confirmed = Vec::new();
    for round in 0..3 {
        let error = loop {
            let line = activity(Some("a/b"), "alice", ActivityKind::Restart, round);
            match store.add_activity(&line).await {
                Ok(line) => confirmed.push(line.id),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::Full), "{error:?}");
        let spaces: Vec<_> = (0..1000).map(|n| space(&format!("a/s-{n}"), &["alice"])).collect();
        assert!(matches!(store.save_spaces(&spaces).await.unwrap_err(), Error::Full));
        if round == 0 {
            fs::remove_file(&ballast).unwrap();
        }
    }
    assert!(confirmed.len() > 100, "{}", confirmed.len());
    drop(store);
    let store = Store::open(&path).await.unwrap();
    let stored = store.activities(&ActivityFilter::default(), u64::MAX >> 1).await.unwrap();
    let stored: Vec<i64> = stored.into_iter().rev().map(|line| line.id).collect();
    assert_eq!(stored, confirmed);
    assert!(store.spaces().await.unwrap().is_empty());
}

/// Another process that runs one of the tests here.
struct Other {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
}

impl Other {
    fn start(test: &str, path: &Path) -> Self {
        let this = std::env::current_exe().unwrap();
        let powerless = test == "the_powerless";
        let is_root = fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
        let copy = tempfile::tempdir().unwrap();
        let command = if powerless && is_root {
            // Nothing is forbidden to root: become somebody else, who can reach this program.
            let program = copy.path().join("test");
            fs::copy(&this, &program).unwrap();
            fs::set_permissions(copy.path(), fs::Permissions::from_mode(0o755)).unwrap();
            let mut command = Command::new(program);
            command.uid(65534).gid(65534).current_dir("/");
            command
        } else {
            Command::new(this)
        };
        Self::run(command, test, path)
    }

    fn run(mut command: Command, test: &str, path: &Path) -> Self {
        let mut child = command
            .args([
                "--exact",
                &format!("process::{test}"),
                "--ignored",
                "--nocapture",
                "--test-threads=1",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        writeln!(stdin, "{}", path.display()).unwrap();
        let stdout = child.stdout.take().unwrap();
        Self { child, stdin, stdout }
    }
}

fn path_from_above() -> Option<PathBuf> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let line = line.trim_end();
    (!line.is_empty()).then(|| PathBuf::from(line))
}

fn random(below: u64) -> u64 {
    RandomState::new().build_hasher().finish() % below
}
