//! The store through its public face, on real files.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;
mod file;
mod heals;
mod history;
mod jobs;
#[cfg(unix)]
mod process;
mod records;
mod sequences;
