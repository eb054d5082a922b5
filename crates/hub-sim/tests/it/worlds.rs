//! The worlds that are ready.

use std::collections::BTreeSet;

use crate::client::{Client, start};
use hfsm_hub_sim::{Durations, SimHub, World};
use serde_json::Value;

async fn all_spaces(hub: &SimHub) -> Vec<Value> {
    let mut all = Vec::new();
    for owner in ["mira", "jonas-b", "northwind-lab", "open-atlas", "salt-and-pixel"] {
        let token = if owner == "jonas-b" { "hf_demo_jonas_write" } else { "hf_demo_mira_write" };
        let path = format!(
            "/api/spaces?author={owner}&expand=runtime&expand=cardData&expand=private&expand=sdk"
        );
        all.extend(Client::new(hub, token).get(&path).await.json().as_array().unwrap().clone());
    }
    all
}

#[tokio::test]
async fn the_demo_has_sixty_spaces_in_every_kind_of_state() {
    let hub = SimHub::start(World::demo()).await.unwrap();
    let spaces = all_spaces(&hub).await;
    assert_eq!(spaces.len(), 60);
    let stages: BTreeSet<&str> =
        spaces.iter().filter_map(|space| space["runtime"]["stage"].as_str()).collect();
    for stage in [
        "RUNNING",
        "SLEEPING",
        "PAUSED",
        "BUILDING",
        "BUILD_ERROR",
        "RUNTIME_ERROR",
        "CONFIG_ERROR",
        "FUTURE_STAGE",
    ] {
        assert!(stages.contains(stage), "{stage}");
    }
    assert!(spaces.iter().any(|space| space["cardData"]["title"] == "<img src=x onerror=alert(document.domain)>"));
    assert!(spaces.iter().any(|space| space["private"] == true));
    assert!(spaces.iter().any(|space| space["sdk"] == "static"));
    assert!(spaces.iter().any(|space| space["runtime"]["replicas"]["current"] == 2));
    assert!(spaces.iter().filter(|space| space["runtime"]["stage"] == "RUNNING").count() >= 30);
}

#[tokio::test]
async fn the_demo_is_the_same_for_the_same_seed() {
    let build = |seed| World::builder().seed(seed).demo();
    let (one, same, other) = (start(build(7)).await, start(build(7)).await, start(build(8)).await);
    let ids = |hub: &SimHub| hub.world().space_ids();
    assert_eq!(ids(&one), ids(&same));
    assert_ne!(ids(&one), ids(&other));
    let sha = |hub: &SimHub| hub.world().space("mira/story-painter").unwrap().sha;
    assert_eq!(sha(&one), sha(&same));
}

#[tokio::test]
async fn the_demo_lives_faster_when_told_to() {
    let world = World::builder().seed(7).speed(2_000.0).durations(Durations::default()).demo();
    let hub = start(world).await;
    let dead = hub
        .world()
        .until("mira/leaky-notebook", |space| space.stage == "RUNTIME_ERROR")
        .await
        .unwrap();
    assert!(dead.error_message.unwrap().contains("137"));
    hub.world().until("mira/leaky-notebook", |space| space.stage == "RUNNING").await.unwrap();
    hub.world().until("jonas-b/flaky-bot", |space| space.stage == "RUNTIME_ERROR").await.unwrap();
    hub.world().until("mira/always-building", |space| space.stage == "RUNNING").await.unwrap();
}

#[tokio::test]
async fn apps_of_the_demo_write_logs_by_themselves() {
    let hub = start(
        World::builder().seed(7).demo().metric_interval(std::time::Duration::from_millis(20)),
    )
    .await;
    let mut stream = Client::new(&hub, "hf_demo_mira_write")
        .stream("/api/spaces/salt-and-pixel/render-farm/logs/run?tail=0")
        .await;
    stream.line().await;
}

#[tokio::test]
async fn tokens_are_listed_by_what_they_are() {
    let tokens = World::demo().tokens();
    assert_eq!(tokens["mira/space-manager"], "hf_demo_mira_write");
    assert_eq!(tokens["mira/read-only"], "hf_demo_mira_read");
    assert_eq!(tokens["jonas-b/kept-out"], "hf_demo_jonas_no_sso");
}

#[test]
fn a_port_in_use_is_named_in_the_error() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let first = SimHub::start(World::many(1)).await.unwrap();
        let error = SimHub::start_on(World::many(1), first.local_addr()).await.unwrap_err();
        assert!(error.to_string().contains(&first.local_addr().to_string()));
    });
}
