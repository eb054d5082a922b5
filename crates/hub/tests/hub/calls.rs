//! Every call, against the simulated Hub.

use hfsm_hub_sim::{Entity, Fault, Org, Role, RouteKind, Scope, TokenKind, When};
use hfsm_model::{Action, Flavor, SleepTime, Stage, TokenKind as Kind};
use secrecy::SecretString;
use serde_json::json;

use crate::support::{Fixture, alice, id};

#[tokio::test]
async fn whoami_tells_every_kind_of_token() {
    let scope = Scope::new(Entity::Space("alice/demo".to_owned()), &["repo.write"]);
    let world = alice()
        .token("hf_read", TokenKind::Read)
        .token("hf_fine", TokenKind::FineGrained(vec![scope]))
        .token("hf_oauth_x", TokenKind::OAuth)
        .token("hf_god", TokenKind::God)
        .org("acme", |org: Org| org.member("alice", Role::Write))
        .token_kept_out("hf_out", TokenKind::Write, &[("acme", "sso")]);
    let hub = Fixture::start(world).await;
    for (token, kind) in [
        ("hf_alice_write", Kind::Write),
        ("hf_read", Kind::Read),
        ("hf_fine", Kind::FineGrained),
        ("hf_oauth_x", Kind::Oauth),
        ("hf_god", Kind::Write),
    ] {
        let identity = hub.with_token(token).whoami().await.unwrap();
        assert_eq!(identity.username, "alice");
        assert_eq!(identity.kind, kind, "{token}");
        assert_eq!(identity.organisations[0].role.as_deref(), Some("write"));
        assert!(identity.avatar_url.unwrap().starts_with("http://127.0.0.1"));
        let grants: Vec<_> =
            identity.permissions.iter().map(|grant| grant.entity.as_deref()).collect();
        let expected: &[_] = if kind == Kind::FineGrained { &[Some("alice/demo")] } else { &[] };
        assert_eq!(grants, expected, "{token}");
    }
    let out = hub.with_token("hf_out").whoami().await.unwrap();
    assert_eq!(out.organisations[0].restrictions, ["sso"]);
}

#[tokio::test]
async fn a_list_has_all_pages_with_runtime_and_address() {
    let mut world = alice().page_limit(3);
    for number in 0..8 {
        world = world.space(&format!("alice/demo_{number}"), |space| {
            if number == 0 { space.private() } else { space }
        });
    }
    let world = world.space("bob/other", |space| space);
    let hub = Fixture::start(world).await;
    hub.sim.faults().add(Fault::NextLinkWithoutExpand, When::always());
    let spaces = hub.alice().list_spaces("alice").await.unwrap();
    assert_eq!(spaces.len(), 8);
    assert!(spaces.iter().all(|space| space.stage() == Stage::RUNNING && space.sha.is_some()));
    assert!(spaces.iter().all(|space| space.id.owner() == "alice"));
    let first = &spaces[0];
    assert!(first.private);
    assert!(first.app_url.as_deref().unwrap().ends_with("/app/alice-demo-0/"), "{first:?}");
    assert_eq!(hub.sim.world().stats().requests(RouteKind::List), 3);
    let public = hub.anonymous().list_spaces("alice").await.unwrap();
    assert_eq!(public.len(), 7, "without a token the private one is not there");
    assert!(hub.alice().list_spaces("nobody").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_list_that_is_asked_for_again_is_as_it_is_now() {
    let mut world = alice().page_limit(2);
    for number in 0..4 {
        world = world.space(&format!("alice/demo_{number}"), |space| space);
    }
    let hub = Fixture::start(world).await;
    let gateway = hub.alice();
    let first = gateway.list_spaces("alice").await.unwrap();
    assert_eq!(gateway.list_spaces("alice").await.unwrap(), first);
    gateway.act(&id("alice/demo_2"), &Action::Pause).await.unwrap();
    let changed = gateway.list_spaces("alice").await.unwrap();
    assert_eq!(changed[..2], first[..2], "the first page is as it was");
    let paused: Vec<_> = changed.iter().filter(|s| s.stage() == Stage::PAUSED).collect();
    assert_eq!(paused.len(), 1);
    assert_eq!(paused[0].id, id("alice/demo_2"));
    assert_eq!(hub.sim.world().stats().requests(RouteKind::List), 6, "the Hub is asked each time");
}

#[tokio::test]
async fn one_strange_field_spoils_no_list() {
    let hub = Fixture::start(alice().space("alice/a", |s| s).space("alice/b", |s| s)).await;
    for fault in [
        Fault::SetField { field: "runtime.stage".into(), value: json!("FUTURE_STAGE") },
        Fault::SetField { field: "runtime.hardware".into(), value: json!(null) },
        Fault::SetField { field: "runtime.hardware".into(), value: json!({"current": "h900"}) },
        Fault::SetField { field: "runtime.replicas".into(), value: json!("many") },
        Fault::SetField { field: "runtime".into(), value: json!(null) },
        Fault::SetField { field: "cardData".into(), value: json!(7) },
        Fault::SetField { field: "likes".into(), value: json!("12") },
        Fault::SetField { field: "tags".into(), value: json!({"a": 1}) },
        Fault::SetField { field: "lastModified".into(), value: json!("yesterday") },
        Fault::DropField { field: "runtime".into() },
        Fault::DropField { field: "runtime.stage".into() },
        Fault::DropField { field: "sdk".into() },
        Fault::DropField { field: "subdomain".into() },
    ] {
        let on = hub.sim.faults().add(fault.clone(), When::on(RouteKind::List));
        let spaces = hub.alice().list_spaces("alice").await.unwrap();
        assert_eq!(spaces.len(), 2, "{fault:?}");
        hub.sim.faults().remove(on);
    }
    hub.sim
        .faults()
        .add(Fault::SetField { field: "id".into(), value: json!(null) }, When::on(RouteKind::List));
    assert!(hub.alice().list_spaces("alice").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_renamed_space_comes_back_under_its_new_name() {
    let hub = Fixture::start(alice().space("alice/old", |space| space)).await;
    hub.sim.world().rename("alice/old", "alice/new").unwrap();
    let gateway = hub.alice();
    assert_eq!(gateway.space(&id("alice/old")).await.unwrap().id, id("alice/new"));
    let answer = gateway.act(&id("alice/old"), &Action::Pause).await.unwrap();
    assert_eq!(answer.value.stage, Stage::PAUSED, "the action went to the new name");
    assert_eq!(hub.sim.world().space("alice/new").unwrap().stage, "PAUSED");
}

#[tokio::test]
async fn every_action_reaches_the_hub_once_and_answers_with_the_runtime() {
    let world = alice()
        .user_with("alice", |user| user.plan(hfsm_hub_sim::Plan::Pro))
        .space("alice/demo", |space| space.hardware("t4-small"));
    let hub = Fixture::start(world).await;
    let gateway = hub.alice();
    let demo = id("alice/demo");
    let flavor = Flavor("a10g-small".to_owned());
    let hour = SleepTime(Some(3600));
    for (action, kind, count) in [
        (Action::Pause, RouteKind::Pause, 1),
        (Action::Restart, RouteKind::Restart, 1),
        (Action::FactoryRebuild, RouteKind::Restart, 2),
        (Action::SetSleepTime { sleep_time: hour }, RouteKind::SleepTime, 1),
        (
            Action::SetHardware { flavor: flavor.clone(), sleep_time: Some(SleepTime(None)) },
            RouteKind::Hardware,
            1,
        ),
        (Action::SetDevMode { enabled: true }, RouteKind::DevMode, 1),
    ] {
        let answer = gateway.act(&demo, &action).await.unwrap();
        assert!(answer.request_id.unwrap().starts_with("Root="), "{action:?}");
        match action {
            Action::Pause => assert_eq!(answer.value.stage, Stage::PAUSED),
            Action::Restart | Action::FactoryRebuild => {
                assert_eq!(answer.value.stage, Stage::BUILDING);
            }
            Action::SetSleepTime { .. } => assert_eq!(answer.value.sleep_time, hour),
            Action::SetHardware { .. } => {
                assert_eq!(answer.value.hardware.requested.as_ref(), Some(&flavor));
                assert_eq!(answer.value.sleep_time, SleepTime(None));
            }
            Action::SetDevMode { .. } => assert!(answer.value.dev_mode),
        }
        assert_eq!(hub.sim.world().stats().requests(kind), count, "{kind:?}");
    }
    assert!(gateway.runtime(&demo).await.unwrap().dev_mode);
}

#[tokio::test]
async fn variables_and_secrets_are_set_listed_and_removed() {
    let hub = Fixture::start(alice().space("alice/demo", |space| space.variable("A", "1"))).await;
    let gateway = hub.alice();
    let demo = id("alice/demo");
    let all = gateway.set_variable(&demo, "MODEL", "x y\n\"z\"", Some("which")).await.unwrap();
    assert_eq!(all.iter().map(|v| v.key.as_str()).collect::<Vec<_>>(), ["A", "MODEL"]);
    assert_eq!(all[1].value, "x y\n\"z\"");
    assert_eq!(all[1].description.as_deref(), Some("which"));
    assert_eq!(gateway.variables(&demo).await.unwrap(), all);
    assert_eq!(gateway.delete_variable(&demo, "A").await.unwrap().len(), 1);
    gateway.delete_variable(&demo, "NEVER_WAS").await.unwrap();

    let value = SecretString::from("s3cr3t");
    gateway.set_secret(&demo, "KEY", &value, None).await.unwrap();
    let secrets = gateway.secrets(&demo).await.unwrap();
    assert_eq!(secrets.len(), 1);
    assert_eq!(secrets[0].key, "KEY");
    gateway.delete_secret(&demo, "KEY").await.unwrap();
    assert!(gateway.secrets(&demo).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_name_that_no_variable_can_have_is_refused_without_asking_the_hub() {
    let hub = Fixture::start(alice().space("alice/demo", |space| space)).await;
    let gateway = hub.alice();
    let long = "x".repeat(300);
    for key in ["", "1A", "_A", "A-B", "A B", "../x", "É", &long] {
        let error = gateway.set_variable(&id("alice/demo"), key, "v", None).await.unwrap_err();
        assert!(matches!(error, hfsm_hub::Error::Invalid(_)), "{key}: {error}");
        assert!(gateway.delete_secret(&id("alice/demo"), key).await.is_err());
    }
    assert_eq!(hub.sim.world().stats().total(), 0);
}

#[tokio::test]
async fn the_hardware_has_names_and_prices() {
    let hub = Fixture::start(alice()).await;
    let hardware = hub.anonymous().hardware().await.unwrap();
    let t4 = hardware.iter().find(|option| option.flavor.as_str() == "t4-small").unwrap();
    assert!((t4.usd_per_hour - 0.4).abs() < 1e-6, "{t4:?}");
    assert_eq!(t4.accelerator.as_ref().unwrap().model, "T4");
    assert!(hardware.iter().any(|option| option.usd_per_hour == 0.0));
}

#[tokio::test]
async fn the_hub_is_asked_whether_a_token_may_write() {
    let world = alice()
        .token("hf_read", TokenKind::Read)
        .space("alice/demo", |space| space)
        .space("bob/hidden", |space| space.private());
    let hub = Fixture::start(world).await;
    assert!(hub.alice().may_write(&id("alice/demo")).await.unwrap());
    assert!(!hub.with_token("hf_read").may_write(&id("alice/demo")).await.unwrap());
    assert!(!hub.alice().may_write(&id("bob/hidden")).await.unwrap());
    assert!(!hub.anonymous().may_write(&id("alice/demo")).await.unwrap());
    assert!(hub.with_token("hf_wrong").may_write(&id("alice/demo")).await.is_err());
}

#[tokio::test]
async fn a_visit_tells_the_app_from_the_pages_that_stand_for_it() {
    let world = alice()
        .space("alice/up", |space| space)
        .space("alice/asleep", |space| space.sleeping())
        .space("alice/paused", |space| space.paused())
        .space("alice/broken", |space| space.stage("RUNTIME_ERROR"))
        .space("alice/secret", |space| space.private());
    let hub = Fixture::start(world).await;
    let url =
        |name: &str| hub.sim.app_url_template().replace("{subdomain}", &format!("alice-{name}"));
    for (name, status, by_app, preparing) in [
        ("up", 200, true, false),
        ("asleep", 200, false, true),
        ("paused", 200, false, false),
        ("broken", 503, false, false),
        ("secret", 200, true, false),
        ("missing", 404, false, false),
    ] {
        let visit = hub.alice().visit(&url(name), None).await.unwrap();
        let seen = (visit.status, visit.answered_by_app, visit.preparing);
        assert_eq!(seen, (status, by_app, preparing), "{name}");
    }
    let own = hub.alice().visit(&format!("{}nothing-here", url("up")), None).await.unwrap();
    assert_eq!((own.status, own.answered_by_app), (404, true), "the app's own 404");
    for (keyword, found) in [("simulated app", true), ("<h1>Ready", false)] {
        let visit = hub.alice().visit(&url("up"), Some(keyword)).await.unwrap();
        assert_eq!((visit.answered_by_app, visit.has_keyword), (true, found), "{keyword}");
    }
    assert_eq!(hub.anonymous().visit(&url("secret"), None).await.unwrap().status, 404);
    assert_ne!(hub.sim.world().space("alice/asleep").unwrap().stage, "SLEEPING", "it was woken");
    assert!(hub.alice().visit("no address", None).await.is_err());
}
