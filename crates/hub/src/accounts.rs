//! Who a token belongs to.

use chrono::{DateTime, Utc};
use hfsm_model::{Organisation, TokenKind, TokenPermission};
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

use crate::{Error, Gateway, wire};

/// The user behind a token, and what the token may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user's name on the Hub.
    pub username: String,
    /// The person's name.
    pub full_name: Option<String>,
    /// The picture, as an absolute address.
    pub avatar_url: Option<String>,
    /// Whether the user pays for PRO.
    pub is_pro: Option<bool>,
    /// Whether a payment method is on file; `None` when the token may not know.
    pub can_pay: Option<bool>,
    /// The organisations of the user.
    pub organisations: Vec<Organisation>,
    /// The kind of the token.
    pub kind: TokenKind,
    /// The name that its owner gave the token.
    pub display_name: Option<String>,
    /// When the token ends, where it does.
    pub expires_at: Option<DateTime<Utc>>,
    /// What a fine-grained token may do.
    pub permissions: Vec<TokenPermission>,
}

impl Gateway {
    /// Asks the Hub whose token this is. The Hub counts this question strictly: ask once and keep
    /// the answer.
    ///
    /// # Errors
    /// [`Error::TokenRefused`] for a wrong, expired or revoked token, [`Error::SignInNeeded`]
    /// without one.
    pub async fn whoami(&self) -> Result<Identity, Error> {
        let reply = self.get(self.hub_url("/api/whoami-v2"), None).await?;
        let value = reply.json()?;
        let mut identity = identity(&value, &self.account.hub.config().endpoint)
            .ok_or_else(|| reply.unexpected("it names no user"))?;
        let token = self.account.token.as_ref().map(ExposeSecret::expose_secret);
        if identity.kind == TokenKind::Unknown
            && token.is_some_and(|token| token.trim().starts_with("hf_oauth_"))
        {
            identity.kind = TokenKind::Oauth;
        }
        Ok(identity)
    }
}

fn identity(value: &Value, endpoint: &Url) -> Option<Identity> {
    let username = wire::word(value, "name")?;
    let auth = value.get("auth").unwrap_or(&Value::Null);
    let token = auth.get("accessToken").unwrap_or(&Value::Null);
    let absolute = |address: String| endpoint.join(&address).ok().map(String::from);
    Some(Identity {
        full_name: wire::word(value, "fullname"),
        avatar_url: wire::word(value, "avatarUrl").and_then(absolute),
        is_pro: wire::boolean(value, "isPro"),
        can_pay: wire::boolean(value, "canPay"),
        organisations: wire::list(value, "orgs").iter().filter_map(organisation).collect(),
        kind: kind(auth, token),
        display_name: wire::word(token, "displayName"),
        expires_at: wire::time(auth, "expiresAt").or_else(|| wire::time(token, "expiresAt")),
        permissions: permissions(value, token),
        username,
    })
}

fn organisation(value: &Value) -> Option<Organisation> {
    Some(Organisation {
        name: wire::word(value, "name")?,
        full_name: wire::word(value, "fullname"),
        role: wire::word(value, "roleInOrg"),
        plan: wire::word(value, "plan"),
        restrictions: wire::texts(value, "securityRestrictions"),
    })
}

fn kind(auth: &Value, token: &Value) -> TokenKind {
    if wire::text(auth, "type").as_deref() == Some("oauth") {
        return TokenKind::Oauth;
    }
    match wire::text(token, "role").as_deref() {
        Some("read") => TokenKind::Read,
        Some("write" | "god") => TokenKind::Write,
        Some("fineGrained") => TokenKind::FineGrained,
        _ => TokenKind::Unknown,
    }
}

fn permissions(user: &Value, token: &Value) -> Vec<TokenPermission> {
    let Some(grants) = token.get("fineGrained") else { return Vec::new() };
    // An entity may come without its name; those of the user and the organisations are known.
    let named: Vec<(String, String)> = std::iter::once(user)
        .chain(wire::list(user, "orgs"))
        .filter_map(|who| Some((wire::word(who, "id")?, wire::word(who, "name")?)))
        .collect();
    let scoped = wire::list(grants, "scoped").iter().filter_map(|grant| {
        let entity = grant.get("entity")?;
        let id = wire::word(entity, "_id");
        let by_id = || named.iter().find(|(known, _)| Some(known) == id.as_ref());
        Some(TokenPermission {
            entity_type: wire::word(entity, "type")?,
            entity: wire::word(entity, "name").or_else(|| by_id().map(|(_, name)| name.clone())),
            permissions: wire::texts(grant, "permissions"),
        })
    });
    let global = Some(wire::texts(grants, "global")).filter(|global| !global.is_empty());
    let global = global.map(|permissions| TokenPermission {
        entity_type: "global".to_owned(),
        entity: None,
        permissions,
    });
    scoped.chain(global).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Option<Identity> {
        identity(value, &Url::parse("https://huggingface.co").unwrap())
    }

    #[test]
    fn a_fine_grained_token_names_what_it_may_do_where() {
        let identity = read(&json!({
            "type": "user", "id": "u1", "name": "alice", "fullname": "Alice A.", "isPro": false,
            "avatarUrl": "/avatars/934b.svg",
            "orgs": [{"id": "o1", "name": "acme", "roleInOrg": "write", "plan": "team",
                      "securityRestrictions": ["sso"]}, {"broken": true}, null],
            "auth": {"type": "access_token", "accessToken": {
                "displayName": "fg", "role": "fineGrained",
                "fineGrained": {"global": ["discussion.write"], "scoped": [
                    {"entity": {"_id": "u1", "type": "user"}, "permissions": ["repo.write"]},
                    {"entity": {"_id": "o1", "type": "org", "name": "acme"}, "permissions": ["x", 1]},
                    {"entity": null, "permissions": []}
                ]}
            }}
        }))
        .unwrap();
        assert_eq!(identity.kind, TokenKind::FineGrained);
        assert_eq!(identity.avatar_url.unwrap(), "https://huggingface.co/avatars/934b.svg");
        assert_eq!(identity.can_pay, None);
        assert_eq!(identity.organisations.len(), 1);
        assert_eq!(identity.organisations[0].restrictions, ["sso"]);
        let grants: Vec<_> = identity
            .permissions
            .iter()
            .map(|grant| {
                (grant.entity_type.as_str(), grant.entity.as_deref(), grant.permissions.len())
            })
            .collect();
        assert_eq!(
            grants,
            [("user", Some("alice"), 1), ("org", Some("acme"), 1), ("global", None, 1)]
        );
    }

    #[test]
    fn the_kind_is_read_from_what_the_hub_says_and_unknown_words_stay_unknown() {
        for (auth, kind) in [
            (json!({"type": "access_token", "accessToken": {"role": "read"}}), TokenKind::Read),
            (json!({"type": "access_token", "accessToken": {"role": "god"}}), TokenKind::Write),
            (json!({"type": "oauth", "expiresAt": "2026-10-22T06:04:28.000Z"}), TokenKind::Oauth),
            (json!({"type": "access_token", "accessToken": {"role": "new"}}), TokenKind::Unknown),
            (json!(null), TokenKind::Unknown),
        ] {
            assert_eq!(read(&json!({"name": "alice", "auth": auth})).unwrap().kind, kind, "{auth}");
        }
        assert!(read(&json!({"error": "no"})).is_none());
    }
}
