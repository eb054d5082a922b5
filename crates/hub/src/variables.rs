//! Variables of a Space.

use hfsm_model::{SpaceId, Variable};
use http::Method;
use serde_json::{Value, json};

use crate::{Error, Gateway, Refusal, send::Reply, wire};

impl Gateway {
    /// Reads the variables, by name.
    ///
    /// # Errors
    /// See [`Error`]; needs write access to a Space of somebody else.
    pub async fn variables(&self, id: &SpaceId) -> Result<Vec<Variable>, Error> {
        read(&*self.get(self.space_url(id, "/variables"), Some(id)).await?)
    }

    /// Adds or changes a variable, and returns them all. The app restarts.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that no variable can have; see [`Error`].
    pub async fn set_variable(
        &self,
        id: &SpaceId,
        key: &str,
        value: &str,
        description: Option<&str>,
    ) -> Result<Vec<Variable>, Error> {
        check_key(id, key)?;
        let mut body = json!({"key": key, "value": value});
        if let Some(description) = description {
            body["description"] = description.into();
        }
        read(&self.change(Method::POST, id, "/variables", Some(body)).await?)
    }

    /// Removes a variable, and returns the others. One that is not there is no error. The app
    /// restarts.
    ///
    /// # Errors
    /// As [`Gateway::set_variable`].
    pub async fn delete_variable(&self, id: &SpaceId, key: &str) -> Result<Vec<Variable>, Error> {
        check_key(id, key)?;
        let body = json!({"key": key});
        read(&self.change(Method::DELETE, id, "/variables", Some(body)).await?)
    }
}

/// Refuses what the Hub would refuse: letters, digits and `_`, a letter first.
pub(crate) fn check_key(id: &SpaceId, key: &str) -> Result<(), Error> {
    let mut bytes = key.bytes();
    let fine = bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && key.len() <= 256;
    if fine {
        return Ok(());
    }
    Err(Error::Invalid(Refusal {
        space: Some(id.clone()),
        message: Some(
            "a name has letters, digits and `_` only, begins with a letter, and is no longer than \
             256 characters"
                .to_owned(),
        ),
        ..Refusal::default()
    }))
}

fn read(reply: &Reply) -> Result<Vec<Variable>, Error> {
    let value = reply.json()?;
    let variable = |(key, value): (&String, &Value)| Variable {
        key: key.clone(),
        value: wire::text(value, "value").unwrap_or_default(),
        description: wire::word(value, "description"),
        updated_at: wire::time(value, "updatedAt"),
    };
    let map = value.as_object().ok_or_else(|| reply.unexpected("it is no list of variables"))?;
    let mut variables: Vec<_> = map.iter().map(variable).collect();
    variables.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(variables)
}
