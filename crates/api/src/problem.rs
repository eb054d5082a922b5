//! Errors as RFC 9457 problem documents with a closed set of codes.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use hfsm_core::Error;
use hfsm_model::SpaceId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The kind of problem in a few words, the same each time.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What to branch on.
    pub code: ErrorCode,
    /// What happened this time, and what to do next.
    pub detail: String,
    /// The Space that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub space: Option<SpaceId>,
    /// How long to wait before asking again, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_secs: Option<u64>,
    /// The Hub's name of the request, to quote to its support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $status:ident, $title:literal;)*) => {
        /// What a client branches on. A code is added only when a client does something else for it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum ErrorCode { $($(#[$doc])* $code,)* }

        impl ErrorCode {
            /// Returns the HTTP status that goes with the code.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$code => StatusCode::$status,)* }
            }

            /// Returns the title that goes with the code.
            pub fn title(self) -> &'static str {
                match self { $(Self::$code => $title,)* }
            }
        }
    };
}

codes! {
    /// The request is not of the form that the operation takes.
    InvalidRequest = BAD_REQUEST, "Invalid request";
    /// Nothing is at this address.
    NotFound = NOT_FOUND, "Not found";
    /// The address exists, but not for this method.
    MethodNotAllowed = METHOD_NOT_ALLOWED, "Method not allowed";
    /// The body is larger than the server takes.
    BodyTooLarge = PAYLOAD_TOO_LARGE, "Body too large";
    /// The body is not JSON.
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE, "Not JSON";
    /// Only people who signed in, or programs with the API key, may ask this.
    SignInNeeded = UNAUTHORIZED, "Sign-in needed";
    /// The name, the password or the code is not right.
    SignInFailed = UNAUTHORIZED, "Sign-in failed";
    /// Too many wrong attempts to sign in.
    TooManyAttempts = TOO_MANY_REQUESTS, "Too many attempts";
    /// The request came from another site's page.
    ForbiddenOrigin = FORBIDDEN, "Forbidden origin";
    /// The request names a host that this server does not answer for.
    ForbiddenHost = MISDIRECTED_REQUEST, "Forbidden host";
    /// No account here sees such a Space.
    SpaceNotFound = NOT_FOUND, "Space not found";
    /// There is no such account here.
    AccountNotFound = NOT_FOUND, "Account not found";
    /// There is no such operation here.
    OperationNotFound = NOT_FOUND, "Operation not found";
    /// There is no such job here.
    JobNotFound = NOT_FOUND, "Job not found";
    /// There is no such run here.
    RunNotFound = NOT_FOUND, "Run not found";
    /// There is no such event stream.
    StreamNotFound = NOT_FOUND, "Stream not found";
    /// The account is here already.
    AccountExists = CONFLICT, "Account exists";
    /// The account is set by the configuration.
    AccountConfigured = CONFLICT, "Account is configured";
    /// The token is another user's.
    OtherUser = CONFLICT, "Another user's token";
    /// The text cannot be a token, or the Hub does not take it.
    TokenRefused = UNPROCESSABLE_ENTITY, "Token refused";
    /// No token here may do this.
    NoWriteAccess = FORBIDDEN, "No write access";
    /// The Space is static: nothing runs.
    StaticSpace = CONFLICT, "Static Space";
    /// The Hub refuses this to tokens from a sign-in through the browser.
    OauthRefused = FORBIDDEN, "Refused to this kind of token";
    /// No free slot is left for this hardware.
    QuotaExceeded = CONFLICT, "Quota exceeded";
    /// The Hub wants a payment method, a plan or credit.
    PaymentRequired = PAYMENT_REQUIRED, "Payment required";
    /// The Hub does not accept the request.
    HubRefused = CONFLICT, "Refused by the Hub";
    /// The Hub asks to wait.
    HubRateLimited = TOO_MANY_REQUESTS, "Rate limited by the Hub";
    /// The Hub cannot be reached, or has an outage.
    HubUnavailable = BAD_GATEWAY, "Hub unavailable";
    /// The key was used before for another request.
    IdempotencyKeyReused = UNPROCESSABLE_ENTITY, "Idempotency key reused";
    /// The vault is locked, damaged or gone.
    VaultUnavailable = SERVICE_UNAVAILABLE, "Vault unavailable";
    /// The disk is full, or the store cannot be read or written.
    StoreUnavailable = SERVICE_UNAVAILABLE, "Store unavailable";
    /// The program is ending.
    Stopping = SERVICE_UNAVAILABLE, "Ending";
    /// A mistake in this program; its log says more.
    Internal = INTERNAL_SERVER_ERROR, "Internal error";
}

impl Problem {
    /// Makes a problem of a code and what happened.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            title: code.title().to_owned(),
            status: code.status().as_u16(),
            code,
            detail: detail.into(),
            space: None,
            retry_after_secs: None,
            request_id: None,
        }
    }

    /// Says how long to wait.
    #[must_use]
    pub fn retry_after_secs(mut self, seconds: u64) -> Self {
        self.retry_after_secs = Some(seconds);
        self
    }

    /// Says which Space it is about.
    #[must_use]
    pub fn about(mut self, space: SpaceId) -> Self {
        self.space = Some(space);
        self
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::SpaceNotFound(_) => ErrorCode::SpaceNotFound,
            Error::AccountNotFound(_) => ErrorCode::AccountNotFound,
            Error::AccountExists(_) => ErrorCode::AccountExists,
            Error::AccountConfigured(_) => ErrorCode::AccountConfigured,
            Error::OperationNotFound(_) => ErrorCode::OperationNotFound,
            Error::JobNotFound(_) => ErrorCode::JobNotFound,
            Error::RunNotFound(_) => ErrorCode::RunNotFound,
            Error::NotAToken(_) => ErrorCode::TokenRefused,
            Error::OtherUser { .. } => ErrorCode::OtherUser,
            Error::NoWriteAccess(_) => ErrorCode::NoWriteAccess,
            Error::StaticSpace(_) => ErrorCode::StaticSpace,
            Error::InvalidId(_) | Error::Invalid(_) | Error::HfCli(_) => ErrorCode::InvalidRequest,
            Error::Hub(error) => hub_code(error),
            Error::Store(_) => ErrorCode::StoreUnavailable,
            Error::Vault(_) => ErrorCode::VaultUnavailable,
            Error::NoThread(_) => ErrorCode::Internal,
            Error::Stopping => ErrorCode::Stopping,
        };
        if matches!(code, ErrorCode::StoreUnavailable | ErrorCode::VaultUnavailable) {
            tracing::error!(%error, "{error}");
        }
        let mut problem = Self::new(code, error.to_string());
        problem.retry_after_secs = error.retry_after().map(|wait| wait.as_secs().max(1));
        problem.request_id = error.request_id().map(ToOwned::to_owned);
        problem.space = match error {
            Error::SpaceNotFound(id) | Error::NoWriteAccess(id) | Error::StaticSpace(id) => {
                Some(id)
            }
            Error::Hub(error) => error.refusal().and_then(|refusal| refusal.space.clone()),
            _ => None,
        };
        problem
    }
}

fn hub_code(error: &hfsm_core::HubError) -> ErrorCode {
    use hfsm_core::HubError as Hub;
    match error {
        Hub::TokenRefused(_) | Hub::SignInNeeded(_) => ErrorCode::TokenRefused,
        Hub::SpaceNotFound(_) => ErrorCode::SpaceNotFound,
        Hub::Forbidden(_) => ErrorCode::NoWriteAccess,
        Hub::OauthRefused(_) => ErrorCode::OauthRefused,
        Hub::QuotaExceeded(_) => ErrorCode::QuotaExceeded,
        Hub::PaymentRequired(_) => ErrorCode::PaymentRequired,
        Hub::Invalid(_) | Hub::StreamUnavailable(_) | Hub::Conflict(_) => ErrorCode::HubRefused,
        Hub::RateLimited { .. } | Hub::HeldBack { .. } => ErrorCode::HubRateLimited,
        Hub::Unreachable { .. } | Hub::Unavailable { .. } | Hub::Unexpected { .. } => {
            ErrorCode::HubUnavailable
        }
        Hub::Setup(_) => ErrorCode::Internal,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let wait = self.retry_after_secs;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(wait) = wait {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
        }
        response
    }
}
