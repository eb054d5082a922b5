//! What a machine must have, whether it has it, and how it gets it.

use std::{
    env::consts::OS,
    fmt,
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, bail};

use crate::{
    process::{find_program, output, run, succeeds},
    python,
};

/// The oldest Node that the interface's tools run on: major and minor version.
const OLDEST_NODE: (u32, u32) = (20, 19);

/// What the tests of the installed program start, beside a screen and a bus.
const DESKTOP_PROGRAMS: [&str; 12] = [
    "appstreamcli",
    "chromedriver",
    "desktop-file-validate",
    "dpkg-deb",
    "dunst",
    "dunstctl",
    "gio",
    "gnome-keyring-daemon",
    "openbox",
    "secret-tool",
    "update-desktop-database",
    "xdotool",
];

/// The tray, which is on no path.
const TRAY: &str =
    "/usr/libexec/ayatana-indicator-application/ayatana-indicator-application-service";

/// Something from outside of the checkout that a task cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Node,
    Npm,
    Python,
    /// Chromium, for the end-to-end tests of the interface.
    Browser,
    /// GTK and WebKit, to build the desktop program.
    Desktop,
    /// A screen that nobody sees and a driver, to test the desktop program's window.
    WindowTest,
    /// The services of a desktop, to test the installed program.
    DesktopTest,
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node => write!(f, "Node {}.{} or newer", OLDEST_NODE.0, OLDEST_NODE.1),
            Self::Npm => f.write_str("npm"),
            Self::Python => f.write_str("Python 3 with its venv module"),
            Self::Browser => f.write_str("Chromium"),
            Self::Desktop => f.write_str("GTK 3 and WebKitGTK 4.1 with their headers"),
            Self::WindowTest => f.write_str("Xvfb, D-Bus and WebKitWebDriver"),
            Self::DesktopTest => f.write_str(
                "dpkg, and a keychain, a tray, notifications and a window manager to start",
            ),
        }
    }
}

impl Need {
    fn is_there(self) -> bool {
        match self {
            Self::Node => node_version().is_some_and(|version| version >= OLDEST_NODE),
            Self::Npm => find_program("npm").is_some(),
            Self::Python => python::interpreter().is_some(),
            Self::Browser => browser().is_some(),
            // Other systems have their web view built in.
            Self::Desktop => OS != "linux" || has_desktop_libraries(),
            Self::WindowTest => ["Xvfb", "xvfb-run", "dbus-run-session", "WebKitWebDriver"]
                .iter()
                .all(|program| find_program(program).is_some()),
            Self::DesktopTest => {
                Path::new(TRAY).exists()
                    && DESKTOP_PROGRAMS.iter().all(|program| find_program(program).is_some())
            }
        }
    }

    /// True where installing the system's package can help and cannot hurt: a Node that is only
    /// too old was put there by somebody who may need it.
    fn may_be_installed(self) -> bool {
        self != Self::Node || find_program("node").is_none()
    }
}

/// Installs what is missing of `needs` where that is allowed, and returns what is still missing.
///
/// It is allowed on Debian and its kin, for root and with sudo; each command is shown before it
/// runs.
pub(crate) fn provide(needs: &[Need]) -> Vec<Need> {
    let missing = missing_of(needs);
    let installable: Vec<Need> =
        missing.iter().copied().filter(|need| need.may_be_installed()).collect();
    let manager = PackageManager::detect(|program| find_program(program).is_some());
    let (Some(PackageManager::Apt), Some(privilege)) = (manager, Privilege::detect()) else {
        return missing;
    };
    let packages = PackageManager::Apt.packages(&installable);
    if packages.is_empty() {
        return missing;
    }
    for command in PackageManager::Apt.install(&packages) {
        // A repository of somebody else's that cannot be reached is no reason to give up.
        if let Err(error) = run(&mut privilege.command(&command)) {
            println!("{error:#}");
        }
    }
    missing_of(needs)
}

/// Installs what is missing of `needs` where that is allowed; fails with the commands that a
/// person must run where it is not.
pub(crate) fn require(needs: &[Need]) -> Result<()> {
    let missing = provide(needs);
    if !missing.is_empty() {
        bail!("{}", how_to_get(&missing));
    }
    Ok(())
}

/// Says what is missing, and the exact command for the system at hand.
pub(crate) fn how_to_get(missing: &[Need]) -> String {
    let manager = PackageManager::detect(|program| find_program(program).is_some());
    advice(missing, manager, Privilege::detect())
}

/// Returns the browser for the end-to-end tests.
pub(crate) fn browser() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"]
        .iter()
        .find_map(|name| find_program(name))
        .or_else(|| {
            [
                "/Applications/Chromium.app/Contents/MacOS/Chromium",
                "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
                r"C:\Program Files\Google\Chrome\Application\chrome.exe",
            ]
            .iter()
            .map(PathBuf::from)
            .find(|path| path.is_file())
        })
}

fn missing_of(needs: &[Need]) -> Vec<Need> {
    needs.iter().copied().filter(|need| !need.is_there()).collect()
}

fn node_version() -> Option<(u32, u32)> {
    version(&output(Command::new(find_program("node")?).arg("--version")).ok()?)
}

/// Reads `v20.20.2`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().trim_start_matches('v').split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn has_desktop_libraries() -> bool {
    succeeds(Command::new("pkg-config").args(["--exists", "webkit2gtk-4.1", "gtk+-3.0"]))
}

fn advice(
    missing: &[Need],
    manager: Option<PackageManager>,
    privilege: Option<Privilege>,
) -> String {
    let names: Vec<String> = missing.iter().map(ToString::to_string).collect();
    let mut text = format!("missing: {}.", names.join("; "));
    let packages = manager.map(|manager| manager.packages(missing)).unwrap_or_default();
    if let Some(manager) = manager.filter(|_| !packages.is_empty()) {
        text.push_str("\nInstall it with");
        for command in manager.install(&packages) {
            let sudo = if manager.needs_root() && privilege != Some(Privilege::Root) {
                "sudo "
            } else {
                ""
            };
            text.push_str(&format!("\n    {sudo}{}", command.join(" ")));
        }
    }
    if missing.contains(&Need::Node) {
        text.push_str(
            "\nWhere the system's own Node is older, take it from https://nodejs.org/en/download.",
        );
    }
    text
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PackageManager {
    Apt,
    Dnf,
    Zypper,
    Pacman,
    Apk,
    Brew,
    Winget,
}

impl PackageManager {
    /// Returns the first one whose program the machine has.
    fn detect(has: impl Fn(&str) -> bool) -> Option<Self> {
        [
            ("apt-get", Self::Apt),
            ("dnf", Self::Dnf),
            ("zypper", Self::Zypper),
            ("pacman", Self::Pacman),
            ("apk", Self::Apk),
            ("brew", Self::Brew),
            ("winget", Self::Winget),
        ]
        .into_iter()
        .find_map(|(program, manager)| has(program).then_some(manager))
    }

    fn needs_root(self) -> bool {
        !matches!(self, Self::Brew | Self::Winget)
    }

    /// Returns the packages that hold `needs`, each once. Empty where the system has no package.
    fn packages(self, needs: &[Need]) -> Vec<&'static str> {
        let mut packages = Vec::new();
        for need in needs {
            for package in self.packages_of(*need) {
                if !packages.contains(package) {
                    packages.push(package);
                }
            }
        }
        packages
    }

    fn packages_of(self, need: Need) -> &'static [&'static str] {
        match (need, self) {
            (Need::Node, Self::Brew) | (Need::Npm, Self::Brew) => &["node"],
            (Need::Node, Self::Winget) | (Need::Npm, Self::Winget) => &["OpenJS.NodeJS.LTS"],
            (Need::Node, _) => &["nodejs", "npm"],
            (Need::Npm, _) => &["npm"],
            (Need::Python, Self::Apt) => &["python3", "python3-venv"],
            (Need::Python, Self::Pacman | Self::Brew) => &["python"],
            (Need::Python, Self::Winget) => &["Python.Python.3.13"],
            (Need::Python, _) => &["python3"],
            (Need::Browser, Self::Apt) => &["chromium", "fonts-dejavu-core"],
            (Need::Browser, Self::Brew) => &["google-chrome"],
            (Need::Browser, Self::Winget) => &["Google.Chrome"],
            (Need::Browser, _) => &["chromium"],
            (Need::Desktop, Self::Apt) => {
                &["build-essential", "pkg-config", "libwebkit2gtk-4.1-dev", "libgtk-3-dev"]
            }
            (Need::Desktop, Self::Dnf) => {
                &["gcc", "pkgconf-pkg-config", "webkit2gtk4.1-devel", "gtk3-devel"]
            }
            (Need::Desktop, Self::Zypper) => {
                &["gcc", "pkg-config", "webkit2gtk3-devel", "gtk3-devel"]
            }
            (Need::Desktop, Self::Pacman) => &["base-devel", "webkit2gtk-4.1", "gtk3"],
            (Need::Desktop, Self::Apk) => &["build-base", "webkit2gtk-4.1-dev", "gtk+3.0-dev"],
            (Need::WindowTest, Self::Apt) => &["xvfb", "xauth", "dbus", "webkit2gtk-driver"],
            (Need::DesktopTest, Self::Apt) => &[
                "appstream",
                "ayatana-indicator-application",
                "chromium-driver",
                "desktop-file-utils",
                "dunst",
                "gnome-keyring",
                "libayatana-appindicator3-1",
                "libglib2.0-bin",
                "libsecret-tools",
                "openbox",
                "xdotool",
            ],
            (Need::Desktop, Self::Brew | Self::Winget)
            | (Need::WindowTest | Need::DesktopTest, _) => &[],
        }
    }

    /// Returns the commands that install `packages`.
    fn install(self, packages: &[&str]) -> Vec<Vec<String>> {
        let steps: &[&[&str]] = match self {
            Self::Apt => {
                &[&["apt-get", "update"], &["apt-get", "install", "-y", "--no-install-recommends"]]
            }
            Self::Dnf => &[&["dnf", "install", "-y"]],
            Self::Zypper => &[&["zypper", "install", "-y"]],
            Self::Pacman => &[&["pacman", "-S", "--needed"]],
            Self::Apk => &[&["apk", "add"]],
            Self::Brew => &[&["brew", "install"]],
            Self::Winget => &[&["winget", "install"]],
        };
        let mut commands: Vec<Vec<String>> =
            steps.iter().map(|step| step.iter().map(|&word| word.to_owned()).collect()).collect();
        if let Some(last) = commands.last_mut() {
            last.extend(packages.iter().map(|&package| package.to_owned()));
        }
        commands
    }
}

/// How this user may install packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Privilege {
    Root,
    Sudo,
}

impl Privilege {
    fn detect() -> Option<Self> {
        if output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0") {
            return Some(Self::Root);
        }
        let sudo = find_program("sudo")?;
        // Where nobody can type a password, only a sudo that asks for none is of use.
        let may = io::stdin().is_terminal() || succeeds(Command::new(sudo).args(["-n", "true"]));
        may.then_some(Self::Sudo)
    }

    fn command(self, words: &[String]) -> Command {
        let mut command = match self {
            Self::Root => Command::new("env"),
            Self::Sudo => {
                let mut command = Command::new("sudo");
                command.arg("env");
                command
            }
        };
        command.arg("DEBIAN_FRONTEND=noninteractive").args(words);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_manager_is_the_one_that_the_machine_has() {
        for (program, manager) in [
            ("apt-get", PackageManager::Apt),
            ("dnf", PackageManager::Dnf),
            ("zypper", PackageManager::Zypper),
            ("pacman", PackageManager::Pacman),
            ("apk", PackageManager::Apk),
            ("brew", PackageManager::Brew),
            ("winget", PackageManager::Winget),
        ] {
            assert_eq!(PackageManager::detect(|name| name == program), Some(manager));
        }
        assert_eq!(PackageManager::detect(|_| false), None);
    }

    #[test]
    fn a_debian_machine_prefers_its_own_packages_over_homebrew() {
        let has = |name: &str| ["brew", "apt-get"].contains(&name);
        assert_eq!(PackageManager::detect(has), Some(PackageManager::Apt));
    }

    #[test]
    fn the_advice_is_a_command_that_can_be_copied() {
        let text = advice(&[Need::Npm], Some(PackageManager::Apt), Some(Privilege::Sudo));
        assert_eq!(
            text,
            "missing: npm.\nInstall it with\n    sudo apt-get update\n    \
             sudo apt-get install -y --no-install-recommends npm"
        );
    }

    #[test]
    fn root_and_homebrew_need_no_sudo() {
        let root = advice(&[Need::Npm], Some(PackageManager::Dnf), Some(Privilege::Root));
        assert!(root.ends_with("\n    dnf install -y npm"), "{root}");
        let brew = advice(&[Need::Python], Some(PackageManager::Brew), None);
        assert!(brew.ends_with("\n    brew install python"), "{brew}");
    }

    #[test]
    fn an_unknown_system_is_told_what_is_missing_and_where_node_comes_from() {
        let text = advice(&[Need::Node], None, None);
        assert!(text.starts_with("missing: Node 20.19 or newer."), "{text}");
        assert!(text.contains("https://nodejs.org"), "{text}");
        assert!(!text.contains("Install it with"), "{text}");
    }

    #[test]
    fn a_package_is_named_once_though_two_needs_hold_it() {
        assert_eq!(PackageManager::Apt.packages(&[Need::Node, Need::Npm]), ["nodejs", "npm"]);
        assert_eq!(PackageManager::Brew.packages(&[Need::Node, Need::Npm]), ["node"]);
    }

    #[test]
    fn running_the_server_asks_for_no_gtk() {
        let packages = PackageManager::Apt.packages(&[Need::Node, Need::Npm]);
        assert!(!packages.iter().any(|name| name.contains("gtk")), "{packages:?}");
    }

    #[test]
    fn sudo_keeps_apt_from_asking_questions() {
        let words: Vec<String> = vec!["apt-get".to_owned(), "update".to_owned()];
        let command = Privilege::Sudo.command(&words);
        let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy()).collect();
        assert_eq!(command.get_program(), "sudo");
        assert_eq!(args, ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "update"]);
    }

    #[test]
    fn the_version_of_node_is_read() {
        assert_eq!(version("v20.20.2\n"), Some((20, 20)));
        assert!(version("v9.99.0") < Some(OLDEST_NODE));
        assert!(version("v20.18.3") < Some(OLDEST_NODE));
        assert!(version("v22.1.0") >= Some(OLDEST_NODE));
        assert_eq!(version("nonsense"), None);
    }
}
