//! Answers in the old shapes. A refusal is a problem document that also has the old fields, so that
//! old and new clients both find what they look for.

use axum::{
    Json,
    extract::{FromRequestParts, Path, Query},
    response::{IntoResponse, Response},
};
use hfsm_api::Problem;
use http::{StatusCode, request::Parts};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{problem::invalid_request, sign_in::Refused};

/// A refusal of an old route.
#[derive(Debug)]
pub(super) struct OldRefusal {
    status: StatusCode,
    retry_after_secs: Option<u64>,
    body: Value,
}

impl OldRefusal {
    /// Adds the old fields to a problem document.
    pub(super) fn of_document(status: StatusCode, mut body: Value) -> Self {
        if !body.is_object() {
            body = json!({});
        }
        let words = body.get("detail").or_else(|| body.get("title")).cloned();
        body["success"] = false.into();
        body["error"] = words.clone().unwrap_or(Value::Null);
        body["message"] = words.unwrap_or(Value::Null);
        let retry_after_secs = body.get("retry_after_secs").and_then(Value::as_u64);
        Self { status, retry_after_secs, body }
    }
}

impl From<Problem> for OldRefusal {
    fn from(problem: Problem) -> Self {
        let body = serde_json::to_value(&problem).unwrap_or_default();
        let status =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::of_document(status, body)
    }
}

impl From<Refused> for OldRefusal {
    fn from(refused: Refused) -> Self {
        Problem::from(refused).into()
    }
}

impl From<crate::Error> for OldRefusal {
    fn from(error: crate::Error) -> Self {
        Problem::from(error).into()
    }
}

impl IntoResponse for OldRefusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if let Some(secs) = self.retry_after_secs {
            response.headers_mut().insert(http::header::RETRY_AFTER, secs.into());
        }
        response
    }
}

/// Says why the Hub did not do something.
impl From<hfsm_hub::Error> for OldRefusal {
    fn from(error: hfsm_hub::Error) -> Self {
        Problem::from(hfsm_core::Error::from(error)).into()
    }
}

/// The variable parts of a path; what is not text is refused in the old shape.
pub(super) struct OldPath<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for OldPath<T> {
    type Rejection = OldRefusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, OldRefusal> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(values)) => Ok(Self(values)),
            Err(_) => Err(invalid_request("the path is not readable text").into()),
        }
    }
}

/// The query of the address, refused in the old shape as well.
pub(super) struct OldQuery<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for OldQuery<T> {
    type Rejection = OldRefusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, OldRefusal> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(values)) => Ok(Self(values)),
            Err(_) => {
                Err(invalid_request("the query has a parameter twice or of a wrong type").into())
            }
        }
    }
}

/// `{"success": true, "message": …}`
pub(super) fn success(message: impl Into<String>) -> Json<Value> {
    Json(json!({ "success": true, "message": message.into() }))
}
