//! Users, organisations, and the tokens that speak for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

/// What an account pays for; it decides the rate limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    /// Nothing.
    #[default]
    Free,
    /// A personal subscription.
    Pro,
    /// An organisation's small plan.
    Team,
    /// An organisation's large plan.
    Enterprise,
}

/// What a member may do in an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// Everything with repositories.
    Write,
    /// Repositories that they made.
    Contributor,
    /// Looking.
    Read,
    /// Nothing: a member by name.
    NoAccess,
}

impl Role {
    /// The Hub's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Write => "write",
            Self::Contributor => "contributor",
            Self::Read => "read",
            Self::NoAccess => "no_access",
        }
    }
}

/// A person with an account.
#[derive(Debug, Clone)]
pub struct User {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) full_name: String,
    pub(crate) email: Option<String>,
    pub(crate) plan: Plan,
    pub(crate) can_pay: bool,
    pub(crate) api_quota: Option<u32>,
    pub(crate) cpu_basic_limit: Option<u32>,
}

impl User {
    pub(crate) fn new(name: &str, id: String) -> Self {
        Self {
            name: name.to_owned(),
            id,
            full_name: name.to_owned(),
            email: Some(format!("{name}@example.org")),
            plan: Plan::Free,
            can_pay: true,
            api_quota: None,
            cpu_basic_limit: None,
        }
    }

    /// The name that people read.
    #[must_use]
    pub fn full_name(mut self, full_name: &str) -> Self {
        full_name.clone_into(&mut self.full_name);
        self
    }

    /// What the person pays for (default: nothing).
    #[must_use]
    pub fn plan(mut self, plan: Plan) -> Self {
        self.plan = plan;
        self
    }

    /// A person without a payment method: paid hardware is refused.
    #[must_use]
    pub fn without_payment_method(mut self) -> Self {
        self.can_pay = false;
        self
    }

    /// Requests per window instead of what the plan gives.
    #[must_use]
    pub fn api_quota(mut self, requests: u32) -> Self {
        self.api_quota = Some(requests);
        self
    }

    /// How many Spaces may hold free hardware at once (default: any number).
    #[must_use]
    pub fn cpu_basic_limit(mut self, limit: u32) -> Self {
        self.cpu_basic_limit = Some(limit);
        self
    }
}

/// An organisation.
#[derive(Debug, Clone)]
pub struct Org {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) full_name: String,
    pub(crate) plan: Option<Plan>,
    pub(crate) members: Vec<(String, Role)>,
    pub(crate) cpu_basic_limit: Option<u32>,
    pub(crate) can_pay: bool,
}

impl Org {
    pub(crate) fn new(name: &str, id: String) -> Self {
        Self {
            name: name.to_owned(),
            id,
            full_name: name.to_owned(),
            plan: None,
            members: Vec::new(),
            cpu_basic_limit: None,
            can_pay: true,
        }
    }

    /// The name that people read.
    #[must_use]
    pub fn full_name(mut self, full_name: &str) -> Self {
        full_name.clone_into(&mut self.full_name);
        self
    }

    /// Adds a member.
    #[must_use]
    pub fn member(mut self, user: &str, role: Role) -> Self {
        self.members.push((user.to_owned(), role));
        self
    }

    /// What the organisation pays for (default: nothing).
    #[must_use]
    pub fn plan(mut self, plan: Plan) -> Self {
        self.plan = Some(plan);
        self
    }

    /// How many Spaces may hold free hardware at once (default: any number).
    #[must_use]
    pub fn cpu_basic_limit(mut self, limit: u32) -> Self {
        self.cpu_basic_limit = Some(limit);
        self
    }

    pub(crate) fn role_of(&self, user: &str) -> Option<Role> {
        self.members.iter().find(|(name, _)| name == user).map(|(_, role)| *role)
    }
}

/// What a fine-grained token is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entity {
    /// Everything of a user.
    User(String),
    /// Everything of an organisation.
    Org(String),
    /// One Space, by its id.
    Space(String),
}

/// One line of a fine-grained token: an entity, and permissions such as `repo.write`.
#[derive(Debug, Clone)]
pub struct Scope {
    /// What it is about.
    pub entity: Entity,
    /// What it allows.
    pub permissions: Vec<String>,
}

impl Scope {
    /// Allows `permissions` on `entity`.
    #[must_use]
    pub fn new(entity: Entity, permissions: &[&str]) -> Self {
        Self { entity, permissions: permissions.iter().map(|p| (*p).to_owned()).collect() }
    }
}

/// What a token may do.
#[derive(Debug, Clone)]
pub enum TokenKind {
    /// Classic, may write.
    Write,
    /// Classic, may read.
    Read,
    /// May do anything.
    God,
    /// What its scopes say.
    FineGrained(Vec<Scope>),
    /// From a sign-in in the browser: reads and pauses, but a restart, a sleep time and other hardware
    /// are refused with 401, as the Hub does it.
    OAuth,
    /// Once good; answers like an unknown token.
    Expired,
}

/// A token of a user.
#[derive(Debug, Clone)]
pub struct Token {
    pub(crate) value: String,
    pub(crate) user: String,
    pub(crate) kind: TokenKind,
    /// Organisations that keep this token out, with the Hub's reasons (`sso`, `token-revoked` …).
    pub(crate) restricted: BTreeMap<String, Vec<String>>,
}

impl Token {
    /// The name that the owner gave it.
    pub(crate) fn display_name(&self) -> String {
        match &self.kind {
            _ if !self.restricted.is_empty() => "kept-out".to_owned(),
            TokenKind::Write => "space-manager".to_owned(),
            TokenKind::Read => "read-only".to_owned(),
            TokenKind::God => "god".to_owned(),
            TokenKind::FineGrained(_) => "fine-grained".to_owned(),
            TokenKind::OAuth => format!("oauth-{}", self.user),
            TokenKind::Expired => "expired".to_owned(),
        }
    }
}

/// Everybody.
#[derive(Debug, Clone, Default)]
pub(crate) struct People {
    pub(crate) users: Vec<User>,
    pub(crate) orgs: Vec<Org>,
    pub(crate) tokens: Vec<Arc<Token>>,
}

impl People {
    pub(crate) fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    pub(crate) fn org(&self, name: &str) -> Option<&Org> {
        self.orgs.iter().find(|org| org.name == name)
    }

    pub(crate) fn token(&self, value: &str) -> Option<&Arc<Token>> {
        self.tokens.iter().find(|token| token.value == value)
    }

    pub(crate) fn cpu_basic_limit(&self, owner: &str) -> Option<u32> {
        match self.org(owner) {
            Some(org) => org.cpu_basic_limit,
            None => self.user(owner).and_then(|user| user.cpu_basic_limit),
        }
    }

    pub(crate) fn can_pay(&self, owner: &str) -> bool {
        match self.org(owner) {
            Some(org) => org.can_pay,
            None => self.user(owner).is_some_and(|user| user.can_pay),
        }
    }

    /// The object id of a user or an organisation.
    pub(crate) fn id_of(&self, owner: &str) -> Option<&str> {
        self.user(owner)
            .map(|user| user.id.as_str())
            .or_else(|| self.org(owner).map(|org| org.id.as_str()))
    }

    /// What `GET /api/whoami-v2` says about the bearer of `token`.
    pub(crate) fn whoami(&self, token: &Token, auth: &Value) -> Option<Value> {
        let user = self.user(&token.user)?;
        let orgs: Vec<Value> = self
            .orgs
            .iter()
            .filter_map(|org| org.role_of(&user.name).map(|role| org_entry(org, role, token)))
            .collect();
        let mut who = json!({
            "type": "user",
            "id": user.id,
            "name": user.name,
            "fullname": user.full_name,
            "email": user.email,
            "emailVerified": true,
            "canPay": user.can_pay,
            "billingMode": "postpaid",
            "periodEnd": null,
            "isPro": user.plan == Plan::Pro,
            "avatarUrl": format!("/avatars/{}.svg", user.id),
            "orgs": orgs,
            "auth": auth,
        });
        if matches!(token.kind, TokenKind::FineGrained(_) | TokenKind::OAuth)
            && let Some(fields) = who.as_object_mut()
        {
            fields.shift_remove("email");
            fields.shift_remove("emailVerified");
        }
        Some(who)
    }
}

fn org_entry(org: &Org, role: Role, token: &Token) -> Value {
    let mut entry = json!({
        "type": "org",
        "id": org.id,
        "name": org.name,
        "fullname": org.full_name,
        "email": null,
        "canPay": org.can_pay,
        "periodEnd": org.plan.map(|_| 1_798_761_599),
        "avatarUrl": format!("/avatars/{}.svg", org.id),
        "roleInOrg": role.word(),
    });
    if let Some(plan) = org.plan {
        entry["plan"] = json!(if plan == Plan::Enterprise { "enterprise" } else { "team" });
    }
    if let Some(reasons) = token.restricted.get(&org.name) {
        entry["securityRestrictions"] = json!(reasons);
    }
    entry
}
