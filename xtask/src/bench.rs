//! The benchmarks, built as they are shipped.

use anyhow::{Context as _, Result};

use crate::{
    bundle, process,
    settings::Settings,
    system::{self, Need},
};

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The installed desktop program instead of the server: twenty minutes
    #[arg(long)]
    desktop: bool,
    /// Handed on to the benchmarks
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// Runs the benchmarks.
pub(crate) fn bench(settings: &Settings, options: &Options) -> Result<()> {
    if options.desktop {
        return desktop(settings);
    }
    // They start the programs that they measure.
    process::run(&mut settings.cargo(&["build", "--release", "-p", "hfsm", "-p", "hfsm-hub-sim"]))?;
    let mut command = settings.cargo(&["run", "--release", "-p", "hfsm-bench", "--"]);
    process::hand_over(command.args(&options.args))
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
