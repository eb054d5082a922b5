//! Every test there is, of every language, and one closing line.

use std::{
    env::consts::OS,
    process::{Command, ExitCode},
    time::Instant,
};

use anyhow::Result;

use crate::{
    bundle,
    count::Runner,
    lint::{self, Scope},
    npm,
    process::{find_program, output, succeeds},
    python,
    report::Report,
    rules, run,
    settings::Settings,
    system::{self, Need},
    ui,
};

const PYTHON_CLIENT: &str = "crates/hub-sim/clients/python";
const NODE_CLIENT: &str = "crates/hub-sim/clients/js";
const FUZZED: &str = "crates/hub";
const FUZZ_SECONDS: u32 = 60;

/// The selection of packages and features of every Rust test, and of the programs that other
/// tests start. One for all, since cargo builds the libraries anew for each selection.
const SELECTION: [&str; 2] = ["--workspace", "--no-default-features"];

/// What to leave out.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only what is quick: no browser, no clients of other languages, no desktop, no fuzzing
    #[arg(long)]
    quick: bool,
}

/// Runs the tests, goes on after a failure, and prints `N passed, N failed` in the end.
pub(crate) fn test(settings: &Settings, options: &Options) -> ExitCode {
    let begun = Instant::now();
    let mut report = Report::default();
    let depth = if options.quick { Depth::Quick } else { Depth::Everything };

    let missing = prepare(&mut report, depth);
    let scope = if missing.contains(&Need::Desktop) || depth == Depth::Quick {
        Scope::Headless
    } else {
        Scope::WithDesktop
    };
    report.check("Formatting", || lint::format(settings));
    report.check("Dependency rules", || rules::check(settings));
    let has_ui = interface(settings, &mut report, &missing);
    report.check("Clippy", || lint::clippy(settings, scope));
    if depth == Depth::Everything {
        report.check("Documentation", || lint::doc(settings, scope));
    }
    report.tests("Rust tests", Runner::CargoTest, Ok(rust_tests(settings)));
    if depth == Depth::Everything {
        if programs(settings, &mut report) {
            python_client(settings, &mut report, &missing);
            node_client(settings, &mut report, &missing);
            if has_ui {
                end_to_end(settings, &mut report, &missing);
            }
        }
        desktop(settings, &mut report, &missing);
        fuzz(settings, &mut report);
        licences(settings, &mut report);
    }
    if report.close(begun.elapsed()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    Quick,
    Everything,
}

/// Installs what the tests need where that is allowed, and returns what is missing all the same.
fn prepare(report: &mut Report, depth: Depth) -> Vec<Need> {
    let mut needs = vec![Need::Node, Need::Npm];
    if depth == Depth::Everything {
        needs.extend([Need::Python, Need::Browser, Need::Desktop]);
        if OS == "linux" {
            needs.extend([Need::WindowTest, Need::DesktopTest]);
        }
    }
    let mut missing = Vec::new();
    report.check("What the tests need", || {
        missing = system::provide(&needs);
        if !missing.is_empty() {
            println!("{}", system::how_to_get(&missing));
        }
        Ok(())
    });
    missing
}

/// Checks, tests and builds the interface; returns whether there is a page.
fn interface(settings: &Settings, report: &mut Report, missing: &[Need]) -> bool {
    if lacks(report, "Interface", missing, &[Need::Node, Need::Npm]) {
        return false;
    }
    if !report.check("Packages of the interface", || npm::install(settings, ui::FOLDER)) {
        return false;
    }
    report.check("Types and style of the interface", || lint::interface(settings));
    report.tests(
        "Tests of the interface",
        Runner::Vitest,
        Ok(npm::script(settings, ui::FOLDER, "test")),
    );
    report.check("Build of the interface", || ui::build(settings))
}

fn rust_tests(settings: &Settings) -> Command {
    let mut command = settings.cargo(&["test", "--no-fail-fast"]);
    // No library of the system can be found, so nothing but the desktop program needs GTK.
    command.args(SELECTION).env("PKG_CONFIG_LIBDIR", "/nonexistent");
    command
}

/// Builds the programs that tests in other languages start.
fn programs(settings: &Settings, report: &mut Report) -> bool {
    report.check("Programs", || {
        let mut command = settings.cargo(&["build"]);
        // `--tests` makes the selection of features that of the tests. Where xtask is a running
        // program it cannot be replaced on every system.
        command.args(SELECTION).args(["--bins", "--tests", "--exclude", "xtask"]);
        crate::process::run(command.env("PKG_CONFIG_LIBDIR", "/nonexistent"))
    })
}

/// Tells a test where the programs are.
fn with_programs(settings: &Settings, mut command: Command) -> Result<Command> {
    command.env("HFSM_BIN", run::program(settings, "debug", "hfsm")?);
    command.env("HUB_SIM_BIN", run::program(settings, "debug", "hub-sim")?);
    Ok(command)
}

/// The official Python client against the simulated Hub.
fn python_client(settings: &Settings, report: &mut Report, missing: &[Need]) {
    const NAME: &str = "huggingface_hub against the simulated Hub";
    if lacks(report, NAME, missing, &[Need::Python]) {
        return;
    }
    let requirements = settings.root.join(PYTHON_CLIENT).join("requirements.txt");
    let command = python::environment(settings, &requirements).and_then(|python| {
        let mut command = settings.program(python, PYTHON_CLIENT);
        command.args(["-m", "pytest", "-q", "-p", "no:cacheprovider"]);
        with_programs(settings, command)
    });
    report.tests(NAME, Runner::Pytest, command);
}

/// The official JavaScript client against the simulated Hub.
fn node_client(settings: &Settings, report: &mut Report, missing: &[Need]) {
    const NAME: &str = "@huggingface/hub against the simulated Hub";
    if lacks(report, NAME, missing, &[Need::Node, Need::Npm]) {
        return;
    }
    let command = npm::install(settings, NODE_CLIENT)
        .and_then(|()| with_programs(settings, npm::script(settings, NODE_CLIENT, "test")));
    report.tests(NAME, Runner::NodeTest, command);
}

/// The interface in a browser, served by the program, against the simulated Hub.
fn end_to_end(settings: &Settings, report: &mut Report, missing: &[Need]) {
    const NAME: &str = "Interface in Chromium";
    if lacks(report, NAME, missing, &[Need::Browser]) {
        return;
    }
    let mut command = npm::script(settings, ui::FOLDER, "e2e");
    if let Some(browser) = system::browser() {
        command.env("CHROMIUM_BIN", browser);
    }
    report.tests(NAME, Runner::Playwright, with_programs(settings, command));
}

/// Builds the desktop program, opens its window on a screen that nobody sees, and lives a day with
/// the installed package.
fn desktop(settings: &Settings, report: &mut Report, missing: &[Need]) {
    const BUILD: &str = "Desktop program";
    const WINDOW: &str = "Window of the desktop program";
    const INSTALLED: &str = "Installed desktop program";
    const SELECTED: [&str; 6] = ["-p", bundle::DESKTOP, "--test", "window", "--test", "desktop"];
    if lacks(report, BUILD, missing, &[Need::Desktop]) {
        return;
    }
    let built = report
        .check(BUILD, || crate::process::run(settings.cargo(&["test", "--no-run"]).args(SELECTED)));
    if !built {
        return;
    }
    if OS != "linux" {
        report.skip(WINDOW, "the window is only driven on Linux");
        report.skip(INSTALLED, "the services of a desktop are only started on Linux");
        return;
    }
    let run = |test: &str| {
        let mut command = settings.cargo(&["test", "-p", bundle::DESKTOP, "--test", test]);
        command.args(["--", "--ignored"]);
        command
    };
    if !lacks(report, WINDOW, missing, &[Need::WindowTest]) {
        report.tests(WINDOW, Runner::CargoTest, Ok(on_a_screen(settings, &run("window"))));
    }
    if !lacks(report, INSTALLED, missing, &[Need::WindowTest, Need::DesktopTest, Need::Browser]) {
        let mut package = None;
        report.check("Package of the desktop program", || {
            package = bundle::bundle(settings, &bundle::Options::for_tests())?.pop();
            Ok(())
        });
        if let Some(package) = package {
            // Each has a screen and a bus of its own.
            let mut command = run("desktop");
            command.args(["--skip", "figures::"]).env("HFSM_DEB", package);
            report.tests(INSTALLED, Runner::CargoTest, Ok(command));
        }
    }
}

/// Runs `command` on a screen that nobody sees.
fn on_a_screen(settings: &Settings, command: &Command) -> Command {
    let mut screen = settings.program("xvfb-run", "");
    screen.args(["-a", "-s", "-screen 0 1280x800x24 -nolisten tcp"]);
    screen.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => screen.env(name, value),
            None => screen.env_remove(name),
        };
    }
    screen
}

/// Feeds each fuzz target for a minute.
fn fuzz(settings: &Settings, report: &mut Report) {
    const NAME: &str = "Fuzzing";
    let Some(rustup) = find_program("rustup") else {
        return report.skip(NAME, "it needs a nightly toolchain by rustup");
    };
    let cargo = || {
        let mut command = settings.program(&rustup, FUZZED);
        command.args(["run", "nightly", "cargo", "fuzz"]);
        command
    };
    if !succeeds(cargo().arg("--version")) {
        return report.skip(NAME, "it needs a nightly toolchain and `cargo install cargo-fuzz`");
    }
    report.check(NAME, || {
        for target in output(cargo().arg("list"))?.lines() {
            let time = format!("-max_total_time={FUZZ_SECONDS}");
            crate::process::run(cargo().args(["run", target, "--", &time]))?;
        }
        Ok(())
    });
}

/// Checks the licences of what is built in.
fn licences(settings: &Settings, report: &mut Report) {
    const NAME: &str = "Licences";
    if !succeeds(settings.cargo(&["deny", "--version"]).current_dir(&settings.root)) {
        return report.skip(NAME, "it needs `cargo install cargo-deny`");
    }
    report.check(NAME, || {
        crate::process::run(&mut settings.cargo(&["deny", "check", "licenses", "bans", "sources"]))
    });
}

/// True where `needs` are not all there, and the step is skipped.
fn lacks(report: &mut Report, name: &str, missing: &[Need], needs: &[Need]) -> bool {
    let lacking: Vec<String> =
        needs.iter().filter(|need| missing.contains(need)).map(ToString::to_string).collect();
    if !lacking.is_empty() {
        report.skip(name, &format!("no {}", lacking.join(", ")));
    }
    !lacking.is_empty()
}
