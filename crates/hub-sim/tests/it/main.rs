//! The simulated Hub over real HTTP on 127.0.0.1.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

mod access;
mod actions;
mod apps;
mod client;
mod faults;
mod limits;
mod lists;
mod oauth;
mod streams;
mod worlds;
