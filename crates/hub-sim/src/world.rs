//! The world before it runs, and how it is described.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::dice::{self, Dice};
use crate::people::{Org, People, Token, TokenKind, User};
use crate::settings::{Durations, PausedAnswer, Settings};
use crate::spec::SpaceSpec;

/// People, their tokens, their Spaces, and how the simulated Hub treats them.
#[derive(Debug, Clone)]
pub struct World {
    pub(crate) settings: Settings,
    pub(crate) people: People,
    pub(crate) spaces: Vec<(String, SpaceSpec)>,
}

impl World {
    /// Starts describing a world, which is empty at first.
    #[must_use]
    pub fn builder() -> WorldBuilder {
        WorldBuilder {
            settings: Settings::default(),
            users: Vec::new(),
            orgs: Vec::new(),
            tokens: Vec::new(),
            spaces: Vec::new(),
            last_user: None,
        }
    }

    /// Sixty Spaces that live; what `hfsm demo` shows.
    #[must_use]
    pub fn demo() -> Self {
        Self::builder().seed(7).demo().build()
    }

    /// `count` running Spaces of one user, for benchmarks.
    #[must_use]
    pub fn many(count: usize) -> Self {
        Self::builder().seed(7).many(count).build()
    }

    /// The tokens, each with its owner's name and the name that the owner gave it.
    #[must_use]
    pub fn tokens(&self) -> BTreeMap<String, String> {
        let name = |token: &Arc<Token>| format!("{}/{}", token.user, token.display_name());
        self.people.tokens.iter().map(|token| (name(token), token.value.clone())).collect()
    }
}

/// Describes a world. Whoever is named and unknown is made up on the spot.
#[derive(Debug, Clone)]
pub struct WorldBuilder {
    settings: Settings,
    users: Vec<User>,
    orgs: Vec<Org>,
    tokens: Vec<Token>,
    spaces: Vec<(String, SpaceSpec)>,
    last_user: Option<String>,
}

impl WorldBuilder {
    /// The number from which all chance comes: equal seeds make equal worlds. Set it first.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    pub(crate) fn space_count(&self) -> usize {
        self.spaces.len()
    }

    pub(crate) fn has_space(&self, id: &str) -> bool {
        self.spaces.iter().any(|(other, _)| other == id)
    }

    pub(crate) fn seed_now(&self) -> u64 {
        self.settings.seed
    }

    /// How fast durations pass (default: 1). Dates stay honest.
    #[must_use]
    pub fn speed(mut self, speed: f64) -> Self {
        self.settings.speed = speed;
        self
    }

    /// The date at the start (default: the machine's).
    #[must_use]
    pub fn starts_at(mut self, date: DateTime<Utc>) -> Self {
        self.settings.starts_at = Some(date);
        self
    }

    /// How long builds and starts take.
    #[must_use]
    pub fn durations(mut self, durations: Durations) -> Self {
        self.settings.durations = durations;
        self
    }

    /// A restart of a running Space takes the app down, instead of serving its old version meanwhile.
    #[must_use]
    pub fn hard_restarts(mut self) -> Self {
        self.settings.hard_restart = true;
        self
    }

    /// What the address of a paused app answers.
    #[must_use]
    pub fn paused_answer(mut self, answer: PausedAnswer) -> Self {
        self.settings.paused_answer = answer;
        self
    }

    /// Elements of a list's page when no `limit` is asked for (default: 1,000).
    #[must_use]
    pub fn page_size(mut self, elements: usize) -> Self {
        self.settings.page_size = elements.max(1);
        self
    }

    /// The largest `limit` of a list (default: 1,000).
    #[must_use]
    pub fn page_limit(mut self, elements: usize) -> Self {
        self.settings.page_limit = elements.max(1);
        self
    }

    /// Length of the rate windows (default: 300 s, in real time).
    #[must_use]
    pub fn rate_window(mut self, length: Duration) -> Self {
        self.settings.window = length;
        self
    }

    /// Requests of an address without a token in one window (default: 500).
    #[must_use]
    pub fn anonymous_quota(mut self, requests: u32) -> Self {
        self.settings.anonymous_quota = requests;
        self
    }

    /// Calls of whoami with one token in one window (default: 60).
    #[must_use]
    pub fn whoami_quota(mut self, requests: u32) -> Self {
        self.settings.whoami_quota = requests;
        self
    }

    /// Time between two events of a metrics stream (default: 1 s, in real time).
    #[must_use]
    pub fn metric_interval(mut self, interval: Duration) -> Self {
        self.settings.metric_interval = interval.max(Duration::from_millis(1));
        self
    }

    /// Time between two keep-alives of a stream (default: 30 s, in real time).
    #[must_use]
    pub fn keep_alive(mut self, interval: Duration) -> Self {
        self.settings.keep_alive = interval.max(Duration::from_millis(1));
        self
    }

    /// Metrics carry a running number per container (in `rx_bps`) and the wall clock's microseconds
    /// at the time of sending (in `tx_bps`): what is lost and what is late can be told anywhere.
    #[must_use]
    pub fn stamped_metrics(mut self) -> Self {
        self.settings.stamped = true;
        self
    }

    /// HTTP/2 streams that a connection may have at once (default: 100).
    #[must_use]
    pub fn streams_per_connection(mut self, streams: u32) -> Self {
        self.settings.streams_per_connection = streams.max(1);
        self
    }

    /// `user` agrees to every device that wants to sign in, without being asked.
    #[must_use]
    pub fn oauth_agrees(mut self, user: &str) -> Self {
        self.settings.oauth_agrees = Some(user.to_owned());
        self
    }

    /// Adds a user; tokens that are named next are theirs.
    #[must_use]
    pub fn user(self, name: &str) -> Self {
        self.user_with(name, |user| user)
    }

    /// Adds a user as `describe` says; tokens that are named next are theirs.
    #[must_use]
    pub fn user_with(mut self, name: &str, describe: impl FnOnce(User) -> User) -> Self {
        self.users.retain(|user| user.name != name);
        self.users.push(describe(User::new(name, self.object_id(name))));
        self.last_user = Some(name.to_owned());
        self
    }

    /// Adds a token of the user that was named last.
    #[must_use]
    pub fn token(self, value: &str, kind: TokenKind) -> Self {
        self.token_kept_out(value, kind, &[])
    }

    /// Adds a token of the user that was named last, which some organisations keep out, each with
    /// the Hub's reason: `mfa`, `token-policy`, `token-revoked`, `sso` or `ip`.
    #[must_use]
    pub fn token_kept_out(
        mut self,
        value: &str,
        kind: TokenKind,
        restricted: &[(&str, &str)],
    ) -> Self {
        let user = self.last_user.clone().unwrap_or_else(|| "alice".to_owned());
        let restricted = restricted
            .iter()
            .map(|(org, reason)| ((*org).to_owned(), vec![(*reason).to_owned()]))
            .collect();
        self.tokens.push(Token { value: value.to_owned(), user, kind, restricted });
        self
    }

    /// Adds an organisation as `describe` says.
    #[must_use]
    pub fn org(mut self, name: &str, describe: impl FnOnce(Org) -> Org) -> Self {
        let org = Org::new(name, self.object_id(name));
        self.orgs.push(describe(org));
        self
    }

    /// Adds the Space `owner/name` as `describe` says; it runs, is public and small otherwise.
    #[must_use]
    pub fn space(mut self, id: &str, describe: impl FnOnce(SpaceSpec) -> SpaceSpec) -> Self {
        self.spaces.retain(|(other, _)| other != id);
        self.spaces.push((id.to_owned(), describe(SpaceSpec::default())));
        self
    }

    /// The world as described.
    #[must_use]
    pub fn build(mut self) -> World {
        let named: Vec<String> = self
            .tokens
            .iter()
            .map(|token| token.user.clone())
            .chain(
                self.spaces
                    .iter()
                    .filter_map(|(id, _)| id.split_once('/').map(|(owner, _)| owner.to_owned())),
            )
            .chain(
                self.orgs.iter().flat_map(|org| org.members.iter().map(|(user, _)| user.clone())),
            )
            .collect();
        for name in named {
            let known = self.users.iter().any(|user| user.name == name)
                || self.orgs.iter().any(|org| org.name == name);
            if !known {
                self.users.push(User::new(&name, self.object_id(&name)));
            }
        }
        let tokens = self.tokens.into_iter().map(Arc::new).collect();
        World {
            settings: self.settings,
            people: People { users: self.users, orgs: self.orgs, tokens },
            spaces: self.spaces,
        }
    }

    fn object_id(&self, name: &str) -> String {
        Dice::new(dice::hash(self.settings.seed, name)).hex(24)
    }
}
