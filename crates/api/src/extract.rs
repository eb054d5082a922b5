//! What handlers take from a request, each refusal a problem document.

use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::JsonRejection},
    http::{StatusCode, request::Parts},
};
use hfsm_model::{AccountId, SpaceId};
use serde::de::DeserializeOwned;

use crate::{Caller, ErrorCode, Problem, PublicView};

/// A caller who signed in, has the API key, or sits at the desktop.
pub(crate) struct Trusted(pub(crate) Caller);

impl<S: Sync> FromRequestParts<S> for Trusted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Caller>() {
            Some(caller) if caller.is_trusted() => Ok(Self(caller.clone())),
            _ => Err(sign_in_needed()),
        }
    }
}

/// A caller who may see some Spaces at least.
pub(crate) struct Viewer(pub(crate) Caller);

impl Viewer {
    /// Returns whether the caller may see a Space.
    pub(crate) fn sees(&self, private: bool) -> bool {
        match self.0.view() {
            PublicView::Nothing => false,
            PublicView::PublicSpaces => !private,
            PublicView::AllSpaces => true,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Caller>() {
            Some(caller) if caller.view() != PublicView::Nothing => Ok(Self(caller.clone())),
            _ => Err(sign_in_needed()),
        }
    }
}

fn sign_in_needed() -> Problem {
    Problem::new(ErrorCode::SignInNeeded, "sign in first, or send the API key as a bearer token")
}

/// A Space in the path, as `{owner}/{name}`.
pub(crate) struct SpacePath(pub(crate) SpaceId);

impl<S: Send + Sync> FromRequestParts<S> for SpacePath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        #[derive(serde::Deserialize)]
        struct Names {
            owner: String,
            name: String,
        }
        let Path(names) = Path::<Names>::from_request_parts(parts, state)
            .await
            .map_err(|refusal| Problem::new(ErrorCode::InvalidRequest, refusal.body_text()))?;
        let id = SpaceId::new(&names.owner, &names.name)
            .map_err(|error| Problem::new(ErrorCode::InvalidRequest, error.to_string()))?;
        Ok(Self(id))
    }
}

/// An account in the path, as `{account}`.
pub(crate) struct AccountPath(pub(crate) AccountId);

impl<S: Send + Sync> FromRequestParts<S> for AccountPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(name) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|refusal| Problem::new(ErrorCode::InvalidRequest, refusal.body_text()))?;
        let id = AccountId::new(&name)
            .map_err(|error| Problem::new(ErrorCode::InvalidRequest, error.to_string()))?;
        Ok(Self(id))
    }
}

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(refusal) => {
                let code = match (&refusal, refusal.status()) {
                    (JsonRejection::MissingJsonContentType(_), _) => {
                        ErrorCode::UnsupportedMediaType
                    }
                    (_, StatusCode::PAYLOAD_TOO_LARGE) => ErrorCode::BodyTooLarge,
                    _ => ErrorCode::InvalidRequest,
                };
                Err(Problem::new(code, refusal.body_text()))
            }
        }
    }
}

/// The query of the address.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(params) = Query::<T>::from_request_parts(parts, state)
            .await
            .map_err(|refusal| Problem::new(ErrorCode::InvalidRequest, refusal.body_text()))?;
        Ok(Self(params))
    }
}
