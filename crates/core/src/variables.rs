//! Variables and secrets of a Space. The Hub restarts the app after each change.

use hfsm_hub::Rank;
use hfsm_model::{
    Activity, ActivityKind, Actor, Detail, Outcome, Secret, SpaceId, Variable, WriteAccess,
};
use secrecy::SecretString;

use crate::{Error, Fleet};

impl Fleet {
    /// Returns a Space's variables.
    ///
    /// # Errors
    /// When no account may, or the Hub refuses.
    pub async fn variables(&self, id: &SpaceId) -> Result<Vec<Variable>, Error> {
        Ok(self.writer(id)?.variables(id).await?)
    }

    /// Sets a variable. The Hub restarts the app.
    ///
    /// # Errors
    /// When no account may, the key is none, or the Hub refuses.
    pub async fn set_variable(
        &self,
        id: &SpaceId,
        key: &str,
        value: &str,
        description: Option<&str>,
        actor: Actor,
    ) -> Result<Vec<Variable>, Error> {
        check_key(key)?;
        let outcome = self.writer(id)?.set_variable(id, key, value, description).await;
        self.note_change(id, ActivityKind::ChangeVariable, set(key), actor, outcome).await
    }

    /// Removes a variable. The Hub restarts the app.
    ///
    /// # Errors
    /// As [`Fleet::set_variable`].
    pub async fn remove_variable(
        &self,
        id: &SpaceId,
        key: &str,
        actor: Actor,
    ) -> Result<Vec<Variable>, Error> {
        check_key(key)?;
        let outcome = self.writer(id)?.delete_variable(id, key).await;
        self.note_change(id, ActivityKind::ChangeVariable, removed(key), actor, outcome).await
    }

    /// Returns the names of a Space's secrets; their values cannot be read.
    ///
    /// # Errors
    /// When no account may, or the Hub refuses.
    pub async fn secrets(&self, id: &SpaceId) -> Result<Vec<Secret>, Error> {
        Ok(self.writer(id)?.secrets(id).await?)
    }

    /// Sets a secret. The Hub restarts the app.
    ///
    /// # Errors
    /// As [`Fleet::set_variable`].
    pub async fn set_secret(
        &self,
        id: &SpaceId,
        key: &str,
        value: &SecretString,
        description: Option<&str>,
        actor: Actor,
    ) -> Result<(), Error> {
        check_key(key)?;
        let outcome = self.writer(id)?.set_secret(id, key, value, description).await;
        self.note_change(id, ActivityKind::ChangeSecret, set(key), actor, outcome).await
    }

    /// Removes a secret. The Hub restarts the app.
    ///
    /// # Errors
    /// As [`Fleet::set_variable`].
    pub async fn remove_secret(&self, id: &SpaceId, key: &str, actor: Actor) -> Result<(), Error> {
        check_key(key)?;
        let outcome = self.writer(id)?.delete_secret(id, key).await;
        self.note_change(id, ActivityKind::ChangeSecret, removed(key), actor, outcome).await
    }

    fn writer(&self, id: &SpaceId) -> Result<hfsm_hub::Gateway, Error> {
        self.space(id)?;
        let ways = self.gateways(id);
        let way = ways.into_iter().find(|(_, access, _)| *access != WriteAccess::No);
        way.map(|(_, _, gateway)| gateway.ranked(Rank::Person))
            .ok_or_else(|| Error::NoWriteAccess(id.clone()))
    }

    async fn note_change<T>(
        &self,
        id: &SpaceId,
        kind: ActivityKind,
        what: impl FnOnce(Option<String>) -> Detail,
        actor: Actor,
        outcome: Result<T, hfsm_hub::Error>,
    ) -> Result<T, Error> {
        let result = match &outcome {
            Ok(_) => Outcome::Done,
            Err(error) if error.is_transient() => Outcome::Failed,
            Err(_) => Outcome::Refused,
        };
        let what = what(outcome.as_ref().err().map(ToString::to_string));
        self.record(Activity {
            id: 0,
            at: self.0.clock.now(),
            actor,
            kind,
            space: Some(id.clone()),
            account: None,
            outcome: result,
            message: Some(what.to_string()),
            details: Some(what),
            request_id: outcome
                .as_ref()
                .err()
                .and_then(|error| error.request_id())
                .map(ToOwned::to_owned),
        })
        .await;
        Ok(outcome?)
    }
}

fn set(key: &str) -> impl FnOnce(Option<String>) -> Detail {
    move |why| Detail::ValueSet { key: key.to_owned(), why }
}

fn removed(key: &str) -> impl FnOnce(Option<String>) -> Detail {
    move |why| Detail::ValueRemoved { key: key.to_owned(), why }
}

fn check_key(key: &str) -> Result<(), Error> {
    let mut bytes = key.bytes();
    let first = bytes.next().is_some_and(|b| b.is_ascii_alphabetic());
    if first && key.len() <= 256 && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Ok(());
    }
    Err(Error::Invalid(
        "a key begins with a letter and holds letters, digits and `_` only".to_owned(),
    ))
}
