//! Secrets and variables: a change of either restarts the app.

use axum::response::Response;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{self, Answer, Refusal, parse};
use crate::ask::Ask;
use crate::space::{At, Entry, Space};
use crate::view;

#[derive(Deserialize)]
struct Upsert {
    key: String,
    #[serde(default)]
    value: String,
    description: Option<String>,
}

#[derive(Deserialize)]
struct Removal {
    key: String,
}

/// `GET …/secrets`: everything but the values.
pub(crate) async fn secrets(ask: Ask) -> Answer {
    Ok(answer::ok(&ask.inspect(|space| view::entries(space.secrets.iter(), false))?))
}

/// `GET …/variables`
pub(crate) async fn variables(ask: Ask) -> Answer {
    Ok(answer::ok(&ask.inspect(all_variables)?))
}

/// `POST …/secrets`
pub(crate) async fn set_secret(ask: Ask, body: Bytes) -> Answer {
    let entry: Upsert = checked(parse(&body)?)?;
    change(&ask, |space, at| {
        let kept = space.secrets.get(&entry.key).and_then(|old| old.description.clone());
        let (key, entry) = stored(entry, kept, at);
        space.secrets.insert(key, entry);
        json!({})
    })
}

/// `POST …/variables`
pub(crate) async fn set_variable(ask: Ask, body: Bytes) -> Answer {
    let entry: Upsert = checked(parse(&body)?)?;
    change(&ask, |space, at| {
        let kept = space.variables.get(&entry.key).and_then(|old| old.description.clone());
        let (key, entry) = stored(entry, kept, at);
        space.variables.insert(key, entry);
        all_variables(space)
    })
}

/// `DELETE …/secrets`; a key that is not there is fine.
pub(crate) async fn delete_secret(ask: Ask, body: Bytes) -> Answer {
    let Removal { key } = parse(&body)?;
    change(&ask, |space, _| {
        space.secrets.remove(&key);
        json!({})
    })
}

/// `DELETE …/variables`; a key that is not there is fine.
pub(crate) async fn delete_variable(ask: Ask, body: Bytes) -> Answer {
    let Removal { key } = parse(&body)?;
    change(&ask, |space, _| {
        space.variables.remove(&key);
        all_variables(space)
    })
}

fn all_variables(space: &Space) -> Value {
    view::entries(space.variables.iter(), true)
}

fn change(
    ask: &Ask,
    change: impl FnOnce(&mut Space, At<'_>) -> Value,
) -> Result<Response, Refusal> {
    let value = ask.manage(|state, index, at| {
        let space = &mut state.spaces[index];
        let value = change(space, at);
        space.take_up_settings(at);
        Ok(value)
    })?;
    Ok(answer::ok(&value))
}

fn stored(upsert: Upsert, kept: Option<String>, at: At<'_>) -> (String, Entry) {
    let description = upsert.description.or(kept);
    (upsert.key, Entry { value: upsert.value, description, updated_at: at.date() })
}

fn checked(upsert: Upsert) -> Result<Upsert, Refusal> {
    let mut letters = upsert.key.chars();
    let good = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if good {
        Ok(upsert)
    } else {
        Err(Refusal::bad_request(
            "\"key\" with value must match the pattern ^[a-zA-Z][_a-zA-Z0-9]*$",
        ))
    }
}
