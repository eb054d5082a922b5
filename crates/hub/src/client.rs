//! The connections of the whole program to the Hub, and how they are set up.

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use hfsm_model::Clock;
use reqwest::{Client, ClientBuilder, redirect};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use url::{Host, Url};

use crate::{Error, Gateway, streams::StreamPool, tls};

/// Where the Hub is, and how patient the client is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HubConfig {
    /// The Hub itself.
    pub endpoint: Url,
    /// The host of the live metrics that the Hub's own pages use.
    pub metrics_endpoint: Url,
    /// Where apps answer; `{subdomain}` stands for the label of a Space.
    pub app_url: String,
    /// How this program names itself.
    pub user_agent: String,
    /// Root certificates besides the system's, DER encoded.
    pub extra_roots: Vec<Vec<u8>>,
    /// Streams that share one HTTP/2 connection; servers allow about 100.
    pub streams_per_connection: usize,
    /// Requests of one account that may be on their way at once.
    pub requests_at_once: usize,
    /// Until a connection is made.
    pub connect_timeout: Duration,
    /// Until an ordinary answer is complete, and until a stream has begun.
    pub request_timeout: Duration,
    /// Silence after which a metrics or event stream counts as lost.
    pub stream_silence: Duration,
    /// Silence after which a log stream counts as lost.
    pub log_silence: Duration,
    /// How long the Hub's documented metrics stream may stay without a sample before the other
    /// host is tried.
    pub metrics_grace: Duration,
    /// The longest time that a request waits because the Hub said so; beyond it the caller is
    /// told.
    pub patience: Duration,
    /// The first wait before a failed GET is tried again; it doubles.
    pub retry_delay: Duration,
    /// How often a GET is tried in all.
    pub attempts: u32,
}

impl HubConfig {
    /// Takes the three places; everything else has defaults.
    pub fn new(endpoint: Url, metrics_endpoint: Url, app_url: impl Into<String>) -> Self {
        Self {
            endpoint,
            metrics_endpoint,
            app_url: app_url.into(),
            user_agent: concat!("hf-space-manager/", env!("CARGO_PKG_VERSION")).to_owned(),
            extra_roots: Vec::new(),
            streams_per_connection: 90,
            requests_at_once: 8,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            stream_silence: Duration::from_secs(75),
            log_silence: Duration::from_secs(120),
            metrics_grace: Duration::from_secs(10),
            patience: Duration::from_secs(30),
            retry_delay: Duration::from_millis(500),
            attempts: 4,
        }
    }
}

impl Default for HubConfig {
    /// The public Hub.
    #[expect(clippy::expect_used, reason = "two constants, parsed in a test")]
    fn default() -> Self {
        Self::new(
            Url::parse("https://huggingface.co").expect("a constant"),
            Url::parse("https://api.hf.space").expect("a constant"),
            "https://{subdomain}.hf.space/",
        )
    }
}

/// The connections of the whole program to the Hub. Cheap to clone.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    config: HubConfig,
    clock: Clock,
    build: Box<dyn Fn() -> ClientBuilder + Send + Sync>,
    line: RwLock<Line>,
    streams: StreamPool,
    warned: Mutex<HashSet<String>>,
}

/// The connections of ordinary requests, until they are given up.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) client: Client,
    /// Says that nothing more will come.
    pub(crate) cut: CancellationToken,
}

impl Line {
    fn new(builder: ClientBuilder) -> Result<Self, Error> {
        Ok(Self { client: build(builder)?, cut: CancellationToken::new() })
    }
}

impl Hub {
    /// Sets up the connections; opens none.
    ///
    /// # Errors
    /// When the system's certificates cannot be read, or an endpoint is no HTTP address.
    pub fn new(config: HubConfig, clock: Clock) -> Result<Self, Error> {
        for endpoint in [&config.endpoint, &config.metrics_endpoint] {
            let is_http = matches!(endpoint.scheme(), "http" | "https") && endpoint.has_host();
            if !is_http {
                return Err(Error::Setup(format!(
                    "`{endpoint}` is no address of a Hub; it has to begin with https://"
                )));
            }
            if !endpoint.username().is_empty() || endpoint.password().is_some() {
                return Err(Error::Setup(
                    "the address of the Hub has a user or a password in it; who asks is said by a \
                     token alone"
                        .to_owned(),
                ));
            }
        }
        if !config.app_url.contains("{subdomain}") {
            return Err(Error::Setup(format!(
                "the address of apps, `{}`, has no {{subdomain}} in it",
                config.app_url
            )));
        }
        let needs_tls =
            [config.endpoint.as_str(), config.metrics_endpoint.as_str(), &config.app_url]
                .iter()
                .any(|address| address.starts_with("https:"));
        for endpoint in [&config.endpoint, &config.metrics_endpoint] {
            if endpoint.scheme() == "http" && !is_this_machine(endpoint) {
                tracing::warn!("tokens travel to {endpoint} unencrypted; use https://");
            }
        }
        let tls = tls::config(&config.extra_roots, needs_tls)?;
        let builder = {
            let (user_agent, connect_timeout) = (config.user_agent.clone(), config.connect_timeout);
            move || {
                Client::builder()
                    .user_agent(user_agent.clone())
                    .connect_timeout(connect_timeout)
                    .tcp_keepalive(Duration::from_secs(30))
                    .tcp_nodelay(true)
                    .http2_keep_alive_interval(Duration::from_secs(30))
                    .http2_keep_alive_timeout(Duration::from_secs(15))
                    .referer(false)
                    // Followed by hand: with the method, the body and the token, on the same host
                    // only.
                    .redirect(redirect::Policy::none())
                    .tls_backend_preconfigured(tls.clone())
            }
        };
        let line = RwLock::new(Line::new(builder())?);
        let streams = StreamPool::new(config.streams_per_connection, builder.clone());
        let warned = Mutex::default();
        Ok(Self(Arc::new(Inner { config, clock, build: Box::new(builder), line, streams, warned })))
    }

    /// Gives every connection up: for a machine that slept, whose connections are dead without
    /// having been closed. What was asked and not answered fails at once, and is asked again where
    /// its kind allows; streams that are opened from now on get connections of their own. Those
    /// that are open stay until their readers drop them.
    pub fn reconnect(&self) {
        match Line::new((self.0.build)()) {
            Ok(line) => {
                let mut current = self.0.line.write().unwrap_or_else(PoisonError::into_inner);
                std::mem::replace(&mut *current, line).cut.cancel();
            }
            Err(error) => tracing::error!(%error, "no new connections can be made: {error}"),
        }
        self.0.streams.start_anew();
    }

    /// Makes one account's way to the Hub, with a rate budget of its own. Make one for an account
    /// and keep it; clones and [`Gateway::ranked`] share the budget.
    pub fn gateway(&self, token: Option<SecretString>) -> Gateway {
        Gateway::new(self.clone(), token)
    }

    /// Returns how many streams are open now.
    pub fn open_streams(&self) -> usize {
        self.0.streams.open()
    }

    /// Returns how it was set up.
    pub fn config(&self) -> &HubConfig {
        &self.0.config
    }

    pub(crate) fn clock(&self) -> Clock {
        self.0.clock
    }

    pub(crate) fn line(&self) -> Line {
        self.0.line.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn streams(&self) -> &StreamPool {
        &self.0.streams
    }

    /// Logs a warning that the Hub attached to an answer, once for each topic.
    pub(crate) fn warn_once(&self, warning: &str) {
        const TOPICS: usize = 100;
        let (topic, message) = warning.split_once(';').unwrap_or(("", warning));
        let mut warned = self.0.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.len() < TOPICS && warned.insert(topic.trim().to_owned()) {
            tracing::warn!(topic = topic.trim(), "the Hub warns: {}", message.trim());
        }
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("endpoint", &self.0.config.endpoint.as_str()).finish()
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

pub(crate) fn build(builder: ClientBuilder) -> Result<Client, Error> {
    builder.build().map_err(|error| Error::Setup(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_hub_is_the_default() {
        let config = HubConfig::default();
        assert_eq!(config.endpoint.as_str(), "https://huggingface.co/");
        assert_eq!(config.metrics_endpoint.as_str(), "https://api.hf.space/");
    }

    #[tokio::test]
    async fn an_endpoint_that_is_none_is_refused_with_its_text() {
        for (endpoint, app) in [
            ("ftp://huggingface.co", "https://{subdomain}.hf.space/"),
            ("mailto:hub", "https://{subdomain}.hf.space/"),
            ("https://alice:secret@hub.example", "https://{subdomain}.hf.space/"),
            ("http://127.0.0.1:1", "https://hf.space/"),
        ] {
            let endpoint = Url::parse(endpoint).unwrap();
            let config = HubConfig::new(endpoint.clone(), endpoint, app);
            let error = Hub::new(config, Clock::system()).unwrap_err();
            assert!(matches!(error, Error::Setup(_)), "{error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
