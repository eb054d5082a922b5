//! The log of a run or a build: replayed from its start to whoever connects, then followed.

use std::collections::VecDeque;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;
use tokio::sync::watch;

/// Lines that are kept; the Hub keeps a run's lines only for a while too.
const KEPT: usize = 2_000;

/// The lines of the current run or build, each already a server-sent event.
#[derive(Debug)]
pub(crate) struct LogBuffer {
    events: VecDeque<Bytes>,
    first: u64,
    grown: watch::Sender<u64>,
}

impl LogBuffer {
    pub(crate) fn new() -> Self {
        Self { events: VecDeque::new(), first: 0, grown: watch::channel(0).0 }
    }

    /// Forgets the lines of the run before.
    pub(crate) fn begin(&mut self) {
        self.first += self.events.len() as u64;
        self.events.clear();
    }

    /// Adds `line`, which gets its line end here.
    pub(crate) fn push(&mut self, date: DateTime<Utc>, line: &str) {
        let data = json!({
            "data": format!("{line}\n"),
            "timestamp": date.to_rfc3339_opts(SecondsFormat::Nanos, true),
        });
        self.events.push_back(Bytes::from(format!("data: {data}\n\n")));
        if self.events.len() > KEPT {
            self.events.pop_front();
            self.first += 1;
        }
        self.grown.send_replace(self.end());
    }

    /// The events from number `from` on, and the number of the one that comes after them.
    pub(crate) fn since(&self, from: u64) -> (Vec<Bytes>, u64) {
        let skip = from.saturating_sub(self.first) as usize;
        (self.events.iter().skip(skip).cloned().collect(), self.end())
    }

    /// Where a reader starts: at the run's first line, or so many lines before its end.
    pub(crate) fn start(&self, tail: Option<u64>) -> u64 {
        match tail {
            Some(lines) => self.end().saturating_sub(lines).max(self.first),
            None => self.first,
        }
    }

    /// Tells when there is more.
    pub(crate) fn grown(&self) -> watch::Receiver<u64> {
        self.grown.subscribe()
    }

    fn end(&self) -> u64 {
        self.first + self.events.len() as u64
    }
}
