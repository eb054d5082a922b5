//! What happens to a Space, as the Hub's own page hears it.

use futures::stream::BoxStream;
use hfsm_model::{Domain, Flavor, SleepTime, SpaceId, Stage};
use serde_json::Value;

use crate::{
    Error, Gateway,
    doors::{EitherStream, Source, stream_of},
    spaces, wire,
};

/// One thing that the stream of events says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpaceEvent {
    /// The stage; said again about once a second.
    Stage(Stage),
    /// GPUs that are lent to the Space now.
    ZeroGpuCount(u64),
    /// What runs and what was asked for.
    Compute(Compute),
}

/// What runs for a Space and what was asked for, as far as the Hub says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compute {
    /// The stage of what runs.
    pub stage: Option<Stage>,
    /// The Hub's reason for it.
    pub message: Option<String>,
    /// `gradio`, `docker`, `static`, …
    pub sdk: Option<String>,
    /// What was asked for.
    pub requested: Option<Flavor>,
    /// What runs.
    pub current: Option<Flavor>,
    /// When it falls asleep.
    pub sleep_time: SleepTime,
    /// Containers that serve.
    pub ready_replicas: Option<u64>,
    /// Containers that are to serve.
    pub target_replicas: Option<u64>,
    /// Where it answers.
    pub domains: Vec<Domain>,
}

impl Gateway {
    /// Opens one stream of events. It ends when the Hub ends it, and after an error. Dropping it
    /// closes the connection.
    ///
    /// For a static Space this stream says `CONFIG_ERROR` although all is well. Its stages are left
    /// out, and that stage of any Space until the stream has said what the Space is made with.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn events(
        &self,
        id: &SpaceId,
    ) -> Result<BoxStream<'static, Result<SpaceEvent, Error>>, Error> {
        let stream = EitherStream::open(self, id, Source::Events).await?;
        Ok(stream_of((stream, None::<bool>), |(mut stream, mut is_static)| async move {
            loop {
                let event = match stream.next().await? {
                    Ok((name, data)) => event(&name, &data),
                    Err(error) => return Some((Err(error), (stream, is_static))),
                };
                let Some(event) = event else { continue };
                stream.proven();
                match &event {
                    SpaceEvent::Compute(compute) => {
                        is_static = Some(compute.sdk.as_deref() == Some("static"));
                    }
                    SpaceEvent::Stage(stage) => {
                        if is_static.unwrap_or(*stage == Stage::CONFIG_ERROR) {
                            continue;
                        }
                    }
                    SpaceEvent::ZeroGpuCount(_) => {}
                }
                return Some((Ok(event), (stream, is_static)));
            }
        }))
    }
}

fn event(name: &str, data: &str) -> Option<SpaceEvent> {
    let data = data.trim();
    match name {
        // Bare text; quotes would do no harm.
        "stage" if !data.is_empty() => {
            Some(SpaceEvent::Stage(Stage::new(data.trim_matches('"').to_owned())))
        }
        "zero-gpu-count" => data.parse().ok().map(SpaceEvent::ZeroGpuCount),
        "space" => {
            serde_json::from_str(data).ok().map(|value| SpaceEvent::Compute(compute(&value)))
        }
        _ => None,
    }
}

fn compute(value: &Value) -> Compute {
    let null = Value::Null;
    let at = |path: &str| value.pointer(path).unwrap_or(&null);
    let (spec, current) = (at("/compute/spec"), at("/compute/current/status"));
    let flavor = |value: &Value| wire::word(value, "hardwareFlavor").map(Flavor);
    let is_static = wire::word(spec, "sdk").as_deref() == Some("static");
    Compute {
        stage: wire::word(current, "stage")
            .or_else(|| wire::word(at("/compute/status"), "stage"))
            .filter(|_| !is_static)
            .map(Stage::new),
        message: wire::word(at("/compute/status"), "message")
            .or_else(|| wire::word(current, "message")),
        sdk: wire::word(spec, "sdk"),
        requested: flavor(spec),
        current: flavor(at("/compute/current/spec")),
        sleep_time: spaces::sleep_time(spec),
        ready_replicas: wire::count(current, "readyReplicas"),
        target_replicas: wire::count(current, "targetReplicas"),
        domains: spaces::domains(at("/service/status")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_observed_events_are_read() {
        assert_eq!(event("stage", "RUNNING"), Some(SpaceEvent::Stage(Stage::RUNNING)));
        assert_eq!(event("zero-gpu-count", "0"), Some(SpaceEvent::ZeroGpuCount(0)));
        let Some(SpaceEvent::Compute(compute)) = event(
            "space",
            r#"{"compute":{"status":{"message":null},"spec":{"sdk":"gradio","sdkVersion":"6.1.0",
            "hardwareFlavor":"cpu-basic","region":"us","gcTimeout":172800},"current":{"spec":
            {"hardwareFlavor":"cpu-basic"},"status":{"readyReplicas":1,"targetReplicas":1,"stage":
            "RUNNING"}}},"service":{"status":{"domains":[{"domain":"alice-demo.hf.space","stage":"READY"}]}}}"#,
        ) else {
            panic!("no compute event")
        };
        assert_eq!(compute.stage, Some(Stage::RUNNING));
        assert_eq!(compute.sleep_time, SleepTime(Some(172_800)));
        assert_eq!((compute.ready_replicas, compute.domains.len()), (Some(1), 1));
    }

    #[test]
    fn what_is_not_known_is_passed_over() {
        for (name, data) in
            [("", ""), ("stage", ""), ("space", "{"), ("zero-gpu-count", "x"), ("new", "1")]
        {
            assert_eq!(event(name, data), None, "{name} {data}");
        }
        assert_eq!(event("space", "{}"), Some(SpaceEvent::Compute(Compute::default())));
        let of_a_static = r#"{"compute":{"spec":{"sdk":"static"},"current":{"status":{"stage":"CONFIG_ERROR"}}}}"#;
        let Some(SpaceEvent::Compute(compute)) = event("space", of_a_static) else { panic!() };
        assert_eq!(compute.stage, None);
    }
}
