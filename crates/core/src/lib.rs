//! What the product can do, what it does by itself, and what it says has changed.
//!
//! A [`Fleet`] is all accounts and their Spaces. It is put together by a [`FleetBuilder`], begun
//! with [`Fleet::start`], and handed to whatever carries it: the API, the command line, the desktop.

mod accounts;
mod builder;
mod condition;
mod error;
pub mod events;
mod fleet;
mod heal;
mod history;
mod inventory;
mod jobs;
mod keep_alive;
mod labels;
mod logs;
mod metrics;
mod notices;
mod operations;
mod pace;
mod persistence;
mod polling;
mod reception;
pub mod sources;
mod spaces;
mod spread;
mod supervisor;
mod tokens;
mod variables;
pub mod vault;
mod views;
mod wake;

pub use builder::FleetBuilder;
pub use condition::{Condition, Worst};
pub use error::Error;
pub use fleet::Fleet;
pub use hfsm_hub::{Error as HubError, Hub, HubConfig};
pub use hfsm_store::{ActivityFilter, OperationFilter, RunFilter, Store, StoredAnswer};
pub use jobs::{
    OLD_HOURS_MAX, OLD_MINUTES_MAX, in_zone, is_old_restart, old_interval, old_restart_id,
    old_restart_plan,
};
pub use logs::LogReader;
pub use pace::Pace;
pub use supervisor::{Supervisor, TaskStatus};

/// Locks a mutex whose holders leave it in order even when they panic.
fn lock<T: ?Sized>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
