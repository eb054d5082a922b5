//! `/api/config`, `/api/login`, `/api/verify-token`, `/api/logout`.

use std::collections::BTreeSet;

use axum::{
    Extension, Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use hfsm_api::Caller;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Compat,
    answer::{OldRefusal, success},
    spaces::sees,
};
use crate::{client::Client, json::read_json, problem::sign_in_needed, session_api::user_agent};

/// The names of the accounts with commas between. Visitors get the owners of the Spaces that they
/// see, which is what the old page filters by.
pub(super) async fn config(
    State(compat): State<Compat>,
    Extension(caller): Extension<Caller>,
) -> Json<Value> {
    let usernames: BTreeSet<String> = if caller.is_trusted() {
        compat.fleet.accounts().into_iter().map(|account| account.id.to_string()).collect()
    } else {
        let spaces = compat.fleet.spaces();
        let seen = spaces.iter().filter(|space| sees(&caller, space));
        seen.map(|space| space.info.id.owner().to_owned()).collect()
    };
    Json(json!({ "usernames": Vec::from_iter(usernames).join(",") }))
}

#[derive(Deserialize)]
struct Login {
    username: String,
    password: String,
}

/// Begins a session; its token is in the answer, as there, and in our cookie.
pub(super) async fn login(
    State(compat): State<Compat>,
    Extension(client): Extension<Client>,
    request: Request,
) -> Result<Response, OldRefusal> {
    let agent = user_agent(request.headers());
    let Login { username, password } = read_json(request).await?;
    let session =
        compat.door.sign_in.with_password(client.address, &username, password, agent).await?;
    let cookie = compat.door.cookie.begin(&session.token, client);
    Ok((cookie, Json(json!({ "success": true, "token": session.token }))).into_response())
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

/// Tells whether a session has not ended.
pub(super) async fn verify_token(
    State(compat): State<Compat>,
    request: Request,
) -> Result<Json<Value>, OldRefusal> {
    let Token { token } = read_json(request).await?;
    match compat.door.sign_in.session_user(&token).await? {
        Some(_) => Ok(success("the session is valid")),
        None => Err(sign_in_needed().into()),
    }
}

/// Ends the session whose token is in the body, in the header or in the cookie.
pub(super) async fn logout(
    State(compat): State<Compat>,
    Extension(client): Extension<Client>,
    request: Request,
) -> Result<Response, OldRefusal> {
    let sent = compat.door.session_token(request.headers());
    let token = match read_json::<Token>(request).await {
        Ok(Token { token }) => token,
        Err(problem) => sent.ok_or(problem)?,
    };
    compat.door.sign_in.sign_out(&token).await?;
    Ok((compat.door.cookie.end(client), success("signed out")).into_response())
}
