//! What is chosen about remote access, and how it is.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::{DEFAULT_PORT, Error};

/// The smallest port that needs no privilege.
const SMALLEST_PORT: u16 = 1024;

/// What a person chose about remote access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteSettings {
    /// Whether it is to be on.
    pub on: bool,
    /// Who can connect.
    pub reach: RemoteReach,
    /// The port to listen on, 1024 to 65535.
    pub port: u16,
    /// The name to sign in with.
    pub user: String,
}

/// Who can connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemoteReach {
    /// Browsers on this computer.
    ThisComputer,
    /// Every machine on the networks of this computer.
    LocalNetwork,
}

/// How remote access is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemoteState {
    /// What a person chose.
    pub settings: RemoteSettings,
    /// Whether there is a password to sign in with.
    pub has_password: bool,
    /// Whether the port is open now.
    pub listening: bool,
    /// Where it is reached now, the best first.
    pub urls: Vec<String>,
    /// Why it is not open although it is to be on.
    pub trouble: Option<RemoteTrouble>,
}

/// Why remote access is not open although it is to be on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemoteTrouble {
    /// In one word.
    pub code: RemoteTroubleCode,
    /// In words for a person.
    pub message: String,
}

/// Why remote access is not open, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RemoteTroubleCode {
    /// Another program listens on the port.
    PortInUse,
    /// The system does not allow this port.
    PortForbidden,
    /// The address is not one of this computer.
    NoSuchAddress,
    /// There is no password yet.
    PasswordMissing,
    /// Something else.
    Failed,
}

impl RemoteSettings {
    /// Returns them as they are kept.
    ///
    /// # Errors
    /// What does not do, in words.
    pub(super) fn checked(self) -> Result<Self, Error> {
        if self.port < SMALLEST_PORT {
            return Err(Error::Unsuitable(format!(
                "the port may be {SMALLEST_PORT} to 65535, not {}",
                self.port
            )));
        }
        let user = crate::sign_in::fitting_user(&self.user).map_err(Error::Unsuitable)?.to_owned();
        Ok(Self { user, ..self })
    }

    pub(super) fn address(&self) -> (IpAddr, u16) {
        let ip = match self.reach {
            RemoteReach::ThisComputer => IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
            RemoteReach::LocalNetwork => IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
        };
        (ip, self.port)
    }
}

impl Default for RemoteSettings {
    /// Off, as after the installation.
    fn default() -> Self {
        Self {
            on: false,
            reach: RemoteReach::ThisComputer,
            port: DEFAULT_PORT,
            user: "admin".to_owned(),
        }
    }
}

impl RemoteTrouble {
    pub(super) fn password_missing() -> Self {
        Self {
            code: RemoteTroubleCode::PasswordMissing,
            message: "choose a password; without one nobody could sign in".to_owned(),
        }
    }

    /// Says of a failure what a person can do about it here.
    pub(super) fn of(error: &Error) -> Self {
        let (code, message) = match error {
            Error::PortInUse(address) => (
                RemoteTroubleCode::PortInUse,
                format!(
                    "port {} is in use by another program; stop that program or choose another port. It is tried again by itself",
                    address.port()
                ),
            ),
            Error::PortForbidden(address) => (
                RemoteTroubleCode::PortForbidden,
                format!(
                    "the system does not allow to listen on port {}; choose another port",
                    address.port()
                ),
            ),
            Error::NoSuchAddress(address) => (
                RemoteTroubleCode::NoSuchAddress,
                format!(
                    "{} is not an address of this computer now; connect it to the network. It is tried again by itself",
                    address.ip()
                ),
            ),
            other => (RemoteTroubleCode::Failed, format!("{other}. It is tried again by itself")),
        };
        Self { code, message }
    }
}

impl fmt::Display for RemoteTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
