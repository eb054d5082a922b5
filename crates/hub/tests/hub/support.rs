//! What the tests share: a simulated Hub with a client, and a server that follows a script.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::Request,
    http::{HeaderMap, Method},
    response::Response,
};
use hfsm_hub::{Gateway, Hub, HubConfig, Rank};
use hfsm_hub_sim::{SimHub, TokenKind, World, WorldBuilder};
use hfsm_model::{Clock, SpaceId};
use http_body_util::BodyExt;
use secrecy::SecretString;
use tokio::{net::TcpListener, task::JoinSet};

pub(crate) const TOKEN: &str = "hf_alice_write";

pub(crate) fn id(text: &str) -> SpaceId {
    text.parse().unwrap()
}

/// A client's configuration with short waits.
pub(crate) fn quick(endpoint: &str, live: &str, app: &str) -> HubConfig {
    let mut config = HubConfig::new(endpoint.parse().unwrap(), live.parse().unwrap(), app);
    config.retry_delay = Duration::from_millis(10);
    config.metrics_grace = Duration::from_millis(200);
    config.stream_silence = Duration::from_secs(5);
    config
}

/// Alice with a write token.
pub(crate) fn alice() -> WorldBuilder {
    World::builder()
        .seed(7)
        .metric_interval(Duration::from_millis(20))
        .user("alice")
        .token(TOKEN, TokenKind::Write)
}

pub(crate) struct Fixture {
    pub(crate) sim: SimHub,
    pub(crate) hub: Hub,
}

impl Fixture {
    pub(crate) async fn start(world: WorldBuilder) -> Self {
        Self::with(world, |_| {}).await
    }

    pub(crate) async fn with(world: WorldBuilder, change: impl FnOnce(&mut HubConfig)) -> Self {
        let sim = SimHub::start(world.build()).await.unwrap();
        let mut config = quick(&sim.endpoint(), &sim.metrics_endpoint(), &sim.app_url_template());
        change(&mut config);
        Self { hub: Hub::new(config, Clock::system()).unwrap(), sim }
    }

    /// A person's way with `token`.
    pub(crate) fn with_token(&self, token: &str) -> Gateway {
        self.hub.gateway(Some(SecretString::from(token))).ranked(Rank::Person)
    }

    /// Alice's way.
    pub(crate) fn alice(&self) -> Gateway {
        self.with_token(TOKEN)
    }

    /// Nobody's way.
    pub(crate) fn anonymous(&self) -> Gateway {
        self.hub.gateway(None).ranked(Rank::Person)
    }
}

/// A request that a scripted server got.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A server that answers as it is told and remembers what it was asked.
pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    _server: JoinSet<()>,
}

impl Scripted {
    pub(crate) async fn start(
        answer: impl Fn(&Asked, usize) -> Response + Clone + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let memory = Arc::clone(&asked);
        let router = Router::new().fallback(move |request: Request| {
            let (memory, answer) = (Arc::clone(&memory), answer.clone());
            async move {
                let (parts, body) = request.into_parts();
                let path = parts.uri.path_and_query().map_or("", |path| path.as_str()).to_owned();
                let body = body.collect().await.unwrap().to_bytes();
                let asked = Asked { method: parts.method, path, headers: parts.headers, body };
                let number = {
                    let mut memory = memory.lock().unwrap();
                    memory.push(asked.clone());
                    memory.len()
                };
                answer(&asked, number)
            }
        });
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, asked, _server: server }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// A person's way to it, with a token.
    pub(crate) fn gateway(&self) -> Gateway {
        self.gateway_with(|_| {})
    }

    pub(crate) fn gateway_with(&self, change: impl FnOnce(&mut HubConfig)) -> Gateway {
        let mut config =
            quick(&self.url(), &self.url(), &format!("{}/app/{{subdomain}}/", self.url()));
        change(&mut config);
        let hub = Hub::new(config, Clock::system()).unwrap();
        hub.gateway(Some(SecretString::from(TOKEN))).ranked(Rank::Person)
    }
}

/// An answer with a body and headers.
pub(crate) fn answer(
    status: u16,
    headers: &[(&str, &str)],
    body: impl Into<axum::body::Body>,
) -> Response {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.into()).unwrap()
}
