//! Clients that watch every Space, and check that each report comes to each of them once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use anyhow::Context;
use hfsm_model::Clock;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    http::{Target, background},
    report::percentile,
    stamps::{Line, Lines, Stamp, read},
};

/// The stream of the API.
pub(crate) const NEW_ROUTE: &str = "/api/v1/events?watch=all";
/// The stream of the old application; without `instances` it carries all.
pub(crate) const OLD_ROUTE: &str = "/api/proxy/live-metrics-stream";

/// What all clients share.
#[derive(Debug, Default)]
struct Common {
    measuring: AtomicBool,
    /// Reports that came while measuring.
    delivered: AtomicU64,
}

/// Clients at work.
#[derive(Debug)]
pub(crate) struct Watchers {
    common: Arc<Common>,
    stop: watch::Sender<bool>,
    clients: Vec<JoinHandle<Seen>>,
}

/// What a client saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Reports that did not come.
    pub(crate) lost: u64,
    /// Reports that came again.
    pub(crate) twice: u64,
    /// Spaces that reported while measuring.
    pub(crate) spaces: usize,
    /// Times that it was told, while measuring, that events were lost.
    pub(crate) resyncs: u64,
    /// How long each report was on its way, in milliseconds.
    latencies: Vec<f64>,
    /// The last number of each Space, and whether it came while measuring.
    last: Vec<Option<(u64, bool)>>,
}

impl Watchers {
    /// Opens so many streams.
    pub(crate) async fn open(target: &Target, route: &str, clients: usize) -> anyhow::Result<Self> {
        let common = Arc::new(Common::default());
        let (stop, stopped) = watch::channel(false);
        let mut tasks = Vec::new();
        for _ in 0..clients {
            let stream = target.open(route, None).await?;
            tasks.push(background(follow(stream, common.clone(), stopped.clone())));
        }
        Ok(Self { common, stop, clients: tasks })
    }

    /// Begins to count. What came before told where each Space's numbers stand.
    pub(crate) fn measure(&self) {
        self.common.measuring.store(true, Ordering::Relaxed);
    }

    /// Returns how many reports came while measuring, to all clients together.
    pub(crate) fn delivered(&self) -> u64 {
        self.common.delivered.load(Ordering::Relaxed)
    }

    /// Closes the streams and returns what all clients saw together.
    pub(crate) async fn close(self) -> anyhow::Result<Sum> {
        self.stop.send_replace(true);
        let mut sum = Sum { fewest_spaces: usize::MAX, ..Sum::default() };
        for client in self.clients {
            let seen = client.await.context("a client failed")?;
            sum.lost += seen.lost;
            sum.twice += seen.twice;
            sum.resyncs += seen.resyncs;
            sum.fewest_spaces = sum.fewest_spaces.min(seen.spaces);
            sum.latencies.extend(seen.latencies);
        }
        Ok(sum)
    }
}

/// What all clients saw together.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    pub(crate) lost: u64,
    pub(crate) twice: u64,
    pub(crate) resyncs: u64,
    /// Spaces of which the worst client heard.
    pub(crate) fewest_spaces: usize,
    latencies: Vec<f64>,
}

impl Sum {
    /// Returns the time on the way below which the given part of all reports stayed, in ms.
    pub(crate) fn latency(&mut self, part: f64) -> f64 {
        percentile(&mut self.latencies, part)
    }
}

async fn follow(
    mut stream: Incoming,
    common: Arc<Common>,
    mut stopped: watch::Receiver<bool>,
) -> Seen {
    let clock = Clock::system();
    let mut seen = Seen::default();
    let mut lines = Lines::default();
    loop {
        let frame = tokio::select! {
            frame = stream.frame() => frame,
            _ = stopped.changed() => break,
        };
        // A stream that ends early has lost what follows, and the silent Spaces show it.
        let Some(Ok(frame)) = frame else { break };
        let Some(piece) = frame.data_ref() else { continue };
        let now_us = clock.now().timestamp_micros();
        let measuring = common.measuring.load(Ordering::Relaxed);
        let mut delivered = 0;
        lines.feed(piece, |line| match read(line) {
            Line::Report(stamp) => {
                seen.note(stamp, now_us, measuring);
                delivered += u64::from(measuring);
            }
            Line::Resync => seen.resyncs += u64::from(measuring),
            Line::Other => {}
        });
        common.delivered.fetch_add(delivered, Ordering::Relaxed);
    }
    seen.spaces = seen.last.iter().flatten().filter(|(_, measured)| *measured).count();
    seen
}

impl Seen {
    fn note(&mut self, stamp: Stamp, now_us: i64, measuring: bool) {
        if self.last.len() <= stamp.space {
            self.last.resize(stamp.space + 1, None);
        }
        if measuring {
            if let Some((last, _)) = self.last[stamp.space] {
                match stamp.number.checked_sub(last + 1) {
                    Some(lost) => self.lost += lost,
                    None => self.twice += 1,
                }
            }
            #[expect(clippy::cast_precision_loss, reason = "these are milliseconds")]
            self.latencies.push((now_us - stamp.sent_us) as f64 / 1000.0);
        }
        self.last[stamp.space] = Some((stamp.number, measuring));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(seen: &mut Seen, number: u64, measuring: bool) {
        seen.note(Stamp { space: 0, number, sent_us: 1_000 }, 3_500, measuring);
    }

    #[test]
    fn what_is_lost_and_what_comes_twice_is_counted_while_measuring() {
        let mut seen = Seen::default();
        note(&mut seen, 3, false);
        note(&mut seen, 9, false);
        note(&mut seen, 10, true);
        note(&mut seen, 13, true);
        note(&mut seen, 13, true);
        assert_eq!((seen.lost, seen.twice), (2, 1));
        assert_eq!(seen.latencies, [2.5, 2.5, 2.5]);
    }
}
