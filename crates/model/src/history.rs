//! What replicas used over hours and months: aggregates of what was reported.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The least, the average and the most of what was reported in a time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Aggregate {
    /// The least.
    pub min: f64,
    /// The average of all reports.
    pub mean: f64,
    /// The most.
    pub max: f64,
}

/// What the replicas of a Space used over a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MetricsHistory {
    /// For how long each point stands.
    pub step_seconds: u32,
    /// Each replica, the one that reported first first.
    pub series: Vec<MetricsSeries>,
    /// When the oldest of what is kept of this Space was reported; `null` when there is nothing.
    pub earliest: Option<DateTime<Utc>>,
}

/// What one replica used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MetricsSeries {
    /// The replica's short name; empty when the Hub gives none.
    pub replica: String,
    /// Oldest first. A time in which nothing was reported has no point.
    pub points: Vec<HistoryPoint>,
}

/// What a replica used in one step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HistoryPoint {
    /// When the step began.
    pub at: DateTime<Utc>,
    /// How many reports there were.
    pub count: u32,
    /// Percent of the processor allocation.
    pub cpu_pct: Option<Aggregate>,
    /// Bytes in use.
    pub memory_used_bytes: Option<Aggregate>,
    /// Bytes allowed.
    pub memory_total_bytes: Option<u64>,
    /// Received, in the Hub's unit (read as bytes a second).
    pub rx_bps: Option<Aggregate>,
    /// Sent, in the Hub's unit (read as bytes a second).
    pub tx_bps: Option<Aggregate>,
    /// Its GPUs.
    pub gpus: Vec<GpuHistoryPoint>,
}

/// What a GPU of a replica used in one step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GpuHistoryPoint {
    /// Its place among the GPUs of the replica, from 0 on.
    pub index: u32,
    /// Percent.
    pub utilisation_pct: Option<Aggregate>,
    /// Bytes in use.
    pub memory_used_bytes: Option<Aggregate>,
    /// Bytes there are.
    pub memory_total_bytes: Option<u64>,
}

/// For how long each point of a history stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
pub enum HistoryStep {
    /// One minute; kept for two days.
    #[serde(rename = "1m")]
    Minute,
    /// A quarter of an hour; kept for two weeks.
    #[serde(rename = "15m")]
    Quarter,
    /// One hour; kept for as long as the settings say.
    #[serde(rename = "1h")]
    Hour,
}

impl HistoryStep {
    /// All, the finest first.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Quarter, Self::Hour];

    /// Returns how many minutes it is long.
    pub fn minutes(self) -> i64 {
        match self {
            Self::Minute => 1,
            Self::Quarter => 15,
            Self::Hour => 60,
        }
    }

    /// Returns for how many minutes its points are kept; `None` where a person chooses.
    pub fn kept_minutes(self) -> Option<i64> {
        match self {
            Self::Minute => Some(48 * 60),
            Self::Quarter => Some(14 * 24 * 60),
            Self::Hour => None,
        }
    }
}
