//! Where things are, and what the environment says about this run.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

/// The checkout, and the folders outside of it that are only a cache.
pub(crate) struct Settings {
    /// The folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Set where nobody looks on: nothing may be asked.
    pub(crate) ci: bool,
    /// True where a window can be opened.
    pub(crate) has_display: bool,
    /// Holds what is worth keeping between checkouts: a Python environment, CI's build output.
    pub(crate) cache: PathBuf,
    cargo: OsString,
    target_dir: Option<PathBuf>,
}

impl Settings {
    /// Reads the environment.
    #[expect(clippy::disallowed_methods, reason = "the one place where xtask reads variables")]
    pub(crate) fn from_environment() -> Self {
        let var = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let manifest_dir = var("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let ci = var("CI").is_some_and(|value| value != "false");
        let cache = var("HFSM_CACHE").map_or_else(default_cache, PathBuf::from);
        // A clone that CI makes is always cold, so its build output lives where the next one
        // finds it. Nothing depends on that: an empty folder only takes longer.
        let target_dir = (ci && var("CARGO_TARGET_DIR").is_none()).then(|| cache.join("target"));
        Self {
            root: manifest_dir.parent().unwrap_or(&manifest_dir).to_path_buf(),
            ci,
            has_display: has_display(std::env::consts::OS, |name| var(name).is_some()),
            cache,
            cargo: env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
            target_dir,
        }
    }

    /// Returns a cargo that builds into this run's target folder, as if it were called by hand.
    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.cargo);
        command.current_dir(&self.root).args(args);
        // `cargo run` describes xtask in these. Some build scripts watch them, so a crate would
        // be rebuilt each time that xtask and a plain cargo take turns.
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
                command.env_remove(name.as_ref());
            }
        }
        self.share_target_dir(&mut command);
        if self.ci {
            command.env("CARGO_INCREMENTAL", "0");
        }
        command
    }

    /// Tells `command` where this run builds.
    pub(crate) fn share_target_dir(&self, command: &mut Command) {
        if let Some(target_dir) = &self.target_dir {
            command.env("CARGO_TARGET_DIR", target_dir);
        }
    }

    /// Returns a program that runs in `folder` of the checkout.
    pub(crate) fn program(&self, name: impl AsRef<Path>, folder: &str) -> Command {
        let mut command = Command::new(name.as_ref());
        command.current_dir(self.root.join(folder));
        command
    }
}

/// macOS and Windows always have one; elsewhere a session says so in its variables.
fn has_display(system: &str, is_set: impl Fn(&str) -> bool) -> bool {
    ["macos", "windows"].contains(&system) || is_set("WAYLAND_DISPLAY") || is_set("DISPLAY")
}

fn default_cache() -> PathBuf {
    env::home_dir().unwrap_or_else(env::temp_dir).join(".cache").join("hfsm")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_of_x11_or_wayland_has_a_display_and_a_remote_shell_has_none() {
        assert!(has_display("linux", |name| name == "DISPLAY"));
        assert!(has_display("linux", |name| name == "WAYLAND_DISPLAY"));
        assert!(!has_display("linux", |_| false));
        assert!(has_display("macos", |_| false));
        assert!(has_display("windows", |_| false));
    }
}
