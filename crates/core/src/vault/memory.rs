//! For the demo and for tests.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use hfsm_model::AccountId;
use secrecy::SecretString;

use super::{SecretVault, VaultError, VaultKind};

/// Keeps tokens until the program ends.
#[derive(Debug, Default)]
pub struct MemoryVault(Mutex<HashMap<AccountId, SecretString>>);

impl MemoryVault {
    fn tokens(&self) -> MutexGuard<'_, HashMap<AccountId, SecretString>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SecretVault for MemoryVault {
    fn kind(&self) -> VaultKind {
        VaultKind::Memory
    }

    async fn token(&self, account: &AccountId) -> Result<Option<SecretString>, VaultError> {
        Ok(self.tokens().get(account).cloned())
    }

    async fn save(&self, account: &AccountId, token: &SecretString) -> Result<(), VaultError> {
        self.tokens().insert(account.clone(), token.clone());
        Ok(())
    }

    async fn remove(&self, account: &AccountId) -> Result<(), VaultError> {
        self.tokens().remove(account);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[tokio::test]
    async fn a_token_is_kept_replaced_and_forgotten_and_never_printed() {
        let vault = MemoryVault::default();
        let account = AccountId::new("alice").unwrap();
        vault.save(&account, &SecretString::from("hf_first")).await.unwrap();
        vault.save(&account, &SecretString::from("hf_second")).await.unwrap();
        assert_eq!(vault.token(&account).await.unwrap().unwrap().expose_secret(), "hf_second");
        assert!(!format!("{vault:?}").contains("hf_second"));
        vault.remove(&account).await.unwrap();
        assert!(vault.token(&account).await.unwrap().is_none());
    }
}
