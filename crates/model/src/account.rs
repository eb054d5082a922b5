//! Accounts: a user of the Hub, reached with a token or without one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AccountId, SpaceId};

/// A user of the Hub whose Spaces are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Account {
    /// Its name here: the user name on the Hub, or the name that the configuration gives it.
    pub id: AccountId,
    /// The user that the token belongs to; `null` until the Hub has said, or without a token.
    pub username: Option<String>,
    /// The person's name on the Hub.
    pub full_name: Option<String>,
    /// The picture on the Hub, as an absolute address.
    pub avatar_url: Option<String>,
    /// Whether the user pays for PRO; `null` until the Hub has said.
    pub is_pro: Option<bool>,
    /// Whether a payment method is on file; `null` when the token may not know.
    pub can_pay: Option<bool>,
    /// The organisations of the user.
    pub organisations: Vec<Organisation>,
    /// What is known of the token; never the token.
    pub token: TokenInfo,
    /// Whether it works.
    pub state: AccountState,
    /// What the Hub lets this account ask.
    pub budget: Option<RateBudget>,
}

/// An organisation that a user belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Organisation {
    /// Its name on the Hub.
    pub name: String,
    /// Its name for people.
    pub full_name: Option<String>,
    /// The Hub's word for the user's role: `admin`, `write`, `contributor`, `read`, …
    pub role: Option<String>,
    /// The Hub's word for its plan; `null` is free.
    pub plan: Option<String>,
    /// Why this token cannot reach the organisation now, in the Hub's words; empty when it can.
    #[serde(default)]
    pub restrictions: Vec<String>,
}

/// Where a token came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenSource {
    /// The environment or a configuration file; it cannot be changed here.
    Environment,
    /// The files of the official `hf` command line tool.
    HfCli,
    /// Added here, kept in the vault.
    Vault,
}

/// The kind of a token, as the Hub reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// No token: only public Spaces are seen, and nothing can be acted on.
    None,
    /// May look, not act.
    Read,
    /// May act on everything that its user may.
    Write,
    /// May do what its permissions say.
    FineGrained,
    /// Given by a sign-in through the browser; the Hub refuses restarts with it.
    Oauth,
    /// Not asked yet, or a word that is not known here.
    Unknown,
}

/// What is known of an account's token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenInfo {
    /// Where it came from.
    pub source: TokenSource,
    /// What it is.
    pub kind: TokenKind,
    /// The name that its owner gave it on the Hub.
    pub display_name: Option<String>,
    /// When it ends, where it does.
    pub expires_at: Option<DateTime<Utc>>,
    /// For a fine-grained token: `entity: permission, permission` in the Hub's words.
    #[serde(default)]
    pub permissions: Vec<TokenPermission>,
}

/// What a fine-grained token may do with one user, organisation or Space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenPermission {
    /// The Hub's word: `user`, `org`, `space`, …
    pub entity_type: String,
    /// The entity's name, where the Hub gives it.
    pub entity: Option<String>,
    /// The Hub's words, such as `repo.write`.
    pub permissions: Vec<String>,
}

/// Whether an account works, since when, and why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountState {
    /// In one word.
    pub status: AccountStatus,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The Hub's or the network's reason.
    pub reason: Option<String>,
    /// When it will be tried again, where that is known.
    pub retry_at: Option<DateTime<Utc>>,
}

/// Whether an account works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// Not asked yet.
    Checking,
    /// The Hub answers.
    Fine,
    /// The Hub does not take the token: it is wrong, expired or revoked.
    TokenRefused,
    /// The Hub asked to wait.
    RateLimited,
    /// The Hub cannot be reached, or answers with an outage.
    HubUnreachable,
}

/// An account that the official command line tool has saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Importable {
    /// The name under which the tool keeps the token.
    pub name: String,
    /// Whether the tool uses it now.
    pub active: bool,
}

/// What the Hub lets an account ask in its current window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RateBudget {
    /// Requests that the window allows.
    pub quota: u32,
    /// Requests left in the window.
    pub remaining: u32,
    /// When the window begins anew.
    pub resets_at: DateTime<Utc>,
}

/// Whether a token may act on a Space, as far as is known without asking the Hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WriteAccess {
    /// No.
    No,
    /// Perhaps; the Hub will say.
    Unknown,
    /// Yes.
    Yes,
}

impl Account {
    /// Tells whether this account's token may act on `space`, by the rules that whoami allows to
    /// derive. The Hub's answer to the action itself is the truth.
    pub fn write_access(&self, space: &SpaceId) -> WriteAccess {
        let own = match &self.username {
            Some(username) => space.owner() == username,
            None => space.owner() == self.id.as_str(),
        };
        let organisation = self.organisations.iter().find(|o| o.name == space.owner());
        if organisation.is_some_and(|o| !o.restrictions.is_empty()) {
            return WriteAccess::No;
        }
        let by_role = match organisation.and_then(|o| o.role.as_deref()) {
            _ if own => WriteAccess::Yes,
            Some("admin" | "write") => WriteAccess::Yes,
            Some("read" | "no_access") => WriteAccess::No,
            Some(_) => WriteAccess::Unknown,
            None if organisation.is_some() => WriteAccess::Unknown,
            None => WriteAccess::No,
        };
        match self.token.kind {
            TokenKind::None | TokenKind::Read => WriteAccess::No,
            TokenKind::Write => by_role,
            TokenKind::Oauth | TokenKind::Unknown => by_role.min(WriteAccess::Unknown),
            TokenKind::FineGrained => {
                let granted = self.token.permissions.iter().any(|grant| {
                    grant.permissions.iter().any(|p| p == "repo.write")
                        && grant.entity.as_deref().is_some_and(|entity| {
                            match grant.entity_type.as_str() {
                                "space" => entity == space.as_str(),
                                _ => entity == space.owner(),
                            }
                        })
                });
                if granted { WriteAccess::Yes } else { WriteAccess::No }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(kind: TokenKind, role: &str, permissions: Vec<TokenPermission>) -> Account {
        Account {
            id: AccountId::new("alice").unwrap(),
            username: None,
            full_name: None,
            avatar_url: None,
            is_pro: None,
            can_pay: None,
            organisations: vec![Organisation {
                name: "acme".into(),
                full_name: None,
                role: Some(role.into()),
                plan: None,
                restrictions: Vec::new(),
            }],
            token: TokenInfo {
                source: TokenSource::Environment,
                kind,
                display_name: None,
                expires_at: None,
                permissions,
            },
            state: AccountState {
                status: AccountStatus::Fine,
                since: DateTime::UNIX_EPOCH,
                reason: None,
                retry_at: None,
            },
            budget: None,
        }
    }

    #[test]
    fn the_role_in_an_organisation_decides_for_a_write_token() {
        let space = SpaceId::new("acme", "demo").unwrap();
        assert_eq!(
            account(TokenKind::Write, "write", vec![]).write_access(&space),
            WriteAccess::Yes
        );
        assert_eq!(
            account(TokenKind::Write, "contributor", vec![]).write_access(&space),
            WriteAccess::Unknown
        );
        assert_eq!(account(TokenKind::Write, "read", vec![]).write_access(&space), WriteAccess::No);
        assert_eq!(account(TokenKind::Read, "admin", vec![]).write_access(&space), WriteAccess::No);
        assert_eq!(
            account(TokenKind::Oauth, "admin", vec![]).write_access(&space),
            WriteAccess::Unknown
        );
    }

    #[test]
    fn a_fine_grained_token_acts_only_where_it_says() {
        let grant = TokenPermission {
            entity_type: "space".into(),
            entity: Some("alice/demo".into()),
            permissions: vec!["repo.write".into()],
        };
        let account = account(TokenKind::FineGrained, "admin", vec![grant]);
        assert_eq!(account.write_access(&SpaceId::new("alice", "demo").unwrap()), WriteAccess::Yes);
        assert_eq!(account.write_access(&SpaceId::new("alice", "other").unwrap()), WriteAccess::No);
    }
}
