//! The server as a client on the network meets it, in front of a simulated Hub.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a helper that fails is a test that fails"
)]

mod browser;
mod compat;
mod compat_metrics;
mod compat_schedules;
mod harness;
mod hostile;
mod interface;
mod listening;
mod private;
mod remote;
mod sign_in;
