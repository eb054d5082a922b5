//! `hfsm serve` and `hfsm demo` as processes.

use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;

use crate::harness::{Bench, SOON, TOKEN, found_in_files};

#[tokio::test(flavor = "multi_thread")]
async fn the_server_starts_with_a_link_and_ends_in_order_with_streams_open() {
    let bench = Bench::new().await;
    let token = format!("alice:{TOKEN}");
    for signal in ["TERM", "INT"] {
        let serving = bench.serve("serve", &[("HF_USER", &token)]).await;
        assert!(serving.address.starts_with("http://127.0.0.1:"), "{}", serving.address);
        let (_, health) = serving.ask("/health", "Connection: close\r\n", "").await;
        assert!(health.starts_with("HTTP/1.1 200"), "{health}");
        let cookie = serving.cookie().await;
        let mut open = Vec::new();
        for path in ["/api/v1/events?watch=all", "/api/proxy/live-metrics-stream"] {
            let (socket, text) = serving.ask(path, &cookie, "metric").await;
            assert!(text.starts_with("HTTP/1.1 200"), "{text}");
            open.push(socket);
        }
        let began = Instant::now();
        serving.signal(signal).await;
        let (code, said) = serving.end().await;
        let took = began.elapsed();
        assert_eq!(code, 0, "{said}");
        assert!(took < Duration::from_secs(2), "{took:?}: {said}");
        assert!(!said.contains(TOKEN) && !said.contains("code="), "{said}");
        for mut socket in open {
            let mut rest = Vec::new();
            let ended = tokio::time::timeout(SOON, socket.read_to_end(&mut rest)).await;
            assert!(ended.is_ok(), "the stream ends");
        }
    }
    assert!(!found_in_files(&bench.data(), TOKEN));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_reads_where_to_click_and_what_was_found() {
    let bench = Bench::new().await;
    let token = format!("alice:{TOKEN}");
    let mut serving = bench.serve("serve", &[("HF_USER", &token)]).await;
    let mut block = String::new();
    while let Some(line) = serving.lines.next_line().await.unwrap() {
        block.push_str(&line);
        block.push('\n');
        if line.contains("Ctrl-C") {
            break;
        }
    }
    let data = bench.data();
    for wanted in [serving.sign_in.as_deref().unwrap(), "alice", data.to_str().unwrap()] {
        assert!(block.contains(wanted), "{wanted} in {block}");
    }
    assert!(!block.contains(TOKEN), "{block}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_password_no_link_is_written() {
    let bench = Bench::new().await;
    let serving = bench.serve("serve", &[("USER_PASSWORD", "correct horse battery")]).await;
    assert_eq!(serving.sign_in, None);
    let (_, page) = serving.ask("/api/v1/session", "Connection: close\r\n", "").await;
    assert!(page.contains("\"method\":\"password\""), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_port_or_the_same_data_is_told_what_to_do() {
    let bench = Bench::new().await;
    let serving = bench.serve("serve", &[]).await;
    let port = serving.address.rsplit_once(':').unwrap().1.to_owned();
    let other = bench.home.path().join("other");
    let other = other.to_str().unwrap();
    let taken = bench.run(&["serve", "--port", &port, "--data-dir", other]).await;
    assert_eq!(taken.code, 1);
    assert!(taken.err.contains(&port) && taken.err.contains("--port"), "{}", taken.err);

    let data = bench.data();
    let data = data.to_str().unwrap();
    let held = bench.run(&["serve", "--port", "0", "--data-dir", data]).await;
    assert_eq!(held.code, 1);
    assert!(held.err.contains("another process"), "{}", held.err);
    // What only reads works beside a server; what changes says who holds the store.
    let spaces = bench.run(&["spaces", "list", "--data-dir", data]).await;
    assert_eq!(spaces.code, 0, "{}", spaces.err);
    let add = bench.run_reading(&["accounts", "add", "--data-dir", data], "hf_x\n").await;
    assert!(add.err.contains("a server runs"), "{}", add.err);
    let (_, health) = serving.ask("/health", "Connection: close\r\n", "").await;
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_that_cannot_be_made_is_named() {
    let bench = Bench::new().await;
    let file = bench.home.path().join("a-file");
    std::fs::write(&file, "").unwrap();
    let below = file.join("data");
    let ended = bench.run(&["serve", "--port", "0", "--data-dir", below.to_str().unwrap()]).await;
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("a-file"), "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_living_spaces_without_a_token_and_keeps_nothing() {
    let bench = Bench::new().await;
    let serving = bench.serve("demo", &[("HF_USER", "nobody:hf_must_not_be_asked")]).await;
    let cookie = serving.cookie().await;
    let (_, events) = serving.ask("/api/v1/events?watch=all", &cookie, "cpu_pct").await;
    assert!(events.contains("cpu_pct"), "{events}");
    let close = format!("{cookie}Connection: close\r\n");
    let (_, spaces) = serving.ask("/api/v1/spaces?limit=1000", &close, "").await;
    assert!(spaces.matches("\"stage_since\"").count() >= 50, "{}", spaces.len());
    serving.signal("TERM").await;
    let (code, said) = serving.end().await;
    assert_eq!(code, 0, "{said}");
    assert!(!bench.data().exists(), "nothing was written");
    assert_eq!(bench.hub.world().stats().total(), 0, "the real Hub was not asked");
}
