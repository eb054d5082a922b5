//! Benchmarks of the engine against a simulated Hub in another process.
//!
//! What is measured runs as it is shipped: the simulated Hub and `hfsm serve` are programs of their
//! own, and this one plays the clients. Each scenario says what must be reached, what was measured,
//! and the ratio of the two; 1.00 is just enough, and less is better.

mod fan_out;
mod floor;
mod http;
mod idle;
mod list;
mod machine;
mod many_jobs;
mod processes;
mod recovery;
mod relay;
mod report;
mod simulation;
mod stage_change;
mod stalled_client;
mod stamps;
mod start;
mod storm;
mod watchers;
mod year;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use crate::report::{Report, Row};

/// Measures what the product promises, each scenario against a simulated Hub.
#[derive(Debug, Parser)]
#[command(name = "hfsm-bench")]
struct Options {
    /// The scenarios; all when left out
    scenarios: Vec<Scenario>,
    /// Measure for seconds instead of minutes; the figures are rougher
    #[arg(long)]
    quick: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// The first full list of 1,000 Spaces
    List,
    /// 1,000 Spaces to many clients
    FanOut,
    /// The same 1,000 Spaces, read and thrown away
    Floor,
    /// A client that does not read
    StalledClient,
    /// Nobody looks
    Idle,
    /// From the start to the first answer
    Start,
    /// A stage that changes at the Hub
    StageChange,
    /// The Hub cuts every stream
    Recovery,
    /// The Hub refuses and fails
    Storm,
    /// 10,000 jobs
    ManyJobs,
    /// A year of schedules and of keeping awake
    Year,
}

impl Scenario {
    async fn run(self, quick: bool) -> anyhow::Result<Vec<Row>> {
        match self {
            Self::List => list::run(quick).await,
            Self::FanOut => fan_out::run(quick).await,
            Self::Floor => floor::run(quick).await,
            Self::StalledClient => stalled_client::run(quick).await,
            Self::Idle => idle::run(quick).await,
            Self::Start => start::run(quick).await,
            Self::StageChange => stage_change::run(quick).await,
            Self::Recovery => recovery::run(quick).await,
            Self::Storm => storm::run(quick).await,
            Self::ManyJobs => many_jobs::run(quick).await,
            Self::Year => year::run(quick).await,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let wanted = match options.scenarios.as_slice() {
        [] => Scenario::value_variants(),
        some => some,
    };
    let mut report = Report::begin();
    for scenario in wanted {
        report.add(scenario.run(options.quick).await.map_err(|error| (*scenario, error)));
    }
    report.end()
}
