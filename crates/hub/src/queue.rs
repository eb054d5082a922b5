//! The line in which an account's requests wait: the higher rank first, a limited number at once,
//! and none that the rate budget does not allow.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, oneshot},
    time::Instant,
};

use crate::{
    Rank,
    budget::{Budget, Told, Verdict},
};

#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    seats: usize,
    in_flight: u32,
    waiting: BTreeMap<(Rank, u64), Waiter>,
    next: u64,
    budget: Budget,
}

#[derive(Debug)]
struct Waiter {
    /// The latest time for which the Hub may make it wait.
    deadline: Instant,
    sender: oneshot::Sender<Result<Ticket, TooLong>>,
}

/// Why a request does not wait in the line: it would be too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TooLong {
    /// The Hub's window is used up.
    Closed(Duration),
    /// Ours: the rest is for higher ranks.
    HeldBack(Duration),
}

/// The right to send one request. Counts as in flight until it is dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    queue: Arc<Queue>,
    seated: bool,
}

impl Queue {
    pub(crate) fn new(seats: usize, budget: Budget) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                seats: seats.max(1),
                in_flight: 0,
                waiting: BTreeMap::new(),
                next: 0,
                budget,
            }),
            changed: Notify::new(),
        })
    }

    /// Waits for its turn, and for the Hub no longer than `patience`.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        rank: Rank,
        patience: Duration,
    ) -> Result<Ticket, TooLong> {
        let (sender, mut receiver) = oneshot::channel();
        {
            let mut state = self.lock();
            let place = (rank, state.next);
            state.next += 1;
            state.waiting.insert(place, Waiter { deadline: Instant::now() + patience, sender });
        }
        loop {
            let changed = self.changed.notified();
            let wake = self.serve();
            let timer = async {
                match wake {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                turn = &mut receiver => {
                    return turn.unwrap_or(Err(TooLong::HeldBack(Duration::ZERO)));
                }
                () = timer => {}
                () = changed => {}
            }
        }
    }

    pub(crate) fn learn(self: &Arc<Self>, told: Told) {
        {
            let mut state = self.lock();
            // The request that was answered is in flight still, and counted by the Hub.
            let others = state.in_flight.saturating_sub(1);
            state.budget.learn(told, others, Instant::now());
        }
        self.serve_and_wake();
    }

    pub(crate) fn close(self: &Arc<Self>, wait: Duration) {
        self.lock().budget.close(Instant::now() + wait);
    }

    pub(crate) fn spend(&self) {
        self.lock().budget.spend(Instant::now());
    }

    pub(crate) fn refund(&self) {
        self.lock().budget.refund();
    }

    pub(crate) fn slept(self: &Arc<Self>, time: Duration) {
        self.lock().budget.slept(time, Instant::now());
        self.serve();
        self.changed.notify_waiters();
    }

    /// Returns quota, rest and time to the end of the window, once the Hub has said them.
    pub(crate) fn budget(&self) -> Option<(u32, u32, Duration)> {
        let now = Instant::now();
        let (quota, remaining, resets_at) = self.lock().budget.state(now)?;
        Some((quota, remaining, resets_at.saturating_duration_since(now)))
    }

    /// Lets in whoever may go. Returns when the first of those who wait may go, if time decides.
    fn serve(self: &Arc<Self>) -> Option<Instant> {
        let mut sent = Vec::new();
        let wake = {
            let mut state = self.lock();
            loop {
                let now = Instant::now();
                let Some((&place, waiter)) = state.waiting.first_key_value() else { break None };
                if waiter.sender.is_closed() {
                    state.waiting.remove(&place);
                    continue;
                }
                if state.seats == 0 {
                    break None;
                }
                let verdict = state.budget.admit(place.0, now);
                let (until, refusal) = match verdict {
                    Verdict::Go => {
                        state.seats -= 1;
                        state.in_flight += 1;
                        let ticket = Ticket { queue: Arc::clone(self), seated: true };
                        sent.extend(state.waiting.remove(&place).map(|w| (w, Ok(ticket))));
                        continue;
                    }
                    Verdict::HeldBack(until) => {
                        let refusal = TooLong::HeldBack(until - now);
                        sent.extend(state.waiting.remove(&place).map(|w| (w, Err(refusal))));
                        continue;
                    }
                    Verdict::Closed(until) => (until, TooLong::Closed(until - now)),
                    Verdict::Paced(until) => (until, TooLong::HeldBack(until - now)),
                };
                let impatient: Vec<_> = state
                    .waiting
                    .iter()
                    .filter(|(_, waiter)| waiter.deadline < until)
                    .map(|(&place, _)| place)
                    .collect();
                for place in impatient {
                    sent.extend(state.waiting.remove(&place).map(|w| (w, Err(refusal))));
                }
                break (!state.waiting.is_empty()).then_some(until);
            }
        };
        // Outside the lock: a ticket that nobody takes any more is dropped here, and locks again.
        for (waiter, turn) in sent {
            drop(waiter.sender.send(turn));
        }
        wake
    }

    fn serve_and_wake(self: &Arc<Self>) {
        if self.serve().is_some() {
            self.changed.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// Gives the seat to the next in line while the request goes on: for streams, which open
    /// slowly at times and must not keep a person's click waiting.
    pub(crate) fn stand_up(mut self) -> Self {
        if std::mem::take(&mut self.seated) {
            self.queue.lock().seats += 1;
            self.queue.serve_and_wake();
        }
        self
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        {
            let mut state = self.queue.lock();
            state.in_flight = state.in_flight.saturating_sub(1);
            if self.seated {
                state.seats += 1;
            }
        }
        self.queue.serve_and_wake();
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::{FutureExt, StreamExt, stream::FuturesUnordered};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn told(remaining: u32, seconds: u64) -> Told {
        let mut headers = http::HeaderMap::new();
        headers.insert("ratelimit", format!("\"api\";r={remaining};t={seconds}").parse().unwrap());
        headers.insert("ratelimit-policy", "\"api\";q=100;w=300".parse().unwrap());
        Told::read(&headers).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_hub_asked_to_wait_went_by_while_the_machine_slept() {
        let queue = Queue::new(1, Budget::assumed(100));
        queue.learn(told(0, 250));
        queue.close(Duration::from_secs(280));
        let mut waiting = pin!(queue.enter(Rank::Polling, Duration::from_secs(300)));
        assert!(waiting.as_mut().now_or_never().is_none());
        queue.slept(Duration::from_secs(240));
        assert!(waiting.as_mut().now_or_never().is_none(), "forty seconds are left");
        queue.slept(Duration::from_secs(8 * 3600));
        assert!(waiting.now_or_never().is_some_and(|turn| turn.is_ok()));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_goes_in_the_order_of_rank_and_then_of_arrival() {
        let queue = Queue::new(1, Budget::assumed(100));
        let first = queue.enter(Rank::Polling, PATIENCE).await.unwrap();
        let order = [Rank::Polling, Rank::Person, Rank::Automation, Rank::Person];
        let mut line: FuturesUnordered<_> = order
            .iter()
            .enumerate()
            .map(|(number, &rank)| {
                let queue = Arc::clone(&queue);
                async move {
                    drop(queue.enter(rank, PATIENCE).await.unwrap());
                    number
                }
            })
            .collect();
        assert!(line.next().now_or_never().is_none(), "the one seat is taken");
        drop(first);
        assert_eq!(line.collect::<Vec<_>>().await, [1, 3, 2, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_wait_that_the_hub_asked_for_a_person_goes_first() {
        let queue = Queue::new(1, Budget::assumed(100));
        queue.close(Duration::from_secs(5));
        let enter = |rank| {
            let queue = Arc::clone(&queue);
            async move {
                let ticket = queue.enter(rank, PATIENCE).await.unwrap();
                tokio::time::sleep(Duration::from_secs(1)).await;
                drop(ticket);
                rank
            }
        };
        let line: FuturesUnordered<_> =
            [Rank::Polling, Rank::Automation, Rank::Person].into_iter().map(enter).collect();
        let start = Instant::now();
        let order: Vec<_> = line.collect().await;
        assert_eq!(order, [Rank::Person, Rank::Automation, Rank::Polling]);
        assert_eq!(start.elapsed(), Duration::from_secs(8));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_beyond_patience_is_refused_at_once_with_its_length() {
        let queue = Queue::new(4, Budget::assumed(100));
        let ticket = queue.enter(Rank::Person, PATIENCE).await.unwrap();
        queue.learn(told(0, 100));
        drop(ticket);
        let start = Instant::now();
        let refusal = queue.enter(Rank::Person, PATIENCE).await.unwrap_err();
        assert_eq!(refusal, TooLong::Closed(Duration::from_secs(101)));
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn the_poll_in_front_of_nobody_is_held_back_while_a_person_passes() {
        let queue = Queue::new(4, Budget::assumed(100));
        queue.learn(told(6, 100));
        assert!(matches!(
            queue.enter(Rank::Polling, PATIENCE).await,
            Err(TooLong::HeldBack(wait)) if wait == Duration::from_secs(101)
        ));
        assert!(queue.enter(Rank::Person, PATIENCE).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn who_leaves_the_line_takes_no_seat() {
        let queue = Queue::new(1, Budget::assumed(100));
        let ticket = queue.enter(Rank::Person, PATIENCE).await.unwrap();
        {
            let mut gone = pin!(queue.enter(Rank::Person, PATIENCE));
            assert!(gone.as_mut().now_or_never().is_none());
            drop(ticket);
        }
        assert!(queue.enter(Rank::Polling, PATIENCE).now_or_never().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_the_budget_goes_however_many_ask() {
        let queue = Queue::new(16, Budget::assumed(50));
        let line: FuturesUnordered<_> = (0..500)
            .map(|number| {
                let queue = Arc::clone(&queue);
                let rank = [Rank::Person, Rank::Automation, Rank::Polling][number % 3];
                async move { queue.enter(rank, PATIENCE).await.is_ok() }
            })
            .collect();
        let sent = line.filter(|&went| futures::future::ready(went)).count().await;
        assert_eq!(sent, 50);
    }
}
