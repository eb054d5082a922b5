//! The streams: metrics, events and logs as server-sent events.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue};
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior};

use crate::access::{Access, Caller};
use crate::answer::{Answer, Refusal};
use crate::ask::Ask;
use crate::events;
use crate::faults::{Asked, Fault};
use crate::hub::Hub;
use crate::log_buffer::LogBuffer;
use crate::people::TokenKind;
use crate::route::RouteKind;
use crate::shaper::{Course, Shaper};
use crate::space::Space;
use crate::stage;
use crate::stats::StreamCount;

/// Time for what was said to leave, before a connection breaks and takes its buffer along.
const LAST_WORDS: Duration = Duration::from_millis(1);

/// `GET /api/spaces/{id}/metrics`, which is for those who are signed in.
pub(crate) async fn official_metrics(ask: Ask) -> Answer {
    if ask.caller.is_anonymous() {
        return Err(Refusal::sign_in());
    }
    metrics(ask).await
}

/// `GET /v1/{id}/live-metrics/sse`
pub(crate) async fn metrics(ask: Ask) -> Answer {
    if ask.struck.contains(&Fault::NotFoundAndHang) {
        return Ok(not_found_and_hang(&ask));
    }
    let (id, events) = ask.see(|space, _| {
        let alive = stage::serves(&space.stage) || stage::occupies(&space.stage);
        if space.is_static() || !alive {
            return Err(Refusal::stale());
        }
        Ok((space.id(), space.metrics.subscribe()))
    })??;
    Ok(open(&ask, RouteKind::Metrics, &id, Source::Metrics(events)))
}

/// `GET /api/spaces/{id}/events` and `GET /v1/{id}/sse`
pub(crate) async fn status(ask: Ask) -> Answer {
    let (id, changes) = ask.see(|space, _| (space.id(), space.changes.subscribe()))?;
    let mut tick = tokio::time::interval(ask.hub.settings.metric_interval);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let source = Source::Status { id: id.clone(), changes, tick, told: None };
    Ok(open(&ask, RouteKind::Events, &id, source))
}

/// `GET …/logs/run`
pub(crate) async fn run_logs(ask: Ask) -> Answer {
    logs(&ask, RouteKind::RunLogs)
}

/// `GET …/logs/build`
pub(crate) async fn build_logs(ask: Ask) -> Answer {
    logs(&ask, RouteKind::BuildLogs)
}

/// `GET /v1/{id}/logs/run`, which takes a pass, and no user's token.
pub(crate) async fn run_logs_by_pass(ask: Ask) -> Answer {
    refuse_user_tokens(&ask)?;
    logs(&ask, RouteKind::RunLogs)
}

/// `GET /v1/{id}/logs/build`, which takes a pass, and no user's token.
pub(crate) async fn build_logs_by_pass(ask: Ask) -> Answer {
    refuse_user_tokens(&ask)?;
    logs(&ask, RouteKind::BuildLogs)
}

fn refuse_user_tokens(ask: &Ask) -> Result<(), Refusal> {
    match &ask.caller {
        Caller::Token(token) if !matches!(token.kind, TokenKind::God) => Err(Refusal::sign_in()),
        Caller::Token(_) | Caller::Anonymous(_) | Caller::Pass { .. } => Ok(()),
    }
}

fn logs(ask: &Ask, kind: RouteKind) -> Answer {
    let tail = match ask.param("tail") {
        None => None,
        Some(text) => Some(
            text.parse()
                .map_err(|_| Refusal::bad_request("\"tail\" must be a number, 0 or more"))?,
        ),
    };
    let (id, source) = ask.see(|space, access| {
        // A pass is made for reading logs; a token has to be good for writing.
        let by_pass = matches!(ask.caller, Caller::Pass { .. }) && access >= Access::See;
        if access != Access::Manage && !by_pass {
            return Err(ask.caller.powerless());
        }
        if space.is_static() {
            return Err(Refusal::bad_request("Static Spaces have no logs"));
        }
        let log = log_of(space, kind);
        let source =
            Source::Log { id: space.oid.clone(), kind, next: log.start(tail), grown: log.grown() };
        Ok((space.id(), source))
    })??;
    Ok(open(ask, kind, &id, source))
}

fn log_of(space: &Space, kind: RouteKind) -> &LogBuffer {
    if kind == RouteKind::BuildLogs { &space.build_log } else { &space.run_log }
}

fn not_found_and_hang(ask: &Ask) -> Response {
    let line = Bytes::from_static(b"{\"error\":\"NOT_FOUND\"}\n");
    open(ask, RouteKind::Metrics, "", Source::Line(Some(line)))
}

/// Where a stream's events come from.
enum Source {
    Metrics(broadcast::Receiver<Bytes>),
    Status {
        id: String,
        changes: watch::Receiver<u64>,
        tick: Interval,
        told: Option<u64>,
    },
    Log {
        id: String,
        kind: RouteKind,
        next: u64,
        grown: watch::Receiver<u64>,
    },
    /// One line, then silence.
    Line(Option<Bytes>),
}

impl Source {
    /// The next events; `None` when there will be none any more.
    async fn next(&mut self, hub: &Hub) -> Option<Vec<Bytes>> {
        match self {
            Self::Metrics(events) => loop {
                match events.recv().await {
                    Ok(event) => {
                        hub.stats.metric_sent();
                        return Some(vec![event]);
                    }
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            },
            Self::Status { id, changes, tick, told } => {
                tokio::select! {
                    changed = changes.changed() => changed.ok()?,
                    _ = tick.tick() => {}
                }
                hub.with(|state, _| {
                    let space = &state.spaces[state.position(id)?];
                    let version = *changes.borrow_and_update();
                    let news = *told != Some(version);
                    *told = Some(version);
                    Some(events::status(space, news))
                })
            }
            Self::Log { id, kind, next, grown } => loop {
                let (lines, end) = {
                    let state = hub.lock();
                    let space = state.spaces.iter().find(|space| space.oid == *id)?;
                    log_of(space, *kind).since(*next)
                };
                *next = end;
                if !lines.is_empty() {
                    return Some(lines);
                }
                grown.changed().await.ok()?;
            },
            Self::Line(line) => match line.take() {
                Some(line) => Some(vec![line]),
                None => std::future::pending().await,
            },
        }
    }

    fn keep_alive(&self) -> Bytes {
        match self {
            Self::Log { .. } => Bytes::from_static(b"data:\n\n"),
            Self::Metrics(_) | Self::Status { .. } | Self::Line(_) => {
                Bytes::from_static(b": keep-alive\n\n")
            }
        }
    }

    fn hangs(&self) -> bool {
        matches!(self, Self::Line(_))
    }
}

/// One reader's stream.
struct Feed {
    hub: Arc<Hub>,
    source: Source,
    shaper: Shaper,
    kind: RouteKind,
    space: String,
    token: Option<String>,
    /// Faults that struck this one request.
    struck: Arc<[Fault]>,
    versions: watch::Receiver<u64>,
    cuts: watch::Receiver<u64>,
    keep_alive: Interval,
    opened: Instant,
    closes_at: Option<Instant>,
    course: Course,
    _count: StreamCount,
}

fn open(ask: &Ask, kind: RouteKind, space: &str, source: Source) -> Response {
    let hub = Arc::clone(&ask.hub);
    let period = hub.settings.keep_alive;
    let mut keep_alive = tokio::time::interval_at(Instant::now() + period, period);
    keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut feed = Feed {
        versions: hub.faults.versions(),
        cuts: hub.faults.cuts(),
        _count: StreamCount::new(Arc::clone(&hub.stats), kind),
        source,
        shaper: Shaper::default(),
        kind,
        space: space.to_owned(),
        token: ask.token.clone(),
        struck: Arc::clone(&ask.struck),
        keep_alive,
        opened: Instant::now(),
        closes_at: None,
        course: Course::On,
        hub,
    };
    feed.obey();
    let body = Body::from_stream(stream::unfold(feed, |mut feed| async move {
        let chunk = feed.next().await?;
        Some((chunk, feed))
    }));
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

impl Feed {
    /// The next chunk; an error breaks the stream off, `None` ends it.
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            if let Some(chunk) = self.shaper.next() {
                if self.shaper.in_pieces {
                    // A body that has nothing for a moment is flushed: the pieces leave one by one.
                    tokio::task::yield_now().await;
                }
                return Some(Ok(chunk));
            }
            match self.course {
                Course::Over { clean: true } => return None,
                Course::Over { clean: false } => {
                    self.course = Course::Over { clean: true };
                    tokio::time::sleep(LAST_WORDS).await;
                    return Some(Err(io::ErrorKind::ConnectionReset.into()));
                }
                Course::Stalled | Course::On => self.step().await,
            }
        }
    }

    /// Waits for the next thing that happens to the stream.
    async fn step(&mut self) {
        let silent = self.course == Course::Stalled || self.source.hangs();
        let closing = async {
            match self.closes_at {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending::<()>().await,
            }
        };
        tokio::select! {
            biased;
            () = self.hub.stopping.cancelled() => self.course = Course::Over { clean: true },
            _ = self.cuts.changed() => self.course = Course::Over { clean: false },
            _ = self.versions.changed() => self.obey(),
            () = closing => self.course = Course::Over { clean: true },
            events = self.source.next(&self.hub), if self.course == Course::On => self.take(events),
            _ = self.keep_alive.tick(), if !silent => {
                let keep_alive = self.source.keep_alive();
                self.take(Some(vec![keep_alive]));
            }
        }
    }

    fn take(&mut self, events: Option<Vec<Bytes>>) {
        let Some(events) = events else {
            self.course = Course::Over { clean: true };
            return;
        };
        for event in events {
            self.course = self.shaper.take(event);
            if self.course != Course::On {
                break;
            }
        }
    }

    /// Takes up the faults as they are now.
    fn obey(&mut self) {
        let asked =
            Asked { kind: self.kind, space: Some(&self.space), token: self.token.as_deref() };
        let mut faults = self.hub.faults.lasting(&asked);
        faults.extend(self.struck.iter().cloned());
        self.shaper.obey(faults);
        self.closes_at = self.shaper.life().map(|life| self.opened + life);
        self.course = self.shaper.course();
    }
}
