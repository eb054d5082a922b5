//! Which pages may talk to this server: those that it served itself.
//!
//! The `Host` check stops names that somebody points at this address (DNS rebinding); the `Origin`
//! and `Sec-Fetch-Site` checks stop pages of other sites, other ports of this machine included.
//! There are no CORS headers, so no other page ever reads an answer.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use hfsm_api::{ErrorCode, Problem};
use http::{HeaderMap, Method, Uri, header, uri::Authority};

/// Where containers ask whether we live; they use any name.
pub(crate) const HEALTH: &str = "/health";

/// The names under which this server is reached.
#[derive(Debug, Clone)]
pub(crate) struct Hosts {
    named: Arc<[String]>,
    bound: IpAddr,
}

impl Hosts {
    pub(crate) fn new(bound: IpAddr, named: &[String]) -> Self {
        Self { named: named.into(), bound }
    }

    fn allows(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if host == "localhost" || self.named.contains(&host) {
            return true;
        }
        let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() else { return false };
        // An address cannot be rebound. On loopback the others are refused all the same, because
        // nobody can have used them.
        address.is_loopback() || !self.bound.is_loopback()
    }

    fn check(&self, request: &Request) -> Result<(), Problem> {
        let Some(host) = authority(request.uri(), request.headers()) else {
            return Err(forbidden_host("the Host header is missing or unreadable".to_owned()));
        };
        if !self.allows(host.host()) {
            return Err(forbidden_host(format!(
                "this server does not answer as `{}`; add the name to HFSM_HOSTS if it is its own",
                host.host()
            )));
        }
        if !request.uri().path().starts_with("/api/") {
            return Ok(());
        }
        let headers = request.headers();
        if let Some(origin) = headers.get(header::ORIGIN) {
            let same = origin
                .to_str()
                .ok()
                .and_then(|origin| origin.parse::<Uri>().ok())
                .is_some_and(|origin| self.is_own(&origin, &host));
            return if same { Ok(()) } else { Err(forbidden_origin()) };
        }
        let site = headers.get("sec-fetch-site").map_or(&b"none"[..], |value| value.as_bytes());
        // Following a link to the reference from another page is no attack.
        let visit = request.method() == Method::GET
            && headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate");
        match site {
            b"same-origin" | b"none" => Ok(()),
            _ if visit => Ok(()),
            _ => Err(forbidden_origin()),
        }
    }

    fn is_own(&self, origin: &Uri, host: &Authority) -> bool {
        let Some(authority) = origin.authority() else { return false };
        let default = match origin.scheme_str() {
            Some("https") => 443,
            Some("http") => 80,
            _ => return false,
        };
        let same = authority.host().eq_ignore_ascii_case(host.host())
            && authority.port_u16().unwrap_or(default) == host.port_u16().unwrap_or(default);
        // A proxy may have put another name into Host.
        same || self.named.contains(&authority.host().to_ascii_lowercase())
    }
}

/// Refuses requests under foreign names and from foreign pages.
pub(crate) async fn check_origin(
    State(hosts): State<Hosts>,
    request: Request,
    next: Next,
) -> Response {
    if request.uri().path() != HEALTH
        && let Err(problem) = hosts.check(&request)
    {
        return problem.into_response();
    }
    next.run(request).await
}

fn authority(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    let mut named = headers.get_all(header::HOST).iter();
    match (named.next(), named.next()) {
        (Some(host), None) => host.to_str().ok()?.parse().ok(),
        (None, _) => uri.authority().cloned(),
        (Some(_), Some(_)) => None,
    }
}

fn forbidden_host(detail: String) -> Problem {
    Problem::new(ErrorCode::ForbiddenHost, detail)
}

fn forbidden_origin() -> Problem {
    Problem::new(
        ErrorCode::ForbiddenOrigin,
        "only pages that this server itself served may ask this",
    )
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn hosts(bound: &str) -> Hosts {
        Hosts::new(bound.parse().unwrap(), &["spaces.example.org".to_owned()])
    }

    fn code(hosts: &Hosts, method: &str, headers: &[(&str, &str)]) -> Option<ErrorCode> {
        let mut request = Request::builder().method(method).uri("/api/v1/spaces");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let refused = hosts.check(&request.body(Body::empty()).unwrap()).err()?;
        Some(refused.code)
    }

    #[test]
    fn only_our_own_names_are_answered() {
        let local = hosts("127.0.0.1");
        for own in
            ["127.0.0.1:8787", "localhost", "LOCALHOST:1", "[::1]:8787", "spaces.example.org"]
        {
            assert_eq!(code(&local, "GET", &[("host", own)]), None, "{own}");
        }
        for foreign in ["evil.example", "localhost.evil.example", "192.0.2.1", "a b", ""] {
            let refused = code(&local, "GET", &[("host", foreign)]);
            assert_eq!(refused, Some(ErrorCode::ForbiddenHost), "{foreign}");
        }
        assert_eq!(code(&local, "GET", &[]), Some(ErrorCode::ForbiddenHost));
        assert_eq!(code(&hosts("0.0.0.0"), "GET", &[("host", "192.0.2.1:80")]), None);
        assert_eq!(
            code(&hosts("0.0.0.0"), "GET", &[("host", "evil.example")]),
            Some(ErrorCode::ForbiddenHost)
        );
    }

    #[test]
    fn pages_of_other_sites_and_other_ports_are_refused() {
        let local = hosts("127.0.0.1");
        let host = ("host", "localhost:8787");
        for foreign in ["https://evil.example", "http://localhost:3000", "null", "file://", "x y"] {
            for method in ["GET", "POST"] {
                let refused = code(&local, method, &[host, ("origin", foreign)]);
                assert_eq!(refused, Some(ErrorCode::ForbiddenOrigin), "{method} {foreign}");
            }
        }
        for site in ["cross-site", "same-site", "anything"] {
            let refused = code(&local, "GET", &[host, ("sec-fetch-site", site)]);
            assert_eq!(refused, Some(ErrorCode::ForbiddenOrigin), "{site}");
        }
    }

    #[test]
    fn our_own_page_and_programs_are_let_in() {
        let local = hosts("127.0.0.1");
        let host = ("host", "localhost:8787");
        assert_eq!(code(&local, "POST", &[host]), None);
        assert_eq!(code(&local, "POST", &[host, ("origin", "http://localhost:8787")]), None);
        assert_eq!(code(&local, "POST", &[host, ("sec-fetch-site", "same-origin")]), None);
        let link = [host, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
        assert_eq!(code(&local, "GET", &link), None);
        assert_eq!(code(&local, "POST", &link), Some(ErrorCode::ForbiddenOrigin));
        let proxied = [("host", "spaces.example.org"), ("origin", "https://spaces.example.org")];
        assert_eq!(code(&local, "POST", &proxied), None);
        let renamed = [host, ("origin", "https://spaces.example.org")];
        assert_eq!(code(&local, "POST", &renamed), None);
    }
}
