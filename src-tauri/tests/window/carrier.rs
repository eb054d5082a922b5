//! What happens at the Hub reaches the page's handler, through the engine and the carrier.

use std::time::Duration;

use hfsm_hub_sim::{SimHub, World};
use tokio::runtime::Runtime;

use crate::{open, stream::measure};

/// Together 1,000 events a second.
const SPACES: usize = 200;
const INTERVAL: Duration = Duration::from_millis(200);

#[test]
#[ignore = "it needs a screen and WebKitWebDriver, which `cargo xtask test` provides"]
fn a_thousand_events_a_second_are_sent_to_the_page_and_none_is_lost() {
    let runtime = Runtime::new().unwrap();
    let world = World::builder().many(SPACES).metric_interval(INTERVAL).build();
    let hub = runtime.block_on(SimHub::start(world)).unwrap();
    let home = tempfile::tempdir().unwrap();
    let window = open(&hub, home.path(), "bench:hf_demo_bench");

    let figures = measure(&window);

    println!("the carrier at 1,000 events a second: {figures}");
    assert_eq!(figures["lost"], 0, "{figures}");
    // How many there are depends on what else the machine does.
    assert_ne!(figures["events"], 0, "{figures}");
}
