//! `GET /api/whoami-v2`: who the bearer of a token is.

use axum::response::{IntoResponse as _, Response};
use chrono::TimeDelta;
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::access::Caller;
use crate::answer::{self, Answer, Refusal, text_answer};
use crate::ask::Ask;
use crate::clock::iso;
use crate::people::{Entity, People, Scope, Token, TokenKind};

/// Says who the caller is. The route has a limit of its own, which is hit while `r` is above 0.
pub(crate) async fn whoami(ask: Ask) -> Answer {
    let Caller::Token(token) = &ask.caller else { return Err(Refusal::sign_in()) };
    let standing = ask.hub.take_whoami(&token.value);
    if !standing.allowed {
        return Ok(too_often(standing.reset_seconds));
    }
    let now = ask.hub.clock.now();
    let value = ask.hub.with(|state, _| {
        let auth = auth(&state.people, &state.spaces, token, &iso(now + TimeDelta::hours(8)));
        state.people.whoami(token, &auth)
    });
    value.map(|value| answer::ok(&value)).ok_or_else(Refusal::bad_token)
}

/// `GET /avatars/{file}`: a picture of two colours.
pub(crate) async fn avatar(ask: Ask) -> Response {
    let hue = crate::dice::hash(0, ask.part("file")) % 360;
    let picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 8 8\"><rect width=\"8\" height=\"8\" fill=\"hsl({hue} 70% 60%)\"/>\
         <circle cx=\"4\" cy=\"4\" r=\"2.4\" fill=\"hsl({} 70% 40%)\"/></svg>",
        (hue + 140) % 360
    );
    text_answer(StatusCode::OK, "image/svg+xml", picture)
}

fn too_often(seconds: u64) -> Response {
    let text = "You've hit the rate limit for the /whoami-v2 endpoint, which is intentionally strict for security reasons. If you're calling it often, consider caching its response.";
    let mut response = Refusal::new(StatusCode::TOO_MANY_REQUESTS, text).into_response();
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn auth(people: &People, spaces: &[crate::space::Space], token: &Token, expires: &str) -> Value {
    let role = match &token.kind {
        TokenKind::OAuth => return json!({ "type": "oauth", "expiresAt": expires }),
        TokenKind::Write => "write",
        TokenKind::Read | TokenKind::Expired => "read",
        TokenKind::God => "god",
        TokenKind::FineGrained(_) => "fineGrained",
    };
    let mut access_token = json!({
        "displayName": token.display_name(), "role": role, "createdAt": "2026-01-05T10:00:00.000Z",
    });
    if let TokenKind::FineGrained(scopes) = &token.kind {
        let scoped: Vec<Value> = scopes.iter().map(|scope| scoped(people, spaces, scope)).collect();
        access_token["fineGrained"] =
            json!({ "canReadGatedRepos": false, "global": [], "scoped": scoped });
    }
    json!({ "type": "access_token", "accessToken": access_token })
}

fn scoped(people: &People, spaces: &[crate::space::Space], scope: &Scope) -> Value {
    let (kind, name, id) = match &scope.entity {
        Entity::User(name) => ("user", name, people.id_of(name)),
        Entity::Org(name) => ("org", name, people.id_of(name)),
        Entity::Space(name) => {
            let space = spaces.iter().find(|space| space.id() == *name);
            ("space", name, space.map(|space| space.oid.as_str()))
        }
    };
    json!({
        "entity": { "_id": id.unwrap_or_default(), "type": kind, "name": name },
        "permissions": scope.permissions,
    })
}
