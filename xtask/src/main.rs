//! Run, test and release chores: `cargo xtask --help`.
#![expect(clippy::print_stdout, reason = "it talks to the person at the terminal")]

mod bench;
mod bundle;
mod count;
mod deb;
mod glibc;
mod icons;
mod lint;
mod npm;
mod openapi;
mod process;
mod python;
mod report;
mod rules;
mod run;
mod settings;
mod system;
mod test;
mod ui;
mod updates;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::settings::Settings;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "Run, test and release chores")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Build everything, start it, and print the address
    Run(run::Options),
    /// Run every test there is, and print one closing line
    Test(test::Options),
    /// Run the benchmarks
    Bench(bench::Options),
    /// Make the packages that people install
    Bundle(bundle::Options),
    /// Write what the program reads when it looks for updates
    UpdateManifest(updates::Options),
    /// Check formatting, clippy, documentation, dependency rules and the interface
    Lint,
    /// Draw the icons anew from their SVG files
    Icons,
    /// Write docs/api/openapi.json and the interface's types anew
    Openapi,
}

fn main() -> ExitCode {
    let settings = Settings::from_environment();
    let done = match Arguments::parse().task {
        Task::Run(options) => run::run(&settings, options),
        Task::Test(options) => return test::test(&settings, &options),
        Task::Bench(options) => bench::bench(&settings, &options),
        Task::Bundle(options) => bundle::bundle(&settings, &options).map(drop),
        Task::UpdateManifest(options) => updates::write(&settings, &options),
        Task::Lint => lint::all(&settings),
        Task::Icons => icons::write(&settings),
        Task::Openapi => openapi::regenerate(&settings),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
