//! The old application's schedules and its keeping awake, without what was wrong with them. The names in
//! brackets are those of the defects that are asserted not to be here.

use hfsm_hub_sim::RouteKind;
use http::Method;
use serde_json::{Value, json};

use crate::harness::{OLD, Server};

const RESTART: &str = "/api/schedule/restart/alice/demo";
const AWAKE: &str = "/api/keepalive/alice/demo";
const ALL: &str = "/api/keepalive-global";

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_set_read_listed_and_switched_off_with_the_old_fields() {
    let server = Server::start(OLD).await;
    let admin = server.signed_in_as_admin().await;
    let none = json!({ "enabled": false, "intervalHours": 0, "lastRestart": null });
    assert_eq!(admin.get(RESTART).await.json(), none);
    let set = admin.post(RESTART, &json!({ "enabled": true, "intervalHours": 24 })).await;
    assert_eq!((set.status.as_u16(), &set.json()["success"]), (200, &json!(true)));
    let daily = json!({ "enabled": true, "intervalHours": 24, "lastRestart": null });
    assert_eq!(admin.get(RESTART).await.json(), daily);
    admin.post(AWAKE, &json!({ "enabled": true, "intervalMinutes": 1440 })).await;
    let status = admin.get("/api/schedule/status").await.json();
    assert_eq!(status["scheduledRestarts"][0]["repoId"], "alice/demo");
    assert_eq!(status["keepAlives"][0]["intervalMinutes"], 1440);
    assert_eq!(status["globalKeepAlive"], json!({ "enabled": false, "intervalMinutes": 30 }));
    admin.post(RESTART, &json!({ "enabled": false })).await;
    let off = json!({ "enabled": false, "intervalHours": 24, "lastRestart": null });
    assert_eq!(admin.get(RESTART).await.json(), off);
    assert_eq!(server.fleet.jobs().await.unwrap().len(), 1, "it is a job like any other");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k2_k3_long_intervals_do_not_overflow_and_what_is_no_number_or_no_space_is_refused() {
    let server = Server::start(OLD).await;
    let admin = server.signed_in_as_admin().await;
    let month = admin.post(RESTART, &json!({ "enabled": true, "intervalHours": 720 })).await;
    assert_eq!(month.status, 200, "{}", month.text);
    let job = server.fleet.jobs().await.unwrap().remove(0);
    let wait = job.planned_at.unwrap() - server.fleet.clock().now();
    assert!(wait.num_hours() >= 719, "{wait}");
    for bad in [
        json!("abc"),
        json!("24"),
        json!(-1),
        json!(0),
        json!(1.5),
        json!(1e9),
        json!(null),
        json!([]),
    ] {
        for (path, field) in
            [(RESTART, "intervalHours"), (AWAKE, "intervalMinutes"), (ALL, "intervalMinutes")]
        {
            let answer = admin.post(path, &json!({ "enabled": true, field: bad })).await;
            let error = answer.json()["error"].clone();
            assert!(answer.status == 400 && error.is_string(), "{path} {bad}: {}", answer.text);
        }
    }
    for body in [json!({ "enabled": "yes", "intervalHours": 1 }), json!({})] {
        assert_eq!(admin.post(RESTART, &body).await.status, 400, "{body}");
    }
    for path in ["/api/schedule/restart/alice/none", "/api/keepalive/alice/none"] {
        let wanted = json!({ "enabled": true, "intervalHours": 1, "intervalMinutes": 1 });
        assert_eq!(admin.post(path, &wanted).await.status, 404, "{path}");
        assert_eq!(admin.get(path).await.status, 404, "{path}");
    }
    assert_eq!(server.fleet.jobs().await.unwrap().len(), 1);
    assert_eq!(server.hub.world().stats().requests(RouteKind::Restart), 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k6_a_private_space_is_visited_with_its_owners_token_and_a_visit_counts_when_the_app_answers()
 {
    let server = Server::start(OLD).await;
    let admin = server.signed_in_as_admin().await;
    let path = "/api/keepalive/alice%2Fhidden";
    let before = admin.get(path).await.json();
    assert_eq!(before, json!({ "enabled": false, "intervalMinutes": 0, "lastPing": null }));
    let mut reader = server
        .fleet
        .subscribe(hfsm_core::events::Audience::Everything, hfsm_core::events::Watch::nothing());
    admin.post(path, &json!({ "enabled": true, "intervalMinutes": 1 })).await;
    let visited = async {
        loop {
            let state = admin.get(path).await.json();
            if state["lastPing"] != Value::Null {
                return state;
            }
            reader.next().await.unwrap();
        }
    };
    let state = tokio::time::timeout(crate::browser::SOON, visited).await.expect("a visit");
    assert_eq!((&state["enabled"], &state["intervalMinutes"]), (&json!(true), &json!(1)));
    assert_eq!(server.hub.world().stats().requests(RouteKind::App), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_or_changes_schedules_without_signing_in() {
    let server = Server::start(OLD).await;
    let stranger = server.browser();
    for path in [RESTART, AWAKE, ALL, "/api/schedule/status"] {
        assert_eq!(stranger.get(path).await.status, 401, "{path}");
    }
    for path in [RESTART, AWAKE, ALL] {
        let wanted = json!({ "enabled": true, "intervalHours": 1, "intervalMinutes": 1 });
        assert_eq!(stranger.post(path, &wanted).await.status, 401, "{path}");
    }
    let headers = [("content-type", "text/plain")];
    let admin = server.signed_in_as_admin().await;
    let form = admin.send(Method::POST, ALL, &headers, "{\"enabled\":true}").await;
    assert!(form.status.is_client_error() && !server.fleet.keep_alive_all().enabled);
    server.stop().await;
}
