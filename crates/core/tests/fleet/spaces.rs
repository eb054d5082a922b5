//! What is listed, acted on and followed.

use std::{sync::Arc, time::Duration};

use hfsm_core::{
    Error, Fleet, HubError, Pace,
    events::{Audience, Watch},
    sources::configured_accounts,
};
use hfsm_hub_sim::{Durations, Fault, RouteKind, SimHub, TokenKind, When};
use hfsm_model::{
    AccountStatus, Action, Actor, Clock, Event, LogKind, LogUpdate, OperationState, Stage,
    TokenKind as Kind, WriteAccess,
};
use hfsm_store::Store;

use crate::scene::{
    PATIENCE, Scene, account, client, event, fleet, id, scene, stage_of, until, world,
};

#[tokio::test]
async fn every_space_of_every_account_is_listed_once_and_its_metrics_flow() {
    let Scene { fleet, hub: _hub } = scene(world(), "alice:hf_alice_write,bob:hf_bob_write").await;
    until(&fleet, "four Spaces", || (fleet.spaces().len() == 4).then_some(())).await;
    assert_eq!(fleet.space(&id("alice/demo")).unwrap().write_access, WriteAccess::Yes);
    let mut reader = fleet.subscribe(Audience::Everything, Watch::All);
    for wanted in ["alice/demo", "bob/tool", "alice/secret"] {
        let cpu = event(&mut reader, "a sample", |event| match event {
            Event::Metrics { space, point } if *space == id(wanted) => point.sample.cpu_pct,
            _ => None,
        })
        .await;
        assert!((0.0..=200.0).contains(&cpu), "{cpu}");
    }
    assert!(!fleet.metrics_recent(&id("alice/demo")).is_empty());
    fleet.shutdown().await;
}

#[tokio::test]
async fn a_restart_is_followed_until_the_space_runs_again() {
    let Scene { fleet, hub } = scene(world(), "alice:hf_alice_write").await;
    until(&fleet, "the Space", || stage_of(&fleet, "alice/demo")).await;
    let operation = fleet.act(&id("alice/demo"), Action::Restart, Actor::Desktop).await.unwrap();
    assert_eq!(operation.state, OperationState::Following);
    let mut reader = fleet.subscribe(Audience::Everything, Watch::nothing());
    let ended = event(&mut reader, "the end", |event| match event {
        Event::OperationChanged(changed)
            if changed.id == operation.id && changed.state.is_final() =>
        {
            Some(changed.clone())
        }
        _ => None,
    })
    .await;
    assert_eq!(ended.state, OperationState::Succeeded, "{ended:?}");
    assert!(ended.steps.iter().any(|step| step.stage.is_transitional()), "{:?}", ended.steps);
    assert_eq!(hub.world().stats().requests(RouteKind::Restart), 1);
    let lines = fleet.activities(&hfsm_core::ActivityFilter::default(), 10).await.unwrap();
    assert_eq!(lines[0].actor, Actor::Desktop);
}

#[tokio::test]
async fn a_crash_at_the_hub_is_told_with_its_reason() {
    let Scene { fleet, hub } = scene(world(), "alice:hf_alice_write").await;
    until(&fleet, "running", || (stage_of(&fleet, "alice/demo")? == Stage::RUNNING).then_some(()))
        .await;
    let mut reader = fleet.subscribe(Audience::Everything, Watch::nothing());
    hub.world().crash("alice/demo", "Exit code: 137. Reason: out of memory").unwrap();
    let change = event(&mut reader, "the crash", |event| match event {
        Event::StageChanged(change) if change.to == Stage::RUNTIME_ERROR => Some(change.clone()),
        _ => None,
    })
    .await;
    assert_eq!(change.from, Some(Stage::RUNNING));
    assert_eq!(change.message.as_deref(), Some("Exit code: 137. Reason: out of memory"));
    let stored = fleet.stage_changes(&id("alice/demo"), 10).await.unwrap();
    assert_eq!(stored[0].to, Stage::RUNTIME_ERROR);
}

#[tokio::test]
async fn one_accounts_trouble_does_not_touch_anothers_spaces() {
    let Scene { fleet, hub } = scene(world(), "alice:hf_alice_write,bob:hf_bob_write").await;
    until(&fleet, "four Spaces", || (fleet.spaces().len() == 4).then_some(())).await;
    hub.world().revoke_token("hf_alice_write");
    fleet.refresh();
    let refused = until(&fleet, "the refusal", || {
        let state = fleet.account(&account("alice")).unwrap().state;
        (state.status == AccountStatus::TokenRefused).then_some(state)
    })
    .await;
    assert!(!refused.reason.unwrap().contains("hf_alice"), "no token in a reason");
    assert_eq!(fleet.spaces().len(), 4, "a list that was known is never emptied");
    assert!(fleet.space(&id("alice/demo")).unwrap().stale);
    assert!(!fleet.space(&id("bob/tool")).unwrap().stale);
    hub.world().crash("bob/tool", "boom").unwrap();
    until(&fleet, "bob goes on", || {
        (stage_of(&fleet, "bob/tool")? == Stage::RUNTIME_ERROR).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_last_known_list_is_there_at_once_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hfsm.db");
    let hub = SimHub::start(world().build()).await.unwrap();
    let first = fleet(&hub, Store::open(&path).await.unwrap(), "alice:hf_alice_write").await;
    until(&first, "three Spaces", || (first.spaces().len() == 3).then_some(())).await;
    first.shutdown().await;
    drop(first);
    hub.stop();
    let again = fleet(&hub, Store::open(&path).await.unwrap(), "alice:hf_alice_write").await;
    assert_eq!(again.spaces().len(), 3);
    assert!(again.spaces().iter().all(|space| space.stale));
    let state = until(&again, "unreachable", || {
        let state = again.account(&account("alice")).unwrap().state;
        (state.status == AccountStatus::HubUnreachable).then_some(state)
    })
    .await;
    assert!(state.reason.is_some());
    assert_eq!(again.spaces().len(), 3);
}

#[tokio::test]
async fn a_token_by_itself_takes_its_users_name() {
    let hub = SimHub::start(world().build()).await.unwrap();
    let configured = configured_accounts(None, Some("hf_bob_write"));
    let fleet = Fleet::builder(Clock::system(), client(&hub), Store::in_memory().await.unwrap())
        .configured(configured.accounts)
        .pace(Pace::brisk())
        .build()
        .await
        .unwrap();
    fleet.start();
    until(&fleet, "bob", || fleet.account(&account("bob")).ok()).await;
    until(&fleet, "his Space", || stage_of(&fleet, "bob/tool")).await;
    until(&fleet, "one account", || (fleet.accounts().len() == 1).then_some(())).await;
}

#[tokio::test]
async fn accounts_are_added_and_removed_while_running_and_wrong_tokens_are_told() {
    let world =
        world().token("hf_bob_read", TokenKind::Read).token("hf_bob_old", TokenKind::Expired);
    let Scene { fleet, hub: _hub } = scene(world, "alice:hf_alice_write").await;
    let add = |token: &'static str| fleet.add_account(token.into(), Actor::Desktop);
    for wrong in ["", "not a token", "api_org_x", "hf_\u{0}"] {
        assert!(matches!(add(wrong).await, Err(Error::NotAToken(_))), "{wrong}");
    }
    for refused in ["hf_nobody", "hf_bob_old"] {
        let error = add(refused).await.unwrap_err();
        assert!(matches!(error, Error::Hub(HubError::TokenRefused(_))), "{error}");
        assert!(!error.to_string().contains(refused));
    }
    let bob = add("hf_bob_read").await.unwrap();
    assert_eq!((bob.id.as_str(), bob.token.kind), ("bob", Kind::Read));
    until(&fleet, "bob's Space", || stage_of(&fleet, "bob/tool")).await;
    assert!(matches!(add("hf_bob_write").await, Err(Error::AccountExists(_))), "a second token");
    let refused = fleet.act(&id("bob/tool"), Action::Restart, Actor::Desktop).await;
    assert!(matches!(refused, Err(Error::NoWriteAccess(_))), "{refused:?}");
    fleet.replace_token(&bob.id, "hf_bob_write".into(), Actor::Desktop).await.unwrap();
    until(&fleet, "write access", || {
        (fleet.space(&id("bob/tool")).ok()?.write_access == WriteAccess::Yes).then_some(())
    })
    .await;
    let other = fleet.replace_token(&bob.id, "hf_alice_write".into(), Actor::Desktop).await;
    assert!(matches!(other, Err(Error::OtherUser { .. })));
    fleet.remove_account(&bob.id, Actor::Desktop).await.unwrap();
    assert!(fleet.space(&id("bob/tool")).is_err());
    let configured = fleet.remove_account(&account("alice"), Actor::Desktop).await;
    assert!(matches!(configured, Err(Error::AccountConfigured(_))));
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_words_and_remembered() {
    let Scene { fleet, hub } = scene(world(), "alice:hf_alice_write").await;
    until(&fleet, "the Spaces", || (fleet.spaces().len() == 3).then_some(())).await;
    let act = |space: &str, action| {
        let (fleet, space) = (fleet.clone(), id(space));
        async move { fleet.act(&space, action, Actor::ApiKey).await }
    };
    assert!(matches!(act("alice/page", Action::Restart).await, Err(Error::StaticSpace(_))));
    assert!(matches!(act("alice/nothing", Action::Restart).await, Err(Error::SpaceNotFound(_))));
    hub.faults().add(Fault::Html { status: 503 }, When::on(RouteKind::Restart));
    let error = act("alice/demo", Action::Restart).await.unwrap_err();
    assert!(matches!(error, Error::Hub(HubError::Unavailable { .. })), "{error}");
    assert_eq!(
        hub.world().stats().requests(RouteKind::Restart),
        1,
        "asked once, never blindly again"
    );
    let failed = &fleet.operations(&hfsm_core::OperationFilter::default(), 10).await.unwrap()[0];
    assert_eq!(failed.state, OperationState::Failed);
}

#[tokio::test]
async fn a_log_is_read_from_its_beginning_and_each_line_once_although_the_stream_is_cut() {
    let world = world().space("alice/talker", |space| space.running().log("first").log("second"));
    let Scene { fleet, hub } = scene(world, "alice:hf_alice_write").await;
    until(&fleet, "the Space", || stage_of(&fleet, "alice/talker")).await;
    let mut reader = fleet.read_log(&id("alice/talker"), LogKind::Run, None).unwrap();
    let mut seen: Vec<String> = Vec::new();
    let mut until_line = async |wanted: &str, seen: &mut Vec<String>| {
        let waiting = async {
            while !seen.iter().any(|line| line == wanted) {
                match reader.next().await.expect("the fleet runs") {
                    LogUpdate::Lines(lines) => {
                        seen.extend(lines.iter().map(|line| line.text.clone()))
                    }
                    LogUpdate::Reset => seen.clear(),
                    LogUpdate::Connected | LogUpdate::Waiting { .. } => {}
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .unwrap_or_else(|_| panic!("in vain: {wanted}; {seen:?}"));
    };
    until_line("second", &mut seen).await;
    hub.faults().cut_streams();
    hub.world().log("alice/talker", "third").unwrap();
    until_line("third", &mut seen).await;
    let ours: Vec<&str> = seen
        .iter()
        .map(String::as_str)
        .filter(|line| ["first", "second", "third"].contains(line))
        .collect();
    assert_eq!(ours, ["first", "second", "third"]);
    let now = fleet.log_now(&id("alice/talker"), LogKind::Run, Some(1)).await.unwrap();
    assert_eq!(now.last().unwrap().text, "third");
    let asked = hub.world().stats().requests(RouteKind::RunLogs);
    assert!(fleet.log_now(&id("alice/talker"), LogKind::Run, Some(0)).await.unwrap().is_empty());
    assert_eq!(hub.world().stats().requests(RouteKind::RunLogs), asked, "nothing is waited for");
}

#[tokio::test]
async fn an_operation_is_followed_to_its_end_after_the_program_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hfsm.db");
    let slow = world().durations(Durations::all(Duration::from_millis(600)));
    let hub = SimHub::start(slow.build()).await.unwrap();
    let first = fleet(&hub, Store::open(&path).await.unwrap(), "alice:hf_alice_write").await;
    until(&first, "the Space", || stage_of(&first, "alice/demo")).await;
    let operation = first.act(&id("alice/demo"), Action::Restart, Actor::Desktop).await.unwrap();
    first.shutdown().await;
    drop(first);
    let again = fleet(&hub, Store::open(&path).await.unwrap(), "alice:hf_alice_write").await;
    let mut reader = again.subscribe(Audience::Everything, Watch::nothing());
    if !again.operation(&operation.id).await.unwrap().state.is_final() {
        event(&mut reader, "the end", |event| match event {
            Event::OperationChanged(changed) if changed.state.is_final() => Some(()),
            _ => None,
        })
        .await;
    }
    assert_eq!(again.operation(&operation.id).await.unwrap().state, OperationState::Succeeded);
    assert_eq!(hub.world().stats().requests(RouteKind::Restart), 1, "never asked again");
}

#[tokio::test]
async fn a_quota_refusal_is_told_in_the_hubs_words_and_never_repeated() {
    let world = world()
        .user_with("carol", |user| user.cpu_basic_limit(0))
        .token("hf_carol_write", TokenKind::Write)
        .space("carol/asleep", |space| space.sleeping());
    let Scene { fleet, hub } = scene(world, "carol:hf_carol_write").await;
    until(&fleet, "the Space", || stage_of(&fleet, "carol/asleep")).await;
    let refused = fleet.act(&id("carol/asleep"), Action::Restart, Actor::Desktop).await;
    match refused {
        Err(Error::Hub(HubError::QuotaExceeded(refusal))) => {
            assert!(refusal.message.unwrap().contains("quota"));
        }
        // The Hub may also take the restart and then pause the Space for want of a slot.
        Ok(operation) => {
            let mut reader = fleet.subscribe(Audience::Everything, Watch::nothing());
            let ended = match fleet.operation(&operation.id).await.unwrap() {
                ended if ended.state.is_final() => ended,
                _ => {
                    event(&mut reader, "the end", |event| match event {
                        Event::OperationChanged(changed) if changed.state.is_final() => {
                            Some(changed.clone())
                        }
                        _ => None,
                    })
                    .await
                }
            };
            assert_eq!(ended.state, OperationState::Failed);
            assert!(ended.error.unwrap().contains("Quota exceeded"));
        }
        Err(other) => panic!("{other}"),
    }
    assert_eq!(hub.world().stats().requests(RouteKind::Restart), 1);
}

#[tokio::test]
async fn metrics_flow_again_after_the_hub_cut_every_stream() {
    let Scene { fleet, hub } = scene(world(), "alice:hf_alice_write").await;
    until(&fleet, "the Spaces", || (fleet.spaces().len() == 3).then_some(())).await;
    let mut reader = fleet.subscribe(Audience::Everything, Watch::All);
    let sample = |event: &Event| match event {
        Event::Metrics { space, .. } if *space == id("alice/demo") => Some(()),
        _ => None,
    };
    event(&mut reader, "a sample", sample).await;
    let before = hub.world().stats().requests(RouteKind::Metrics);
    hub.faults().cut_streams();
    // That none is open for a moment may be over before it is seen.
    hub.world().until_asked(|counts| counts.requests(RouteKind::Metrics) >= before + 2).await;
    event(&mut reader, "a sample after the cut", sample).await;
    drop(reader);
    hub.world().until_asked(|counts| counts.streams(RouteKind::Metrics) == 0).await;
}

#[tokio::test]
async fn no_metrics_stream_outlives_the_runtime_on_which_the_fleet_began() {
    let hub = Arc::new(SimHub::start(world().build()).await.unwrap());
    let other = tokio::runtime::Runtime::new().unwrap();
    let its_hub = hub.clone();
    let open = other.spawn(async move {
        let fleet =
            fleet(&its_hub, Store::in_memory().await.unwrap(), "alice:hf_alice_write").await;
        let _reader = fleet.subscribe(Audience::Everything, Watch::All);
        std::future::pending::<()>().await;
    });
    hub.world().until_asked(|counts| counts.streams(RouteKind::Metrics) == 2).await;
    other.shutdown_background();
    assert!(open.await.unwrap_err().is_cancelled());
    hub.world().until_asked(|counts| counts.streams(RouteKind::Metrics) == 0).await;
}

#[tokio::test]
async fn a_storm_of_429_is_said_waited_out_and_not_made_worse() {
    let Scene { fleet, hub } = scene(world(), "alice:hf_alice_write").await;
    until(&fleet, "the Spaces", || (fleet.spaces().len() == 3).then_some(())).await;
    let storm = Fault::RateLimited { remaining: 0, retry_after: Some(60) };
    let storm = hub.faults().add(storm, When::on(RouteKind::List));
    let before = hub.world().stats().requests(RouteKind::List);
    let state = until(&fleet, "the wait", || {
        let state = fleet.account(&account("alice")).unwrap().state;
        (state.status == AccountStatus::RateLimited).then_some(state)
    })
    .await;
    assert!(state.retry_at.is_some(), "says until when");
    let after = hub.world().stats().requests(RouteKind::List);
    assert!(after - before <= 3, "{} lists were asked for in the storm", after - before);
    assert_eq!(fleet.spaces().len(), 3, "what was known stays");
    hub.faults().remove(storm);
}

#[tokio::test]
async fn a_renamed_and_a_removed_space_leave_no_doubles() {
    let Scene { fleet, hub } = scene(world(), "alice:hf_alice_write").await;
    until(&fleet, "the Spaces", || (fleet.spaces().len() == 3).then_some(())).await;
    hub.world().rename("alice/demo", "alice/renamed").unwrap();
    hub.world().remove_space("alice/secret").unwrap();
    until(&fleet, "the new name", || stage_of(&fleet, "alice/renamed")).await;
    until(&fleet, "two Spaces", || (fleet.spaces().len() == 2).then_some(())).await;
    assert!(fleet.space(&id("alice/demo")).is_err());
}

#[tokio::test]
async fn strange_answers_of_the_hub_lose_nothing() {
    let Scene { fleet, hub } = scene(world(), "alice:hf_alice_write").await;
    until(&fleet, "the Spaces", || (fleet.spaces().len() == 3).then_some(())).await;
    let strange = [
        Fault::Html { status: 200 },
        Fault::NotJson,
        Fault::ResetMidBody,
        Fault::Html { status: 502 },
    ];
    for fault in strange {
        let words = format!("{fault:?}");
        let fault = hub.faults().add(fault, When::on(RouteKind::List));
        let state = until(&fleet, &words, || {
            let state = fleet.account(&account("alice")).unwrap().state;
            (state.status == AccountStatus::HubUnreachable).then_some(state)
        })
        .await;
        assert!(state.reason.is_some());
        assert_eq!(fleet.spaces().len(), 3, "{words}");
        hub.faults().remove(fault);
        fleet.refresh();
        until(&fleet, "fine again", || {
            let status = fleet.account(&account("alice")).unwrap().state.status;
            (status == AccountStatus::Fine).then_some(())
        })
        .await;
    }
    hub.faults().add(
        Fault::SetField { field: "runtime.stage".into(), value: "FUTURE_STAGE".into() },
        When::on(RouteKind::List),
    );
    until(&fleet, "an unknown stage is shown", || {
        (stage_of(&fleet, "alice/demo")?.as_str() == "FUTURE_STAGE").then_some(())
    })
    .await;
}
