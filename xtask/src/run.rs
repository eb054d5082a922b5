//! From a fresh checkout to a window, or to a page that answers.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::{
    bundle::DESKTOP,
    process,
    settings::Settings,
    system::{self, Need},
    ui,
};

/// What to start, and how.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Start against a simulated Hub: no token is needed
    #[arg(long)]
    demo: bool,
    /// Open the desktop window; this is the default where there is a display
    #[arg(long, conflicts_with = "headless")]
    desktop: bool,
    /// Serve the page without a window; this is the default where there is no display
    #[arg(long)]
    headless: bool,
    /// Build as it is shipped: slower to build, faster to run
    #[arg(long)]
    release: bool,
    /// Handed on to `hfsm serve` or `hfsm demo`, so with these the page is served
    #[arg(last = true)]
    args: Vec<String>,
}

/// What is started in the end: a program of the workspace, and what it is told.
#[derive(Debug, PartialEq, Eq)]
struct Start {
    package: &'static str,
    args: Vec<String>,
}

const HEADLESS: &str = "hfsm";

/// Prepares the machine, builds, and starts. On Unix it does not return where that goes well.
pub(crate) fn run(settings: &Settings, options: Options) -> Result<()> {
    let release = options.release;
    let start = choose(options, settings.has_display)?;
    let mut needs = vec![Need::Node, Need::Npm];
    if start.package == DESKTOP {
        needs.push(Need::Desktop);
    }
    let missing = system::provide(&needs);
    if !missing.is_empty() {
        let without = match missing[..] {
            [Need::Desktop] => "\nOr serve the page to a browser: cargo xtask run --headless",
            _ => "",
        };
        bail!("{}{without}", system::how_to_get(&missing));
    }
    ui::build_if_changed(settings)?;

    let mut build = settings.cargo(&["build", "-p", start.package]);
    if release {
        build.arg("--release");
    }
    process::run(&mut build)?;
    let profile = if release { "release" } else { "debug" };
    let program = program(settings, profile, start.package)?;
    process::hand_over(settings.program(program, "").args(start.args))
}

/// Decides between the window and the server. What `options` say counts behind `--` too.
fn choose(mut options: Options, has_display: bool) -> Result<Start> {
    for (flag, given) in [
        ("--demo", &mut options.demo),
        ("--desktop", &mut options.desktop),
        ("--headless", &mut options.headless),
    ] {
        let before = options.args.len();
        options.args.retain(|arg| arg != flag);
        *given |= options.args.len() < before;
    }
    if options.desktop && options.headless {
        bail!("--desktop and --headless: choose one");
    }
    let for_the_server = options.headless || !options.args.is_empty();
    let window = options.desktop || (has_display && !for_the_server);
    let package = if window { DESKTOP } else { HEADLESS };
    let mut args = options.args;
    match (window, options.demo) {
        (true, false) => {}
        (true, true) => args.insert(0, "--demo".to_owned()),
        (false, false) => args.insert(0, "serve".to_owned()),
        (false, true) => args.insert(0, "demo".to_owned()),
    }
    Ok(Start { package, args })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_opens_where_there_is_a_display_and_the_page_is_served_elsewhere() {
        assert_eq!(chosen(&[], true), start(DESKTOP, &[]));
        assert_eq!(chosen(&[], false), start(HEADLESS, &["serve"]));
        assert_eq!(chosen(&["--headless"], true), start(HEADLESS, &["serve"]));
        assert_eq!(chosen(&["--desktop"], false), start(DESKTOP, &[]));
    }

    #[test]
    fn the_demo_has_both_forms() {
        assert_eq!(chosen(&["--demo"], true), start(DESKTOP, &["--demo"]));
        assert_eq!(chosen(&["--demo"], false), start(HEADLESS, &["demo"]));
        assert_eq!(chosen(&["--demo", "--headless"], true), start(HEADLESS, &["demo"]));
    }

    #[test]
    fn what_is_asked_for_counts_before_the_dashes_and_behind_them() {
        let options = Options { demo: true, headless: true, ..Options::default() };
        assert_eq!(choose(options, true).unwrap(), start(HEADLESS, &["demo"]));
        let options = Options { headless: true, ..Options::default() };
        assert!(choose(Options { args: args(&["--desktop"]), ..options }, true).is_err());
    }

    #[test]
    fn arguments_of_the_server_mean_the_server() {
        assert_eq!(chosen(&["--port=1"], true), start(HEADLESS, &["serve", "--port=1"]));
        assert_eq!(chosen(&["--demo", "-v"], true), start(HEADLESS, &["demo", "-v"]));
        assert_eq!(chosen(&["--desktop", "--hidden"], true), start(DESKTOP, &["--hidden"]));
    }

    fn chosen(behind_the_dashes: &[&str], has_display: bool) -> Start {
        let options = Options { args: args(behind_the_dashes), ..Options::default() };
        choose(options, has_display).unwrap()
    }

    fn start(package: &'static str, words: &[&str]) -> Start {
        Start { package, args: args(words) }
    }

    fn args(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }
}
