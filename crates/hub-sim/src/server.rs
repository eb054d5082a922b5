//! The running simulator: its listener, its connections, its routes.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::{any, delete, get, post, put};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use crate::clock::SimClock;
use crate::error::Error;
use crate::faults::Faults;
use crate::front::{self, Front};
use crate::handle::WorldHandle;
use crate::hub::Hub;
use crate::space::{At, Space};
use crate::state::State;
use crate::world::World;
use crate::{
    actions, app_hosts, control, identity, list, oauth, repos, spaces, streams, ticker, variables,
};

/// A simulated Hub that is running. It stops when it is dropped.
#[derive(Debug)]
pub struct SimHub {
    hub: Arc<Hub>,
    router: Router,
    address: SocketAddr,
}

impl SimHub {
    /// Starts `world` on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// [`Error::Listen`] when no port can be had.
    pub async fn start(world: World) -> Result<Self, Error> {
        Self::start_on(world, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// Starts `world` on `address`.
    ///
    /// # Errors
    /// [`Error::Listen`] when the address is taken or not this machine's.
    pub async fn start_on(world: World, address: SocketAddr) -> Result<Self, Error> {
        let listener =
            TcpListener::bind(address).await.map_err(|source| Error::Listen { address, source })?;
        let address = listener.local_addr().map_err(|source| Error::Listen { address, source })?;
        let hub = Arc::new(create(world));
        let router = routes(&hub);
        run(Arc::clone(&hub), router.clone(), listener);
        Ok(Self { hub, router, address })
    }

    /// The address of the API, without a final slash; a client's `HF_ENDPOINT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of the streaming host (`https://api.hf.space` on the Hub).
    #[must_use]
    pub fn metrics_endpoint(&self) -> String {
        self.endpoint()
    }

    /// The address of an app, with `{subdomain}` in the place of its subdomain.
    #[must_use]
    pub fn app_url_template(&self) -> String {
        format!("{}/app/{{subdomain}}/", self.endpoint())
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The hand that reaches into the running world.
    #[must_use]
    pub fn world(&self) -> WorldHandle {
        WorldHandle::new(Arc::clone(&self.hub))
    }

    /// Troubles to switch on and off.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.hub.faults
    }

    /// Everything behind the listener, to be put behind another one (with TLS, say).
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Serves one connection of somebody else's listener, HTTP/1.1 or HTTP/2 as the client begins,
    /// with the limits of this Hub; ends with the connection or with the Hub.
    pub async fn serve_connection<I>(&self, io: I, peer: SocketAddr)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        serve_connection(Arc::clone(&self.hub), self.router.clone(), io, peer).await;
    }

    /// Ends every stream and connection.
    pub fn stop(&self) {
        self.hub.stopping.cancel();
    }
}

impl Drop for SimHub {
    fn drop(&mut self) {
        self.stop();
    }
}

fn create(world: World) -> Hub {
    let clock = SimClock::new(world.settings.starts_at, world.settings.speed);
    let at = At { instant: tokio::time::Instant::now(), clock: &clock, settings: &world.settings };
    let mut state = State::new(world.people, Vec::new());
    for (id, card) in world.spaces {
        state.add(Space::new(&id, card, at));
    }
    Hub::new(world.settings, clock, state)
}

/// The one task of a simulator; everything else lives in it and ends with it.
fn run(hub: Arc<Hub>, router: Router, listener: TcpListener) {
    #[expect(
        clippy::disallowed_methods,
        reason = "the simulator stands in for another machine and has no supervisor; it ends with its token"
    )]
    tokio::spawn(async move {
        let mut tasks = JoinSet::new();
        tasks.spawn(ticker::follow_stages(Arc::clone(&hub)));
        tasks.spawn(ticker::send_metrics(Arc::clone(&hub)));
        loop {
            let accepted = tokio::select! {
                () = hub.stopping.cancelled() => return,
                accepted = listener.accept() => accepted,
                Some(_) = tasks.join_next() => continue,
            };
            // What cannot be accepted (too many open files) is the client's trouble, not the listener's.
            let Ok((stream, peer)) = accepted else { continue };
            if hub.faults.refuses_connections() {
                continue;
            }
            let _ = stream.set_nodelay(true);
            tasks.spawn(serve_connection(Arc::clone(&hub), router.clone(), stream, peer));
        }
    });
}

async fn serve_connection<I>(hub: Arc<Hub>, router: Router, io: I, peer: SocketAddr)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    hub.stats.connected();
    let service = router.map_request(move |mut request: http::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http2().max_concurrent_streams(hub.settings.streams_per_connection);
    let connection = builder.serve_connection(TokioIo::new(io), TowerToHyperService::new(service));
    tokio::select! {
        () = hub.stopping.cancelled() => {}
        // A connection that breaks is what clients are tested with.
        _ = connection => {}
    }
    hub.stats.disconnected();
}

fn routes(hub: &Arc<Hub>) -> Router {
    let space = |path: &str| format!("/api/spaces/{{owner}}/{{name}}{path}");
    let live = |path: &str| format!("/v1/{{owner}}/{{name}}{path}");
    let inner = Router::new()
        .route("/api/whoami-v2", get(identity::whoami))
        .route("/avatars/{file}", get(identity::avatar))
        .route("/api/spaces", get(list::spaces))
        .route("/api/spaces/semantic-search", get(list::search))
        .route("/api/spaces/hardware", get(spaces::hardware_list))
        .route("/api/spaces/templates", get(spaces::templates))
        .route("/api/spaces/zero-gpu/quota", get(spaces::zero_gpu_quota))
        .route("/api/spaces/by-subdomain/{subdomain}", get(spaces::by_subdomain))
        .route(&space(""), get(spaces::info))
        .route(&space("/revision/{rev}"), get(spaces::info))
        .route(&space("/runtime"), get(spaces::runtime))
        .route(&space("/host"), get(spaces::host))
        .route(&space("/auth-check"), get(spaces::may_read))
        .route(&space("/auth-check/write"), get(spaces::may_write))
        .route(&space("/jwt"), get(spaces::jwt))
        .route(&space("/commits/{rev}"), get(spaces::commits))
        .route(&space("/tree/{rev}"), get(spaces::tree))
        .route("/spaces/{owner}/{name}", get(spaces::page))
        .route("/spaces/{owner}/{name}/raw/{rev}/{file}", get(spaces::raw))
        .route(&space("/restart"), post(actions::restart))
        .route(&space("/pause"), post(actions::pause))
        .route(&space("/sleeptime"), post(actions::sleep_time))
        .route(&space("/hardware"), post(actions::hardware))
        .route(&space("/dev-mode"), post(actions::dev_mode))
        .route(&space("/replicas"), post(actions::replicas))
        .route(&space("/volumes"), put(actions::set_volumes).delete(actions::delete_volumes))
        .route(
            &space("/secrets"),
            get(variables::secrets).post(variables::set_secret).delete(variables::delete_secret),
        )
        .route(
            &space("/variables"),
            get(variables::variables)
                .post(variables::set_variable)
                .delete(variables::delete_variable),
        )
        .route(&space("/settings"), put(repos::settings))
        .route(&space("/duplicate"), post(repos::duplicate))
        .route("/api/repos/create", post(repos::create))
        .route("/api/repos/move", post(repos::rename))
        .route("/api/repos/delete", delete(repos::delete))
        .route(&space("/metrics"), get(streams::official_metrics))
        .route(&space("/events"), get(streams::status))
        .route(&space("/logs/run"), get(streams::run_logs))
        .route(&space("/logs/build"), get(streams::build_logs))
        .route(&live("/live-metrics/sse"), get(streams::metrics))
        .route(&live("/sse"), get(streams::status))
        .route(&live("/logs/run"), get(streams::run_logs_by_pass))
        .route(&live("/logs/build"), get(streams::build_logs_by_pass))
        .route("/oauth/device", get(oauth::device_page).post(oauth::device))
        .route("/oauth/device/answer", post(oauth::device_answer))
        .route("/oauth/token", post(oauth::token))
        .route("/oauth/userinfo", get(oauth::userinfo))
        .route("/.well-known/openid-configuration", get(oauth::discovery))
        .route("/app/{subdomain}", any(app_hosts::visit_root))
        .route("/app/{subdomain}/", any(app_hosts::visit_root))
        .route("/app/{subdomain}/{*path}", any(app_hosts::visit))
        .fallback(control::unknown_route)
        .with_state(Arc::clone(hub));
    let front = Front { hub: Arc::clone(hub), inner, control: control::routes(hub) };
    Router::new().fallback(front::answer).with_state(front)
}
