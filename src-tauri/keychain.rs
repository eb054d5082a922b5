//! Where tokens are kept: the system's keychain, or an encrypted file that a person chose by name.
//!
//! It is one of the two, and it is remembered which. Nothing falls back from one to the other by
//! itself, since tokens in a place where nobody looks for them are lost.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hfsm_core::vault::{FileVault, KeychainVault, SecretVault, VaultError, VaultKey};
use hfsm_model::AccountId;
use hfsm_server::ServerConfig;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use crate::{
    desktop::Lasting,
    preferences::{Preferences, TokenStoreChoice, TokenStoreKind},
    words::{self, Language},
};

/// The name under which the keychain shows our entries.
const SERVICE: &str = "HF Space Manager";

/// How long a keychain may take when nobody has asked for it. One that waits for its password goes
/// on waiting, and counts once it answers.
const PATIENCE: Duration = Duration::from_secs(5);

/// The entry that is written and read to see whether a keychain keeps what it is given.
const TRIAL: &str = "keychain-check";

/// Where tokens are kept, for the page.
#[derive(Debug, Serialize)]
pub(crate) struct TokenStore {
    /// Where; `null` while nothing is chosen.
    kind: Option<TokenStoreKind>,
    keychain: KeychainInfo,
    /// The path of the encrypted file.
    file: String,
    /// Why the chosen store cannot be used.
    trouble: Option<String>,
}

#[derive(Debug, Serialize)]
struct KeychainInfo {
    usable: bool,
    trouble: Option<String>,
}

/// Opens and changes the store of tokens.
pub(crate) struct TokenStores {
    keychain: KeychainVault,
    trouble: Mutex<Option<VaultError>>,
    /// One change at a time.
    turn: tokio::sync::Mutex<()>,
}

impl TokenStores {
    pub(crate) fn new() -> Self {
        Self {
            keychain: KeychainVault::new(SERVICE),
            trouble: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Opens the store that was chosen. At the first start the keychain is taken where it works;
    /// where it does not, nothing is chosen.
    pub(crate) async fn settle(&self, config: &ServerConfig, lasting: &Lasting) {
        let _turn = self.turn.lock().await;
        self.settle_now(config, lasting).await;
    }

    async fn settle_now(&self, config: &ServerConfig, lasting: &Lasting) {
        let Lasting { engine, preferences, .. } = lasting;
        let Some(choice) = preferences.token_store() else {
            let first = self.first_choice(config).await;
            if let Some((kind, vault)) = first {
                tracing::info!("added tokens are kept in {} from now on", vault.kind());
                remember(preferences, kind).await;
                engine.fleet.use_vault(Some(vault)).await;
            } else {
                engine.fleet.use_vault(None).await;
            }
            return;
        };
        let opened = match self.open(choice.kind, config).await {
            // A locked keychain says that it holds no token, which must not be believed.
            Ok(vault) if choice.kind == TokenStoreKind::Keychain => {
                try_out(&*vault).await.map(|()| vault)
            }
            opened => opened,
        };
        *self.trouble() = match opened {
            Ok(vault) => {
                tracing::info!("added tokens are kept in {}", vault.kind());
                engine.fleet.use_vault(Some(vault)).await;
                if let Some(kind) = choice.moving_to {
                    self.finish_move(kind, config, lasting).await;
                }
                None
            }
            Err(error) => {
                tracing::warn!("the store of tokens cannot be opened: {error}");
                engine.fleet.use_vault(None).await;
                Some(error)
            }
        };
    }

    /// Tells where tokens are kept. Looks again where that is not settled, such as after a keychain
    /// was unlocked.
    pub(crate) async fn state(
        &self,
        config: &ServerConfig,
        lasting: &Lasting,
        language: Language,
    ) -> TokenStore {
        let is_open = || lasting.engine.fleet.vault_kind().is_some();
        if !is_open() {
            match self.turn.try_lock() {
                Ok(_turn) => self.settle_now(config, lasting).await,
                Err(_) => tracing::debug!("the store of tokens is being opened"),
            }
        }
        let kind = lasting.preferences.token_store().map(|choice| choice.kind);
        let said = |error: &VaultError| words::vault_trouble(language, error);
        let mut trouble = self.trouble().as_ref().map(said);
        let keychain_trouble = if kind == Some(TokenStoreKind::Keychain) && !is_open() {
            // Without a reason it still waits for its person.
            trouble = Some(trouble.unwrap_or_else(|| said(&VaultError::KeychainSilent)));
            trouble.clone()
        } else {
            self.reach(kind).await.err().as_ref().map(said)
        };
        TokenStore {
            kind,
            keychain: KeychainInfo {
                usable: keychain_trouble.is_none(),
                trouble: keychain_trouble,
            },
            file: file(config).display().to_string(),
            trouble,
        }
    }

    /// Moves all tokens to the other store, or chooses the first one.
    ///
    /// # Errors
    /// When the other store cannot be used. All tokens are where they were then.
    pub(crate) async fn move_to(
        &self,
        kind: TokenStoreKind,
        config: &ServerConfig,
        lasting: &Lasting,
    ) -> Result<(), MoveError> {
        let _turn = self.turn.lock().await;
        let Lasting { engine, preferences, .. } = lasting;
        let open = engine.fleet.vault_kind().is_some();
        let now = preferences.token_store().map(|choice| choice.kind);
        if open && now == Some(kind) {
            return Ok(());
        }
        let vault = self.open(kind, config).await?;
        if kind == TokenStoreKind::Keychain {
            try_out(&*vault).await?;
        }
        if let Some(from) = now.filter(|_| open) {
            // A move that is cut off is finished at the next start.
            let moving = TokenStoreChoice { kind: from, moving_to: Some(kind) };
            preferences.set_token_store(moving).await?;
            if let Err(error) = engine.fleet.move_tokens(vault).await {
                remember(preferences, from).await;
                return Err(error.into());
            }
        } else {
            engine.fleet.use_vault(Some(vault)).await;
        }
        preferences.set_token_store(TokenStoreChoice { kind, moving_to: None }).await?;
        *self.trouble() = None;
        Ok(())
    }

    /// Moves what a move that was cut off has left behind. The tokens are in one store or the other.
    async fn finish_move(&self, kind: TokenStoreKind, config: &ServerConfig, lasting: &Lasting) {
        let moved: Result<(), MoveError> = async {
            let vault = self.open(kind, config).await?;
            lasting.engine.fleet.move_tokens(vault).await?;
            let choice = TokenStoreChoice { kind, moving_to: None };
            Ok(lasting.preferences.set_token_store(choice).await?)
        }
        .await;
        match moved {
            Ok(()) => tracing::info!("the tokens were moved, as was begun before"),
            Err(error) => tracing::warn!("the tokens are still to be moved: {error}"),
        }
    }

    async fn open(
        &self,
        kind: TokenStoreKind,
        config: &ServerConfig,
    ) -> Result<Arc<dyn SecretVault>, VaultError> {
        Ok(match kind {
            TokenStoreKind::Keychain => Arc::new(self.keychain.clone()),
            TokenStoreKind::File => Arc::new(open_file(config).await?),
        })
    }

    /// Takes the file where it holds tokens already, for a server or an earlier version kept them
    /// there, and else the keychain where it works.
    async fn first_choice(
        &self,
        config: &ServerConfig,
    ) -> Option<(TokenStoreKind, Arc<dyn SecretVault>)> {
        if file(config).is_file() {
            let vault = open_file(config).await;
            match vault {
                Ok(vault) if vault.accounts().await.is_ok_and(|all| !all.is_empty()) => {
                    return Some((TokenStoreKind::File, Arc::new(vault)));
                }
                Ok(_) => {}
                Err(error) => tracing::warn!("the file of tokens is left alone: {error}"),
            }
        }
        match within_patience(try_out(&self.keychain)).await {
            Ok(()) => Some((TokenStoreKind::Keychain, Arc::new(self.keychain.clone()))),
            Err(error) => {
                tracing::warn!("no keychain can be used: {error}");
                None
            }
        }
    }

    /// Returns whether the keychain can be used, without a question to its person where it is not
    /// the one in use.
    async fn reach(&self, chosen: Option<TokenStoreKind>) -> Result<(), VaultError> {
        if chosen.is_none() {
            within_patience(try_out(&self.keychain)).await
        } else {
            within_patience(self.keychain.check()).await
        }
    }

    fn trouble(&self) -> MutexGuard<'_, Option<VaultError>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why tokens were not moved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MoveError {
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Fleet(#[from] hfsm_core::Error),
    #[error(transparent)]
    Store(#[from] hfsm_store::Error),
}

/// Writes an entry, reads it and takes it away again: a locked keychain answers, but keeps nothing.
async fn try_out(vault: &dyn SecretVault) -> Result<(), VaultError> {
    let Ok(trial) = AccountId::new(TRIAL) else { return Ok(()) };
    vault.save(&trial, &SecretString::from(TRIAL)).await?;
    let read = vault.token(&trial).await?;
    vault.remove(&trial).await?;
    match read {
        Some(read) if read.expose_secret() == TRIAL => Ok(()),
        _ => Err(VaultError::KeychainLocked("it does not give back what it was given".into())),
    }
}

async fn within_patience(
    asked: impl Future<Output = Result<(), VaultError>>,
) -> Result<(), VaultError> {
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or(Err(VaultError::KeychainSilent))
}

async fn remember(preferences: &Preferences, kind: TokenStoreKind) {
    let choice = TokenStoreChoice { kind, moving_to: None };
    if let Err(error) = preferences.set_token_store(choice).await {
        tracing::warn!("where tokens are kept is not remembered: {error}");
    }
}

fn file(config: &ServerConfig) -> PathBuf {
    config.data_dir.join("vault.json")
}

async fn open_file(config: &ServerConfig) -> Result<FileVault, VaultError> {
    let key = match &config.vault_passphrase {
        Some(passphrase) => VaultKey::Passphrase(passphrase.clone()),
        None => VaultKey::KeyFile(key_file(&config.data_dir, config.vault_key_file.as_deref())),
    };
    FileVault::open(file(config), key).await
}

fn key_file(data_dir: &Path, chosen: Option<&Path>) -> PathBuf {
    chosen.map_or_else(|| data_dir.join("vault.key"), Path::to_owned)
}
