//! The fleet against a simulated Hub, over real HTTP, with a real store.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod heal;
mod history;
mod jobs;
mod notices;
mod scene;
mod spaces;
mod vaults;
mod wake;
