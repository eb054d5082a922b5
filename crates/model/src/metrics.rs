//! What a replica uses, once a second.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One report of one replica. Every number may be missing at the Hub.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MetricsSample {
    /// The replica's short name, such as `j6qz9`; empty when the Hub gives none.
    #[serde(default)]
    pub replica: String,
    /// Percent of the replica's processor allocation; may pass 100 slightly.
    pub cpu_pct: Option<f64>,
    /// The processor allocation in thousandths of a core.
    pub cpu_millicores: Option<f64>,
    /// Bytes in use.
    pub memory_used_bytes: Option<u64>,
    /// Bytes allowed.
    pub memory_total_bytes: Option<u64>,
    /// Received, in the Hub's unit (read as bytes a second).
    pub rx_bps: Option<f64>,
    /// Sent, in the Hub's unit (read as bytes a second).
    pub tx_bps: Option<f64>,
    /// Its GPUs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gpus: Vec<GpuSample>,
}

/// What a GPU of a replica uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GpuSample {
    /// The Hub's short name of the GPU.
    pub id: String,
    /// Percent.
    pub utilization_pct: Option<f64>,
    /// Bytes in use.
    pub memory_used_bytes: Option<u64>,
    /// Bytes there are.
    pub memory_total_bytes: Option<u64>,
}

/// A sample with the time at which it arrived.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MetricsPoint {
    /// When it arrived here.
    pub at: DateTime<Utc>,
    /// What it said.
    #[serde(flatten)]
    pub sample: MetricsSample,
}
