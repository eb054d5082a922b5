//! How the command line finds the server that holds its data folder, and comes in: by a file beside the
//! store that only its owner can read. Who can read it can read the store and the key of the vault, too.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::Error;

const FILE: &str = "server.json";

#[derive(Serialize, Deserialize)]
struct Written {
    address: String,
    key: String,
}

/// The file, for as long as the server runs.
#[derive(Debug)]
pub struct LocalDoor(PathBuf);

impl LocalDoor {
    /// Writes where the server answers, and with which key.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn open(data: &Path, address: &str, key: &SecretString) -> Result<Self, Error> {
        let path = data.join(FILE);
        let written = Written { address: address.to_owned(), key: key.expose_secret().to_owned() };
        let failed = |source: io::Error| Error::LocalDoor { path: path.clone(), source };
        let text = serde_json::to_vec(&written).map_err(|error| failed(error.into()))?;
        // Anew, so that it has the rights that are asked for here.
        let beside = path.with_extension("json.new");
        let _ = fs::remove_file(&beside);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside).map_err(failed)?;
        io::Write::write_all(&mut file, &text).map_err(failed)?;
        fs::rename(&beside, &path).map_err(failed)?;
        Ok(Self(path))
    }

    /// Returns where the server of a data folder answers, and the key to come in with; `None` where none
    /// has said so.
    pub fn find(data: &Path) -> Option<(String, SecretString)> {
        let text = fs::read(data.join(FILE)).ok()?;
        let written: Written = serde_json::from_slice(&text).ok()?;
        Some((written.address, written.key.into()))
    }
}

impl Drop for LocalDoor {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_found_by_its_owner_only_and_gone_with_the_server() {
        let folder = tempfile::tempdir().unwrap();
        assert!(LocalDoor::find(folder.path()).is_none());
        let door = LocalDoor::open(folder.path(), "http://127.0.0.1:1", &"k".to_owned().into());
        let (address, key) = LocalDoor::find(folder.path()).unwrap();
        assert_eq!((address.as_str(), key.expose_secret()), ("http://127.0.0.1:1", "k"));
        #[cfg(unix)]
        {
            let mode = fs::metadata(folder.path().join(FILE)).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::mode(&mode.permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
        drop(door);
        assert!(LocalDoor::find(folder.path()).is_none());
    }
}
