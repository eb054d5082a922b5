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
/// Looks in a row at which nothing has happened, until nothing more will without time.
const STILL: u32 = 3;
/// The longest that time goes by in one step.
const STEP: Duration = Duration::from_secs(3600);
/// The same while something is followed.
const SHORT_STEP: Duration = Duration::from_secs(2);

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
        // Lists and looks at the clock are not what is measured.
        let rare = Duration::from_secs(24 * 3600);
        let pace = Pace { attended: rare, unattended: rare, clock: rare, ..Pace::default() };
        let fleet = Fleet::builder(clock, Hub::new(config, clock)?, Store::in_memory().await?)
            .configured(accounts)
            .pace(pace)
            .build()
            .await?;
        let settings = Settings { run_days: 3650, activity_days: 1, ..Settings::default() };
        fleet.set_settings(settings, Actor::System).await?;
        fleet.start();
        let this = Self { fleet, hub, clock, hold };
        this.pass_until(begin + TimeDelta::minutes(1)).await?;
        ensure!(!this.fleet.spaces().is_empty(), "no Space was listed");
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
            let next = self.settle().await?;
            let now = self.now();
            if now >= end && !self.at_work() {
                return Ok(());
            }
            let step = if self.at_work() {
                SHORT_STEP
            } else {
                let next = next.filter(|next| *next > now).unwrap_or(end).min(end);
                // A timer waits a millisecond longer, so that it does not wake too early.
                (next - now + TimeDelta::milliseconds(2)).to_std()?.min(STEP)
            };
            advance(step).await;
        }
    }

    /// Waits until nothing more happens without time; returns when the next job is due.
    async fn settle(&self) -> anyhow::Result<Option<DateTime<Utc>>> {
        let mut seen = None;
        let mut still = 0;
        loop {
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
            // Answered after everything that the store was asked before.
            let next = self.fleet.store().next_due().await?;
            let now = Some((self.hub.world().stats().total(), self.runs_begun(), next));
            still = if now == seen { still + 1 } else { 0 };
            seen = now;
            if still == STILL {
                return Ok(next);
            }
        }
    }

    /// Tells whether runs are under way.
    fn at_work(&self) -> bool {
        self.run_tasks().is_some_and(|(_, running)| running > 0)
    }

    fn runs_begun(&self) -> u64 {
        self.run_tasks().map_or(0, |(begun, _)| begun)
    }

    fn run_tasks(&self) -> Option<(u64, usize)> {
        let tasks = self.fleet.tasks();
        let task = tasks.iter().find(|task| task.name == "run")?;
        Some((task.begun, task.running))
    }
}
