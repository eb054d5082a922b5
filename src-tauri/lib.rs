//! The desktop shell: a window that shows the same page as the server, and the carrier that brings
//! the page's requests to the API. It knows nothing of what the API can do.

pub mod bridge;
#[cfg(feature = "desktop")]
mod commands;
#[cfg(feature = "desktop")]
mod engine;
#[cfg(feature = "desktop")]
mod shell;
#[cfg(feature = "desktop")]
mod window;

#[cfg(feature = "desktop")]
pub use engine::EngineError;
#[cfg(feature = "desktop")]
pub use shell::{StartError, run};
