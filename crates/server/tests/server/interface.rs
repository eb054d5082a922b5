//! The pages, their headers, the reference.

use http::Method;

use crate::harness::Server;

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_headers_that_protect_a_browser() {
    let server = Server::start(&[]).await;
    let browser = server.browser();
    for path in ["/", "/spaces/alice/demo", "/api/v1/session", "/api/nothing", "/api/reference"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        let scripts = policy.split(';').find(|part| part.contains("script-src")).unwrap();
        assert!(!scripts.contains("unsafe") && !scripts.contains("http"), "{path}: {policy}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
        if path.starts_with("/api/") {
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_path_that_is_no_file_leads_to_the_page() {
    let server = Server::start(&[]).await;
    let browser = server.browser();
    let home = browser.get("/").await;
    assert_eq!(home.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(browser.get("/spaces/alice/demo?tab=logs").await.text, home.text);
    let gone = browser.get("/_app/immutable/of-an-older-build.js").await;
    assert_eq!(gone.status, 404);
    let posted = browser.send(Method::POST, "/", &[], "").await;
    assert_eq!(posted.status, 405);
    for escape in ["/../Cargo.toml", "/..%2fCargo.toml", "/%2e%2e/%2e%2e/etc/passwd"] {
        let answer = browser.get(escape).await;
        assert!(!answer.text.contains("[package]") && !answer.text.contains("root:"), "{escape}");
    }
    if hfsm_server::has_interface() {
        let tag = home.header("etag");
        let known = browser.send(Method::GET, "/", &[("if-none-match", tag)], "").await;
        assert_eq!((known.status.as_u16(), known.text.as_str()), (304, ""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_is_served_from_here_alone() {
    let server = Server::start(&[]).await;
    let browser = server.browser();
    let page = browser.get("/api/reference").await;
    assert!(!page.text.contains("http"), "{}", page.text);
    for path in ["/api/reference/script.js", "/api/reference/style.css"] {
        assert!(page.text.contains(path));
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.text.contains("http"), "{path}");
    }
    let document = browser.get("/api/openapi.json").await.json();
    for path in ["/api/v1/session", "/api/v1/session/password", "/api/v1/spaces"] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_says_that_it_lives_and_nothing_else() {
    let server = Server::start(&[]).await;
    let answer = server.browser().get("/health").await;
    let body = answer.json();
    assert_eq!((answer.status.as_u16(), body["status"].as_str()), (200, Some("ok")));
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
}
