//! The benchmarks, built as they are shipped.

use anyhow::Result;

use crate::{process, settings::Settings};

/// Runs the benchmarks with `args`.
pub(crate) fn bench(settings: &Settings, args: &[String]) -> Result<()> {
    // They start the programs that they measure.
    process::run(&mut settings.cargo(&["build", "--release", "-p", "hfsm", "-p", "hfsm-hub-sim"]))?;
    let mut command = settings.cargo(&["run", "--release", "-p", "hfsm-bench", "--"]);
    process::hand_over(command.args(args))
}
