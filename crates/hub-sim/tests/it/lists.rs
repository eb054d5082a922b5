//! Lists, pages, fields.

use crate::client::{Client, conformance, quick, start};
use hfsm_hub_sim::{Fault, RouteKind, TokenKind, When};
use http::StatusCode;

/// Follows the links from `path`; gives the ids and the number of pages.
async fn follow(client: &Client, path: &str) -> (Vec<String>, usize) {
    let (mut ids, mut pages, mut next) = (Vec::new(), 0, Some(path.to_owned()));
    while let Some(path) = next {
        let answer = client.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK);
        for space in answer.json().as_array().unwrap() {
            ids.push(space["id"].as_str().unwrap().to_owned());
        }
        pages += 1;
        next = answer
            .header("link")
            .strip_prefix('<')
            .and_then(|link| link.split_once('>'))
            .map(|(url, _)| url.to_owned());
    }
    (ids, pages)
}

#[tokio::test]
async fn a_thousand_spaces_come_in_pages_without_doubles() {
    let hub = start(quick().many(1_001)).await;
    let client = Client::new(&hub, "hf_demo_bench");
    let (mut ids, pages) =
        follow(&client, "/api/spaces?author=bench&limit=500&expand=runtime&expand=sha").await;
    assert_eq!((ids.len(), pages), (1_001, 3));
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 1_001);
}

#[tokio::test]
async fn expand_in_either_spelling_gives_exactly_these_fields() {
    let hub = conformance().await;
    let client = Client::anonymous(&hub);
    for query in [
        "expand=sha&expand=private",
        "expand[]=sha&expand[]=private",
        "expand%5B%5D=sha&expand%5B%5D=private",
    ] {
        let list = client.get(&format!("/api/spaces?author=bob&limit=1&{query}")).await.json();
        let keys: Vec<&str> = list[0].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["_id", "id", "sha", "private"], "{query}");
    }
}

#[tokio::test]
async fn without_expand_there_is_no_runtime() {
    let hub = conformance().await;
    let list = Client::anonymous(&hub).get("/api/spaces?author=bob").await.json();
    assert!(list[0].get("runtime").is_none());
    assert!(list[0].get("likes").is_some());
}

#[tokio::test]
async fn an_unknown_field_and_a_bad_limit_are_bad_requests() {
    let hub = conformance().await;
    let client = Client::anonymous(&hub);
    for query in ["expand=title", "limit=many", "cursor=%21%21"] {
        assert_eq!(
            client.get(&format!("/api/spaces?{query}")).await.status,
            StatusCode::BAD_REQUEST,
            "{query}"
        );
    }
}

#[tokio::test]
async fn an_authors_private_spaces_show_to_those_who_may_see_them() {
    let hub = conformance().await;
    let path = "/api/spaces?author=acme&expand=private";
    let (mine, _) = follow(&Client::alice(&hub), path).await;
    let (readers, _) = follow(&Client::new(&hub, "hf_bob_write"), path).await;
    let (kept_out, _) = follow(&Client::new(&hub, "hf_alice_revoked"), path).await;
    let (public, _) = follow(&Client::anonymous(&hub), path).await;
    assert!(mine.contains(&"acme/hidden".to_owned()));
    assert_eq!(readers, mine);
    assert_eq!(kept_out, public);
    assert!(!public.contains(&"acme/hidden".to_owned()));
}

#[tokio::test]
async fn a_next_link_may_lose_its_expand() {
    let hub = conformance().await;
    hub.faults().add(Fault::NextLinkWithoutExpand, When::on(RouteKind::List));
    let answer = Client::anonymous(&hub).get("/api/spaces?author=bob&limit=2&expand=runtime").await;
    let link = answer.header("link");
    assert!(
        link.contains("author=bob") && link.contains("cursor=") && !link.contains("expand"),
        "{link}"
    );
}

#[tokio::test]
async fn a_title_is_passed_on_as_it_is() {
    let title = "<img src=x onerror=alert(1)>";
    let hub = start(
        quick().user("alice").token("hf_a", TokenKind::Read).space("alice/x", |s| s.title(title)),
    )
    .await;
    let info = Client::new(&hub, "hf_a").get("/api/spaces/alice/x").await.json();
    assert_eq!(info["cardData"]["title"], title);
}
