//! The events of a Space's status stream.

use bytes::Bytes;
use serde_json::json;

use crate::hardware;
use crate::space::Space;
use crate::{stage, view};

/// What a tick of the stream says: the stage each time, the whole Space when there is news.
pub(crate) fn status(space: &Space, news: bool) -> Vec<Bytes> {
    // A static Space is up, and this stream says otherwise: so does the Hub's.
    let stage = if space.is_static() { stage::CONFIG_ERROR } else { space.stage.as_str() };
    let mut events = vec![Bytes::from(format!("event: stage\ndata: {stage}\n\n"))];
    if news {
        events.push(Bytes::from_static(b"event: zero-gpu-count\ndata: 0\n\n"));
        events.push(Bytes::from(format!("event: space\ndata: {}\n\n", description(space, stage))));
    }
    events
}

fn description(space: &Space, stage: &str) -> serde_json::Value {
    let card = &space.card;
    let message = if space.is_static() {
        Some("Static SDK is not supported")
    } else {
        space.error_message.as_deref()
    };
    json!({
        "compute": {
            "status": { "message": message },
            "spec": {
                "sdk": card.sdk.map(crate::spec::Sdk::word),
                "hardwareFlavor": hardware::find(&card.hardware).name,
                "region": "us", "gcTimeout": card.gc_timeout,
            },
            "current": {
                "spec": { "hardwareFlavor": space.hardware_now },
                "status": {
                    "readyReplicas": space.replicas.len(), "targetReplicas": card.replicas, "stage": stage,
                },
            },
        },
        "service": { "status": { "domains": view::runtime(space)["domains"] } },
    })
}
