//! The program as a person and a script meet it, in front of a simulated Hub.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a helper that fails is a test that fails"
)]

mod commands;
mod harness;
mod jobs;
mod serving;
