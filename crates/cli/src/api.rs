//! Asking the API: that of a server which runs, or in this process.

mod remote;

use anyhow::Context;
use axum::{Router, body::Body};
use hfsm_api::{Caller, Problem};
use hfsm_server::{LocalDoor, ServerConfig};
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, de::DeserializeOwned};
use tower::ServiceExt;
use url::Url;

use crate::{
    engine::{self, Engine},
    exit::Failure,
};

use remote::Server;

/// The API, wherever it is.
pub(crate) enum Api {
    /// No server runs with the data folder, so this process has it.
    Here { router: Router, engine: Engine },
    /// A server has it, here or elsewhere.
    There(Server),
}

impl Api {
    /// Finds the server that is named, else the one that runs with the data folder, else does without.
    pub(crate) async fn find(config: &ServerConfig, server: Option<Url>) -> anyhow::Result<Self> {
        if let Some(url) = server {
            return Ok(Self::There(Server::new(url, config.api_key.clone())?));
        }
        match engine::lasting(config).await {
            Ok(engine) => Ok(Self::Here { router: hfsm_api::router(engine.fleet.clone()), engine }),
            Err(error) if is_locked(&error) => match LocalDoor::find(&config.data_dir) {
                Some((address, key)) => Ok(Self::There(Server::new(address.parse()?, Some(key))?)),
                None => Err(error.context(
                    "another program has this data folder; where it is the desktop program, use its window or its remote access with --server",
                )),
            },
            Err(error) => Err(error),
        }
    }

    /// Begins to do by itself what the server would, where there is none.
    pub(crate) async fn start(&self) -> anyhow::Result<()> {
        match self {
            Self::Here { engine, .. } => engine.first_lists().await.map(drop),
            Self::There(_) => Ok(()),
        }
    }

    /// Ends what was begun in this process.
    pub(crate) async fn close(self) {
        if let Self::Here { engine, .. } = self {
            engine.fleet.shutdown().await;
        }
    }

    /// Asks for something.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        read(&self.ask(Method::GET, path, None::<&()>).await?)
    }

    /// Asks for something that is no JSON.
    pub(crate) async fn text(&self, path: &str) -> anyhow::Result<String> {
        Ok(String::from_utf8(self.ask(Method::GET, path, None::<&()>).await?)?)
    }

    /// Sends something, and reads the answer.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> anyhow::Result<T> {
        read(&self.ask(method, path, body).await?)
    }

    /// Asks for something to be removed.
    pub(crate) async fn remove(&self, path: &str) -> anyhow::Result<()> {
        self.ask(Method::DELETE, path, None::<&()>).await.map(drop)
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> anyhow::Result<Vec<u8>> {
        let mut request = Request::builder().method(method).uri(path);
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                serde_json::to_vec(body)?
            }
            None => Vec::new(),
        };
        let (status, body) = match self {
            Self::Here { router, .. } => {
                let mut request = request.body(Body::from(body))?;
                request.extensions_mut().insert(Caller::CommandLine);
                let Ok(response) = router.clone().oneshot(request).await;
                collected(response).await?
            }
            Self::There(server) => server.ask(request.body(body)?).await?,
        };
        if status.is_success() { Ok(body) } else { Err(refusal(status, &body).into()) }
    }
}

/// Writes a name so that it can stand in an address.
pub(crate) fn part(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}

fn is_locked(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(hfsm_store::Error::Locked { .. }))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> anyhow::Result<T> {
    serde_json::from_slice(body).context("the server answered something else than its API says")
}

/// Reads the whole of an answer.
async fn collected<B>(response: Response<B>) -> anyhow::Result<(StatusCode, Vec<u8>)>
where
    B: BodyExt,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    let status = response.status();
    Ok((status, response.into_body().collect().await?.to_bytes().to_vec()))
}

/// Says why the API did not do it.
fn refusal(status: StatusCode, body: &[u8]) -> Failure {
    let said = serde_json::from_slice::<Problem>(body).map(|problem| problem.detail);
    let said = said.unwrap_or_else(|_| format!("the server answered {status}"));
    match status {
        StatusCode::NOT_FOUND => Failure::NotFound(said),
        StatusCode::UNAUTHORIZED => {
            Failure::Usage(format!("{said}; HFSM_API_KEY is to hold the API key of the server"))
        }
        StatusCode::CONFLICT | StatusCode::FORBIDDEN | StatusCode::UNPROCESSABLE_ENTITY => {
            Failure::AccountRefused(said)
        }
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            Failure::HubUnreachable(said)
        }
        status if status.is_client_error() => Failure::Usage(said),
        _ => Failure::Missed(said),
    }
}
