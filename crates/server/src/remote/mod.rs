//! The server as a switch: on and off while the program runs, for the desktop application.
//!
//! Only a password lets in. What is chosen is stored; what cannot be opened is tried again for as
//! long as it is to be on.

mod addresses;
mod state;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use futures::StreamExt;
use hfsm_api::PublicView;
use hfsm_core::Fleet;
use hfsm_hub::Hub;
use http::header;
use secrecy::SecretString;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::{
    ConfiguredPassword, Error, Listener, ServerConfig, SignIn, SignInConfig, Site, SiteParts,
    site::Reach,
};

pub use state::{RemoteReach, RemoteSettings, RemoteState, RemoteTrouble, RemoteTroubleCode};

/// Under which the store keeps what was chosen.
const SETTING: &str = "remote_access";
/// Between two attempts to open what could not be opened.
const AGAIN: Duration = Duration::from_secs(3);

/// The server as a switch. Cheap to clone; every clone is the same switch.
#[derive(Clone)]
pub struct RemoteAccess(Arc<Inner>);

struct Inner {
    fleet: Fleet,
    hub: Hub,
    base: ServerConfig,
    /// One change after the other.
    turn: tokio::sync::Mutex<()>,
    sign_in: OnceCell<SignIn>,
    now: Mutex<Now>,
    keeper: OnceCell<()>,
}

#[derive(Default)]
struct Now {
    settings: RemoteSettings,
    open: Option<Open>,
    trouble: Option<RemoteTrouble>,
    /// Whether the program is ending.
    over: bool,
}

/// A port that is open.
#[derive(Clone)]
struct Open {
    at: (std::net::IpAddr, u16),
    scheme: &'static str,
    stop: CancellationToken,
    ended: CancellationToken,
}

impl RemoteAccess {
    /// Makes a switch that is off. Of `base` the host names, the believed proxies and the TLS files
    /// count; whatever it says of passwords, keys and visitors does not.
    pub fn new(fleet: Fleet, hub: Hub, base: ServerConfig) -> Self {
        Self(Arc::new(Inner {
            fleet,
            hub,
            base,
            turn: tokio::sync::Mutex::default(),
            sign_in: OnceCell::new(),
            now: Mutex::default(),
            keeper: OnceCell::new(),
        }))
    }

    /// Reads what was chosen, and opens the port where it was on. For the start of the program.
    ///
    /// # Errors
    /// When the store cannot be read. A port that cannot be opened is said in the state.
    pub async fn resume(&self) -> Result<RemoteState, Error> {
        let _turn = self.0.turn.lock().await;
        let stored = self.0.fleet.store().setting::<RemoteSettings>(SETTING).await?;
        if let Some(settings) = stored {
            self.now().settings = settings;
        }
        self.sign_in().await?;
        self.set_up().await;
        Ok(self.state())
    }

    /// Returns how it is. The addresses are those that this machine has at this moment.
    pub fn state(&self) -> RemoteState {
        let (mut settings, open, trouble) = {
            let now = self.now();
            (now.settings.clone(), now.open.clone(), now.trouble.clone())
        };
        let sign_in = self.0.sign_in.get().filter(|sign_in| sign_in.has_password());
        if let Some(sign_in) = sign_in {
            // Somebody who signed in may have chosen another name there.
            settings.user = sign_in.user();
        }
        RemoteState {
            has_password: sign_in.is_some(),
            listening: open.is_some(),
            urls: open.map(|open| open.urls()).unwrap_or_default(),
            trouble: trouble.filter(|_| settings.on),
            settings,
        }
    }

    /// Takes what a person chose, and opens or closes the port. A `password` takes the place of the
    /// one before. When the user or the password is another, every session ends.
    ///
    /// # Errors
    /// When the port, the user or the password does not do, in words, with nothing changed; or when
    /// the store cannot be written. A port that cannot be opened is said in the state.
    pub async fn apply(
        &self,
        settings: RemoteSettings,
        password: Option<SecretString>,
    ) -> Result<RemoteState, Error> {
        let settings = settings.checked()?;
        let _turn = self.0.turn.lock().await;
        let others = self.sign_in().await?.choose(&settings.user, password).await?;
        self.0.fleet.store().set_setting(SETTING, &settings).await?;
        self.now().settings = settings;
        if others {
            // What is open was opened by somebody who may not come in any more.
            self.close().await;
        }
        self.set_up().await;
        Ok(self.state())
    }

    /// Closes the port for good. What was chosen stays chosen for the next start.
    pub async fn shutdown(&self) {
        let _turn = self.0.turn.lock().await;
        self.now().over = true;
        self.close().await;
    }

    /// Makes what is as it is chosen, and keeps it so.
    async fn set_up(&self) {
        self.try_to_open().await;
        let this = self.clone();
        self.0
            .keeper
            .get_or_init(|| async {
                let again = this.clone();
                this.0.fleet.supervisor().keep("remote access", move || again.clone().keep_open());
            })
            .await;
    }

    /// Tries again and again to open what is to be open, until the program ends.
    async fn keep_open(self) {
        let stopping = self.0.fleet.supervisor().stopping().clone();
        loop {
            tokio::select! {
                () = tokio::time::sleep(AGAIN) => {}
                () = stopping.cancelled() => return,
            }
            let _turn = self.0.turn.lock().await;
            self.try_to_open().await;
        }
    }

    async fn try_to_open(&self) {
        let (settings, open) = {
            let now = self.now();
            (now.settings.clone(), now.open.clone())
        };
        let wanted = (settings.on && !self.now().over).then(|| settings.address());
        if open.as_ref().map(|open| open.at) == wanted
            && open.as_ref().is_none_or(|open| !open.ended.is_cancelled())
        {
            return;
        }
        self.close().await;
        if wanted.is_none() {
            self.now().trouble = None;
            return;
        }
        let outcome = self.open(&settings).await;
        let mut now = self.now();
        match outcome {
            Ok(open) => {
                now.open = Some(open);
                now.trouble = None;
            }
            Err(trouble) => {
                if now.trouble.as_ref() != Some(&trouble) {
                    tracing::warn!("remote access is not open: {trouble}");
                }
                now.trouble = Some(trouble);
            }
        }
    }

    async fn open(&self, settings: &RemoteSettings) -> Result<Open, RemoteTrouble> {
        let of = |error: Error| RemoteTrouble::of(&error);
        let sign_in = self.sign_in().await.map_err(of)?;
        if !sign_in.has_password() {
            return Err(RemoteTrouble::password_missing());
        }
        let Inner { fleet, hub, base, .. } = &*self.0;
        let at = settings.address();
        let listener = Listener::bind(at.into(), base.tls.as_ref()).await.map_err(of)?;
        let reach = Reach {
            bound: listener.address(),
            hosts: base.hosts.clone(),
            trusted_proxies: base.trusted_proxies.clone(),
        };
        let parts = SiteParts {
            fleet: fleet.clone(),
            hub: hub.clone(),
            api: hfsm_api::router(fleet.clone()),
            document: hfsm_api::openapi(),
        };
        let site = Site::behind(sign_in.clone(), reach, parts).map_err(of)?;
        let stop = fleet.supervisor().stopping().child_token();
        let ended = CancellationToken::new();
        let scheme = if base.tls.is_some() { "https" } else { "http" };
        tracing::info!("remote access is open on {}", listener.address());
        let open = Open { at, scheme, stop: stop.clone(), ended: ended.clone() };
        let router = ending_streams(site.router, stop.clone());
        let guard = ended.drop_guard();
        fleet.supervisor().spawn("serve remotely", async move {
            listener.serve(router, stop).await;
            drop(guard);
        });
        Ok(open)
    }

    async fn close(&self) {
        let Some(open) = self.now().open.take() else { return };
        open.stop.cancel();
        open.ended.cancelled().await;
        tracing::info!("remote access is closed");
    }

    async fn sign_in(&self) -> Result<&SignIn, Error> {
        let open = || async {
            let config = SignInConfig {
                user: self.now().settings.user.clone(),
                password: ConfiguredPassword::None,
                api_key: None,
                public_view: PublicView::Nothing,
            };
            SignIn::open(config, self.0.fleet.clone()).await
        };
        self.0.sign_in.get_or_try_init(open).await
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.0.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn urls(&self) -> Vec<String> {
        let (ip, port) = self.at;
        let url = |ip: &dyn std::fmt::Display| format!("{}://{ip}:{port}", self.scheme);
        if ip.is_unspecified() {
            addresses::on_networks().iter().map(|ip| url(ip)).collect()
        } else {
            vec![url(&ip)]
        }
    }
}

/// Ends the streams of `router` with `stop`, so that nobody goes on reading what was switched off.
fn ending_streams(router: Router, stop: CancellationToken) -> Router {
    async fn end(State(stop): State<CancellationToken>, request: Request, next: Next) -> Response {
        let response = next.run(request).await;
        let kind = response.headers().get(header::CONTENT_TYPE);
        let streams = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        if !streams {
            return response;
        }
        response.map(|body| {
            Body::from_stream(body.into_data_stream().take_until(stop.cancelled_owned()))
        })
    }
    router.layer(from_fn_with_state(stop, end))
}
