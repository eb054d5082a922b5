//! Signing in by the device flow, and what such a token may not do.

use crate::client::{Client, conformance, quick, start};
use http::StatusCode;
use serde_json::json;

async fn exchange(client: &Client, code: &str) -> crate::client::Answer {
    let form = format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&client_id=me&device_code={code}"
    );
    client.form("/oauth/token", form.leak()).await
}

#[tokio::test]
async fn a_device_waits_until_somebody_agrees() {
    let hub = conformance().await;
    let client = Client::anonymous(&hub);
    let device = client.form("/oauth/device", "client_id=me&scope=openid").await.json();
    let code = device["device_code"].as_str().unwrap();
    assert!(device.get("interval").is_none(), "the Hub leaves it out");
    let pending = exchange(&client, code).await;
    assert_eq!(
        (pending.status, pending.error()),
        (StatusCode::BAD_REQUEST, "authorization_pending".to_owned())
    );

    assert!(hub.world().answer_device(device["user_code"].as_str().unwrap(), Some("alice")));
    let granted = exchange(&client, code).await.json();
    let token = granted["access_token"].as_str().unwrap();
    assert!(token.starts_with("hf_oauth_"));
    let signed_in = Client::new(&hub, token);
    assert_eq!(signed_in.get("/api/whoami-v2").await.json()["auth"]["type"], "oauth");
    assert_eq!(signed_in.get("/oauth/userinfo").await.json()["preferred_username"], "alice");
    assert_eq!(exchange(&client, code).await.error(), "invalid_grant", "a code is good once");
}

#[tokio::test]
async fn a_refresh_token_is_good_once() {
    let hub = start(quick().conformance().oauth_agrees("alice")).await;
    let client = Client::anonymous(&hub);
    let device = client.form("/oauth/device", "client_id=me").await.json();
    let granted = exchange(&client, device["device_code"].as_str().unwrap()).await.json();
    let form = format!(
        "grant_type=refresh_token&client_id=me&refresh_token={}",
        granted["refresh_token"].as_str().unwrap()
    );
    let form: &'static str = form.leak();
    let renewed = client.form("/oauth/token", form).await.json();
    assert_ne!(renewed["access_token"], granted["access_token"]);
    assert_eq!(client.form("/oauth/token", form).await.error(), "invalid_grant");
}

#[tokio::test]
async fn a_person_agrees_on_the_page_that_the_device_names() {
    let hub = conformance().await;
    let client = Client::anonymous(&hub);
    let device = client.form("/oauth/device", "client_id=me").await.json();
    let page = client.get(device["verification_uri_complete"].as_str().unwrap()).await;
    assert!(page.text().contains("Agree as alice"));
    let form = format!("user_code={}&user=alice", device["user_code"].as_str().unwrap());
    assert_eq!(client.form("/oauth/device/answer", form.leak()).await.status, StatusCode::OK);
    let granted = exchange(&client, device["device_code"].as_str().unwrap()).await;
    assert_eq!(granted.status, StatusCode::OK);
    assert_eq!(
        client.form("/oauth/device/answer", "user_code=NONE").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_refusal_is_told_to_the_device() {
    let hub = conformance().await;
    let client = Client::anonymous(&hub);
    let device = client.form("/oauth/device", "client_id=me").await.json();
    client
        .post("/_sim/oauth/answer", json!({"user_code": device["user_code"], "user": null}))
        .await;
    let refused = Client::anonymous(&hub);
    assert_eq!(
        exchange(&refused, device["device_code"].as_str().unwrap()).await.error(),
        "access_denied"
    );
}

#[tokio::test]
async fn an_oauth_token_reads_and_pauses_but_does_not_restart() {
    let hub = conformance().await;
    let client = Client::new(&hub, "hf_oauth_alice");
    for (action, body) in [
        ("restart", json!({})),
        ("sleeptime", json!({"seconds": 60})),
        ("hardware", json!({"flavor": "t4-small"})),
    ] {
        let answer = client.post(&format!("/api/spaces/alice/demo/{action}"), body).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{action}");
        assert_eq!(answer.error(), "Invalid username or password.");
    }
    assert_eq!(client.get("/api/spaces/alice/demo/runtime").await.status, StatusCode::OK);
    assert_eq!(client.get("/api/spaces/alice/demo/auth-check/write").await.status, StatusCode::OK);
    assert_eq!(
        client.post("/api/spaces/alice/demo/pause", json!({})).await.json()["stage"],
        "PAUSED"
    );
    assert_eq!(
        client.post("/api/spaces/alice/none/pause", json!({})).await.error(),
        "Repository not found"
    );
}

#[tokio::test]
async fn discovery_names_the_endpoints() {
    let hub = conformance().await;
    let document = Client::anonymous(&hub).get("/.well-known/openid-configuration").await.json();
    assert_eq!(document["token_endpoint"], format!("{}/oauth/token", hub.endpoint()));
}
