//! What is done by itself: on time, once, and on its terms, whatever happens in between.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use hfsm_core::{
    Fleet, Pace, RunFilter,
    events::{Audience, Watch},
};
use hfsm_hub_sim::{Fault, RouteKind, SimHub, TokenKind, When, WorldBuilder};
use hfsm_model::{
    Action, Actor, Aggregate, Clock, Event, ExpectedAnswer, Flavor, HealChoice, HealMode, HealRule,
    HealScope, HealthCheck, ImportFormat, ImportKind, ImportOutcome, Job, JobAction, JobId,
    JobPlan, JobTarget, MissedRule, Operation, OperationId, OperationState, OperationStep, Run,
    RunCause, RunId, RunState, RunStepKind, ScopedHeal, SleepTime, Stage, Terms, Trigger,
    WakeTimes,
};
use hfsm_store::{Sample, SeriesKey, Store};

use crate::scene::{PATIENCE, builder_by, event, fleet, id, stage_of, until, world};

pub(crate) const HOUR: i64 = 3600;

/// A clock of the test's own.
pub(crate) fn clock() -> (Clock, &'static AtomicI64) {
    let shift: &'static AtomicI64 = Box::leak(Box::new(AtomicI64::new(0)));
    (Clock::shifted(shift), shift)
}

pub(crate) fn pass(shift: &AtomicI64, seconds: i64) {
    shift.fetch_add(seconds * 1000, Ordering::SeqCst);
}

/// The same, and the program has noticed: whose the tokens are is asked anew after a sleep.
pub(crate) async fn pass_noticed(hub: &SimHub, shift: &AtomicI64, seconds: i64) {
    pass_noticed_by(hub, shift, seconds, async {}).await;
}

/// The same, where `what` makes the program notice.
async fn pass_noticed_by(hub: &SimHub, shift: &AtomicI64, seconds: i64, what: impl Future) {
    let before = hub.world().stats().requests(RouteKind::Whoami);
    pass(shift, seconds);
    what.await;
    let world = hub.world();
    let noticed = world.until_asked(|counts| counts.requests(RouteKind::Whoami) > before);
    tokio::time::timeout(PATIENCE, noticed).await.expect("it is noticed");
}

pub(crate) async fn started(clock: Clock, hub: &SimHub, store: Store) -> Fleet {
    let fleet = builder_by(clock, hub, store, "alice:hf_alice_write").build().await.unwrap();
    fleet.start();
    until(&fleet, "the Spaces", || stage_of(&fleet, "alice/demo")).await;
    fleet
}

fn hourly(action: JobAction, now: DateTime<Utc>) -> JobPlan {
    JobPlan {
        name: "hourly".into(),
        action,
        target: JobTarget::Spaces { spaces: vec![id("alice/demo")] },
        trigger: Trigger::Every { seconds: 3600, anchor: now + TimeDelta::minutes(1) },
        missed: MissedRule::RunOnce,
        jitter_secs: 0,
        terms: Terms::default(),
    }
}

async fn create(fleet: &Fleet, plan: JobPlan) -> Job {
    fleet.create_job(plan, Actor::Desktop).await.unwrap()
}

/// Waits until so many runs have ended, and returns all, the first recorded first.
pub(crate) async fn ended(fleet: &Fleet, count: usize) -> Vec<Run> {
    ended_at_either(fleet, fleet, count).await
}

/// The same where another program may do it, of which this one hears nothing.
pub(crate) async fn ended_at_either(one: &Fleet, other: &Fleet, count: usize) -> Vec<Run> {
    let listen = |fleet: &Fleet| fleet.subscribe(Audience::Everything, Watch::nothing());
    let (mut here, mut there) = (listen(one), listen(other));
    let waiting = async {
        loop {
            let mut runs = one.runs(&RunFilter::default(), 100).await.unwrap();
            if runs.len() >= count && runs.iter().all(|run| run.state.is_final()) {
                runs.reverse();
                return runs;
            }
            tokio::select! {
                heard = here.next() => assert!(heard.is_some(), "it runs"),
                heard = there.next() => assert!(heard.is_some(), "it runs"),
            }
        }
    };
    match tokio::time::timeout(PATIENCE, waiting).await {
        Ok(runs) => runs,
        Err(_) => panic!(
            "in vain: {count} runs that ended, of {:?}",
            one.runs(&RunFilter::default(), 100).await
        ),
    }
}

fn states(runs: &[Run]) -> Vec<(RunState, u32)> {
    runs.iter().map(|run| (run.state, run.occurrences)).collect()
}

pub(crate) fn restarts(hub: &SimHub) -> u64 {
    hub.world().stats().requests(RouteKind::Restart)
}

#[tokio::test]
async fn a_job_is_done_at_its_time_with_steps_and_again_an_hour_later() {
    let (clock, shift) = clock();
    let hub = SimHub::start(world().build()).await.unwrap();
    let fleet = started(clock, &hub, Store::in_memory().await.unwrap()).await;
    let job = create(&fleet, hourly(JobAction::Restart, clock.now())).await;
    assert_eq!(fleet.runs(&RunFilter::default(), 9).await.unwrap(), []);
    pass(shift, 61);
    let runs = ended(&fleet, 1).await;
    let run = &runs[0];
    assert_eq!((run.state, run.planned_at), (RunState::Done, job.planned_at.unwrap()), "{run:?}");
    let whats: Vec<_> = run.steps.iter().map(|step| step.what).collect();
    assert_eq!(whats[..2], [RunStepKind::Asked, RunStepKind::Taken], "{whats:?}");
    assert!(whats.contains(&RunStepKind::Stage) && run.request_id.is_some(), "{run:?}");
    let lines = fleet.activities(&hfsm_core::ActivityFilter::default(), 10).await.unwrap();
    assert!(lines.iter().any(|line| line.actor == Actor::Job("hourly".into())), "{lines:?}");
    pass(shift, HOUR);
    let runs = ended(&fleet, 2).await;
    assert_eq!(states(&runs), [(RunState::Done, 1), (RunState::Done, 1)]);
    assert_eq!(restarts(&hub), 2);
    let next = fleet.job(&job.id).await.unwrap().planned_at.unwrap();
    assert_eq!(next, job.planned_at.unwrap() + TimeDelta::hours(2));
}

#[tokio::test]
async fn times_that_were_slept_through_are_accounted_for_by_the_rule() {
    for (missed, expected) in [
        (MissedRule::Skip, vec![(RunState::Missed, 5)]),
        (MissedRule::RunOnce, vec![(RunState::Missed, 4), (RunState::Done, 1)]),
        (MissedRule::Within { minutes: 40 }, vec![(RunState::Missed, 4), (RunState::Done, 1)]),
        (MissedRule::Within { minutes: 20 }, vec![(RunState::Missed, 5)]),
    ] {
        let (clock, shift) = clock();
        let hub = SimHub::start(world().build()).await.unwrap();
        let fleet = started(clock, &hub, Store::in_memory().await.unwrap()).await;
        let plan = JobPlan { missed, ..hourly(JobAction::Restart, clock.now()) };
        let job = create(&fleet, plan).await;
        pass(shift, 4 * HOUR + HOUR / 2 + 60);
        let runs = ended(&fleet, expected.len()).await;
        assert_eq!(states(&runs), expected, "{missed:?}");
        assert!(runs[0].reason.as_ref().unwrap().contains("did not run"), "{:?}", runs[0]);
        // The clock is set back: nothing that was done is done again.
        pass(shift, -3 * HOUR);
        let mut reader = fleet.subscribe(Audience::Everything, Watch::nothing());
        event(&mut reader, "another plan", |event| match event {
            Event::JobChanged(changed) if changed.id == job.id => Some(()),
            _ => None,
        })
        .await;
        assert_eq!(fleet.runs(&RunFilter::default(), 9).await.unwrap().len(), expected.len());
        fleet.shutdown().await;
    }
}

#[tokio::test]
async fn a_program_that_was_off_makes_good_what_the_rule_says_when_it_is_back() {
    let (clock, shift) = clock();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hfsm.db");
    let hub = SimHub::start(world().build()).await.unwrap();
    let first = started(clock, &hub, Store::open(&path).await.unwrap()).await;
    create(&first, hourly(JobAction::Restart, clock.now())).await;
    first.shutdown().await;
    drop(first);
    pass(shift, 2 * HOUR + 600);
    let again = started(clock, &hub, Store::open(&path).await.unwrap()).await;
    let runs = ended(&again, 2).await;
    assert_eq!(states(&runs), [(RunState::Missed, 2), (RunState::Done, 1)]);
    assert_eq!(restarts(&hub), 1);
}

#[tokio::test]
async fn of_two_programs_on_one_store_one_does_it() {
    let (clock, shift) = clock();
    let hub = SimHub::start(world().build()).await.unwrap();
    let store = Store::in_memory().await.unwrap();
    let first = started(clock, &hub, store.clone()).await;
    let second = started(clock, &hub, store).await;
    create(&first, hourly(JobAction::Restart, clock.now())).await;
    for hours in 1..=3 {
        pass(shift, if hours == 1 { 61 } else { HOUR });
        let runs = ended_at_either(&first, &second, hours).await;
        assert_eq!(states(&runs), vec![(RunState::Done, 1); hours], "{runs:?}");
    }
    assert_eq!(restarts(&hub), 3);
}

#[tokio::test]
async fn what_is_begun_after_a_sleep_goes_over_connections_of_after_it() {
    let (clock, shift) = clock();
    let hub = SimHub::start(world().build()).await.unwrap();
    // By itself it never finds out.
    let pace = Pace { clock: Duration::from_secs(3600), ..Pace::brisk() };
    let builder =
        builder_by(clock, &hub, Store::in_memory().await.unwrap(), "alice:hf_alice_write");
    let fleet = builder.pace(pace).build().await.unwrap();
    fleet.start();
    until(&fleet, "the Spaces", || stage_of(&fleet, "alice/demo")).await;
    let trigger = Trigger::Every { seconds: 9 * 86_400, anchor: clock.now() };
    let plan = JobPlan { trigger, ..hourly(JobAction::Restart, clock.now()) };
    let job = create(&fleet, plan).await;
    pass_noticed_by(&hub, shift, 8 * HOUR, async {
        fleet.run_job(&job.id, Actor::Desktop).await.unwrap();
    })
    .await;
    let runs = ended(&fleet, 1).await;
    assert_eq!(states(&runs), [(RunState::Done, 1)], "{runs:?}");
}

pub(crate) fn run(action: JobAction, operation: Option<&OperationId>, now: DateTime<Utc>) -> Run {
    Run {
        id: RunId("r-1".into()),
        number: 0,
        job: None,
        name: "hourly".into(),
        cause: RunCause::Schedule,
        actor: Actor::Job("hourly".into()),
        space: id("alice/demo"),
        action,
        terms: Terms::default(),
        planned_at: now,
        occurrences: 1,
        state: RunState::Waiting,
        started_at: None,
        ended_at: None,
        reason: None,
        details: None,
        hurdle: None,
        steps: Vec::new(),
        operation: operation.cloned(),
        request_id: None,
    }
}

/// What a process left behind that was killed while it held the run.
pub(crate) async fn left_by_a_killed_process(store: &Store, run: &Run, now: DateTime<Utc>) {
    store.add_runs(std::slice::from_ref(run)).await.unwrap();
    let until = now + TimeDelta::milliseconds(200);
    assert_eq!(store.take_runs("the dead", until, 1).await.unwrap().len(), 1);
    let running = Run { state: RunState::Running, ..run.clone() };
    assert!(store.save_run(&running, "the dead").await.unwrap());
}

fn operation(name: &OperationId, state: OperationState, now: DateTime<Utc>) -> Operation {
    Operation {
        id: name.clone(),
        space: id("alice/demo"),
        action: Action::Restart,
        actor: Some(Actor::Job("hourly".into())),
        state,
        started_at: now,
        ended_at: None,
        steps: vec![OperationStep { stage: Stage::RUNNING, at: now }],
        error: None,
        request_id: None,
    }
}

#[tokio::test]
async fn what_a_killed_process_had_begun_is_neither_done_twice_nor_lost() {
    let name = OperationId("op-1".into());
    // Where it was killed, whether the Hub had taken the request, and what comes of it.
    for (stored, named, taken, expected, sent) in [
        (None, false, false, RunState::Done, 1), // between claim and request
        (None, true, false, RunState::Done, 1),  // a moment later
        (Some(OperationState::Sending), true, true, RunState::Done, 0), // before the answer
        (Some(OperationState::Sending), true, false, RunState::Failed, 0), // before the request
        (Some(OperationState::Following), true, true, RunState::Done, 0), // before the record
    ] {
        let hub = SimHub::start(world().build()).await.unwrap();
        let store = Store::in_memory().await.unwrap();
        let now = Clock::system().now();
        let dead = fleet(&hub, Store::in_memory().await.unwrap(), "alice:hf_alice_write").await;
        until(&dead, "the Space", || stage_of(&dead, "alice/demo")).await;
        let seen = dead.space(&id("alice/demo")).unwrap();
        store.save_spaces(&[(*seen).clone()]).await.unwrap();
        dead.shutdown().await;
        let left = run(JobAction::Restart, named.then_some(&name), now);
        left_by_a_killed_process(&store, &left, now).await;
        if let Some(state) = stored {
            store.save_operation(&operation(&name, state, now)).await.unwrap();
        }
        if taken {
            hub.world().set_stage("alice/demo", "RUNNING_BUILDING", None).unwrap();
        }
        let fleet = builder_by(Clock::system(), &hub, store, "alice:hf_alice_write");
        let fleet = fleet.build().await.unwrap();
        let mut reader = fleet.subscribe(Audience::Everything, Watch::nothing());
        fleet.start();
        if taken {
            until(&fleet, "building", || {
                (stage_of(&fleet, "alice/demo")? == Stage::RUNNING_BUILDING).then_some(())
            })
            .await;
            event(&mut reader, "taken over", |event| match event {
                Event::RunChanged(_) => Some(()),
                _ => None,
            })
            .await;
            hub.world().set_stage("alice/demo", "RUNNING", None).unwrap();
        }
        let runs = ended(&fleet, 1).await;
        let words = format!("{stored:?} {named} {taken}: {:?}", runs[0]);
        assert_eq!((runs[0].state, restarts(&hub)), (expected, sent), "{words}");
        assert_eq!(runs[0].steps[0].what, RunStepKind::TakenOver, "{words}");
        if expected == RunState::Failed {
            assert!(runs[0].reason.as_ref().unwrap().contains("not sent again"), "{words}");
        }
        fleet.shutdown().await;
    }
}

fn asleep(world: WorldBuilder) -> WorldBuilder {
    world
        .space("alice/asleep", |space| space.sleeping().private())
        .space("alice/paused", |space| space.paused())
        .space("alice/dear", |space| space.sleeping().hardware("t4-small"))
}

#[tokio::test]
async fn automation_leaves_alone_what_a_person_paused_what_costs_and_what_may_lose_its_place() {
    let hub = SimHub::start(asleep(world()).build()).await.unwrap();
    let fleet = fleet(&hub, Store::in_memory().await.unwrap(), "alice:hf_alice_write").await;
    until(&fleet, "the Spaces", || stage_of(&fleet, "alice/dear")).await;
    let terms =
        |allow_billed, allow_slot_risk| Terms { allow_billed, allow_slot_risk, ..Terms::default() };
    let only_asleep = Terms { stages: Some(vec![Stage::SLEEPING]), ..terms(true, true) };
    let cases = [
        ("alice/paused", JobAction::Restart, terms(true, true), RunState::Skipped, "stays paused"),
        ("alice/paused", JobAction::Wake, terms(true, true), RunState::Skipped, "stays paused"),
        ("alice/demo", JobAction::Resume, terms(true, true), RunState::Skipped, "not paused"),
        ("alice/demo", JobAction::Restart, only_asleep, RunState::Skipped, "not `SLEEPING`"),
        ("alice/dear", JobAction::Wake, terms(false, true), RunState::Refused, "$0.40 an hour"),
        ("alice/asleep", JobAction::Visit, terms(true, false), RunState::Refused, "no paid plan"),
    ];
    for (n, (space, action, terms, _, _)) in cases.iter().enumerate() {
        let plan = JobPlan {
            target: JobTarget::Spaces { spaces: vec![id(space)] },
            terms: terms.clone(),
            ..hourly(action.clone(), fleet.clock().now())
        };
        let job = create(&fleet, plan).await;
        fleet.run_job(&job.id, Actor::Desktop).await.unwrap();
        let runs = ended(&fleet, n + 1).await;
        let (_, _, _, state, word) = &cases[n];
        let reason = runs[n].reason.clone().unwrap_or_default();
        assert!(runs[n].state == *state && reason.contains(word), "{word}: {:?}", runs[n]);
    }
    assert_eq!((restarts(&hub), hub.world().stats().requests(RouteKind::App)), (0, 0));
}

#[tokio::test]
async fn a_space_that_sleeps_is_woken_by_a_visit_and_followed_until_its_app_answers() {
    let hub = SimHub::start(asleep(world()).build()).await.unwrap();
    let fleet = fleet(&hub, Store::in_memory().await.unwrap(), "alice:hf_alice_write").await;
    until(&fleet, "the Spaces", || stage_of(&fleet, "alice/paused")).await;
    for (n, space) in ["alice/asleep", "alice/paused", "alice/demo"].into_iter().enumerate() {
        fleet.wake_space(&id(space), Actor::Desktop).await.unwrap();
        let runs = ended(&fleet, n + 1).await;
        let run = &runs[n];
        assert_eq!(run.state, RunState::Done, "{run:?}");
        assert!(run.reason.as_ref().unwrap().contains("the app answered"), "{run:?}");
        assert_eq!(run.steps.last().unwrap().what, RunStepKind::Answered, "{run:?}");
        assert_eq!(stage_of(&fleet, space), Some(Stage::RUNNING));
    }
    assert_eq!(restarts(&hub), 1, "of the one that was paused");
    let times = fleet.wake_times(&id("alice/asleep")).await.unwrap();
    assert!(times.runs == 1 && times.usual_secs.is_some_and(|took| took < 20), "{times:?}");
    let awake = fleet.wake_times(&id("alice/demo")).await.unwrap();
    assert_eq!(awake, WakeTimes::default(), "it ran already");
}

#[tokio::test]
async fn a_visit_counts_only_when_the_app_answers_with_what_is_expected() {
    let (clock, _) = clock();
    let hub = SimHub::start(world().build()).await.unwrap();
    let fleet = started(clock, &hub, Store::in_memory().await.unwrap()).await;
    let answer = |keyword: &str, status| {
        let path = Some("/health".to_owned());
        Some(ExpectedAnswer { path, status, keyword: Some(keyword.to_owned()) })
    };
    for (n, (answer, state, word)) in [
        (answer("\"ok\"", Some(200)), RunState::Done, "HTTP 200"),
        (answer("better", None), RunState::Failed, "without \"better\""),
        (answer("ok", Some(204)), RunState::Failed, "not 204"),
    ]
    .into_iter()
    .enumerate()
    {
        let terms = Terms { answer, ..Terms::default() };
        let job = create(&fleet, JobPlan { terms, ..hourly(JobAction::Visit, clock.now()) }).await;
        fleet.run_job(&job.id, Actor::Desktop).await.unwrap();
        let run = ended(&fleet, n + 1).await.remove(n);
        let reason = run.reason.clone().unwrap_or_default();
        assert!(run.state == state && reason.contains(word), "{word}: {run:?}");
    }
    let bad = ExpectedAnswer { path: Some("health".to_owned()), ..ExpectedAnswer::default() };
    let terms = Terms { answer: Some(bad), ..Terms::default() };
    let plan = JobPlan { terms, ..hourly(JobAction::Visit, clock.now()) };
    assert!(fleet.create_job(plan, Actor::Desktop).await.is_err());
}

#[tokio::test]
async fn what_is_not_known_to_be_idle_is_not_touched_by_what_waits_for_that() {
    let (clock, _) = clock();
    let hub = SimHub::start(world().build()).await.unwrap();
    let store = Store::in_memory().await.unwrap();
    let fleet = started(clock, &hub, store.clone()).await;
    let terms = Terms { idle_minutes: Some(5), ..Terms::default() };
    let plan = JobPlan { terms, ..hourly(JobAction::Pause, clock.now()) };
    let job = create(&fleet, plan.clone()).await;
    fleet.run_job(&job.id, Actor::Desktop).await.unwrap();
    let run = ended(&fleet, 1).await.remove(0);
    assert_eq!(run.state, RunState::Skipped, "{run:?}");
    assert!(run.reason.as_ref().unwrap().contains("nothing was reported"), "{run:?}");
    let of = |mean| Some(Aggregate { min: mean, mean, max: mean });
    let (key, now) = (
        SeriesKey { space: id("alice/demo"), replica: "abc".to_owned(), gpu: None },
        clock.now().timestamp() / 60,
    );
    let minute = |at, load| {
        let (rx, tx) = (of(10.0), of(10.0));
        let sample =
            Sample { at, count: 60, load: of(load), memory: None, memory_total: None, rx, tx };
        (key.clone(), sample)
    };
    let minutes: Vec<_> = (now - 9..=now).map(|at| minute(at, 1.0)).collect();
    store.add_samples(&minutes, clock.now()).await.unwrap();
    fleet.run_job(&job.id, Actor::Desktop).await.unwrap();
    assert_eq!(ended(&fleet, 2).await[1].state, RunState::Done);
    assert_eq!(stage_of(&fleet, "alice/demo"), Some(Stage::PAUSED));
    for idle_minutes in [Some(0), Some(1441)] {
        let terms = Terms { idle_minutes, ..Terms::default() };
        let plan = JobPlan { terms, ..plan.clone() };
        assert!(fleet.create_job(plan, Actor::Desktop).await.is_err());
    }
}

#[tokio::test]
async fn of_two_programs_one_keeps_awake_and_neither_waits_for_the_other_for_ever() {
    let (clock, shift) = clock();
    let world = world().space("alice/asleep", |space| space.sleeping().private());
    let hub = SimHub::start(world.build()).await.unwrap();
    let store = Store::in_memory().await.unwrap();
    let first = started(clock, &hub, store.clone()).await;
    until(&first, "the Space", || stage_of(&first, "alice/asleep")).await;
    let rule = hfsm_model::KeepAlive {
        mode: hfsm_model::KeepAliveMode::On,
        allow_slot_risk: true,
        ..Default::default()
    };
    first.set_keep_alive(&id("alice/asleep"), rule, Actor::Desktop).await.unwrap();
    ended(&first, 1).await;
    let second = started(clock, &hub, store).await;
    until(&second, "the Space", || stage_of(&second, "alice/asleep")).await;
    for visits in 2..=5 {
        pass(shift, 40 * HOUR);
        let runs = ended_at_either(&first, &second, visits).await;
        assert_eq!(runs.len(), visits, "{runs:?}");
        for fleet in [&first, &second] {
            // Whoever did it, both know when the next is due.
            let mut reader = fleet.subscribe(Audience::Everything, Watch::nothing());
            let knows = async {
                loop {
                    let state = fleet.keep_alive(&id("alice/asleep")).await.unwrap();
                    let next = state.next_visit_at.map(|next| next - clock.now());
                    if next.is_some_and(|next| next > TimeDelta::hours(30)) {
                        return;
                    }
                    reader.next().await.expect("it runs");
                }
            };
            tokio::time::timeout(PATIENCE, knows).await.expect("the next visit is planned");
        }
    }
}

#[tokio::test]
async fn who_chooses_anew_has_a_visit_that_failed_tried_anew() {
    let (clock, shift) = clock();
    let hub = SimHub::start(world().build()).await.unwrap();
    let fleet = started(clock, &hub, Store::in_memory().await.unwrap()).await;
    let rule = hfsm_model::KeepAlive {
        mode: hfsm_model::KeepAliveMode::On,
        every_minutes: Some(60),
        answer: Some(ExpectedAnswer {
            keyword: Some("never said".to_owned()),
            ..ExpectedAnswer::default()
        }),
        ..Default::default()
    };
    fleet.set_keep_alive(&id("alice/demo"), rule.clone(), Actor::Desktop).await.unwrap();
    pass(shift, HOUR + 60);
    for attempts in 1..=3 {
        let runs = ended(&fleet, attempts).await;
        assert_eq!(states(&runs), vec![(RunState::Failed, 1); attempts], "{runs:?}");
        pass(shift, 60);
        fleet.set_keep_alive(&id("alice/demo"), rule.clone(), Actor::Desktop).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_under_way_when_the_machine_sleeps_is_not_begun_again_after_it() {
    let (clock, shift) = clock();
    let hub = SimHub::start(world().build()).await.unwrap();
    let fleet = started(clock, &hub, Store::in_memory().await.unwrap()).await;
    let mut reader = fleet.subscribe(Audience::Everything, Watch::nothing());
    let never =
        ExpectedAnswer { keyword: Some("never said".to_owned()), ..ExpectedAnswer::default() };
    let terms = Terms { answer: Some(never), ..Terms::default() };
    let trigger = Trigger::Every { seconds: 9 * 86_400, anchor: clock.now() };
    let plan = JobPlan { trigger, ..hourly(JobAction::Wake, clock.now()) };
    let long = create(&fleet, JobPlan { terms, ..plan.clone() }).await;
    let visit = create(&fleet, JobPlan { action: JobAction::Visit, ..plan }).await;
    let begun = fleet.run_job(&long.id, Actor::Desktop).await.unwrap().remove(0);
    event(&mut reader, "it is begun", |event| match event {
        Event::RunChanged(run) => (run.id == begun.id && run.started_at.is_some()).then_some(()),
        _ => None,
    })
    .await;
    pass_noticed(&hub, shift, HOUR).await;
    // After each, what is to be taken over is looked for.
    for _ in 0..2 {
        let next = fleet.run_job(&visit.id, Actor::Desktop).await.unwrap().remove(0);
        event(&mut reader, "the other is done", |event| match event {
            Event::RunChanged(run) => {
                let taken_over = run.steps.iter().any(|it| it.what == RunStepKind::TakenOver);
                assert!(!taken_over, "{run:?}");
                (run.id == next.id && run.state.is_final()).then_some(())
            }
            _ => None,
        })
        .await;
    }
}

#[tokio::test]
async fn what_cannot_be_reached_is_told_and_everything_else_goes_on() {
    let (clock, shift) = clock();
    let world = world().token("hf_alice_read", TokenKind::Read);
    let hub = SimHub::start(world.build()).await.unwrap();
    let fleet = started(clock, &hub, Store::in_memory().await.unwrap()).await;
    until(&fleet, "the other", || stage_of(&fleet, "alice/secret")).await;
    let both = JobTarget::Spaces { spaces: vec![id("alice/demo"), id("alice/secret")] };
    create(&fleet, JobPlan { target: both, ..hourly(JobAction::Restart, clock.now()) }).await;
    hub.world().rename("alice/secret", "alice/renamed").unwrap();
    until(&fleet, "the new name", || stage_of(&fleet, "alice/renamed")).await;
    pass(shift, 61);
    let runs = ended(&fleet, 2).await;
    assert_eq!((runs[0].state, runs[1].state), (RunState::Done, RunState::Refused), "{runs:?}");
    assert!(runs[1].reason.as_ref().unwrap().contains("no account here sees"), "{runs:?}");
}

#[tokio::test]
async fn nothing_is_done_while_a_person_wants_quiet() {
    let (clock, shift) = clock();
    let hub = SimHub::start(world().build()).await.unwrap();
    let fleet = started(clock, &hub, Store::in_memory().await.unwrap()).await;
    let job = create(&fleet, hourly(JobAction::Restart, clock.now())).await;
    let paused = fleet.pause_job(&job.id, true, Actor::Desktop).await.unwrap();
    assert_eq!((paused.planned_at, paused.due_at), (None, None));
    pass(shift, 61);
    let resumed = fleet.pause_job(&job.id, false, Actor::Desktop).await.unwrap();
    assert_eq!(resumed.planned_at, job.planned_at.map(|at| at + TimeDelta::hours(1)));
    let quiet = |pause_automation| hfsm_model::Settings { pause_automation, ..Default::default() };
    fleet.set_settings(quiet(true), Actor::Desktop).await.unwrap();
    pass_noticed(&hub, shift, HOUR).await;
    let copy = fleet.duplicate_job(&job.id, Actor::Desktop).await.unwrap();
    assert!(copy.paused && copy.plan.name == "hourly (copy)", "{copy:?}");
    assert_eq!(fleet.runs(&RunFilter::default(), 9).await.unwrap(), []);
    fleet.set_settings(quiet(false), Actor::Desktop).await.unwrap();
    let runs = ended(&fleet, 1).await;
    assert_eq!(states(&runs), [(RunState::Done, 1)], "{runs:?}");
    fleet.remove_job(&job.id, Actor::Desktop).await.unwrap();
    assert!(fleet.job(&job.id).await.is_err());
}

#[tokio::test]
async fn plans_that_are_not_of_their_form_are_refused() {
    let (clock, _) = clock();
    let hub = SimHub::start(world().build()).await.unwrap();
    let fleet = started(clock, &hub, Store::in_memory().await.unwrap()).await;
    let good = hourly(JobAction::Restart, clock.now());
    let unknown = JobTarget::Spaces { spaces: vec![id("alice/unknown")] };
    let nobody = JobTarget::Account { account: "nobody".parse().unwrap() };
    let forever = Terms { timeout_secs: 0, ..Terms::default() };
    for bad in [
        JobPlan { name: " ".into(), ..good.clone() },
        JobPlan { name: "x".repeat(81), ..good.clone() },
        JobPlan { target: unknown, ..good.clone() },
        JobPlan { target: JobTarget::Spaces { spaces: vec![] }, ..good.clone() },
        JobPlan { target: nobody, ..good.clone() },
        JobPlan { target: JobTarget::Label { label: String::new() }, ..good.clone() },
        JobPlan { jitter_secs: 86_401, ..good.clone() },
        JobPlan { missed: MissedRule::Within { minutes: 0 }, ..good.clone() },
        JobPlan { terms: forever, ..good.clone() },
        JobPlan { trigger: Trigger::Once { at: DateTime::UNIX_EPOCH }, ..good.clone() },
    ] {
        assert!(fleet.create_job(bad.clone(), Actor::Desktop).await.is_err(), "{bad:?}");
    }
    assert_eq!(fleet.jobs().await.unwrap(), []);
}

#[tokio::test]
async fn a_space_that_fell_asleep_is_woken_and_kept_awake_with_as_few_visits_as_work() {
    let (clock, shift) = clock();
    let world = world().space("alice/asleep", |space| space.sleeping().private());
    let hub = SimHub::start(world.build()).await.unwrap();
    let fleet = started(clock, &hub, Store::in_memory().await.unwrap()).await;
    until(&fleet, "the Space", || stage_of(&fleet, "alice/asleep")).await;
    let rule = hfsm_model::KeepAlive {
        mode: hfsm_model::KeepAliveMode::On,
        allow_slot_risk: true,
        ..Default::default()
    };
    fleet.set_keep_alive(&id("alice/asleep"), rule, Actor::Desktop).await.unwrap();
    let runs = ended(&fleet, 1).await;
    assert_eq!((runs[0].state, runs[0].cause), (RunState::Done, RunCause::KeepAlive), "{runs:?}");
    assert_eq!(stage_of(&fleet, "alice/asleep"), Some(Stage::RUNNING));
    pass(shift, 36 * HOUR);
    fleet.refresh();
    let state = fleet.keep_alive(&id("alice/asleep")).await.unwrap();
    let next = state.next_visit_at.unwrap() - clock.now();
    assert!(next > TimeDelta::minutes(30) && next < TimeDelta::hours(4), "{next}");
    assert_eq!(fleet.runs(&RunFilter::default(), 9).await.unwrap().len(), 1, "not yet");
    pass(shift, 4 * HOUR);
    let runs = ended(&fleet, 2).await;
    assert_eq!(runs[1].state, RunState::Done, "{runs:?}");
    hub.world().pause("alice/asleep").unwrap();
    until(&fleet, "paused", || (stage_of(&fleet, "alice/asleep")? == Stage::PAUSED).then_some(()))
        .await;
    let state = fleet.keep_alive(&id("alice/asleep")).await.unwrap();
    assert_eq!(state.next_visit_at, None, "what a person paused stays paused");
}

#[tokio::test]
async fn a_hub_that_asks_for_patience_at_the_planned_minute_is_asked_again_and_acts_once() {
    let (clock, shift) = clock();
    let hub = SimHub::start(world().build()).await.unwrap();
    let fleet = started(clock, &hub, Store::in_memory().await.unwrap()).await;
    create(&fleet, hourly(JobAction::Restart, clock.now())).await;
    let busy = Fault::RateLimited { remaining: 5, retry_after: Some(1) };
    let busy = hub.faults().add(busy, When::on(RouteKind::Restart));
    pass(shift, 61);
    hub.world().until_asked(|counts| counts.requests(RouteKind::Restart) > 0).await;
    hub.faults().remove(busy);
    let runs = ended(&fleet, 1).await;
    assert_eq!(states(&runs), [(RunState::Done, 1)], "{runs:?}");
    assert!(restarts(&hub) >= 2, "{runs:?}");
    let taken = runs[0].steps.iter().filter(|step| step.what == RunStepKind::Taken).count();
    assert_eq!(taken, 1, "{runs:?}");
}

#[tokio::test]
async fn a_clock_that_jumps_a_day_either_way_is_accounted_for_and_nothing_is_done_twice() {
    let (clock, shift) = clock();
    let hub = SimHub::start(world().build()).await.unwrap();
    let fleet = started(clock, &hub, Store::in_memory().await.unwrap()).await;
    let job = create(&fleet, hourly(JobAction::Restart, clock.now())).await;
    pass(shift, 61);
    ended(&fleet, 1).await;
    pass(shift, 24 * HOUR);
    let runs = ended(&fleet, 3).await;
    assert_eq!(
        states(&runs),
        [(RunState::Done, 1), (RunState::Missed, 23), (RunState::Done, 1)],
        "{runs:?}"
    );
    let mut reader = fleet.subscribe(Audience::Everything, Watch::nothing());
    pass(shift, -24 * HOUR);
    let planned = event(&mut reader, "another plan", |event| match event {
        Event::JobChanged(changed) if changed.id == job.id => changed.planned_at,
        _ => None,
    })
    .await;
    assert!(planned - clock.now() <= TimeDelta::hours(1), "it does not wait for a day");
    // The times of that day come again, and each was recorded.
    pass(shift, 2 * HOUR);
    event(&mut reader, "the next time", |event| match event {
        Event::JobChanged(changed) => changed.planned_at.filter(|at| *at > planned),
        _ => None,
    })
    .await;
    let again = ended(&fleet, 3).await;
    let restarted = again.iter().filter(|run| run.state == RunState::Done).count() as u64;
    assert_eq!(restarts(&hub), restarted, "{again:?}");
    let mut times: Vec<_> = again.iter().map(|run| (run.planned_at, run.state)).collect();
    times.sort_by_key(|(at, state)| (*at, state.as_str()));
    times.dedup();
    assert_eq!(times.len(), again.len(), "{again:?}");
}

#[tokio::test]
async fn a_hub_that_is_down_at_the_planned_minute_is_told_and_asked_once() {
    let (clock, shift) = clock();
    let hub = SimHub::start(world().build()).await.unwrap();
    let fleet = started(clock, &hub, Store::in_memory().await.unwrap()).await;
    create(&fleet, hourly(JobAction::Restart, clock.now())).await;
    let down = Fault::Html { status: 503 };
    let down = hub
        .faults()
        .add(down, When { on: vec![RouteKind::Restart, RouteKind::Runtime], ..When::default() });
    pass(shift, 61);
    let runs = ended(&fleet, 1).await;
    assert_eq!(states(&runs), [(RunState::Failed, 1)], "{runs:?}");
    assert!(runs[0].reason.as_ref().unwrap().contains("503"), "{runs:?}");
    assert_eq!(restarts(&hub), 1, "what the Hub may have done is not asked for again");
    hub.faults().remove(down);
    pass(shift, HOUR);
    assert_eq!(
        states(&ended(&fleet, 2).await)[1],
        (RunState::Done, 1),
        "the next time is as planned"
    );
}

#[tokio::test]
async fn hundreds_of_jobs_in_the_same_minute_are_each_done_once_within_the_budget() {
    const JOBS: usize = 200;
    let (clock, shift) = clock();
    let small = world()
        .rate_window(Duration::from_secs(2))
        .user_with("carol", |user| user.api_quota(40))
        .token("hf_carol_write", TokenKind::Write)
        .space("carol/busy", |space| space.running());
    let hub = SimHub::start(small.build()).await.unwrap();
    let store = Store::in_memory().await.unwrap();
    let due = Some(clock.now() + TimeDelta::minutes(1));
    let target = JobTarget::Spaces { spaces: vec![id("carol/busy")] };
    let plan = JobPlan { target, ..hourly(JobAction::Visit, clock.now()) };
    let job = |n: usize| Job {
        id: JobId(format!("job-{n}")),
        plan: plan.clone(),
        paused: false,
        created_at: clock.now(),
        planned_at: due,
        due_at: due,
    };
    store.save_jobs(&(0..JOBS).map(job).collect::<Vec<_>>()).await.unwrap();
    let fleet = builder_by(clock, &hub, store, "carol:hf_carol_write").build().await.unwrap();
    let mut reader = fleet.subscribe(Audience::Everything, Watch::nothing());
    fleet.start();
    until(&fleet, "the Space", || stage_of(&fleet, "carol/busy")).await;
    pass(shift, 61);
    let visits = || hub.world().space("carol/busy").unwrap().visits;
    let all_done = async {
        while visits() < JOBS as u64 {
            reader.next().await.expect("it runs");
        }
        let done = RunFilter { state: Some(RunState::Done), ..RunFilter::default() };
        while fleet.runs(&done, 1000).await.unwrap().len() < JOBS {
            reader.next().await.expect("it runs");
        }
    };
    tokio::time::timeout(6 * PATIENCE, all_done).await.expect("all are done");
    let runs = fleet.runs(&RunFilter::default(), 1000).await.unwrap();
    let jobs: HashSet<_> = runs.iter().map(|run| run.job.clone()).collect();
    assert_eq!((runs.len(), jobs.len()), (JOBS, JOBS), "one run for each");
    assert_eq!((visits(), hub.world().stats().answered(429)), (JOBS as u64, 0));
}

#[tokio::test]
async fn a_target_that_is_deleted_or_whose_token_lost_its_rights_says_so() {
    let (clock, shift) = clock();
    let hub = SimHub::start(world().build()).await.unwrap();
    let fleet = started(clock, &hub, Store::in_memory().await.unwrap()).await;
    create(&fleet, hourly(JobAction::Restart, clock.now())).await;
    let denied = Fault::Error { status: 403, error: "Forbidden".to_owned() };
    let denied = hub.faults().add(denied, When::on(RouteKind::Restart));
    pass(shift, 61);
    let runs = ended(&fleet, 1).await;
    assert_eq!(states(&runs), [(RunState::Refused, 1)], "{runs:?}");
    assert!(runs[0].reason.is_some());
    hub.faults().remove(denied);
    hub.world().remove_space("alice/demo").unwrap();
    until(&fleet, "gone", || stage_of(&fleet, "alice/demo").is_none().then_some(())).await;
    pass(shift, HOUR);
    let runs = ended(&fleet, 2).await;
    assert_eq!(runs[1].state, RunState::Refused, "{runs:?}");
    assert!(runs[1].reason.as_ref().unwrap().contains("no account here sees"), "{runs:?}");
    hub.world().revoke_token("hf_alice_write");
    pass(shift, HOUR);
    assert_eq!(ended(&fleet, 3).await[2].state, RunState::Refused);
    assert_eq!(restarts(&hub), 1, "only what was refused was sent");
}

#[tokio::test]
async fn jobs_are_written_as_a_file_that_another_program_takes_over() {
    let (clock, _) = clock();
    let hub = SimHub::start(world().build()).await.unwrap();
    let first = started(clock, &hub, Store::in_memory().await.unwrap()).await;
    let own = JobTarget::Account { account: "alice".parse().unwrap() };
    let plan = JobPlan { target: own, ..hourly(JobAction::Restart, clock.now()) };
    let job = create(&first, plan.clone()).await;
    let night = Trigger::Cron { expression: "0 3 * * *".into(), zone: "Asia/Shanghai".into() };
    let night = JobPlan { name: "<b>: - 'night' # no\n".trim().into(), trigger: night, ..plan };
    create(&first, night).await;
    let rule = hfsm_model::KeepAlive {
        mode: hfsm_model::KeepAliveMode::On,
        every_minutes: Some(90),
        ..Default::default()
    };
    first.set_keep_alive(&id("alice/demo"), rule.clone(), Actor::Desktop).await.unwrap();
    let file = first.export_jobs().await.unwrap();
    let second = started(clock, &hub, Store::in_memory().await.unwrap()).await;
    let import = async |text: &str, dry_run| {
        let format = hfsm_model::ImportFormat::Yaml;
        second.import_jobs(format, text, dry_run, Actor::Desktop).await.unwrap()
    };
    let outcomes = |report: &hfsm_model::ImportReport| -> Vec<_> {
        report.entries.iter().map(|entry| entry.outcome.as_str()).collect()
    };
    let tried = import(&file, true).await;
    assert_eq!(outcomes(&tried), ["made", "made", "same", "changed"], "{tried:?}\n{file}");
    assert_eq!(second.jobs().await.unwrap(), []);
    let done = import(&file, false).await;
    assert_eq!(done.entries, tried.entries);
    let (here, there) = (second.jobs().await.unwrap(), first.jobs().await.unwrap());
    let plans = |jobs: &[Job]| {
        jobs.iter()
            .map(|job| (job.id.clone(), job.plan.clone()))
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    assert_eq!(plans(&here), plans(&there));
    assert!(here.iter().all(|job| job.due_at.is_some()), "{here:?}");
    assert_eq!(second.keep_alive(&id("alice/demo")).await.unwrap().rule, rule);
    assert_eq!(outcomes(&import(&file, false).await), ["same"; 4]);
    assert_eq!(second.export_jobs().await.unwrap(), file);
    // Without the name for programs, the only job of that name is meant.
    let by_name = file.replace(&format!("id: {}", job.id), "jitter_secs: 60");
    assert_eq!(outcomes(&import(&by_name, true).await), ["same", "changed", "same", "same"]);
    let nobody =
        file.replace("account: alice", "account: nobody").replace("alice/demo", "alice/none");
    let refused = import(&nobody, false).await;
    assert_eq!(outcomes(&refused), ["refused", "refused", "same", "refused"], "{refused:?}");
    assert!(
        refused
            .entries
            .iter()
            .all(|entry| entry.outcome.as_str() == "same" || entry.reason.is_some())
    );
    assert_eq!(
        plans(&second.jobs().await.unwrap()),
        plans(&there),
        "what was refused changed nothing"
    );
}

#[tokio::test]
async fn everything_that_is_chosen_goes_with_the_file_and_is_there_as_it_was() {
    let (clock, _) = clock();
    let hub = SimHub::start(world().build()).await.unwrap();
    let first = started(clock, &hub, Store::in_memory().await.unwrap()).await;
    let times = [
        ("default", None),
        ("hour", Some(SleepTime(Some(3600)))),
        ("never", Some(SleepTime(None))),
    ];
    for (name, sleep_time) in times {
        let action = JobAction::SetHardware { flavor: Flavor("t4-small".into()), sleep_time };
        create(&first, JobPlan { name: name.into(), ..hourly(action, clock.now()) }).await;
    }
    let rule =
        HealRule { restarts: 5, health: Some(HealthCheck::default()), ..HealRule::default() };
    for (scope, mode) in [
        (HealScope::All, HealMode::On),
        (HealScope::Account { account: "alice".parse().unwrap() }, HealMode::Off),
        (HealScope::Label { label: "Prod: #1".into() }, HealMode::On),
        (HealScope::Space { space: id("alice/demo") }, HealMode::Off),
    ] {
        let choice = HealChoice { mode, rule: rule.clone() };
        first.choose_heal(ScopedHeal { scope, choice }, Actor::Desktop).await.unwrap();
    }
    let file = first.export_jobs().await.unwrap();

    let second = started(clock, &hub, Store::in_memory().await.unwrap()).await;
    let import = async |text: &str, dry_run| {
        let report = second.import_jobs(ImportFormat::Yaml, text, dry_run, Actor::Desktop).await;
        let entries = report.unwrap().entries.into_iter();
        let heals = entries.filter(|entry| entry.kind == ImportKind::AutoHeal);
        heals.map(|entry| (entry.name, entry.outcome)).collect::<Vec<_>>()
    };
    let names = ["all", "account alice", "label Prod: #1", "alice/demo"];
    let each = |outcome: ImportOutcome| names.map(|name| (name.to_owned(), outcome));
    assert_eq!(import(&file, true).await, each(ImportOutcome::Changed), "{file}");
    assert_eq!(second.heal_choices(), [], "nothing was done yet");
    assert_eq!(import(&file, false).await, each(ImportOutcome::Changed));
    assert_eq!(second.heal_choices(), first.heal_choices());
    assert_eq!(second.export_jobs().await.unwrap(), file);
    assert_eq!(import(&file, false).await, each(ImportOutcome::Same));
    let jobs = second.jobs().await.unwrap();
    for (name, sleep_time) in times {
        let job = jobs.iter().find(|job| job.plan.name == name).unwrap();
        let JobAction::SetHardware { sleep_time: kept, .. } = job.plan.action else { panic!() };
        assert_eq!(kept, sleep_time, "{name}: {file}");
    }

    let mixed = "version: 1
auto_heal:
- { scope: { type: all }, choice: { mode: off } }
- { scope: { type: all }, choice: { mode: on } }
- { scope: { type: account, account: nobody }, choice: { mode: on } }
- { scope: { type: label, label: web }, choice: { mode: on, rule: { restarts: 99 } } }
";
    let outcomes: Vec<_> = import(mixed, false).await.into_iter().map(|entry| entry.1).collect();
    let refused = ImportOutcome::Refused;
    assert_eq!(outcomes, [ImportOutcome::Changed, refused, refused, refused]);
    let kept = second.heal_choices();
    assert_eq!(kept.len(), 4, "what the file does not name stays: {kept:?}");
    let lines = second.activities(&hfsm_core::ActivityFilter::default(), 10).await.unwrap();
    let said = |line: &hfsm_model::Activity| {
        line.message.as_deref() == Some("auto-heal of all Spaces: off")
    };
    assert!(lines.iter().any(said), "{lines:?}");
}
