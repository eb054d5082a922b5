//! Puts the API and the interface on a TCP port: configuration, sign-in, sessions, checks of host
//! and origin, limits, and the old application's routes.
//!
//! [`ServerConfig`] is what it is told, [`Listener`] the port, [`Site`] what is answered there. The
//! desktop application uses the same two, switched on and off while it runs by
//! [`RemoteAccess`]. What the product
//! can do is decided below this crate, and not here.

mod access_log;
mod assets;
mod attempts;
mod caller;
mod client;
mod compat;
mod config;
mod cookies;
mod error;
mod headers;
mod json;
mod lifecycle;
mod limits;
mod listener;
mod local_door;
mod origin;
mod password;
mod problem;
mod reference;
mod remote;
mod secret_text;
mod session_api;
mod session_end;
mod sign_in;
mod site;
mod tls;

pub use assets::has_interface;
pub use client::Client;
pub use config::{
    ConfigError, ConfiguredPassword, DEFAULT_PORT, SETTINGS, ServerConfig, Setting, Source,
    TlsFiles,
};
pub use error::Error;
pub use lifecycle::StopSignals;
pub use listener::Listener;
pub use local_door::LocalDoor;
pub use password::hash as hash_password;
pub use remote::{
    RemoteAccess, RemoteReach, RemoteSettings, RemoteState, RemoteTrouble, RemoteTroubleCode,
};
pub use sign_in::{SignIn, SignInConfig};
pub use site::{Site, SiteParts, document};
