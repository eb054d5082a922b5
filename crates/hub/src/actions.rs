//! What can be done to a Space.

use hfsm_model::{Action, Runtime, SleepTime, SpaceId};
use http::Method;
use serde_json::{Value, json};

use crate::{
    Error, Gateway,
    send::{Call, Reply},
    spaces,
};

/// An answer with the Hub's name of the request.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    /// What was answered.
    pub value: T,
    /// The Hub's name of the request, to quote to its support.
    pub request_id: Option<String>,
}

impl Gateway {
    /// Does `action` to a Space, and returns what the Hub makes of it.
    ///
    /// It is sent again only when it surely did not reach the Hub, or the Hub said to wait. After
    /// an error with [`Error::may_have_acted`] read the Space before asking again.
    ///
    /// # Errors
    /// See [`Error`]; a quota refusal does not go away by asking again.
    pub async fn act(&self, id: &SpaceId, action: &Action) -> Result<Answer<Runtime>, Error> {
        let (route, body) = request(action);
        let reply = self.change(Method::POST, id, route, body).await?;
        let request_id = reply.request_id();
        let runtime = reply.json().ok().and_then(|value| spaces::runtime(&value));
        let value = match runtime {
            Some(runtime) => runtime,
            // The action was taken; only the form of the answer is another than expected.
            None => self.runtime(id).await?,
        };
        Ok(Answer { value, request_id })
    }

    /// Asks whether this token may change the Space, without changing it. A token from a sign-in
    /// through the browser may be refused actions although the answer is yes.
    ///
    /// # Errors
    /// When the Hub does not say.
    pub async fn may_write(&self, id: &SpaceId) -> Result<bool, Error> {
        let url = self.space_url(id, "/auth-check/write");
        match self.get(url, Some(id)).await {
            Ok(_) => Ok(true),
            Err(
                Error::Forbidden(_)
                | Error::SpaceNotFound(_)
                | Error::SignInNeeded(_)
                | Error::PaymentRequired(_),
            ) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Sends what changes something at the Hub.
    pub(crate) async fn change(
        &self,
        method: Method,
        id: &SpaceId,
        route: &str,
        body: Option<Value>,
    ) -> Result<Reply, Error> {
        let (path, query) = route.split_once('?').unwrap_or((route, ""));
        let mut url = self.space_url(id, path);
        url.set_query((!query.is_empty()).then_some(query));
        self.send(&Call::act(method, url, id, body)).await
    }
}

fn request(action: &Action) -> (&'static str, Option<Value>) {
    match action {
        Action::Restart => ("/restart", None),
        Action::FactoryRebuild => ("/restart?factory=true", None),
        Action::Pause => ("/pause", None),
        Action::SetHardware { flavor, sleep_time: None } => {
            ("/hardware", Some(json!({"flavor": flavor})))
        }
        Action::SetHardware { flavor, sleep_time: Some(sleep_time) } => {
            ("/hardware", Some(json!({"flavor": flavor, "sleepTimeSeconds": seconds(*sleep_time)})))
        }
        Action::SetSleepTime { sleep_time } => {
            ("/sleeptime", Some(json!({"seconds": seconds(*sleep_time)})))
        }
        Action::SetDevMode { enabled } => ("/dev-mode", Some(json!({"enabled": enabled}))),
    }
}

/// The Hub writes "never" as -1.
fn seconds(sleep_time: SleepTime) -> Value {
    sleep_time.0.filter(|&seconds| seconds > 0).map_or(json!(-1), |seconds| json!(seconds))
}

#[cfg(test)]
mod tests {
    use hfsm_model::Flavor;

    use super::*;

    #[test]
    fn each_action_is_written_as_the_hub_reads_it() {
        let flavor = Flavor("t4-medium".to_owned());
        let hardware = |sleep_time| Action::SetHardware { flavor: flavor.clone(), sleep_time };
        for (action, route, body) in [
            (Action::Restart, "/restart", None),
            (Action::FactoryRebuild, "/restart?factory=true", None),
            (Action::Pause, "/pause", None),
            (hardware(None), "/hardware", Some(json!({"flavor": "t4-medium"}))),
            (
                hardware(Some(SleepTime(None))),
                "/hardware",
                Some(json!({"flavor": "t4-medium", "sleepTimeSeconds": -1})),
            ),
            (
                Action::SetSleepTime { sleep_time: SleepTime(Some(3600)) },
                "/sleeptime",
                Some(json!({"seconds": 3600})),
            ),
            (
                Action::SetSleepTime { sleep_time: SleepTime(Some(0)) },
                "/sleeptime",
                Some(json!({"seconds": -1})),
            ),
            (Action::SetDevMode { enabled: false }, "/dev-mode", Some(json!({"enabled": false}))),
        ] {
            assert_eq!(request(&action), (route, body), "{action:?}");
        }
    }
}
