//! Secrets of a Space. Their values go to the Hub and never come back.

use hfsm_model::{Secret, SpaceId};
use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::{Error, Gateway, variables::check_key, wire};

impl Gateway {
    /// Reads the names of the secrets, by name.
    ///
    /// # Errors
    /// See [`Error`]; needs write access.
    pub async fn secrets(&self, id: &SpaceId) -> Result<Vec<Secret>, Error> {
        let reply = self.get(self.space_url(id, "/secrets"), Some(id)).await?;
        let value = reply.json()?;
        let secret = |(key, value): (&String, &Value)| Secret {
            key: key.clone(),
            description: wire::word(value, "description"),
            updated_at: wire::time(value, "updatedAt"),
        };
        let map = value.as_object().ok_or_else(|| reply.unexpected("it is no list of secrets"))?;
        let mut secrets: Vec<_> = map.iter().map(secret).collect();
        secrets.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(secrets)
    }

    /// Adds or changes a secret. The app restarts.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that no secret can have; see [`Error`].
    pub async fn set_secret(
        &self,
        id: &SpaceId,
        key: &str,
        value: &SecretString,
        description: Option<&str>,
    ) -> Result<(), Error> {
        check_key(id, key)?;
        let mut body = json!({"key": key, "value": value.expose_secret()});
        if let Some(description) = description {
            body["description"] = description.into();
        }
        self.change(Method::POST, id, "/secrets", Some(body)).await.map(drop)
    }

    /// Removes a secret. One that is not there is no error. The app restarts.
    ///
    /// # Errors
    /// As [`Gateway::set_secret`].
    pub async fn delete_secret(&self, id: &SpaceId, key: &str) -> Result<(), Error> {
        check_key(id, key)?;
        self.change(Method::DELETE, id, "/secrets", Some(json!({"key": key}))).await.map(drop)
    }
}
