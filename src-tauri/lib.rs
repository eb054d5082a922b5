//! The desktop shell: a window that shows the same page as the server, the carrier that brings the
//! page's requests to the API, and the program's place on a desktop: tray, notifications, keychain.
//! It knows nothing of what the API can do.

pub mod bridge;

#[cfg(feature = "desktop")]
mod arguments;
#[cfg(feature = "desktop")]
mod autostart;
#[cfg(feature = "desktop")]
mod badge;
#[cfg(feature = "desktop")]
mod commands;
#[cfg(feature = "desktop")]
mod deep_link;
#[cfg(feature = "desktop")]
mod desktop;
#[cfg(feature = "desktop")]
mod engine;
#[cfg(feature = "desktop")]
mod external;
#[cfg(feature = "desktop")]
mod failure;
#[cfg(feature = "desktop")]
mod follow;
#[cfg(feature = "desktop")]
mod geometry;
#[cfg(feature = "desktop")]
mod keychain;
#[cfg(feature = "desktop")]
mod last_words;
#[cfg(feature = "desktop")]
mod notifications;
#[cfg(all(feature = "desktop", target_os = "linux"))]
mod page_crash;
#[cfg(feature = "desktop")]
mod paths;
#[cfg(feature = "desktop")]
mod preferences;
#[cfg(all(feature = "desktop", target_os = "linux"))]
mod renewal;
#[cfg(feature = "desktop")]
mod shell;
#[cfg(feature = "desktop")]
mod shortcut;
#[cfg(feature = "desktop")]
mod tray;
#[cfg(feature = "desktop")]
mod updates;
#[cfg(feature = "desktop")]
mod window;
#[cfg(feature = "desktop")]
mod words;

#[cfg(feature = "desktop")]
pub use engine::EngineError;
#[cfg(feature = "desktop")]
pub use shell::{StartError, run};
