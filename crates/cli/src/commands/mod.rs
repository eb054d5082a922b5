//! One file a command.

mod accounts;
mod hardware;
mod jobs;
mod logs;
mod metrics;
mod papers;
mod serve;
mod spaces;

pub(crate) use accounts::accounts;
pub(crate) use hardware::hardware;
pub(crate) use jobs::jobs;
pub(crate) use logs::logs;
pub(crate) use metrics::metrics;
pub(crate) use papers::{completions, hash_password, openapi};
pub(crate) use serve::{demo, serve};
pub(crate) use spaces::spaces;
