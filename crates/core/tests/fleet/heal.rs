//! Auto-heal: what a restart may mend is restarted, within bounds, and nothing else is touched.

use std::{sync::atomic::AtomicI64, time::Duration};

use chrono::TimeDelta;
use hfsm_core::{
    ActivityFilter, Fleet, Pace, RunFilter,
    events::{Audience, EventReader, Received, Watch},
};
use hfsm_hub_sim::{Durations, Fault, Life, RouteKind, SimHub, When, WorldBuilder};
use hfsm_model::{
    ActivityKind, Actor, Clock, Event, ExpectedAnswer, GaveUpCause, HealChoice, HealMode,
    HealRecord, HealRule, HealScope, HealStanding, HealState, HealthCheck, JobAction, NoticeKind,
    Outcome, Run, RunCause, RunState, ScopedHeal, Stage, Terms,
};
use hfsm_store::Store;

use crate::{
    jobs::{
        HOUR, clock, ended, ended_at_either, left_by_a_killed_process, pass, pass_noticed,
        restarts, run, started,
    },
    scene::{PATIENCE, builder_by, event, id, stage_of, until, world},
};

const DEMO: &str = "alice/demo";
const MINUTE: i64 = 60;
const CRASH: &str = "Exit code: 1. Reason: application error";

/// A rule for a free account, whose Spaces may always lose their place.
fn rule() -> HealRule {
    HealRule { allow_slot_risk: true, ..HealRule::default() }
}

async fn choose(fleet: &Fleet, scope: HealScope, mode: HealMode, rule: HealRule) {
    let chosen = ScopedHeal { scope, choice: HealChoice { mode, rule } };
    fleet.choose_heal(chosen, Actor::Desktop).await.unwrap();
}

async fn switch_on(fleet: &Fleet, rule: HealRule) {
    choose(fleet, HealScope::Space { space: id(DEMO) }, HealMode::On, rule).await;
}

async fn state(fleet: &Fleet) -> HealState {
    fleet.heal_state(&id(DEMO)).await.unwrap()
}

fn listen(fleet: &Fleet) -> EventReader {
    fleet.subscribe(Audience::Everything, Watch::nothing())
}

/// Waits until the Space stands so with auto-heal.
async fn stands(fleet: &Fleet, standing: HealStanding) -> HealState {
    stands_at_either(fleet, fleet, standing).await
}

/// The same where another program may do it, of which this one hears nothing.
async fn stands_at_either(one: &Fleet, other: &Fleet, standing: HealStanding) -> HealState {
    let (mut here, mut there) = (listen(one), listen(other));
    let waiting = async {
        loop {
            let state = state(one).await;
            if state.standing == standing {
                return state;
            }
            tokio::select! {
                heard = here.next() => assert!(heard.is_some(), "it runs"),
                heard = there.next() => assert!(heard.is_some(), "it runs"),
            }
        }
    };
    match tokio::time::timeout(PATIENCE, waiting).await {
        Ok(state) => state,
        Err(_) => panic!("in vain: {standing:?}, but {:?}", state(one).await),
    }
}

async fn stage(fleet: &Fleet, wanted: Stage) {
    until(fleet, wanted.as_str(), || (stage_of(fleet, DEMO)? == wanted).then_some(())).await;
}

/// What the activity list says of auto-heal, the oldest first.
async fn said(fleet: &Fleet) -> Vec<(Outcome, String)> {
    let filter = ActivityFilter { kind: Some(ActivityKind::Heal), ..ActivityFilter::default() };
    let mut lines = fleet.activities(&filter, 100).await.unwrap();
    lines.reverse();
    lines.into_iter().map(|line| (line.outcome, line.message.unwrap_or_default())).collect()
}

async fn hub(world: WorldBuilder) -> SimHub {
    SimHub::start(world.build()).await.unwrap()
}

/// A fleet that mends the Space by the rule, and the Space has just crashed.
async fn crashed(clock: Clock, hub: &SimHub, rule: HealRule) -> Fleet {
    let fleet = started(clock, hub, Store::in_memory().await.unwrap()).await;
    switch_on(&fleet, rule).await;
    hub.world().crash(DEMO, CRASH).unwrap();
    stands(&fleet, HealStanding::Waiting).await;
    fleet
}

/// Lets the next attempt begin that is planned.
async fn pass_to_next(fleet: &Fleet, shift: &AtomicI64) {
    let waiting = stands(fleet, HealStanding::Waiting).await;
    pass_to(fleet, &waiting, shift);
}

fn pass_to(fleet: &Fleet, waiting: &HealState, shift: &AtomicI64) {
    let wait = waiting.next_attempt_at.unwrap() - fleet.clock().now();
    pass(shift, wait.num_seconds().max(0) + 2);
}

#[tokio::test]
async fn an_app_that_ended_is_restarted_after_some_minutes_and_forgotten_once_it_runs_well() {
    let (clock, shift) = clock();
    let hub = hub(world()).await;
    let fleet = crashed(clock, &hub, rule()).await;
    let waiting = state(&fleet).await;
    let wait = waiting.next_attempt_at.unwrap() - waiting.failing_since.unwrap();
    assert!((300..=330).contains(&wait.num_seconds()), "{wait}");
    assert_eq!(waiting.next_action, Some(JobAction::Restart));
    pass_noticed(&hub, shift, 4 * MINUTE).await;
    assert_eq!((restarts(&hub), state(&fleet).await.standing), (0, HealStanding::Waiting));
    pass(shift, 2 * MINUTE);
    let runs = ended(&fleet, 1).await;
    assert_eq!((runs[0].state, runs[0].cause), (RunState::Done, RunCause::AutoHeal), "{runs:?}");
    let well = stands(&fleet, HealStanding::Well).await;
    assert_eq!((well.attempts_in_a_row, well.attempts_last_day), (1, 1), "{well:?}");
    pass(shift, 11 * MINUTE);
    let mut reader = listen(&fleet);
    while state(&fleet).await.attempts_in_a_row > 0 {
        reader.next().await.expect("the fleet runs");
    }
    let said = said(&fleet).await;
    assert!(said[0].1.contains("restart 1 of 3") && said[0].1.contains(CRASH), "{said:?}");
    assert!(said.last().unwrap().1.contains("run well"), "{said:?}");
    assert_eq!((restarts(&hub), state(&fleet).await.attempts_last_day), (1, 1));
}

#[tokio::test]
async fn what_never_recovers_gets_so_many_attempts_and_one_word_that_it_is_given_up() {
    let (clock, shift) = clock();
    // Long enough that each stage is seen.
    let hub = hub(world().durations(Durations::all(Duration::from_millis(300)))).await;
    hub.world().describe(DEMO, |space| space.life(Life::FailsToStart)).unwrap();
    let bold = HealRule { restarts: 2, factory_rebuild: true, ..rule() };
    let fleet = crashed(clock, &hub, bold).await;
    let mut reader = listen(&fleet);
    let mut waits = Vec::new();
    for attempt in 1..=3 {
        let waiting = stands(&fleet, HealStanding::Waiting).await;
        waits.push(waiting.next_attempt_at.unwrap() - clock.now());
        pass_to_next(&fleet, shift).await;
        let runs = ended(&fleet, attempt).await;
        assert_eq!(runs[attempt - 1].state, RunState::Failed, "{runs:?}");
    }
    // 10 and 20 minutes, a fifth more or less.
    assert!((8..=12).contains(&waits[1].num_minutes()), "{waits:?}");
    assert!((15..=24).contains(&waits[2].num_minutes()), "{waits:?}");
    let over = stands(&fleet, HealStanding::GaveUp).await;
    let gave_up = over.gave_up.unwrap();
    assert_eq!(gave_up.cause, GaveUpCause::Attempts);
    assert!(gave_up.reason.contains("3 attempts"), "{gave_up:?}");
    let notice = event(&mut reader, "the notice", |event| match event {
        Event::Notice(notice) if notice.kind == NoticeKind::GaveUp => Some(notice.clone()),
        _ => None,
    })
    .await;
    assert!(notice.reason.unwrap().contains("3 attempts"));
    pass_noticed(&hub, shift, 48 * HOUR).await;
    stands(&fleet, HealStanding::GaveUp).await;
    let runs = ended(&fleet, 3).await;
    let done: Vec<_> = runs.iter().map(|run| run.action.clone()).collect();
    assert_eq!(done, [JobAction::Restart, JobAction::Restart, JobAction::FactoryRebuild]);
    let said = said(&fleet).await;
    let given_up = said.iter().filter(|(_, line)| line.starts_with("gave up")).count();
    assert_eq!((restarts(&hub), given_up), (3, 1), "{said:?}");

    // A new commit ends it, and so does a person.
    hub.world().push_commit(DEMO).unwrap();
    pass_to_next(&fleet, shift).await;
    ended(&fleet, 4).await;
    assert_eq!(state(&fleet).await.attempts_in_a_row, 1);
}

#[tokio::test]
async fn a_person_has_it_tried_again_and_what_was_tried_today_still_counts() {
    let (clock, shift) = clock();
    let hub = hub(world()).await;
    hub.world().describe(DEMO, |space| space.life(Life::FailsToStart)).unwrap();
    let fleet = crashed(clock, &hub, HealRule { restarts: 1, max_per_day: 2, ..rule() }).await;
    pass_to_next(&fleet, shift).await;
    stands(&fleet, HealStanding::GaveUp).await;
    let state = fleet.reset_heal(&id(DEMO), Actor::Desktop).await.unwrap();
    assert_eq!((state.standing, state.attempts_last_day), (HealStanding::Waiting, 1));
    pass_to_next(&fleet, shift).await;
    stands(&fleet, HealStanding::GaveUp).await;
    let state = fleet.reset_heal(&id(DEMO), Actor::Desktop).await.unwrap();
    let wait = state.next_attempt_at.unwrap() - clock.now();
    assert!(wait > TimeDelta::hours(23), "a day has seen as many as it may: {wait}");
    assert_eq!(restarts(&hub), 2);
}

#[tokio::test]
async fn what_no_restart_mends_is_left_alone_or_given_up_at_once() {
    for (stage, message, standing, cause) in [
        (
            "RUNTIME_ERROR",
            "Quota exceeded for flavor cpu-basic (requested=1): current=0, limit=0",
            HealStanding::GaveUp,
            Some(GaveUpCause::Quota),
        ),
        ("RUNTIME_ERROR", "Flagged as abusive", HealStanding::GaveUp, Some(GaveUpCause::Abuse)),
        (
            "RUNTIME_ERROR",
            "You must add a payment method to your account",
            HealStanding::GaveUp,
            Some(GaveUpCause::Billing),
        ),
        ("CONFIG_ERROR", "Missing configuration in README", HealStanding::LeftAlone, None),
        ("BUILD_ERROR", "Job failed with exit code: 1", HealStanding::LeftAlone, None),
        ("PAUSED", "", HealStanding::Well, None),
    ] {
        let (clock, shift) = clock();
        let hub = hub(world()).await;
        let fleet = started(clock, &hub, Store::in_memory().await.unwrap()).await;
        switch_on(&fleet, rule()).await;
        hub.world().set_stage(DEMO, stage, Some(message)).unwrap();
        until(&fleet, stage, || (stage_of(&fleet, DEMO)?.as_str() == stage).then_some(())).await;
        let found = stands(&fleet, standing).await;
        assert_eq!(found.gave_up.map(|gave_up| gave_up.cause), cause, "{stage} {message}");
        pass_noticed(&hub, shift, HOUR).await;
        stands(&fleet, standing).await;
        let runs = fleet.runs(&RunFilter::default(), 9).await.unwrap();
        assert_eq!((restarts(&hub), runs.len()), (0, 0), "{stage} {message}");
        fleet.shutdown().await;
    }
}

#[tokio::test]
async fn a_build_that_failed_by_the_network_is_tried_again() {
    let (clock, shift) = clock();
    let hub = hub(world()).await;
    let fleet = started(clock, &hub, Store::in_memory().await.unwrap()).await;
    switch_on(&fleet, rule()).await;
    hub.world().build_log(DEMO, "ReadTimeoutError: Read timed out.").unwrap();
    hub.world().set_stage(DEMO, "BUILD_ERROR", Some("Job failed with exit code: 1")).unwrap();
    pass_to_next(&fleet, shift).await;
    assert_eq!(ended(&fleet, 1).await[0].state, RunState::Done);
    assert_eq!((restarts(&hub), stage_of(&fleet, DEMO)), (1, Some(Stage::RUNNING)));
}

#[tokio::test]
async fn a_quota_that_refuses_the_restart_ends_it_at_once() {
    let (clock, shift) = clock();
    let hub = hub(world()).await;
    let fleet = crashed(clock, &hub, rule()).await;
    let error = "You've reached your cpu-basic quota limit, please upgrade your account".to_owned();
    hub.faults().add(Fault::Error { status: 403, error }, When::on(RouteKind::Restart));
    let mut reader = listen(&fleet);
    pass_to_next(&fleet, shift).await;
    let over = stands(&fleet, HealStanding::GaveUp).await;
    assert_eq!(over.gave_up.unwrap().cause, GaveUpCause::Quota);
    event(&mut reader, "the notice", |event| match event {
        Event::Notice(notice) if notice.kind == NoticeKind::GaveUp => Some(()),
        _ => None,
    })
    .await;
    pass_noticed(&hub, shift, 48 * HOUR).await;
    stands(&fleet, HealStanding::GaveUp).await;
    assert_eq!(restarts(&hub), 1);
}

#[tokio::test]
async fn nothing_is_done_that_costs_or_risks_a_place_or_while_a_person_wants_quiet() {
    let (clock, shift) = clock();
    let dear = world().space("alice/dear", |space| {
        space.stage("RUNTIME_ERROR").error_message(CRASH).hardware("t4-small")
    });
    let hub = hub(dear).await;
    let fleet = started(clock, &hub, Store::in_memory().await.unwrap()).await;
    choose(&fleet, HealScope::All, HealMode::On, HealRule::default()).await;
    hub.world().crash(DEMO, CRASH).unwrap();
    let left = stands(&fleet, HealStanding::LeftAlone).await;
    assert!(left.reason.unwrap().contains("no paid plan"));
    let dear = fleet.heal_state(&id("alice/dear")).await.unwrap();
    assert_eq!(dear.standing, HealStanding::LeftAlone, "{dear:?}");
    assert!(dear.reason.unwrap().contains("$0.40 an hour"));
    let refused = async || {
        let said = said(&fleet).await;
        said.iter().filter(|(outcome, _)| *outcome == Outcome::Refused).count()
    };
    let mut reader = listen(&fleet);
    while refused().await < 2 {
        tokio::time::timeout(PATIENCE, reader.next()).await.expect("both are told");
    }
    let quiet = |pause_automation| hfsm_model::Settings { pause_automation, ..Default::default() };
    fleet.set_settings(quiet(true), Actor::Desktop).await.unwrap();
    switch_on(&fleet, rule()).await;
    pass_noticed(&hub, shift, HOUR).await;
    assert_eq!(fleet.runs(&RunFilter::default(), 9).await.unwrap(), []);
    fleet.set_settings(quiet(false), Actor::Desktop).await.unwrap();
    assert_eq!(ended(&fleet, 1).await[0].state, RunState::Done);
    assert_eq!(restarts(&hub), 1, "of the one that may");
    assert_eq!(refused().await, 2, "each is told once");
}

#[tokio::test]
async fn what_a_person_paused_in_between_stays_paused() {
    let (clock, shift) = clock();
    let hub = hub(world()).await;
    hub.world().describe(DEMO, |space| space.life(Life::FailsToStart)).unwrap();
    let fleet = crashed(clock, &hub, rule()).await;
    pass_to_next(&fleet, shift).await;
    ended(&fleet, 1).await;
    stands(&fleet, HealStanding::Waiting).await;
    hub.world().pause(DEMO).unwrap();
    stage(&fleet, Stage::PAUSED).await;
    let well = stands(&fleet, HealStanding::Well).await;
    assert_eq!(well.next_attempt_at, None);
    pass_noticed(&hub, shift, 48 * HOUR).await;
    assert_eq!((restarts(&hub), stage_of(&fleet, DEMO)), (1, Some(Stage::PAUSED)));
}

#[tokio::test]
async fn what_was_tried_survives_the_program_and_of_two_programs_one_acts() {
    let (clock, shift) = clock();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hfsm.db");
    let hub = hub(world()).await;
    hub.world().describe(DEMO, |space| space.life(Life::FailsToStart)).unwrap();
    let first = started(clock, &hub, Store::open(&path).await.unwrap()).await;
    switch_on(&first, rule()).await;
    hub.world().crash(DEMO, CRASH).unwrap();
    pass_to_next(&first, shift).await;
    ended(&first, 1).await;
    let before = stands(&first, HealStanding::Waiting).await;
    first.shutdown().await;
    drop(first);

    let store = Store::open(&path).await.unwrap();
    let one = started(clock, &hub, store.clone()).await;
    let other = started(clock, &hub, store).await;
    let after = stands(&one, HealStanding::Waiting).await;
    assert_eq!(after.next_attempt_at, before.next_attempt_at);
    assert_eq!((after.attempts_in_a_row, after.attempts_last_day), (1, 1));
    for attempt in 2..=3 {
        let waiting = stands_at_either(&one, &other, HealStanding::Waiting).await;
        pass_to(&one, &waiting, shift);
        let runs = ended_at_either(&one, &other, attempt).await;
        assert_eq!(runs.len(), attempt, "{runs:?}");
    }
    stands_at_either(&one, &other, HealStanding::GaveUp).await;
    assert_eq!(restarts(&hub), 3);
}

#[tokio::test]
async fn that_it_was_given_up_is_told_at_the_next_start_where_the_program_was_killed_before() {
    let (clock, shift) = clock();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hfsm.db");
    let hub = hub(world()).await;
    hub.world().describe(DEMO, |space| space.life(Life::FailsToStart)).unwrap();
    // No time of rest: what was told is not told later.
    let pace = Pace { notice_rest: Duration::ZERO, ..Pace::brisk() };
    let start = async |store: &Store| {
        let builder = builder_by(clock, &hub, store.clone(), "alice:hf_alice_write");
        let fleet = builder.pace(pace).build().await.unwrap();
        let reader = listen(&fleet);
        fleet.start();
        (fleet, reader)
    };
    let told = |event: &Event| match event {
        Event::Notice(notice) if notice.kind == NoticeKind::GaveUp => Some(notice.clone()),
        _ => None,
    };
    let remembered_as_told = async |fleet: &Fleet, store: &Store| {
        let mut reader = listen(fleet);
        loop {
            let stored = store.heal(&id(DEMO)).await.unwrap();
            if stored.record.gave_up.is_some() && !stored.record.untold {
                return stored;
            }
            tokio::time::timeout(PATIENCE, reader.next()).await.expect("it is remembered");
        }
    };
    let store = Store::open(&path).await.unwrap();
    let (first, mut reader) = start(&store).await;
    until(&first, "the Space", || stage_of(&first, DEMO)).await;
    switch_on(&first, HealRule { restarts: 1, ..rule() }).await;
    hub.world().crash(DEMO, CRASH).unwrap();
    pass_to_next(&first, shift).await;
    let notice = event(&mut reader, "the notice", told).await;
    remembered_as_told(&first, &store).await;
    first.shutdown().await;
    drop((first, store));

    // What is there when it is killed after the record and before the notice.
    let store = Store::open(&path).await.unwrap();
    let stored = store.heal(&id(DEMO)).await.unwrap();
    let record = HealRecord { untold: true, ..stored.record.clone() };
    store.save_heal(&id(DEMO), &stored, &record, None, &[]).await.unwrap().unwrap();
    pass(shift, 2 * MINUTE);
    let (second, mut reader) = start(&store).await;
    let again = event(&mut reader, "the notice", told).await;
    assert_eq!((again.at, again.reason), (notice.at, notice.reason));
    remembered_as_told(&second, &store).await;
    second.shutdown().await;
    drop((second, store));

    let store = Store::open(&path).await.unwrap();
    let (third, mut reader) = start(&store).await;
    pass_noticed(&hub, shift, HOUR).await;
    stands(&third, HealStanding::GaveUp).await;
    third.shutdown().await;
    while let Some(received) = reader.next().await {
        let Received::Batch(batch) = received else { panic!("events were lost") };
        let mut told = reader.wanted(&batch).filter_map(|frame| told(&frame.envelope.event));
        assert_eq!(told.next(), None, "it is told once");
    }
    assert_eq!(restarts(&hub), 1);
}

#[tokio::test]
async fn an_attempt_that_a_killed_process_had_begun_is_made_once() {
    // Whether it was killed before it sent anything, or after all was done and before that was taken in.
    for done in [false, true] {
        let (clock, shift) = clock();
        let hub = hub(world()).await;
        let store = Store::in_memory().await.unwrap();
        let now = clock.now();
        let dead = started(clock, &hub, Store::in_memory().await.unwrap()).await;
        store.save_spaces(&[(*dead.space(&id(DEMO)).unwrap()).clone()]).await.unwrap();
        dead.shutdown().await;
        let terms = Terms { allow_slot_risk: true, ..Terms::default() };
        let left = Run { cause: RunCause::AutoHeal, terms, ..run(JobAction::Restart, None, now) };
        let record = HealRecord {
            attempts: vec![now],
            in_a_row: 1,
            run: Some(left.id.clone()),
            ..HealRecord::default()
        };
        let nothing = store.heal(&id(DEMO)).await.unwrap();
        store.save_heal(&id(DEMO), &nothing, &record, None, &[]).await.unwrap().unwrap();
        left_by_a_killed_process(&store, &left, now).await;
        if done {
            let done = Run { state: RunState::Done, ended_at: Some(now), ..left };
            assert!(store.save_run(&done, "the dead").await.unwrap());
        } else {
            hub.world().crash(DEMO, CRASH).unwrap();
        }
        let fleet = started(clock, &hub, store).await;
        switch_on(&fleet, rule()).await;
        assert_eq!(ended(&fleet, 1).await[0].state, RunState::Done);
        stands(&fleet, HealStanding::Well).await;
        pass_noticed(&hub, shift, HOUR).await;
        stands(&fleet, HealStanding::Well).await;
        let runs = ended(&fleet, 1).await.len();
        assert_eq!((restarts(&hub), runs), (u64::from(!done), 1));
        fleet.shutdown().await;
    }
}

#[tokio::test]
async fn an_app_that_answers_wrongly_several_times_is_restarted_and_one_that_does_again_is_not() {
    let (clock, shift) = clock();
    let hub = hub(world()).await;
    let fleet = started(clock, &hub, Store::in_memory().await.unwrap()).await;
    let health = |keyword: &str| HealthCheck {
        answer: ExpectedAnswer {
            path: Some("/health".to_owned()),
            status: Some(200),
            keyword: Some(keyword.to_owned()),
        },
        every_minutes: 1,
        failures: 2,
    };
    let asking =
        |keyword: &str| HealRule { health: Some(health(keyword)), after_minutes: 0, ..rule() };
    switch_on(&fleet, asking("\"ok\"")).await;
    let mut reader = listen(&fleet);
    let checked = async |reader: &mut EventReader, fleet: &Fleet| {
        let before = state(fleet).await.health.unwrap().checked_at;
        pass(shift, MINUTE + 1);
        loop {
            let health = state(fleet).await.health.unwrap();
            if health.checked_at > before {
                return health;
            }
            tokio::time::timeout(PATIENCE, reader.next()).await.expect("asked");
        }
    };
    let health = checked(&mut reader, &fleet).await;
    assert_eq!((health.failures, health.wrong), (0, None));
    // Another word is wanted, so that the answers are wrong.
    switch_on(&fleet, asking("\"better\"")).await;
    let health = checked(&mut reader, &fleet).await;
    assert_eq!(health.failures, 1, "{health:?}");
    assert!(health.wrong.as_ref().unwrap().contains("better"), "{health:?}");
    assert_eq!(restarts(&hub), 0, "not yet");
    pass(shift, MINUTE + 1);
    let runs = ended(&fleet, 1).await;
    assert_eq!((runs[0].state, restarts(&hub)), (RunState::Done, 1), "{runs:?}");
}

#[tokio::test]
async fn the_nearest_choice_counts_and_numbers_out_of_their_range_are_refused() {
    let (clock, _) = clock();
    let hub = hub(world()).await;
    let fleet = started(clock, &hub, Store::in_memory().await.unwrap()).await;
    assert_eq!(state(&fleet).await.standing, HealStanding::Off, "off by default");
    let with = |restarts| HealRule { restarts, ..rule() };
    let label = |label: &str| HealScope::Label { label: label.to_owned() };
    fleet.set_labels(&id(DEMO), vec!["Prod".into(), "web".into()], Actor::Desktop).await.unwrap();
    let account = HealScope::Account { account: "alice".parse().unwrap() };
    choose(&fleet, HealScope::All, HealMode::On, with(1)).await;
    assert_eq!(state(&fleet).await.rule.unwrap().restarts, 1);
    choose(&fleet, account.clone(), HealMode::On, with(2)).await;
    assert_eq!(state(&fleet).await.from, Some(account));
    choose(&fleet, label("WEB"), HealMode::On, with(3)).await;
    assert_eq!(state(&fleet).await.rule.unwrap().restarts, 3);
    choose(&fleet, label("prod"), HealMode::Off, rule()).await;
    assert_eq!(state(&fleet).await.rule, None, "of several labels, off counts first");
    switch_on(&fleet, with(5)).await;
    assert_eq!(state(&fleet).await.rule.unwrap().restarts, 5);
    choose(&fleet, label("web"), HealMode::Follow, HealRule::default()).await;
    assert_eq!(fleet.heal_choices().len(), 4, "one for each scope");
    assert_eq!(fleet.heal_states().await.unwrap().len(), 2, "and none of the static one");
    let wrong = |health| HealRule { health: Some(health), ..rule() };
    let path = ExpectedAnswer { path: Some("health".into()), ..Default::default() };
    for bad in [
        HealRule { after_minutes: 1441, ..rule() },
        HealRule { restarts: 0, ..rule() },
        HealRule { wait_minutes: 0, ..rule() },
        HealRule { max_per_day: 49, ..rule() },
        wrong(HealthCheck { every_minutes: 0, ..Default::default() }),
        wrong(HealthCheck { failures: 21, ..Default::default() }),
        wrong(HealthCheck { answer: path, ..Default::default() }),
    ] {
        let choice = HealChoice { mode: HealMode::On, rule: bad };
        let chosen = ScopedHeal { scope: HealScope::All, choice };
        assert!(fleet.choose_heal(chosen.clone(), Actor::Desktop).await.is_err(), "{chosen:?}");
    }
    for scope in [
        label(" "),
        HealScope::Account { account: "nobody".parse().unwrap() },
        HealScope::Space { space: id("alice/page") },
        HealScope::Space { space: id("alice/unknown") },
    ] {
        let choice = HealChoice { mode: HealMode::On, rule: rule() };
        let chosen = ScopedHeal { scope, choice };
        assert!(fleet.choose_heal(chosen.clone(), Actor::Desktop).await.is_err(), "{chosen:?}");
    }
}
