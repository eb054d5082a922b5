//! The apps' own addresses.

use crate::client::{Answer, Client, conformance, quick, start};
use hfsm_hub_sim::PausedAnswer;
use http::StatusCode;

fn is_app(answer: &Answer) -> bool {
    !answer.header("x-proxied-replica").is_empty()
}

#[tokio::test]
async fn a_running_app_answers_by_path_and_by_host() {
    let hub = conformance().await;
    let client = Client::anonymous(&hub);
    let by_path = client.get("/app/alice-demo/health").await;
    assert_eq!(by_path.json()["status"], "ok");
    assert!(is_app(&by_path));
    assert_eq!(
        by_path.header("link"),
        "<https://huggingface.co/spaces/alice/demo>;rel=\"canonical\""
    );
    let by_host = client.get_with("/health", &[("host", "alice-demo.hf.space")]).await;
    assert_eq!(by_host.json()["status"], "ok");
    let replica = hub.world().space("alice/demo").unwrap().replicas[0].clone();
    assert!(by_host.header("x-proxied-replica").ends_with(&format!("-{replica}")));
}

#[tokio::test]
async fn a_visit_wakes_a_sleeping_space_and_is_shown_a_page_meanwhile() {
    let hub = conformance().await;
    let client = Client::anonymous(&hub);
    let page = client.get("/app/alice-asleep/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("Preparing Space") && !is_app(&page));
    hub.world().until("alice/asleep", |space| space.stage == "RUNNING").await.unwrap();
    assert!(is_app(&client.get("/app/alice-asleep/").await));
    assert_eq!(hub.world().space("alice/asleep").unwrap().visits, 2);
}

#[tokio::test]
async fn a_broken_app_answers_503_with_the_hubs_49_bytes() {
    let hub = conformance().await;
    for subdomain in ["alice-broken", "alice-unbuildable"] {
        let answer = Client::anonymous(&hub).get(&format!("/app/{subdomain}/")).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            (answer.text(), answer.body.len()),
            ("Your space is in error, check its status on hf.co", 49)
        );
    }
}

#[tokio::test]
async fn a_paused_app_answers_as_configured() {
    let hub = conformance().await;
    let page = Client::anonymous(&hub).get("/app/alice-paused/").await;
    assert!(page.status.is_success() && page.text().contains("paused"));
    let hub = start(quick().conformance().paused_answer(PausedAnswer::Error)).await;
    let error = Client::anonymous(&hub).get("/app/alice-paused/").await;
    assert_eq!(error.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_private_app_is_missing_without_a_token_in_any_of_three_places() {
    let hub = conformance().await;
    let stranger = Client::anonymous(&hub);
    let path = "/app/alice-secret-lab/headers";
    let missing = stranger.get(path).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(missing.text().contains("Sorry, we can't find the page you are looking for."));
    assert_eq!(Client::new(&hub, "hf_bob_write").get(path).await.status, StatusCode::NOT_FOUND);

    assert!(is_app(&Client::alice(&hub).get(path).await));
    let by_header =
        stranger.get_with(path, &[("x-hf-authorization", "Bearer hf_alice_read")]).await;
    assert!(is_app(&by_header));
    assert!(by_header.json().get("x-hf-authorization").is_none(), "the app does not see it");
    let pass = Client::alice(&hub).get("/api/spaces/alice/secret-lab/jwt").await.json();
    let signed = stranger.get(&format!("{path}?__sign={}", pass["token"].as_str().unwrap())).await;
    assert!(is_app(&signed));
}

#[tokio::test]
async fn a_static_space_is_served_without_a_container() {
    let hub = conformance().await;
    let answer =
        Client::anonymous(&hub).get_with("/", &[("host", "alice-site.static.hf.space")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(!is_app(&answer));
}

#[tokio::test]
async fn an_app_may_answer_404_and_is_reached_all_the_same() {
    let hub = conformance().await;
    let answer = Client::anonymous(&hub).get("/app/alice-demo/no/such/page").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(is_app(&answer));
}
