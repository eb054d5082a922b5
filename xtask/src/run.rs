//! From a fresh checkout to a page that answers.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::{
    process,
    settings::Settings,
    system::{self, Need},
    ui,
};

/// What to start, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Start against a simulated Hub: no token is needed
    #[arg(long)]
    demo: bool,
    /// Open the desktop program's window (needs GTK and WebKit on Linux)
    #[arg(long, conflicts_with_all = ["headless", "demo"])]
    desktop: bool,
    /// Start the server without a window; this is the default
    #[arg(long)]
    headless: bool,
    /// Build as it is shipped: slower to build, faster to run
    #[arg(long)]
    release: bool,
    /// Handed on to `hfsm serve` or `hfsm demo`
    #[arg(last = true)]
    args: Vec<String>,
}

/// Prepares the machine, builds, and starts. On Unix it does not return where that goes well.
pub(crate) fn run(settings: &Settings, options: Options) -> Result<()> {
    let mut needs = vec![Need::Node, Need::Npm];
    if options.desktop {
        needs.push(Need::Desktop);
    }
    system::require(&needs)?;
    ui::build_if_changed(settings)?;

    let package = if options.desktop { "hf-space-manager" } else { "hfsm" };
    let mut build = settings.cargo(&["build", "-p", package]);
    if options.release {
        build.arg("--release");
    }
    process::run(&mut build)?;

    let profile = if options.release { "release" } else { "debug" };
    let program = program(settings, profile, package)?;
    let mut start = settings.program(program, "");
    if !options.desktop {
        let (subcommand, args) = subcommand(options.demo, options.args);
        start.arg(subcommand).args(args);
    }
    process::hand_over(&mut start)
}

/// Returns where cargo has put a program of the workspace.
pub(crate) fn program(settings: &Settings, profile: &str, name: &str) -> Result<PathBuf> {
    let metadata =
        process::output(&mut settings.cargo(&["metadata", "--no-deps", "--format-version=1"]))?;
    let metadata: serde_json::Value =
        serde_json::from_str(&metadata).context("read cargo's metadata")?;
    let target = metadata["target_directory"].as_str().context("cargo names no target folder")?;
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    Ok(PathBuf::from(target).join(profile).join(file))
}

/// Returns what `hfsm` is told to do. `--demo` counts after `--` too.
fn subcommand(demo: bool, mut args: Vec<String>) -> (&'static str, Vec<String>) {
    let given = args.len();
    args.retain(|arg| arg != "--demo");
    if demo || args.len() < given { ("demo", args) } else { ("serve", args) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_is_asked_for_before_the_dashes_or_behind_them() {
        let args = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        assert_eq!(subcommand(false, args(&["--port=1"])), ("serve", args(&["--port=1"])));
        assert_eq!(subcommand(true, args(&["--port=1"])), ("demo", args(&["--port=1"])));
        assert_eq!(subcommand(false, args(&["--demo", "-v"])), ("demo", args(&["-v"])));
    }
}
