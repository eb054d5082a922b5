//! Who sees and who manages what.

use crate::client::{Client, conformance, quick, start};
use hfsm_hub_sim::{Entity, Role, Scope, TokenKind};
use http::StatusCode;
use serde_json::json;

#[tokio::test]
async fn a_missing_space_is_401_to_strangers_and_404_to_users() {
    let hub = conformance().await;
    let stranger = Client::anonymous(&hub).get("/api/spaces/alice/none").await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    assert_eq!(stranger.error(), "Invalid username or password.");
    let user = Client::alice(&hub).get("/api/spaces/alice/none").await;
    assert_eq!(user.status, StatusCode::NOT_FOUND);
    assert_eq!(user.error(), "Repository not found");
    assert_eq!(user.header("x-error-code"), "RepoNotFound");
}

#[tokio::test]
async fn a_private_space_looks_missing_to_everybody_else() {
    let hub = conformance().await;
    let path = "/api/spaces/alice/secret-lab/runtime";
    assert_eq!(Client::anonymous(&hub).get(path).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(Client::new(&hub, "hf_bob_write").get(path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(Client::new(&hub, "hf_alice_read").get(path).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_reader_sees_and_does_not_manage() {
    let hub = conformance().await;
    for token in ["hf_alice_read", "hf_bob_write"] {
        let client = Client::new(&hub, token);
        assert_eq!(client.get("/api/spaces/alice/demo/auth-check").await.status, StatusCode::OK);
        assert_eq!(
            client.get("/api/spaces/alice/demo/auth-check/write").await.status,
            StatusCode::FORBIDDEN
        );
        assert_eq!(
            client.post("/api/spaces/alice/demo/restart", json!({})).await.status,
            StatusCode::FORBIDDEN
        );
        assert_eq!(
            client.get("/api/spaces/alice/demo/secrets").await.status,
            StatusCode::FORBIDDEN
        );
    }
    assert_eq!(hub.world().space("alice/demo").unwrap().stage, "RUNNING");
}

#[tokio::test]
async fn a_bad_token_is_refused_even_where_nobody_needs_one() {
    let hub = conformance().await;
    for token in ["hf_alice_expired", "hf_unheard_of", ""] {
        let answer = Client::new(&hub, token).get("/api/spaces/alice/demo").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{token}");
        assert_eq!(answer.header("x-error-message"), "Invalid credentials in Authorization header");
    }
}

#[tokio::test]
async fn roles_in_an_organisation_decide() {
    let mut world = quick().org("lab", |org| {
        org.member("ann", Role::Admin)
            .member("wes", Role::Write)
            .member("con", Role::Contributor)
            .member("rea", Role::Read)
            .member("nan", Role::NoAccess)
    });
    for user in ["ann", "wes", "con", "rea", "nan"] {
        world = world.user(user).token(&format!("hf_{user}"), TokenKind::Write);
    }
    let world = world
        .space("lab/app", |space| space.private())
        .space("lab/own", |space| space.private().created_by("con"));
    let hub = start(world).await;
    let check = async |user: &str, path: &str| {
        Client::new(&hub, &format!("hf_{user}")).get(path).await.status.as_u16()
    };
    let mut statuses = Vec::new();
    for user in ["ann", "wes", "con", "rea", "nan"] {
        statuses.push((
            check(user, "/api/spaces/lab/app/auth-check").await,
            check(user, "/api/spaces/lab/app/auth-check/write").await,
        ));
    }
    assert_eq!(statuses, [(200, 200), (200, 200), (200, 403), (200, 403), (404, 404)]);
    assert_eq!(check("con", "/api/spaces/lab/own/auth-check/write").await, 200);
}

#[tokio::test]
async fn a_fine_grained_token_reaches_as_far_as_its_scopes() {
    let scopes = vec![
        Scope::new(Entity::User("alice".to_owned()), &["repo.content.read"]),
        Scope::new(Entity::Space("alice/mine".to_owned()), &["repo.write"]),
    ];
    let world = quick()
        .user("alice")
        .token("hf_fine", TokenKind::FineGrained(scopes))
        .space("alice/mine", |space| space.private())
        .space("alice/other", |space| space.private())
        .org("acme", |org| org.member("alice", Role::Admin))
        .space("acme/app", |space| space.private());
    let hub = start(world).await;
    let client = Client::new(&hub, "hf_fine");
    assert_eq!(client.post("/api/spaces/alice/mine/pause", json!({})).await.status, StatusCode::OK);
    assert_eq!(
        client.post("/api/spaces/alice/other/pause", json!({})).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(client.get("/api/spaces/acme/app").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_god_token_manages_everything_and_says_what_it_is() {
    let world = quick()
        .user("root")
        .token("hf_root", TokenKind::God)
        .space("alice/hers", |space| space.private());
    let hub = start(world).await;
    let client = Client::new(&hub, "hf_root");
    assert_eq!(client.get("/api/whoami-v2").await.json()["auth"]["accessToken"]["role"], "god");
    assert_eq!(client.post("/api/spaces/alice/hers/pause", json!({})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_revoked_token_stops_being_good() {
    let hub = conformance().await;
    let client = Client::alice(&hub);
    assert_eq!(client.get("/api/whoami-v2").await.status, StatusCode::OK);
    hub.world().revoke_token("hf_alice_write");
    assert_eq!(client.get("/api/whoami-v2").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_wrong_case_and_an_old_name_lead_on_with_the_query() {
    let hub = conformance().await;
    hub.world().rename("alice/two", "alice/deux").unwrap();
    let client = Client::alice(&hub);
    let answer = client.get("/api/spaces/Alice/Demo?expand=sha").await;
    assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(answer.header("location"), "/api/spaces/alice/demo?expand=sha");
    assert_eq!(
        answer.text(),
        "Temporary Redirect. Redirecting to /api/spaces/alice/demo?expand=sha"
    );
    let answer = client.post("/api/spaces/alice/two/restart?factory=true", json!({})).await;
    assert_eq!(answer.header("location"), "/api/spaces/alice/deux/restart?factory=true");
}

#[tokio::test]
async fn a_redirect_does_not_betray_a_private_space() {
    let hub = conformance().await;
    let answer = Client::anonymous(&hub).get("/api/spaces/alice/Secret-Lab").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.header("location").is_empty());
}

#[tokio::test]
async fn strange_ids_are_just_not_there() {
    let hub = conformance().await;
    let client = Client::alice(&hub);
    let long = "x".repeat(300);
    for id in [
        "..%2f..%2fetc/passwd",
        "alice/%22%27%3Cb%3E",
        "alice/demo%2f..",
        &format!("alice/{long}"),
        "%00/%ff",
    ] {
        let status = client.get(&format!("/api/spaces/{id}")).await.status;
        assert_eq!(status, StatusCode::NOT_FOUND, "{id}");
    }
    assert_eq!(client.get("/api/no-such-route").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_pass_opens_one_space_and_its_logs_on_the_streaming_host() {
    let hub = conformance().await;
    let pass =
        Client::alice(&hub).get("/api/spaces/alice/secret-lab/jwt?expires_in=60").await.json();
    let token = pass["token"].as_str().unwrap().to_owned();
    let client = Client::new(&hub, &token);
    assert_eq!(client.stream("/v1/alice/secret-lab/live-metrics/sse").await.status, StatusCode::OK);
    assert_eq!(client.stream("/v1/alice/secret-lab/logs/run").await.status, StatusCode::OK);
    assert_eq!(client.get("/api/spaces/acme/hidden").await.status, StatusCode::NOT_FOUND);
    let by_token = Client::alice(&hub).get("/v1/alice/secret-lab/logs/run").await;
    assert_eq!(by_token.status, StatusCode::UNAUTHORIZED, "a user's token is no pass");
}
