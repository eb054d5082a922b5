//! Tokens in one encrypted file, for machines without a keychain.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use hfsm_model::AccountId;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{
    SecretVault, VaultError, VaultKind, private_file,
    seal::{Cost, Derivation, Key, Sealed},
};

const FORMAT: &str = "hfsm-vault";
const VERSION: u64 = 1;

/// What the key of the file comes from.
#[derive(Debug, Clone)]
pub enum VaultKey {
    /// A passphrase that a person or the service manager gives at each start.
    Passphrase(SecretString),
    /// A file of 32 random bytes. Made with the vault, where there is neither.
    KeyFile(PathBuf),
}

/// Tokens in one file, each encrypted by itself and bound to its account. The file is replaced as a
/// whole at each change; a file that cannot be understood is never replaced.
#[derive(Debug)]
pub struct FileVault(Arc<Mutex<Vault>>);

#[derive(Debug)]
struct Vault {
    path: PathBuf,
    source: VaultKey,
    cost: Cost,
    /// `None` until there is a file.
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    key: Key,
    contents: Contents,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Contents {
    format: String,
    version: u64,
    key: KeyOrigin,
    /// Opens with the right key, so that a wrong one is told from a broken token.
    check: Sealed,
    tokens: BTreeMap<String, Sealed>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
enum KeyOrigin {
    Passphrase(Derivation),
    KeyFile,
}

impl FileVault {
    /// Opens the vault in the file `path` with `key`. Where there is no file, one is made with the
    /// first token that is saved.
    ///
    /// # Errors
    /// When the key is not the right one, and when the file cannot be read or understood.
    pub async fn open(path: PathBuf, key: VaultKey) -> Result<Self, VaultError> {
        Self::open_at_cost(path, key, Cost::DEFAULT).await
    }

    async fn open_at_cost(path: PathBuf, key: VaultKey, cost: Cost) -> Result<Self, VaultError> {
        in_background(move || {
            let mut vault = Vault { path, source: key, cost, open: None };
            vault.read()?;
            Ok(Self(Arc::new(Mutex::new(vault))))
        })
        .await
    }

    /// Returns the accounts that have a token here, in the order of their names.
    ///
    /// # Errors
    /// When the file cannot be read or understood.
    pub async fn accounts(&self) -> Result<Vec<AccountId>, VaultError> {
        self.with(|vault| {
            vault.read()?;
            let names = vault.open.iter().flat_map(|open| open.contents.tokens.keys());
            Ok(names.filter_map(|name| AccountId::new(name).ok()).collect())
        })
        .await
    }

    /// Runs `work` where it may wait for the disk. It runs to its end even when nobody waits for it
    /// any more, so what is in memory is always what is in the file.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vault) -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, VaultError> {
        let vault = Arc::clone(&self.0);
        in_background(move || work(&mut vault.lock().unwrap_or_else(PoisonError::into_inner))).await
    }
}

#[async_trait]
impl SecretVault for FileVault {
    fn kind(&self) -> VaultKind {
        VaultKind::File
    }

    async fn token(&self, account: &AccountId) -> Result<Option<SecretString>, VaultError> {
        let account = account.clone();
        self.with(move |vault| vault.token(&account)).await
    }

    async fn save(&self, account: &AccountId, token: &SecretString) -> Result<(), VaultError> {
        let (account, token) = (account.clone(), token.clone());
        self.with(move |vault| vault.save(&account, &token)).await
    }

    async fn remove(&self, account: &AccountId) -> Result<(), VaultError> {
        let account = account.clone();
        self.with(move |vault| vault.remove(&account)).await
    }
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, VaultError> + Send + 'static,
) -> Result<T, VaultError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(VaultError::Ending),
    }
}

impl Vault {
    fn token(&self, account: &AccountId) -> Result<Option<SecretString>, VaultError> {
        let Some(open) = &self.open else { return Ok(None) };
        let Some(sealed) = open.contents.tokens.get(account.as_str()) else { return Ok(None) };
        open.key.open(sealed, &token_context(account)).map(Some).ok_or_else(|| {
            let detail = format!("the token of `{account}` was changed by something else");
            VaultError::damaged(&self.path, detail)
        })
    }

    fn save(&mut self, account: &AccountId, token: &SecretString) -> Result<(), VaultError> {
        self.read()?;
        let mut made = None;
        let open = match &self.open {
            Some(open) => open,
            None => made.insert(self.make()?),
        };
        let mut contents = open.contents.clone();
        let sealed = open.key.seal(token, &token_context(account))?;
        contents.tokens.insert(account.to_string(), sealed);
        write(&self.path, &contents)?;
        if let Some(made) = made {
            self.open = Some(Open { contents, ..made });
        } else if let Some(open) = &mut self.open {
            open.contents = contents;
        }
        Ok(())
    }

    fn remove(&mut self, account: &AccountId) -> Result<(), VaultError> {
        self.read()?;
        let Some(open) = &mut self.open else { return Ok(()) };
        let mut contents = open.contents.clone();
        if contents.tokens.remove(account.as_str()).is_some() {
            write(&self.path, &contents)?;
            open.contents = contents;
        }
        Ok(())
    }

    /// Reads the file as it is now, so that what another program put there is not lost. When it has
    /// vanished, what is known stays, and is written again with the next change.
    fn read(&mut self) -> Result<(), VaultError> {
        let Some(bytes) = private_file::read(&self.path)? else { return Ok(()) };
        let contents = parse(&self.path, &bytes)?;
        if let Some(open) = &mut self.open
            && open.contents.key == contents.key
            && open.key.open(&contents.check, CHECK).is_some()
        {
            open.contents = contents;
            return Ok(());
        }
        let key = self.key_of(&contents.key)?;
        if key.open(&contents.check, CHECK).is_none() {
            return Err(self.wrong_key());
        }
        self.open = Some(Open { key, contents });
        Ok(())
    }

    fn key_of(&self, origin: &KeyOrigin) -> Result<Key, VaultError> {
        let path = self.path.clone();
        match (origin, &self.source) {
            (KeyOrigin::Passphrase(derivation), VaultKey::Passphrase(passphrase)) => {
                derivation.key(passphrase).map_err(|detail| VaultError::Damaged { path, detail })
            }
            (KeyOrigin::KeyFile, VaultKey::KeyFile(key_file)) => read_key(key_file)?
                .ok_or_else(|| VaultError::KeyFileMissing { path, key_file: key_file.clone() }),
            (KeyOrigin::Passphrase(_), VaultKey::KeyFile(_)) => {
                Err(VaultError::OtherKind { path, made_with: "passphrase" })
            }
            (KeyOrigin::KeyFile, VaultKey::Passphrase(_)) => {
                Err(VaultError::OtherKind { path, made_with: "key file" })
            }
        }
    }

    fn wrong_key(&self) -> VaultError {
        let path = self.path.clone();
        match &self.source {
            VaultKey::Passphrase(_) => VaultError::WrongPassphrase { path },
            VaultKey::KeyFile(key_file) => {
                VaultError::WrongKeyFile { path, key_file: key_file.clone() }
            }
        }
    }

    /// Makes an empty vault; its key file is on the disk before anything is encrypted with it.
    fn make(&self) -> Result<Open, VaultError> {
        let (key, origin) = match &self.source {
            VaultKey::Passphrase(passphrase) => {
                let derivation = Derivation::new(self.cost)?;
                let key = derivation
                    .key(passphrase)
                    .map_err(|detail| VaultError::damaged(&self.path, detail))?;
                (key, KeyOrigin::Passphrase(derivation))
            }
            VaultKey::KeyFile(key_file) => {
                let key = match read_key(key_file)? {
                    Some(key) => key,
                    None => {
                        let key = Key::random()?;
                        private_file::replace(key_file, key.bytes())?;
                        key
                    }
                };
                (key, KeyOrigin::KeyFile)
            }
        };
        let check = key.seal(&SecretString::from(FORMAT), CHECK)?;
        let contents = Contents {
            format: FORMAT.to_owned(),
            version: VERSION,
            key: origin,
            check,
            tokens: BTreeMap::new(),
        };
        Ok(Open { key, contents })
    }
}

const CHECK: &str = "hfsm-vault 1 check";

fn token_context(account: &AccountId) -> String {
    format!("hfsm-vault 1 token {account}")
}

fn read_key(path: &Path) -> Result<Option<Key>, VaultError> {
    let Some(bytes) = private_file::read(path)? else { return Ok(None) };
    let bytes = secrecy::SecretSlice::from(bytes);
    Key::from_bytes(bytes.expose_secret())
        .map(Some)
        .ok_or_else(|| VaultError::NoKey { key_file: path.to_owned() })
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Contents, VaultError> {
    #[derive(Deserialize)]
    struct Head {
        format: String,
        version: u64,
    }
    let damaged = |error: serde_json::Error| {
        VaultError::damaged(path, format!("it is not what this program writes ({error})"))
    };
    let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
    if head.format != FORMAT {
        return Err(VaultError::damaged(path, "it belongs to another program"));
    }
    if head.version > VERSION {
        return Err(VaultError::Newer { path: path.to_owned(), found: head.version });
    }
    serde_json::from_slice(bytes).map_err(damaged)
}

fn write(path: &Path, contents: &Contents) -> Result<(), VaultError> {
    let mut bytes = serde_json::to_vec_pretty(contents)
        .map_err(|error| VaultError::io(path, "write")(error.into()))?;
    bytes.push(b'\n');
    private_file::replace(path, &bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 64, passes: 1 };

    fn account(name: &str) -> AccountId {
        AccountId::new(name).unwrap()
    }

    async fn with_passphrase(path: &Path, passphrase: &str) -> Result<FileVault, VaultError> {
        let key = VaultKey::Passphrase(SecretString::from(passphrase));
        FileVault::open_at_cost(path.to_owned(), key, CHEAP).await
    }

    async fn with_key_file(path: &Path, key_file: &Path) -> Result<FileVault, VaultError> {
        FileVault::open(path.to_owned(), VaultKey::KeyFile(key_file.to_owned())).await
    }

    async fn token(vault: &FileVault, name: &str) -> Option<String> {
        let token = vault.token(&account(name)).await.unwrap();
        token.map(|token| token.expose_secret().to_owned())
    }

    async fn save(vault: &FileVault, name: &str, token: &str) {
        vault.save(&account(name), &SecretString::from(token)).await.unwrap();
    }

    #[tokio::test]
    async fn a_token_is_there_again_after_a_restart_and_not_readable_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/vault.json");
        let vault = with_passphrase(&path, "correct horse").await.unwrap();
        assert!(!path.exists(), "nothing to keep yet");
        assert_eq!(token(&vault, "alice").await, None);
        save(&vault, "alice", "hf_alicealicealice").await;
        save(&vault, "bob", "hf_bobbobbob").await;
        save(&vault, "alice", "hf_alice_the_second").await;

        let vault = with_passphrase(&path, "correct horse").await.unwrap();
        assert_eq!(token(&vault, "alice").await.as_deref(), Some("hf_alice_the_second"));
        assert_eq!(token(&vault, "bob").await.as_deref(), Some("hf_bobbobbob"));
        assert_eq!(token(&vault, "carol").await, None);

        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("hf_alice") && !text.contains("correct horse"), "{text}");
        let printed = format!("{vault:?}");
        assert!(!printed.contains("hf_alice") && !printed.contains("correct horse"), "{printed}");

        vault.remove(&account("alice")).await.unwrap();
        vault.remove(&account("alice")).await.unwrap();
        let vault = with_passphrase(&path, "correct horse").await.unwrap();
        assert_eq!(token(&vault, "alice").await, None);
        assert_eq!(token(&vault, "bob").await.as_deref(), Some("hf_bobbobbob"));
    }

    #[tokio::test]
    async fn a_wrong_passphrase_is_told_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.json");
        save(&with_passphrase(&path, "right").await.unwrap(), "alice", "hf_secret").await;
        let before = fs::read(&path).unwrap();

        let error = with_passphrase(&path, "wrong").await.unwrap_err();
        assert!(matches!(error, VaultError::WrongPassphrase { .. }), "{error}");
        assert!(!error.to_string().contains("wrong"), "{error}");
        let error = with_key_file(&path, &folder.path().join("vault.key")).await.unwrap_err();
        assert!(error.to_string().contains("made with a passphrase"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
        assert!(!folder.path().join("vault.key").exists());
    }

    #[tokio::test]
    async fn a_key_file_is_made_once_and_a_lost_or_changed_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = (folder.path().join("vault.json"), folder.path().join("vault.key"));
        save(&with_key_file(&path, &key).await.unwrap(), "alice", "hf_secret").await;
        let bytes = fs::read(&key).unwrap();
        assert_eq!(bytes.len(), 32);
        assert_eq!(
            token(&with_key_file(&path, &key).await.unwrap(), "alice").await.as_deref(),
            Some("hf_secret")
        );

        fs::write(&key, [7; 32]).unwrap();
        let error = with_key_file(&path, &key).await.unwrap_err();
        assert!(matches!(error, VaultError::WrongKeyFile { .. }), "{error}");

        fs::write(&key, "too short").unwrap();
        let error = with_key_file(&path, &key).await.unwrap_err();
        assert!(matches!(error, VaultError::NoKey { .. }), "{error}");

        fs::remove_file(&key).unwrap();
        let error = with_key_file(&path, &key).await.unwrap_err();
        assert!(matches!(error, VaultError::KeyFileMissing { .. }), "{error}");
        assert!(!key.exists(), "a new key would open nothing");

        let error = with_passphrase(&path, "a passphrase").await.unwrap_err();
        assert!(error.to_string().contains("made with a key file"), "{error}");

        fs::write(&key, bytes).unwrap();
        assert!(token(&with_key_file(&path, &key).await.unwrap(), "alice").await.is_some());
    }

    #[tokio::test]
    async fn a_damaged_or_newer_file_is_told_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.json");
        save(&with_passphrase(&path, "right").await.unwrap(), "alice", "hf_secret").await;
        let good = fs::read_to_string(&path).unwrap();

        let half = &good[..good.len() / 2];
        let other = r#"{"format": "other", "version": 1}"#;
        for (bad, expected) in [
            ("", "not what"),
            ("\u{0}", "not what"),
            (half, "not what"),
            (other, "another program"),
        ] {
            fs::write(&path, bad).unwrap();
            let error = with_passphrase(&path, "right").await.unwrap_err();
            assert!(matches!(error, VaultError::Damaged { .. }), "{error}");
            assert!(error.to_string().contains(expected), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), bad);
        }

        fs::write(&path, good.replace("\"version\": 1", "\"version\": 2")).unwrap();
        let error = with_passphrase(&path, "right").await.unwrap_err();
        assert!(matches!(error, VaultError::Newer { found: 2, .. }), "{error}");
    }

    #[tokio::test]
    async fn a_file_that_breaks_while_the_vault_is_open_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.json");
        let vault = with_passphrase(&path, "right").await.unwrap();
        save(&vault, "alice", "hf_secret").await;
        fs::write(&path, "broken").unwrap();
        let new = SecretString::from("hf_new");
        let error = vault.save(&account("bob"), &new).await.unwrap_err();
        assert!(matches!(error, VaultError::Damaged { .. }), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "broken");
        assert_eq!(token(&vault, "alice").await.as_deref(), Some("hf_secret"));
    }

    #[tokio::test]
    async fn a_token_that_was_moved_to_another_account_does_not_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.json");
        save(&with_passphrase(&path, "right").await.unwrap(), "alice", "hf_secret").await;
        let moved = fs::read_to_string(&path).unwrap().replace("\"alice\"", "\"mallory\"");
        fs::write(&path, moved).unwrap();
        let vault = with_passphrase(&path, "right").await.unwrap();
        let error = vault.token(&account("mallory")).await.unwrap_err();
        assert!(error.to_string().contains("changed by something else"), "{error}");
    }

    #[tokio::test]
    async fn what_another_program_saved_meanwhile_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.json");
        let first = with_passphrase(&path, "right").await.unwrap();
        save(&first, "alice", "hf_alice").await;
        let second = with_passphrase(&path, "right").await.unwrap();
        save(&second, "bob", "hf_bob").await;
        save(&first, "carol", "hf_carol").await;
        let vault = with_passphrase(&path, "right").await.unwrap();
        for name in ["alice", "bob", "carol"] {
            assert_eq!(token(&vault, name).await, Some(format!("hf_{name}")));
        }
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_told_and_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a-file/vault.json");
        fs::write(folder.path().join("a-file"), "in the way").unwrap();
        let vault = with_passphrase(&path, "right").await;
        let error = match vault {
            Ok(vault) => {
                vault.save(&account("alice"), &SecretString::from("hf_x")).await.unwrap_err()
            }
            Err(error) => error,
        };
        assert!(matches!(error, VaultError::Io { .. }), "{error}");
        assert!(error.to_string().contains("a-file"), "{error}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn nobody_else_may_read_the_files() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (path, key) =
            (folder.path().join("new/vault.json"), folder.path().join("new/vault.key"));
        save(&with_key_file(&path, &key).await.unwrap(), "alice", "hf_secret").await;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&key), 0o600);
        assert_eq!(mode(&folder.path().join("new")), 0o700);
        let left: Vec<_> = fs::read_dir(folder.path().join("new"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left.len(), 2, "{left:?}");
    }
}
