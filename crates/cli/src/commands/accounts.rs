//! `hfsm accounts …`

use hfsm_core::Fleet;
use hfsm_model::{Account, AccountId, Actor, TokenKind, TokenSource};
use hfsm_server::ServerConfig;
use secrecy::SecretString;
use serde_json::json;

use super::papers::ask_secret;
use crate::{
    args::Accounts,
    engine::{self, Engine, trouble},
    exit::Failure,
    output::{Output, Table, text_cell, warning_cell},
};

/// Shows and changes the accounts.
pub(crate) async fn accounts(
    config: &ServerConfig,
    command: Accounts,
    output: Output,
) -> anyhow::Result<()> {
    match command {
        Accounts::List => list(config, output).await,
        Accounts::Check { name } => check(config, name, output).await,
        Accounts::Add => {
            let token = ask_secret("Token of the Hub (hf_…): ")?;
            change(config, "accounts", async |engine| {
                let token = SecretString::from(token);
                let account = engine.fleet.add_account(token, Actor::CommandLine).await?;
                added(&engine, &account, output)
            })
            .await
        }
        Accounts::Remove { name } => {
            let id: AccountId = name.parse().map_err(hfsm_core::Error::from)?;
            change(config, "accounts", async |engine| {
                engine.fleet.remove_account(&id, Actor::CommandLine).await?;
                output.note(format!("removed the account `{id}`"));
                Ok(())
            })
            .await
        }
        Accounts::Import { list: true, .. } => {
            change(config, "accounts", async |engine| importable(&engine.fleet, output)).await
        }
        Accounts::Import { names, list: false } => {
            change(config, "accounts", async |engine| import(&engine, &names, output).await).await
        }
    }
}

/// Runs `work` with what lasts, and closes it. A server that runs has it already.
async fn change(
    config: &ServerConfig,
    what: &str,
    work: impl AsyncFnOnce(Engine) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let engine = engine::lasting(config).await.map_err(|error| {
        if matches!(error.downcast_ref(), Some(hfsm_store::Error::Locked { .. })) {
            error.context(format!(
                "a server runs with this data folder: change the {what} in its interface, or stop \
                 it first"
            ))
        } else {
            error
        }
    })?;
    let fleet = engine.fleet.clone();
    let outcome = work(engine).await;
    fleet.shutdown().await;
    outcome
}

async fn list(config: &ServerConfig, output: Output) -> anyhow::Result<()> {
    let engine = engine::for_a_command(config).await?;
    let outcome = engine.first_lists().await;
    let accounts = engine.fleet.accounts();
    if output.json {
        output.document(&accounts)?;
    } else {
        let mut table = Table::new(&[
            "ACCOUNT",
            "STATE",
            "TOKEN",
            "FROM",
            "ORGANISATIONS",
            ">SPACES",
            ">BUDGET",
        ]);
        let spaces = engine.fleet.spaces();
        for account in &accounts {
            let fine = account.state.status == hfsm_model::AccountStatus::Fine;
            let state = match &account.state.reason {
                _ if fine => text_cell("fine"),
                reason => warning_cell(reason.as_deref().unwrap_or("not fine")),
            };
            let count = spaces.iter().filter(|space| space.accounts.contains(&account.id)).count();
            let budget = account.budget.as_ref().map_or_else(String::new, |budget| {
                format!("{}/{}", budget.remaining, budget.quota)
            });
            let organisations: Vec<_> =
                account.organisations.iter().map(|o| o.name.as_str()).collect();
            table.row(vec![
                text_cell(account.id.as_str()),
                state,
                text_cell(kind(account.token.kind)),
                text_cell(source(account.token.source)),
                text_cell(organisations.join(", ")),
                text_cell(count.to_string()),
                text_cell(budget),
            ]);
        }
        output.table(table)?;
    }
    outcome.map(drop)
}

async fn check(config: &ServerConfig, name: Option<String>, output: Output) -> anyhow::Result<()> {
    let engine = engine::for_a_command(config).await?;
    let wanted: Option<AccountId> =
        name.map(|name| name.parse()).transpose().map_err(hfsm_core::Error::from)?;
    // An account that fails is the answer here; its exit code comes from the one that was named.
    let outcome = engine.first_lists().await;
    let accounts = match &wanted {
        Some(id) => vec![engine.fleet.account(id)?],
        None => engine.fleet.accounts(),
    };
    for account in &accounts {
        if output.json {
            output.record(account)?;
        } else {
            let owner = account.token.display_name.as_deref().unwrap_or("unnamed");
            let fine = account.state.status == hfsm_model::AccountStatus::Fine;
            output.line(if fine {
                format!("{}: fine, {} token “{owner}”", account.id, kind(account.token.kind))
            } else {
                trouble(account)
            })?;
        }
    }
    let bad = accounts.iter().find(|a| a.state.status != hfsm_model::AccountStatus::Fine);
    match (bad, outcome) {
        (None, _) => Ok(()),
        (Some(_), Err(error)) => Err(error),
        (Some(account), Ok(_)) => Err(Failure::AccountRefused(trouble(account)).into()),
    }
}

fn importable(fleet: &Fleet, output: Output) -> anyhow::Result<()> {
    let tokens = fleet.importable()?;
    if output.json {
        return Ok(output.document(&tokens)?);
    }
    let mut table = Table::new(&["NAME", "ACTIVE"]);
    for token in tokens {
        table.row(vec![text_cell(&token.name), text_cell(if token.active { "yes" } else { "" })]);
    }
    Ok(output.table(table)?)
}

async fn import(engine: &Engine, names: &[String], output: Output) -> anyhow::Result<()> {
    let outcomes = engine.fleet.import_accounts(names, Actor::CommandLine).await?;
    if outcomes.is_empty() {
        let failure = "the official `hf` tool has no such token; `hfsm accounts import --list` \
                       shows which there are";
        return Err(Failure::NotFound(failure.to_owned()).into());
    }
    let mut failed = None;
    for (name, outcome) in outcomes {
        match outcome {
            Ok(account) => added(engine, &account, output)?,
            Err(error) => {
                output.note(format!("{name}: {error}"));
                failed = Some(error);
            }
        }
    }
    failed.map_or(Ok(()), |error| Err(error.into()))
}

fn added(engine: &Engine, account: &Account, output: Output) -> anyhow::Result<()> {
    if output.json {
        return Ok(output.record(&json!({ "added": account }))?);
    }
    let kind = kind(account.token.kind);
    Ok(output.line(format!("added `{}` ({kind} token), kept in {}", account.id, engine.vault))?)
}

fn kind(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::None => "none",
        TokenKind::Read => "read",
        TokenKind::Write => "write",
        TokenKind::FineGrained => "fine-grained",
        TokenKind::Oauth => "OAuth",
        TokenKind::Unknown => "unknown",
    }
}

fn source(source: TokenSource) -> &'static str {
    match source {
        TokenSource::Environment => "configuration",
        TokenSource::HfCli => "hf tool",
        TokenSource::Vault => "vault",
    }
}
