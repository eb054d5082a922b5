//! How busy a Space is: curves of CPU, memory, network and GPU that look like real apps' ones.

use serde_json::{Map, Value, json};

use crate::dice;
use crate::hardware::Flavor;

/// How busy a Space is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Percent of the CPU when nobody is there.
    pub idle_cpu: f64,
    /// Percent of the CPU that a busy hour adds.
    pub busy_cpu: f64,
    /// Part of the memory in use after the start, 0 to 1.
    pub memory: f64,
    /// Bytes a second that leave it in a busy hour.
    pub bytes_out: f64,
    /// The hour of the day (UTC) at which most visitors come; `None`: it is the same all day.
    pub peak_hour: Option<f64>,
    /// Whether people come at all: without visitors the Space falls asleep after its timeout.
    pub visitors: bool,
}

impl Default for Load {
    fn default() -> Self {
        Self::idle()
    }
}

impl Load {
    /// Nobody comes.
    #[must_use]
    pub fn idle() -> Self {
        Self {
            idle_cpu: 0.4,
            busy_cpu: 1.0,
            memory: 0.03,
            bytes_out: 900.0,
            peak_hour: None,
            visitors: false,
        }
    }

    /// A web app which most people use around `peak_hour` (UTC).
    #[must_use]
    pub fn web(peak_hour: f64) -> Self {
        Self {
            idle_cpu: 2.0,
            busy_cpu: 34.0,
            memory: 0.14,
            bytes_out: 180_000.0,
            peak_hour: Some(peak_hour),
            visitors: true,
        }
    }

    /// A model that answers questions: short, heavy work.
    #[must_use]
    pub fn model(peak_hour: f64) -> Self {
        Self {
            idle_cpu: 1.5,
            busy_cpu: 72.0,
            memory: 0.46,
            bytes_out: 60_000.0,
            peak_hour: Some(peak_hour),
            visitors: true,
        }
    }

    /// A batch that works all day.
    #[must_use]
    pub fn batch() -> Self {
        Self {
            idle_cpu: 12.0,
            busy_cpu: 70.0,
            memory: 0.33,
            bytes_out: 25_000.0,
            peak_hour: None,
            visitors: true,
        }
    }

    /// Part of the visitors of a busy hour that are here now, 0 to 1: they come in bursts.
    pub(crate) fn traffic(&self, seed: u64, hour: f64, elapsed: f64) -> f64 {
        let burst = dice::noise(seed ^ 2, elapsed / 6.0).powi(3);
        (self.tide(seed, hour, elapsed) + self.day(hour) * 0.65 * burst).min(1.0)
    }

    /// The slow part of the traffic: what a cache or a pool of connections follows.
    fn tide(&self, seed: u64, hour: f64, elapsed: f64) -> f64 {
        self.day(hour) * (0.25 + 0.55 * dice::noise(seed ^ 1, elapsed / 45.0))
    }

    /// How busy the hour is, 0 to 1.
    fn day(&self, hour: f64) -> f64 {
        match self.peak_hour {
            Some(peak) => {
                let away = (hour - peak + 36.0).rem_euclid(24.0) - 12.0;
                0.08 + 0.92 * (-(away * away) / 32.0).exp()
            }
            None => 0.6,
        }
    }
}

/// One container's numbers at one moment.
pub(crate) struct Moment<'a> {
    pub(crate) load: &'a Load,
    pub(crate) flavor: Flavor,
    pub(crate) replica: &'a str,
    pub(crate) seed: u64,
    pub(crate) hour: f64,
    pub(crate) elapsed: f64,
    /// Simulated seconds since the container's start.
    pub(crate) age: f64,
    /// Part of the way to the moment at which a leak kills it, 0 to 1.
    pub(crate) leak: Option<f64>,
}

impl Moment<'_> {
    /// The data of a `metric` event.
    pub(crate) fn sample(&self) -> Value {
        let traffic = self.load.traffic(self.seed, self.hour, self.elapsed);
        let quick = dice::noise(self.seed ^ 3, self.elapsed * 0.9);
        // A container that has just come up works hard on its imports and models.
        let boot = (-self.age / 12.0).exp();
        let cpu = self.load.idle_cpu * (0.6 + 0.8 * quick)
            + self.load.busy_cpu * traffic * (0.75 + 0.5 * quick)
            + 65.0 * boot * quick;
        let total = f64::from(self.flavor.ram_gb) * 1_073_741_824.0;
        let wander = dice::noise(self.seed ^ 4, self.elapsed / 90.0) - 0.5;
        let warm = 1.0 - 0.5 * (-self.age / 20.0).exp();
        let tide = self.load.tide(self.seed, self.hour, self.elapsed);
        let settled = self.load.memory * warm * (1.0 + 0.08 * wander + 0.25 * tide);
        let memory = match self.leak {
            Some(part) => settled + (0.985 - settled).max(0.0) * part,
            None => settled,
        };
        let out = self.load.bytes_out * traffic * (0.5 + quick) + 40.0 + 300.0 * quick;
        let inward = out * (0.12 + 0.1 * quick) + 20.0;
        json!({
            "cpu_usage_pct": round(cpu.clamp(0.0, 101.5), 2),
            "cpu_millicores": self.flavor.vcpu * 1000,
            "memory_used_bytes": (memory.min(1.0) * total) as u64,
            "memory_total_bytes": total as u64,
            "rx_bps": inward as u64,
            "tx_bps": out as u64,
            "gpus": self.gpus(traffic, quick),
            "replica": self.replica,
        })
    }

    fn gpus(&self, traffic: f64, quick: f64) -> Value {
        let Some((_, quantity, gigabytes)) = self.flavor.gpu else { return json!({}) };
        let total = f64::from(gigabytes) * 1_024.0 * 1_048_576.0 * 0.93;
        let mut gpus = Map::new();
        for index in 0..quantity {
            let own = dice::mix(self.seed ^ u64::from(index + 10));
            let share = dice::noise(own, self.elapsed / 4.0);
            let busy = if traffic > 0.12 { traffic * (40.0 + 60.0 * share) } else { 0.0 };
            let held = total * (0.38 + 0.3 * self.load.memory + 0.12 * traffic * quick);
            let entry = json!({
                "utilization": busy.clamp(0.0, 100.0).round(),
                "memory_used_bytes": held as u64,
                "memory_total_bytes": total as u64,
            });
            gpus.insert(format!("{:08x}", own as u32), entry);
        }
        Value::Object(gpus)
    }
}

fn round(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware;

    fn sample(load: &Load, hour: f64, elapsed: f64, leak: Option<f64>) -> Value {
        let flavor = hardware::find("t4-small");
        Moment {
            load,
            flavor,
            replica: "j6qz9",
            seed: 7,
            hour,
            elapsed,
            age: 7_200.0 + elapsed,
            leak,
        }
        .sample()
    }

    fn mean(load: &Load, hour: f64, field: &str) -> f64 {
        let values =
            (0..600).map(|second| sample(load, hour, f64::from(second), None)[field].as_f64());
        values.map(Option::unwrap).sum::<f64>() / 600.0
    }

    #[test]
    fn the_day_is_busier_than_the_night() {
        let load = Load::web(14.0);
        assert!(mean(&load, 14.0, "cpu_usage_pct") > 3.0 * mean(&load, 2.0, "cpu_usage_pct"));
        assert!(mean(&load, 14.0, "tx_bps") > 3.0 * mean(&load, 2.0, "tx_bps"));
    }

    #[test]
    fn samples_stay_within_their_limits() {
        for load in [Load::idle(), Load::web(3.0), Load::model(20.0), Load::batch()] {
            for second in 0..500 {
                let sample = sample(&load, 3.0, f64::from(second), None);
                assert!((0.0..=101.5).contains(&sample["cpu_usage_pct"].as_f64().unwrap()));
                assert!(
                    sample["memory_used_bytes"].as_u64() <= sample["memory_total_bytes"].as_u64()
                );
                let gpu = sample["gpus"].as_object().unwrap().values().next().unwrap();
                assert!((0.0..=100.0).contains(&gpu["utilization"].as_f64().unwrap()));
            }
        }
    }

    #[test]
    fn a_leak_fills_the_memory() {
        let load = Load::web(12.0);
        let used =
            |part| sample(&load, 12.0, 100.0, Some(part))["memory_used_bytes"].as_f64().unwrap();
        let total = sample(&load, 12.0, 100.0, None)["memory_total_bytes"].as_f64().unwrap();
        assert!(used(0.1) < used(0.5) && used(0.5) < used(0.9));
        assert!(used(1.0) > 0.97 * total);
    }
}
