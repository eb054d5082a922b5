//! What an answer without success means, and what an answer's headers say besides.

use std::time::Duration;

use chrono::{DateTime, Utc};
use hfsm_model::SpaceId;
use http::{
    HeaderMap, Method, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::{
    Error, Gateway, Refusal,
    send::{Call, Reply},
    wire,
};

/// No wait is believed to be longer.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);
const LONGEST_MESSAGE: usize = 500;

impl Gateway {
    /// Says what an answer without success means.
    pub(crate) fn refused(&self, call: &Call, reply: &Reply, wait: Duration) -> Error {
        let Reply { status, headers, body, .. } = reply;
        let message = message(headers, body).map(|message| self.redact(message));
        let lower = message.as_deref().unwrap_or_default().to_ascii_lowercase();
        let refusal = refusal_of(call.space.as_ref(), *status, headers, message);
        let code = header(headers, "x-error-code");
        let of_a_space = call.space.is_some();
        match status.as_u16() {
            401 if self.account.token.is_none() => Error::SignInNeeded(refusal),
            401 if lower.contains("invalid credentials") => Error::TokenRefused(refusal),
            // The Hub's answer to a device-flow token that may read but not act.
            401 if call.method != Method::GET && lower.contains("invalid username or password") => {
                Error::OauthRefused(refusal)
            }
            // What a repository that the token cannot see looks like at times.
            401 if of_a_space && (code.is_some() || lower.contains("invalid username")) => {
                Error::SpaceNotFound(refusal)
            }
            401 => Error::TokenRefused(refusal),
            402 => Error::PaymentRequired(refusal),
            403 if lower.contains("quota") => Error::QuotaExceeded(refusal),
            403 if lower.contains("payment method") => Error::PaymentRequired(refusal),
            403 => Error::Forbidden(refusal),
            404 if of_a_space && (code.is_some() || refusal.message.is_some()) => {
                Error::SpaceNotFound(refusal)
            }
            400 | 413 | 414 | 422 => Error::Invalid(refusal),
            406 => Error::StreamUnavailable(refusal),
            409 => Error::Conflict(refusal),
            429 => Error::RateLimited { retry_after: wait, refusal },
            status @ (408 | 500..=599) => Error::Unavailable { status, refusal },
            status => Error::Unexpected { reason: format!("status {status}"), refusal },
        }
    }

    /// Takes the token out of a text of the Hub, should it ever quote it.
    fn redact(&self, text: String) -> String {
        match &self.account.token {
            Some(token) => text.replace(token.expose_secret().trim(), "…"),
            None => text,
        }
    }
}

pub(crate) fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(headers.get(name)?.as_bytes()).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    ["x-request-id", "x-amzn-trace-id", "x-amz-cf-id"].iter().find_map(|name| header(headers, name))
}

pub(crate) fn refusal_of(
    space: Option<&SpaceId>,
    status: StatusCode,
    headers: &HeaderMap,
    message: Option<String>,
) -> Refusal {
    Refusal {
        space: space.cloned(),
        status: Some(status.as_u16()),
        message,
        request_id: request_id(headers),
    }
}

pub(crate) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = header(headers, RETRY_AFTER.as_str())?;
    let wait = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok()?,
        Err(_) => {
            let at = DateTime::parse_from_rfc2822(&text).ok()?;
            (at.to_utc() - now).to_std().unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

/// The Hub's words for a refusal; nothing of an HTML page.
fn message(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let text = header(headers, "x-error-message").or_else(|| in_body(headers, body))?;
    let text: String = text.chars().filter(|c| !c.is_control() || *c == '\n').collect();
    let text = text.trim();
    match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => Some(format!("{}…", &text[..end])),
        None => (!text.is_empty()).then(|| text.to_owned()),
    }
}

fn in_body(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    if let Ok(value) = serde_json::from_slice::<Value>(body) {
        return in_json(&value);
    }
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    let is_html = text.starts_with('<')
        || headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    (!is_html && !text.is_empty() && !text.starts_with('{')).then(|| text.to_owned())
}

fn in_json(value: &Value) -> Option<String> {
    if let Some(text) =
        wire::word(value, "error_description").or_else(|| wire::word(value, "error"))
    {
        return Some(text);
    }
    let joined = wire::texts(value, "error");
    if !joined.is_empty() {
        return Some(joined.join("; "));
    }
    let errors = wire::list(value, "errors");
    let joined: Vec<_> = errors.iter().filter_map(|error| wire::word(error, "message")).collect();
    if !joined.is_empty() {
        return Some(joined.join("; "));
    }
    value
        .get("error")
        .and_then(|error| wire::word(error, "message"))
        .or_else(|| wire::word(value, "message"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_message_is_found_wherever_the_hub_puts_it() {
        let none = HeaderMap::new();
        for (body, expected) in [
            (r#"{"error":"Repository not found"}"#, Some("Repository not found")),
            (r#"{"error":["one","two"]}"#, Some("one; two")),
            (r#"{"errors":[{"message":"bad"},{"message":"worse"}]}"#, Some("bad; worse")),
            (r#"{"error":"invalid_grant","error_description":"denied"}"#, Some("denied")),
            (r#"{"error":{"message":"deep"}}"#, Some("deep")),
            ("Space is stale", Some("Space is stale")),
            ("<!DOCTYPE html><html><h1>503</h1></html>", None),
            ("  \n<html>", None),
            ("", None),
            ("{\"error\": \"cut", None),
            ("[]", None),
        ] {
            assert_eq!(message(&none, body.as_bytes()).as_deref(), expected, "{body}");
        }
        let first = headers(&[("x-error-message", "from the header")]);
        assert_eq!(message(&first, br#"{"error":"x"}"#).as_deref(), Some("from the header"));
        let html = headers(&[("content-type", "text/html; charset=utf-8")]);
        assert_eq!(message(&html, b"We are down"), None);
        let long = message(&none, "x".repeat(10_000).as_bytes()).unwrap();
        assert_eq!(long.chars().count(), LONGEST_MESSAGE + 1);
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = "2026-11-22T10:00:00Z".parse().unwrap();
        for (text, seconds) in [
            ("7", Some(7)),
            ("Sun, 22 Nov 2026 10:01:00 GMT", Some(60)),
            ("Sun, 22 Nov 2026 09:00:00 GMT", Some(0)),
            ("-3", None),
            ("soon", None),
            ("1e30", None),
            ("99999999999", Some(24 * 3600)),
        ] {
            let wait = retry_after(&headers(&[("retry-after", text)]), now);
            assert_eq!(wait, seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn the_request_id_of_the_hub_comes_before_those_of_its_cloud() {
        let all = headers(&[("x-amz-cf-id", "c"), ("x-amzn-trace-id", "b"), ("x-request-id", "a")]);
        assert_eq!(request_id(&all).as_deref(), Some("a"));
        assert_eq!(request_id(&headers(&[("x-amz-cf-id", "c")])).as_deref(), Some("c"));
    }
}
