//! The rate budget, ranks, shared requests, storms.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream::FuturesUnordered};
use hfsm_hub::{Error, Rank};
use hfsm_hub_sim::{Fault, RouteKind, When};
use hfsm_model::Action;

use crate::support::{Fixture, Scripted, TOKEN, alice, answer, id};

#[tokio::test]
async fn the_budget_is_what_the_headers_say() {
    let world = alice().user_with("alice", |user| user.api_quota(40));
    let hub = Fixture::start(world.space("alice/demo", |space| space)).await;
    let gateway = hub.alice();
    let mut watch = gateway.budget_watch();
    assert_eq!(gateway.budget(), None);
    gateway.runtime(&id("alice/demo")).await.unwrap();
    watch.changed().await.unwrap();
    let budget = watch.borrow().clone().unwrap();
    assert_eq!((budget.quota, budget.remaining), (40, 39));
    let left = (budget.resets_at - hfsm_model::Clock::system().now()).num_seconds();
    assert!((295..=302).contains(&left), "{left}");
    hub.with_token("hf_wrong").whoami().await.unwrap_err();
    assert_eq!(gateway.budget().unwrap().remaining, 39, "another account, another budget");
}

#[tokio::test]
async fn polling_stops_before_automation_and_automation_before_a_person() {
    let world = alice().user_with("alice", |user| user.api_quota(40));
    let hub = Fixture::start(world.space("alice/demo", |space| space)).await;
    let demo = id("alice/demo");
    let gateway = hub.alice();
    for _ in 0..37 {
        gateway.runtime(&demo).await.unwrap();
    }
    let error = gateway.ranked(Rank::Polling).runtime(&demo).await.unwrap_err();
    assert!(matches!(error, Error::HeldBack { .. }), "{error:?}");
    assert!(error.retry_after().unwrap() > Duration::from_secs(200));
    let automation = gateway.ranked(Rank::Automation);
    automation.runtime(&demo).await.unwrap();
    automation.runtime(&demo).await.unwrap();
    assert!(matches!(automation.runtime(&demo).await, Err(Error::HeldBack { .. })));
    gateway.act(&demo, &Action::Pause).await.unwrap();
    let error = gateway.runtime(&demo).await.unwrap_err();
    assert!(matches!(error, Error::RateLimited { .. }), "{error:?}");
    let stats = hub.sim.world().stats();
    assert_eq!((stats.of_token(TOKEN), stats.answered(429)), (40, 0));
}

#[tokio::test]
async fn a_storm_of_errors_costs_no_more_than_the_budget_and_a_click_goes_first() {
    let world = alice().user_with("alice", |user| user.api_quota(60));
    let hub = Fixture::with(world.space("alice/demo", |space| space), |config| {
        config.requests_at_once = 2;
        config.attempts = 1;
    })
    .await;
    let faults = hub.sim.faults();
    faults.add(
        Fault::Error { status: 500, error: "Internal Error".to_owned() },
        When::always().and_on(RouteKind::List).and_on(RouteKind::Runtime),
    );
    faults.add(Fault::Latency { ms: 5, jitter_ms: 0 }, When::always());
    let gateway = hub.alice();
    gateway.hardware().await.unwrap();
    let poll = gateway.ranked(Rank::Polling);
    let owners: Vec<String> = (0..100).map(|number| format!("owner-{number}")).collect();
    let mut polls: FuturesUnordered<_> =
        owners.iter().map(|owner| poll.list_spaces(owner)).collect();
    let first = polls.next().await.unwrap();
    assert!(first.is_err());
    let demo = id("alice/demo");
    let click = gateway.act(&demo, &Action::Pause);
    let done = tokio::select! {
        biased;
        click = click => click,
        _ = async { while polls.next().await.is_some() {} } => panic!("the click waited for the polls"),
    };
    done.unwrap();
    while polls.next().await.is_some() {}
    for _ in 0..100 {
        gateway.runtime(&demo).await.unwrap_err();
    }
    let asked = hub.sim.world().stats().of_token(TOKEN);
    assert!((50..=60).contains(&asked), "{asked} requests of 60");
}

#[tokio::test]
async fn a_used_up_window_makes_all_wait_as_told() {
    let hub = Fixture::start(alice().space("alice/demo", |space| space)).await;
    hub.sim
        .faults()
        .add(Fault::RateLimited { remaining: 0, retry_after: Some(1) }, When::always().times(1));
    let gateway = hub.alice();
    let started = Instant::now();
    gateway.runtime(&id("alice/demo")).await.unwrap();
    let took = started.elapsed();
    assert!((1900..4000).contains(&took.as_millis()), "t + 1 s, and not {took:?}");
}

#[tokio::test]
async fn a_click_that_was_told_to_wait_is_sent_again_since_it_was_not_done() {
    let hub = Fixture::start(alice().space("alice/demo", |space| space)).await;
    hub.sim.faults().add(
        Fault::RateLimited { remaining: 900, retry_after: Some(1) },
        When::on(RouteKind::Pause).times(1),
    );
    let started = Instant::now();
    hub.alice().act(&id("alice/demo"), &Action::Pause).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(hub.sim.world().stats().requests(RouteKind::Pause), 2);
}

#[tokio::test]
async fn the_limit_of_one_route_does_not_stop_the_others() {
    let hub = Fixture::start(alice().space("alice/demo", |space| space)).await;
    hub.sim.faults().add(
        Fault::RateLimited { remaining: 900, retry_after: Some(120) },
        When::on(RouteKind::Whoami),
    );
    let gateway = hub.alice();
    let error = gateway.whoami().await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(120)), "{error:?}");
    gateway.runtime(&id("alice/demo")).await.unwrap();
    assert_eq!(hub.sim.world().stats().requests(RouteKind::Whoami), 1, "not waited for");
}

#[tokio::test]
async fn a_limit_without_any_header_closes_the_account_for_a_while() {
    let server = Scripted::start(|_, number| match number {
        1 => answer(429, &[("retry-after", "120")], "<h1>429</h1>"),
        _ => answer(200, &[], r#"{"stage":"RUNNING"}"#),
    })
    .await;
    let gateway = server.gateway();
    for _ in 0..3 {
        let error = gateway.runtime(&id("alice/demo")).await.unwrap_err();
        let wait = error.retry_after().unwrap();
        assert!((110..=120).contains(&wait.as_secs()), "{error:?}");
    }
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn identical_looks_in_flight_are_sent_once() {
    let hub = Fixture::start(alice().space("alice/demo", |space| space)).await;
    hub.sim.faults().add(Fault::Latency { ms: 100, jitter_ms: 0 }, When::always());
    let gateway = hub.alice();
    let demo = id("alice/demo");
    let looks = (0..20).map(|_| gateway.runtime(&demo));
    let answers = futures::future::join_all(looks).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(hub.sim.world().stats().requests(RouteKind::Runtime), 1);
    gateway.runtime(&demo).await.unwrap();
    assert_eq!(hub.sim.world().stats().requests(RouteKind::Runtime), 2, "only those in flight");
}

#[tokio::test]
async fn a_look_that_one_caller_gives_up_goes_on_for_the_others() {
    let hub = Fixture::start(alice().space("alice/demo", |space| space)).await;
    hub.sim.faults().add(Fault::Latency { ms: 100, jitter_ms: 0 }, When::always());
    let gateway = hub.alice();
    let demo = id("alice/demo");
    let first = gateway.runtime(&demo);
    let second = gateway.runtime(&demo);
    let gives_up = async { tokio::time::timeout(Duration::from_millis(20), first).await };
    let (gone, answer) = tokio::join!(gives_up, second);
    assert!(gone.is_err());
    answer.unwrap();
    assert_eq!(hub.sim.world().stats().requests(RouteKind::Runtime), 1);
}

#[tokio::test]
async fn a_person_does_not_wait_for_a_poll_that_waits_in_line() {
    let hub = Fixture::with(alice().space("alice/demo", |space| space), |config| {
        config.requests_at_once = 1;
    })
    .await;
    hub.sim.faults().add(Fault::Latency { ms: 30, jitter_ms: 0 }, When::always());
    let gateway = hub.alice();
    let poll = gateway.ranked(Rank::Polling);
    let owners: Vec<String> = (0..10).map(|number| format!("owner-{number}")).collect();
    let mut polls: FuturesUnordered<_> =
        owners.iter().map(|owner| poll.list_spaces(owner)).collect();
    polls.next().await.unwrap().unwrap();
    let same_as_a_poll = gateway.list_spaces("owner-9");
    let mut polls = polls.count();
    let finished = tokio::select! {
        biased;
        answer = same_as_a_poll => answer.is_ok(),
        _ = &mut polls => false,
    };
    assert!(finished, "the person's went before the polls");
}
