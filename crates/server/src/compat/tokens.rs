//! Tokens that come in a path: whose they are, asked of the Hub once in a while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hfsm_hub::{Gateway, Hub, Rank};
use hfsm_store::SessionHash;
use secrecy::SecretString;
use tokio::time::Instant;

use crate::secret_text::fingerprint;

/// How long an answer of the Hub is believed.
const BELIEVED: Duration = Duration::from_secs(300);
/// So many tokens are known at a time.
const KNOWN: usize = 64;

/// Whose a token is, and the way to the Hub with it.
#[derive(Clone)]
pub(super) struct Bearer {
    pub(super) username: String,
    pub(super) gateway: Gateway,
}

#[derive(Clone)]
pub(super) struct Tokens {
    hub: Hub,
    known: Arc<Mutex<HashMap<SessionHash, (Instant, Bearer)>>>,
}

impl Tokens {
    pub(super) fn new(hub: Hub) -> Self {
        Self { hub, known: Arc::default() }
    }

    /// Returns whose `token` is.
    ///
    /// # Errors
    /// When the Hub does not take it, or does not answer.
    pub(super) async fn bearer(&self, token: String) -> Result<Bearer, hfsm_hub::Error> {
        let hash = fingerprint(&token);
        if let Some((at, bearer)) = self.known().get(&hash)
            && at.elapsed() < BELIEVED
        {
            return Ok(bearer.clone());
        }
        let gateway = self.hub.gateway(Some(SecretString::from(token))).ranked(Rank::Person);
        let username = gateway.whoami().await?.username;
        let bearer = Bearer { username, gateway };
        let mut known = self.known();
        if known.len() >= KNOWN
            && let Some(oldest) = known.iter().min_by_key(|(_, (at, _))| *at).map(|(hash, _)| *hash)
        {
            known.remove(&oldest);
        }
        known.insert(hash, (Instant::now(), bearer.clone()));
        Ok(bearer)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<SessionHash, (Instant, Bearer)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
