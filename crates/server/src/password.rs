//! Passwords as argon2id hashes, computed off the async threads and only a few at a time.

use std::sync::Arc;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use crate::Error;

/// One hash takes 19 MiB and tens of milliseconds of a core, so this bounds what a crowd of
/// attackers can take away from everybody else.
const AT_A_TIME: usize = 2;

/// The shortest password that can be set in the interface.
pub(crate) const SHORTEST: usize = 8;

/// Returns whether `text` is an argon2id hash in the PHC format.
pub(crate) fn is_hash(text: &str) -> bool {
    text.starts_with("$argon2id$") && PasswordHash::new(text).is_ok_and(|hash| hash.hash.is_some())
}

/// Hashes `password` with a random salt, in the PHC format.
///
/// # Errors
/// When the system gives no random numbers, or the password is longer than 4 GiB.
pub fn hash(password: &str) -> Result<String, Error> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| Error::Password(error.to_string()))
}

/// Hashes and verifies for everybody.
#[derive(Clone)]
pub(crate) struct Hasher {
    permits: Arc<Semaphore>,
    /// What a password is compared with where there is no user, so that both answers take as long.
    nobody: Arc<tokio::sync::OnceCell<String>>,
}

impl Hasher {
    pub(crate) fn new() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(AT_A_TIME)),
            nobody: Arc::new(tokio::sync::OnceCell::new()),
        }
    }

    pub(crate) async fn hash(&self, password: String) -> Result<String, Error> {
        self.run(move || hash(&password)).await?
    }

    /// Returns whether `password` is the one behind `expected`. Without one the answer is no, after
    /// the same work.
    pub(crate) async fn verify(
        &self,
        password: String,
        expected: Option<String>,
    ) -> Result<bool, Error> {
        let somebody = expected.is_some();
        let expected = match expected {
            Some(hash) => hash,
            None => {
                let nobody = self.nobody.get_or_try_init(|| self.hash("nobody".to_owned()));
                nobody.await?.clone()
            }
        };
        let matches = self
            .run(move || {
                PasswordHash::new(&expected).is_ok_and(|hash| {
                    Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
                })
            })
            .await?;
        Ok(matches && somebody)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|error| Error::Password(error.to_string()))?;
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        })
        .await
        .map_err(|error| Error::Password(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_verified_against_its_hash_only() {
        let hasher = Hasher::new();
        let stored = hasher.hash("correct horse".to_owned()).await.unwrap();
        assert!(is_hash(&stored), "{stored}");
        assert!(!stored.contains("correct"));
        let verify =
            |text: &str, hash: Option<&String>| hasher.verify(text.to_owned(), hash.cloned());
        assert!(verify("correct horse", Some(&stored)).await.unwrap());
        assert!(!verify("correct hors", Some(&stored)).await.unwrap());
        assert!(!verify("nobody", None).await.unwrap());
    }

    #[test]
    fn only_whole_argon2id_hashes_count_as_hashes() {
        for text in ["", "password", "$argon2id$", "$argon2i$v=19$m=8,t=1,p=1$YWFhYWFhYWE$YWFh"] {
            assert!(!is_hash(text), "{text}");
        }
    }
}
