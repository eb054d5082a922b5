//! Logs: one stream a Space and log for all who read it, with the lines that were there before.
//!
//! The Hub sends the whole buffer again on each connection; what is known already is left out by
//! its time stamp, so that a reader sees each line once.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::StreamExt;
use hfsm_hub::{Backoff, LogEvent, Rank};
use hfsm_model::{LogKind, LogLine, LogUpdate, SpaceId, WriteAccess};
use tokio::{sync::broadcast, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{Error, Fleet, lock};

/// Lines that are kept while somebody reads.
const KEPT_LINES: usize = 20_000;
/// Bytes that are kept while somebody reads.
const KEPT_BYTES: usize = 8 * 1024 * 1024;
/// Updates that a reader may be behind before it is told to begin anew.
const BACKLOG: usize = 1024;
/// How long lines are collected into one update.
const WINDOW: Duration = Duration::from_millis(20);

/// The log streams that are open.
#[derive(Debug, Default)]
pub(crate) struct LogFeeds(Mutex<HashMap<FeedKey, Arc<LogFeed>>>);

/// Of which Space and log, and how many of the lines that were there before it brings. Whoever wants
/// a few lines of a long log is not sent all of them.
type FeedKey = (SpaceId, LogKind, Option<u32>);

#[derive(Debug)]
struct LogFeed {
    buffer: Mutex<Buffer>,
    sender: broadcast::Sender<LogUpdate>,
}

#[derive(Debug, Default)]
struct Buffer {
    lines: VecDeque<LogLine>,
    bytes: usize,
    state: Option<LogUpdate>,
}

impl Buffer {
    fn push(&mut self, line: &LogLine) {
        self.bytes += line.text.len();
        self.lines.push_back(line.clone());
        while self.lines.len() > KEPT_LINES || (self.bytes > KEPT_BYTES && self.lines.len() > 1) {
            if let Some(old) = self.lines.pop_front() {
                self.bytes -= old.text.len();
            }
        }
    }

    /// Returns which of the lines that the Hub sent again are new: those after the newest known
    /// time stamp, and those of that very time stamp beyond the ones known.
    fn replay(&self) -> Replay {
        let newest = self.lines.iter().rev().find_map(|line| line.at);
        let mut same = HashMap::new();
        if newest.is_some() {
            for line in
                self.lines.iter().rev().take_while(|line| line.at.is_none() || line.at == newest)
            {
                *same.entry(line.text.clone()).or_default() += 1;
            }
        }
        Replay { newest, same }
    }
}

#[derive(Debug)]
struct Replay {
    newest: Option<chrono::DateTime<chrono::Utc>>,
    same: HashMap<String, usize>,
}

impl Replay {
    fn is_new(&mut self, line: &LogLine) -> bool {
        let (Some(newest), Some(at)) = (self.newest, line.at) else { return true };
        if at != newest {
            return at > newest;
        }
        match self.same.get_mut(&line.text) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        }
    }
}

/// One reader of a log.
#[derive(Debug)]
pub struct LogReader {
    feed: Arc<LogFeed>,
    receiver: broadcast::Receiver<LogUpdate>,
    first: VecDeque<LogUpdate>,
    stopping: CancellationToken,
}

impl LogReader {
    /// Waits for what comes next; `None` when the program stops.
    pub async fn next(&mut self) -> Option<LogUpdate> {
        if let Some(update) = self.first.pop_front() {
            return Some(update);
        }
        let received = tokio::select! {
            received = self.receiver.recv() => received,
            () = self.stopping.cancelled() => return None,
        };
        match received {
            Ok(update) => Some(update),
            Err(broadcast::error::RecvError::Lagged(_)) => {
                let buffer = lock(&self.feed.buffer);
                self.receiver = self.feed.sender.subscribe();
                self.first
                    .push_back(LogUpdate::Lines(Arc::new(buffer.lines.iter().cloned().collect())));
                Some(LogUpdate::Reset)
            }
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

impl Fleet {
    /// Reads a log from its last `tail` lines on (all when `None`), then as it grows.
    ///
    /// # Errors
    /// When no account sees the Space, none may read its logs, or it is static.
    pub fn read_log(
        &self,
        id: &SpaceId,
        kind: LogKind,
        tail: Option<u32>,
    ) -> Result<LogReader, Error> {
        let space = self.space(id)?;
        let id = space.info.id.clone();
        if space.info.is_static() {
            return Err(Error::StaticSpace(id));
        }
        if space.write_access == WriteAccess::No {
            return Err(Error::NoWriteAccess(id));
        }
        let mut feeds = lock(&self.0.logs.0);
        let key = (id, kind, tail);
        let feed = feeds.entry(key.clone()).or_insert_with(|| {
            let feed = Arc::new(LogFeed {
                buffer: Mutex::default(),
                sender: broadcast::Sender::new(BACKLOG),
            });
            self.0.supervisor.spawn("log stream", self.clone().feed_log(key, feed.clone()));
            feed
        });
        let buffer = lock(&feed.buffer);
        let receiver = feed.sender.subscribe();
        let skip = tail.map_or(0, |tail| buffer.lines.len().saturating_sub(tail as usize));
        let lines: Vec<LogLine> = buffer.lines.iter().skip(skip).cloned().collect();
        let mut first = VecDeque::from([LogUpdate::Reset]);
        if !lines.is_empty() {
            first.push_back(LogUpdate::Lines(Arc::new(lines)));
        }
        first.extend(buffer.state.clone());
        drop(buffer);
        Ok(LogReader {
            feed: feed.clone(),
            receiver,
            first,
            stopping: self.0.supervisor.stopping().clone(),
        })
    }

    /// Returns what a log holds now: asks the Hub and waits until it has sent what it keeps.
    ///
    /// # Errors
    /// As [`Fleet::read_log`], and when the Hub refuses or does not answer.
    pub async fn log_now(
        &self,
        id: &SpaceId,
        kind: LogKind,
        tail: Option<u32>,
    ) -> Result<Vec<LogLine>, Error> {
        /// The Hub marks no end: so long a silence is one.
        const SILENCE: Duration = Duration::from_secs(1);
        let space = self.space(id)?;
        if space.info.is_static() {
            return Err(Error::StaticSpace(space.info.id.clone()));
        }
        let gateway =
            self.gateways(id).into_iter().find(|(_, access, _)| *access != WriteAccess::No);
        let Some((_, _, gateway)) = gateway else { return Err(Error::NoWriteAccess(id.clone())) };
        if tail == Some(0) {
            return Ok(Vec::new());
        }
        let mut stream = gateway.ranked(Rank::Person).logs(id, kind, tail).await?;
        let began = self.0.clock.now();
        let mut lines = Vec::new();
        while let Ok(Some(event)) = tokio::time::timeout(SILENCE, stream.next()).await {
            match event? {
                LogEvent::Line(line) => {
                    let live = line.at.is_some_and(|at| at > began + chrono::TimeDelta::seconds(1));
                    lines.push(line);
                    if live {
                        break;
                    }
                }
                LogEvent::KeepAlive => break,
            }
        }
        if let Some(tail) = tail {
            lines.drain(..lines.len().saturating_sub(tail as usize));
        }
        Ok(lines)
    }

    async fn feed_log(self, key: FeedKey, feed: Arc<LogFeed>) {
        let mut backoff = Backoff::new(self.0.pace.reopen.0, self.0.pace.reopen.1);
        let stopping = self.0.supervisor.stopping().clone();
        let mut woke = self.0.woke.subscribe();
        loop {
            let reason = tokio::select! {
                reason = self.follow_log(&key, &feed, &mut backoff) => reason,
                _ = woke.changed() => {
                    // The connection died while the machine slept.
                    backoff.reset();
                    continue;
                }
                () = self.nobody_reads(&key, &feed) => return,
                () = stopping.cancelled() => return,
            };
            tell(&feed, LogUpdate::Waiting { reason });
            tokio::select! {
                () = tokio::time::sleep(backoff.next_delay()) => {}
                _ = woke.changed() => backoff.reset(),
                () = self.nobody_reads(&key, &feed) => return,
                () = stopping.cancelled() => return,
            }
        }
    }

    /// Reads one connection to its end. Returns why it ended.
    async fn follow_log(
        &self,
        (id, kind, tail): &FeedKey,
        feed: &LogFeed,
        backoff: &mut Backoff,
    ) -> String {
        let Some((_, _, gateway)) = self.gateways(id).into_iter().next() else {
            return Error::SpaceNotFound(id.clone()).to_string();
        };
        // What came while the stream was cut may be more than that, and what is known is left out.
        let tail = tail.filter(|_| lock(&feed.buffer).lines.is_empty());
        let mut stream = match gateway.ranked(Rank::Person).logs(id, *kind, tail).await {
            Ok(stream) => stream,
            Err(error) => return error.to_string(),
        };
        tell(feed, LogUpdate::Connected);
        let mut replay = lock(&feed.buffer).replay();
        let mut fresh: Vec<LogLine> = Vec::new();
        let mut due: Option<Instant> = None;
        loop {
            let far = Instant::now() + Duration::from_secs(3600);
            let item = tokio::select! {
                item = stream.next() => item,
                () = tokio::time::sleep_until(due.unwrap_or(far)), if due.is_some() => {
                    send(feed, &mut fresh);
                    due = None;
                    continue;
                }
            };
            match item {
                Some(Ok(LogEvent::Line(line))) => {
                    backoff.reset();
                    if replay.is_new(&line) {
                        fresh.push(line);
                        due.get_or_insert_with(|| Instant::now() + WINDOW);
                        if fresh.len() >= 1000 {
                            send(feed, &mut fresh);
                            due = None;
                        }
                    }
                }
                Some(Ok(LogEvent::KeepAlive)) => {}
                Some(Err(error)) => {
                    send(feed, &mut fresh);
                    return error.to_string();
                }
                None => {
                    send(feed, &mut fresh);
                    return "the Hub ended the log; it is asked again".to_owned();
                }
            }
        }
    }

    /// Waits until nobody has read for a while, and takes the feed away.
    async fn nobody_reads(&self, key: &FeedKey, feed: &Arc<LogFeed>) {
        let mut alone_since: Option<Instant> = None;
        loop {
            tokio::time::sleep(self.0.pace.linger / 3).await;
            let mut feeds = lock(&self.0.logs.0);
            if feed.sender.receiver_count() > 0 {
                alone_since = None;
            } else if alone_since.get_or_insert_with(Instant::now).elapsed() >= self.0.pace.linger {
                feeds.remove(key);
                return;
            }
        }
    }
}

fn send(feed: &LogFeed, fresh: &mut Vec<LogLine>) {
    if fresh.is_empty() {
        return;
    }
    let lines = Arc::new(std::mem::take(fresh));
    let mut buffer = lock(&feed.buffer);
    for line in lines.iter() {
        buffer.push(line);
    }
    let _ = feed.sender.send(LogUpdate::Lines(lines));
}

fn tell(feed: &LogFeed, state: LogUpdate) {
    let mut buffer = lock(&feed.buffer);
    if buffer.state.as_ref() != Some(&state) {
        buffer.state = Some(state.clone());
        let _ = feed.sender.send(state);
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    fn line(second: i64, text: &str) -> LogLine {
        LogLine { at: Some(DateTime::UNIX_EPOCH + TimeDelta::seconds(second)), text: text.into() }
    }

    #[test]
    fn what_the_hub_sends_again_is_left_out_and_what_is_new_is_not() {
        let mut buffer = Buffer::default();
        for known in [line(1, "a"), line(2, "b"), line(2, "b")] {
            buffer.push(&known);
        }
        let mut replay = buffer.replay();
        let sent =
            [line(1, "a"), line(2, "b"), line(2, "b"), line(2, "b"), line(2, "c"), line(3, "a")];
        let new: Vec<_> =
            sent.iter().filter(|line| replay.is_new(line)).map(|line| line.text.as_str()).collect();
        assert_eq!(new, ["b", "c", "a"]);
    }

    #[test]
    fn a_flood_keeps_the_newest_lines_within_the_bounds() {
        let mut buffer = Buffer::default();
        for second in 0..30_000 {
            buffer.push(&line(second, &"x".repeat(1000)));
        }
        assert!(buffer.bytes <= KEPT_BYTES);
        assert_eq!(buffer.lines.back().unwrap(), &line(29_999, &"x".repeat(1000)));
    }
}
