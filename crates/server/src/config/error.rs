//! What can be wrong with the configuration, in words for the person who wrote it.

use std::{io, path::PathBuf};

use thiserror::Error;

/// What is wrong with the configuration.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A value does not fit.
    #[error("{name} is `{value}`; it must be {wanted}")]
    Value {
        /// The name under which it was given.
        name: String,
        /// The value, masked when it is a secret.
        value: String,
        /// What to write instead.
        wanted: &'static str,
    },
    /// Two settings contradict each other, or one lacks its other half.
    #[error("{0}")]
    Together(String),
    /// There is nowhere to keep anything.
    #[error("the home folder is unknown; set HFSM_DATA_DIR to the folder that shall hold the data")]
    NoDataDir,
    /// The file cannot be read.
    #[error("the configuration file {} cannot be read: {source}; check the path in --config or HFSM_CONFIG", path.display())]
    FileUnreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is no TOML.
    #[error("{} line {line} is not TOML: {detail}", path.display())]
    FileSyntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser says, without the line's text.
        detail: String,
    },
    /// The file has a key that means nothing.
    #[error("{} has `{key}`, which is not a setting; known are {known}", path.display())]
    FileKey {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// All keys.
        known: String,
    },
}
