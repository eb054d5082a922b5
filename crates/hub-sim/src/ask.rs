//! What a handler is given: the Hub, who asks, and which Space it is about.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::RequestPartsExt as _;
use axum::extract::{FromRequestParts, Path};
use http::header::HOST;
use http::request::Parts;

use crate::access::{Access, Caller};
use crate::answer::Refusal;
use crate::faults::Fault;
use crate::front::Struck;
use crate::hub::{self, Hub};
use crate::space::{At, Space};
use crate::state::State;

/// A request, as far as its handler cares.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) hub: Arc<Hub>,
    pub(crate) caller: Caller,
    pub(crate) struck: Arc<[Fault]>,
    pub(crate) token: Option<String>,
    /// The parts of the path that the route names.
    pub(crate) parts: HashMap<String, String>,
    /// Path and query as they came.
    pub(crate) path: String,
    /// Where the caller found us, e.g. `http://127.0.0.1:4242`.
    pub(crate) base: String,
    /// The query, decoded.
    pub(crate) query: Vec<(String, String)>,
}

impl FromRequestParts<Arc<Hub>> for Ask {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, Infallible> {
        let named = parts
            .extract::<Path<HashMap<String, String>>>()
            .await
            .map(|path| path.0)
            .unwrap_or_default();
        let nobody = Caller::Anonymous(IpAddr::V4(Ipv4Addr::LOCALHOST));
        Ok(Self {
            hub: Arc::clone(hub),
            caller: parts.extensions.get::<Caller>().cloned().unwrap_or(nobody),
            struck: parts
                .extensions
                .get::<Struck>()
                .map(|struck| Arc::clone(&struck.0))
                .unwrap_or_default(),
            token: hub::bearer(&parts.headers).map(str::to_owned),
            parts: named,
            path: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            base: base(parts),
            query: query(parts.uri.query().unwrap_or_default()),
        })
    }
}

impl Ask {
    pub(crate) fn part(&self, name: &str) -> &str {
        self.parts.get(name).map_or("", String::as_str)
    }

    /// The query parameter `name`, where it was given.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether the query parameter `name` says yes.
    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.param(name), Some("true" | "True" | "1"))
    }

    /// Looks at the Space of the path, which the caller has to see.
    pub(crate) fn see<T>(&self, look: impl FnOnce(&Space, Access) -> T) -> Result<T, Refusal> {
        self.hub.with(|state, _| {
            let (index, access) = state.find(&self.caller, &self.path, self.id())?;
            Ok(look(&state.spaces[index], access))
        })
    }

    /// Looks at the Space of the path, which the caller has to be allowed to manage.
    pub(crate) fn inspect<T>(&self, look: impl FnOnce(&Space) -> T) -> Result<T, Refusal> {
        self.hub.with(|state, _| {
            let index = state.find_managed(&self.caller, &self.path, self.id())?;
            Ok(look(&state.spaces[index]))
        })
    }

    /// Changes the Space of the path, which the caller has to be allowed to manage.
    pub(crate) fn manage<T>(
        &self,
        change: impl FnOnce(&mut State, usize, At<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.hub.change(|state, at| {
            let index = state.find_managed(&self.caller, &self.path, self.id())?;
            change(state, index, at)
        })
    }

    pub(crate) fn id(&self) -> (&str, &str) {
        (self.part("owner"), self.part("name"))
    }
}

fn base(parts: &Parts) -> String {
    let scheme = parts.uri.scheme_str().unwrap_or("http");
    let host = parts.uri.authority().map(|authority| authority.as_str().to_owned());
    let header = || parts.headers.get(HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
    format!("{scheme}://{}", host.or_else(header).unwrap_or_else(|| "127.0.0.1".to_owned()))
}

/// Reads a query or a form.
pub(crate) fn query(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| {
        percent_encoding::percent_decode_str(&part.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        })
        .collect()
}
