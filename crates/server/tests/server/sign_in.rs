//! Signing in and out.

use hfsm_hub_sim::World;
use hfsm_model::{ActivityKind, Outcome};
use hfsm_store::{ActivityFilter, Store};
use http::Method;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::harness::{OLD, PASSWORD, Server, world};

#[tokio::test(flavor = "multi_thread")]
async fn the_one_time_code_opens_once_and_the_cookie_is_locked_down() {
    let server = Server::start(&[]).await;
    let browser = server.browser();
    let before = browser.get("/api/v1/session").await.json();
    assert_eq!(before["signed_in"], false);
    assert_eq!(before["method"], "code");
    let answer = browser.post("/api/v1/session", &json!({ "code": server.code })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let cookie = answer.header("set-cookie").to_owned();
    for wanted in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=86400"] {
        assert!(cookie.contains(wanted), "{wanted} in {cookie}");
    }
    assert!(!cookie.contains("Secure"), "not over plain HTTP: {cookie}");
    assert_eq!(browser.get("/api/v1/session").await.json()["signed_in"], true);
    assert_eq!(browser.get("/api/v1/accounts").await.status, 200);

    let again = server.browser().post("/api/v1/session", &json!({ "code": server.code })).await;
    assert_eq!((again.status.as_u16(), again.code().as_str()), (401, "sign_in_failed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_signs_in_by_itself_and_leaves_no_code_in_the_address() {
    let server = Server::start(&[]).await;
    let browser = server.browser();
    let answer = browser.get(&format!("/?code={}", server.code)).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/"));
    assert_eq!(browser.get("/api/v1/session").await.json()["signed_in"], true);
    let late = server.browser();
    assert_eq!(late.get(&format!("/?code={}", server.code)).await.status, 200);
    assert!(late.cookie().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_with_sign_out_and_survives_a_restart_of_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hfsm.db");
    let server = Server::start_with(OLD, world(), Store::open(&path).await.unwrap()).await;
    let browser = server.signed_in_as_admin().await;
    let cookie = browser.cookie().unwrap();
    let (name, token) = cookie.split_once('=').unwrap();
    assert!(!std::fs::read(&path).unwrap().windows(token.len()).any(|w| w == token.as_bytes()));
    server.stop().await;

    let server = Server::start_with(OLD, world(), Store::open(&path).await.unwrap()).await;
    let browser = server.browser();
    // The port is another one here, and with it the cookie's name.
    assert!(name.starts_with("hfsm_session_"));
    let bearer = format!("Bearer {token}");
    let authorization = [("authorization", bearer.as_str())];
    let ask = |method: Method| browser.send(method, "/api/v1/session", &authorization, "");
    assert_eq!(ask(Method::GET).await.json()["user"], "admin");
    assert_eq!(ask(Method::DELETE).await.status, 204);
    assert_eq!(ask(Method::GET).await.code(), "sign_in_needed");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_are_refused_counted_and_recorded() {
    let server = Server::start(OLD).await;
    let browser = server.browser();
    let guess = |user: &'static str, password: &'static str| {
        let body = json!({ "user": user, "password": password });
        let browser = &browser;
        async move { browser.post("/api/v1/session", &body).await }
    };
    for _ in 0..4 {
        let answer = guess("admin", "wrong").await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "sign_in_failed"));
    }
    assert_eq!(guess("my-password-in-the-wrong-field", "x").await.status, 401);
    let answer = guess("admin", PASSWORD).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (429, "too_many_attempts"));
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);

    let filter = ActivityFilter { kind: Some(ActivityKind::SignIn), ..ActivityFilter::default() };
    let recorded = server.fleet.store().activities(&filter, 100).await.unwrap();
    assert_eq!(recorded.len(), 5, "what was held back is not recorded");
    assert!(recorded.iter().all(|activity| activity.outcome == Outcome::Refused));
    assert!(!format!("{recorded:?}").contains("my-password"), "{recorded:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_can_be_set_and_ends_the_other_sessions() {
    let server = Server::start(&[]).await;
    let browser = server.signed_in().await;
    let short = json!({ "user": "me", "password": "short" });
    let put = |body: serde_json::Value| {
        let browser = &browser;
        async move { browser.json(Method::PUT, "/api/v1/session/password", &body).await }
    };
    assert_eq!(put(short).await.code(), "invalid_request");
    assert_eq!(put(json!({ "user": "me", "password": "first password" })).await.status, 204);
    let other = server.browser();
    let sign_in = json!({ "user": "me", "password": "first password" });
    assert_eq!(other.post("/api/v1/session", &sign_in).await.json()["method"], "password");

    let without = put(json!({ "user": "me", "password": "second password" })).await;
    assert_eq!(without.code(), "sign_in_failed", "the current one is asked for");
    let second = json!({
        "user": "me", "password": "second password", "current": "first password",
    });
    assert_eq!(put(second).await.status, 204);
    assert_eq!(browser.get("/api/v1/session").await.json()["signed_in"], true);
    assert_eq!(other.get("/api/v1/session").await.json()["signed_in"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_what_the_program_prints_replaces_a_forgotten_password() {
    let server = Server::start(&[]).await;
    let set = async |browser: &crate::browser::Browser, password: &str| {
        let body = json!({ "user": "me", "password": password });
        browser.json(Method::PUT, "/api/v1/session/password", &body).await.status.as_u16()
    };
    assert_eq!(set(&server.signed_in().await, "forgotten password").await, 204);
    let spent = server.browser().post("/api/v1/session", &json!({ "code": server.code })).await;
    assert_eq!(spent.status, 401);
    let code = server.sign_in.new_code().unwrap();
    let browser = server.browser();
    let answer =
        browser.post("/api/v1/session", &json!({ "code": code.expose_secret() })).await.json();
    assert_eq!((&answer["user"], &answer["method"]), (&json!("me"), &json!("password")));
    assert_eq!(set(&browser, "remembered password").await, 204);
    let sign_in = json!({ "user": "me", "password": "remembered password" });
    assert_eq!(server.browser().post("/api/v1/session", &sign_in).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_did_not_sign_in_or_is_a_program_cannot_set_the_password() {
    let server = Server::start(OLD).await;
    let body = json!({ "user": "evil", "password": "evil password" });
    let anonymous = server.browser();
    let answer = anonymous.json(Method::PUT, "/api/v1/session/password", &body).await;
    assert_eq!(answer.code(), "sign_in_needed");
    let program =
        [("authorization", "Bearer a-key-for-programs"), ("content-type", "application/json")];
    let answer =
        anonymous.send(Method::PUT, "/api/v1/session/password", &program, body.to_string()).await;
    assert_eq!(answer.code(), "sign_in_needed");
    let admin = server.signed_in_as_admin().await;
    let answer = admin.json(Method::PUT, "/api/v1/session/password", &body).await;
    assert_eq!(answer.status, 409, "a configured password is changed where it is configured");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_configured_password_none_opens_and_there_is_no_default_one() {
    let server = Server::start_with(&[], World::builder(), Store::in_memory().await.unwrap()).await;
    for (user, password) in [("admin", "password"), ("admin", ""), ("", ""), ("owner", "nobody")] {
        let body = json!({ "user": user, "password": password });
        assert_eq!(server.browser().post("/api/v1/session", &body).await.code(), "sign_in_failed");
    }
}
