//! What a request is about, for faults and for counting.

use http::Method;
use serde::{Deserialize, Serialize};

/// Kinds of requests; a kind's word in JSON is its name in kebab-case, e.g. `run-logs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteKind {
    /// `GET /api/whoami-v2`
    Whoami,
    /// `GET /api/spaces`
    List,
    /// `GET /api/spaces/{id}`
    Space,
    /// `GET …/runtime`
    Runtime,
    /// `POST …/restart`
    Restart,
    /// `POST …/pause`
    Pause,
    /// `POST …/sleeptime`
    SleepTime,
    /// `POST …/hardware`
    Hardware,
    /// `POST …/dev-mode`
    DevMode,
    /// `POST …/replicas`
    Replicas,
    /// `PUT|DELETE …/volumes`
    Volumes,
    /// `…/secrets`
    Secrets,
    /// `…/variables`
    Variables,
    /// `PUT …/settings`
    Settings,
    /// `GET …/auth-check[/write]`
    AuthCheck,
    /// `GET …/jwt`
    Jwt,
    /// `GET …/metrics` and its twin on the streaming host
    Metrics,
    /// `GET …/events` and its twin
    Events,
    /// `GET …/logs/run` and its twin
    RunLogs,
    /// `GET …/logs/build` and its twin
    BuildLogs,
    /// `GET /api/spaces/hardware`
    HardwareList,
    /// `/api/repos/…` and `…/duplicate`
    Repos,
    /// `/oauth/…`
    OAuth,
    /// A visit of an app
    App,
    /// The rest
    Other,
}

impl RouteKind {
    /// Whether an answer of this kind is a stream.
    #[must_use]
    pub fn is_stream(self) -> bool {
        matches!(self, Self::Metrics | Self::Events | Self::RunLogs | Self::BuildLogs)
    }

    /// Whether an answer of this kind is a runtime object, rather than something that contains one.
    pub(crate) fn is_runtime(self) -> bool {
        matches!(
            self,
            Self::Runtime
                | Self::Restart
                | Self::Pause
                | Self::SleepTime
                | Self::Hardware
                | Self::DevMode
                | Self::Replicas
                | Self::Volumes
        )
    }

    /// The kind of a request and the id of the Space that it names.
    pub(crate) fn of(method: &Method, path: &str) -> (Self, Option<String>) {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match parts.as_slice() {
            ["api", "whoami-v2"] => (Self::Whoami, None),
            ["api", "spaces"] => (Self::List, None),
            ["api", "spaces", "hardware"] => (Self::HardwareList, None),
            ["api", "spaces", _] | ["api", "spaces", "by-subdomain" | "zero-gpu", _] => {
                (Self::Other, None)
            }
            ["api", "spaces", owner, name, rest @ ..] => {
                (Self::of_space(method, rest), Some(format!("{owner}/{name}")))
            }
            ["v1", owner, name, rest @ ..] => {
                (Self::of_stream(rest), Some(format!("{owner}/{name}")))
            }
            ["api", "repos", ..] => (Self::Repos, None),
            ["oauth", ..] => (Self::OAuth, None),
            ["app", ..] => (Self::App, None),
            _ => (Self::Other, None),
        }
    }

    fn of_space(method: &Method, rest: &[&str]) -> Self {
        match (method, rest) {
            (&Method::GET, [] | ["revision", _]) => Self::Space,
            (_, ["runtime"]) => Self::Runtime,
            (_, ["restart"]) => Self::Restart,
            (_, ["pause"]) => Self::Pause,
            (_, ["sleeptime"]) => Self::SleepTime,
            (_, ["hardware"]) => Self::Hardware,
            (_, ["dev-mode"]) => Self::DevMode,
            (_, ["replicas"]) => Self::Replicas,
            (_, ["volumes"]) => Self::Volumes,
            (_, ["secrets"]) => Self::Secrets,
            (_, ["variables"]) => Self::Variables,
            (_, ["settings"]) => Self::Settings,
            (_, ["auth-check", ..]) => Self::AuthCheck,
            (_, ["jwt"]) => Self::Jwt,
            (_, ["metrics"]) => Self::Metrics,
            (_, ["events"]) => Self::Events,
            (_, ["logs", "run"]) => Self::RunLogs,
            (_, ["logs", "build"]) => Self::BuildLogs,
            (_, ["duplicate"]) => Self::Repos,
            _ => Self::Other,
        }
    }

    fn of_stream(rest: &[&str]) -> Self {
        match rest {
            ["live-metrics", "sse"] => Self::Metrics,
            ["sse"] => Self::Events,
            ["logs", "run"] => Self::RunLogs,
            ["logs", "build"] => Self::BuildLogs,
            _ => Self::Other,
        }
    }
}
