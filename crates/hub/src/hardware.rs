//! The hardware that the Hub offers.

use hfsm_model::{Accelerator, Flavor, HardwareOption};
use serde_json::Value;

use crate::{Error, Gateway, wire};

impl Gateway {
    /// Reads the flavors that can be asked for, with their prices, in the Hub's order.
    ///
    /// # Errors
    /// When the Hub does not say.
    pub async fn hardware(&self) -> Result<Vec<HardwareOption>, Error> {
        let reply = self.get(self.hub_url("/api/spaces/hardware"), None).await?;
        let value = reply.json()?;
        let options =
            value.as_array().ok_or_else(|| reply.unexpected("it is no list of hardware"))?;
        Ok(options.iter().filter_map(option).collect())
    }
}

fn option(value: &Value) -> Option<HardwareOption> {
    let flavor = wire::word(value, "name")?;
    let words = |key: &str| wire::word(value, key).unwrap_or_default();
    Some(HardwareOption {
        pretty_name: wire::word(value, "prettyName").unwrap_or_else(|| flavor.clone()),
        cpu: words("cpu"),
        ram: words("ram"),
        accelerator: value.get("accelerator").filter(|value| value.is_object()).map(accelerator),
        usd_per_hour: usd_per_hour(value),
        flavor: Flavor(flavor),
    })
}

fn accelerator(value: &Value) -> Accelerator {
    let words = |key: &str| wire::word(value, key).unwrap_or_default();
    Accelerator {
        kind: words("type"),
        model: words("model"),
        quantity: words("quantity"),
        vram: words("vram"),
        manufacturer: words("manufacturer"),
    }
}

fn usd_per_hour(value: &Value) -> f64 {
    let micro = wire::float(value, "unitCostMicroUSD").map(|micro| micro / 1e6);
    // Whole millionths first: the other field is rounded.
    let unit = micro.or_else(|| wire::float(value, "unitCostUSD")).unwrap_or_default();
    let units = match wire::word(value, "unitLabel").as_deref() {
        Some("second") => 3600.0,
        Some("hour") => 1.0,
        _ => 60.0,
    };
    // To a hundredth of a cent: 6667 millionths a minute are 0.40 an hour.
    (unit * units * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn prices_are_made_hourly() {
        let t4 = option(&json!({
            "name": "t4-small", "prettyName": "Nvidia T4 - small", "cpu": "4 vCPU", "ram": "15 GB",
            "accelerator": {"type": "gpu", "model": "T4", "quantity": "1", "vram": "16 GB",
                            "manufacturer": "Nvidia"},
            "unitCostMicroUSD": 6667, "unitCostUSD": 0.006667, "unitLabel": "minute"
        }))
        .unwrap();
        assert!((t4.usd_per_hour - 0.4).abs() < 1e-9, "{}", t4.usd_per_hour);
        assert_eq!(t4.accelerator.unwrap().model, "T4");
        let next =
            option(&json!({"name": "h900", "accelerator": null, "unitCostUSD": "0.01"})).unwrap();
        assert!((next.usd_per_hour - 0.6).abs() < 1e-9);
        assert_eq!((next.pretty_name.as_str(), next.accelerator), ("h900", None));
        assert!(option(&json!({"prettyName": "no name"})).is_none());
    }
}
