//! `hfsm spaces …`

use std::{collections::HashSet, time::Duration};

use hfsm_core::events::{Audience, Watch};
use hfsm_model::{AccountStatus, Action, Actor, Operation, OperationState, Space, SpaceId, Stage};
use hfsm_server::ServerConfig;

use crate::{
    args::{Act, Spaces},
    engine::{self, Engine},
    exit::Failure,
    output::{Output, Progress, Table, age, stage_cell, text_cell, without_escapes},
};

/// Reads Spaces and acts on them.
pub(crate) async fn spaces(
    config: &ServerConfig,
    command: Spaces,
    output: Output,
) -> anyhow::Result<()> {
    let engine = engine::for_a_command(config).await?;
    match command {
        Spaces::List { owner, stage, query } => {
            let accounts = engine.lists_of_some().await?;
            let filter = Filter { owner, stage, query };
            list(&engine, &filter, output)?;
            // What is known was written; whether it is all there is must show as well.
            if accounts.iter().all(|account| account.state.status == AccountStatus::Fine) {
                Ok(())
            } else {
                Err(Failure::of_accounts(&accounts).into())
            }
        }
        Spaces::Get { space } => {
            engine.find(&space).await?;
            let space = engine.fleet.space(&space)?;
            if output.json { Ok(output.document(&*space)?) } else { show(&space, output) }
        }
        Spaces::Restart(args) => act(&engine, args, Action::Restart, output).await,
        Spaces::Rebuild(args) => act(&engine, args, Action::FactoryRebuild, output).await,
        Spaces::Pause(args) => act(&engine, args, Action::Pause, output).await,
        Spaces::Wait { space, stage, timeout } => {
            engine.find(&space).await?;
            wait(&engine, &space, stage.map(Stage::new), timeout, output).await
        }
    }
}

struct Filter {
    owner: Option<String>,
    stage: Option<String>,
    query: Option<String>,
}

impl Filter {
    fn admits(&self, space: &Space) -> bool {
        let wanted = self.query.as_deref().map(str::to_lowercase);
        let has = |text: &str| wanted.as_deref().is_none_or(|q| text.to_lowercase().contains(q));
        self.owner.as_deref().is_none_or(|o| space.info.id.owner().eq_ignore_ascii_case(o))
            && self.stage.as_deref().is_none_or(|s| space.stage.as_str().eq_ignore_ascii_case(s))
            && (has(space.info.id.as_str()) || space.info.title.as_deref().is_some_and(has))
    }
}

fn list(engine: &Engine, filter: &Filter, output: Output) -> anyhow::Result<()> {
    let mut spaces = engine.fleet.spaces();
    spaces.retain(|space| filter.admits(space));
    if output.json {
        return Ok(output.document(&spaces)?);
    }
    let now = engine.fleet.clock().now();
    let mut table = Table::new(&["SPACE", "STAGE", "HARDWARE", "SDK", "PRIVATE", ">CHANGED"]);
    for space in &spaces {
        let flavor = space.info.runtime.as_ref().and_then(|runtime| {
            runtime.hardware.current.as_ref().or(runtime.hardware.requested.as_ref())
        });
        table.row(vec![
            text_cell(space.info.id.as_str()),
            stage_cell(&space.stage),
            text_cell(flavor.map_or("", |flavor| flavor.as_str())),
            text_cell(space.info.sdk.as_deref().unwrap_or("")),
            text_cell(if space.info.private { "yes" } else { "" }),
            text_cell(space.info.last_modified.map_or_else(String::new, |at| age(at, now))),
        ]);
    }
    output.table(table)?;
    output.note(format!("{} Spaces", spaces.len()));
    Ok(())
}

fn show(space: &Space, output: Output) -> anyhow::Result<()> {
    let info = &space.info;
    let runtime = info.runtime.as_ref();
    let flavor = |flavor: Option<&hfsm_model::Flavor>| flavor.map(ToString::to_string);
    let accounts: Vec<_> = space.accounts.iter().map(ToString::to_string).collect();
    let rows: [(&str, Option<String>); 14] = [
        ("Space", Some(info.id.to_string())),
        ("Title", info.title.clone()),
        ("Stage", Some(space.stage.to_string())),
        ("Reason", runtime.and_then(|runtime| runtime.error_message.clone())),
        ("Hardware", runtime.and_then(|runtime| flavor(runtime.hardware.current.as_ref()))),
        ("Asked for", runtime.and_then(|runtime| flavor(runtime.hardware.requested.as_ref()))),
        (
            "Sleeps after",
            runtime.map(|runtime| match runtime.sleep_time.0 {
                Some(seconds) => format!("{} h", seconds as f64 / 3600.0),
                None => "never".to_owned(),
            }),
        ),
        ("SDK", info.sdk.clone()),
        ("Private", Some(if info.private { "yes" } else { "no" }.to_owned())),
        ("App", info.app_url.clone()),
        ("Hub", Some(info.hub_url.clone())),
        ("Commit", info.sha.clone()),
        ("Modified", info.last_modified.map(|at| at.to_rfc3339())),
        ("Accounts", Some(accounts.join(", "))),
    ];
    for (name, value) in rows {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            output.line(format!("{name:<14}{}", without_escapes(&value)))?;
        }
    }
    Ok(())
}

async fn act(engine: &Engine, args: Act, action: Action, output: Output) -> anyhow::Result<()> {
    let Act { space, no_wait, timeout } = args;
    engine.find(&space).await?;
    let mut progress = Progress::new(output);
    progress.say(format!("{} of {space}: asking the Hub", action.name()));
    let watch = Watch::Spaces(HashSet::from([space.clone()]));
    let mut changes = engine.fleet.subscribe(Audience::Everything, watch);
    let mut operation = engine.fleet.act(&space, action, Actor::CommandLine).await?;
    if no_wait {
        drop(progress);
        return report(&operation, output);
    }
    let followed = async {
        while !operation.state.is_final() {
            let stage = operation.steps.last().map_or("", |step| step.stage.as_str());
            progress.say(format!("{} of {space}: {stage}", operation.action.name()));
            if changes.next().await.is_none() {
                break;
            }
            operation = engine.fleet.operation(&operation.id).await?;
        }
        Ok::<_, anyhow::Error>(operation)
    };
    let operation = tokio::time::timeout(timeout, followed).await.map_err(|_| {
        Failure::TimedOut(format!(
            "the Space `{space}` has not settled within {} s; it goes on at the Hub",
            timeout.as_secs()
        ))
    })??;
    drop(progress);
    report(&operation, output)?;
    match operation.state {
        OperationState::Failed | OperationState::Cancelled => {
            let why = operation.error.unwrap_or_else(|| "the Space settled otherwise".to_owned());
            Err(Failure::Missed(format!("`{space}`: {why}")).into())
        }
        _ => Ok(()),
    }
}

fn report(operation: &Operation, output: Output) -> anyhow::Result<()> {
    if output.json {
        return Ok(output.document(operation)?);
    }
    let state = match operation.state {
        OperationState::Sending | OperationState::Following => "taken by the Hub",
        OperationState::Succeeded => "done",
        OperationState::Failed => "failed",
        OperationState::Cancelled => "no longer followed",
    };
    let steps: Vec<_> = operation.steps.iter().map(|step| step.stage.to_string()).collect();
    let (space, action) = (&operation.space, operation.action.name());
    Ok(output.line(format!("{action} of {space}: {state} ({})", steps.join(" → ")))?)
}

async fn wait(
    engine: &Engine,
    id: &SpaceId,
    wanted: Option<Stage>,
    timeout: Duration,
    output: Output,
) -> anyhow::Result<()> {
    let mut progress = Progress::new(output);
    let watch = Watch::Spaces(HashSet::from([id.clone()]));
    let mut changes = engine.fleet.subscribe(Audience::Everything, watch);
    let there = |stage: &Stage| match &wanted {
        Some(wanted) => stage == wanted,
        None => !stage.is_transitional(),
    };
    let arrived = async {
        loop {
            let space = engine.fleet.space(id)?;
            if there(&space.stage) {
                return Ok::<_, anyhow::Error>(space);
            }
            progress.say(format!("{id}: {}", space.stage));
            if changes.next().await.is_none() {
                return Err(hfsm_core::Error::Stopping.into());
            }
        }
    };
    let space = match tokio::time::timeout(timeout, arrived).await {
        Ok(space) => space?,
        Err(_) => {
            let stage = engine.fleet.space(id)?.stage.clone();
            let seconds = timeout.as_secs();
            let failure = format!("the Space `{id}` is still {stage} after {seconds} s");
            return Err(Failure::TimedOut(failure).into());
        }
    };
    drop(progress);
    if output.json { Ok(output.document(&*space)?) } else { Ok(output.line(space.stage.as_str())?) }
}
