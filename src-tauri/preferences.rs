//! What the shell remembers from one start to the next: a setting of the store for each concern.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hfsm_store::{Error, Store};
use serde::{Deserialize, Serialize};

use crate::words::Language;

/// Where tokens may be kept, as a person chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TokenStoreKind {
    /// The keychain of the system.
    Keychain,
    /// An encrypted file in the data folder.
    File,
}

/// Where tokens are kept, and where they were being moved to when the program was cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TokenStoreChoice {
    pub(crate) kind: TokenStoreKind,
    pub(crate) moving_to: Option<TokenStoreKind>,
}

const LANGUAGE: &str = "desktop.language";
const CLOSE_KEEPS_RUNNING: &str = "desktop.close_keeps_running";
const CLOSE_WAS_TOLD: &str = "desktop.close_was_told";
const SHORTCUT: &str = "desktop.shortcut";
const TOKEN_STORE: &str = "desktop.token_store";

#[derive(Debug, Clone)]
struct Values {
    language: Option<Language>,
    close_keeps_running: bool,
    close_was_told: bool,
    shortcut: Option<String>,
    token_store: Option<TokenStoreChoice>,
}

/// What the shell remembers. Cheap to clone; all clones remember the same.
#[derive(Debug, Clone)]
pub(crate) struct Preferences(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Option<Store>,
    values: Mutex<Values>,
}

impl Preferences {
    /// Remembers nothing beyond the end of the program.
    pub(crate) fn passing() -> Self {
        Self::new(
            None,
            Values {
                language: None,
                close_keeps_running: true,
                close_was_told: false,
                shortcut: None,
                token_store: None,
            },
        )
    }

    /// Reads what `store` remembers.
    ///
    /// # Errors
    /// When the store cannot be read. A single value that cannot counts as never chosen.
    pub(crate) async fn load(store: Store) -> Result<Self, Error> {
        let values = Values {
            language: read(&store, LANGUAGE).await?,
            close_keeps_running: read(&store, CLOSE_KEEPS_RUNNING).await?.unwrap_or(true),
            close_was_told: read(&store, CLOSE_WAS_TOLD).await?.unwrap_or(false),
            shortcut: read(&store, SHORTCUT).await?,
            token_store: read(&store, TOKEN_STORE).await?,
        };
        Ok(Self::new(Some(store), values))
    }

    fn new(store: Option<Store>, values: Values) -> Self {
        Self(Arc::new(Inner { store, values: Mutex::new(values) }))
    }

    /// Returns the language of the tray, notifications and dialogs.
    pub(crate) fn language(&self) -> Language {
        self.values().language.unwrap_or_else(Language::of_the_system)
    }

    /// Returns whether closing the window leaves the program running.
    pub(crate) fn close_keeps_running(&self) -> bool {
        self.values().close_keeps_running
    }

    /// Returns whether a person has been told so.
    pub(crate) fn close_was_told(&self) -> bool {
        self.values().close_was_told
    }

    /// Returns the keys that show the window from anywhere.
    pub(crate) fn shortcut(&self) -> Option<String> {
        self.values().shortcut.clone()
    }

    /// Returns where tokens are kept, once that is chosen.
    pub(crate) fn token_store(&self) -> Option<TokenStoreChoice> {
        self.values().token_store
    }

    pub(crate) async fn set_language(&self, language: Language) -> Result<(), Error> {
        self.write(LANGUAGE, &language).await?;
        self.values().language = Some(language);
        Ok(())
    }

    pub(crate) async fn set_close_keeps_running(&self, on: bool) -> Result<(), Error> {
        self.write(CLOSE_KEEPS_RUNNING, &on).await?;
        self.values().close_keeps_running = on;
        Ok(())
    }

    pub(crate) async fn set_close_was_told(&self) -> Result<(), Error> {
        self.write(CLOSE_WAS_TOLD, &true).await?;
        self.values().close_was_told = true;
        Ok(())
    }

    pub(crate) async fn set_shortcut(&self, keys: Option<String>) -> Result<(), Error> {
        self.write(SHORTCUT, &keys).await?;
        self.values().shortcut = keys;
        Ok(())
    }

    pub(crate) async fn set_token_store(&self, choice: TokenStoreChoice) -> Result<(), Error> {
        self.write(TOKEN_STORE, &choice).await?;
        self.values().token_store = Some(choice);
        Ok(())
    }

    async fn write<T: Serialize + Sync>(&self, key: &str, value: &T) -> Result<(), Error> {
        match &self.0.store {
            Some(store) => store.set_setting(key, value).await,
            None => Ok(()),
        }
    }

    fn values(&self) -> MutexGuard<'_, Values> {
        self.0.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads one value. One that cannot be read must not keep the program from starting.
async fn read<T: serde::de::DeserializeOwned>(
    store: &Store,
    key: &str,
) -> Result<Option<T>, Error> {
    match store.setting::<Option<T>>(key).await {
        Ok(value) => Ok(value.flatten()),
        Err(Error::Unreadable { source, .. }) => {
            tracing::warn!("the setting `{key}` cannot be read and counts as not chosen: {source}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_chosen_is_there_at_the_next_start() {
        let store = Store::in_memory().await.unwrap();
        let first = Preferences::load(store.clone()).await.unwrap();
        assert!(first.close_keeps_running() && !first.close_was_told());
        first.set_close_keeps_running(false).await.unwrap();
        first.set_close_was_told().await.unwrap();
        first.set_language(Language::Chinese).await.unwrap();
        first.set_shortcut(Some("Ctrl+Alt+S".to_owned())).await.unwrap();
        let choice = TokenStoreChoice { kind: TokenStoreKind::File, moving_to: None };
        first.set_token_store(choice).await.unwrap();

        let next = Preferences::load(store).await.unwrap();
        assert!(!next.close_keeps_running() && next.close_was_told());
        assert_eq!(next.language(), Language::Chinese);
        assert_eq!(next.shortcut().as_deref(), Some("Ctrl+Alt+S"));
        assert_eq!(next.token_store(), Some(choice));
        next.set_shortcut(None).await.unwrap();
        assert_eq!(next.shortcut(), None);
    }

    #[tokio::test]
    async fn a_value_that_cannot_be_read_counts_as_not_chosen() {
        let store = Store::in_memory().await.unwrap();
        store.set_setting(TOKEN_STORE, "in a drawer").await.unwrap();
        store.set_setting(CLOSE_KEEPS_RUNNING, &7).await.unwrap();
        let preferences = Preferences::load(store).await.unwrap();
        assert_eq!(preferences.token_store(), None);
        assert!(preferences.close_keeps_running());
    }
}
