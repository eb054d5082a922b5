//! Who may see and who may manage a Space.

use std::net::IpAddr;
use std::sync::Arc;

use crate::answer::Refusal;
use crate::people::{Entity, People, Role, Token, TokenKind};
use crate::space::Space;
use crate::spec::Visibility;

const REVOKED: &str = "Your token has been revoked by the organization administrator, you can no longer access organization resources. Please contact them for more information.";
const NO_RIGHTS: &str = "You don't have the required permissions to perform this action on this Space. Use a token with write access.";

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    /// Nobody in particular, from an address.
    Anonymous(IpAddr),
    /// The bearer of a user's token.
    Token(Arc<Token>),
    /// The bearer of a pass for one Space.
    Pass { space: String, user: String, write: bool },
}

/// How far a caller gets with a Space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    Hidden,
    See,
    Manage,
}

impl Caller {
    pub(crate) fn is_anonymous(&self) -> bool {
        matches!(self, Self::Anonymous(_))
    }

    /// The user on whose behalf it is asked.
    pub(crate) fn user(&self) -> Option<&str> {
        match self {
            Self::Anonymous(_) => None,
            Self::Token(token) => Some(&token.user),
            Self::Pass { user, .. } => Some(user),
        }
    }

    /// Refuses tokens of a browser sign-in, which the Hub does not take for everything.
    pub(crate) fn refuse_oauth(&self) -> Result<(), Refusal> {
        match self {
            Self::Token(token) if matches!(token.kind, TokenKind::OAuth) => Err(Refusal::sign_in()),
            Self::Anonymous(_) | Self::Token(_) | Self::Pass { .. } => Ok(()),
        }
    }

    /// The answer to somebody who does not see the Space.
    pub(crate) fn blind(&self) -> Refusal {
        if self.is_anonymous() { Refusal::sign_in() } else { Refusal::repo_not_found() }
    }

    /// The answer to somebody who sees the Space and wants to do more.
    pub(crate) fn powerless(&self) -> Refusal {
        if self.is_anonymous() { Refusal::sign_in() } else { Refusal::forbidden(NO_RIGHTS) }
    }

    /// How far the caller gets with `space`; an error where an organisation keeps the token out.
    pub(crate) fn access(&self, people: &People, space: &Space) -> Result<Access, Refusal> {
        let at_least =
            if space.card.visibility == Visibility::Public { Access::See } else { Access::Hidden };
        match self {
            Self::Anonymous(_) => Ok(at_least),
            Self::Pass { space: id, write, .. } if *id == space.id() => {
                Ok(if *write { Access::Manage } else { Access::See })
            }
            Self::Pass { .. } => Ok(at_least),
            Self::Token(token) => {
                if token.restricted.contains_key(&space.owner) {
                    return if at_least == Access::See {
                        Ok(Access::See)
                    } else {
                        Err(Refusal::forbidden(REVOKED))
                    };
                }
                let access = standing(people, token, space).min(reach(token, space));
                Ok(access.max(at_least))
            }
        }
    }
}

/// What the user may, whatever the token says.
fn standing(people: &People, token: &Token, space: &Space) -> Access {
    if space.owner == token.user || matches!(token.kind, TokenKind::God) {
        return Access::Manage;
    }
    match people.org(&space.owner).and_then(|org| org.role_of(&token.user)) {
        Some(Role::Admin | Role::Write) => Access::Manage,
        Some(Role::Contributor) if space.card.created_by.as_deref() == Some(&token.user) => {
            Access::Manage
        }
        Some(Role::Contributor | Role::Read) => Access::See,
        Some(Role::NoAccess) | None => Access::Hidden,
    }
}

/// What the token lets its user do with `space`.
fn reach(token: &Token, space: &Space) -> Access {
    match &token.kind {
        TokenKind::Write | TokenKind::God | TokenKind::OAuth => Access::Manage,
        TokenKind::Read => Access::See,
        TokenKind::Expired => Access::Hidden,
        TokenKind::FineGrained(scopes) => {
            let mut access = Access::Hidden;
            for scope in scopes.iter().filter(|scope| covers(&scope.entity, space)) {
                for permission in &scope.permissions {
                    access = access.max(match permission.as_str() {
                        "repo.write" => Access::Manage,
                        "repo.content.read" => Access::See,
                        _ => Access::Hidden,
                    });
                }
            }
            access
        }
    }
}

fn covers(entity: &Entity, space: &Space) -> bool {
    match entity {
        Entity::User(name) | Entity::Org(name) => *name == space.owner,
        Entity::Space(id) => *id == space.id(),
    }
}
