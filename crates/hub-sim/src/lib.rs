//! A simulated Hub: tests, benchmarks, and the demo that a newcomer can look at without a token.
//!
//! It speaks the Hub's HTTP API for Spaces as far as a Space manager uses it: identity, lists,
//! runtimes, actions, secrets, variables, live metrics, events, logs, and the apps themselves. It
//! knows nothing of the product that it is used to test, and keeps nothing: a *world* is made from a
//! seed, lives while the simulator runs, and is gone with it. It is no Git server: files are named,
//! not kept.
//!
//! ```no_run
//! use hfsm_hub_sim::{SimHub, TokenKind, World};
//!
//! # async fn example() -> Result<(), hfsm_hub_sim::Error> {
//! let world = World::builder()
//!     .seed(7)
//!     .user("alice")
//!     .token("hf_alice_write", TokenKind::Write)
//!     .space("alice/demo", |space| space.running())
//!     .build();
//! let hub = SimHub::start(world).await?;
//! let hf_endpoint = hub.endpoint();
//! hub.world().crash("alice/demo", "Exit code: 1. Reason: application error")?;
//! # Ok(())
//! # }
//! ```

mod access;
mod actions;
mod answer;
mod app_hosts;
mod ask;
mod chatter;
mod clock;
mod conformance;
mod control;
mod demo;
mod dice;
mod distort;
mod error;
mod events;
mod faults;
mod front;
mod handle;
mod hardware;
mod hub;
mod identity;
mod limits;
mod list;
mod load;
mod log_buffer;
mod oauth;
mod passes;
mod people;
mod repos;
mod route;
mod server;
mod settings;
mod shaper;
mod space;
mod spaces;
mod spec;
pub mod stage;
mod stages;
mod state;
mod stats;
mod streams;
mod ticker;
mod variables;
mod view;
mod world;

pub use error::Error;
pub use faults::{ActiveFault, Fault, FaultId, Faults, When};
pub use handle::{SpaceView, WorldHandle};
pub use load::Load;
pub use people::{Entity, Org, Plan, Role, Scope, Token, TokenKind, User};
pub use route::RouteKind;
pub use server::SimHub;
pub use settings::{Durations, PausedAnswer};
pub use spec::{Life, Sdk, SpaceSpec, Visibility};
pub use stats::Counts;
pub use world::{World, WorldBuilder};
