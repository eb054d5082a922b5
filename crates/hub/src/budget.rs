//! The rate budget of one account: what the Hub's `RateLimit` headers say, and which request may
//! still go.
//!
//! Until the Hub has said anything the smallest documented quota is assumed, so that a Hub that
//! answers only with errors is not asked without end either.

use std::time::Duration;

use http::HeaderMap;
use tokio::time::Instant;

use crate::Rank;

const WINDOW: Duration = Duration::from_secs(300);
/// The longest window that is believed.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// The Hub counts whole seconds, so its window may end up to a second after the time it names.
const MARGIN: Duration = Duration::from_secs(1);

/// What the headers of one answer say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) remaining: u32,
    pub(crate) resets_in: Duration,
    /// Whether it is about the API as a whole, and not about a limit of one route.
    pub(crate) of_api: bool,
    quota: Option<u32>,
    window: Option<Duration>,
}

impl Told {
    /// Reads `RateLimit: "api";r=489;t=189` and `RateLimit-Policy: "fixed window";"api";q=500;w=300`.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        let limit = item(headers, "ratelimit")?;
        let policy = item(headers, "ratelimit-policy");
        let number = |item: &str, key: &str| -> Option<u64> {
            item.split(';').find_map(|part| {
                let (name, number) = part.trim().split_once('=')?;
                if name.trim() == key { number.trim().parse().ok() } else { None }
            })
        };
        let clamp = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Some(Self {
            remaining: clamp(number(limit, "r")?),
            resets_in: Duration::from_secs(number(limit, "t")?).min(LONGEST),
            of_api: is_of_api(limit),
            quota: policy.and_then(|policy| number(policy, "q")).map(clamp),
            window: policy
                .and_then(|policy| number(policy, "w"))
                .map(|seconds| Duration::from_secs(seconds).clamp(Duration::from_secs(1), LONGEST)),
        })
    }
}

/// The item about the API, or else the first that a header lists.
fn item<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let items: Vec<&str> = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    items.iter().find(|item| is_of_api(item)).or(items.first()).copied()
}

fn is_of_api(item: &str) -> bool {
    item.split(';').any(|part| part.trim().trim_matches('"') == "api")
}

/// Whether a request may go now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Go,
    /// The Hub wants everybody to wait.
    Closed(Instant),
    /// The rest is kept for higher ranks.
    HeldBack(Instant),
    /// This rank goes slower, so that the rest lasts.
    Paced(Instant),
}

#[derive(Debug)]
pub(crate) struct Budget {
    quota: u32,
    remaining: u32,
    window: Duration,
    /// `None` until the first request of a window.
    resets_at: Option<Instant>,
    told: bool,
    closed_until: Option<Instant>,
    last_poll: Option<Instant>,
}

impl Budget {
    pub(crate) fn assumed(quota: u32) -> Self {
        Self {
            quota,
            remaining: quota,
            window: WINDOW,
            resets_at: None,
            told: false,
            closed_until: None,
            last_poll: None,
        }
    }

    /// Decides about one request; counts it when it may go.
    pub(crate) fn admit(&mut self, rank: Rank, now: Instant) -> Verdict {
        self.roll_over(now);
        if let Some(until) = self.closed_until {
            return Verdict::Closed(until);
        }
        let resets_at = self.resets_at.unwrap_or(now + self.window);
        if self.remaining == 0 {
            return Verdict::Closed(resets_at);
        }
        let share = |part: u32| self.quota.div_ceil(part);
        match rank {
            Rank::Person => {}
            Rank::Automation => {
                if self.remaining < share(20) {
                    return Verdict::HeldBack(resets_at);
                }
            }
            Rank::Polling => {
                if self.remaining < share(10) {
                    return Verdict::HeldBack(resets_at);
                }
                if self.remaining < share(5) {
                    let left = (self.remaining - share(10)).saturating_add(1);
                    let gap = resets_at.saturating_duration_since(now) / left;
                    if let Some(next) = self.last_poll.map(|last| last + gap)
                        && next > now
                    {
                        return Verdict::Paced(next);
                    }
                }
                self.last_poll = Some(now);
            }
        }
        self.spend(now);
        Verdict::Go
    }

    /// Counts a request that goes without asking, such as the second leg of a redirect.
    pub(crate) fn spend(&mut self, now: Instant) {
        self.remaining = self.remaining.saturating_sub(1);
        self.resets_at.get_or_insert(now + self.window);
    }

    /// Gives back a request that never reached the Hub.
    pub(crate) fn refund(&mut self) {
        self.remaining = (self.remaining + 1).min(self.quota);
    }

    /// Believes the Hub. `in_flight` requests are on their way besides, not counted by the Hub yet.
    pub(crate) fn learn(&mut self, told: Told, in_flight: u32, now: Instant) {
        self.roll_over(now);
        let resets_at = now + told.resets_in + MARGIN;
        let same_window = self.told
            && self.resets_at.is_some_and(|known| {
                let apart = known.max(resets_at) - known.min(resets_at);
                apart <= MARGIN * 2
            });
        // Answers overtake each other, so within a window the smaller number is the newer one.
        self.remaining = if same_window {
            self.remaining.min(told.remaining)
        } else {
            told.remaining.saturating_sub(in_flight)
        };
        if !same_window {
            self.resets_at = Some(resets_at);
        }
        self.quota = told.quota.unwrap_or(self.quota.max(told.remaining)).max(1);
        self.window = told.window.unwrap_or(self.window);
        self.told = true;
    }

    /// Lets nothing through before `until`: the Hub said so.
    pub(crate) fn close(&mut self, until: Instant) {
        self.closed_until = Some(self.closed_until.map_or(until, |known| known.max(until)));
    }

    /// Counts time for which tokio's clock stood still.
    pub(crate) fn slept(&mut self, time: Duration, now: Instant) {
        // Not before now: then there may be no such instant, and it is over all the same.
        let earlier = |at: Instant| now + at.saturating_duration_since(now).saturating_sub(time);
        self.resets_at = self.resets_at.map(earlier);
        self.closed_until = self.closed_until.map(earlier);
        self.roll_over(now);
    }

    /// Returns quota, rest and end of the window, once the Hub has said them.
    pub(crate) fn state(&mut self, now: Instant) -> Option<(u32, u32, Instant)> {
        self.roll_over(now);
        self.told.then(|| (self.quota, self.remaining, self.resets_at.unwrap_or(now + self.window)))
    }

    fn roll_over(&mut self, now: Instant) {
        if self.resets_at.is_some_and(|at| at <= now) {
            self.resets_at = None;
            self.remaining = self.quota;
        }
        if self.closed_until.is_some_and(|until| until <= now) {
            self.closed_until = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(limit: &str, policy: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("ratelimit", limit.parse().unwrap());
        headers.insert("ratelimit-policy", policy.parse().unwrap());
        headers
    }

    fn told(remaining: u32, seconds: u64) -> Told {
        Told {
            remaining,
            resets_in: Duration::from_secs(seconds),
            of_api: true,
            quota: Some(1000),
            window: Some(WINDOW),
        }
    }

    #[test]
    fn the_documented_headers_are_read() {
        let told =
            Told::read(&headers(r#""api";r=489;t=189"#, r#""fixed window";"api";q=500;w=300"#));
        assert_eq!(
            told,
            Some(Told {
                remaining: 489,
                resets_in: Duration::from_secs(189),
                of_api: true,
                quota: Some(500),
                window: Some(WINDOW)
            })
        );
    }

    #[test]
    fn of_several_buckets_the_one_for_the_api_counts() {
        let told =
            Told::read(&headers(r#""pages";r=1;t=5, "api"; r=7 ; t=9"#, r#""pages";q=9"#)).unwrap();
        assert_eq!((told.remaining, told.resets_in), (7, Duration::from_secs(9)));
        assert!(told.of_api);
        let route = Told::read(&headers(r#""whoami";r=0;t=50"#, r#""whoami";q=10"#)).unwrap();
        assert!(!route.of_api);
    }

    #[test]
    fn nonsense_in_the_headers_is_no_budget() {
        for limit in ["", "api", r#""api";r=x;t=1"#, r#""api";r=5"#, ";;;=", r#""api";r=-1;t=2"#] {
            assert_eq!(Told::read(&headers(limit, "q=;w=")), None, "{limit}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_lower_ranks_stop_first_and_a_person_goes_while_anything_is_left() {
        let now = Instant::now();
        let mut budget = Budget::assumed(1000);
        budget.learn(told(100, 100), 0, now);
        assert_eq!(budget.admit(Rank::Polling, now), Verdict::Go);
        assert!(matches!(budget.admit(Rank::Polling, now), Verdict::HeldBack(_)));
        assert_eq!(budget.admit(Rank::Automation, now), Verdict::Go);
        budget.learn(told(50, 100), 0, now);
        assert_eq!(budget.admit(Rank::Automation, now), Verdict::Go);
        assert!(matches!(budget.admit(Rank::Automation, now), Verdict::HeldBack(_)));
        budget.learn(told(1, 100), 0, now);
        assert_eq!(budget.admit(Rank::Person, now), Verdict::Go);
        assert!(matches!(budget.admit(Rank::Person, now), Verdict::Closed(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn below_a_fifth_polling_is_spread_over_the_rest_of_the_window() {
        let start = Instant::now();
        let mut budget = Budget::assumed(1000);
        budget.learn(told(199, 200), 0, start);
        let mut now = start;
        let mut sent = 0;
        while now < start + Duration::from_secs(200) {
            match budget.admit(Rank::Polling, now) {
                Verdict::Go => sent += 1,
                Verdict::Paced(next) => now = next,
                Verdict::HeldBack(until) | Verdict::Closed(until) => now = until,
            }
        }
        assert!((90..=100).contains(&sent), "{sent} polls of the 100 that were left to them");
        assert_eq!(budget.admit(Rank::Person, start + Duration::from_secs(200)), Verdict::Go);
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_window_brings_the_quota_back() {
        let now = Instant::now();
        let mut budget = Budget::assumed(1000);
        budget.learn(told(0, 10), 0, now);
        assert_eq!(budget.admit(Rank::Person, now), Verdict::Closed(now + Duration::from_secs(11)));
        let later = now + Duration::from_secs(11);
        assert_eq!(budget.admit(Rank::Polling, later), Verdict::Go);
        assert_eq!(budget.state(later).map(|(_, remaining, _)| remaining), Some(999));
    }

    #[tokio::test(start_paused = true)]
    async fn answers_that_overtake_each_other_never_raise_the_rest() {
        let now = Instant::now();
        let mut budget = Budget::assumed(1000);
        budget.learn(told(700, 100), 3, now);
        assert_eq!(budget.state(now).unwrap().1, 697);
        budget.learn(told(800, 100), 0, now);
        assert_eq!(budget.state(now).unwrap().1, 697);
        budget.learn(told(990, 299), 0, now);
        assert_eq!(budget.state(now).unwrap().1, 990, "a new window");
    }

    #[tokio::test(start_paused = true)]
    async fn a_hub_that_says_nothing_is_asked_no_more_than_the_assumed_quota() {
        let now = Instant::now();
        let mut budget = Budget::assumed(500);
        let sent = (0..5000).filter(|_| budget.admit(Rank::Person, now) == Verdict::Go).count();
        assert_eq!(sent, 500);
        assert_eq!(budget.state(now), None);
    }
}
