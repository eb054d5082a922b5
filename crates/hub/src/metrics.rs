//! Live metrics: what each replica uses, once a second.

use futures::stream::BoxStream;
use hfsm_model::{GpuSample, MetricsSample, SpaceId};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    Error, Gateway,
    doors::{EitherStream, Source, stream_of},
    wire::{self, Number},
};

impl Gateway {
    /// Opens one stream of metrics; replicas interleave in it. It ends when the Hub ends it, and
    /// after an error. Dropping it closes the connection.
    ///
    /// # Errors
    /// [`Error::StreamUnavailable`] in stages without metrics, and for static Spaces always.
    pub async fn metrics(
        &self,
        id: &SpaceId,
    ) -> Result<BoxStream<'static, Result<MetricsSample, Error>>, Error> {
        let stream = EitherStream::open(self, id, Source::Metrics).await?;
        // Boxed, since it is large and moved with each item.
        Ok(stream_of(Box::new(stream), |mut stream| async move {
            loop {
                match stream.next().await? {
                    Ok((_, data)) => {
                        if let Some(sample) = sample(&data) {
                            stream.proven();
                            return Some((Ok(sample), stream));
                        }
                    }
                    Err(error) => return Some((Err(error), stream)),
                }
            }
        }))
    }
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Raw {
    cpu_usage_pct: Number,
    cpu_millicores: Number,
    memory_used_bytes: Number,
    memory_total_bytes: Number,
    rx_bps: Number,
    tx_bps: Number,
    gpus: Value,
    replica: Value,
}

/// Reads the data of a `metric` event; `None` for everything else that comes this way.
fn sample(data: &str) -> Option<MetricsSample> {
    if !data.trim_start().starts_with('{') {
        return None;
    }
    let raw: Raw = serde_json::from_str(data).ok()?;
    let sample = MetricsSample {
        replica: match raw.replica {
            Value::String(name) => name,
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        },
        cpu_pct: raw.cpu_usage_pct.0,
        cpu_millicores: raw.cpu_millicores.0,
        memory_used_bytes: raw.memory_used_bytes.count(),
        memory_total_bytes: raw.memory_total_bytes.count(),
        rx_bps: raw.rx_bps.0,
        tx_bps: raw.tx_bps.0,
        gpus: gpus(&raw.gpus),
    };
    let says_something = sample.cpu_pct.is_some()
        || sample.memory_used_bytes.is_some()
        || sample.rx_bps.is_some()
        || sample.tx_bps.is_some();
    says_something.then_some(sample)
}

fn gpus(value: &Value) -> Vec<GpuSample> {
    let gpu = |(id, value): (&String, &Value)| GpuSample {
        id: id.clone(),
        utilization_pct: wire::float(value, "utilization"),
        memory_used_bytes: wire::count(value, "memory_used_bytes"),
        memory_total_bytes: wire::count(value, "memory_total_bytes"),
    };
    value.as_object().map(|gpus| gpus.iter().map(gpu).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_sample_is_read() {
        let sample = sample(
            r#"{"cpu_usage_pct":12.4,"cpu_millicores":2000,"memory_used_bytes":433451008,
            "memory_total_bytes":17179869184,"rx_bps":1530,"tx_bps":2210,
            "gpus":{"d901cd7f":{"utilization":7,"memory_used_bytes":0,"memory_total_bytes":22836000000}},
            "replica":"j6qz9","future":[1]}"#,
        )
        .unwrap();
        assert_eq!(sample.replica, "j6qz9");
        assert_eq!(sample.memory_total_bytes, Some(17_179_869_184));
        assert_eq!(sample.gpus[0].utilization_pct, Some(7.0));
    }

    #[test]
    fn missing_null_and_strange_fields_are_absent() {
        let sample = sample(
            r#"{"cpu_usage_pct":"3.5","memory_used_bytes":null,"memory_total_bytes":{"a":[1]},
            "rx_bps":true,"gpus":null,"replica":null}"#,
        )
        .unwrap();
        assert_eq!(sample.cpu_pct, Some(3.5));
        assert_eq!((sample.memory_used_bytes, sample.memory_total_bytes), (None, None));
        assert_eq!((sample.replica.as_str(), sample.gpus.len()), ("", 0));
    }

    #[test]
    fn what_is_no_sample_is_passed_over() {
        for data in
            ["", "0", "RUNNING", "{}", r#"{"stage":"RUNNING"}"#, "{\"cpu_usage_pct\":1", "[]"]
        {
            assert_eq!(sample(data), None, "{data}");
        }
    }
}
