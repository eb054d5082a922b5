//! What changes Spaces.

use crate::client::{Client, conformance, quick, start};
use hfsm_hub_sim::TokenKind;
use http::StatusCode;
use serde_json::json;

#[tokio::test]
async fn a_restarted_space_runs_again_with_another_container() {
    let hub = conformance().await;
    let before = hub.world().space("alice/demo").unwrap().replicas;
    let answer = Client::alice(&hub).post("/api/spaces/alice/demo/restart", json!({})).await;
    assert_eq!(answer.json()["stage"], "RUNNING_BUILDING");
    let after = hub.world().until("alice/demo", |space| space.stage == "RUNNING").await.unwrap();
    assert_eq!(after.replicas.len(), 1);
    assert_ne!(after.replicas, before);
}

#[tokio::test]
async fn a_pause_is_at_once_and_a_visit_does_not_end_it() {
    let hub = conformance().await;
    let client = Client::alice(&hub);
    let answer = client.post("/api/spaces/alice/demo/pause", json!({})).await;
    assert_eq!(answer.json()["stage"], "PAUSED");
    assert_eq!(client.get("/app/alice-demo/").await.status, StatusCode::OK);
    assert_eq!(hub.world().space("alice/demo").unwrap().stage, "PAUSED");
}

#[tokio::test]
async fn an_owner_at_the_limit_gets_403_and_a_sleeper_ends_paused() {
    let world = quick()
        .user_with("alice", |user| user.cpu_basic_limit(1))
        .token("hf_alice_write", TokenKind::Write)
        .space("alice/runs", |space| space.running())
        .space("alice/paused", |space| space.paused())
        .space("alice/asleep", |space| space.sleeping())
        .space("alice/paid", |space| space.hardware("cpu-upgrade").paused());
    let hub = start(world).await;
    let client = Client::alice(&hub);
    let refused = client.post("/api/spaces/alice/paused/restart", json!({})).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.error().starts_with("You've reached your cpu-basic quota limit"));
    assert_eq!(refused.header("x-error-message"), refused.error());

    let taken = client.post("/api/spaces/alice/asleep/restart", json!({})).await;
    assert_eq!(taken.status, StatusCode::OK);
    let ended = hub.world().until("alice/asleep", |space| space.stage == "PAUSED").await.unwrap();
    assert_eq!(
        ended.error_message.as_deref(),
        Some("Quota exceeded for flavor cpu-basic (requested=1): current=1, limit=1")
    );
    assert_eq!(
        client.post("/api/spaces/alice/paid/restart", json!({})).await.status,
        StatusCode::OK
    );
    assert_eq!(
        client.post("/api/spaces/alice/runs/restart", json!({})).await.status,
        StatusCode::OK,
        "who has a slot keeps it"
    );
}

#[tokio::test]
async fn a_flagged_space_answers_503_in_html() {
    let hub = conformance().await;
    let answer = Client::alice(&hub).post("/api/spaces/alice/flagged/restart", json!({})).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let runtime = Client::alice(&hub).get("/api/spaces/alice/flagged/runtime").await.json();
    assert_eq!(runtime["errorMessage"], "Flagged as abusive");
}

#[tokio::test]
async fn static_spaces_take_no_actions() {
    let hub = conformance().await;
    let client = Client::alice(&hub);
    for (action, body) in
        [("restart", json!({})), ("pause", json!({})), ("dev-mode", json!({"enabled": true}))]
    {
        let answer = client.post(&format!("/api/spaces/alice/site/{action}"), body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{action}");
    }
    let runtime = client.get("/api/spaces/alice/site/runtime").await.json();
    assert_eq!(
        runtime,
        json!({"stage": "RUNNING", "hardware": {"current": null, "requested": null}, "storage": null, "replicas": {"requested": 1, "current": 1}})
    );
}

#[tokio::test]
async fn sleep_times_and_hardware_are_checked() {
    let hub = conformance().await;
    let client = Client::alice(&hub);
    for seconds in [json!(0), json!(-2), json!("soon"), json!(1.5)] {
        let answer =
            client.post("/api/spaces/alice/gradio/sleeptime", json!({"seconds": seconds})).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{seconds}");
    }
    let answer =
        client.post("/api/spaces/alice/gradio/hardware", json!({"flavor": "abacus"})).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let answer =
        client.post("/api/spaces/alice/demo/hardware", json!({"flavor": "t4-medium"})).await.json();
    assert_eq!(answer["stage"], "RUNNING_BUILDING");
    assert_eq!(answer["hardware"], json!({"current": "cpu-basic", "requested": "t4-medium"}));
    let after = hub.world().until("alice/demo", |space| space.stage == "RUNNING").await.unwrap();
    assert_eq!(after.runtime["hardware"]["current"], "t4-medium");
}

#[tokio::test]
async fn replicas_are_for_paid_hardware_and_each_reports() {
    let hub = conformance().await;
    let client = Client::alice(&hub);
    let free = client.post("/api/spaces/alice/demo/replicas", json!({"replicas": 2})).await;
    assert_eq!(free.status, StatusCode::FORBIDDEN);
    let paid = client.post("/api/spaces/alice/two/replicas", json!({"replicas": 3})).await;
    assert_eq!(paid.json()["replicas"]["requested"], 3);
    let after = hub.world().until("alice/two", |space| space.replicas.len() == 3).await.unwrap();
    assert_eq!(after.runtime["replicas"]["current"], 3);
}

#[tokio::test]
async fn dev_mode_needs_a_plan_and_keeps_pushes_from_rebuilding() {
    let hub = conformance().await;
    let bob = Client::new(&hub, "hf_bob_write");
    let refused = bob.post("/api/spaces/bob/thing/dev-mode", json!({"enabled": true})).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let alice = Client::alice(&hub);
    assert_eq!(
        alice.post("/api/spaces/alice/demo/dev-mode", json!({"enabled": true})).await.json()["devMode"],
        true
    );
    hub.world().until("alice/demo", |space| space.stage == "RUNNING").await.unwrap();
    hub.world().push_commit("alice/demo").unwrap();
    let space = hub.world().space("alice/demo").unwrap();
    assert_eq!(space.stage, "RUNNING");
    assert_ne!(space.running_sha.as_deref(), Some(space.sha.as_str()));
}

#[tokio::test]
async fn variables_answer_with_the_whole_map_and_restart_the_app() {
    let hub = conformance().await;
    let client = Client::alice(&hub);
    let map = client
        .post("/api/spaces/alice/demo/variables", json!({"key": "foo", "value": "1"}))
        .await
        .json();
    assert_eq!(map["foo"]["value"], "1");
    assert_eq!(map["MODEL_REPO_ID"]["value"], "alice/model");
    hub.world().until("alice/demo", |space| space.stage == "RUNNING").await.unwrap();
    let map = client.delete("/api/spaces/alice/demo/variables", json!({"key": "foo"})).await.json();
    assert!(map.get("foo").is_none());
    assert_eq!(
        client.delete("/api/spaces/alice/demo/variables", json!({"key": "nope"})).await.status,
        StatusCode::OK
    );
    let bad =
        client.post("/api/spaces/alice/demo/variables", json!({"key": "a-b", "value": ""})).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_value_of_a_secret_never_comes_back() {
    let hub = conformance().await;
    let client = Client::alice(&hub);
    let value = "very-secret-value";
    let set =
        client.post("/api/spaces/alice/demo/secrets", json!({"key": "S", "value": value})).await;
    assert_eq!(set.json(), json!({}));
    let listed = client.get("/api/spaces/alice/demo/secrets").await;
    assert!(!listed.text().contains(value));
    assert_eq!(listed.json()["S"]["key"], "S");
}

#[tokio::test]
async fn a_body_that_is_no_json_is_a_bad_request() {
    let hub = conformance().await;
    let answer = Client::alice(&hub).form("/api/spaces/alice/demo/variables", "key=value").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.error().starts_with("Invalid body"));
}

#[tokio::test]
async fn a_space_moves_and_its_address_with_it() {
    let hub = conformance().await;
    let client = Client::alice(&hub);
    let body = json!({"fromRepo": "alice/demo", "toRepo": "acme/demo", "type": "space"});
    assert_eq!(client.post("/api/repos/move", body).await.status, StatusCode::OK);
    assert_eq!(client.get("/api/spaces/acme/demo/host").await.json()["subdomain"], "acme-demo");
    assert_eq!(
        client.get("/api/spaces/alice/demo").await.header("location"),
        "/api/spaces/acme/demo"
    );
}

#[tokio::test]
async fn two_names_that_look_alike_get_different_addresses() {
    let hub = start(quick().space("alice/a_b", |s| s).space("alice/a-b", |s| s)).await;
    let address = |id: &str| hub.world().space(id).unwrap().subdomain;
    assert_eq!(address("alice/a_b"), "alice-a-b");
    assert_ne!(address("alice/a-b"), address("alice/a_b"));
}

#[tokio::test]
async fn settings_change_who_sees_a_space() {
    let hub = conformance().await;
    let answer =
        Client::alice(&hub).put("/api/spaces/alice/demo/settings", json!({"private": true})).await;
    assert_eq!(answer.json()["private"], true);
    assert_eq!(
        Client::anonymous(&hub).get("/api/spaces/alice/demo").await.status,
        StatusCode::UNAUTHORIZED
    );
}
