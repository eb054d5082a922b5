//! The server as a switch of the desktop application.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    time::Duration,
};

use hfsm_core::Fleet;
use hfsm_hub::{Hub, HubConfig};
use hfsm_hub_sim::SimHub;
use hfsm_model::Clock;
use hfsm_server::{
    RemoteAccess, RemoteReach, RemoteSettings, RemoteState, RemoteTroubleCode, ServerConfig,
};
use hfsm_store::Store;
use http::Method;
use serde_json::json;

use crate::{
    browser::{Browser, Events, SOON},
    harness::{PASSWORD, world},
};

/// A desktop program, without its window.
struct Desktop {
    fleet: Fleet,
    remote: RemoteAccess,
    _hub: SimHub,
}

impl Desktop {
    async fn start(folder: &Path) -> Self {
        let hub = SimHub::start(world().build()).await.unwrap();
        let environment = BTreeMap::from([
            ("HOME".to_owned(), folder.display().to_string()),
            // What the environment says of signing in must not open a door here.
            ("API_KEY".to_owned(), "a-key-of-another-program".to_owned()),
            ("HFSM_PUBLIC_VIEW".to_owned(), "all".to_owned()),
        ]);
        let base = ServerConfig::load(BTreeMap::new(), environment, None).unwrap();
        let config = HubConfig::new(
            hub.endpoint().parse().unwrap(),
            hub.metrics_endpoint().parse().unwrap(),
            hub.app_url_template(),
        );
        let clock = Clock::system();
        let client = Hub::new(config, clock).unwrap();
        let store = Store::open(&folder.join("hfsm.db")).await.unwrap();
        let fleet = Fleet::builder(clock, client.clone(), store).build().await.unwrap();
        fleet.start();
        let remote = RemoteAccess::new(fleet.clone(), client, base);
        remote.resume().await.unwrap();
        Self { fleet, remote, _hub: hub }
    }

    async fn stop(self) {
        self.remote.shutdown().await;
        self.fleet.shutdown().await;
    }

    async fn set(&self, settings: &RemoteSettings, password: Option<&str>) -> RemoteState {
        self.remote.apply(settings.clone(), password.map(Into::into)).await.unwrap()
    }
}

/// A port that nobody has now.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn on(port: u16) -> RemoteSettings {
    RemoteSettings { on: true, reach: RemoteReach::ThisComputer, port, user: "ann".to_owned() }
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

async fn is_open(port: u16) -> bool {
    tokio::net::TcpStream::connect(local(port)).await.is_ok()
}

async fn signed_in(address: SocketAddr, user: &str, password: &str) -> Browser {
    let browser = Browser::new(address);
    let answer =
        browser.post("/api/v1/session", &json!({ "user": user, "password": password })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_off_at_first_and_opens_with_a_password_only() {
    let folder = tempfile::tempdir().unwrap();
    let desktop = Desktop::start(folder.path()).await;
    let state = desktop.remote.state();
    assert_eq!(state.settings, RemoteSettings::default());
    assert!(!state.settings.on && !state.listening && !state.has_password);
    assert_eq!((state.urls.len(), state.trouble), (0, None));

    let port = free_port();
    let state = desktop.set(&on(port), None).await;
    assert_eq!(state.trouble.unwrap().code, RemoteTroubleCode::PasswordMissing);
    assert!(!state.listening && !is_open(port).await);
    for (settings, password, word) in [
        (RemoteSettings { port: 0, ..on(0) }, PASSWORD, "1024"),
        (RemoteSettings { port: 80, ..on(80) }, PASSWORD, "1024"),
        (RemoteSettings { user: " ".to_owned(), ..on(port) }, PASSWORD, "user name"),
        (on(port), "short", "8 characters"),
    ] {
        let refused = desktop.remote.apply(settings, Some(password.into())).await.unwrap_err();
        assert!(refused.to_string().contains(word), "{refused}");
        assert!(!desktop.remote.state().has_password, "nothing was changed");
    }

    let state = desktop.set(&on(port), Some(PASSWORD)).await;
    assert!(state.listening && state.has_password && state.trouble.is_none(), "{state:?}");
    assert_eq!(state.urls, [format!("http://127.0.0.1:{port}")]);
    let stranger = Browser::new(local(port));
    assert_eq!(stranger.get("/api/v1/spaces").await.code(), "sign_in_needed", "no public view");
    let key = [("authorization", "Bearer a-key-of-another-program")];
    assert_eq!(stranger.send(Method::GET, "/api/v1/spaces", &key, "").await.status, 401);
    let browser = signed_in(local(port), "ann", PASSWORD).await;
    assert_eq!(browser.get("/api/v1/spaces").await.status, 200);
    let stored = std::fs::read(folder.path().join("hfsm.db-wal")).unwrap();
    let clear = PASSWORD.as_bytes();
    assert!(!stored.windows(clear.len()).any(|bytes| bytes == clear), "never in clear");
    desktop.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_off_ends_streams_at_once_and_the_next_start_opens_what_was_on() {
    let folder = tempfile::tempdir().unwrap();
    let desktop = Desktop::start(folder.path()).await;
    let port = free_port();
    desktop.set(&on(port), Some(PASSWORD)).await;
    let browser = signed_in(local(port), "ann", PASSWORD).await;
    let mut stream = Events::of(browser.open(Method::GET, "/api/v1/events", &[], "").await);
    stream.next().await.unwrap();
    let began = std::time::Instant::now();
    let state = desktop.set(&RemoteSettings { on: false, ..on(port) }, None).await;
    while stream.next().await.is_some() {}
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert!(!state.listening && state.urls.is_empty() && state.trouble.is_none());
    assert!(!is_open(port).await);
    assert!(desktop.set(&on(port), None).await.listening, "with the password of before");
    desktop.stop().await;

    let again = Desktop::start(folder.path()).await;
    let state = again.remote.state();
    assert!(state.listening && state.settings == on(port), "{state:?}");
    let _ = signed_in(local(port), "ann", PASSWORD).await;
    again.stop().await;
    assert!(!is_open(port).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_user_or_password_ends_every_session_and_its_streams() {
    let folder = tempfile::tempdir().unwrap();
    let desktop = Desktop::start(folder.path()).await;
    let port = free_port();
    desktop.set(&on(port), Some(PASSWORD)).await;
    let browser = signed_in(local(port), "ann", PASSWORD).await;
    let mut stream = Events::of(browser.open(Method::GET, "/api/v1/events", &[], "").await);
    let bea = RemoteSettings { user: "bea".to_owned(), ..on(port) };
    assert!(desktop.set(&bea, None).await.listening);
    while stream.next().await.is_some() {}
    assert_eq!(browser.get("/api/v1/spaces").await.status, 401);
    let browser = signed_in(local(port), "bea", PASSWORD).await;
    desktop.set(&bea, Some("another long password")).await;
    assert_eq!(browser.get("/api/v1/spaces").await.status, 401);
    let browser = signed_in(local(port), "bea", "another long password").await;
    desktop.set(&bea, None).await;
    assert_eq!(browser.get("/api/v1/spaces").await.status, 200, "nothing changed, nobody goes");

    let chosen = json!({ "user": "cat", "password": "chosen in the browser",
        "current": "another long password" });
    assert_eq!(browser.json(Method::PUT, "/api/v1/session/password", &chosen).await.status, 204);
    assert_eq!(desktop.remote.state().settings.user, "cat");
    desktop.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_told_and_opened_when_it_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let desktop = Desktop::start(folder.path()).await;
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let state = desktop.set(&on(port), Some(PASSWORD)).await;
    let trouble = state.trouble.unwrap();
    assert_eq!(trouble.code, RemoteTroubleCode::PortInUse);
    assert!(trouble.message.contains(&port.to_string()), "{trouble}");
    assert!(!state.listening && state.urls.is_empty());
    drop(taken);
    let opened = async {
        while !desktop.remote.state().listening {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, opened).await.expect("it is tried again by itself");
    assert_eq!(desktop.remote.state().trouble, None);
    let _ = signed_in(local(port), "ann", PASSWORD).await;
    desktop.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_network_reaches_it_under_the_machines_own_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let desktop = Desktop::start(folder.path()).await;
    let port = free_port();
    let wide = RemoteSettings { reach: RemoteReach::LocalNetwork, ..on(port) };
    let state = desktop.set(&wide, Some(PASSWORD)).await;
    assert!(state.listening, "{state:?}");
    for url in &state.urls {
        let address: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
        assert!(!address.ip().is_loopback() && address.port() == port, "{url}");
        let browser = signed_in(address, "ann", PASSWORD).await;
        assert_eq!(browser.get("/api/v1/spaces").await.status, 200, "{url}");
    }
    let foreign = [("host", "evil.example")];
    let refused = Browser::new(local(port)).send(Method::GET, "/", &foreign, "").await;
    assert_eq!(refused.status, 421);

    let near = desktop.set(&on(port), None).await;
    assert_eq!(near.urls, [format!("http://127.0.0.1:{port}")]);
    for url in &state.urls {
        let address: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
        let far: IpAddr = address.ip();
        let reached = tokio::net::TcpStream::connect((far, port)).await;
        assert!(reached.is_err(), "{url} is closed again");
    }
    desktop.stop().await;
}
