//! The hardware that Spaces run on, with its sizes and prices.

use serde_json::{Value, json};

/// One kind of machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flavor {
    pub(crate) name: &'static str,
    pub(crate) pretty: &'static str,
    pub(crate) vcpu: u32,
    pub(crate) ram_gb: u32,
    /// Model, how many, and the memory of each in GB.
    pub(crate) gpu: Option<(&'static str, u32, u32)>,
    /// Millionths of a dollar a minute.
    pub(crate) cost: u32,
}

type Gpu = Option<(&'static str, u32, u32)>;

const fn flavor(
    name: &'static str,
    pretty: &'static str,
    vcpu: u32,
    ram_gb: u32,
    gpu: Gpu,
    cost: u32,
) -> Flavor {
    Flavor { name, pretty, vcpu, ram_gb, gpu, cost }
}

/// What `GET /api/spaces/hardware` lists.
pub(crate) const FLAVORS: &[Flavor] = &[
    flavor("cpu-basic", "CPU Basic", 2, 16, None, 0),
    flavor("cpu-upgrade", "CPU Upgrade", 8, 32, None, 500),
    flavor("zero-a10g", "ZeroGPU", 8, 64, None, 0),
    flavor("t4-small", "Nvidia T4 - small", 4, 15, Some(("T4", 1, 16)), 6667),
    flavor("t4-medium", "Nvidia T4 - medium", 8, 30, Some(("T4", 1, 16)), 10000),
    flavor("l4x1", "1x Nvidia L4", 8, 30, Some(("L4", 1, 24)), 13333),
    flavor("l4x4", "4x Nvidia L4", 48, 186, Some(("L4", 4, 24)), 63333),
    flavor("l40sx1", "1x Nvidia L40S", 8, 62, Some(("L40S", 1, 48)), 30000),
    flavor("l40sx4", "4x Nvidia L40S", 48, 382, Some(("L40S", 4, 48)), 138333),
    flavor("l40sx8", "8x Nvidia L40S", 192, 1534, Some(("L40S", 8, 48)), 391667),
    flavor("a10g-small", "Nvidia A10G - small", 4, 15, Some(("A10G", 1, 24)), 16667),
    flavor("a10g-large", "Nvidia A10G - large", 12, 46, Some(("A10G", 1, 24)), 25000),
    flavor("a10g-largex2", "2x Nvidia A10G - large", 24, 92, Some(("A10G", 2, 24)), 50000),
    flavor("a10g-largex4", "4x Nvidia A10G - large", 48, 184, Some(("A10G", 4, 24)), 83333),
    flavor("a100-large", "Nvidia A100 - large", 12, 142, Some(("A100", 1, 80)), 41667),
    flavor("a100x4", "4x Nvidia A100", 48, 568, Some(("A100", 4, 80)), 166667),
    flavor("a100x8", "8x Nvidia A100", 96, 1136, Some(("A100", 8, 80)), 333333),
];

/// The flavor called `name`; a name that nobody knows behaves like the free one.
pub(crate) fn find(name: &str) -> Flavor {
    known(name).unwrap_or(FLAVORS[0])
}

/// The flavor called `name`, if it is on offer.
pub(crate) fn known(name: &str) -> Option<Flavor> {
    FLAVORS.iter().copied().find(|flavor| flavor.name == name)
}

/// The answer of `GET /api/spaces/hardware`.
pub(crate) fn list() -> Value {
    // ZeroGPU is granted by plan and is not rented by the minute, so that it is not on the list.
    FLAVORS.iter().filter(|flavor| flavor.name != "zero-a10g").map(entry).collect()
}

fn entry(flavor: &Flavor) -> Value {
    let accelerator = flavor.gpu.map(|(model, quantity, vram)| {
        json!({
            "type": "gpu", "model": model, "quantity": quantity.to_string(),
            "vram": format!("{} GB", vram * quantity), "manufacturer": "Nvidia",
        })
    });
    json!({
        "name": flavor.name,
        "prettyName": flavor.pretty,
        "cpu": format!("{} vCPU", flavor.vcpu),
        "ram": format!("{} GB", flavor.ram_gb),
        "accelerator": accelerator,
        "unitCostMicroUSD": flavor.cost,
        "unitCostUSD": f64::from(flavor.cost) / 1e6,
        "unitLabel": "minute",
    })
}
