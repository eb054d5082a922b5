//! What the Hub refuses, and how the network fails.

use std::{net::Ipv4Addr, time::Duration};

use hfsm_hub::{Error, Hub, Rank};
use hfsm_hub_sim::{Fault, Org, Role, RouteKind, SimHub, TokenKind, When};
use hfsm_model::{Action, Clock, Flavor, Stage};
use secrecy::SecretString;

use crate::support::{Fixture, Scripted, alice, answer, id, quick};

#[tokio::test]
async fn each_refusal_has_a_case_of_its_own() {
    let world = alice()
        .token("hf_read", TokenKind::Read)
        .token("hf_expired", TokenKind::Expired)
        .token("hf_oauth_x", TokenKind::OAuth)
        .user_with("poor", |user| user.without_payment_method().cpu_basic_limit(0))
        .token("hf_poor", TokenKind::Write)
        .org("acme", |org: Org| org.member("alice", Role::Write))
        .space("alice/demo", |space| space)
        .space("alice/files", |space| space.statics())
        .space("alice/bad", |space| space.abusive())
        .space("alice/off", |space| space.disabled())
        .space("bob/secret", |space| space.private())
        .space("poor/paused", |space| space.paused())
        .space("poor/up", |space| space);
    let hub = Fixture::start(world).await;
    let demo = id("alice/demo");

    let error = hub.anonymous().space(&id("bob/secret")).await.unwrap_err();
    assert!(matches!(error, Error::SignInNeeded(_)), "{error:?}");
    let error = hub.anonymous().whoami().await.unwrap_err();
    assert!(matches!(error, Error::SignInNeeded(_)), "{error:?}");
    let error = hub.anonymous().act(&demo, &Action::Pause).await.unwrap_err();
    assert!(matches!(error, Error::SignInNeeded(_)), "{error:?}");
    for missing in ["bob/secret", "bob/never"] {
        let error = hub.alice().space(&id(missing)).await.unwrap_err();
        assert!(matches!(error, Error::SpaceNotFound(_)), "{error:?}");
        assert_eq!(error.message(), Some("Repository not found"));
        assert_eq!(error.space(), Some(&id(missing)));
        assert!(error.request_id().unwrap().starts_with("Root="));
        assert!(error.to_string().contains(missing), "{error}");
    }
    for token in ["hf_expired", "hf_never_was", "hf_with\nnewline", "hf_é"] {
        for result in [
            hub.with_token(token).whoami().await.map(drop),
            hub.with_token(token).list_spaces("alice").await.map(drop),
            hub.with_token(token).act(&demo, &Action::Restart).await.map(drop),
        ] {
            let error = result.unwrap_err();
            assert!(matches!(error, Error::TokenRefused(_)), "{token}: {error:?}");
            assert!(!error.is_transient());
        }
    }
    let error = hub.with_token("hf_read").act(&demo, &Action::Restart).await.unwrap_err();
    assert!(matches!(error, Error::Forbidden(_)), "{error:?}");

    let oauth = hub.with_token("hf_oauth_x");
    let error = oauth.act(&demo, &Action::Restart).await.unwrap_err();
    assert!(matches!(error, Error::OauthRefused(_)), "{error:?}");
    assert!(error.to_string().contains("access token"), "{error}");
    oauth.act(&demo, &Action::Pause).await.unwrap();

    let poor = hub.with_token("hf_poor");
    let error = poor.act(&id("poor/paused"), &Action::Restart).await.unwrap_err();
    assert!(matches!(error, Error::QuotaExceeded(_)), "{error:?}");
    let t4 = Action::SetHardware { flavor: Flavor("t4-small".to_owned()), sleep_time: None };
    let error = poor.act(&id("poor/up"), &t4).await.unwrap_err();
    assert!(matches!(error, Error::PaymentRequired(_)), "{error:?}");
    let nonsense = Action::SetHardware { flavor: Flavor("abacus".to_owned()), sleep_time: None };
    let error = hub.alice().act(&demo, &nonsense).await.unwrap_err();
    assert!(matches!(error, Error::Invalid(_)), "{error:?}");
    let error = hub.alice().act(&id("alice/files"), &Action::Restart).await.unwrap_err();
    assert!(matches!(error, Error::Invalid(_)), "{error:?}");
    let error = hub.alice().space(&id("alice/off")).await.unwrap_err();
    assert!(matches!(error, Error::Forbidden(_)), "{error:?}");

    hub.sim.world().reset_stats();
    let error = hub.alice().act(&id("alice/bad"), &Action::Restart).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { status: 503, .. }), "{error:?}");
    assert!(error.may_have_acted());
    assert_eq!(error.message(), None, "nothing of an HTML page");
    assert!(error.request_id().is_some());
    assert_eq!(hub.sim.world().stats().requests(RouteKind::Restart), 1, "never repeated");
}

#[tokio::test]
async fn other_statuses_are_told_apart() {
    for (status, body, expected) in [
        (402, r#"{"error":"Payment required"}"#, "PaymentRequired"),
        (409, r#"{"error":"conflicting operation in progress"}"#, "Conflict"),
        (422, r#"{"errors":[{"message":"seconds must be positive"}]}"#, "Invalid"),
        (404, "<!DOCTYPE html><h1>404</h1>", "Unexpected"),
        (418, "{}", "Unexpected"),
        (200, "<!DOCTYPE html><h1>Sign in to the network</h1>", "Unexpected"),
        (200, "[]", "Unexpected"),
    ] {
        let server = Scripted::start(move |_, _| answer(status, &[], body)).await;
        let error = server.gateway().runtime(&id("alice/demo")).await.unwrap_err();
        assert!(format!("{error:?}").starts_with(expected), "{status}: {error:?}");
        assert!(!error.to_string().contains("<h1>"), "{error}");
    }
}

#[tokio::test]
async fn no_error_and_no_debug_text_ever_holds_the_token() {
    let server = Scripted::start(|asked, _| {
        let echo = String::from_utf8_lossy(asked.headers["authorization"].as_bytes()).into_owned();
        let status = if asked.path.contains("runtime") { 403 } else { 500 };
        answer(status, &[("x-error-message", &echo)], format!("{{\"error\":\"{echo}\"}}"))
    })
    .await;
    let gateway = server.gateway();
    let value = SecretString::from("very-s3cret");
    let mut texts = vec![format!("{gateway:?}")];
    for result in [
        gateway.runtime(&id("alice/demo")).await.map(drop),
        gateway.act(&id("alice/demo"), &Action::Restart).await.map(drop),
        gateway.set_secret(&id("alice/demo"), "KEY", &value, None).await,
        gateway.metrics(&id("alice/demo")).await.map(drop),
    ] {
        let error = result.unwrap_err();
        texts.extend([format!("{error}"), format!("{error:?}")]);
    }
    for text in texts {
        assert!(!text.contains("hf_alice") && !text.contains("s3cret"), "{text}");
    }
}

#[tokio::test]
async fn a_look_is_repeated_after_passing_failures() {
    let hub = Fixture::start(alice().space("alice/demo", |space| space)).await;
    for fault in [
        Fault::Html { status: 502 },
        Fault::Html { status: 503 },
        Fault::Html { status: 504 },
        Fault::Error { status: 500, error: "Internal Error".to_owned() },
        Fault::Error { status: 408, error: "Timeout".to_owned() },
        Fault::ResetMidBody,
    ] {
        hub.sim.faults().clear();
        hub.sim.faults().add(fault.clone(), When::always().times(2));
        let spaces = hub.alice().list_spaces("alice").await;
        assert_eq!(spaces.unwrap().len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_look_is_given_up_after_a_bounded_number_of_tries() {
    let hub = Fixture::start(alice().space("alice/demo", |space| space)).await;
    hub.sim.faults().add(Fault::Html { status: 502 }, When::always());
    let error = hub.alice().runtime(&id("alice/demo")).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { status: 502, .. }), "{error:?}");
    assert!(error.is_transient());
    assert_eq!(hub.sim.world().stats().requests(RouteKind::Runtime), 4);
    let poll = hub.alice().ranked(Rank::Polling);
    poll.runtime(&id("alice/demo")).await.unwrap_err();
    assert_eq!(hub.sim.world().stats().requests(RouteKind::Runtime), 6, "a poll is cheaper");
}

#[tokio::test]
async fn an_action_is_never_repeated_once_it_may_have_been_seen() {
    let hub = Fixture::start(alice().space("alice/demo", |space| space)).await;
    for (number, fault) in
        [Fault::Html { status: 502 }, Fault::ResetMidBody].into_iter().enumerate()
    {
        hub.sim.faults().clear();
        hub.sim.faults().add(fault.clone(), When::on(RouteKind::Restart));
        let error = hub.alice().act(&id("alice/demo"), &Action::Restart).await.unwrap_err();
        assert!(error.may_have_acted(), "{fault:?}: {error:?}");
        let count = hub.sim.world().stats().requests(RouteKind::Restart);
        assert_eq!(count, number as u64 + 1, "{fault:?}");
    }
    hub.sim.faults().clear();
    hub.sim.faults().add(Fault::NotJson, When::on(RouteKind::Restart));
    let answer = hub.alice().act(&id("alice/demo"), &Action::Restart).await.unwrap();
    assert_eq!(answer.value.stage.as_str(), hub.sim.world().space("alice/demo").unwrap().stage);
    assert_eq!(hub.sim.world().stats().requests(RouteKind::Restart), 3);
}

#[tokio::test]
async fn an_action_that_surely_was_not_sent_is_sent_when_the_hub_is_back() {
    let address = {
        let free = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        free.local_addr().unwrap()
    };
    let url = format!("http://{address}");
    let mut config = quick(&url, &url, &format!("{url}/app/{{subdomain}}/"));
    config.retry_delay = Duration::from_millis(100);
    let hub = Hub::new(config, Clock::system()).unwrap();
    let gateway = hub.gateway(Some(SecretString::from(crate::support::TOKEN))).ranked(Rank::Person);
    let demo = id("alice/demo");
    let error = hub.gateway(None).runtime(&demo).await.unwrap_err();
    let Error::Unreachable { maybe_sent: false, space: Some(space), .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(*space, demo);
    let (answer, sim) = tokio::join!(gateway.act(&demo, &Action::Pause), async {
        SimHub::start_on(alice().space("alice/demo", |space| space).build(), address).await.unwrap()
    });
    assert_eq!(answer.unwrap().value.stage, Stage::PAUSED);
    assert_eq!(sim.world().stats().requests(RouteKind::Pause), 1);
}

#[tokio::test]
async fn an_answer_that_never_comes_is_an_error_in_time() {
    let world = alice().space("alice/demo", |space| space);
    let hub = Fixture::with(world, |config| {
        config.request_timeout = Duration::from_millis(100);
        config.attempts = 1;
    })
    .await;
    hub.sim.faults().add(Fault::Latency { ms: 60_000, jitter_ms: 0 }, When::always());
    let error = hub.alice().runtime(&id("alice/demo")).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { maybe_sent: true, .. }), "{error:?}");
    let error = hub.alice().metrics(&id("alice/demo")).await.map(drop).unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert_eq!(hub.hub.open_streams(), 0);
}
