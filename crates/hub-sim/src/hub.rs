//! The simulated Hub's inside: its state, its clock, its troubles, and what it counts.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderMap;
use http::header::AUTHORIZATION;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::access::Caller;
use crate::answer::Refusal;
use crate::clock::SimClock;
use crate::faults::Faults;
use crate::limits::{Bucket, Standing, Windows};
use crate::passes;
use crate::people::TokenKind;
use crate::settings::Settings;
use crate::space::At;
use crate::state::State;
use crate::stats::Stats;

/// Shared by everything that serves a request.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) settings: Settings,
    pub(crate) clock: SimClock,
    pub(crate) faults: Faults,
    pub(crate) stats: Arc<Stats>,
    /// Wakes whoever waits for the next stage.
    pub(crate) replanned: Notify,
    pub(crate) stopping: CancellationToken,
    state: Mutex<State>,
    windows: Mutex<Windows>,
    numbers: AtomicU64,
}

impl Hub {
    pub(crate) fn new(settings: Settings, clock: SimClock, state: State) -> Self {
        Self {
            settings,
            clock,
            faults: Faults::default(),
            stats: Arc::default(),
            replanned: Notify::new(),
            stopping: CancellationToken::new(),
            state: Mutex::new(state),
            windows: Mutex::default(),
            numbers: AtomicU64::new(0),
        }
    }

    /// Runs `look` on the state as it is now, with everything done that was due.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&State, At<'_>) -> T) -> T {
        let at = self.at();
        let mut state = self.lock();
        state.advance(at);
        look(&state, at)
    }

    /// Like [`Hub::with`], for changes: what is due next may be due earlier.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State, At<'_>) -> T) -> T {
        self.visit(|state, at| {
            let result = change(state, at);
            state.replan();
            result
        })
    }

    /// Like [`Hub::change`], for what makes something due earlier only where it says so itself.
    pub(crate) fn visit<T>(&self, visit: impl FnOnce(&mut State, At<'_>) -> T) -> T {
        let at = self.at();
        let mut state = self.lock();
        state.advance(at);
        let result = visit(&mut state, at);
        let replanned = state.is_replanned();
        drop(state);
        if replanned {
            self.replanned.notify_one();
        }
        result
    }

    pub(crate) fn at(&self) -> At<'_> {
        At { instant: Instant::now(), clock: &self.clock, settings: &self.settings }
    }

    /// A number that no other request has, and that the seed decides.
    pub(crate) fn number(&self) -> u64 {
        self.settings.seed.wrapping_mul(0x1_0000_0001)
            ^ self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// The state without looking at the clock: for what happens many times a second.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who asks, by the bearer token; an error for a token that is no good.
    pub(crate) fn caller(
        &self,
        headers: &HeaderMap,
        peer: Option<IpAddr>,
    ) -> Result<Caller, Refusal> {
        match bearer(headers) {
            Some(token) => self.caller_of(token),
            None => Ok(Caller::Anonymous(address_of(headers, peer))),
        }
    }

    /// Who speaks with `token`.
    pub(crate) fn caller_of(&self, token: &str) -> Result<Caller, Refusal> {
        if let Some(pass) = passes::read(self.settings.seed, token) {
            let good = pass.exp > self.clock.now().timestamp();
            return if good { Ok(pass.caller()) } else { Err(Refusal::bad_token()) };
        }
        match self.lock().people.token(token) {
            Some(known) if !matches!(known.kind, TokenKind::Expired) => {
                Ok(Caller::Token(Arc::clone(known)))
            }
            Some(_) | None => Err(Refusal::bad_token()),
        }
    }

    /// Counts a request of `caller` in `bucket` against their window.
    pub(crate) fn take(&self, caller: &Caller, bucket: Bucket) -> Standing {
        let (who, plan, quota) = match caller {
            Caller::Anonymous(address) => {
                (address.to_string(), None, Some(self.settings.anonymous_quota))
            }
            Caller::Token(_) | Caller::Pass { .. } => {
                let name = caller.user().unwrap_or_default();
                let state = self.lock();
                let user = state.people.user(name);
                (name.to_owned(), user.map(|user| user.plan), user.and_then(|user| user.api_quota))
            }
        };
        let quota = quota.filter(|_| bucket == Bucket::Api).unwrap_or_else(|| bucket.quota(plan));
        let key = format!("{} of {who}", bucket.word());
        self.windows().take(&key, quota, self.settings.window, Instant::now())
    }

    /// Counts a whoami of `token` against its own window.
    pub(crate) fn take_whoami(&self, token: &str) -> Standing {
        let who = format!("whoami of {token}");
        self.windows().take(&who, self.settings.whoami_quota, self.settings.window, Instant::now())
    }

    fn windows(&self) -> MutexGuard<'_, Windows> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The token of an `Authorization: Bearer` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The address that anonymous requests are counted by.
fn address_of(headers: &HeaderMap, peer: Option<IpAddr>) -> IpAddr {
    let forwarded = headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let first = forwarded
        .and_then(|value| value.split(',').next())
        .and_then(|value| value.trim().parse().ok());
    first.or(peer).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}
