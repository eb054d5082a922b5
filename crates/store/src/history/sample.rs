//! What was reported in one step, and adding two of them up.

use hfsm_model::{Aggregate, SpaceId};
use sea_orm::ActiveValue::Set;

use super::table::samples;

/// What a series is of: a replica of a Space, or a GPU of a replica.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesKey {
    /// The Space.
    pub space: SpaceId,
    /// The replica's short name.
    pub replica: String,
    /// Which of its GPUs; `None` for the replica itself.
    pub gpu: Option<u32>,
}

impl SeriesKey {
    /// Returns the GPU as it is stored: a replica itself is -1, since what is absent is never the
    /// same as anything in a database.
    pub(super) fn gpu_number(&self) -> i32 {
        self.gpu.and_then(|gpu| i32::try_from(gpu).ok()).unwrap_or(-1)
    }
}

/// What was reported in one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// The minute since 1970 with which the step begins.
    pub at: i64,
    /// How many reports there were.
    pub count: u32,
    /// Percent of the processor, or of the GPU.
    pub load: Option<Aggregate>,
    /// Bytes in use.
    pub memory: Option<Aggregate>,
    /// Bytes there are.
    pub memory_total: Option<u64>,
    /// Bytes received in a second.
    pub rx: Option<Aggregate>,
    /// Bytes sent in a second.
    pub tx: Option<Aggregate>,
}

impl Sample {
    /// Adds what was reported at another time. The step begins when it began.
    pub fn merge(&mut self, other: &Self) {
        let weights = (f64::from(self.count), f64::from(other.count));
        self.load = both(self.load, other.load, weights);
        self.memory = both(self.memory, other.memory, weights);
        self.rx = both(self.rx, other.rx, weights);
        self.tx = both(self.tx, other.tx, weights);
        self.memory_total = self.memory_total.max(other.memory_total);
        self.count = self.count.saturating_add(other.count);
    }

    pub(super) fn row(&self, series: i64) -> samples::ActiveModel {
        let part = |of: Option<Aggregate>, part: fn(Aggregate) -> f64| Set(of.map(part));
        samples::ActiveModel {
            series: Set(series),
            step: Set(1),
            at: Set(self.at),
            count: Set(i64::from(self.count)),
            load_min: part(self.load, |of| of.min),
            load_mean: part(self.load, |of| of.mean),
            load_max: part(self.load, |of| of.max),
            memory_min: part(self.memory, |of| of.min),
            memory_mean: part(self.memory, |of| of.mean),
            memory_max: part(self.memory, |of| of.max),
            rx_min: part(self.rx, |of| of.min),
            rx_mean: part(self.rx, |of| of.mean),
            rx_max: part(self.rx, |of| of.max),
            tx_min: part(self.tx, |of| of.min),
            tx_mean: part(self.tx, |of| of.mean),
            tx_max: part(self.tx, |of| of.max),
            memory_total: Set(self.memory_total.and_then(|total| i64::try_from(total).ok())),
        }
    }
}

impl From<samples::Model> for Sample {
    fn from(row: samples::Model) -> Self {
        let whole = |min: Option<f64>, mean: Option<f64>, max: Option<f64>| {
            Some(Aggregate { min: min?, mean: mean?, max: max? })
        };
        Self {
            at: row.at,
            count: u32::try_from(row.count).unwrap_or(u32::MAX),
            load: whole(row.load_min, row.load_mean, row.load_max),
            memory: whole(row.memory_min, row.memory_mean, row.memory_max),
            memory_total: row.memory_total.and_then(|total| u64::try_from(total).ok()),
            rx: whole(row.rx_min, row.rx_mean, row.rx_max),
            tx: whole(row.tx_min, row.tx_mean, row.tx_max),
        }
    }
}

/// What is stored of a replica or a GPU.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredSeries {
    /// The replica's short name.
    pub replica: String,
    /// Which of its GPUs; `None` for the replica itself.
    pub gpu: Option<u32>,
    /// Oldest first.
    pub samples: Vec<Sample>,
}

fn both(a: Option<Aggregate>, b: Option<Aggregate>, weights: (f64, f64)) -> Option<Aggregate> {
    let (Some(one), Some(other)) = (a, b) else { return a.or(b) };
    Some(Aggregate {
        min: one.min.min(other.min),
        mean: (one.mean * weights.0 + other.mean * weights.1) / (weights.0 + weights.1),
        max: one.max.max(other.max),
    })
}
