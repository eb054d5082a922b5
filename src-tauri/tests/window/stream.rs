//! How fast events reach the page's handler, and how many of them.

use serde_json::{Value, json};

use crate::webdriver::Window;

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
      text += typeof bytes === 'string'
        ? bytes
        : decoder.decode(new Uint8Array(bytes), { stream: true });
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

/// Follows all Spaces in the page of `window`, and returns how late their metrics came.
pub(crate) fn measure(window: &Window) -> Value {
    window.wait("the page runs", |window| {
        (window.run("return document.readyState") == "complete").then_some(())
    });
    window.run_async_with(READ, &json!([4_000_001, SECONDS]))
}
