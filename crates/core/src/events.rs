//! What has changed, told to all who listen.
//!
//! Events go out in batches that are written as text once and shared by all readers. The channel is
//! bounded: a reader that falls behind is told how many batches it missed and reads again.

use std::{
    collections::{HashMap, HashSet},
    io::Write as _,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use hfsm_model::{Clock, Envelope, Event, MetricsPoint, SpaceId};
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

use crate::lock;

/// Batches that a slow reader may be behind: with [`BATCH`] events each, about ten megabytes.
const BACKLOG: usize = 256;
/// Events in a batch at most.
const BATCH: usize = 128;
/// Bytes that metrics take as text, at most as a rule.
const USUAL_SIZE: usize = 384;
/// How long metrics are let arrive before they are received together, for each reader there is:
/// more readers make each batch dearer, so that they get fewer and larger ones.
const REST_PER_READER: Duration = Duration::from_micros(50);
/// The shortest such rest.
const REST_MIN: Duration = Duration::from_micros(500);
/// The longest such rest.
const REST_MAX: Duration = Duration::from_millis(10);

/// One event, and who may hear it.
#[derive(Debug)]
pub struct Frame {
    /// The event with its place in the stream.
    pub envelope: Envelope,
    /// The least that a reader must be allowed to hear it.
    pub audience: Audience,
    text: OnceLock<Bytes>,
}

impl Frame {
    fn new(envelope: Envelope, audience: Audience) -> Self {
        Self { envelope, audience, text: OnceLock::new() }
    }

    /// Returns the event as one `text/event-stream` block, made once.
    pub fn event_stream(&self) -> &Bytes {
        self.text.get_or_init(|| encode(&self.envelope))
    }
}

/// Writes an envelope as one `text/event-stream` block.
pub fn encode(envelope: &Envelope) -> Bytes {
    let mut text = Vec::with_capacity(USUAL_SIZE);
    write(&mut text, envelope);
    text.into()
}

fn write(text: &mut Vec<u8>, envelope: &Envelope) {
    // Writing our own plain data into memory does not fail.
    let _ = write!(text, "id: {}\ndata: ", envelope.seq);
    let _ = serde_json::to_writer(&mut *text, envelope);
    text.extend_from_slice(b"\n\n");
}

/// Events that go out together.
#[derive(Debug)]
pub struct Batch {
    frames: Vec<Frame>,
    text: OnceLock<Bytes>,
}

impl Batch {
    /// Returns the events in their order.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Returns all events as `text/event-stream`, made once.
    pub fn event_stream(&self) -> Bytes {
        let all = || {
            let mut text = Vec::with_capacity(self.frames.len() * USUAL_SIZE);
            for frame in &self.frames {
                // The frames' own text is made only if a reader wants some of them.
                write(&mut text, &frame.envelope);
            }
            Bytes::from(text)
        };
        self.text.get_or_init(all).clone()
    }
}

/// The Spaces whose metrics a reader wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watch {
    /// Every Space's.
    All,
    /// Those of these Spaces.
    Spaces(HashSet<SpaceId>),
}

impl Watch {
    /// Wants no metrics.
    pub fn nothing() -> Self {
        Self::Spaces(HashSet::new())
    }

    /// Tells whether the Space is wanted.
    pub fn includes(&self, space: &SpaceId) -> bool {
        match self {
            Self::All => true,
            Self::Spaces(spaces) => spaces.contains(space),
        }
    }
}

/// Which events a reader may hear, and which readers an event is for. Each includes the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// What is about public Spaces.
    PublicSpaces,
    /// What is about any Space.
    AllSpaces,
    /// Accounts, operations and activity as well.
    Everything,
}

impl Audience {
    /// Returns who may hear of a Space.
    pub fn of_space(private: bool) -> Self {
        if private { Self::AllSpaces } else { Self::PublicSpaces }
    }
}

#[derive(Debug)]
struct Pending {
    seq: u64,
    metrics: Vec<Frame>,
}

#[derive(Debug)]
struct ReaderEntry {
    watch: Arc<Watch>,
    audience: Audience,
    /// Whether somebody looks at what it hears.
    looks: bool,
}

#[derive(Debug)]
struct Shared {
    sender: broadcast::Sender<Arc<Batch>>,
    pending: Mutex<Pending>,
    collected: Notify,
    readers: Mutex<HashMap<String, ReaderEntry>>,
    demand: Notify,
    clock: Clock,
    stopping: CancellationToken,
}

/// Where events are published and readers are made. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Events(Arc<Shared>);

impl Events {
    /// Makes a channel without readers. Streams end when `stopping` does.
    pub fn new(clock: Clock, stopping: CancellationToken) -> Self {
        Self(Arc::new(Shared {
            sender: broadcast::Sender::new(BACKLOG),
            pending: Mutex::new(Pending { seq: 0, metrics: Vec::new() }),
            collected: Notify::new(),
            readers: Mutex::default(),
            demand: Notify::new(),
            clock,
            stopping,
        }))
    }

    /// Publishes an event at once, after the metrics that were collected before it.
    pub fn publish(&self, event: Event, audience: Audience) {
        self.publish_all([(event, audience)]);
    }

    /// Publishes events that belong together, in as few batches as they fit into: a list of 1,000
    /// new Spaces must not make every reader fall behind.
    pub fn publish_all(&self, events: impl IntoIterator<Item = (Event, Audience)>) {
        if self.0.sender.receiver_count() == 0 {
            return;
        }
        let mut pending = lock(&self.0.pending);
        self.send(&mut pending);
        let mut frames = Vec::new();
        for (event, audience) in events {
            frames.push(self.frame(&mut pending, event, audience));
            if frames.len() == BATCH {
                self.send_batch(std::mem::take(&mut frames));
            }
        }
        if !frames.is_empty() {
            self.send_batch(frames);
        }
    }

    /// Publishes what a replica reported, together with what else arrives in the same moment.
    pub fn publish_metrics(&self, space: SpaceId, point: MetricsPoint, audience: Audience) {
        if self.0.sender.receiver_count() == 0 {
            return;
        }
        let mut pending = lock(&self.0.pending);
        let frame = self.frame(&mut pending, Event::Metrics { space, point }, audience);
        pending.metrics.push(frame);
        match pending.metrics.len() {
            1 => self.0.collected.notify_one(),
            BATCH.. => self.send(&mut pending),
            _ => {}
        }
    }

    /// Sends collected metrics out, until the program stops.
    pub async fn run(self) {
        loop {
            tokio::select! {
                () = self.0.collected.notified() => {}
                () = self.0.stopping.cancelled() => return,
            }
            // Once for what else has arrived to be found, and once for it to be read.
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
            self.send(&mut lock(&self.0.pending));
        }
    }

    /// Returns how long whoever receives metrics may rest while more arrive.
    pub(crate) fn rest(&self) -> Duration {
        let readers = u32::try_from(self.0.sender.receiver_count()).unwrap_or(u32::MAX);
        REST_PER_READER.saturating_mul(readers).clamp(REST_MIN, REST_MAX)
    }

    /// Makes a reader that hears what is published from now on.
    pub fn subscribe(&self, audience: Audience, watch: Watch) -> EventReader {
        self.reader(audience, watch, true)
    }

    /// Makes a reader that hears everything but metrics, for a program that waits for what a person
    /// wants to know. Nobody looks through it, so that for its sake the Hub is asked no more often.
    pub fn overhear(&self) -> EventReader {
        self.reader(Audience::Everything, Watch::nothing(), false)
    }

    fn reader(&self, audience: Audience, watch: Watch, looks: bool) -> EventReader {
        let id = uuid::Uuid::new_v4().to_string();
        let watch = Arc::new(watch);
        let entry = ReaderEntry { watch: watch.clone(), audience, looks };
        lock(&self.0.readers).insert(id.clone(), entry);
        self.0.demand.notify_one();
        EventReader {
            receiver: self.0.sender.subscribe(),
            id,
            watch,
            audience,
            events: self.clone(),
        }
    }

    /// Changes what an open reader watches. Returns whether there is such a reader.
    pub fn set_watch(&self, reader: &str, watch: Watch) -> bool {
        let known = match lock(&self.0.readers).get_mut(reader) {
            Some(entry) => {
                entry.watch = Arc::new(watch);
                true
            }
            None => false,
        };
        if known {
            self.0.demand.notify_one();
        }
        known
    }

    /// Returns what an open reader may hear; `None` when there is no such reader.
    pub fn audience_of(&self, reader: &str) -> Option<Audience> {
        lock(&self.0.readers).get(reader).map(|entry| entry.audience)
    }

    /// Returns how many readers are open.
    pub fn readers(&self) -> usize {
        lock(&self.0.readers).len()
    }

    /// Returns whether somebody looks at what changes.
    pub fn is_looked_at(&self) -> bool {
        lock(&self.0.readers).values().any(|entry| entry.looks)
    }

    /// Waits until what readers want may have changed.
    pub(crate) async fn demand_changed(&self) {
        self.0.demand.notified().await;
    }

    /// Returns what all readers want together, each with what it may hear.
    pub(crate) fn demand(&self) -> Vec<(Arc<Watch>, Audience)> {
        lock(&self.0.readers).values().map(|entry| (entry.watch.clone(), entry.audience)).collect()
    }

    fn frame(&self, pending: &mut Pending, event: Event, audience: Audience) -> Frame {
        pending.seq += 1;
        Frame::new(Envelope { seq: pending.seq, at: self.0.clock.now(), event }, audience)
    }

    fn send(&self, pending: &mut Pending) {
        if !pending.metrics.is_empty() {
            self.send_batch(std::mem::take(&mut pending.metrics));
        }
    }

    fn send_batch(&self, frames: Vec<Frame>) {
        let _ = self.0.sender.send(Arc::new(Batch { frames, text: OnceLock::new() }));
    }
}

/// What a reader receives.
#[derive(Debug, Clone)]
pub enum Received {
    /// Events.
    Batch(Arc<Batch>),
    /// The reader was too slow: so many batches were lost to it.
    Missed(u64),
}

/// One listener.
#[derive(Debug)]
pub struct EventReader {
    receiver: broadcast::Receiver<Arc<Batch>>,
    id: String,
    watch: Arc<Watch>,
    audience: Audience,
    events: Events,
}

impl EventReader {
    /// Returns the name by which [`Events::set_watch`] knows the reader. It cannot be guessed.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Waits for what comes next; `None` when the program stops.
    pub async fn next(&mut self) -> Option<Received> {
        let stopping = &self.events.0.stopping;
        let received = tokio::select! {
            received = self.receiver.recv() => received,
            () = stopping.cancelled() => return None,
        };
        if let Some(entry) = lock(&self.events.0.readers).get(&self.id) {
            self.watch = entry.watch.clone();
        }
        match received {
            Ok(batch) => Some(Received::Batch(batch)),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(Received::Missed(missed)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }

    /// Returns the events of a batch that this reader wants and may hear.
    pub fn wanted<'a>(&'a self, batch: &'a Batch) -> impl Iterator<Item = &'a Frame> {
        batch.frames.iter().filter(|frame| self.wants(frame))
    }

    /// Returns whether the reader hears every event of every batch.
    pub fn wants_everything(&self) -> bool {
        *self.watch == Watch::All && self.audience == Audience::Everything
    }

    fn wants(&self, frame: &Frame) -> bool {
        let heard = self.audience >= frame.audience;
        heard
            && match &frame.envelope.event {
                Event::Metrics { space, .. } => self.watch.includes(space),
                _ => true,
            }
    }
}

impl Drop for EventReader {
    fn drop(&mut self) {
        lock(&self.events.0.readers).remove(&self.id);
        self.events.0.demand.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use hfsm_model::MetricsSample;

    use super::*;

    fn point() -> MetricsPoint {
        MetricsPoint { at: DateTime::UNIX_EPOCH, sample: MetricsSample::default() }
    }

    fn removed(name: &str) -> Event {
        Event::SpaceRemoved { id: SpaceId::new("alice", name).unwrap() }
    }

    fn events() -> Events {
        Events::new(Clock::system(), CancellationToken::new())
    }

    async fn batch(reader: &mut EventReader) -> Arc<Batch> {
        match reader.next().await {
            Some(Received::Batch(batch)) => batch,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn metrics_come_before_the_event_that_was_published_after_them() {
        let events = events();
        let mut reader = events.subscribe(Audience::Everything, Watch::All);
        events.publish_metrics(
            SpaceId::new("alice", "demo").unwrap(),
            point(),
            Audience::PublicSpaces,
        );
        events.publish(removed("demo"), Audience::PublicSpaces);
        assert!(matches!(
            batch(&mut reader).await.frames()[0].envelope.event,
            Event::Metrics { .. }
        ));
        let second = batch(&mut reader).await;
        assert_eq!(second.frames()[0].envelope.seq, 2);
    }

    #[test]
    fn the_more_listen_the_longer_metrics_are_let_arrive_within_bounds() {
        let events = events();
        assert_eq!(events.rest(), REST_MIN, "nobody");
        let mut readers = Vec::new();
        for (count, rest) in [(10, REST_MIN), (50, Duration::from_micros(2500)), (300, REST_MAX)] {
            readers.resize_with(count, || events.subscribe(Audience::Everything, Watch::All));
            assert_eq!(events.rest(), rest, "{count}");
        }
    }

    #[tokio::test]
    async fn a_slow_reader_is_told_what_it_missed_and_goes_on() {
        let events = events();
        let mut slow = events.subscribe(Audience::Everything, Watch::All);
        for _ in 0..BACKLOG + 10 {
            events.publish(removed("demo"), Audience::PublicSpaces);
        }
        assert!(matches!(slow.next().await, Some(Received::Missed(10))));
        assert_eq!(batch(&mut slow).await.frames()[0].envelope.seq, 11);
    }

    #[tokio::test]
    async fn a_long_list_leaves_no_reader_behind() {
        let events = events();
        let mut reader = events.subscribe(Audience::Everything, Watch::nothing());
        events.publish_all((0..5000).map(|_| (removed("demo"), Audience::PublicSpaces)));
        let mut heard = 0;
        while heard < 5000 {
            heard += batch(&mut reader).await.frames().len();
        }
        assert_eq!(heard, 5000);
    }

    #[tokio::test]
    async fn a_reader_hears_metrics_of_what_it_watches_and_nothing_private_without_leave() {
        let events = events();
        let demo = SpaceId::new("alice", "demo").unwrap();
        let mut anonymous = events.subscribe(Audience::PublicSpaces, Watch::All);
        let mut narrow = events.subscribe(Audience::Everything, Watch::nothing());
        events.publish_metrics(demo.clone(), point(), Audience::AllSpaces);
        events.publish(removed("demo"), Audience::AllSpaces);
        let private = batch(&mut anonymous).await;
        assert_eq!(anonymous.wanted(&private).count(), 0);
        let metrics = batch(&mut narrow).await;
        assert_eq!(narrow.wanted(&metrics).count(), 0);
        assert!(events.set_watch(&narrow.id.clone(), Watch::Spaces([demo].into())));
        let _ = batch(&mut narrow).await;
        assert_eq!(narrow.wanted(&metrics).count(), 1);
    }

    #[tokio::test]
    async fn who_overhears_does_not_look() {
        let events = events();
        let mut waiting = events.overhear();
        assert!(!events.is_looked_at());
        let looking = events.subscribe(Audience::PublicSpaces, Watch::nothing());
        assert!(events.is_looked_at());
        drop(looking);
        events.publish(removed("demo"), Audience::Everything);
        let heard = batch(&mut waiting).await;
        assert_eq!(waiting.wanted(&heard).count(), 1);
        assert!(!events.is_looked_at());
    }

    #[tokio::test]
    async fn a_batch_is_written_once_for_all_readers() {
        let events = events();
        let mut first = events.subscribe(Audience::Everything, Watch::All);
        let mut second = events.subscribe(Audience::Everything, Watch::All);
        events.publish(removed("demo"), Audience::PublicSpaces);
        let (a, b) = (batch(&mut first).await, batch(&mut second).await);
        assert_eq!(a.event_stream().as_ptr(), b.event_stream().as_ptr());
        assert!(a.event_stream().starts_with(b"id: 1\ndata: {\"seq\":1,"));
    }
}
