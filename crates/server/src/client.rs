//! Who is at the other end of a connection, also behind a proxy that is believed.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::HeaderMap;

/// The other end of a connection, as a request extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// Its address.
    pub address: IpAddr,
    /// Whether it speaks to us, or to the proxy before us, by TLS.
    pub secure: bool,
}

impl Client {
    /// Returns the client that `peer` speaks for, where it is a proxy in `trusted`.
    fn behind(self, headers: &HeaderMap, trusted: &[IpAddr]) -> Self {
        let believed = |address: &IpAddr| {
            trusted.iter().any(|proxy| proxy.to_canonical() == address.to_canonical())
        };
        if !believed(&self.address) {
            return self;
        }
        let address = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|part| part.trim().parse::<IpAddr>())
            .collect::<Result<Vec<_>, _>>()
            .unwrap_or_default()
            .into_iter()
            .rev()
            // What stands before the last address that we do not believe was written by anybody.
            .find(|address| !believed(address))
            .unwrap_or(self.address);
        let secure = headers
            .get("x-forwarded-proto")
            .map_or(self.secure, |proto| proto.as_bytes().eq_ignore_ascii_case(b"https"));
        Self { address, secure }
    }
}

/// Replaces the [`Client`] that the listener noted by the one behind a trusted proxy.
pub(crate) async fn look_behind_proxies(
    State(trusted): State<Arc<[IpAddr]>>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(peer) = request.extensions().get::<Client>().copied() {
        let client = peer.behind(request.headers(), &trusted);
        request.extensions_mut().insert(client);
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(forwarded: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", forwarded.parse().unwrap());
        headers.insert("x-forwarded-proto", "https".parse().unwrap());
        headers
    }

    fn behind(peer: &str, forwarded: &str) -> (String, bool) {
        let peer = Client { address: peer.parse().unwrap(), secure: false };
        let client = peer.behind(&headers(forwarded), &["10.0.0.1".parse().unwrap()]);
        (client.address.to_string(), client.secure)
    }

    #[test]
    fn only_a_trusted_proxy_speaks_for_others() {
        assert_eq!(behind("10.0.0.1", "203.0.113.9"), ("203.0.113.9".to_owned(), true));
        assert_eq!(behind("10.0.0.2", "203.0.113.9"), ("10.0.0.2".to_owned(), false));
    }

    #[test]
    fn an_address_that_the_client_wrote_itself_is_not_believed() {
        assert_eq!(behind("10.0.0.1", "1.1.1.1, 203.0.113.9").0, "203.0.113.9");
        assert_eq!(behind("10.0.0.1", "203.0.113.9, 10.0.0.1").0, "203.0.113.9");
        assert_eq!(behind("10.0.0.1", "nonsense").0, "10.0.0.1");
    }
}
