//! Redirects, next pages and app hosts that lead elsewhere: the token stays at home.

use hfsm_hub::Error;
use hfsm_model::{Action, Stage};

use crate::support::{Scripted, TOKEN, answer, id};

#[tokio::test]
async fn a_redirected_action_keeps_method_body_and_token() {
    let server = Scripted::start(|asked, _| {
        if asked.path.starts_with("/api/spaces/Alice") {
            let to = asked.path.replace("Alice", "alice");
            return answer(307, &[("location", &to)], "Temporary Redirect");
        }
        answer(200, &[("content-type", "application/json")], r#"{"stage":"BUILDING"}"#)
    })
    .await;
    let action = Action::SetDevMode { enabled: true };
    let done = server.gateway().act(&id("Alice/demo"), &action).await.unwrap();
    assert_eq!(done.value.stage, Stage::BUILDING);
    let asked = server.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1].method, "POST");
    assert_eq!(asked[1].path, "/api/spaces/alice/demo/dev-mode");
    assert_eq!(asked[1].body, asked[0].body);
    assert_eq!(asked[1].headers["authorization"], format!("Bearer {TOKEN}"));
}

#[tokio::test]
async fn nothing_follows_a_redirect_to_another_host_or_port() {
    let elsewhere = Scripted::start(|_, _| answer(200, &[], "{}")).await;
    let target = elsewhere.url();
    let server = Scripted::start(move |_, _| {
        answer(307, &[("location", &format!("{target}/api/spaces/alice/demo"))], "")
    })
    .await;
    let error = server.gateway().space(&id("alice/demo")).await.unwrap_err();
    assert!(matches!(error, Error::Unexpected { .. }), "{error}");
    assert!(error.to_string().contains(&elsewhere.url()), "{error}");
    assert!(server.gateway().metrics(&id("alice/demo")).await.is_err());
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn an_action_is_not_turned_into_a_look_by_a_redirect() {
    let server = Scripted::start(|_, _| answer(302, &[("location", "/api/other")], "")).await;
    let error = server.gateway().act(&id("alice/demo"), &Action::Restart).await.unwrap_err();
    assert!(matches!(error, Error::Unexpected { .. }), "{error}");
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].headers["content-length"], "0", "some front servers insist on it");
}

#[tokio::test]
async fn redirects_in_a_circle_come_to_an_end() {
    let server = Scripted::start(|asked, _| {
        let path = asked.path.clone();
        answer(307, &[("location", &path)], "")
    })
    .await;
    let error = server.gateway().runtime(&id("alice/demo")).await.unwrap_err();
    assert!(matches!(error, Error::Unexpected { .. }), "{error}");
    assert_eq!(server.asked().len(), 6);
}

#[tokio::test]
async fn a_next_page_on_another_host_is_refused_and_one_without_end_too() {
    let elsewhere = Scripted::start(|_, _| answer(200, &[], "[]")).await;
    let target = elsewhere.url();
    let server = Scripted::start(move |asked, number| {
        let next = if asked.path.contains("author=far") {
            format!("<{target}/api/spaces?cursor=1>; rel=\"next\"")
        } else {
            format!("</api/spaces?cursor={}>; rel=\"next\"", number % 3)
        };
        answer(200, &[("link", &next)], r#"[{"id":"alice/a"}]"#)
    })
    .await;
    let gateway = server.gateway();
    assert!(matches!(gateway.list_spaces("far").await, Err(Error::Unexpected { .. })));
    assert!(elsewhere.asked().is_empty());
    assert!(matches!(gateway.list_spaces("round").await, Err(Error::Unexpected { .. })));
    assert!(server.asked().len() < 10);
}

#[tokio::test]
async fn a_visit_takes_the_token_to_the_hubs_app_hosts_only_and_out_of_the_apps_sight() {
    let server = Scripted::start(|_, _| {
        answer(302, &[("location", "/elsewhere"), ("x-proxied-replica", "a-b")], "")
    })
    .await;
    let gateway = server.gateway();
    let visit = gateway.visit(&format!("{}/app/alice-demo/", server.url()), None).await.unwrap();
    assert_eq!((visit.status, visit.answered_by_app), (302, true));
    gateway.visit(&format!("{}/custom/", server.url()), None).await.unwrap();
    let asked = server.asked();
    assert_eq!(asked.len(), 2, "redirects of an app are not followed");
    assert_eq!(asked[0].headers["x-hf-authorization"], format!("Bearer {TOKEN}"));
    assert!(!asked[0].headers.contains_key("authorization"));
    assert!(!asked[1].headers.contains_key("x-hf-authorization"));
}

#[tokio::test]
async fn an_owner_is_written_into_the_query_and_nowhere_else() {
    let server = Scripted::start(|_, _| answer(200, &[], "[]")).await;
    server.gateway().list_spaces("../whoami-v2?x=1&author=bob#").await.unwrap();
    let path = server.asked()[0].path.clone();
    assert!(
        path.starts_with("/api/spaces?author=..%2Fwhoami-v2%3Fx%3D1%26author%3Dbob%23&"),
        "{path}"
    );
}
