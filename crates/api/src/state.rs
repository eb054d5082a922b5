//! What handlers share.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json,
    extract::FromRef,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use hfsm_core::Fleet;
use hfsm_model::Operation;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{Caller, ErrorCode, Problem};

/// The header by which a request that acts can be sent twice without acting twice.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// What handlers share.
#[derive(Clone)]
pub(crate) struct ApiState {
    fleet: Fleet,
    /// Requests with a key that are under way: a second one waits for the first.
    under_way: Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>>,
}

impl FromRef<ApiState> for Fleet {
    fn from_ref(state: &ApiState) -> Self {
        state.fleet.clone()
    }
}

impl ApiState {
    pub(crate) fn new(fleet: Fleet) -> Self {
        Self { fleet, under_way: Arc::default() }
    }

    /// Does what is asked and answers 202 with the operation; a request with an idempotency key
    /// that was answered before is not done again but answered as then.
    pub(crate) async fn act_once<F>(
        &self,
        caller: &Caller,
        headers: &HeaderMap,
        request: &impl Serialize,
        act: impl FnOnce(Fleet) -> F,
    ) -> Result<Response, Problem>
    where
        F: Future<Output = Result<Operation, hfsm_core::Error>>,
    {
        let Some(key) = headers.get(IDEMPOTENCY_KEY) else {
            return Ok(accepted(&act(self.fleet.clone()).await?));
        };
        let key =
            key.to_str().ok().filter(|key| (1..=255).contains(&key.len())).ok_or_else(|| {
                Problem::new(
                    ErrorCode::InvalidRequest,
                    "`Idempotency-Key` may be 1 to 255 visible ASCII characters",
                )
            })?;
        let hash = hex::encode(Sha256::digest(serde_json::to_vec(request).unwrap_or_default()));
        let who = format!("{:?}", caller.actor());
        let turn = self.turn(&format!("{who} {key}"));
        let _turn = turn.lock().await;
        let store = self.fleet.store();
        if let Some(stored) = store.idempotent(&who, key).await.map_err(hfsm_core::Error::from)? {
            if stored.request_hash != hash {
                return Err(Problem::new(
                    ErrorCode::IdempotencyKeyReused,
                    "this `Idempotency-Key` was used for another request; make a new one",
                ));
            }
            let status = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::ACCEPTED);
            return Ok(
                (status, [(header::CONTENT_TYPE, "application/json")], stored.body).into_response()
            );
        }
        let operation = act(self.fleet.clone()).await?;
        let answer = hfsm_core::StoredAnswer {
            request_hash: hash,
            status: StatusCode::ACCEPTED.as_u16(),
            body: serde_json::to_vec(&operation).unwrap_or_default(),
        };
        store
            .save_idempotent(&who, key, &answer, self.fleet.clock().now())
            .await
            .map_err(hfsm_core::Error::from)?;
        Ok(accepted(&operation))
    }

    fn turn(&self, name: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.retain(|_, turn| Arc::strong_count(turn) > 1);
        under_way.entry(name.to_owned()).or_default().clone()
    }
}

fn accepted(operation: &Operation) -> Response {
    let location = format!("/api/v1/operations/{}", operation.id);
    (StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(operation)).into_response()
}
