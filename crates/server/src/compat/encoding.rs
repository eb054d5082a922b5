//! Metrics events in the old shape, written once for all who listen.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::{Bytes, BytesMut};
use hfsm_core::events::Batch;
use hfsm_model::{Event, GpuSample, MetricsSample, SpaceId};
use serde::{Serialize, Serializer, ser::SerializeMap};

/// So many batches are kept for readers that are a little behind.
const KEPT: usize = 32;

/// The metrics of a batch as old events.
#[derive(Debug)]
pub(super) struct OldEvents {
    all: Bytes,
    each: Vec<OldEvent>,
}

#[derive(Debug)]
struct OldEvent {
    seq: u64,
    from: usize,
    to: usize,
}

impl OldEvents {
    fn of(batch: &Batch) -> Self {
        let mut text = Vec::with_capacity(batch.frames().len() * 320);
        let mut each = Vec::new();
        for frame in batch.frames() {
            if let Event::Metrics { space, point } = &frame.envelope.event {
                let from = text.len();
                write(&mut text, space, &point.sample);
                let to = text.len();
                each.push(OldEvent { seq: frame.envelope.seq, from, to });
            }
        }
        Self { all: text.into(), each }
    }

    /// Returns every event, in the very bytes that all other readers get.
    pub(super) fn all(&self) -> Bytes {
        self.all.clone()
    }

    /// Returns the events with these numbers, which ascend.
    pub(super) fn numbered(&self, wanted: impl Iterator<Item = u64>) -> Bytes {
        let mut text = BytesMut::new();
        let mut rest = &self.each[..];
        for seq in wanted {
            rest = &rest[rest.partition_point(|event| event.seq < seq)..];
            if let Some(event) = rest.first().filter(|event| event.seq == seq) {
                text.extend_from_slice(&self.all[event.from..event.to]);
            }
        }
        text.freeze()
    }
}

/// Writes each batch once.
#[derive(Clone, Default)]
pub(super) struct Encoder(Arc<Mutex<VecDeque<Encoded>>>);

/// A batch, by the number of its first event.
type Encoded = (u64, Arc<OldEvents>);

impl Encoder {
    pub(super) fn encode(&self, batch: &Batch) -> Option<Arc<OldEvents>> {
        let first = batch.frames().first()?.envelope.seq;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, events)) = kept.iter().rev().find(|(seq, _)| *seq == first) {
            return Some(Arc::clone(events));
        }
        let events = Arc::new(OldEvents::of(batch));
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((first, Arc::clone(&events)));
        Some(events)
    }
}

/// Writes one event.
pub(super) fn write(text: &mut Vec<u8>, space: &SpaceId, sample: &MetricsSample) {
    text.extend_from_slice(b"event: metric\ndata: ");
    let data = OldMetric { repo_id: space, metrics: OldMetrics(sample) };
    // Writing our own plain data into memory does not fail.
    let _ = serde_json::to_writer(&mut *text, &data);
    text.extend_from_slice(b"\n\n");
}

#[derive(Serialize)]
struct OldMetric<'a> {
    #[serde(rename = "repoId")]
    repo_id: &'a SpaceId,
    metrics: OldMetrics<'a>,
}

/// A sample with the Hub's own names, which the old application passed on.
struct OldMetrics<'a>(&'a MetricsSample);

impl Serialize for OldMetrics<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sample = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("cpu_usage_pct", &sample.cpu_pct)?;
        map.serialize_entry("cpu_millicores", &sample.cpu_millicores)?;
        map.serialize_entry("memory_used_bytes", &sample.memory_used_bytes)?;
        map.serialize_entry("memory_total_bytes", &sample.memory_total_bytes)?;
        map.serialize_entry("rx_bps", &sample.rx_bps)?;
        map.serialize_entry("tx_bps", &sample.tx_bps)?;
        map.serialize_entry("gpus", &OldGpus(&sample.gpus))?;
        map.serialize_entry("replica", &sample.replica)?;
        map.end()
    }
}

struct OldGpus<'a>(&'a [GpuSample]);

impl Serialize for OldGpus<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct OldGpu {
            utilization: Option<f64>,
            memory_used_bytes: Option<u64>,
            memory_total_bytes: Option<u64>,
        }
        serializer.collect_map(self.0.iter().map(|gpu| {
            let old = OldGpu {
                utilization: gpu.utilization_pct,
                memory_used_bytes: gpu.memory_used_bytes,
                memory_total_bytes: gpu.memory_total_bytes,
            };
            (&gpu.id, old)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_the_old_name_and_the_hubs_field_names() {
        let sample = MetricsSample {
            replica: "j6qz9".to_owned(),
            cpu_pct: Some(12.5),
            memory_used_bytes: Some(10),
            memory_total_bytes: None,
            ..MetricsSample::default()
        };
        let mut text = Vec::new();
        write(&mut text, &SpaceId::new("alice", "demo").unwrap(), &sample);
        let text = std::str::from_utf8(&text).unwrap();
        let data =
            text.strip_prefix("event: metric\ndata: ").unwrap().strip_suffix("\n\n").unwrap();
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["repoId"], "alice/demo");
        assert_eq!(data["metrics"]["cpu_usage_pct"], 12.5);
        assert_eq!(data["metrics"]["memory_total_bytes"], serde_json::Value::Null);
        assert_eq!(data["metrics"]["gpus"], serde_json::json!({}));
        assert_eq!(data["metrics"]["replica"], "j6qz9");
    }
}
