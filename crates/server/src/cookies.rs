//! The cookie that carries a session.

use axum_extra::extract::CookieJar;
use cookie::{Cookie, SameSite, time::Duration};
use http::HeaderMap;

use crate::{client::Client, sign_in::SESSION_HOURS};

/// Names, reads and writes the session cookie.
///
/// Browsers share cookies among all ports of a host, so the name holds the port: a demo beside a
/// real server signs nobody out there.
#[derive(Debug, Clone)]
pub(crate) struct SessionCookie {
    name: String,
}

impl SessionCookie {
    pub(crate) fn of_port(port: u16) -> Self {
        Self { name: format!("hfsm_session_{port}") }
    }

    pub(crate) fn read(&self, headers: &HeaderMap) -> Option<String> {
        CookieJar::from_headers(headers).get(&self.name).map(|cookie| cookie.value().to_owned())
    }

    pub(crate) fn begin(&self, token: &str, client: Client) -> CookieJar {
        CookieJar::new().add(self.cookie(token.to_owned(), client, SESSION_HOURS))
    }

    pub(crate) fn end(&self, client: Client) -> CookieJar {
        CookieJar::new().add(self.cookie(String::new(), client, 0))
    }

    fn cookie(&self, value: String, client: Client, hours: i64) -> Cookie<'static> {
        Cookie::build((self.name.clone(), value))
            .http_only(true)
            .same_site(SameSite::Strict)
            .secure(client.secure)
            .path("/")
            .max_age(Duration::hours(hours))
            .build()
    }
}
