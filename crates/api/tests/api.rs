//! The API over a fleet on a simulated Hub, called in process: what the desktop calls, too.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
    response::Response,
};
use futures::StreamExt;
use hfsm_api::{Caller, PublicView};
use hfsm_core::{
    Fleet, Pace,
    events::{Audience, Watch},
    sources::configured_accounts,
    vault::MemoryVault,
};
use hfsm_hub::{Hub, HubConfig};
use hfsm_hub_sim::{Durations, RouteKind, SimHub, TokenKind, World};
use hfsm_model::Clock;
use hfsm_store::Store;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

struct Scene {
    hub: SimHub,
    fleet: Fleet,
    router: Router,
}

async fn scene() -> Scene {
    let world = World::builder()
        .seed(3)
        .durations(Durations::all(Duration::from_millis(40)))
        .metric_interval(Duration::from_millis(30))
        .user("alice")
        .token("hf_alice_write", TokenKind::Write)
        .user("bob")
        .token("hf_bob_read", TokenKind::Read)
        .space("alice/demo", |space| space.running().title("<img src=x onerror=alert(1)>"))
        .space("alice/secret", |space| space.running().private())
        .space("alice/page", |space| space.statics())
        .build();
    let hub = SimHub::start(world).await.unwrap();
    let config = HubConfig::new(
        hub.endpoint().parse().unwrap(),
        hub.metrics_endpoint().parse().unwrap(),
        hub.app_url_template(),
    );
    let clock = Clock::system();
    let store = Store::in_memory().await.unwrap();
    let fleet = Fleet::builder(clock, Hub::new(config, clock).unwrap(), store)
        .configured(configured_accounts(Some("alice:hf_alice_write"), None).accounts)
        .vault(Arc::new(MemoryVault::default()))
        .pace(Pace::brisk())
        .build()
        .await
        .unwrap();
    fleet.start();
    let mut reader = fleet.subscribe(Audience::Everything, Watch::nothing());
    while fleet.spaces().len() < 3 {
        tokio::time::timeout(Duration::from_secs(20), reader.next()).await.unwrap();
    }
    Scene { hub, router: hfsm_api::router(fleet.clone()), fleet }
}

impl Scene {
    async fn ask(
        &self,
        caller: Option<Caller>,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let mut request = request.body(body).unwrap();
        if let Some(caller) = caller {
            request.extensions_mut().insert(caller);
        }
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn desktop(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        parts(self.ask(Some(Caller::Desktop), method, path, body).await).await
    }
}

async fn parts(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

fn anonymous(view: PublicView) -> Option<Caller> {
    Some(Caller::Anonymous { view })
}

#[tokio::test]
async fn nothing_is_answered_without_a_caller_or_to_strangers() {
    let scene = scene().await;
    for path in [
        "/api/v1/spaces",
        "/api/v1/spaces/alice/demo",
        "/api/v1/spaces/alice/demo/metrics",
        "/api/v1/spaces/alice/demo/logs/run",
        "/api/v1/spaces/alice/demo/logs/run/stream",
        "/api/v1/stage-changes",
        "/api/v1/jobs",
        "/api/v1/jobs/export",
        "/api/v1/runs",
        "/api/v1/keep-alive",
        "/api/v1/keep-alive/spaces",
        "/api/v1/auto-heal",
        "/api/v1/auto-heal/spaces",
        "/api/v1/views",
        "/api/v1/events",
        "/api/v1/accounts",
        "/api/v1/activity",
        "/api/v1/system/version",
        "/api/v1/hardware",
    ] {
        for caller in [None, anonymous(PublicView::Nothing)] {
            let (status, problem) = parts(scene.ask(caller, Method::GET, path, None).await).await;
            assert_eq!(
                (status, &problem["code"]),
                (StatusCode::UNAUTHORIZED, &json!("sign_in_needed")),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn a_public_view_shows_public_spaces_and_says_nothing_of_accounts() {
    let scene = scene().await;
    let view = || anonymous(PublicView::PublicSpaces);
    let (_, page) = parts(scene.ask(view(), Method::GET, "/api/v1/spaces", None).await).await;
    let names: Vec<_> =
        page["items"].as_array().unwrap().iter().map(|space| &space["id"]).collect();
    assert_eq!(names, ["alice/demo", "alice/page"]);
    assert_eq!(page["items"][0]["accounts"], json!([]));
    for (path, expected) in [
        ("/api/v1/spaces/alice/secret", StatusCode::NOT_FOUND),
        ("/api/v1/spaces/alice/secret/metrics", StatusCode::NOT_FOUND),
        ("/api/v1/spaces/alice/demo/metrics", StatusCode::OK),
        ("/api/v1/spaces/alice/demo/logs/run", StatusCode::UNAUTHORIZED),
        ("/api/v1/accounts", StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(scene.ask(view(), Method::GET, path, None).await.status(), expected, "{path}");
    }
    let restart = scene.ask(view(), Method::POST, "/api/v1/spaces/alice/demo/restart", None).await;
    assert_eq!(restart.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_anonymous_stream_carries_nothing_of_private_spaces() {
    let scene = scene().await;
    let stream = scene
        .ask(anonymous(PublicView::PublicSpaces), Method::GET, "/api/v1/events?watch=all", None)
        .await;
    let mut body = stream.into_body().into_data_stream();
    let mut text = String::new();
    scene.hub.world().crash("alice/secret", "boom").unwrap();
    while !text.contains("\"type\":\"metrics\"") || text.len() < 4000 {
        let chunk = tokio::time::timeout(Duration::from_secs(20), body.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    assert!(text.contains("alice/demo"));
    assert!(!text.contains("alice/secret"), "{text}");
}

#[tokio::test]
async fn recent_stage_changes_of_all_spaces_come_in_one_answer() {
    let scene = scene().await;
    let mut reader = scene.fleet.subscribe(Audience::Everything, Watch::nothing());
    for space in ["alice/demo", "alice/secret"] {
        scene.hub.world().crash(space, "Exit code: 1").unwrap();
    }
    let failed = |changes: &Value| -> Vec<String> {
        let all = changes.as_array().unwrap().iter();
        let mut failed: Vec<_> = all
            .filter(|change| change["to"] == "RUNTIME_ERROR")
            .map(|change| change["space"].as_str().unwrap().to_owned())
            .collect();
        failed.sort();
        failed
    };
    let path = "/api/v1/stage-changes?hours=1";
    while failed(&scene.desktop(Method::GET, path, None).await.1) != ["alice/demo", "alice/secret"]
    {
        tokio::time::timeout(Duration::from_secs(20), reader.next()).await.unwrap();
    }

    let view = anonymous(PublicView::PublicSpaces);
    let (_, public) = parts(scene.ask(view, Method::GET, path, None).await).await;
    assert_eq!(failed(&public), ["alice/demo"]);
    for hours in ["0", "169", "many"] {
        let path = format!("/api/v1/stage-changes?hours={hours}");
        let (status, _) = scene.desktop(Method::GET, &path, None).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{hours}");
    }
}

#[tokio::test]
async fn lists_page_by_cursor_and_bad_ones_are_told() {
    let scene = scene().await;
    let (_, first) = scene.desktop(Method::GET, "/api/v1/spaces?limit=2", None).await;
    assert_eq!((first["items"].as_array().unwrap().len(), &first["total"]), (2, &json!(3)));
    let cursor = first["next_cursor"].as_str().unwrap();
    let (_, second) =
        scene.desktop(Method::GET, &format!("/api/v1/spaces?limit=2&cursor={cursor}"), None).await;
    assert_eq!(second["items"][0]["id"], "alice/secret");
    assert_eq!(second["next_cursor"], Value::Null);
    for bad in
        ["limit=0", "limit=-1", "limit=abc", "limit=99999999999", "cursor=%21", "family=nice"]
    {
        let (status, problem) =
            scene.desktop(Method::GET, &format!("/api/v1/spaces?{bad}"), None).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::BAD_REQUEST, &json!("invalid_request")),
            "{bad}"
        );
    }
    let (_, found) = scene.desktop(Method::GET, "/api/v1/spaces?q=ONERROR", None).await;
    assert_eq!(found["items"][0]["title"], "<img src=x onerror=alert(1)>");
}

#[tokio::test]
async fn a_restart_is_accepted_with_an_operation_that_can_be_read() {
    let scene = scene().await;
    let response = scene
        .ask(Some(Caller::Desktop), Method::POST, "/api/v1/spaces/alice/demo/restart", None)
        .await;
    let location = response.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let (status, operation) = parts(response).await;
    assert_eq!((status, &operation["state"]), (StatusCode::ACCEPTED, &json!("following")));
    let (status, read) = scene.desktop(Method::GET, &location, None).await;
    assert_eq!((status, &read["id"]), (StatusCode::OK, &operation["id"]));
    let (_, activity) = scene.desktop(Method::GET, "/api/v1/activity", None).await;
    assert_eq!(activity["items"][0]["kind"], "restart");
    for (filter, found) in [("desktop", 1), ("job", 0), ("job&actor_name=nightly", 0)] {
        let path = format!("/api/v1/activity?kind=restart&actor={filter}");
        let (_, activity) = scene.desktop(Method::GET, &path, None).await;
        assert_eq!(activity["items"].as_array().map(Vec::len), Some(found), "{filter}");
    }
}

#[tokio::test]
async fn a_request_with_a_key_acts_once_however_often_it_is_sent() {
    let scene = scene().await;
    let send = |path: &str| {
        let mut request =
            Request::post(path).header("idempotency-key", "k-1").body(Body::empty()).unwrap();
        request.extensions_mut().insert(Caller::ApiKey);
        scene.router.clone().oneshot(request)
    };
    let restart = "/api/v1/spaces/alice/demo/restart";
    let (first, second) = tokio::join!(send(restart), send(restart));
    let (first, second) = (parts(first.unwrap()).await, parts(second.unwrap()).await);
    assert_eq!(first.0, StatusCode::ACCEPTED);
    assert_eq!(first.1["id"], second.1["id"]);
    assert_eq!(scene.hub.world().stats().requests(RouteKind::Restart), 1);
    let (status, problem) = parts(send("/api/v1/spaces/alice/demo/pause").await.unwrap()).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("idempotency_key_reused"))
    );
}

#[tokio::test]
async fn bad_names_and_bodies_are_problems_with_words() {
    let scene = scene().await;
    let long = "x".repeat(300);
    for path in [
        "/api/v1/spaces/alice/..%2F..%2Fwhoami-v2".to_owned(),
        "/api/v1/spaces/alice/a%2fb".to_owned(),
        "/api/v1/spaces/alice/a'b".to_owned(),
        "/api/v1/spaces/alice/%22".to_owned(),
        format!("/api/v1/spaces/alice/{long}"),
    ] {
        let (status, problem) = scene.desktop(Method::GET, &path, None).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::BAD_REQUEST, &json!("invalid_request")),
            "{path}"
        );
    }
    let hardware = "/api/v1/spaces/alice/demo/hardware";
    for body in
        [json!({}), json!({"flavor": 7}), json!([]), json!({"flavor": "cpu-basic", "more": 1})]
    {
        let (status, problem) = scene.desktop(Method::PUT, hardware, Some(body.clone())).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::BAD_REQUEST, &json!("invalid_request")),
            "{body}"
        );
    }
    for seconds in [json!(0), json!(-5), json!("abc"), json!(1e30), json!(31_536_001)] {
        let body = json!({"sleep_time": seconds});
        let (status, _) = scene
            .desktop(Method::PUT, "/api/v1/spaces/alice/demo/sleep-time", Some(body.clone()))
            .await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    }
    let (status, problem) =
        scene.desktop(Method::POST, "/api/v1/spaces/alice/page/restart", None).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("static_space")));
    let (status, problem) =
        scene.desktop(Method::POST, "/api/v1/spaces/alice/nothing/restart", None).await;
    assert_eq!((status, &problem["space"]), (StatusCode::NOT_FOUND, &json!("alice/nothing")));
    let (status, problem) = scene.desktop(Method::PATCH, "/api/v1/spaces", None).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::METHOD_NOT_ALLOWED, &json!("method_not_allowed"))
    );
}

#[tokio::test]
async fn a_refused_token_is_told_without_repeating_it() {
    let scene = scene().await;
    let body = json!({"token": "hf_wrong_and_private"});
    let (status, problem) = scene.desktop(Method::POST, "/api/v1/accounts", Some(body)).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("token_refused"))
    );
    assert!(!problem.to_string().contains("hf_wrong"), "{problem}");
}

#[tokio::test]
async fn a_token_is_looked_at_before_it_is_kept() {
    let scene = scene().await;
    let preview = "/api/v1/accounts/preview";
    let body = |token: &str| Some(json!({ "token": token }));
    let (status, seen) = scene.desktop(Method::POST, preview, body("hf_bob_read")).await;
    assert_eq!((status, &seen["account"]["id"]), (StatusCode::OK, &json!("bob")), "{seen}");
    assert_eq!(seen["account"]["token"]["kind"], "read");
    assert_eq!(seen["already_here"], false);
    assert!(!seen.to_string().contains("hf_bob_read"));
    let (status, _) = scene.desktop(Method::GET, "/api/v1/accounts/bob", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "nothing was kept");
    let (_, seen) = scene.desktop(Method::POST, preview, body("hf_alice_write")).await;
    assert_eq!(seen["already_here"], true);
    let (status, problem) = scene.desktop(Method::POST, preview, body("hf_wrong")).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("token_refused"))
    );
}

#[tokio::test]
async fn quiet_is_asked_for_in_minutes_and_taken_back() {
    let scene = scene().await;
    let mutes = "/api/v1/mutes";
    for minutes in [json!(0), json!(10_081), json!(-1), json!("an hour")] {
        let (status, _) =
            scene.desktop(Method::POST, mutes, Some(json!({ "minutes": minutes }))).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{minutes}");
    }
    let unknown = json!({ "space": "alice/nothing", "minutes": 60 });
    let (status, _) = scene.desktop(Method::POST, mutes, Some(unknown)).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    for space in [json!("alice/demo"), json!(null)] {
        let request = json!({ "space": space, "minutes": 60 });
        let (status, _) = scene.desktop(Method::POST, mutes, Some(request)).await;
        assert_eq!(status, StatusCode::OK);
    }
    let (_, list) = scene.desktop(Method::GET, mutes, None).await;
    assert_eq!([&list[0]["space"], &list[1]["space"]], [&json!(null), &json!("alice/demo")]);
    let (status, _) = scene.desktop(Method::DELETE, mutes, None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let one = "/api/v1/mutes?space=alice/demo";
    let (_, list) = scene.desktop(Method::GET, mutes, None).await;
    assert_eq!((list.as_array().unwrap().len(), &list[0]["space"]), (1, &json!("alice/demo")));
    assert_eq!(scene.desktop(Method::DELETE, one, None).await.0, StatusCode::NO_CONTENT);
    let visitor = scene.ask(anonymous(PublicView::AllSpaces), Method::GET, mutes, None).await;
    assert_eq!(visitor.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_a_stream_carries_can_be_changed_while_it_is_open() {
    let scene = scene().await;
    let stream = scene.ask(Some(Caller::Desktop), Method::GET, "/api/v1/events", None).await;
    let mut body = stream.into_body().into_data_stream();
    let first = body.next().await.unwrap().unwrap();
    let hello: Value = serde_json::from_str(
        std::str::from_utf8(&first).unwrap().split_once("data: ").unwrap().1.trim(),
    )
    .unwrap();
    let name = hello["event"]["data"]["stream"].as_str().unwrap();
    let watch = format!("/api/v1/events/{name}/watch");
    let anonymous = scene
        .ask(anonymous(PublicView::PublicSpaces), Method::PUT, &watch, Some(json!({"all": true})))
        .await;
    assert_eq!(anonymous.status(), StatusCode::NOT_FOUND, "a stream that hears more is not theirs");
    let (status, _) =
        scene.desktop(Method::PUT, &watch, Some(json!({"spaces": ["alice/demo"]}))).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let mut text = String::new();
    while !text.contains("\"type\":\"metrics\"") {
        let chunk = tokio::time::timeout(Duration::from_secs(20), body.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    assert!(!text.contains("alice/secret"));
    drop(body);
    scene.fleet.shutdown().await;
}

#[tokio::test]
async fn labels_are_a_persons_own_and_not_shown_to_visitors() {
    let scene = scene().await;
    let labels = "/api/v1/spaces/alice/demo/labels";
    let body = Some(json!({"labels": [" prod ", "Alpha", "PROD"]}));
    let (status, space) = scene.desktop(Method::PUT, labels, body).await;
    assert_eq!((status, &space["labels"]), (StatusCode::OK, &json!(["Alpha", "prod"])));
    for bad in [json!({"labels": [""]}), json!({"labels": "prod"}), json!({})] {
        let (status, _) = scene.desktop(Method::PUT, labels, Some(bad.clone())).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{bad}");
    }
    let found = "/api/v1/spaces?label=PROD";
    let (_, page) = scene.desktop(Method::GET, found, None).await;
    assert_eq!((&page["total"], &page["items"][0]["id"]), (&json!(1), &json!("alice/demo")));
    let view = || anonymous(PublicView::AllSpaces);
    let (_, page) = parts(scene.ask(view(), Method::GET, found, None).await).await;
    assert_eq!(page["total"], 0);
    let path = "/api/v1/spaces/alice/demo";
    let (_, space) = parts(scene.ask(view(), Method::GET, path, None).await).await;
    assert_eq!(space["labels"], json!([]));
}

#[tokio::test]
async fn views_are_kept_as_they_were_given() {
    let scene = scene().await;
    let views = "/api/v1/views";
    let list = json!([{
        "id": "6f1c8f0e-0d6a-4a7e-9b7e-2f1d3c4b5a69", "name": "Broken", "query": "family=broken"
    }]);
    let (status, kept) = scene.desktop(Method::PUT, views, Some(list.clone())).await;
    assert_eq!((status, &kept), (StatusCode::OK, &list));
    let many: Vec<Value> = (0..51)
        .map(|n| json!({"id": format!("6f1c8f0e-0d6a-4a7e-9b7e-2f1d3c4b5a{n:02}"), "name": "x", "query": ""}))
        .collect();
    for bad in [json!([{"id": "1", "name": "x", "query": ""}]), json!({}), json!(many)] {
        let (status, _) = scene.desktop(Method::PUT, views, Some(bad)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(scene.desktop(Method::GET, views, None).await.1, list);
}

#[tokio::test]
async fn a_history_is_asked_for_by_time_and_bad_times_are_told() {
    let scene = scene().await;
    let path = "/api/v1/spaces/alice/demo/metrics/history";
    let (status, history) = scene.desktop(Method::GET, path, None).await;
    assert_eq!((status, &history["step_seconds"]), (StatusCode::OK, &json!(60)));
    assert_eq!((&history["series"], &history["earliest"]), (&json!([]), &json!(null)));
    let wide = format!("{path}?from=2026-01-01T00:00:00Z&to=2026-11-01T00:00:00Z");
    assert_eq!(scene.desktop(Method::GET, &wide, None).await.1["step_seconds"], 36_000);
    for bad in [
        "step=2m",
        "from=yesterday",
        "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
        "to=-262143-01-01T00:00:00Z",
    ] {
        let (status, problem) = scene.desktop(Method::GET, &format!("{path}?{bad}"), None).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::BAD_REQUEST, &json!("invalid_request")),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn the_logs_of_several_spaces_come_in_one_stream_and_one_in_trouble_ends_none() {
    let scene = scene().await;
    scene.hub.world().log("alice/demo", "said by demo").unwrap();
    scene.hub.world().log("alice/secret", "said by secret").unwrap();
    let many: Vec<String> = (0..21).map(|n| format!("space=a/s{n}")).collect();
    for bad in ["", "space=nothing", "space=alice/demo&tail=-1", &many.join("&")] {
        let path = format!("/api/v1/logs/run/stream?{bad}");
        let (status, _) = scene.desktop(Method::GET, &path, None).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{bad}");
    }
    let path = "/api/v1/logs/run/stream?space=alice/demo&space=alice%2Fsecret&space=alice/page&space=x/y&tail=5";
    let stream = scene.ask(Some(Caller::Desktop), Method::GET, path, None).await;
    let mut body = stream.into_body().into_data_stream();
    let mut text = String::new();
    let wanted = ["said by demo", "said by secret", "is static", "no account here sees"];
    while !wanted.iter().all(|wanted| text.contains(wanted)) {
        let chunk = tokio::time::timeout(Duration::from_secs(20), body.next()).await;
        text.push_str(std::str::from_utf8(&chunk.unwrap().unwrap().unwrap()).unwrap());
    }
    for block in text.split_terminator("\n\n") {
        let update: Value = serde_json::from_str(block.strip_prefix("data: ").unwrap()).unwrap();
        let said = update["data"].to_string();
        match update["space"].as_str().unwrap() {
            "alice/demo" => assert!(!said.contains("secret"), "{said}"),
            "alice/secret" => assert!(!said.contains("by demo"), "{said}"),
            "alice/page" | "x/y" => assert_eq!(update["type"], "waiting"),
            other => panic!("{other}"),
        }
    }
}

fn nightly() -> Value {
    json!({
        "name": "nightly",
        "action": { "type": "restart" },
        "target": { "type": "spaces", "spaces": ["alice/demo"] },
        "trigger": { "type": "cron", "expression": "0 3 * * *", "zone": "Europe/Paris" }
    })
}

#[tokio::test]
async fn a_job_is_made_looked_at_changed_done_now_paused_copied_and_removed() {
    let scene = scene().await;
    let response =
        scene.ask(Some(Caller::Desktop), Method::POST, "/api/v1/jobs", Some(nightly())).await;
    let location = response.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let (status, job) = parts(response).await;
    assert_eq!(
        (status, &job["plan"]["terms"]["timeout_secs"]),
        (StatusCode::CREATED, &json!(2100))
    );
    assert!(job["planned_at"].as_str().unwrap().contains("00:00"), "{job}");
    let mut plan = job["plan"].clone();
    // Never is another sleep time than the Hub's own.
    for (wanted, kept) in [
        (json!({ "type": "set_hardware", "flavor": "t4-small" }), None),
        (
            json!({ "type": "set_hardware", "flavor": "t4-small", "sleep_time": null }),
            Some(Value::Null),
        ),
        (
            json!({ "type": "set_hardware", "flavor": "t4-small", "sleep_time": 300 }),
            Some(json!(300)),
        ),
    ] {
        plan["action"] = wanted.clone();
        let (_, job) = scene.desktop(Method::PUT, &location, Some(plan.clone())).await;
        assert_eq!(job["plan"]["action"].get("sleep_time"), kept.as_ref(), "{wanted}");
    }
    plan["action"] = json!({ "type": "restart" });
    plan["trigger"] =
        json!({ "type": "every", "seconds": 86_400, "anchor": "2026-01-01T00:00:00Z" });
    let (status, changed) = scene.desktop(Method::PUT, &location, Some(plan)).await;
    assert_eq!((status, &changed["created_at"]), (StatusCode::OK, &job["created_at"]));
    let post =
        async |what: &str| scene.desktop(Method::POST, &format!("{location}/{what}"), None).await;
    let (status, runs) = post("run").await;
    assert_eq!((status, &runs[0]["cause"]), (StatusCode::ACCEPTED, &json!("by_hand")));
    let path = format!("/api/v1/runs/{}", runs[0]["id"].as_str().unwrap());
    let mut reader = scene.fleet.subscribe(Audience::Everything, Watch::nothing());
    let run = loop {
        let (_, run) = scene.desktop(Method::GET, &path, None).await;
        if run["state"] == "done" {
            break run;
        }
        tokio::time::timeout(Duration::from_secs(20), reader.next()).await.unwrap();
    };
    assert_eq!(run["operation"].as_str().map(str::len), Some(36), "{run}");
    assert_eq!(scene.hub.world().stats().requests(RouteKind::Restart), 1);
    let filter = format!(
        "/api/v1/runs?job={}&space=alice/demo&state=done&cause=by_hand&limit=1",
        job["id"].as_str().unwrap()
    );
    let (_, page) = scene.desktop(Method::GET, &filter, None).await;
    assert_eq!((&page["items"][0]["id"], &page["next_cursor"]), (&run["id"], &Value::Null));
    assert_eq!(post("pause").await.1["planned_at"], Value::Null);
    assert!(post("resume").await.1["planned_at"].is_string());
    let (status, copy) = post("duplicate").await;
    assert_eq!((status, &copy["paused"]), (StatusCode::CREATED, &json!(true)));
    assert_eq!(scene.desktop(Method::DELETE, &location, None).await.0, StatusCode::NO_CONTENT);
    let (status, problem) = scene.desktop(Method::GET, &location, None).await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("job_not_found")));
    let (_, left) = scene.desktop(Method::GET, "/api/v1/jobs", None).await;
    assert_eq!((left.as_array().unwrap().len(), &left[0]["id"]), (1, &copy["id"]));
}

#[tokio::test]
async fn plans_that_make_no_sense_are_refused_and_times_are_shown_before_a_job_is_made() {
    let scene = scene().await;
    let with = |key: &str, value: Value| {
        let mut plan = nightly();
        plan[key] = value;
        plan
    };
    let every = |seconds: Value| json!({ "type": "every", "seconds": seconds, "anchor": "2026-01-01T00:00:00Z" });
    let cron = |expression: &str, zone: &str| json!({ "type": "cron", "expression": expression, "zone": zone });
    for bad in [
        with("trigger", every(json!(0))),
        with("trigger", every(json!(-1))),
        with("trigger", every(json!(1e9))),
        with("trigger", every(json!("abc"))),
        with("trigger", cron("0 0 31 2 *", "UTC")),
        with("trigger", cron("0 3 * * *", "Mars/Olympus")),
        with("trigger", json!({ "type": "once", "at": "2020-01-01T00:00:00Z" })),
        with("action", json!({ "type": "explode" })),
        with("action", json!({ "type": "set_sleep_time", "sleep_time": 1 })),
        with("target", json!({ "type": "spaces", "spaces": ["../whoami-v2"] })),
        with("name", json!("")),
        with("surprise", json!(true)),
        json!([]),
    ] {
        let (status, problem) =
            scene.desktop(Method::POST, "/api/v1/jobs", Some(bad.clone())).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::BAD_REQUEST, &json!("invalid_request")),
            "{bad}"
        );
    }
    let unknown = with("target", json!({ "type": "spaces", "spaces": ["alice/unknown"] }));
    let (status, _) = scene.desktop(Method::POST, "/api/v1/jobs", Some(unknown)).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(scene.desktop(Method::GET, "/api/v1/jobs", None).await.1, json!([]));
    let preview = "/api/v1/jobs/preview";
    let wanted = json!({ "trigger": cron("30 9 * * 1-5", "Europe/Rome") });
    let (_, times) = scene.desktop(Method::POST, preview, Some(wanted)).await;
    assert_eq!(times.as_array().unwrap().len(), 5);
    assert!(times[0]["local"].as_str().unwrap().contains("T09:30:00+0"), "{times}");
    let elsewhere = json!({ "trigger": every(json!(60)), "zone": "Mars/Olympus" });
    let (status, _) = scene.desktop(Method::POST, preview, Some(elsewhere)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_space_is_kept_awake_as_a_person_chooses_and_risks_are_told_before() {
    let scene = scene().await;
    let own = "/api/v1/spaces/alice/demo/keep-alive";
    let (_, state) = scene.desktop(Method::GET, own, None).await;
    assert_eq!((&state["kept"], &state["rule"]["mode"]), (&json!(false), &json!("follow")));
    let mut reader = scene.fleet.subscribe(Audience::Everything, Watch::nothing());
    let all = json!({ "enabled": true, "excluded": ["alice/secret"] });
    let (status, kept) = scene.desktop(Method::PUT, "/api/v1/keep-alive", Some(all)).await;
    assert_eq!((status, &kept["enabled"]), (StatusCode::OK, &json!(true)));
    assert_eq!(scene.desktop(Method::GET, own, None).await.1["kept"], true);
    let visits = "/api/v1/keep-alive/spaces";
    let demo = loop {
        let (_, coming) = scene.desktop(Method::GET, visits, None).await;
        let mut states = coming.as_array().unwrap().iter();
        let demo = states.find(|state| state["space"] == "alice/demo").unwrap().clone();
        // A first visit may come at once, since nobody knows of one.
        if demo["why"] != "under_way" {
            break demo;
        }
        tokio::time::timeout(Duration::from_secs(20), reader.next()).await.unwrap();
    };
    assert_eq!(demo["why"], "sleep_timer", "{demo}");
    assert!(demo["next_visit_at"].is_string(), "{demo}");
    let off = Some(json!({ "mode": "off" }));
    let (_, state) = scene.desktop(Method::PUT, own, off).await;
    assert_eq!((&state["kept"], &state["why"]), (&json!(false), &json!("not_kept")));
    let (_, coming) = scene.desktop(Method::GET, visits, None).await;
    assert!(!coming.to_string().contains("alice/demo"), "{coming}");
    for bad in [
        json!({ "mode": "on", "every_minutes": 0 }),
        json!({ "mode": "on", "every_minutes": -5 }),
        json!({ "mode": "on", "every_minutes": "abc" }),
        json!({ "mode": "on", "every_minutes": 43_201 }),
        json!({ "mode": "on", "hours": { "days": [8], "from": "09:00", "to": "18:00", "zone": "UTC" } }),
        json!({ "mode": "always" }),
        json!({ "mode": "on", "answer": { "status": 42 } }),
        json!({ "mode": "on", "answer": { "keyword": "" } }),
    ] {
        let (status, _) = scene.desktop(Method::PUT, own, Some(bad.clone())).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{bad}");
    }
    let on = Some(json!({ "mode": "on" }));
    let page = "/api/v1/spaces/alice/page/keep-alive";
    assert_eq!(scene.desktop(Method::PUT, page, on).await.0, StatusCode::CONFLICT);
    let risks = async |action: Value| {
        let body = Some(json!({ "action": action }));
        scene.desktop(Method::POST, "/api/v1/spaces/alice/demo/risks", body).await.1
    };
    let times = scene.desktop(Method::GET, "/api/v1/spaces/alice/demo/wake", None).await.1;
    assert_eq!(times, json!({ "runs": 0, "usual_secs": null, "longest_secs": null }));
    let none = json!({
        "slot": null, "slot_details": null, "billed": null, "billed_details": null,
    });
    assert_eq!(risks(json!({ "type": "restart" })).await, none);
    let dear = risks(json!({ "type": "set_hardware", "flavor": "t4-small" })).await;
    assert!(dear["billed"].as_str().unwrap().contains("an hour"), "{dear}");
    assert!(dear["slot"].as_str().unwrap().contains("free place"), "{dear}");
    let told = json!({ "code": "costs", "flavor": "t4-small", "cents_per_hour": 40 });
    assert_eq!(dear["billed_details"], told);
    assert_eq!(dear["slot_details"]["code"], "place_given_up");
}

#[tokio::test]
async fn auto_heal_is_chosen_for_a_scope_or_a_space_and_given_another_try() {
    let scene = scene().await;
    let own = "/api/v1/spaces/alice/demo/auto-heal";
    let (_, state) = scene.desktop(Method::GET, own, None).await;
    assert_eq!((&state["standing"], &state["rule"]), (&json!("off"), &Value::Null));
    assert_eq!(scene.desktop(Method::GET, "/api/v1/auto-heal", None).await.1, json!([]));
    let chosen = json!({
        "scope": { "type": "label", "label": "prod" },
        "choice": { "mode": "on", "rule": { "after_minutes": 15, "health": { "answer": { "path": "/health" } } } }
    });
    let (status, all) = scene.desktop(Method::PUT, "/api/v1/auto-heal", Some(chosen)).await;
    assert_eq!((status, &all[0]["choice"]["rule"]["restarts"]), (StatusCode::OK, &json!(3)));
    assert_eq!(all[0]["choice"]["rule"]["health"]["failures"], 3);
    let labels = Some(json!({ "labels": ["Prod"] }));
    scene.desktop(Method::PUT, "/api/v1/spaces/alice/demo/labels", labels).await;
    let (_, state) = scene.desktop(Method::GET, own, None).await;
    let found = (&state["standing"], &state["from"]["label"], &state["rule"]["after_minutes"]);
    assert_eq!(found, (&json!("well"), &json!("prod"), &json!(15)), "{state}");
    let (_, states) = scene.desktop(Method::GET, "/api/v1/auto-heal/spaces", None).await;
    assert_eq!((states.as_array().unwrap().len(), &states[0]["space"]), (1, &json!("alice/demo")));
    let off = Some(json!({ "mode": "off" }));
    let (_, state) = scene.desktop(Method::PUT, own, off).await;
    assert_eq!((&state["choice"]["mode"], &state["standing"]), (&json!("off"), &json!("off")));
    let reset = format!("{own}/reset");
    assert_eq!(scene.desktop(Method::POST, &reset, None).await.0, StatusCode::OK);
    for bad in [
        json!({ "mode": "on", "rule": { "restarts": 0 } }),
        json!({ "mode": "on", "rule": { "max_per_day": -1 } }),
        json!({ "mode": "on", "rule": { "after_minutes": "abc" } }),
        json!({ "mode": "on", "rule": { "health": { "answer": { "path": "http://evil" } } } }),
        json!({ "mode": "on", "rule": { "surprise": true } }),
        json!({ "mode": "always" }),
    ] {
        let (status, _) = scene.desktop(Method::PUT, own, Some(bad.clone())).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{bad}");
    }
    let on = || Some(json!({ "mode": "on" }));
    let page = "/api/v1/spaces/alice/page/auto-heal";
    assert_eq!(scene.desktop(Method::PUT, page, on()).await.0, StatusCode::CONFLICT);
    let unknown = "/api/v1/spaces/alice/unknown/auto-heal";
    assert_eq!(scene.desktop(Method::PUT, unknown, on()).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn intervals_zones_and_files_that_make_no_sense_are_refused() {
    let scene = scene().await;
    let plan = |trigger: serde_json::Value| {
        json!({ "name": "bad", "action": { "type": "restart" },
                "target": { "type": "label", "label": "prod" }, "trigger": trigger })
    };
    let every = |seconds: serde_json::Value| json!({ "type": "every", "seconds": seconds, "anchor": "2026-01-01T00:00:00Z" });
    let cron = |expression: &str, zone: &str| json!({ "type": "cron", "expression": expression, "zone": zone });
    for bad in [
        every(json!(0)),
        every(json!(-1)),
        every(json!(1e9)),
        every(json!(1_000_000_000)),
        every(json!("abc")),
        every(json!("3600")),
        every(json!(1.5)),
        every(json!(null)),
        cron("0 0 30 2 *", "UTC"),
        cron("0 3 * * *", "Europe/Atlantis"),
        cron("* * *", "UTC"),
        json!({ "type": "once", "at": "2001-01-01T00:00:00Z" }),
        json!({ "type": "never" }),
    ] {
        let (status, problem) =
            scene.desktop(Method::POST, "/api/v1/jobs", Some(plan(bad.clone()))).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{bad}: {problem}");
        assert_eq!(problem["code"], "invalid_request", "{bad}");
    }
    for document in ["", "version: 1\njobs: [7]\n", "version: 1\n  - [", "\u{0}"] {
        let body = json!({ "document": document, "dry_run": true });
        let (status, problem) =
            scene.desktop(Method::POST, "/api/v1/jobs/import", Some(body)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{document:?}: {problem}");
    }
    let (_, jobs) = scene.desktop(Method::GET, "/api/v1/jobs", None).await;
    assert_eq!(jobs, json!([]));
}
