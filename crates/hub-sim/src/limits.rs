//! Rate limits: fixed windows per user or address, as the Hub counts them.

use std::collections::HashMap;
use std::time::Duration;

use http::HeaderValue;
use tokio::time::Instant;

use crate::people::Plan;

/// What requests are counted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bucket {
    /// The API.
    Api,
    /// Files.
    Resolvers,
    /// Pages for people.
    Pages,
}

impl Bucket {
    /// The bucket of a path; the streaming host and sign-in have none.
    pub(crate) fn of(path: &str) -> Option<Self> {
        if path.starts_with("/api/") {
            Some(Self::Api)
        } else if path.starts_with("/spaces/") {
            let file = path.contains("/raw/") || path.contains("/resolve/");
            Some(if file { Self::Resolvers } else { Self::Pages })
        } else {
            None
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Resolvers => "resolvers",
            Self::Pages => "pages",
        }
    }

    /// Requests in one window with `plan`; `None` is somebody without an account.
    pub(crate) fn quota(self, plan: Option<Plan>) -> u32 {
        let (api, resolvers, pages) = match plan {
            None => (500, 3_000, 100),
            Some(Plan::Free) => (1_000, 5_000, 200),
            Some(Plan::Pro) => (2_500, 12_000, 400),
            Some(Plan::Team) => (3_000, 20_000, 400),
            Some(Plan::Enterprise) => (6_000, 50_000, 600),
        };
        match self {
            Self::Api => api,
            Self::Resolvers => resolvers,
            Self::Pages => pages,
        }
    }
}

/// What is left of somebody's window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) allowed: bool,
    pub(crate) quota: u32,
    pub(crate) remaining: u32,
    pub(crate) reset_seconds: u64,
    pub(crate) window_seconds: u64,
}

impl Standing {
    /// The values of the `RateLimit` and `RateLimit-Policy` headers for `bucket`.
    pub(crate) fn headers(&self, bucket: Bucket) -> (HeaderValue, HeaderValue) {
        let value =
            |text: String| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
        (
            value(format!("\"{}\";r={};t={}", bucket.word(), self.remaining, self.reset_seconds)),
            value(format!(
                "\"fixed window\";\"{}\";q={};w={}",
                bucket.word(),
                self.quota,
                self.window_seconds
            )),
        )
    }
}

#[derive(Debug)]
struct Window {
    began: Instant,
    used: u32,
}

/// Everybody's windows.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    windows: HashMap<String, Window>,
}

impl Windows {
    /// Counts one request of `who`, who may make `quota` of them in `length`.
    pub(crate) fn take(
        &mut self,
        who: &str,
        quota: u32,
        length: Duration,
        now: Instant,
    ) -> Standing {
        let fresh = || Window { began: now, used: 0 };
        let window = self.windows.entry(who.to_owned()).or_insert_with(fresh);
        if now.saturating_duration_since(window.began) >= length {
            *window = fresh();
        }
        let allowed = window.used < quota;
        if allowed {
            window.used += 1;
        }
        let left = length.saturating_sub(now.saturating_duration_since(window.began));
        Standing {
            allowed,
            quota,
            remaining: quota - window.used.min(quota),
            reset_seconds: left.as_secs_f64().ceil() as u64,
            window_seconds: length.as_secs(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Duration = Duration::from_secs(300);

    #[test]
    fn a_window_gives_its_quota_and_then_nothing_until_it_is_over() {
        let mut windows = Windows::default();
        let start = Instant::now();
        assert_eq!(windows.take("alice", 2, LENGTH, start).remaining, 1);
        assert!(windows.take("alice", 2, LENGTH, start + Duration::from_secs(10)).allowed);
        let refused = windows.take("alice", 2, LENGTH, start + Duration::from_secs(100));
        assert!(!refused.allowed);
        assert_eq!((refused.remaining, refused.reset_seconds), (0, 200));
        assert!(windows.take("alice", 2, LENGTH, start + LENGTH).allowed);
    }

    #[test]
    fn one_users_requests_cost_another_nothing() {
        let mut windows = Windows::default();
        let now = Instant::now();
        assert!(windows.take("alice", 1, LENGTH, now).allowed);
        assert!(!windows.take("alice", 1, LENGTH, now).allowed);
        assert!(windows.take("bob", 1, LENGTH, now).allowed);
    }

    #[test]
    fn the_headers_are_spelled_as_the_hub_spells_them() {
        let standing = Standing {
            allowed: true,
            quota: 500,
            remaining: 489,
            reset_seconds: 189,
            window_seconds: 300,
        };
        let (limit, policy) = standing.headers(Bucket::Api);
        assert_eq!(limit, "\"api\";r=489;t=189");
        assert_eq!(policy, "\"fixed window\";\"api\";q=500;w=300");
    }
}
