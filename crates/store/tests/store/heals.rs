//! What is remembered of mending is changed by one at a time, with its run and its words, or not at all.

use hfsm_model::{Activity, ActivityKind, Actor, HealRecord, Outcome, RunCause, RunId};
use hfsm_store::{ActivityFilter, RunFilter, Store};

use crate::common::{at, space_id};
use crate::jobs::run;

fn line(message: &str) -> Activity {
    Activity {
        id: 0,
        at: at(0),
        actor: Actor::System,
        kind: ActivityKind::Heal,
        space: Some(space_id("a/b")),
        account: None,
        outcome: Outcome::Done,
        message: Some(message.to_owned()),
        details: None,
        request_id: None,
    }
}

#[tokio::test]
async fn of_two_that_read_the_same_one_makes_the_attempt_with_its_run_and_its_line() {
    let store = Store::in_memory().await.unwrap();
    let id = space_id("a/b");
    let attempt = |name: &str| {
        let run = hfsm_model::Run { cause: RunCause::AutoHeal, job: None, ..run(name, "x", 60) };
        let record = HealRecord {
            attempts: vec![at(60)],
            in_a_row: 1,
            run: Some(RunId(name.to_owned())),
            ..HealRecord::default()
        };
        (run, record)
    };
    let nothing = store.heal(&id).await.unwrap();
    let (first, record) = attempt("one");
    let said = [line("restart 1")];
    let told = store.save_heal(&id, &nothing, &record, Some(&first), &said).await.unwrap().unwrap();
    assert!(told[0].id > 0, "{told:?}");
    let (second, other) = attempt("two");
    let late = store.save_heal(&id, &nothing, &other, Some(&second), &[line("late")]).await;
    assert_eq!(late.unwrap(), None, "another was first");

    let known = store.heal(&id).await.unwrap();
    assert_eq!(known.record, record);
    assert_eq!(store.heals().await.unwrap().get(&id), Some(&known));
    let (third, after) = attempt("three");
    assert!(store.save_heal(&id, &known, &after, Some(&third), &[]).await.unwrap().is_some());
    assert!(store.save_heal(&id, &known, &other, Some(&second), &[]).await.unwrap().is_none());

    let filter = RunFilter { cause: Some(RunCause::AutoHeal), ..RunFilter::default() };
    let runs: Vec<_> = store.runs(&filter, 9).await.unwrap();
    let names: Vec<_> = runs.iter().map(|run| run.id.0.as_str()).collect();
    assert_eq!(names, ["three", "one"], "attempts of the same minute are two");
    let lines = store.activities(&ActivityFilter::default(), 9).await.unwrap();
    assert_eq!(lines, told, "what was late said nothing");
}
