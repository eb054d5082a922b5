//! A fleet and a simulated Hub in one thread, by a clock that moves only when it is told to: time goes by
//! as fast as the work in it is done.

use std::time::Duration;

use anyhow::ensure;
use chrono::{DateTime, TimeDelta, Utc};
use hfsm_core::{Fleet, Hub, HubConfig, Pace, Store, sources::configured_accounts};
use hfsm_hub_sim::{Durations, Plan, SimHub, TokenKind, World, WorldBuilder};
use hfsm_model::{Actor, Clock, Settings};
use tokio::time::advance;

/// Whose Spaces they are; a user who pays, so that no Space lacks a place.
pub(crate) const USER: &str = "bench";
const TOKEN: &str = "hf_bench_write";
/// The longest that time goes by in one step.
const STEP: Duration = Duration::from_secs(3600);
/// The same while runs are under way: a request takes some dozens of these, and nothing that waits for it
/// must lose patience.
const TICK: Duration = Duration::from_millis(5);
/// Between two looks at a Space that something was asked of.
const LOOK: Duration = Duration::from_millis(40);
/// How often every task that can go on does, until a chain of them has come to its end or asked the store.
const TURNS: u32 = 8;

/// The two, and their time.
pub(crate) struct Simulation {
    pub(crate) fleet: Fleet,
    pub(crate) hub: SimHub,
    clock: Clock,
    /// While it is there, time does not move by itself.
    hold: std::sync::mpsc::Sender<()>,
}

/// Runs `work` in a thread whose time stands still.
pub(crate) async fn simulate<T, F>(work: F) -> anyhow::Result<T>
where
    T: Send + 'static,
    F: AsyncFnOnce() -> anyhow::Result<T> + Send + 'static,
{
    let thread = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()?;
        runtime.block_on(work())
    });
    thread.await?
}

/// Begins to describe a Hub on which starts take no time.
pub(crate) fn world() -> WorldBuilder {
    World::builder()
        .seed(7)
        .durations(Durations::instant())
        // Numbers are not what is measured.
        .metric_interval(STEP)
        .user_with(USER, |user| user.plan(Plan::Pro))
        .token(TOKEN, TokenKind::Write)
}

impl Simulation {
    /// Starts both at `begin`, and returns when the Spaces are listed.
    pub(crate) async fn start(world: WorldBuilder, begin: DateTime<Utc>) -> anyhow::Result<Self> {
        let (hold, held) = std::sync::mpsc::channel::<()>();
        drop(tokio::task::spawn_blocking(move || held.recv()));
        let clock = Clock::anchored(begin);
        let hub = SimHub::start(world.starts_at(begin).build()).await?;
        let config = HubConfig::new(
            hub.endpoint().parse()?,
            hub.metrics_endpoint().parse()?,
            hub.app_url_template(),
        );
        let accounts = configured_accounts(Some(&format!("{USER}:{TOKEN}")), None).accounts;
        // Lists and looks at the clock are not what is measured, and nothing waits for them here.
        let rare = Duration::from_secs(500 * 24 * 3600);
        let pace =
            Pace { attended: rare, unattended: rare, clock: rare, look: LOOK, ..Pace::default() };
        let fleet = Fleet::builder(clock, Hub::new(config, clock)?, Store::in_memory().await?)
            .configured(accounts)
            .pace(pace)
            .build()
            .await?;
        let settings = Settings { run_days: 3650, activity_days: 1, ..Settings::default() };
        fleet.set_settings(settings, Actor::System).await?;
        fleet.start();
        let this = Self { fleet, hub, clock, hold };
        while this.fleet.spaces().is_empty() {
            ensure!(this.now() < begin + TimeDelta::minutes(1), "no Space was listed");
            advance(TICK).await;
        }
        Ok(this)
    }

    /// Ends the fleet. Time moves by itself from now on: whoever waits for a moment before it ends would
    /// wait for ever.
    pub(crate) async fn end(self) {
        drop(self.hold);
        self.fleet.shutdown().await;
    }

    /// Returns what time it is there.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Lets time go by up to `end`, with everything that falls into it.
    pub(crate) async fn pass_until(&self, end: DateTime<Utc>) -> anyhow::Result<()> {
        loop {
            self.settle().await;
            let next = self.fleet.store().next_due().await?;
            let now = self.now();
            if now >= end {
                return Ok(());
            }
            let next = next.filter(|next| *next > now).unwrap_or(end).min(end);
            // A timer waits a millisecond longer, so that it does not wake too early.
            advance((next - now + TimeDelta::milliseconds(2)).to_std()?.min(STEP)).await;
        }
    }

    /// Waits until nothing more happens without time, and every run that has begun has ended.
    async fn settle(&self) {
        let mut still = 0;
        while still < TURNS {
            tokio::task::yield_now().await;
            if !self.fleet.store().is_idle() {
                still = 0;
                // The store's thread may wait for this very core.
                std::thread::yield_now();
            } else if self.at_work() {
                still = 0;
                advance(TICK).await;
            } else {
                still += 1;
            }
        }
    }

    /// Tells whether runs are under way.
    fn at_work(&self) -> bool {
        self.fleet.tasks().iter().any(|task| task.name == "run" && task.running > 0)
    }
}
