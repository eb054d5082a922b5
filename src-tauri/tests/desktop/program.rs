//! The installed program, and what a person does in its window.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Child,
};

use hfsm_hub_sim::{SimHub, World};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    package::Package,
    session::{Session, wait},
    webdriver::Window,
};

/// The title of the window.
pub(crate) const TITLE: &str = "HF Space Manager";

/// A Hub, for as long as the test goes on.
pub(crate) struct Hub {
    pub(crate) sim: SimHub,
    _runtime: Runtime,
}

impl Hub {
    /// Starts one, and leads the programs of `session` to it.
    pub(crate) fn start(session: &mut Session, world: World) -> Self {
        let runtime = Runtime::new().unwrap();
        let sim = runtime.block_on(SimHub::start(world)).unwrap();
        session.set("HF_ENDPOINT", &sim.endpoint());
        session.set("HFSM_METRICS_ENDPOINT", &sim.metrics_endpoint());
        session.set("HFSM_APP_URL", &sim.app_url_template());
        Self { sim, _runtime: runtime }
    }
}

/// Tells the desktop of `session` what is installed.
pub(crate) fn install(session: &mut Session, package: &Package) {
    let path = session.environment()["PATH"].clone();
    let folder = package.program().parent().unwrap().display().to_string();
    session.set("PATH", &format!("{folder}:{path}"));
    let data = session.environment()["XDG_DATA_DIRS"].clone();
    session.set("XDG_DATA_DIRS", &format!("{}:{data}", package.share().display()));
}

/// Opens the program's window, with a driver that looks into it.
pub(crate) fn open(session: &Session, package: &Package, args: &[&str]) -> Window {
    Window::of_webkit(session.command("WebKitWebDriver"), &package.program(), args)
}

/// Starts the program as a desktop does, with nothing that looks into its window.
pub(crate) fn start(session: &Session, package: &Package, args: &[&str]) -> Running {
    let (file, log) = tempfile::Builder::new()
        .prefix("log-")
        .tempfile_in(session.home())
        .and_then(|log| Ok(log.keep()?))
        .unwrap();
    let mut command = session.command(package.program());
    let child = command.args(args).stderr(file).spawn().expect("the program starts");
    Running { child, log }
}

/// A program that was started, which ends with the test.
pub(crate) struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Waits for its end, and returns its exit code.
    pub(crate) fn ends(&mut self) -> Option<i32> {
        let log = &self.log;
        let child = &mut self.child;
        let status = wait(&format!("the program has ended, see {}", log.display()), || {
            child.try_wait().unwrap()
        });
        status.code()
    }

    /// Returns what it has written to the standard error.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Returns the number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the processes that run `program` in `session`.
pub(crate) fn processes(session: &Session, program: &Path) -> Vec<u32> {
    let home = format!("HOME={}", session.home().join("").display());
    let is_ours = |id: u32| {
        let folder = PathBuf::from(format!("/proc/{id}"));
        fs::read_link(folder.join("exe")).is_ok_and(|file| file == program)
            && fs::read(folder.join("environ"))
                .is_ok_and(|all| all.split(|byte| *byte == 0).any(|one| one == home.as_bytes()))
    };
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|id| is_ours(*id))
        .collect()
}

/// Waits until the program has ended by itself.
pub(crate) fn has_ended(session: &Session, package: &Package) {
    wait("the program has ended", || {
        processes(session, &package.program()).is_empty().then_some(())
    });
}

/// Clicks the button that a person reads as `name`.
pub(crate) fn click(window: &Window, name: &str) {
    window.click(&format!(
        "//*[self::button or self::a or @role='switch'][normalize-space()='{name}' \
         or @aria-label='{name}' or @aria-labelledby=//*[normalize-space()='{name}']/@id]"
    ));
}

/// Types into the field that a person reads as `label`.
pub(crate) fn fill(window: &Window, label: &str, text: &str) {
    window.enter(
        &format!(
            "//input[@aria-label='{label}' or @id=//label[normalize-space()='{label}']/@for \
             or ancestor::label[contains(normalize-space(), '{label}')]]"
        ),
        text,
    );
}

/// Adds an account by its token, as on the first start.
pub(crate) fn add_account(window: &Window, token: &str) {
    fill(window, "Access token", token);
    click(window, "Check the token");
    click(window, "Add account");
}

/// Waits until the page is at `path`.
pub(crate) fn is_at(window: &Window, path: &str) {
    window.wait(&format!("the page is at {path}"), |window| {
        (window.run("return location.pathname") == path).then_some(())
    });
}

/// Calls a command of the shell as the page does, and returns its answer or its refusal.
pub(crate) fn invoke(window: &Window, command: &str, arguments: &Value) -> Value {
    let answer = window.run_async(&format!(
        "const done = arguments[arguments.length - 1];
         window.__TAURI_INTERNALS__.invoke({}, {arguments})
             .then((answer) => done({{ answer }}), (refusal) => done({{ refusal }}));",
        json!(command)
    ));
    assert!(answer["refusal"].is_null(), "{command}: {}", answer["refusal"]);
    answer["answer"].clone()
}

/// Runs the program to its end as a second start, and fails where it stays.
pub(crate) fn start_again(session: &Session, package: &Package, args: &[&str]) {
    let mut again = start(session, package, args);
    assert_eq!(again.ends(), Some(0), "{}", again.said());
}

/// Returns the files below `folder` that hold `text`.
pub(crate) fn files_with(folder: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files_with(&entry.path(), text));
        } else if kind.is_file()
            && let Ok(bytes) = fs::read(entry.path())
            && bytes.windows(text.len()).any(|window| window == text.as_bytes())
        {
            found.push(entry.path());
        }
    }
    found
}
