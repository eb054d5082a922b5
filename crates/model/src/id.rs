//! Identifiers that are checked once, where they enter.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use utoipa::{PartialSchema, ToSchema, openapi};

/// The Hub's longest repository name.
const MAX_PART: usize = 96;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidId {
    /// Not of the form `owner/name`.
    #[error("a Space is named `owner/name`, with exactly one slash")]
    Shape,
    /// A part is empty.
    #[error("the {0} is empty")]
    Empty(&'static str),
    /// A part is longer than the Hub allows.
    #[error("the {0} is longer than {MAX_PART} characters")]
    TooLong(&'static str),
    /// A part has a character that no name on the Hub has.
    #[error(
        "the {0} may hold letters, digits, `-`, `_` and `.` only, and may not begin or end with `-` or `.` nor contain `..`"
    )]
    Character(&'static str),
}

fn check(part: &str, what: &'static str) -> Result<(), InvalidId> {
    if part.is_empty() {
        return Err(InvalidId::Empty(what));
    }
    if part.len() > MAX_PART {
        return Err(InvalidId::TooLong(what));
    }
    let plain = part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    let edges = [part.as_bytes()[0], part.as_bytes()[part.len() - 1]];
    if !plain || edges.iter().any(|b| matches!(b, b'-' | b'.')) || part.contains("..") {
        return Err(InvalidId::Character(what));
    }
    Ok(())
}

/// The full name of a Space on the Hub, `owner/name`. Cheap to clone.
///
/// Only names that the Hub itself could have given are accepted, so a value of this type can be put
/// into a path without escaping.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpaceId(Arc<str>);

impl SpaceId {
    /// Joins an owner and a name.
    ///
    /// # Errors
    /// When either part could not be a name on the Hub.
    pub fn new(owner: &str, name: &str) -> Result<Self, InvalidId> {
        check(owner, "owner")?;
        check(name, "name")?;
        Ok(Self(format!("{owner}/{name}").into()))
    }

    /// Returns the user or organisation that owns the Space.
    pub fn owner(&self) -> &str {
        self.0.split_once('/').map_or("", |(owner, _)| owner)
    }

    /// Returns the name without its owner.
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, name)| name)
    }

    /// Returns `owner/name`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SpaceId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let (owner, name) = text.split_once('/').ok_or(InvalidId::Shape)?;
        if name.contains('/') {
            return Err(InvalidId::Shape);
        }
        Self::new(owner, name)
    }
}

impl fmt::Display for SpaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SpaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name under which an account is kept here: its user name on the Hub once that is known.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(Arc<str>);

impl AccountId {
    /// Takes a user name of the Hub.
    ///
    /// # Errors
    /// When the text could not be a user name on the Hub.
    pub fn new(name: &str) -> Result<Self, InvalidId> {
        check(name, "account name")?;
        Ok(Self(name.into()))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::new(text)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! as_text {
    ($type:ty, $name:literal, $doc:literal, $example:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl PartialSchema for $type {
            fn schema() -> openapi::RefOr<openapi::schema::Schema> {
                openapi::ObjectBuilder::new()
                    .schema_type(openapi::schema::Type::String)
                    .description(Some($doc))
                    .examples([$example])
                    .into()
            }
        }

        impl ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
        }
    };
}

as_text!(SpaceId, "SpaceId", "The full name of a Space on the Hub.", "alice/demo");
as_text!(AccountId, "AccountId", "The name of an account: its user name on the Hub.", "alice");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_space_id_is_taken_apart_and_put_together_again() {
        let id: SpaceId = "alice/with_under.score-1".parse().unwrap();
        assert_eq!((id.owner(), id.name()), ("alice", "with_under.score-1"));
        assert_eq!(serde_json::to_string(&id).unwrap(), r#""alice/with_under.score-1""#);
    }

    #[test]
    fn what_could_reach_another_endpoint_is_refused() {
        let long = format!("alice/{}", "x".repeat(300));
        for bad in [
            "",
            "alice",
            "alice/",
            "/demo",
            "alice/demo/x",
            "alice/..",
            "../whoami-v2",
            "alice/a..b",
            "alice/a%2fb",
            "alice/a'b",
            "alice/a\"b",
            "alice/a b",
            "alice/-a",
            "alice/a.",
            "alice/é",
            &long,
        ] {
            assert!(bad.parse::<SpaceId>().is_err(), "{bad}");
        }
    }
}
