//! A client of the Hub's Space API: requests, retries, rate budget, event streams.
//!
//! [`Hub`] holds the connections of the whole program, [`Gateway`] is one account's way to the
//! Hub: it knows the account's token and its rate budget, lets a person's requests go first, and
//! shares identical requests in flight. Nothing is remembered here that is not about talking to
//! the Hub; what the answers mean for the product is decided above.
//!
//! The Hub's words (stages, flavors, roles) are open sets, fields may be missing or of another
//! type than expected, and one strange element never spoils a list.

mod accounts;
mod actions;
mod app_host;
mod budget;
mod client;
mod doors;
mod error;
mod events;
mod gateway;
mod hardware;
mod logs;
mod metrics;
mod queue;
mod refusal;
mod retry;
mod secrets;
mod send;
mod spaces;
pub mod sse;
mod stream;
mod streams;
mod tls;
mod variables;
mod wire;

pub use accounts::Identity;
pub use actions::Answer;
pub use app_host::Visit;
pub use client::{Hub, HubConfig};
pub use error::{Error, Refusal};
pub use events::{Compute, SpaceEvent};
pub use gateway::{Gateway, Rank};
pub use logs::{LogEvent, LogStream};
pub use retry::Backoff;
