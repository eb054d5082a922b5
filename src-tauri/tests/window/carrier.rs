//! How fast what happens at the Hub reaches the page's handler, through the engine and the carrier.

use std::time::Duration;

use hfsm_hub_sim::{SimHub, World};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{open, webdriver::Window};

/// Together 1,000 events a second.
const SPACES: usize = 200;
const INTERVAL: Duration = Duration::from_millis(200);
/// How long is counted.
const SECONDS: u64 = 10;

/// Reads the stream as the page does, and says how late each event came.
///
/// Messages of a channel may arrive out of order; each carries its place.
const READ: &str = "
    const [wanted, seconds, done] = arguments;
    const { invoke, transformCallback } = window.__TAURI_INTERNALS__;
    const decoder = new TextDecoder();
    const early = new Map();
    const late = [];
    let next = 0, last = 0, lost = 0, text = '', counting = false;
    const event = ({ seq, at, event }) => {
      if (event.type === 'resync') lost += event.data.missed;
      if (last && seq > last + 1) lost += seq - last - 1;
      if (seq) last = seq;
      if (counting && event.type === 'metrics') late.push(Date.now() - Date.parse(at));
    };
    const take = (bytes) => {
      text += decoder.decode(new Uint8Array(bytes), { stream: true });
      const blocks = text.split('\\n\\n');
      text = blocks.pop();
      for (const block of blocks) {
        const data = block.split('\\n').find((line) => line.startsWith('data: '));
        if (data) event(JSON.parse(data.slice(6)));
      }
    };
    const callback = transformCallback(({ message, index, end }) => {
      if (end) return;
      early.set(index, message);
      for (; early.has(next); next++) {
        take(early.get(next));
        early.delete(next);
      }
    });
    const request =
      { id: wanted, method: 'GET', uri: '/api/v1/events?watch=all', headers: [], body: null };
    invoke('api_fetch', { request, chunks: `__CHANNEL__:${callback}` });
    setTimeout(() => (counting = true), 3000);
    setTimeout(() => {
      invoke('api_abort', { id: wanted });
      late.sort((a, b) => a - b);
      const part = (share) => late[Math.floor((late.length - 1) * share)];
      done({
        events: late.length, lost, p50: part(0.5), p99: part(0.99), worst: part(1),
      });
    }, 3000 + seconds * 1000);
";

#[test]
#[ignore = "it needs a screen and WebKitWebDriver, which `cargo xtask test` provides"]
fn a_thousand_events_a_second_reach_the_page_and_none_is_lost() {
    let runtime = Runtime::new().unwrap();
    let world = World::builder().many(SPACES).metric_interval(INTERVAL).build();
    let hub = runtime.block_on(SimHub::start(world)).unwrap();
    let home = tempfile::tempdir().unwrap();
    let window = open(&hub, home.path(), "bench:hf_demo_bench");

    let figures = measure(&window);

    println!("the carrier at 1,000 events a second: {figures}");
    assert_eq!(figures["lost"], 0, "{figures}");
    let per_second = figures["events"].as_u64().unwrap() / SECONDS;
    assert!(per_second >= 700, "{figures}");
}

fn measure(window: &Window) -> Value {
    window.wait("the page runs", |window| {
        (window.run("return document.readyState") == "complete").then_some(())
    });
    window.run_async_with(READ, &json!([4_000_001, SECONDS]))
}
