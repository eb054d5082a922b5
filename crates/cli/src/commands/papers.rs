//! What needs neither the Hub nor a configuration.

use std::io::{self, BufRead, IsTerminal};

use anyhow::Context;
use clap::CommandFactory;

use crate::{args::Cli, exit::Failure, output::Output};

/// Writes the OpenAPI document of the server.
pub(crate) fn openapi(output: Output) -> anyhow::Result<()> {
    Ok(output.document(&hfsm_server::document(hfsm_api::openapi()))?)
}

/// Reads a password and writes its hash.
pub(crate) fn hash_password(output: Output) -> anyhow::Result<()> {
    let password = ask_secret("Password: ")?;
    if password.chars().count() < 8 {
        return Err(Failure::Usage("a password has at least 8 characters".to_owned()).into());
    }
    Ok(output.line(hfsm_server::hash_password(&password)?)?)
}

/// Writes completions.
pub(crate) fn completions(shell: clap_complete::Shell) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "hfsm", &mut script);
    Ok(io::Write::write_all(&mut io::stdout(), &script)?)
}

/// Reads a secret: without echo from a terminal, or the first line of what is piped in.
pub(super) fn ask_secret(question: &str) -> anyhow::Result<String> {
    if io::stdin().is_terminal() {
        return rpassword::prompt_password(question).context("nothing could be read");
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("nothing could be read")?;
    Ok(line.trim().to_owned())
}
