//! What is kept comes back as it was, in the order in which it was kept.

use crate::common::{account, account_id, activity, at, space, space_id};
use hfsm_model::{
    Action, Activity, ActivityKind, Actor, ActorKind, Operation, OperationId, OperationState,
    OperationStep, Outcome, Space, Stage, StageChange, WriteAccess,
};
use hfsm_store::{
    ActivityFilter, Error, OperationFilter, Session, StageChangeFilter, Store, StoredAnswer,
};

async fn in_memory() -> Store {
    Store::in_memory().await.unwrap()
}

fn ids(spaces: &[Space]) -> Vec<&str> {
    spaces.iter().map(|space| space.info.id.as_str()).collect()
}

#[tokio::test]
async fn an_account_comes_back_as_it_was_saved_last() {
    let store = in_memory().await;
    store.save_account(&account("bob")).await.unwrap();
    store.save_account(&account("alice")).await.unwrap();
    let mut alice = account("alice");
    alice.is_pro = None;
    store.save_account(&alice).await.unwrap();
    assert_eq!(store.accounts().await.unwrap(), [alice, account("bob")]);
}

#[tokio::test]
async fn removing_an_account_keeps_the_spaces_that_another_sees() {
    let store = in_memory().await;
    for name in ["alice", "bob"] {
        store.save_account(&account(name)).await.unwrap();
    }
    let spaces = [
        space("acme/nobody", &[]),
        space("acme/shared", &["alice", "bob"]),
        space("alice/own", &["alice"]),
        space("bob/own", &["bob"]),
    ];
    store.save_spaces(&spaces).await.unwrap();

    store.remove_account(&account_id("alice")).await.unwrap();
    store.remove_account(&account_id("alice")).await.unwrap();

    assert_eq!(store.accounts().await.unwrap(), [account("bob")]);
    let left = store.spaces().await.unwrap();
    assert_eq!(ids(&left), ["acme/nobody", "acme/shared", "bob/own"]);
    assert_eq!(left[1].accounts, [account_id("bob")]);
}

#[tokio::test]
async fn who_sees_a_space_stays_while_its_stage_changes_and_is_written_anew_when_it_was_removed() {
    let store = in_memory().await;
    for name in ["alice", "bob"] {
        store.save_account(&account(name)).await.unwrap();
    }
    let both = space("acme/demo", &["alice", "bob"]);
    let asleep = Space { stage: Stage::SLEEPING, ..both.clone() };
    let one = Space { accounts: vec![account_id("bob")], ..asleep.clone() };
    for saved in [&both, &asleep, &one, &both] {
        store.save_spaces(std::slice::from_ref(saved)).await.unwrap();
        assert_eq!(store.spaces().await.unwrap(), std::slice::from_ref(saved));
    }
    store.remove_spaces(std::slice::from_ref(&both.info.id)).await.unwrap();
    store.save_spaces(std::slice::from_ref(&both)).await.unwrap();
    assert_eq!(store.spaces().await.unwrap(), std::slice::from_ref(&both));
    store.remove_account(&account_id("alice")).await.unwrap();
    store.save_spaces(std::slice::from_ref(&both)).await.unwrap();
    assert_eq!(store.spaces().await.unwrap(), [both]);
}

#[tokio::test]
async fn a_space_comes_back_whole_with_its_accounts_in_order() {
    let store = in_memory().await;
    let mut saved = space("acme/demo", &["zoe", "alice", "bob"]);
    store.save_spaces(std::slice::from_ref(&saved)).await.unwrap();
    assert_eq!(store.spaces().await.unwrap(), [saved.clone()]);

    saved.stage = Stage::SLEEPING;
    saved.info.runtime = None;
    saved.stale = true;
    saved.write_access = WriteAccess::No;
    saved.accounts = vec![account_id("bob"), account_id("zoe")];
    store.save_spaces(&[saved.clone(), space("acme/other", &[])]).await.unwrap();
    assert_eq!(store.spaces().await.unwrap()[0], saved);

    store.remove_spaces(&[space_id("acme/demo"), space_id("acme/unknown")]).await.unwrap();
    assert_eq!(ids(&store.spaces().await.unwrap()), ["acme/other"]);
}

#[tokio::test]
async fn a_space_that_is_given_twice_is_kept_once_as_given_last() {
    let store = in_memory().await;
    let first = space("acme/demo", &["alice", "alice"]);
    let mut last = space("acme/demo", &["bob"]);
    last.info.likes = 99;
    store.save_spaces(&[first, last.clone()]).await.unwrap();
    assert_eq!(store.spaces().await.unwrap(), [last]);
    store.save_spaces(&[]).await.unwrap();
    store.remove_spaces(&[]).await.unwrap();
}

#[tokio::test]
async fn a_whole_fleet_is_replaced_in_one_go() {
    let store = in_memory().await;
    let mut fleet: Vec<Space> =
        (0..2345).map(|n| space(&format!("acme/space-{n:05}"), &["alice", "bob"])).collect();
    store.save_spaces(&fleet).await.unwrap();
    for space in &mut fleet {
        space.info.likes += 1;
    }
    store.save_spaces(&fleet).await.unwrap();
    assert_eq!(store.spaces().await.unwrap(), fleet);
    let ids: Vec<_> = fleet.iter().map(|space| space.info.id.clone()).collect();
    store.remove_spaces(&ids).await.unwrap();
    assert!(store.spaces().await.unwrap().is_empty());
}

fn change(space: &str, second: i64, to: Stage) -> StageChange {
    StageChange {
        space: space_id(space),
        at: at(second),
        from: Some(Stage::RUNNING),
        to,
        message: Some("the Hub's reason".to_owned()),
    }
}

#[tokio::test]
async fn stage_changes_are_found_by_space_and_time_and_paged() {
    let store = in_memory().await;
    let changes: Vec<StageChange> = (0..1200)
        .map(|n| change(if n % 2 == 0 { "a/even" } else { "a/odd" }, n, Stage::PAUSED))
        .collect();
    store.record_stage_changes(&changes).await.unwrap();
    store.record_stage_changes(&[]).await.unwrap();

    let even = StageChangeFilter { space: Some(space_id("a/even")), ..Default::default() };
    let first = store.stage_changes(&even, 2).await.unwrap();
    assert_eq!(first[0].change, changes[1198]);
    assert_eq!(first[1].change, changes[1196]);
    let next = StageChangeFilter { before_id: Some(first[1].id), ..even };
    assert_eq!(store.stage_changes(&next, 1).await.unwrap()[0].change, changes[1194]);

    let span =
        StageChangeFilter { since: Some(at(10)), before: Some(at(13)), ..Default::default() };
    let found: Vec<_> =
        store.stage_changes(&span, 100).await.unwrap().into_iter().map(|r| r.change).collect();
    assert_eq!(found, [changes[12].clone(), changes[11].clone(), changes[10].clone()]);
}

#[tokio::test]
async fn a_clock_that_jumps_does_not_disturb_the_order() {
    let store = in_memory().await;
    for (second, stage) in [(0, Stage::BUILDING), (-86_400, Stage::RUNNING), (900, Stage::PAUSED)] {
        store.record_stage_changes(&[change("a/b", second, stage)]).await.unwrap();
        store.add_activity(&activity(None, "alice", ActivityKind::Pause, second)).await.unwrap();
    }
    let stages: Vec<_> = store
        .stage_changes(&StageChangeFilter::default(), 9)
        .await
        .unwrap()
        .into_iter()
        .map(|record| record.change.to)
        .collect();
    assert_eq!(stages, [Stage::PAUSED, Stage::RUNNING, Stage::BUILDING]);
    let times: Vec<_> = store
        .activities(&ActivityFilter::default(), 9)
        .await
        .unwrap()
        .into_iter()
        .map(|line| line.at)
        .collect();
    assert_eq!(times, [at(900), at(-86_400), at(0)]);
}

#[tokio::test]
async fn pruning_removes_what_is_old_but_never_the_newest() {
    let store = in_memory().await;
    let changes: Vec<_> = (0..10_004).map(|n| change("a/b", n, Stage::PAUSED)).collect();
    store.record_stage_changes(&changes).await.unwrap();
    assert_eq!(store.prune_stage_changes(at(2)).await.unwrap(), 2);
    // A clock that jumped a century ahead.
    assert_eq!(store.prune_stage_changes(at(3_000_000_000)).await.unwrap(), 2);
    let left = store.stage_changes(&StageChangeFilter::default(), 20_000).await.unwrap();
    assert_eq!(left.len(), 10_000);
    assert_eq!(left.last().unwrap().change, changes[4]);

    store.add_activity(&activity(None, "alice", ActivityKind::Pause, 0)).await.unwrap();
    assert_eq!(store.prune_activities(at(3_000_000_000)).await.unwrap(), 0);
}

#[tokio::test]
async fn activity_is_filtered_by_each_field_and_paged_by_id() {
    let store = in_memory().await;
    let mut refused = activity(Some("a/x"), "alice", ActivityKind::Restart, 3);
    refused.outcome = Outcome::Refused;
    refused.actor = Actor::Job("night, \"quoted\"".into());
    let lines = [
        activity(Some("a/x"), "alice", ActivityKind::Restart, 1),
        activity(Some("a/y"), "bob", ActivityKind::Pause, 2),
        refused,
        Activity {
            actor: Actor::Person("root".into()),
            ..activity(None, "bob", ActivityKind::AddAccount, 4)
        },
    ];
    let mut stored = Vec::new();
    for line in &lines {
        stored.push(store.add_activity(line).await.unwrap());
    }
    assert!(stored.windows(2).all(|pair| pair[0].id < pair[1].id), "{stored:?}");

    let all = ActivityFilter::default();
    let cases = [
        (all.clone(), vec![3, 2, 1, 0]),
        (ActivityFilter { space: Some(space_id("a/x")), ..all.clone() }, vec![2, 0]),
        (ActivityFilter { account: Some(account_id("bob")), ..all.clone() }, vec![3, 1]),
        (ActivityFilter { kind: Some(ActivityKind::Restart), ..all.clone() }, vec![2, 0]),
        (ActivityFilter { actor: Some(ActorKind::Job), ..all.clone() }, vec![2]),
        (ActivityFilter { actor: Some(ActorKind::ApiKey), ..all.clone() }, vec![]),
        (ActivityFilter { actor_name: Some("night, \"quoted\"".into()), ..all.clone() }, vec![2]),
        (ActivityFilter { actor_name: Some("roo".into()), ..all.clone() }, vec![]),
        (ActivityFilter { outcome: Some(Outcome::Done), ..all.clone() }, vec![3, 1, 0]),
        (ActivityFilter { before_id: Some(stored[2].id), ..all.clone() }, vec![1, 0]),
    ];
    for (filter, expected) in cases {
        let expected: Vec<_> = expected.into_iter().map(|n: usize| stored[n].clone()).collect();
        assert_eq!(store.activities(&filter, 10).await.unwrap(), expected, "{filter:?}");
    }
    assert_eq!(store.activities(&all, 1).await.unwrap(), [stored[3].clone()]);
}

fn operation(id: &str, space: &str, state: OperationState, second: i64) -> Operation {
    Operation {
        id: OperationId(id.to_owned()),
        space: space_id(space),
        action: Action::Restart,
        actor: Some(Actor::Desktop),
        state,
        started_at: at(second),
        ended_at: None,
        steps: vec![OperationStep { stage: Stage::BUILDING, at: at(second) }],
        error: None,
        request_id: Some("Root=1".to_owned()),
    }
}

#[tokio::test]
async fn an_operation_keeps_its_place_while_it_moves_on() {
    let store = in_memory().await;
    let first = operation("one", "a/x", OperationState::Sending, 0);
    let second = operation("two", "a/y", OperationState::Following, 1);
    let third = operation("three", "a/x", OperationState::Failed, 2);
    for operation in [&first, &second, &third] {
        store.save_operation(operation).await.unwrap();
    }
    assert_eq!(
        store.unfinished_operations().await.unwrap(),
        [first.clone(), second.clone()],
        "the first begun comes first"
    );
    let ended = operation("one", "a/x", OperationState::Succeeded, 0);
    store.save_operation(&ended).await.unwrap();
    assert_eq!(store.operation(&first.id).await.unwrap(), Some(ended.clone()));
    assert_eq!(store.operation(&OperationId("none".to_owned())).await.unwrap(), None);
    assert_eq!(store.unfinished_operations().await.unwrap(), std::slice::from_ref(&second));

    let all = OperationFilter::default();
    let listed = store.operations(&all, 10).await.unwrap();
    assert_eq!(listed, [third.clone(), second.clone(), ended.clone()]);
    let of_x = OperationFilter { space: Some(space_id("a/x")), ..all.clone() };
    assert_eq!(store.operations(&of_x, 10).await.unwrap(), [third.clone(), ended.clone()]);
    let page = OperationFilter { before: Some(third.id.clone()), ..all.clone() };
    assert_eq!(store.operations(&page, 1).await.unwrap(), [second]);
    let unknown = OperationFilter { before: Some(OperationId("none".to_owned())), ..all };
    assert!(store.operations(&unknown, 9).await.unwrap().is_empty());
    assert_eq!(store.prune_operations(at(100)).await.unwrap(), 0, "the newest stay");
}

#[tokio::test]
async fn a_setting_is_kept_and_replaced() {
    let store = in_memory().await;
    assert_eq!(store.setting::<u32>("interval").await.unwrap(), None);
    store.set_setting("interval", &60).await.unwrap();
    store.set_setting("interval", &30).await.unwrap();
    store.set_setting("name", "with \"quotes\"; DROP TABLE settings; --").await.unwrap();
    assert_eq!(store.setting::<u32>("interval").await.unwrap(), Some(30));
    let name: Option<String> = store.setting("name").await.unwrap();
    assert_eq!(name.as_deref(), Some("with \"quotes\"; DROP TABLE settings; --"));

    let error = store.setting::<u32>("name").await.unwrap_err();
    assert!(matches!(error, Error::Unreadable { what: "setting", .. }), "{error}");
    assert_eq!(error.to_string(), "the stored setting `name` cannot be read");
}

#[tokio::test]
async fn a_session_lasts_until_it_ends_or_is_ended() {
    let store = in_memory().await;
    let session = |byte: u8, user: &str, until: i64| Session {
        hash: [byte; 32],
        user: user.to_owned(),
        created_at: at(i64::from(byte)),
        expires_at: at(until),
        user_agent: Some("a browser".to_owned()),
    };
    let sessions = [
        session(3, "ann", 100),
        session(2, "ben", 200),
        session(1, "ann", 300),
        session(0, "cat", 400),
    ];
    for session in &sessions {
        store.insert_session(session).await.unwrap();
    }
    assert!(store.insert_session(&sessions[0]).await.is_err(), "a hash is used once");
    assert_eq!(store.sessions().await.unwrap(), sessions);
    assert_eq!(store.session(&[2; 32]).await.unwrap().as_ref(), Some(&sessions[1]));
    assert_eq!(store.session(&[9; 32]).await.unwrap(), None);

    assert_eq!(store.remove_expired_sessions(at(100)).await.unwrap(), 1);
    assert!(store.remove_session(&[0; 32]).await.unwrap());
    assert!(!store.remove_session(&[0; 32]).await.unwrap());
    assert_eq!(store.sessions().await.unwrap(), [sessions[1].clone(), sessions[2].clone()]);
}

#[tokio::test]
async fn the_first_answer_to_a_key_stays() {
    let store = in_memory().await;
    let answer = |body: &[u8]| StoredAnswer {
        request_hash: "abc".to_owned(),
        status: 202,
        body: body.to_vec(),
    };
    assert_eq!(store.idempotent("ann", "k1").await.unwrap(), None);
    assert!(store.save_idempotent("ann", "k1", &answer(b"one"), at(0)).await.unwrap());
    assert!(!store.save_idempotent("ann", "k1", &answer(b"two"), at(1)).await.unwrap());
    assert!(store.save_idempotent("ben", "k1", &answer(b"\x00\xff"), at(2)).await.unwrap());
    assert_eq!(store.idempotent("ann", "k1").await.unwrap(), Some(answer(b"one")));
    assert_eq!(store.idempotent("ben", "k1").await.unwrap(), Some(answer(b"\x00\xff")));
    assert_eq!(store.prune_idempotent(at(2)).await.unwrap(), 1);
    assert_eq!(store.idempotent("ann", "k1").await.unwrap(), None);
}

#[tokio::test]
async fn times_are_compared_as_times_whatever_their_fraction() {
    let store = in_memory().await;
    let whole = at(0) - chrono::TimeDelta::nanoseconds(123_456_789);
    let nanoseconds = [0, 1, 500_000_000, 500_000_001, 500_100_000, 999_999_999];
    for (n, nano) in nanoseconds.into_iter().enumerate() {
        let session = Session {
            hash: [u8::try_from(n).unwrap(); 32],
            user: "ann".to_owned(),
            created_at: whole,
            expires_at: whole + chrono::TimeDelta::nanoseconds(nano),
            user_agent: None,
        };
        store.insert_session(&session).await.unwrap();
    }
    for nano in nanoseconds {
        let now = whole + chrono::TimeDelta::nanoseconds(nano);
        assert_eq!(store.remove_expired_sessions(now).await.unwrap(), 1, "{nano}");
    }
}
