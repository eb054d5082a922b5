//! A server in front of a simulated Hub, both in this process, with real sockets between.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use hfsm_core::{
    Fleet,
    events::{Audience, Watch},
    vault::MemoryVault,
};
use hfsm_hub::{Hub, HubConfig};
use hfsm_hub_sim::{SimHub, TokenKind, World, WorldBuilder};
use hfsm_model::{Clock, SpaceId};
use hfsm_server::{Listener, ServerConfig, SignIn, Site, SiteParts};
use hfsm_store::Store;
use secrecy::ExposeSecret;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::browser::{Browser, SOON};

pub(crate) const TOKEN: &str = "hf_alice_writes_everything";
pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const API_KEY: &str = "a-key-for-programs";

/// The old application's variables, as somebody has them who moves here.
pub(crate) const OLD: &[(&str, &str)] = &[
    ("HF_USER", "alice:hf_alice_writes_everything"),
    ("USER_NAME", "admin"),
    ("USER_PASSWORD", PASSWORD),
    ("API_KEY", API_KEY),
];

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) fleet: Fleet,
    pub(crate) hub: SimHub,
    pub(crate) code: String,
    pub(crate) sign_in: SignIn,
    stopping: CancellationToken,
    serving: JoinHandle<()>,
}

/// Alice has a public and a private Space, one with an ugly name, and one with a hostile title.
pub(crate) fn world() -> WorldBuilder {
    World::builder()
        .seed(7)
        .user("alice")
        .token(TOKEN, TokenKind::Write)
        .space("alice/demo", |space| space.title("Demo"))
        .space("alice/hidden", |space| space.private())
        .space("alice/with_under.score", |space| space)
        .space("alice/xss", |space| space.title("<img src=x onerror=alert(1)>"))
}

impl Server {
    /// Starts with these variables besides the Hub's.
    pub(crate) async fn start(environment: &[(&str, &str)]) -> Self {
        Self::start_with(environment, world(), Store::in_memory().await.unwrap()).await
    }

    pub(crate) async fn start_with(
        environment: &[(&str, &str)],
        world: WorldBuilder,
        store: Store,
    ) -> Self {
        let hub = SimHub::start(world.build()).await.unwrap();
        let mut all = BTreeMap::from([
            ("HOME".to_owned(), "/nonexistent".to_owned()),
            ("HF_ENDPOINT".to_owned(), hub.endpoint()),
            ("HFSM_METRICS_ENDPOINT".to_owned(), hub.metrics_endpoint()),
            ("HFSM_APP_URL".to_owned(), hub.app_url_template()),
            ("HFSM_PORT".to_owned(), "0".to_owned()),
        ]);
        all.extend(environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        let config = ServerConfig::load(BTreeMap::new(), all, None).unwrap();
        let clock = Clock::system();
        let endpoints = HubConfig::new(
            config.endpoint.clone(),
            config.metrics_endpoint.clone(),
            config.app_url.clone(),
        );
        let client = Hub::new(endpoints, clock).unwrap();
        let fleet = Fleet::builder(clock, client.clone(), store)
            .vault(Arc::new(MemoryVault::default()))
            .configured(config.accounts.clone())
            .build()
            .await
            .unwrap();
        let listener = Listener::bind((config.address, config.port).into(), config.tls.as_ref())
            .await
            .unwrap();
        let address = listener.address();
        let parts = SiteParts {
            fleet: fleet.clone(),
            hub: client,
            api: hfsm_api::router(fleet.clone()),
            document: hfsm_api::openapi(),
        };
        let has_accounts = !config.accounts.is_empty();
        let site = Site::new(config, address, parts).await.unwrap();
        let code = site.sign_in.new_code().unwrap().expose_secret().to_owned();
        let sign_in = site.sign_in.clone();
        let mut reader = fleet.subscribe(Audience::Everything, Watch::nothing());
        fleet.start();
        let stopping = CancellationToken::new();
        #[expect(clippy::disallowed_methods, reason = "the server of a test, joined by `stop`")]
        let serving = tokio::spawn(listener.serve(site.router, stopping.clone()));
        let known = async {
            while has_accounts && fleet.spaces().len() < 4 {
                reader.next().await.unwrap();
            }
        };
        tokio::time::timeout(SOON, known).await.expect("the Hub's list");
        Self { address, fleet, hub, code, sign_in, stopping, serving }
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.address)
    }

    /// A browser that signed in with the link.
    pub(crate) async fn signed_in(&self) -> Browser {
        let browser = self.browser();
        let answer =
            browser.post("/api/v1/session", &serde_json::json!({ "code": self.code })).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        browser
    }

    /// A browser that signed in with the old application's password.
    pub(crate) async fn signed_in_as_admin(&self) -> Browser {
        let browser = self.browser();
        let sign_in = serde_json::json!({ "user": "admin", "password": PASSWORD });
        let answer = browser.post("/api/v1/session", &sign_in).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        browser
    }

    /// Ends as the program does at a signal.
    pub(crate) async fn stop(self) {
        self.stopping.cancel();
        self.fleet.shutdown().await;
        self.serving.await.unwrap();
    }

    pub(crate) fn stage(&self, id: &str) -> String {
        let id: SpaceId = id.parse().unwrap();
        self.fleet.space(&id).unwrap().stage.to_string()
    }
}
