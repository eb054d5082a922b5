//! Finds out who asks, and tells the API by the [`Caller`] extension.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use hfsm_api::{Caller, ErrorCode, Problem};
use http::{HeaderMap, header};

use crate::{
    client::Client, cookies::SessionCookie, problem::too_many_attempts,
    session_end::end_with_session, sign_in::SignIn,
};

/// The old page sends what it kept, and expects the public list when that is too old.
const BEARER_OPTIONAL: &str = "/api/proxy/spaces";

/// What finding out who asks needs.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) sign_in: SignIn,
    pub(crate) cookie: SessionCookie,
}

impl Door {
    /// Returns the token of the session that a request belongs to.
    pub(crate) fn session_token(&self, headers: &HeaderMap) -> Option<String> {
        bearer(headers).map(str::to_owned).or_else(|| self.cookie.read(headers))
    }

    async fn caller(
        &self,
        headers: &HeaderMap,
        client: Client,
        path: &str,
    ) -> Result<Caller, Problem> {
        let anonymous = Caller::Anonymous { view: self.sign_in.public_view() };
        if let Some(bearer) = bearer(headers) {
            if let Some(wait) = self.sign_in.bearer_must_wait(client.address) {
                return Err(too_many_attempts(wait));
            }
            if self.sign_in.is_api_key(bearer) {
                return Ok(Caller::ApiKey);
            }
            if self.sign_in.is_local_key(bearer) {
                return Ok(Caller::CommandLine);
            }
            if let Some(user) = self.sign_in.session_user(bearer).await? {
                return Ok(Caller::Session { user });
            }
            if path == BEARER_OPTIONAL {
                return Ok(anonymous);
            }
            self.sign_in.bearer_failed(client.address);
            return Err(Problem::new(
                ErrorCode::SignInNeeded,
                "the bearer token is neither the API key nor a session that has not ended",
            ));
        }
        if let Some(token) = self.cookie.read(headers)
            && let Some(user) = self.sign_in.session_user(&token).await?
        {
            return Ok(Caller::Session { user });
        }
        Ok(anonymous)
    }
}

/// Puts the [`Caller`] into each request.
pub(crate) async fn find_caller(
    State(door): State<Door>,
    client: axum::Extension<Client>,
    mut request: Request,
    next: Next,
) -> Response {
    match door.caller(request.headers(), *client, request.uri().path()).await {
        Ok(caller) => {
            let session = matches!(caller, Caller::Session { .. })
                .then(|| door.session_token(request.headers()))
                .flatten();
            request.extensions_mut().insert(caller);
            let response = next.run(request).await;
            match session {
                Some(token) => end_with_session(response, door.sign_in, token),
                None => response,
            }
        }
        Err(problem) => problem.into_response(),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
