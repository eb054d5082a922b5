//! The old application's routes: as there, except where it was wrong. The names in brackets are
//! those of the defects that are asserted not to be here.

use http::Method;
use serde_json::{Value, json};

use crate::{
    browser::Answer,
    harness::{API_KEY, OLD, PASSWORD, Server, TOKEN},
};

async fn keyed(server: &Server, method: Method, path: &str) -> Answer {
    let key = format!("Bearer {API_KEY}");
    server.browser().send(method, path, &[("authorization", &key)], "").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_from_login_over_verify_token_to_logout() {
    let server = Server::start(OLD).await;
    let browser = server.browser();
    assert_eq!(browser.get("/api/config").await.json(), json!({ "usernames": "alice" }));
    let wrong = json!({ "username": "admin", "password": "password" });
    let refused = browser.post("/api/login", &wrong).await;
    assert_eq!((refused.status.as_u16(), refused.json()["success"].clone()), (401, json!(false)));
    assert!(refused.json()["message"].is_string());

    let right = json!({ "username": "admin", "password": PASSWORD });
    let answer = browser.post("/api/login", &right).await;
    assert_eq!((answer.status.as_u16(), answer.json()["success"].clone()), (200, json!(true)));
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    let with_token = json!({ "token": token });
    let verified = server.browser().post("/api/verify-token", &with_token).await;
    assert_eq!((verified.status.as_u16(), verified.json()["success"].clone()), (200, json!(true)));
    let ended = server.browser().post("/api/logout", &with_token).await;
    assert_eq!((ended.status.as_u16(), ended.json()["success"].clone()), (200, json!(true)));
    let verified = server.browser().post("/api/verify-token", &with_token).await;
    assert_eq!((verified.status.as_u16(), verified.json()["success"].clone()), (401, json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn s14_logout_without_a_token_is_json_and_no_stack_trace() {
    let server = Server::start(OLD).await;
    let browser = server.browser();
    for (kind, body) in [("application/json", "{}"), ("application/json", "{"), ("text/plain", "")]
    {
        let headers = [("content-type", kind)];
        let answer = browser.send(Method::POST, "/api/logout", &headers, body).await;
        assert!(answer.status.is_client_error(), "{body}: {}", answer.text);
        assert_eq!(answer.json()["success"], false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_has_the_old_fields_and_hides_private_spaces_from_visitors() {
    let server = Server::start(OLD).await;
    let admin = server.signed_in_as_admin().await;
    let list = admin.get("/api/proxy/spaces").await.json();
    let list = list.as_array().expect("an array, as there");
    assert_eq!(list.len(), 4);
    let demo = list.iter().find(|space| space["repo_id"] == "alice/demo").unwrap();
    for field in [
        "repo_id",
        "name",
        "owner",
        "username",
        "url",
        "stage",
        "last_modified",
        "created_at",
        "sdk",
        "tags",
        "private",
        "app_port",
    ] {
        assert!(demo.get(field).is_some(), "{field} in {demo}");
    }
    assert_eq!((&demo["name"], &demo["username"]), (&json!("Demo"), &json!("alice")));
    assert_eq!(demo["stage"], "RUNNING");

    let stale = [("authorization", "Bearer a-session-of-yesterday")];
    for headers in [&[][..], &stale] {
        let answer = server.browser().send(Method::GET, "/api/proxy/spaces", headers, "").await;
        let seen = answer.json();
        assert_eq!(seen.as_array().unwrap().len(), 3);
        assert!(!answer.text.contains("hidden"), "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c6_the_address_of_an_app_is_the_hubs_and_not_glued_together() {
    let server = Server::start(OLD).await;
    let list = server.browser().get("/api/proxy/spaces").await.json();
    let of = |id: &str| {
        let found = list.as_array().unwrap().iter().find(|space| space["repo_id"] == id);
        found.unwrap()["url"].as_str().unwrap().to_owned()
    };
    let url = of("alice/with_under.score");
    assert!(url.contains("alice-with-under-score"), "{url}");
    assert!(!url.contains("with_under"), "{url}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s8_a_hostile_title_comes_as_data_that_no_browser_takes_for_a_page() {
    let server = Server::start(OLD).await;
    let answer = server.browser().get("/api/proxy/spaces").await;
    let title = "<img src=x onerror=alert(1)>";
    assert!(answer.json().as_array().unwrap().iter().any(|space| space["name"] == title));
    assert!(answer.header("content-type").starts_with("application/json"));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

#[tokio::test(flavor = "multi_thread")]
async fn restart_and_rebuild_take_the_name_with_and_without_escaping() {
    let server = Server::start(OLD).await;
    let admin = server.signed_in_as_admin().await;
    for path in ["/api/proxy/restart/alice%2Fdemo", "/api/proxy/rebuild/alice/with_under.score"] {
        let anonymous = server.browser().post(path, &json!({})).await;
        assert_eq!(
            (anonymous.status.as_u16(), anonymous.json()["success"].clone()),
            (401, json!(false))
        );
        let answer = admin.send(Method::POST, path, &[], "").await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        assert_eq!(answer.json()["success"], true);
        assert!(answer.json()["message"].as_str().unwrap().contains("alice/"));
    }
    for id in ["alice/demo", "alice/with_under.score"] {
        let world = server.hub.world();
        world.until(id, |space| space.stage != "RUNNING").await.unwrap();
    }
    let missing = admin.send(Method::POST, "/api/proxy/restart/alice%2Fnone", &[], "").await;
    assert_eq!((missing.status.as_u16(), missing.code().as_str()), (404, "space_not_found"));
    assert!(missing.json()["error"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn c4_the_list_shows_a_restart_at_once() {
    let server = Server::start(OLD).await;
    let admin = server.signed_in_as_admin().await;
    let stage = async || {
        let list = admin.get("/api/proxy/spaces").await.json();
        let demo = list.as_array().unwrap().iter().find(|space| space["repo_id"] == "alice/demo");
        demo.unwrap()["stage"].as_str().unwrap().to_owned()
    };
    assert_eq!(stage().await, "RUNNING");
    let answer = admin.send(Method::POST, "/api/proxy/rebuild/alice%2Fdemo", &[], "").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_ne!(stage().await, "RUNNING");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_with_the_key_read_and_act_with_a_token_in_the_path() {
    let server = Server::start(OLD).await;
    let list = keyed(&server, Method::GET, &format!("/api/v1/info/{TOKEN}")).await;
    assert_eq!(list.status, 200, "{}", list.text);
    assert_eq!(list.json()["total"], 4);
    assert!(list.json()["spaces"].as_array().unwrap().contains(&json!("alice/hidden")));
    for path in ["alice%2Fdemo", "alice/demo"] {
        let path = format!("/api/v1/info/{TOKEN}/{path}");
        let info = keyed(&server, Method::GET, &path).await.json();
        assert_eq!((&info["id"], &info["status"]), (&json!("alice/demo"), &json!("RUNNING")));
        for field in ["last_modified", "created_at", "sdk", "tags", "private"] {
            assert!(info.get(field).is_some(), "{field} in {info}");
        }
    }
    let path = format!("/api/v1/action/{TOKEN}/alice/demo/restart");
    let answer = keyed(&server, Method::POST, &path).await;
    assert_eq!((answer.status.as_u16(), answer.json()["success"].clone()), (200, json!(true)));
    let path = format!("/api/v1/action/{TOKEN}/alice%2Fxss/rebuild");
    assert_eq!(keyed(&server, Method::POST, &path).await.status, 200);
    let world = server.hub.world();
    world.until("alice/xss", |space| space.stage != "RUNNING").await.unwrap();
    let other = format!("/api/v1/action/{TOKEN}/alice/demo/delete");
    assert_eq!(keyed(&server, Method::POST, &other).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn s5_a_token_that_is_not_known_here_acts_for_itself() {
    let world = crate::harness::world()
        .user("bob")
        .token("hf_bob_writes_his_own", hfsm_hub_sim::TokenKind::Write)
        .space("bob/own", |space| space.private());
    let store = hfsm_store::Store::in_memory().await.unwrap();
    let server = Server::start_with(OLD, world, store).await;
    let list = keyed(&server, Method::GET, "/api/v1/info/hf_bob_writes_his_own").await.json();
    assert_eq!(list, json!({ "total": 1, "spaces": ["bob/own"] }));
    let path = "/api/v1/action/hf_bob_writes_his_own/bob/own/restart";
    assert_eq!(keyed(&server, Method::POST, path).await.json()["success"], true);
    let path = "/api/v1/action/hf_bob_writes_his_own/alice/hidden/restart";
    let refused = keyed(&server, Method::POST, path).await;
    assert!(refused.status.is_client_error(), "{}", refused.text);
    assert_eq!(server.stage("alice/hidden"), "RUNNING");
    let nobody = keyed(&server, Method::GET, "/api/v1/info/hf_nobody_has_this_token").await;
    assert_eq!(nobody.code(), "token_refused");
    assert!(!nobody.text.contains("hf_nobody"), "{}", nobody.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_without_a_key_or_with_the_published_one_the_program_routes_are_closed() {
    let closed: &[(&str, &str)] = &[("HF_USER", "alice:hf_alice_writes_everything")];
    let published: &[(&str, &str)] =
        &[("HF_USER", "alice:hf_alice_writes_everything"), ("API_KEY", "your_api_key_here")];
    for environment in [closed, published] {
        let server = Server::start(environment).await;
        for bearer in ["Bearer your_api_key_here", "Bearer undefined", "Bearer "] {
            let header = [("authorization", bearer)];
            let path = format!("/api/v1/info/{TOKEN}");
            let answer = server.browser().send(Method::GET, &path, &header, "").await;
            assert_eq!(answer.status, 401, "{bearer}");
        }
        let body: Value = json!({ "username": "admin", "password": "password" });
        assert_eq!(server.browser().post("/api/login", &body).await.status, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_no_key_for_the_program_routes() {
    let server = Server::start(OLD).await;
    let admin = server.signed_in_as_admin().await;
    assert_eq!(admin.get(&format!("/api/v1/info/{TOKEN}")).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn s10_a_hundred_visitors_cost_the_hub_nothing() {
    let server = Server::start(OLD).await;
    let asked = server.hub.world().stats().total();
    for _ in 0..100 {
        assert_eq!(server.browser().get("/api/proxy/spaces").await.status, 200);
    }
    // The fleet's own polling may fall into the same moment; a request for each visitor may not.
    assert!(server.hub.world().stats().total() - asked < 10);
}
