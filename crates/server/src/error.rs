//! What can go wrong with the server itself.

use std::{io, net::SocketAddr, path::PathBuf};

use thiserror::Error;

/// Why the server cannot start or go on.
#[derive(Debug, Error)]
pub enum Error {
    /// Another program listens there.
    #[error(
        "port {} on {} is in use by another program; stop it, or choose another port with --port or HFSM_PORT (0 takes a free one)",
        .0.port(), .0.ip()
    )]
    PortInUse(SocketAddr),
    /// The system does not allow to listen there.
    #[error(
        "listening on {0} is not permitted; ports below 1024 need a privilege: choose another with --port or HFSM_PORT"
    )]
    PortForbidden(SocketAddr),
    /// The address is not one of this machine's.
    #[error(
        "{} is not an address of this machine; set --address or HFSM_ADDRESS to 127.0.0.1, or to 0.0.0.0 for all",
        .0.ip()
    )]
    NoSuchAddress(SocketAddr),
    /// Listening failed otherwise.
    #[error("listening on {address} failed: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The certificate or its key cannot be used.
    #[error("{} cannot be used for TLS: {detail}; HFSM_TLS_CERT and HFSM_TLS_KEY name PEM files", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// A password could not be hashed or compared.
    #[error("the password cannot be processed: {0}")]
    Password(String),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
    /// The command line on this machine cannot be told where the server is.
    #[error(
        "{} cannot be written ({source}), so `hfsm jobs` needs --server and HFSM_API_KEY while this server runs",
        path.display()
    )]
    LocalDoor {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The API's document cannot be written.
    #[error("the API document cannot be written as JSON: {0}")]
    Document(String),
    /// What a person chose does not do, in words.
    #[error("{0}")]
    Unsuitable(String),
    /// What must survive could not be read or written.
    #[error("the store failed")]
    Store(#[from] hfsm_store::Error),
}
