//! Hardware flavors, an open set, and what they cost.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The Hub's name of a kind of hardware, such as `cpu-basic`. The set is open.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "cpu-basic")]
pub struct Flavor(pub String);

impl Flavor {
    /// Returns the Hub's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Flavor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The hardware of a Space. The two differ while a change is under way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hardware {
    /// What runs now; `null` when nothing runs.
    pub current: Option<Flavor>,
    /// What was asked for.
    pub requested: Option<Flavor>,
}

/// One flavor that the Hub offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HardwareOption {
    /// The flavor to ask for.
    pub flavor: Flavor,
    /// Its name for people, such as `Nvidia T4 - small`.
    pub pretty_name: String,
    /// The Hub's words for the processor, such as `4 vCPU`.
    pub cpu: String,
    /// The Hub's words for the memory, such as `15 GB`.
    pub ram: String,
    /// The accelerator; `null` for plain processors.
    pub accelerator: Option<Accelerator>,
    /// US dollars for an hour of one replica; 0 when free.
    pub usd_per_hour: f64,
}

/// An accelerator of a flavor, in the Hub's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Accelerator {
    /// Such as `gpu` or `neuron`.
    pub kind: String,
    /// Such as `T4`.
    pub model: String,
    /// How many.
    pub quantity: String,
    /// Its memory, such as `16 GB`.
    pub vram: String,
    /// Such as `Nvidia`.
    pub manufacturer: String,
}
