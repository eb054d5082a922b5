//! Times and runs are taken once, whoever comes, and taken over when their holder is dead.

use chrono::{DateTime, TimeDelta, Utc};
use hfsm_model::{
    Activity, ActivityKind, Actor, Job, JobAction, JobId, JobPlan, JobTarget, MissedRule, Run,
    RunCause, RunId, RunState, Terms, Trigger,
};
use hfsm_store::{ActivityFilter, Due, RunFilter, Store, TakenTime};

use crate::common::{activity, at, space_id};

fn job(name: &str, due: i64) -> Job {
    Job {
        id: JobId(name.to_owned()),
        plan: JobPlan {
            name: format!("the \"{name}\""),
            action: JobAction::Restart,
            target: JobTarget::Spaces { spaces: vec![space_id("a/b")] },
            trigger: Trigger::Every { seconds: 60, anchor: at(0) },
            missed: MissedRule::Within { minutes: 5 },
            jitter_secs: 0,
            terms: Terms::default(),
        },
        paused: false,
        created_at: at(0),
        planned_at: Some(at(due)),
        due_at: Some(at(due)),
    }
}

pub(crate) fn run(name: &str, job: &str, planned: i64) -> Run {
    Run {
        id: RunId(name.to_owned()),
        number: 0,
        job: Some(JobId(job.to_owned())),
        name: job.to_owned(),
        cause: RunCause::Schedule,
        actor: Actor::Job(job.to_owned()),
        space: space_id("a/b"),
        action: JobAction::Restart,
        terms: Terms::default(),
        planned_at: at(planned),
        occurrences: 1,
        state: RunState::Waiting,
        started_at: None,
        ended_at: None,
        reason: None,
        details: None,
        hurdle: None,
        steps: Vec::new(),
        operation: None,
        request_id: None,
    }
}

#[tokio::test]
async fn a_time_is_taken_once_and_what_was_recorded_is_not_recorded_again() {
    let store = Store::in_memory().await.unwrap();
    let nightly = job("nightly", 60);
    store.save_jobs(&[nightly.clone(), job("later", 600)]).await.unwrap();
    assert_eq!(store.count_jobs().await.unwrap(), 2);
    assert_eq!(store.due_jobs(at(59), 9).await.unwrap(), []);
    assert_eq!(store.next_due().await.unwrap(), Some(at(60)));
    let due = store.due_jobs(at(60), 9).await.unwrap();
    assert_eq!(due, std::slice::from_ref(&nightly));
    let next = Some(Due { planned_at: at(120), due_at: at(121) });
    let time =
        |name: &str| TakenTime { job: nightly.clone(), runs: vec![run(name, "nightly", 60)], next };
    assert_eq!(store.take_times(&[time("one")]).await.unwrap(), [true]);
    assert_eq!(store.take_times(&[time("two")]).await.unwrap(), [false], "it is taken");
    // The clock was set back, and the same time planned again.
    store.save_jobs(std::slice::from_ref(&nightly)).await.unwrap();
    assert_eq!(store.take_times(&[time("three")]).await.unwrap(), [true]);
    let runs = store.runs(&RunFilter::default(), 9).await.unwrap();
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert_eq!((runs[0].id.0.as_str(), runs[0].state), ("one", RunState::Waiting));
    let left = store.job(&nightly.id).await.unwrap().unwrap();
    assert_eq!((left.planned_at, left.due_at), (Some(at(120)), Some(at(121))));
    let paused = Job { paused: true, planned_at: None, due_at: None, ..nightly };
    store.save_jobs(std::slice::from_ref(&paused)).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(at(600)));
    assert!(store.remove_job(&paused.id).await.unwrap());
    assert!(!store.remove_job(&paused.id).await.unwrap());
}

#[tokio::test]
async fn the_last_run_for_a_cause_is_found_of_each_space_that_has_one() {
    let store = Store::in_memory().await.unwrap();
    let of = |name: &str, space: &str, cause, planned| Run {
        space: space_id(space),
        cause,
        ..run(name, "nightly", planned)
    };
    let runs = [
        of("old", "a/b", RunCause::KeepAlive, 0),
        of("new", "a/b", RunCause::KeepAlive, 120),
        of("another cause", "a/b", RunCause::ByHand, 180),
        of("only", "a/c", RunCause::KeepAlive, 0),
        of("not asked for", "a/d", RunCause::KeepAlive, 0),
    ];
    store.add_runs(&runs).await.unwrap();
    let asked = ["a/b", "a/c", "a/never"].map(space_id);
    let found = store.last_runs(RunCause::KeepAlive, &asked).await.unwrap();
    assert_eq!(found.iter().map(|run| run.id.0.as_str()).collect::<Vec<_>>(), ["new", "only"]);
    assert_eq!(store.last_runs(RunCause::KeepAlive, &[]).await.unwrap(), []);
}

async fn take_one(store: &Store, holder: &str, until: DateTime<Utc>) -> Option<Run> {
    store.take_runs(holder, until, 1).await.unwrap().pop()
}

async fn take_over_one(
    store: &Store,
    holder: &str,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Option<Run> {
    store.take_over_runs(holder, now, until, 1).await.unwrap().pop()
}

#[tokio::test]
async fn runs_are_taken_together_in_their_order_and_no_more_than_asked_for() {
    let store = Store::in_memory().await.unwrap();
    let names = ["one", "two", "three"];
    let runs: Vec<Run> = names.iter().zip(0..).map(|(id, n)| run(id, "nightly", n * 60)).collect();
    store.add_runs(&runs).await.unwrap();
    let ids = async |limit| {
        let taken = store.take_runs("a", at(60), limit).await.unwrap();
        taken.into_iter().map(|run| run.id.0).collect::<Vec<_>>()
    };
    assert_eq!(ids(2).await, ["one", "two"]);
    assert_eq!(ids(2).await, ["three"]);
    assert_eq!(ids(2).await, [""; 0]);
}

#[tokio::test]
async fn a_run_has_one_holder_until_its_lease_ends_and_a_late_one_writes_nothing() {
    let store = Store::in_memory().await.unwrap();
    store.add_runs(&[run("one", "nightly", 0), run("two", "nightly", 60)]).await.unwrap();
    let minute = |minutes: i64| at(0) + TimeDelta::minutes(minutes);
    let first = take_one(&store, "a", minute(2)).await.unwrap();
    assert_eq!(first.id.0, "one");
    let second = take_one(&store, "b", minute(2)).await.unwrap();
    assert_eq!(second.id.0, "two", "the first is held");
    assert_eq!(take_one(&store, "b", minute(3)).await, None);
    assert_eq!(take_over_one(&store, "b", minute(1), minute(3)).await, None);
    assert!(store.hold_run(&second.id, "b", minute(9)).await.unwrap());
    let over = take_over_one(&store, "b", minute(3), minute(5)).await.unwrap();
    assert_eq!(over.id.0, "one");
    let done = Run { state: RunState::Done, ..first.clone() };
    assert!(!store.hold_run(&first.id, "a", minute(9)).await.unwrap());
    assert!(!store.save_run(&done, "a").await.unwrap(), "it is another's now");
    assert!(store.save_run(&done, "b").await.unwrap());
    assert!(!store.save_run(&first, "b").await.unwrap(), "it has ended");
    assert_eq!(store.find_run(&done.id).await.unwrap().unwrap().state, RunState::Done);
    let running = RunFilter { state: Some(RunState::Running), ..RunFilter::default() };
    assert_eq!(store.runs(&running, 9).await.unwrap().len(), 1);
    let older = RunFilter { before: Some(2), ..RunFilter::default() };
    assert_eq!(store.runs(&older, 9).await.unwrap()[0].id.0, "one");
}

#[tokio::test]
async fn runs_that_end_together_are_written_together_and_those_of_others_are_not() {
    let store = Store::in_memory().await.unwrap();
    let ids = ["one", "two", "three", "four"];
    store.add_runs(&ids.map(|id| run(id, id, 0))).await.unwrap();
    for (holder, count) in [("a", 3), ("b", 1)] {
        assert_eq!(store.take_runs(holder, at(60), count).await.unwrap().len(), count as usize);
    }
    let ended = |id: &str, words: &str| Run {
        state: RunState::Done,
        reason: Some(words.to_owned()),
        ..run(id, id, 0)
    };
    let line = |id: i64| {
        let line = activity(Some("a/b"), "alice", ActivityKind::Visit, id);
        Activity { message: Some(format!("line {id}")), ..line }
    };
    let (two, four, one) =
        (ended("two", "it's \"done\""), ended("four", "not mine"), ended("one", "quietly"));
    let (to_two, to_four) = (line(2), line(4));
    let lines = tokio::join!(
        store.end_run(&two, "a", Some(&to_two)),
        store.end_run(&four, "a", Some(&to_four)),
        store.end_run(&one, "a", None),
    );
    let lines = [lines.0, lines.1, lines.2].map(|line| line.unwrap());
    let read = store.activities(&ActivityFilter::default(), 9).await.unwrap();
    assert_eq!(lines, [Some(read[1].clone()), Some(read[0].clone()), None]);
    assert_eq!(lines[0].as_ref().unwrap().message.as_deref(), Some("line 2"));
    assert_eq!(store.end_run(&ended("one", "again"), "a", None).await.unwrap(), None);
    for (id, state, reason) in [
        ("one", RunState::Done, Some("quietly")),
        ("two", RunState::Done, Some("it's \"done\"")),
        ("three", RunState::Running, None),
        ("four", RunState::Running, None),
    ] {
        let found = store.find_run(&RunId(id.to_owned())).await.unwrap().unwrap();
        assert_eq!((found.state, found.reason.as_deref()), (state, reason), "{id}");
    }
}

#[tokio::test]
async fn who_opens_a_store_takes_over_at_once_and_who_shares_it_waits_for_the_lease() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = Store::open(&path).await.unwrap();
    store.add_runs(&[run("one", "nightly", 0)]).await.unwrap();
    let later = at(0) + TimeDelta::minutes(2);
    take_one(&store, "a", later).await.unwrap();
    assert_eq!(take_over_one(&store, "b", at(60), later).await, None, "it lives");
    // Nothing is written on the way: the lock goes with the process, however that ends.
    drop(store);
    let store = Store::open(&path).await.unwrap();
    let over = take_over_one(&store, "b", at(60), later).await.unwrap();
    assert_eq!(over.id.0, "one");
    assert!(!store.save_run(&over, "a").await.unwrap(), "the dead writes nothing");
    assert!(store.save_run(&over, "b").await.unwrap());
}
