//! Troubles that a test or a person switches on: slow, broken, strange or refusing answers, and
//! streams that stall, are cut, or arrive in odd pieces.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;

use crate::route::RouteKind;

/// One trouble. In JSON: `{"fault": "latency", "ms": 200}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// The answer comes late.
    Latency {
        /// By so many milliseconds,
        ms: u64,
        /// and up to so many more.
        #[serde(default)]
        jitter_ms: u64,
    },
    /// A page of the Hub's front instead of an answer: 502, 503, 504 …
    Html {
        /// The status.
        status: u16,
    },
    /// An error of the API itself.
    Error {
        /// The status.
        status: u16,
        /// The text.
        error: String,
    },
    /// 429. With `remaining` 0 the window is used up; above it, one of the finer limits was hit.
    RateLimited {
        /// What the `RateLimit` header says is left.
        #[serde(default)]
        remaining: u32,
        /// Seconds for `Retry-After`; for `remaining` 0 also when the window ends.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// The connection ends in the middle of the body.
    ResetMidBody,
    /// 200 with something that is no JSON.
    NotJson,
    /// A field (`runtime.stage`) has another value, in every Space of the answer.
    SetField {
        /// Its path.
        field: String,
        /// The value; null is one too.
        value: Value,
    },
    /// A field (`runtime.hardware`) is missing, in every Space of the answer.
    DropField {
        /// Its path.
        field: String,
    },
    /// The link to a list's next page has lost its `expand` parameters.
    NextLinkWithoutExpand,
    /// The `Date` header is off.
    DateSkew {
        /// By so many seconds; negative: into the past.
        seconds: i64,
    },
    /// The answer carries an `X-HF-Warning`.
    Warning {
        /// `topic; message`.
        text: String,
    },
    /// A stream goes silent, keep-alives too.
    Stall {
        /// After so many events.
        #[serde(default)]
        after: u64,
    },
    /// A stream ends.
    Cut {
        /// After so many events.
        #[serde(default)]
        after: u64,
        /// In the middle of the next event.
        #[serde(default)]
        mid_event: bool,
        /// As if it were over, rather than broken off.
        #[serde(default)]
        clean: bool,
    },
    /// A stream arrives in pieces of so many bytes, wherever that cuts.
    Chunks {
        /// Bytes of a piece; at least 1.
        bytes: usize,
    },
    /// A stream's lines end in CR LF.
    Crlf,
    /// A stream has comments between and inside its events.
    Comments,
    /// A stream's events arrive several at once.
    Coalesce {
        /// How many.
        events: usize,
    },
    /// A stream answers 200, says `{"error":"NOT_FOUND"}`, and never says anything again.
    NotFoundAndHang,
    /// A stream ends, without a word, after so many milliseconds.
    CloseEvery {
        /// How long it lives.
        ms: u64,
    },
}

impl Fault {
    /// Whether it is about what a stream carries, rather than about how a request is answered.
    fn shapes_streams(&self) -> bool {
        matches!(
            self,
            Self::Stall { .. }
                | Self::Cut { .. }
                | Self::Chunks { .. }
                | Self::Crlf
                | Self::Comments
                | Self::Coalesce { .. }
                | Self::CloseEvery { .. }
        )
    }
}

/// When a fault applies: always, unless it says otherwise.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct When {
    /// For these kinds of requests only.
    #[serde(default)]
    pub on: Vec<RouteKind>,
    /// For this Space only.
    #[serde(default)]
    pub space: Option<String>,
    /// For requests with this token only.
    #[serde(default)]
    pub token: Option<String>,
    /// Not for the first so many requests that it would apply to.
    #[serde(default)]
    pub skip: u32,
    /// Only so many times.
    #[serde(default)]
    pub times: Option<u32>,
}

impl When {
    /// For every request.
    #[must_use]
    pub fn always() -> Self {
        Self::default()
    }

    /// For requests of `kind`.
    #[must_use]
    pub fn on(kind: RouteKind) -> Self {
        Self { on: vec![kind], ..Self::default() }
    }

    /// For requests of `kind` too.
    #[must_use]
    pub fn and_on(mut self, kind: RouteKind) -> Self {
        self.on.push(kind);
        self
    }

    /// For requests about the Space `id` only.
    #[must_use]
    pub fn space(mut self, id: &str) -> Self {
        self.space = Some(id.to_owned());
        self
    }

    /// For requests with `token` only.
    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// After `requests` that it leaves alone.
    #[must_use]
    pub fn after(mut self, requests: u32) -> Self {
        self.skip = requests;
        self
    }

    /// For so many requests, and then never again.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    fn matches(&self, asked: &Asked<'_>) -> bool {
        (self.on.is_empty() || self.on.contains(&asked.kind))
            && self.space.as_deref().is_none_or(|space| asked.space == Some(space))
            && self.token.as_deref().is_none_or(|token| asked.token == Some(token))
    }

    /// Counts a request that the fault would apply to; whether it does.
    fn strike(&mut self) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        match &mut self.times {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }
}

/// Names a fault that is switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultId(u64);

/// A fault that is switched on.
#[derive(Debug, Clone, Serialize)]
pub struct ActiveFault {
    /// Its name.
    pub id: FaultId,
    /// What it does.
    #[serde(flatten)]
    pub fault: Fault,
    /// When it does it.
    pub when: When,
    /// Whether streams feel it for as long as it is on, rather than those that it struck as they opened.
    #[serde(skip)]
    lasting: bool,
}

/// What a fault is matched against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) kind: RouteKind,
    pub(crate) space: Option<&'a str>,
    pub(crate) token: Option<&'a str>,
}

/// The faults that are switched on. Cheap to ask when there are none.
#[derive(Debug)]
pub struct Faults {
    active: Mutex<Vec<ActiveFault>>,
    next: AtomicU64,
    version: watch::Sender<u64>,
    cuts: watch::Sender<u64>,
    refuse_connections: AtomicBool,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            active: Mutex::default(),
            next: AtomicU64::new(1),
            version: watch::channel(0).0,
            cuts: watch::channel(0).0,
            refuse_connections: AtomicBool::new(false),
        }
    }
}

impl Faults {
    /// Switches `fault` on; streams that are open feel it too.
    pub fn add(&self, fault: Fault, when: When) -> FaultId {
        let id = FaultId(self.next.fetch_add(1, Ordering::Relaxed));
        let lasting = fault.shapes_streams() && when.times.is_none() && when.skip == 0;
        self.lock().push(ActiveFault { id, fault, when, lasting });
        self.version.send_modify(|version| *version += 1);
        id
    }

    /// Switches one fault off; whether it was on.
    pub fn remove(&self, id: FaultId) -> bool {
        let mut active = self.lock();
        let before = active.len();
        active.retain(|fault| fault.id != id);
        let removed = active.len() < before;
        drop(active);
        self.version.send_modify(|version| *version += 1);
        removed
    }

    /// Switches everything off, refused connections too.
    pub fn clear(&self) {
        self.lock().clear();
        self.refuse_connections(false);
        self.version.send_modify(|version| *version += 1);
    }

    /// What is switched on.
    #[must_use]
    pub fn active(&self) -> Vec<ActiveFault> {
        self.lock().clone()
    }

    /// Breaks every open stream off, now.
    pub fn cut_streams(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// While `refuse` is true, new connections are closed before they have said anything.
    pub fn refuse_connections(&self, refuse: bool) {
        self.refuse_connections.store(refuse, Ordering::Relaxed);
    }

    pub(crate) fn refuses_connections(&self) -> bool {
        self.refuse_connections.load(Ordering::Relaxed)
    }

    /// The faults that strike a request, in the order in which they were switched on; the lasting
    /// ones of streams are not among them.
    pub(crate) fn strike(&self, asked: &Asked<'_>) -> Vec<Fault> {
        let mut active = self.lock();
        let matching = active
            .iter_mut()
            .filter(|active| !active.lasting)
            .filter(|active| !active.fault.shapes_streams() || asked.kind.is_stream())
            .filter(|active| active.when.matches(asked));
        matching.filter_map(|active| active.when.strike().then(|| active.fault.clone())).collect()
    }

    /// The faults that streams feel for as long as they are on.
    pub(crate) fn lasting(&self, asked: &Asked<'_>) -> Vec<Fault> {
        let active = self.lock();
        let lasting = active.iter().filter(|active| active.lasting && active.when.matches(asked));
        lasting.map(|active| active.fault.clone()).collect()
    }

    pub(crate) fn versions(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    pub(crate) fn cuts(&self) -> watch::Receiver<u64> {
        self.cuts.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<ActiveFault>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
