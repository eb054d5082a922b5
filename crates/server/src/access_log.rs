//! One line for each request: the route's template and never the address that was asked for, which
//! may hold a token.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};

/// Logs what was asked and how it was answered.
pub(crate) async fn log(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("(no such route)", MatchedPath::as_str);
    let status = response.status();
    let took = begun.elapsed();
    if status.is_server_error() {
        tracing::warn!(%method, route, status = status.as_u16(), ?took, "{method} {route}: {status}");
    } else {
        tracing::debug!(%method, route, status = status.as_u16(), ?took, "{method} {route}: {status}");
    }
    response
}
