//! Where an app answers, and a visit there.

use std::time::Duration;

use hfsm_model::SpaceId;
use http::{HeaderName, header::CONTENT_TYPE};
use tokio::time::Instant;
use url::Url;

use crate::{Error, Gateway, Refusal, refusal::header, send::read_body};

const PLACEHOLDER: &str = "{subdomain}";
/// The Hub's own header for the token: its proxy takes it out before the app sees the request.
const TOKEN: HeaderName = HeaderName::from_static("x-hf-authorization");
/// Enough of a page to know it by.
const ENOUGH: usize = 64 << 10;

/// What a visit to an app brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The HTTP status. Success does not mean that the app is up.
    pub status: u16,
    /// Whether the app itself answered, and not a page of the Hub in its place. A 4xx of the app
    /// counts: many apps have nothing at `/`.
    pub answered_by_app: bool,
    /// Whether the Hub is starting the app: the visit has woken it, or somebody did before.
    pub preparing: bool,
    /// Whether the words that were looked for are in the answer.
    pub has_keyword: bool,
    /// How long the answer took.
    pub took: Duration,
}

impl Gateway {
    /// Visits an app, which wakes it when it sleeps, and looks for `keyword` in the first 64 KiB of its
    /// answer. Does not use the budget, which is the Hub's.
    ///
    /// The token goes along to the Hub's app hosts only, never to a custom domain, and in a way
    /// that the app does not see it. Redirects are not followed.
    ///
    /// # Errors
    /// [`Error::Unreachable`] when there is no answer, [`Error::Invalid`] for what is no address.
    pub async fn visit(&self, app_url: &str, keyword: Option<&str>) -> Result<Visit, Error> {
        let hub = &self.account.hub;
        let url = Url::parse(app_url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| {
            Error::Invalid(Refusal {
                message: Some(format!("`{app_url}` is no address of an app")),
                ..Refusal::default()
            })
        })?;
        let line = hub.line();
        let mut request = line.client.get(url.clone()).timeout(hub.config().request_timeout);
        if is_app_host(&hub.config().app_url, &url)
            && let Some(bearer) = self.bearer()?
        {
            request = request.header(TOKEN, bearer);
        }
        let started = Instant::now();
        let response = request.send().await.map_err(|error| Error::transport(None, error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let by_proxy = headers.contains_key("x-proxied-replica");
        // An app may answer without end; its head says enough.
        let body = if by_proxy && keyword.is_none() {
            bytes::Bytes::new()
        } else {
            read_body(response, ENOUGH).await.map_err(|error| Error::transport(None, error))?
        };
        let took = started.elapsed();
        let text = String::from_utf8_lossy(&body);
        let is_page = text.trim_start().starts_with('<')
            || header(&headers, CONTENT_TYPE.as_str())
                .is_some_and(|kind| kind.contains("text/html"));
        let in_error = text.trim() == "Your space is in error, check its status on hf.co";
        let by_app = by_proxy || (!is_page && !in_error && !matches!(status, 404 | 500..=599));
        let preparing = !by_proxy && is_page && text.contains("Preparing Space");
        let has_keyword = keyword.is_none_or(|keyword| text.contains(keyword));
        Ok(Visit { status, answered_by_app: by_app, preparing, has_keyword, took })
    }
}

/// Makes the address of an app from the configured template. The subdomain is the Hub's; only
/// without it is it guessed from the name.
pub(crate) fn url(
    template: &str,
    id: &SpaceId,
    subdomain: Option<&str>,
    is_static: bool,
) -> String {
    let guess = || {
        let name = format!("{}-{}", id.owner(), id.name());
        name.to_ascii_lowercase().replace(['_', '.'], "-")
    };
    let label = subdomain.map_or_else(guess, str::to_owned);
    // Static files are served from a host of their own, where hosts tell Spaces apart.
    let by_host = template.contains("://{subdomain}.");
    if is_static && by_host && !label.ends_with(".static") {
        return template.replace(PLACEHOLDER, &format!("{label}.static"));
    }
    template.replace(PLACEHOLDER, &label)
}

/// The label of an app's host.
pub(crate) fn label(host: &Url) -> Option<String> {
    let label = host.host_str()?.split('.').next()?;
    (host.domain().is_some() && is_label(label)).then(|| label.to_owned())
}

/// Whether `url` is where the template puts some Space.
fn is_app_host(template: &str, url: &Url) -> bool {
    let Some((before, after)) = template.split_once(PLACEHOLDER) else { return false };
    let Some(rest) = url.as_str().strip_prefix(before) else { return false };
    let end = rest.find(|c: char| !is_label_char(c)).unwrap_or(rest.len());
    let label = &rest[..end];
    let Ok(expected) = Url::parse(&format!("{before}{label}{after}")) else { return false };
    is_label(label)
        && expected.origin() == url.origin()
        && url.path().starts_with(expected.path().trim_end_matches('/'))
        && url.username().is_empty()
        && url.password().is_none()
}

fn is_label(label: &str) -> bool {
    !label.is_empty() && label.chars().all(is_label_char)
}

fn is_label_char(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_goes_to_app_hosts_of_the_hub_only() {
        let hosts = "https://{subdomain}.hf.space/";
        for (template, url, trusted) in [
            (hosts, "https://alice-demo.hf.space/", true),
            (hosts, "https://alice-demo.hf.space/health?x=1", true),
            (hosts, "http://alice-demo.hf.space/", false),
            (hosts, "https://alice-demo.hf.space:8443/", false),
            (hosts, "https://alice-demo.hf.space.evil.example/", false),
            (hosts, "https://evil.example/.hf.space/", false),
            (hosts, "https://alice@evil.example/", false),
            (hosts, "https://alice:demo@x.hf.space/", false),
            (hosts, "https://a.b.hf.space/", false),
            (hosts, "https://custom.example/", false),
            ("http://127.0.0.1:900/app/{subdomain}/", "http://127.0.0.1:900/app/alice-demo/", true),
            ("http://127.0.0.1:900/app/{subdomain}/", "http://127.0.0.1:900/api/spaces", false),
            ("http://127.0.0.1:900/app/{subdomain}/", "http://127.0.0.1:901/app/alice/", false),
        ] {
            assert_eq!(is_app_host(template, &Url::parse(url).unwrap()), trusted, "{url}");
        }
    }
}
