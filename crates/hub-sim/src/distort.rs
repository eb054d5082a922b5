//! Answers that arrive changed: other fields, lost links, half a body.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::HeaderValue;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body_util::{BodyExt as _, Collected};
use serde_json::Value;

use crate::faults::Fault;
use crate::route::RouteKind;

/// Applies the faults that change an answer rather than replace it.
pub(crate) async fn distort(response: Response, kind: RouteKind, faults: &[Fault]) -> Response {
    let streams =
        response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
    if streams {
        return response;
    }
    let edits = |fault: &&Fault| matches!(fault, Fault::SetField { .. } | Fault::DropField { .. });
    let (mut parts, body) = response.into_parts();
    if faults.contains(&Fault::NextLinkWithoutExpand)
        && let Some(link) = parts.headers.get("link").and_then(|link| link.to_str().ok())
        && let Ok(link) = HeaderValue::try_from(without_expand(link))
    {
        parts.headers.insert("link", link);
    }
    let Ok(body) = body.collect().await.map(Collected::to_bytes) else {
        return Response::from_parts(parts, Body::empty());
    };
    let body =
        if faults.iter().any(|fault| edits(&fault)) { edited(&body, kind, faults) } else { body };
    parts.headers.remove(CONTENT_LENGTH);
    if faults.contains(&Fault::ResetMidBody) {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len().max(2)));
        let half = body.slice(..body.len() / 2);
        let reset = async {
            // The half has to leave before the connection breaks and takes its buffer along.
            tokio::time::sleep(Duration::from_millis(1)).await;
            Err(io::Error::from(io::ErrorKind::ConnectionReset))
        };
        let halves = stream::iter([Ok(half)]).chain(stream::once(reset));
        return Response::from_parts(parts, Body::from_stream(halves));
    }
    Response::from_parts(parts, Body::from(body))
}

fn without_expand(link: &str) -> String {
    let Some((url, rest)) = link.trim_start_matches('<').split_once('>') else {
        return link.to_owned();
    };
    let Some((path, query)) = url.split_once('?') else { return link.to_owned() };
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("expand")).collect();
    format!("<{path}?{}>{rest}", kept.join("&"))
}

fn edited(body: &Bytes, kind: RouteKind, faults: &[Fault]) -> Bytes {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else { return body.clone() };
    for fault in faults {
        let (field, new) = match fault {
            Fault::SetField { field, value } => (field, Some(value)),
            Fault::DropField { field } => (field, None),
            _ => continue,
        };
        let field =
            if kind.is_runtime() { field.strip_prefix("runtime.").unwrap_or(field) } else { field };
        match &mut value {
            Value::Array(elements) => {
                elements.iter_mut().for_each(|element| edit(element, field, new))
            }
            value => edit(value, field, new),
        }
    }
    Bytes::from(value.to_string())
}

fn edit(value: &mut Value, field: &str, new: Option<&Value>) {
    let Some(object) = value.as_object_mut() else { return };
    match field.split_once('.') {
        Some((first, rest)) => {
            if let Some(inner) = object.get_mut(first) {
                edit(inner, rest, new);
            }
        }
        None => {
            match new {
                Some(new) => object.insert(field.to_owned(), new.clone()),
                None => object.shift_remove(field),
            };
        }
    }
}
