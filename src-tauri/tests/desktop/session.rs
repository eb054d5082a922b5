//! A desktop of the test's own: a screen that nobody sees, a session bus, and the real services of a
//! desktop on it. Nothing of the machine's own session is seen or touched.

use std::{
    collections::BTreeMap,
    fs::{self, Permissions},
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::runtime::Runtime;
use zbus::{Connection, fdo::DBusProxy};

/// How long anything may take before the test gives up. A first start in a busy machine's software
/// renderer takes some seconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// A bus on which nothing starts by itself: no portal, no locked keychain behind the test's back.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <keep_umask/>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// The watcher of tray icons, with the host that shows them.
const WATCHER: &str =
    "/usr/libexec/ayatana-indicator-application/ayatana-indicator-application-service";

/// The window manager's own file: Alt+F4 closes a window.
const WINDOW_MANAGER: &str = r#"<openbox_config xmlns="http://openbox.org/3.4/rc">
  <keyboard><keybind key="A-F4"><action name="Close"/></keybind></keyboard>
</openbox_config>
"#;

const KEYCHAIN: &str = "org.freedesktop.secrets";

/// How the keychain of a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keychain {
    /// There is none.
    Missing,
    Unlocked,
    /// It was made in an earlier session, and nobody gives the password in this one.
    Locked,
}

/// A screen, a bus, and services. All end with it.
pub(crate) struct Session {
    // What needs the others goes first.
    services: Vec<Service>,
    keychain: Option<Service>,
    bus: Option<Bus>,
    _screen: Service,
    environment: BTreeMap<String, String>,
    home: TempDir,
}

struct Bus {
    connection: Connection,
    runtime: Runtime,
    _daemon: Service,
}

/// A program that ends with the test.
struct Service(Child);

impl Session {
    /// Starts a desktop with everything: keychain, tray, notifications.
    pub(crate) fn whole(keychain: Keychain) -> Self {
        let mut session = Self::without_bus();
        session.start_bus();
        if keychain != Keychain::Missing {
            session.start_keychain();
        }
        if keychain == Keychain::Locked {
            session.lock_keychain();
        }
        session.start_tray();
        session.start_notifications();
        session
    }

    /// Starts a screen with a window manager, and nothing else.
    pub(crate) fn without_bus() -> Self {
        let home = tempfile::tempdir().unwrap();
        let run = home.path().join("run");
        fs::create_dir(&run).unwrap();
        fs::set_permissions(&run, Permissions::from_mode(0o700)).unwrap();
        let (screen, number) = start_screen(&run);
        let of_home = |folder: &str| home.path().join(folder).display().to_string();
        let environment = BTreeMap::from(
            [
                ("HOME", of_home("")),
                ("XDG_RUNTIME_DIR", of_home("run")),
                ("XDG_CONFIG_HOME", of_home("config")),
                ("XDG_DATA_HOME", of_home("share")),
                ("XDG_CACHE_HOME", of_home("cache")),
                ("XDG_DATA_DIRS", "/usr/local/share:/usr/share".to_owned()),
                ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
                ("LANG", "C.UTF-8".to_owned()),
                ("DISPLAY", format!(":{number}")),
                ("DBUS_SESSION_BUS_ADDRESS", "disabled:".to_owned()),
                ("GDK_BACKEND", "x11".to_owned()),
                ("LIBGL_ALWAYS_SOFTWARE", "1".to_owned()),
                ("NO_AT_BRIDGE", "1".to_owned()),
                // Mesa's software renderer crashes now and then in the web view's compositor.
                ("WEBKIT_DISABLE_COMPOSITING_MODE", "1".to_owned()),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        let mut session = Self {
            services: Vec::new(),
            keychain: None,
            bus: None,
            _screen: screen,
            environment,
            home,
        };
        let rules = session.write("openbox.xml", WINDOW_MANAGER);
        let manager = session.command("openbox").arg("--config-file").arg(rules).spawn();
        session.services.push(Service(manager.expect("openbox starts")));
        wait("a window manager is there", || {
            let asked = session.output("xdotool", &["get_num_desktops"]);
            asked.status.success().then_some(())
        });
        session
    }

    /// Returns what programs of this session are told.
    pub(crate) fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// Adds a variable to what programs are told from now on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    /// Returns the folder that is this session's home.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Returns a program of this session.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.env_clear().envs(&self.environment).current_dir(self.home());
        command.stdin(Stdio::null());
        command
    }

    /// Runs a program to its end.
    pub(crate) fn output(&self, program: &str, args: &[&str]) -> Output {
        let ended = self.command(program).args(args).output();
        ended.unwrap_or_else(|error| panic!("`{program}` cannot be started: {error}"))
    }

    /// Returns what a program prints; it must end well.
    pub(crate) fn run(&self, program: &str, args: &[&str]) -> String {
        let output = self.output(program, args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {args:?}: {}: {said}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Writes a file of the session's own, and returns its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Returns the bus, and a runtime to ask on it.
    pub(crate) fn bus(&self) -> (&Connection, &Runtime) {
        let bus = self.bus.as_ref().expect("the session has a bus");
        (&bus.connection, &bus.runtime)
    }

    /// Returns the file that always holds the picture of the screen, as `xwd` writes it.
    pub(crate) fn picture(&self) -> PathBuf {
        self.home().join("run/Xvfb_screen0")
    }

    /// Returns whether a person can see a window with `title`.
    pub(crate) fn sees_window(&self, title: &str) -> bool {
        let found = self.output("xdotool", &["search", "--onlyvisible", "--name", title]);
        !found.stdout.is_empty()
    }

    /// Presses keys in the window with `title`, as a person does who clicked into it.
    pub(crate) fn press(&self, title: &str, keys: &str) {
        // In one call the keys would go to the window alone, past the window manager.
        let find = ["search", "--sync", "--onlyvisible", "--name", title];
        self.run("xdotool", &[&find[..], &["windowactivate", "--sync"]].concat());
        self.run("xdotool", &["key", keys]);
    }

    /// Ends the keychain and starts it anew, without anybody who gives its password.
    pub(crate) fn lock_keychain(&mut self) {
        self.keychain = None;
        wait("the keychain has gone", || (!self.has_name(KEYCHAIN)).then_some(()));
        let mut command = self.command("gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        self.keychain = Some(Service(command.spawn().expect("gnome-keyring-daemon starts")));
        self.wait_for(KEYCHAIN);
    }

    fn start_bus(&mut self) {
        let config = self.write("session.conf", BUS);
        let mut command = self.command("dbus-daemon");
        command.arg(format!("--config-file={}", config.display()));
        command.args(["--nofork", "--print-address=1"]);
        // It says that it may not raise a limit, which it need not.
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut daemon = Service(command.spawn().expect("dbus-daemon starts"));
        let address = first_line(daemon.0.stdout.take().unwrap());
        self.set("DBUS_SESSION_BUS_ADDRESS", &address);
        let runtime = Runtime::new().unwrap();
        let connection = runtime.block_on(async {
            zbus::connection::Builder::address(address.as_str()).unwrap().build().await.unwrap()
        });
        self.bus = Some(Bus { connection, runtime, _daemon: daemon });
    }

    /// Starts a keychain, and gives its password.
    pub(crate) fn start_keychain(&mut self) {
        let mut command = self.command("gnome-keyring-daemon");
        command.args(["--foreground", "--unlock", "--components=secrets"]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut daemon = command.spawn().expect("gnome-keyring-daemon starts");
        daemon.stdin.take().unwrap().write_all(b"the password of the keychain").unwrap();
        self.keychain = Some(Service(daemon));
        self.wait_for(KEYCHAIN);
        // The collection is there once it can be read.
        wait("the keychain is unlocked", || {
            let mut tool = self.command("secret-tool");
            tool.args(["store", "--label=probe", "probe", "1"]).stdin(Stdio::piped());
            let mut tool = tool.stderr(Stdio::null()).spawn().expect("secret-tool starts");
            let told = tool.stdin.take().unwrap().write_all(b"probe");
            let ended = tool.wait().unwrap();
            (told.is_ok() && ended.success()).then_some(())
        });
        self.run("secret-tool", &["clear", "probe", "1"]);
    }

    fn start_tray(&mut self) {
        let mut command = self.command(WATCHER);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        self.services.push(Service(command.spawn().expect("the watcher of tray icons starts")));
        self.wait_for("org.kde.StatusNotifierWatcher");
    }

    fn start_notifications(&mut self) {
        // Each notification is written down as dunst shows it.
        let script = self.write(
            "told.sh",
            "#!/bin/sh\nprintf '%s\\037%s\\n' \"$DUNST_SUMMARY\" \"$DUNST_BODY\" >> \"$HOME/told\"\n",
        );
        fs::set_permissions(&script, Permissions::from_mode(0o755)).unwrap();
        let rules = self.write(
            "dunstrc",
            &format!(
                "[global]\ntimeout = 0\n[everything]\nsummary = \"*\"\nscript = \"{}\"\n",
                script.display()
            ),
        );
        let mut command = self.command("dunst");
        command.arg("-config").arg(rules).stdout(Stdio::null()).stderr(Stdio::null());
        self.services.push(Service(command.spawn().expect("dunst starts")));
        self.wait_for("org.freedesktop.Notifications");
    }

    fn wait_for(&self, name: &str) {
        wait(&format!("{name} is on the bus"), || self.has_name(name).then_some(()));
    }

    fn has_name(&self, name: &str) -> bool {
        let (connection, runtime) = self.bus();
        runtime.block_on(async {
            let names = DBusProxy::new(connection).await.unwrap();
            names.name_has_owner(name.try_into().unwrap()).await.unwrap()
        })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asks every 50 ms. A desktop tells nobody when it has settled.
pub(crate) fn wait<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    wait_up_to(PATIENCE, what, ask)
}

/// Asks every 50 ms, for `patience`.
pub(crate) fn wait_up_to<T>(
    patience: Duration,
    what: &str,
    mut ask: impl FnMut() -> Option<T>,
) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < patience, "after {patience:?} it is still not so that {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Starts a screen whose picture lies in `folder`.
fn start_screen(folder: &Path) -> (Service, String) {
    let mut command = Command::new("Xvfb");
    // It chooses a number that is free, and says which.
    command.args(["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"]);
    command.arg("-fbdir").arg(folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut screen = Service(command.spawn().expect("Xvfb starts"));
    let number = first_line(screen.0.stdout.take().unwrap());
    (screen, number)
}

fn first_line(output: ChildStdout) -> String {
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).unwrap();
    assert!(!line.is_empty(), "the service ended before it was ready");
    line.trim().to_owned()
}
