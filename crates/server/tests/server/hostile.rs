//! Requests that no friend sends.

use bytes::Bytes;
use http::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::{API_KEY, OLD, Server, TOKEN};

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test(flavor = "multi_thread")]
async fn another_sites_page_can_neither_act_nor_listen() {
    let server = Server::start(OLD).await;
    let browser = server.signed_in_as_admin().await;
    let port = server.address.port() + 1;
    let other_port = format!("http://127.0.0.1:{port}");
    for origin in ["https://evil.example", "null", &other_port] {
        let headers = [("origin", origin), JSON];
        let acted =
            browser.send(Method::POST, "/api/v1/spaces/alice/demo/restart", &headers, "{}").await;
        assert_eq!((acted.status.as_u16(), acted.code().as_str()), (403, "forbidden_origin"));
        let heard = browser.send(Method::GET, "/api/v1/events", &headers, "").await;
        assert_eq!(heard.status, 403, "{origin}");
        assert_eq!(heard.header("access-control-allow-origin"), "");
    }
    let headers = [("sec-fetch-site", "cross-site")];
    let stream = "/api/proxy/live-metrics-stream";
    assert_eq!(browser.send(Method::GET, stream, &headers, "").await.status, 403);
    assert_eq!(server.stage("alice/demo"), "RUNNING");
    let own = format!("http://{}", server.address);
    let headers = [("origin", own.as_str()), JSON];
    let acted = browser.send(Method::POST, "/api/v1/spaces/alice/demo/restart", &headers, "").await;
    assert_eq!(acted.status, 202, "{}", acted.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_host_name_is_refused_everywhere_but_for_health() {
    let server = Server::start(OLD).await;
    let browser = server.signed_in_as_admin().await;
    let rebound = [("host", "evil.example:8787")];
    for path in ["/", "/api/v1/spaces", "/api/v1/session", "/api/proxy/spaces"] {
        let answer = browser.send(Method::GET, path, &rebound, "").await;
        assert_eq!(answer.code(), "forbidden_host", "{path}");
    }
    assert_eq!(browser.send(Method::GET, "/health", &rebound, "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_wrong_get_a_problem_and_no_stack() {
    let server = Server::start(OLD).await;
    let browser = server.signed_in_as_admin().await;
    let cases: &[(&str, Bytes, u16)] = &[
        ("{", "application/json".into(), 400),
        ("[]", "application/json".into(), 400),
        ("{\"user\": 1, \"password\": []}", "application/json".into(), 400),
        ("{\"user\":\"a\",\"password\":\"b\"}", "text/plain".into(), 415),
        ("\u{0}\u{1}", "application/json".into(), 400),
    ];
    for path in ["/api/v1/session", "/api/login", "/api/verify-token"] {
        for (body, kind, status) in cases {
            let kind = std::str::from_utf8(kind).unwrap();
            let answer = browser.send(Method::POST, path, &[("content-type", kind)], *body).await;
            assert_eq!(answer.status.as_u16(), *status, "{path} {body}: {}", answer.text);
            assert!(answer.header("content-type").contains("json"), "{path}");
            for trace in ["panicked", ".rs:", "    at "] {
                assert!(!answer.text.contains(trace), "{}", answer.text);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_refused_and_the_server_goes_on() {
    let server = Server::start(OLD).await;
    let browser = server.signed_in_as_admin().await;
    let large = format!("{{\"code\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    let answer = browser.send(Method::POST, "/api/v1/session", &[JSON], large).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (413, "body_too_large"));

    // Ten megabytes that are announced and never sent cost nothing.
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST /api/v1/session HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Content-Length: 10485760\r\n\r\n",
        server.address
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    assert_eq!(browser.get("/health").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_reach_elsewhere_are_refused_before_the_hub_hears_of_them() {
    let server = Server::start(OLD).await;
    let browser = server.signed_in_as_admin().await;
    let key = format!("Bearer {API_KEY}");
    let key = [("authorization", key.as_str())];
    let asked = server.hub.world().stats().total();
    let long = "x".repeat(300);
    for id in [
        "..%2F..%2Fwhoami-v2",
        "alice%2F..",
        "alice%2F%2e%2e%2Fx",
        "alice%252Fdemo",
        "a'b%2Fc",
        "a%22b%2Fc",
        "alice%2Fde%00mo",
        &format!("alice%2F{long}"),
        "alice",
        "alice%2Fde%ffmo",
    ] {
        for path in
            [format!("/api/proxy/restart/{id}"), format!("/api/v1/action/{TOKEN}/{id}/restart")]
        {
            let answer = browser.send(Method::POST, &path, &key, "").await;
            assert_eq!(answer.status, 400, "{path}: {}", answer.text);
            assert_eq!(answer.code(), "invalid_request", "{path}");
        }
        let path = format!("/api/v1/info/{TOKEN}/{id}");
        let answer = browser.send(Method::GET, &path, &key, "").await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.text);
    }
    let whoami = server.hub.world().stats().total() - asked;
    assert!(whoami <= 1, "{whoami} requests reached the Hub");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_api_path_is_a_json_404_and_not_the_page() {
    let server = Server::start(OLD).await;
    let browser = server.browser();
    for path in ["/api/nothing", "/api", "/api/v1/nothing", "/api/v2/spaces", "/api/proxy/x/y/z"] {
        let answer = browser.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "not_found"), "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
    }
    let with_token = browser.get("/api/v1/nothing/hf_very_secret").await;
    assert!(!with_token.text.contains("hf_very_secret"), "{}", with_token.text);
    let wrong = browser.send(Method::DELETE, "/api/login", &[], "").await;
    assert_eq!((wrong.status.as_u16(), wrong.code().as_str()), (405, "method_not_allowed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_bearers_are_slowed_down() {
    let server = Server::start(OLD).await;
    let browser = server.browser();
    let mut last = 0;
    for guess in 0..40 {
        let bearer = format!("Bearer guess-{guess}");
        let header = [("authorization", bearer.as_str())];
        last = browser.send(Method::GET, "/api/v1/spaces", &header, "").await.status.as_u16();
    }
    assert_eq!(last, 429);
    let sign_in = json!({ "user": "admin", "password": crate::harness::PASSWORD });
    assert_eq!(browser.post("/api/v1/session", &sign_in).await.status, 200);
}
