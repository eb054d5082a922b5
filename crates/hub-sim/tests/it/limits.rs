//! Rate limits and request ids.

use std::time::Duration;

use crate::client::{Client, conformance, quick, start};
use http::StatusCode;

#[tokio::test]
async fn every_answer_of_the_api_says_what_is_left() {
    let hub = conformance().await;
    let client = Client::new(&hub, "hf_bob_write");
    let first = client.get("/api/spaces/alice/demo").await;
    assert!(first.header("ratelimit").starts_with("\"api\";r=999;t="));
    assert_eq!(first.header("ratelimit-policy"), "\"fixed window\";\"api\";q=1000;w=300");
    let missing = client.get("/api/spaces/bob/none").await;
    assert!(missing.header("ratelimit").starts_with("\"api\";r=998;t="));
    let stream_host = client.get("/v1/alice/site/live-metrics/sse").await;
    assert!(stream_host.header("ratelimit").is_empty(), "the streaming host has no limits");
}

#[tokio::test]
async fn a_used_up_window_refuses_and_then_begins_anew() {
    let world = quick().conformance().rate_window(Duration::from_secs(2));
    let hub = start(world).await;
    let client = Client::new(&hub, "hf_tight_write");
    for _ in 0..3 {
        assert_eq!(client.get("/api/spaces/alice/demo").await.status, StatusCode::OK);
    }
    let refused = client.get("/api/spaces/alice/demo").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.header("ratelimit").contains("r=0"));
    assert!(refused.error().contains("you hit the quota of 3 api requests per 5 minutes period"));
    assert_eq!(Client::alice(&hub).get("/api/spaces/alice/demo").await.status, StatusCode::OK);
    while client.get("/api/spaces/alice/demo").await.status != StatusCode::OK {}
}

#[tokio::test]
async fn strangers_are_counted_by_address() {
    let hub = start(quick().conformance().anonymous_quota(1)).await;
    let client = Client::anonymous(&hub);
    let from = |address| [("x-forwarded-for", address)];
    assert_eq!(
        client.get_with("/api/spaces/alice/demo", &from("1.2.3.4")).await.status,
        StatusCode::OK
    );
    let refused = client.get_with("/api/spaces/alice/demo", &from("1.2.3.4")).await;
    assert!(refused.error().starts_with("We had to rate limit your IP (1.2.3.4)."));
    assert_eq!(
        client.get_with("/api/spaces/alice/demo", &from("1.2.3.5")).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn whoami_has_a_limit_of_its_own_while_the_window_is_not_used_up() {
    let hub = start(quick().conformance().whoami_quota(1)).await;
    let client = Client::alice(&hub);
    assert_eq!(client.get("/api/whoami-v2").await.status, StatusCode::OK);
    let refused = client.get("/api/whoami-v2").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!refused.header("ratelimit").contains("r=0;"));
    assert_eq!(refused.header("retry-after"), "300");
}

#[tokio::test]
async fn a_request_id_repeats_the_clients_trace() {
    let hub = conformance().await;
    let client = Client::alice(&hub);
    let answer =
        client.get_with("/api/spaces/alice/demo", &[("x-amzn-trace-id", "my-trace")]).await;
    let (own, trace) = answer.header("x-request-id").split_once(';').unwrap();
    assert_eq!(trace, "my-trace");
    assert_eq!((own.len(), &own[..7]), (40, "Root=1-"));
    let other = client.get("/api/spaces/alice/demo").await;
    assert_ne!(other.header("x-request-id"), own);
}

#[tokio::test]
async fn files_and_pages_are_counted_apart_from_the_api() {
    let hub = conformance().await;
    let client = Client::alice(&hub);
    let file = client.get("/spaces/alice/demo/raw/main/README.md").await;
    assert!(file.text().contains("title: \"A demo\""));
    assert!(file.header("ratelimit").starts_with("\"resolvers\";r=11999;"));
    let page = client.get("/spaces/alice/demo").await;
    assert!(page.header("ratelimit").starts_with("\"pages\";r=399;"));
    let api = client.get("/api/spaces/alice/demo").await;
    assert!(api.header("ratelimit").starts_with("\"api\";r=2499;"));
}
