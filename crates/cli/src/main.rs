//! The headless program: the server, the demo, and the command line.

mod api;
mod args;
mod commands;
mod engine;
mod environment;
mod exit;
mod output;

use std::{io::Write, process::ExitCode};

use clap::Parser;
use hfsm_server::ServerConfig;
use serde_json::json;
use tracing_subscriber::EnvFilter;

use crate::{
    args::{Cli, Command},
    output::Output,
};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and the version are no failures, and written for people.
        Err(error) if !error.use_stderr() || !Cli::wants_json(std::env::args_os()) => error.exit(),
        Err(error) => {
            let error = anyhow::Error::from(exit::Failure::Usage(error.to_string()));
            say(&error, true);
            return exit::code(&error);
        }
    };
    let json = cli.global.json;
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if exit::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error, json);
            exit::code(&error)
        }
    }
}

/// Says what did not work, to people in words and to programs in JSON.
fn say(error: &anyhow::Error, json: bool) {
    let message = format!("{error:#}");
    let text = if json {
        json!({ "error": { "code": exit::word(error), "message": message.trim_end() } }).to_string()
    } else {
        format!("error: {message}")
    };
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let output = Output::new(cli.global.json, cli.global.color);
    let settings = cli.settings();
    // Beside results for a program, what is logged is for a program too.
    let log = |config: &ServerConfig, serving| log(config, serving, output.json && !serving);
    let config =
        || ServerConfig::load(settings, environment::variables(), cli.global.config.clone());
    match cli.command {
        Command::Openapi => commands::openapi(output),
        Command::HashPassword => commands::hash_password(output),
        Command::Completions { shell } => commands::completions(shell),
        Command::Serve(serve) => {
            let config = config()?;
            if serve.print_config {
                return Ok(output.line(config.printed().trim_end())?);
            }
            log(&config, true)?;
            block_on(commands::serve(config, &serve, output))
        }
        Command::Demo(demo) => {
            let config = config()?;
            log(&config, true)?;
            block_on(commands::demo(config, &demo, output))
        }
        Command::Accounts(command) => {
            let config = config()?;
            log(&config, false)?;
            block_on(commands::accounts(&config, command, output))
        }
        Command::Spaces(command) => {
            let config = config()?;
            log(&config, false)?;
            block_on(commands::spaces(&config, command, output))
        }
        Command::Logs(logs) => {
            let config = config()?;
            log(&config, false)?;
            block_on(commands::logs(&config, &logs, output))
        }
        Command::Metrics(metrics) => {
            let config = config()?;
            log(&config, false)?;
            block_on(commands::metrics(&config, metrics, output))
        }
        Command::Jobs(command) => {
            let config = config()?;
            log(&config, false)?;
            block_on(commands::jobs(&config, command, output))
        }
        Command::Hardware => {
            let config = config()?;
            log(&config, false)?;
            block_on(commands::hardware(&config, output))
        }
    }
}

fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

/// Logs to the standard error. A command says only what went wrong, unless it is asked for more.
fn log(config: &ServerConfig, serving: bool, json: bool) -> anyhow::Result<()> {
    let filter = match (config.log.as_deref(), serving) {
        (Some(filter), _) => filter,
        // What the database layer says of its migrations is of no use to a person.
        (None, true) => "info,sea_orm_migration=warn,sqlx=warn",
        // A command says itself which accounts are in trouble.
        (None, false) => "warn,hfsm_core::accounts=error",
    };
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        exit::Failure::Usage(format!(
            "HFSM_LOG or --log is `{filter}`, which is no filter ({error}); write info, or \
             hfsm_core=debug"
        ))
    })?;
    let logger = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(!json && std::io::IsTerminal::is_terminal(&std::io::stderr()));
    if json {
        logger.json().init()
    } else {
        logger.init()
    }
    Ok(())
}
