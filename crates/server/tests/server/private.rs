//! What somebody learns who did not sign in.

use http::Method;
use serde_json::json;

use crate::{
    browser::Events,
    harness::{API_KEY, OLD, Server, TOKEN},
};

const EVERYTHING: &[&str] = &[
    "/api/v1/accounts",
    "/api/v1/spaces",
    "/api/v1/spaces/alice/hidden",
    "/api/v1/spaces/alice/hidden/metrics",
    "/api/v1/spaces/alice/hidden/logs/run",
    "/api/v1/spaces/alice/hidden/logs/run/stream",
    "/api/v1/spaces/alice/hidden/variables",
    "/api/v1/spaces/alice/hidden/secrets",
    "/api/v1/spaces/alice/hidden/stage-changes",
    "/api/v1/stage-changes",
    "/api/v1/operations",
    "/api/v1/activity",
    "/api/v1/settings",
    "/api/v1/events",
    "/api/v1/system/tasks",
    "/api/v1/system/budget",
    "/api/proxy/spaces",
    "/api/proxy/live-metrics-stream?instances=alice/hidden",
];

#[tokio::test(flavor = "multi_thread")]
async fn without_a_public_view_nothing_is_answered() {
    let server = Server::start(&[("HF_USER", "alice:hf_alice_writes_everything")]).await;
    let anonymous = server.browser();
    for path in EVERYTHING {
        let answer = anonymous.get(path).await;
        assert_eq!(answer.status, 401, "{path}: {}", answer.text);
        assert!(!answer.text.contains("hidden"), "{path}: {}", answer.text);
    }
    assert_eq!(anonymous.get("/api/config").await.json(), json!({ "usernames": "" }));
    for path in ["/health", "/api/v1/session", "/api/openapi.json", "/api/reference"] {
        let answer = anonymous.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.text.contains("alice/hidden") && !answer.text.contains(TOKEN), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_view_shows_public_spaces_only() {
    let server = Server::start(OLD).await;
    let anonymous = server.browser();
    let list = anonymous.get("/api/v1/spaces").await;
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 3);
    for path in EVERYTHING {
        let answer = anonymous.open(Method::GET, path, &[], "").await;
        if path.contains("hidden") {
            assert!(matches!(answer.status().as_u16(), 401 | 404), "{path}: {}", answer.status());
        }
    }
    for path in ["restart", "rebuild", "pause"] {
        let answer = anonymous.post(&format!("/api/v1/spaces/alice/demo/{path}"), &json!({})).await;
        assert_eq!(answer.status, 401, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_private_comes_down_an_anonymous_event_stream() {
    let server = Server::start(OLD).await;
    let anonymous = server.browser();
    let stream = anonymous.open(Method::GET, "/api/v1/events?watch=all", &[], "").await;
    let mut stream = Events::of(stream);
    let old = "/api/proxy/live-metrics-stream?instances=alice/hidden,alice/demo";
    let mut old = Events::of(anonymous.open(Method::GET, old, &[], "").await);
    let mut public = 0;
    while public < 6 {
        let event = stream.next().await.unwrap();
        let text = event.data.to_string();
        assert!(!text.contains("hidden") && !text.contains("hf_alice"), "{text}");
        public += usize::from(text.contains("\"metrics\""));
    }
    for _ in 0..3 {
        assert_eq!(old.next_named("metric").await.data["repoId"], "alice/demo");
    }
    server.hub.world().crash("alice/hidden", "secret reason").unwrap();
    server.hub.world().crash("alice/demo", "public reason").unwrap();
    loop {
        let text = stream.next().await.unwrap().data.to_string();
        assert!(!text.contains("hidden"), "{text}");
        if text.contains("stage_changed") && text.contains("RUNTIME_ERROR") {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn show_private_shows_private_spaces_and_still_lets_nobody_act() {
    let mut environment = OLD.to_vec();
    environment.push(("SHOW_PRIVATE", "true"));
    let server = Server::start(&environment).await;
    let anonymous = server.browser();
    let list = anonymous.get("/api/proxy/spaces").await.json();
    assert_eq!(list.as_array().unwrap().len(), 4);
    let answer = anonymous.post("/api/proxy/restart/alice%2Fhidden", &json!({})).await;
    assert_eq!(answer.status, 401);
    assert_eq!(anonymous.get("/api/v1/spaces/alice/hidden/secrets").await.status, 401);
    assert_eq!(anonymous.get("/api/v1/accounts").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_key_opens_the_api_and_a_wrong_one_does_not() {
    let server = Server::start(OLD).await;
    let program = server.browser();
    let ask = |bearer: String| {
        let program = &program;
        async move {
            let header = [("authorization", bearer.as_str())];
            program.send(Method::GET, "/api/v1/accounts", &header, "").await
        }
    };
    assert_eq!(ask(format!("Bearer {API_KEY}")).await.status, 200);
    for wrong in ["Bearer nonsense", "Bearer ", &format!("Bearer {TOKEN}"), "Basic YTpi", API_KEY] {
        assert_eq!(ask(wrong.to_owned()).await.code(), "sign_in_needed", "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_the_session_that_opened_it() {
    let server = Server::start(OLD).await;
    let (leaving, staying) = (server.signed_in_as_admin().await, server.signed_in_as_admin().await);
    let all = "/api/v1/events?watch=all";
    let mut left = Events::of(leaving.open(Method::GET, all, &[], "").await);
    let mut stays = Events::of(staying.open(Method::GET, all, &[], "").await);
    let token = leaving.cookie().unwrap().split_once('=').unwrap().1.to_owned();
    let old = format!("/api/proxy/live-metrics-stream?instances=alice/hidden&token={token}");
    let mut old = Events::of(server.browser().open(Method::GET, &old, &[], "").await);
    assert!(left.next().await.is_some() && stays.next().await.is_some());
    old.next_named("metric").await;

    let answer = leaving.send(Method::DELETE, "/api/v1/session", &[], "").await;
    assert_eq!(answer.status, 204);
    while left.next().await.is_some() {}
    while old.next().await.is_some() {}
    // Whoever is still signed in hears on.
    server.hub.world().crash("alice/hidden", "a private reason").unwrap();
    while !stays.next().await.unwrap().data.to_string().contains("a private reason") {}
}
