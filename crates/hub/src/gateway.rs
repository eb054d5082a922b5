//! One account's way to the Hub: its token, its rate budget, its rank, and the requests that it
//! shares.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicU8},
    time::Duration,
};

use chrono::TimeDelta;
use futures::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use hfsm_model::{RateBudget, SpaceId};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::watch;
use url::Url;

use crate::{
    Error, Hub,
    budget::{Budget, Told},
    queue::Queue,
    send::{Call, Reply},
    spaces::Page,
};

/// What a request is for. The smaller goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// Somebody clicked and waits.
    Person,
    /// A rule or a schedule of the owner.
    Automation,
    /// Looking whether anything has changed.
    Polling,
}

/// One account's way to the Hub. Cheap to clone; clones share the budget.
///
/// Requests of [`Rank::Polling`] slow down when less than a fifth of the budget is left and are
/// held back below a tenth, those of [`Rank::Automation`] below a twentieth; a person's goes while
/// anything is left. When the Hub asks to wait all wait, and a person's request goes first after.
#[derive(Clone)]
pub struct Gateway {
    pub(crate) account: Arc<Account>,
    pub(crate) rank: Rank,
}

pub(crate) struct Account {
    pub(crate) hub: Hub,
    pub(crate) token: Option<SecretString>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) metrics_door: AtomicU8,
    pub(crate) events_door: AtomicU8,
    budget: watch::Sender<Option<RateBudget>>,
    flights: Mutex<HashMap<String, Flight>>,
    /// The pages of each owner's list.
    lists: Mutex<HashMap<String, Vec<Arc<Page>>>>,
}

impl Account {
    /// Returns the pages of each owner's list as they were read last.
    pub(crate) fn lists(&self) -> MutexGuard<'_, HashMap<String, Vec<Arc<Page>>>> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Flying = BoxFuture<'static, Result<Arc<Reply>, Error>>;

struct Flight {
    rank: Rank,
    answer: WeakShared<Flying>,
}

impl Flight {
    fn is_up(&self) -> bool {
        self.answer.upgrade().is_some_and(|answer| answer.peek().is_none())
    }
}

/// The smallest quotas that the Hub documents, for five minutes.
const ANONYMOUS_QUOTA: u32 = 500;
const USER_QUOTA: u32 = 1000;

impl Gateway {
    pub(crate) fn new(hub: Hub, token: Option<SecretString>) -> Self {
        let token = token.filter(|token| !token.expose_secret().trim().is_empty());
        let quota = if token.is_some() { USER_QUOTA } else { ANONYMOUS_QUOTA };
        let queue = Queue::new(hub.config().requests_at_once, Budget::assumed(quota));
        let account = Account {
            hub,
            token,
            queue,
            metrics_door: AtomicU8::default(),
            events_door: AtomicU8::default(),
            budget: watch::Sender::new(None),
            flights: Mutex::default(),
            lists: Mutex::default(),
        };
        Self { account: Arc::new(account), rank: Rank::Polling }
    }

    /// Returns the same way with another rank. It is [`Rank::Polling`] unless chosen.
    #[must_use]
    pub fn ranked(&self, rank: Rank) -> Self {
        Self { account: Arc::clone(&self.account), rank }
    }

    /// Returns what the Hub lets this account ask, once the Hub has said.
    pub fn budget(&self) -> Option<RateBudget> {
        let (quota, remaining, resets_in) = self.account.queue.budget()?;
        let resets_in = TimeDelta::from_std(resets_in).unwrap_or_default();
        let resets_at = self.account.hub.clock().now() + resets_in;
        Some(RateBudget { quota, remaining, resets_at })
    }

    /// Follows [`Gateway::budget`]; changes with each answer of the Hub.
    pub fn budget_watch(&self) -> watch::Receiver<Option<RateBudget>> {
        self.account.budget.subscribe()
    }

    /// Says that the machine slept for so long, in which the Hub's windows went on.
    pub fn slept(&self, time: Duration) {
        self.account.queue.slept(time);
        self.account.budget.send_replace(self.budget());
    }

    /// Returns whether requests carry a token.
    pub fn has_token(&self) -> bool {
        self.account.token.is_some()
    }

    pub(crate) fn learn(&self, told: Told) {
        self.account.queue.learn(told);
        self.account.budget.send_replace(self.budget());
    }

    /// Reads an address. Identical requests in flight are sent once, unless the one under way has
    /// a lower rank and could be waiting in the line.
    pub(crate) async fn get(&self, url: Url, space: Option<&SpaceId>) -> Result<Arc<Reply>, Error> {
        self.join(url, space).await
    }

    fn join(&self, url: Url, space: Option<&SpaceId>) -> Shared<Flying> {
        let key = url.to_string();
        let mut flights = self.account.flights.lock().unwrap_or_else(PoisonError::into_inner);
        flights.retain(|_, flight| flight.is_up());
        if let Some(flight) = flights.get(&key)
            && flight.rank <= self.rank
            && let Some(answer) = flight.answer.upgrade()
        {
            return answer;
        }
        let (gateway, call) = (self.clone(), Call::get(url, space));
        let flying = async move { gateway.send(&call).await.map(Arc::new) };
        let answer = flying.boxed().shared();
        if let Some(weak) = answer.downgrade() {
            flights.insert(key, Flight { rank: self.rank, answer: weak });
        }
        answer
    }

    /// The address of a route of the Hub.
    pub(crate) fn hub_url(&self, path: &str) -> Url {
        under(&self.account.hub.config().endpoint, path)
    }

    /// The address of a route of the host of live metrics.
    pub(crate) fn live_url(&self, path: &str) -> Url {
        under(&self.account.hub.config().metrics_endpoint, path)
    }

    /// The address of a Space's route; a [`SpaceId`] needs no escaping.
    pub(crate) fn space_url(&self, id: &SpaceId, rest: &str) -> Url {
        self.hub_url(&format!("/api/spaces/{id}{rest}"))
    }
}

fn under(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    let root = base.path().trim_end_matches('/');
    url.set_path(&format!("{root}{path}"));
    url
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway")
            .field("rank", &self.rank)
            .field("has_token", &self.has_token())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_made_below_an_endpoint_with_a_path_too() {
        let base = Url::parse("http://127.0.0.1:8000/hub/").unwrap();
        assert_eq!(under(&base, "/api/spaces").as_str(), "http://127.0.0.1:8000/hub/api/spaces");
    }
}
