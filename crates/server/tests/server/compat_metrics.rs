//! The old application's live metrics.

use hfsm_hub_sim::{RouteKind, World};
use hfsm_store::Store;
use http::Method;
use serde_json::json;

use crate::{
    browser::{Browser, Events},
    harness::{OLD, PASSWORD, Server, world},
};

const STREAM: &str = "/api/proxy/live-metrics-stream";

async fn listen(browser: &Browser, query: &str) -> Events {
    Events::of(browser.open(Method::GET, &format!("{STREAM}{query}"), &[], "").await)
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_come_as_there_with_the_session_in_the_query() {
    let server = Server::start(OLD).await;
    let login = json!({ "username": "admin", "password": PASSWORD });
    let token = server.browser().post("/api/login", &login).await.json()["token"].clone();
    let query = format!("?instances=alice%2Fhidden&token={}", token.as_str().unwrap());
    let mut events = listen(&server.browser(), &query).await;
    for _ in 0..2 {
        let event = events.next_named("metric").await;
        assert_eq!(event.data["repoId"], "alice/hidden");
        let metrics = &event.data["metrics"];
        for field in
            ["cpu_usage_pct", "memory_used_bytes", "memory_total_bytes", "rx_bps", "tx_bps"]
        {
            assert!(metrics[field].is_number(), "{field} in {metrics}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_a_visitor_cannot_stream_a_private_space() {
    let server = Server::start(OLD).await;
    for query in ["?instances=alice/hidden", "?instances=alice%2Fhidden&token=guess"] {
        let answer = server.browser().get(&format!("{STREAM}{query}")).await;
        assert_eq!(answer.status, 401, "{query}");
    }
    let unknown = server.browser().get(&format!("{STREAM}?instances=alice/none")).await;
    assert_eq!(unknown.status, 401, "what is hidden and what is not there look alike");
    assert_eq!(server.hub.world().stats().requests(RouteKind::Metrics), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s2_a_visitor_without_a_stream_opens_nothing_upstream() {
    let server = Server::start(OLD).await;
    let update = json!({ "clientId": "guess", "instances": ["alice/demo", "alice/hidden"] });
    let answer = server.browser().post("/api/proxy/update-subscriptions", &update).await;
    assert_eq!(answer.status, 404, "{}", answer.text);
    let mut operator = listen(&server.signed_in_as_admin().await, "?instances=alice/demo").await;
    let id = operator.next_named("connected").await.data["clientId"].clone();
    let update = json!({ "clientId": id, "instances": ["alice/hidden"] });
    let answer = server.browser().post("/api/proxy/update-subscriptions", &update).await;
    assert_eq!(answer.status, 404, "a visitor does not steer the operator's stream");
    assert_eq!(operator.next_named("metric").await.data["repoId"], "alice/demo");
    assert_eq!(server.hub.world().stats().streams_opened[&RouteKind::Metrics], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_stream_changes_what_it_carries() {
    let server = Server::start(OLD).await;
    let admin = server.signed_in_as_admin().await;
    let mut events = listen(&admin, "?instances=alice/demo").await;
    let id = events.next_named("connected").await.data["clientId"].clone();
    for instances in [json!(["alice/hidden"]), json!("alice/xss,alice/hidden")] {
        let update = json!({ "clientId": id, "instances": instances });
        let answer = admin.post("/api/proxy/update-subscriptions", &update).await;
        assert_eq!(answer.json()["success"], true, "{}", answer.text);
    }
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < 2 {
        let event = events.next_named("metric").await;
        seen.insert(event.data["repoId"].as_str().unwrap().to_owned());
        seen.remove("alice/demo");
    }
    assert_eq!(Vec::from_iter(seen), ["alice/hidden", "alice/xss"]);
    let wrong = json!({ "clientId": id, "instances": ["../x"] });
    assert_eq!(admin.post("/api/proxy/update-subscriptions", &wrong).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn m3_two_viewers_share_one_stream_and_each_event_comes_once() {
    let world = World::builder()
        .seed(7)
        .stamped_metrics()
        .user("alice")
        .token("hf_alice_writes_everything", hfsm_hub_sim::TokenKind::Write)
        .space("alice/a", |s| s)
        .space("alice/b", |s| s)
        .space("alice/c", |s| s)
        .space("alice/d", |s| s);
    let server = Server::start_with(OLD, world, Store::in_memory().await.unwrap()).await;
    let admin = server.signed_in_as_admin().await;
    let (mut first, mut second) =
        tokio::join!(listen(&admin, "?instances=alice/a"), listen(&admin, "?instances=alice/a"));
    for events in [&mut first, &mut second] {
        let mut numbers = Vec::new();
        while numbers.len() < 3 {
            numbers.push(
                events.next_named("metric").await.data["metrics"]["rx_bps"].as_f64().unwrap(),
            );
        }
        let mut once = numbers.clone();
        once.dedup();
        assert_eq!(once, numbers);
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1.0), "{numbers:?}");
    }
    assert_eq!(server.hub.world().stats().streams_opened[&RouteKind::Metrics], 1);
    drop((first, second));
    let closed = |counts: &hfsm_hub_sim::Counts| counts.streams(RouteKind::Metrics) == 0;
    server.hub.world().until_asked(closed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_the_head_and_a_first_event_come_before_any_metric() {
    let server = Server::start_with(
        OLD,
        world().space("alice/asleep", |space| space.sleeping()),
        Store::in_memory().await.unwrap(),
    )
    .await;
    let admin = server.signed_in_as_admin().await;
    let mut events = listen(&admin, "?instances=alice/asleep").await;
    assert_eq!(events.next().await.unwrap().name, "connected");
    assert_eq!(server.hub.world().stats().requests(RouteKind::Metrics), 0, "M7, A5: not asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_thousand_names_fit_into_the_address() {
    let server = Server::start(OLD).await;
    let admin = server.signed_in_as_admin().await;
    let names: Vec<String> = (0..1000).map(|n| format!("alice%2Fa-longer-name-{n:04}")).collect();
    let query = format!("?instances=alice%2Fdemo,{}", names.join(","));
    assert!(query.len() > 25_000, "{}", query.len());
    let mut events = listen(&admin, &query).await;
    assert_eq!(events.next_named("metric").await.data["repoId"], "alice/demo");
    let mut all = listen(&admin, "").await;
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < 4 {
        seen.insert(all.next_named("metric").await.data["repoId"].to_string());
    }
    for query in ["?instances=alice/demo,../x", "?instances=alice/demo&instances=alice/xss"] {
        let wrong = admin.get(&format!("{STREAM}{query}")).await;
        assert_eq!((wrong.status.as_u16(), wrong.code().as_str()), (400, "invalid_request"));
    }
}
