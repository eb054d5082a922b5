//! The benchmarks, built as they are shipped.

use anyhow::{Context as _, Result};

use crate::{
    bundle, npm, process, run,
    settings::Settings,
    system::{self, Need},
    ui,
};

/// The word of all benchmarks for a shorter run.
const QUICK: &str = "--quick";

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The installed desktop program instead of the server: twenty minutes
    #[arg(long, conflicts_with = "ui")]
    desktop: bool,
    /// The page in Chromium instead of the server: twelve minutes, three with `--quick`
    #[arg(long)]
    ui: bool,
    /// Handed on to the benchmarks
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// Runs the benchmarks.
pub(crate) fn bench(settings: &Settings, options: &Options) -> Result<()> {
    if options.desktop {
        return desktop(settings);
    }
    if options.ui {
        return page(settings, &options.args);
    }
    build(settings)?;
    let mut command = settings.cargo(&["run", "--release", "-p", "hfsm-bench", "--"]);
    process::hand_over(command.args(&options.args))
}

/// Builds the programs that the benchmarks start.
fn build(settings: &Settings) -> Result<()> {
    process::run(&mut settings.cargo(&["build", "--release", "-p", "hfsm", "-p", "hfsm-hub-sim"]))
}

/// Measures the page as it is shipped. Of `args` all but `--quick` are for Playwright, such as
/// `logs` to measure only that.
fn page(settings: &Settings, args: &[String]) -> Result<()> {
    system::require(&[Need::Node, Need::Npm, Need::Browser])?;
    ui::build_if_changed(settings)?;
    build(settings)?;
    let mut command = npm::script(settings, ui::FOLDER, "bench");
    command.env("HFSM_BIN", run::program(settings, "release", "hfsm")?);
    command.env("HUB_SIM_BIN", run::program(settings, "release", "hub-sim")?);
    if let Some(browser) = system::browser() {
        command.env("CHROMIUM_BIN", browser);
    }
    if args.iter().any(|arg| arg == QUICK) {
        command.env("HFSM_BENCH_QUICK", "1");
    }
    process::hand_over(command.arg("--").args(args.iter().filter(|arg| *arg != QUICK)))
}

/// Measures the package as it is shipped.
fn desktop(settings: &Settings) -> Result<()> {
    system::require(&[Need::WindowTest, Need::DesktopTest])?;
    let packages = bundle::bundle(settings, &bundle::Options::for_figures())?;
    let package = packages.first().context("the package is not there")?;
    let mut command = settings.cargo(&["test", "-p", bundle::DESKTOP, "--test", "desktop"]);
    command.args(["--", "--ignored", "figures::", "--nocapture", "--test-threads=1"]);
    process::run(command.env("HFSM_DEB", package))
}
