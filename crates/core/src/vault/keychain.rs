//! Tokens in the keychain of the system: Secret Service on Linux, Keychain on macOS, Credential
//! Manager on Windows.

use std::{
    mem::ManuallyDrop,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use hfsm_model::AccountId;
use keyring_core::{CredentialStore, Entry};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;

use super::{SecretVault, VaultError, VaultKind};

/// How long a keychain may ask a person for its password.
const PATIENCE: Duration = Duration::from_secs(60);

/// Tokens in the keychain of the system, one entry for each account.
///
/// The keychain is looked for at the first use and again after a failure, so one that is unlocked
/// or started later is found.
#[derive(Clone)]
pub struct KeychainVault {
    service: Arc<str>,
    connect: fn() -> keyring_core::Result<Arc<CredentialStore>>,
    store: Arc<Connection>,
}

/// The connection to the keychain, once there is one.
#[derive(Default)]
struct Connection(Mutex<Option<Arc<CredentialStore>>>);

impl Connection {
    fn lock(&self) -> MutexGuard<'_, Option<Arc<CredentialStore>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Connection {
    /// Ends the connection on a thread of its own: that of the Secret Service waits for its end,
    /// which panics where tokio runs (zbus 5.19).
    fn drop(&mut self) {
        if let Some(store) = self.lock().take() {
            let store = ManuallyDrop::new(store);
            let _ = std::thread::Builder::new()
                .name("keychain".to_owned())
                .spawn(move || drop(ManuallyDrop::into_inner(store)));
        }
    }
}

impl KeychainVault {
    /// Uses the entries that the keychain keeps for `service`, the name of this program.
    pub fn new(service: &str) -> Self {
        Self::with(service, connect)
    }

    fn with(service: &str, connect: fn() -> keyring_core::Result<Arc<CredentialStore>>) -> Self {
        Self { service: service.into(), connect, store: Arc::default() }
    }

    /// Tells whether a keychain answers, without reading a token.
    ///
    /// # Errors
    /// Why none does.
    pub async fn check(&self) -> Result<(), VaultError> {
        self.ask(|vault| vault.store().map(drop).map_err(|error| sort(error, "reach", ""))).await
    }

    /// Runs `work` on a thread of its own: a keychain that waits for a person must hold up neither
    /// the others nor the end of the program.
    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, VaultError> {
        let vault = self.clone();
        let (done, answer) = oneshot::channel();
        std::thread::Builder::new()
            .name("keychain".to_owned())
            .spawn(move || {
                let _ = done.send(work(&vault));
            })
            .map_err(|error| VaultError::KeychainUnavailable(error.into()))?;
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(VaultError::KeychainUnavailable("its thread ended early".into())),
            Err(_) => Err(VaultError::KeychainSilent),
        }
    }

    fn store(&self) -> keyring_core::Result<Arc<CredentialStore>> {
        let mut store = self.store.lock();
        if let Some(store) = &*store {
            return Ok(Arc::clone(store));
        }
        Ok(Arc::clone(store.insert((self.connect)()?)))
    }

    fn entry(&self, account: &AccountId) -> keyring_core::Result<Entry> {
        self.store()?.build(&self.service, account.as_str(), None)
    }

    /// Runs `work` on an account's entry. After a failure of the connection it is made anew once: a
    /// session bus or a keychain that was restarted leaves the old one dead.
    fn on_entry<T>(
        &self,
        account: &AccountId,
        work: impl Fn(&Entry) -> keyring_core::Result<T>,
    ) -> keyring_core::Result<T> {
        match self.entry(account).and_then(|entry| work(&entry)) {
            Err(keyring_core::Error::PlatformFailure(_)) => {
                *self.store.lock() = None;
                self.entry(account).and_then(|entry| work(&entry))
            }
            result => result,
        }
    }
}

#[async_trait]
impl SecretVault for KeychainVault {
    fn kind(&self) -> VaultKind {
        VaultKind::Keychain
    }

    async fn token(&self, account: &AccountId) -> Result<Option<SecretString>, VaultError> {
        let account = account.clone();
        self.ask(move |vault| match vault.on_entry(&account, Entry::get_password) {
            Ok(token) => Ok(Some(SecretString::from(token))),
            Err(keyring_core::Error::NoEntry) => Ok(None),
            Err(error) => Err(sort(error, "read", account.as_str())),
        })
        .await
    }

    async fn save(&self, account: &AccountId, token: &SecretString) -> Result<(), VaultError> {
        let (account, token) = (account.clone(), token.clone());
        self.ask(move |vault| {
            vault
                .on_entry(&account, |entry| entry.set_password(token.expose_secret()))
                .map_err(|error| sort(error, "save", account.as_str()))
        })
        .await
    }

    async fn remove(&self, account: &AccountId) -> Result<(), VaultError> {
        let account = account.clone();
        self.ask(move |vault| match vault.on_entry(&account, Entry::delete_credential) {
            Ok(()) | Err(keyring_core::Error::NoEntry) => Ok(()),
            Err(error) => Err(sort(error, "remove", account.as_str())),
        })
        .await
    }
}

/// Sorts a failure. Some of the library's variants carry what the keychain keeps, so none of them
/// is handed on as it is.
fn sort(error: keyring_core::Error, doing: &'static str, account: &str) -> VaultError {
    use keyring_core::Error;
    match error {
        Error::PlatformFailure(source) => VaultError::KeychainUnavailable(source),
        Error::NoStorageAccess(source) => VaultError::KeychainLocked(source),
        other => {
            let detail = match &other {
                Error::BadEncoding(_) | Error::BadDataFormat(..) => {
                    "what it keeps there is no token; remove that entry with the keychain's own program"
                        .to_owned()
                }
                Error::Ambiguous(entries) => {
                    let number = entries.len();
                    format!("it keeps {number} of them; remove all but one with the keychain's own program")
                }
                Error::TooLong(_, most) => format!("it takes at most {most} characters"),
                other => other.to_string(),
            };
            VaultError::Keychain { doing, account: account.to_owned(), detail }
        }
    }
}

#[cfg(all(unix, not(target_os = "macos")))]
fn connect() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}

#[cfg(target_os = "macos")]
fn connect() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(windows)]
fn connect() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(windows_native_keyring_store::Store::new()?)
}

#[cfg(test)]
mod tests {
    use keyring_core::{Error, mock};

    use super::*;

    fn account() -> AccountId {
        AccountId::new("alice").unwrap()
    }

    fn mocked() -> KeychainVault {
        KeychainVault::with("hfsm-test", || Ok(mock::Store::new()?))
    }

    /// Makes the next use of the account's entry fail.
    fn fail_next(vault: &KeychainVault, error: Error) {
        let entry = vault.entry(&account()).unwrap();
        entry.as_any().downcast_ref::<mock::Cred>().unwrap().set_error(error);
    }

    #[tokio::test]
    async fn a_token_is_kept_replaced_and_forgotten() {
        let vault = mocked();
        vault.check().await.unwrap();
        assert!(vault.token(&account()).await.unwrap().is_none());
        vault.save(&account(), &SecretString::from("hf_first")).await.unwrap();
        vault.save(&account(), &SecretString::from("hf_second")).await.unwrap();
        let token = vault.token(&account()).await.unwrap().unwrap();
        assert_eq!(token.expose_secret(), "hf_second");
        let other = AccountId::new("bob").unwrap();
        assert!(vault.token(&other).await.unwrap().is_none());
        vault.remove(&account()).await.unwrap();
        vault.remove(&account()).await.unwrap();
        assert!(vault.token(&account()).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_locked_keychain_is_told_and_never_taken_for_an_empty_one() {
        let vault = mocked();
        vault.save(&account(), &SecretString::from("hf_kept")).await.unwrap();
        fail_next(&vault, Error::NoStorageAccess("locked".into()));
        let error = vault.token(&account()).await.unwrap_err();
        assert!(matches!(error, VaultError::KeychainLocked(_)), "{error}");
        assert!(error.to_string().contains("unlock it"), "{error}");
        let token = vault.token(&account()).await.unwrap().unwrap();
        assert_eq!(token.expose_secret(), "hf_kept");
    }

    #[tokio::test]
    async fn what_the_keychain_keeps_is_in_no_message() {
        let vault = mocked();
        vault.check().await.unwrap();
        fail_next(&vault, Error::BadEncoding(b"hf_hidden\xff".to_vec()));
        let error = vault.token(&account()).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(
            text.contains("no token") && !text.contains("hidden") && !text.contains("104"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn a_keychain_that_is_not_there_is_told_and_found_when_it_comes() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static TRIES: AtomicUsize = AtomicUsize::new(0);
        let vault = KeychainVault::with("hfsm-test", || {
            match TRIES.fetch_add(1, Ordering::SeqCst) {
                // A failure is tried once more at once.
                0 | 1 => Err(Error::PlatformFailure("no session bus".into())),
                _ => Ok(mock::Store::new()?),
            }
        });
        let error = vault.token(&account()).await.unwrap_err();
        assert!(matches!(error, VaultError::KeychainUnavailable(_)), "{error}");
        assert!(error.to_string().contains("choose the encrypted file"), "{error}");
        assert!(vault.token(&account()).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_dead_connection_is_made_anew() {
        let vault = mocked();
        vault.save(&account(), &SecretString::from("hf_before")).await.unwrap();
        fail_next(&vault, Error::PlatformFailure("connection closed".into()));
        vault.save(&account(), &SecretString::from("hf_after")).await.unwrap();
        let token = vault.token(&account()).await.unwrap().unwrap();
        assert_eq!(token.expose_secret(), "hf_after");
    }

    #[tokio::test(start_paused = true)]
    async fn a_keychain_that_waits_for_a_person_holds_up_nobody_for_ever() {
        let vault = KeychainVault::with("hfsm-test", || {
            std::thread::park();
            Err(Error::NoEntry)
        });
        let error = vault.token(&account()).await.unwrap_err();
        assert!(matches!(error, VaultError::KeychainSilent), "{error}");
    }

    /// Runs the test below on a session bus and a keychain of its own. Returns whether this system
    /// has the programs for it.
    #[cfg(target_os = "linux")]
    fn in_a_session(prepare: &str, situation: &str) -> bool {
        use std::{
            io::Write,
            os::unix::fs::PermissionsExt,
            process::{Command, Stdio},
        };
        let there = |program| Command::new(program).arg("--version").output().is_ok();
        if !there("dbus-run-session") || !there("gnome-keyring-daemon") {
            println!("dbus-run-session or gnome-keyring-daemon is missing: not tested");
            return false;
        }
        let home = tempfile::tempdir().unwrap();
        std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        // Without the usual service folders, so that nothing starts by itself.
        let bus = home.path().join("bus.conf");
        let configuration = r#"<!DOCTYPE busconfig PUBLIC
            "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
            "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>
            <auth>EXTERNAL</auth><policy context="default"><allow send_destination="*"/>
            <allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"#;
        std::fs::write(&bus, configuration).unwrap();
        let mut command = Command::new("dbus-run-session");
        command.arg(format!("--config-file={}", bus.display())).args(["--", "sh", "-c"]);
        command.arg(format!("{prepare} exec \"$0\" \"$@\""));
        command.arg(std::env::current_exe().unwrap());
        command.args(["--exact", "vault::keychain::tests::the_one_in_a_session"]);
        command.args(["--ignored", "--nocapture"]);
        command.env_remove("DBUS_SESSION_BUS_ADDRESS").env_remove("DISPLAY");
        for variable in
            ["HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"]
        {
            command.env(variable, home.path());
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "{situation}").unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains("1 passed"), "{text}{errors}");
        true
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_real_keychain_is_used_when_it_is_unlocked_and_told_of_when_not() {
        let unlocked =
            r#"eval "$(printf pass | gnome-keyring-daemon --unlock --components=secrets)";"#;
        let locked = r#"eval "$(gnome-keyring-daemon --start --components=secrets </dev/null)";"#;
        if in_a_session(unlocked, "unlocked") {
            in_a_session(locked, "locked");
            in_a_session("", "none");
            in_a_session("unset DBUS_SESSION_BUS_ADDRESS;", "none");
        }
    }

    /// Waits for a keychain that is only just starting: it gives no sign but its answer.
    #[cfg(target_os = "linux")]
    async fn found(vault: &KeychainVault) {
        for _ in 0..500 {
            if vault.check().await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        vault.check().await.unwrap();
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    #[ignore = "is run by the test above, in a session of its own"]
    async fn the_one_in_a_session() {
        let mut situation = String::new();
        std::io::stdin().read_line(&mut situation).unwrap();
        let vault = KeychainVault::new("hfsm-test");
        let token = SecretString::from("hf_in_a_real_keychain");
        match situation.trim_end() {
            "unlocked" => {
                found(&vault).await;
                assert!(vault.token(&account()).await.unwrap().is_none());
                vault.save(&account(), &SecretString::from("hf_before")).await.unwrap();
                vault.save(&account(), &token).await.unwrap();
                let kept = KeychainVault::new("hfsm-test").token(&account()).await.unwrap();
                assert_eq!(kept.unwrap().expose_secret(), token.expose_secret());
                let other = KeychainVault::new("another").token(&account()).await.unwrap();
                assert!(other.is_none());
                vault.remove(&account()).await.unwrap();
                assert!(vault.token(&account()).await.unwrap().is_none());
            }
            "locked" => {
                found(&vault).await;
                let error = vault.save(&account(), &token).await.unwrap_err();
                assert!(matches!(error, VaultError::KeychainLocked(_)), "{error:?}");
            }
            "none" => {
                for error in [
                    vault.check().await.unwrap_err(),
                    vault.token(&account()).await.unwrap_err(),
                    vault.save(&account(), &token).await.unwrap_err(),
                    vault.remove(&account()).await.unwrap_err(),
                ] {
                    assert!(matches!(error, VaultError::KeychainUnavailable(_)), "{error:?}");
                    assert!(!format!("{error:?}").contains("hf_in"));
                }
            }
            _ => {}
        }
    }
}
