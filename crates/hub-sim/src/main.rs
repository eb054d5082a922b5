//! `hub-sim`: the simulated Hub as a program.
//!
//! Its first line on stdout is JSON that says where it listens and which tokens it knows; then it
//! serves until it is told to stop, or until its stdin ends when it is asked to watch that.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::{Parser, ValueEnum};
use hfsm_hub_sim::{Durations, SimHub, World};
use serde_json::json;
use tokio::io::AsyncReadExt as _;

/// A simulated Hub.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Options {
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Where all chance comes from.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Spaces of the world `many`.
    #[arg(long, default_value_t = 1_000)]
    spaces: usize,
    /// How fast durations pass.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Which world.
    #[arg(long, value_enum, default_value_t = Kind::Demo)]
    world: Kind,
    /// Milliseconds that every build and start takes, instead of the usual seconds.
    #[arg(long)]
    step_ms: Option<u64>,
    /// Elements of a list's page when no limit is asked for.
    #[arg(long)]
    page_size: Option<usize>,
    /// The largest limit of a list.
    #[arg(long)]
    page_limit: Option<usize>,
    /// Requests that the user of the world `many` may make in one rate window.
    #[arg(long, default_value_t = 100_000)]
    quota: u32,
    /// Seconds of a rate window.
    #[arg(long)]
    window: Option<u64>,
    /// Metrics carry a running number and the time at which they were sent.
    #[arg(long)]
    stamp: bool,
    /// Ends when stdin does, so that a parent that dies leaves nothing behind.
    #[arg(long)]
    watch_stdin: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// Sixty Spaces that live.
    Demo,
    /// Many Spaces of one user.
    Many,
    /// What other people's clients are held to.
    Conformance,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let world = world(&options);
    let tokens = world.tokens();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let hub = SimHub::start_on(world, address).await?;
    let hello = json!({
        "endpoint": hub.endpoint(),
        "metrics_endpoint": hub.metrics_endpoint(),
        "app_url": hub.app_url_template(),
        "tokens": tokens,
    });
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{hello}")?;
    stdout.flush()?;
    tokio::select! {
        () = stdin_ends(), if options.watch_stdin => {}
        () = told_to_stop() => {}
    }
    hub.stop();
    Ok(())
}

fn world(options: &Options) -> World {
    let mut builder = World::builder().seed(options.seed).speed(options.speed);
    if let Some(ms) = options.step_ms {
        builder = builder.durations(Durations::all(Duration::from_millis(ms)));
    }
    if let Some(elements) = options.page_size {
        builder = builder.page_size(elements);
    }
    if let Some(elements) = options.page_limit {
        builder = builder.page_limit(elements);
    }
    if let Some(seconds) = options.window {
        builder = builder.rate_window(Duration::from_secs(seconds));
    }
    if options.stamp {
        builder = builder.stamped_metrics();
    }
    let builder = match options.world {
        Kind::Demo => builder.demo(),
        Kind::Many => {
            builder.many(options.spaces).user_with("bench", |user| user.api_quota(options.quota))
        }
        Kind::Conformance => builder.conformance(),
    };
    builder.build()
}

async fn stdin_ends() {
    let mut nothing = [0; 64];
    let mut stdin = tokio::io::stdin();
    while matches!(stdin.read(&mut nothing).await, Ok(1..)) {}
}

#[cfg(unix)]
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(not(unix))]
async fn told_to_stop() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
