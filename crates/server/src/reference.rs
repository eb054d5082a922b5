//! `/api/reference`: the API document as a page. Everything comes from this server.

use axum::{
    Router,
    response::{Html, IntoResponse},
    routing::get,
};
use bytes::Bytes;
use http::header;
use utoipa::openapi::OpenApi;

use crate::Error;

/// Serves the page and `/api/openapi.json`.
///
/// # Errors
/// When the document cannot be written as JSON.
pub(crate) fn routes(document: &OpenApi) -> Result<Router, Error> {
    let document: Bytes =
        document.to_json().map_err(|error| Error::Document(error.to_string()))?.into();
    let typed = |kind: &'static str, text: &'static str| {
        get(move || async move { ([(header::CONTENT_TYPE, kind)], text) })
    };
    Ok(Router::new()
        .route("/api/reference", get(|| async { Html(include_str!("../assets/reference.html")) }))
        .route(
            "/api/reference/script.js",
            typed("text/javascript; charset=utf-8", include_str!("../assets/reference.js")),
        )
        .route(
            "/api/reference/style.css",
            typed("text/css; charset=utf-8", include_str!("../assets/reference.css")),
        )
        .route(
            "/api/openapi.json",
            get(move || async move {
                ([(header::CONTENT_TYPE, "application/json")], document).into_response()
            }),
        ))
}
