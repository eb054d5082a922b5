//! `/api/v1/session`: who is signed in, signing in and out, setting the password.

use axum::{
    Extension, Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use hfsm_api::{Caller, ErrorCode, Problem, PublicView};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::Door,
    client::Client,
    json::read_json,
    problem::{invalid_request, invalid_with, sign_in_needed, too_many_attempts},
    secret_text::fingerprint,
    sign_in::{NewSession, Refused},
};

/// Who is signed in, and how one can.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionState {
    /// Whether the caller is signed in.
    signed_in: bool,
    /// The name that they signed in with.
    user: Option<String>,
    /// How to sign in.
    method: SignInMethod,
    /// Whether there is a password.
    password_set: bool,
    /// What is shown without signing in.
    public_view: View,
}

/// How to sign in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SignInMethod {
    /// With the user name and the password.
    Password,
    /// With the link that the server printed when it started.
    Code,
}

/// What is shown without signing in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum View {
    /// Nothing.
    Nothing,
    /// Public Spaces.
    PublicSpaces,
    /// Private Spaces too.
    AllSpaces,
}

/// What somebody signs in with: either the user and the password, or the one-time code.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum SignInRequest {
    /// The user name and the password.
    Password {
        /// The user name.
        user: String,
        /// The password.
        password: String,
    },
    /// The code of the link.
    Code {
        /// The code.
        code: String,
    },
}

/// A new password.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewPassword {
    /// The name to sign in with from now on.
    user: String,
    /// The password to sign in with from now on.
    password: String,
    /// The password until now, where there is one.
    #[serde(default)]
    current: Option<String>,
}

pub(crate) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(get_session, begin_session, end_session))
        .routes(routes!(set_password))
}

/// Tell who is signed in.
#[utoipa::path(get, path = "/api/v1/session", operation_id = "get_session", tag = "session",
    responses((status = OK, description = "Who is signed in, and how one can", body = SessionState)))]
async fn get_session(
    State(door): State<Door>,
    Extension(caller): Extension<Caller>,
) -> Json<SessionState> {
    Json(state(&door, &caller))
}

/// Sign in.
#[utoipa::path(post, path = "/api/v1/session", operation_id = "begin_session", tag = "session",
    request_body = SignInRequest,
    responses(
        (status = OK, description = "Signed in; the cookie is set", body = SessionState),
        (status = UNAUTHORIZED, description = "Wrong user, password or code", body = Problem,
            content_type = "application/problem+json"),
        (status = TOO_MANY_REQUESTS, description = "Too many failed attempts", body = Problem,
            content_type = "application/problem+json"),
    ))]
async fn begin_session(
    State(door): State<Door>,
    Extension(client): Extension<Client>,
    request: Request,
) -> Result<Response, Problem> {
    let agent = user_agent(request.headers());
    let wanted: SignInRequest = read_json(request).await?;
    let NewSession { token, user } = match wanted {
        SignInRequest::Password { user, password } => {
            door.sign_in.with_password(client.address, &user, password, agent).await?
        }
        SignInRequest::Code { code } => {
            door.sign_in.with_code(client.address, &code, agent).await?
        }
    };
    let state = state(&door, &Caller::Session { user });
    Ok((door.cookie.begin(&token, client), Json(state)).into_response())
}

/// Sign out.
#[utoipa::path(delete, path = "/api/v1/session", operation_id = "end_session", tag = "session",
    responses((status = NO_CONTENT, description = "The session has ended, if there was one")))]
async fn end_session(
    State(door): State<Door>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(token) = door.session_token(&headers) {
        door.sign_in.sign_out(&token).await?;
    }
    Ok((door.cookie.end(client), StatusCode::NO_CONTENT).into_response())
}

/// Set the password to sign in with. Every other session ends.
#[utoipa::path(put, path = "/api/v1/session/password", operation_id = "set_password",
    tag = "session", request_body = NewPassword,
    responses(
        (status = NO_CONTENT, description = "It counts from now on"),
        (status = BAD_REQUEST, description = "It does not do", body = Problem,
            content_type = "application/problem+json"),
        (status = UNAUTHORIZED, description = "Not signed in, or the current password is wrong",
            body = Problem, content_type = "application/problem+json"),
        (status = CONFLICT, description = "The password is set by the configuration",
            body = Problem, content_type = "application/problem+json"),
    ))]
async fn set_password(
    State(door): State<Door>,
    Extension(caller): Extension<Caller>,
    Extension(client): Extension<Client>,
    request: Request,
) -> Result<StatusCode, Problem> {
    // A program's key must not be able to lock the person out.
    if !matches!(caller, Caller::Session { .. } | Caller::Desktop) {
        return Err(sign_in_needed());
    }
    let session = door.session_token(request.headers()).map(|token| fingerprint(&token));
    let NewPassword { user, password, current } = read_json(request).await?;
    door.sign_in.set_password(client.address, session.as_ref(), &user, password, current).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) fn user_agent(headers: &HeaderMap) -> Option<String> {
    headers.get(header::USER_AGENT)?.to_str().ok().map(str::to_owned)
}

fn state(door: &Door, caller: &Caller) -> SessionState {
    let password_set = door.sign_in.has_password();
    SessionState {
        signed_in: caller.is_trusted(),
        user: match caller {
            Caller::Session { user } => Some(user.clone()),
            _ => None,
        },
        method: if password_set { SignInMethod::Password } else { SignInMethod::Code },
        password_set,
        public_view: match door.sign_in.public_view() {
            PublicView::Nothing => View::Nothing,
            PublicView::PublicSpaces => View::PublicSpaces,
            PublicView::AllSpaces => View::AllSpaces,
        },
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Wrong => Self::new(
                ErrorCode::SignInFailed,
                "the user, the password or the code is wrong; a code works once, and restarting \
                 the server prints a new one",
            ),
            Refused::TooManyAttempts(wait) => too_many_attempts(wait),
            Refused::Configured => invalid_with(
                StatusCode::CONFLICT,
                "the password is set by the configuration: change HFSM_PASSWORD, HFSM_PASSWORD_HASH or USER_PASSWORD and start the server \
                 again",
            ),
            Refused::Unsuitable(why) => invalid_request(why),
            Refused::Failed(error) => error.into(),
        }
    }
}
