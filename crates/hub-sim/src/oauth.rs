//! Signing in: the device flow, its tokens, and what they say about their user.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::access::Caller;
use crate::answer::{self, Answer, Refusal};
use crate::ask::{self, Ask};
use crate::dice::Dice;
use crate::people::{Token, TokenKind};
use crate::state::State;

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const DEVICE_CODE_LIVES: Duration = Duration::from_secs(300);
const SCOPES: &str = "openid profile read-repos";

/// Sign-ins under way, and what can be renewed.
#[derive(Debug, Default)]
pub(crate) struct OAuthBook {
    devices: HashMap<String, Device>,
    refresh: HashMap<String, String>,
    issued: u64,
}

#[derive(Debug)]
struct Device {
    user_code: String,
    scope: String,
    expires: Instant,
    verdict: Verdict,
}

#[derive(Debug, Clone)]
enum Verdict {
    Pending,
    Agreed(String),
    Denied,
}

impl OAuthBook {
    /// Answers the question on the device page; `user` `None` says no. Whether there was a question.
    pub(crate) fn decide(&mut self, user_code: &str, user: Option<&str>) -> bool {
        let device = self.devices.values_mut().find(|device| device.user_code == user_code);
        let Some(device) = device else { return false };
        device.verdict = user.map_or(Verdict::Denied, |user| Verdict::Agreed(user.to_owned()));
        true
    }

    fn dice(&mut self, seed: u64) -> Dice {
        self.issued += 1;
        Dice::new(seed ^ self.issued.wrapping_mul(0x0a17))
    }
}

/// `POST /oauth/device`
pub(crate) async fn device(ask: Ask, body: Bytes) -> Answer {
    let form = form(&body);
    if !form.contains_key("client_id") {
        return Err(Refusal::oauth("invalid_request", "client_id is missing"));
    }
    let value = ask.hub.change(|state, at| {
        let mut dice = state.oauth.dice(at.settings.seed);
        let code = dice.hex(40);
        let user_code = format!("{}-{}", dice.pod(4), dice.pod(4)).to_uppercase();
        let verdict = match &at.settings.oauth_agrees {
            Some(user) => Verdict::Agreed(user.clone()),
            None => Verdict::Pending,
        };
        let scope = form.get("scope").cloned().unwrap_or_else(|| SCOPES.to_owned());
        let device = Device {
            user_code: user_code.clone(),
            scope,
            expires: at.instant + DEVICE_CODE_LIVES,
            verdict,
        };
        state.oauth.devices.insert(code.clone(), device);
        json!({
            "device_code": code, "user_code": user_code, "expires_in": DEVICE_CODE_LIVES.as_secs(),
            "verification_uri": format!("{}/oauth/device", ask.base),
            "verification_uri_complete": format!("{}/oauth/device?user_code={user_code}", ask.base),
        })
    });
    Ok(answer::ok(&value))
}

/// `GET /oauth/device`: the question, to whoever sits in front of the browser.
pub(crate) async fn device_page(ask: Ask) -> Response {
    let code = ask.param("user_code").unwrap_or_default();
    let code: String = code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let users = ask.hub.with(|state, _| {
        let names = state.people.users.iter().map(|user| user.name.clone());
        names
            .map(|name| format!("<button name=\"user\" value=\"{name}\">Agree as {name}</button> "))
            .collect::<String>()
    });
    let page = format!(
        "<!DOCTYPE html>\n<html><head><title>Connect a device</title></head><body><h1>Connect a device</h1>\n\
         <form method=\"post\" action=\"/oauth/device/answer\"><p>Code <input name=\"user_code\" value=\"{code}\"></p>\n\
         <p>{users}<button name=\"user\" value=\"\">Refuse</button></p></form></body></html>\n"
    );
    answer::text_answer(StatusCode::OK, answer::HTML, page)
}

/// `POST /oauth/device/answer`: the form of that page.
pub(crate) async fn device_answer(ask: Ask, body: Bytes) -> Answer {
    let form = form(&body);
    let user = form.get("user").map(String::as_str).filter(|user| !user.is_empty());
    let code = form.get("user_code").map_or("", String::as_str);
    let known = ask.hub.change(|state, _| state.oauth.decide(code, user));
    if !known {
        return Err(Refusal::page(
            StatusCode::NOT_FOUND,
            "There is no such code, or it has been used.",
        ));
    }
    let page = answer::page_html(StatusCode::OK, "You may close this window.");
    Ok(answer::text_answer(StatusCode::OK, answer::HTML, page))
}

/// `POST /oauth/token`
pub(crate) async fn token(ask: Ask, body: Bytes) -> Answer {
    let form = form(&body);
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let value = ask.hub.change(|state, at| match field("grant_type") {
        DEVICE_GRANT => {
            let code = field("device_code");
            let Some(device) = state.oauth.devices.get(code) else {
                return Err(Refusal::oauth("invalid_grant", "Unknown device code"));
            };
            if device.expires <= at.instant {
                return Err(Refusal::oauth("expired_token", "Device code expired"));
            }
            let scope = device.scope.clone();
            match device.verdict.clone() {
                Verdict::Pending => {
                    Err(Refusal::oauth("authorization_pending", "The user has not agreed yet"))
                }
                Verdict::Denied => Err(Refusal::oauth("access_denied", "Device code denied")),
                Verdict::Agreed(user) => {
                    state.oauth.devices.remove(code);
                    Ok(grant(state, at.settings.seed, &user, &scope))
                }
            }
        }
        "refresh_token" => match state.oauth.refresh.remove(field("refresh_token")) {
            Some(user) => Ok(grant(state, at.settings.seed, &user, SCOPES)),
            None => Err(Refusal::oauth("invalid_grant", "Unknown refresh token")),
        },
        _ => Err(Refusal::oauth(
            "unsupported_grant_type",
            "Only the device flow and refreshing are simulated",
        )),
    })?;
    Ok(answer::ok(&value))
}

/// `GET /oauth/userinfo`
pub(crate) async fn userinfo(ask: Ask) -> Answer {
    let Caller::Token(token) = &ask.caller else { return Err(Refusal::sign_in()) };
    let who = ask.hub.with(|state, _| state.people.whoami(token, &Value::Null));
    let who = who.ok_or_else(Refusal::bad_token)?;
    let orgs: Vec<Value> = who["orgs"].as_array().into_iter().flatten().map(member).collect();
    Ok(answer::ok(&json!({
        "sub": who["id"], "name": who["fullname"], "preferred_username": who["name"],
        "profile": format!("{}/{}", ask.base, who["name"].as_str().unwrap_or_default()),
        "picture": format!("{}{}", ask.base, who["avatarUrl"].as_str().unwrap_or_default()),
        "isPro": who["isPro"], "canPay": who["canPay"], "orgs": orgs,
    })))
}

/// `GET /.well-known/openid-configuration`
pub(crate) async fn discovery(ask: Ask) -> Answer {
    let url = |path: &str| format!("{}{path}", ask.base);
    Ok(answer::ok(&json!({
        "issuer": ask.base,
        "token_endpoint": url("/oauth/token"),
        "userinfo_endpoint": url("/oauth/userinfo"),
        "device_authorization_endpoint": url("/oauth/device"),
        "grant_types_supported": [DEVICE_GRANT, "refresh_token"],
        "scopes_supported": ["openid", "profile", "email", "read-repos", "write-repos", "manage-repos"],
    })))
}

fn member(org: &Value) -> Value {
    json!({
        "sub": org["id"], "name": org["fullname"], "preferred_username": org["name"],
        "picture": org["avatarUrl"], "canPay": org["canPay"], "roleInOrg": org["roleInOrg"],
        "isEnterprise": org["plan"] == json!("enterprise"),
    })
}

fn grant(state: &mut State, seed: u64, user: &str, scope: &str) -> Value {
    let mut dice = state.oauth.dice(seed);
    let access = format!("hf_oauth_{}", dice.hex(32));
    let refresh = format!("hf_refresh_{}", dice.hex(32));
    let token = Token {
        value: access.clone(),
        user: user.to_owned(),
        kind: TokenKind::OAuth,
        restricted: Default::default(),
    };
    state.people.tokens.push(Arc::new(token));
    state.oauth.refresh.insert(refresh.clone(), user.to_owned());
    json!({
        "access_token": access, "token_type": "bearer", "expires_in": 28_800,
        "refresh_token": refresh, "scope": scope,
    })
}

fn form(body: &[u8]) -> HashMap<String, String> {
    ask::query(&String::from_utf8_lossy(body)).into_iter().collect()
}
