//! What can go wrong with the simulator itself.

use std::io;
use std::net::SocketAddr;

/// What can go wrong with the simulator itself.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The listener could not be opened.
    #[error("cannot listen on {address}; choose another port")]
    Listen {
        /// Where it should have listened.
        address: SocketAddr,
        /// Why it could not.
        source: io::Error,
    },
    /// There is no Space of that name.
    #[error("the simulated world has no Space `{0}`")]
    NoSuchSpace(String),
}
