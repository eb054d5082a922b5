//! A machine that slept: dead connections, a clock that ran ahead.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use hfsm_core::{
    Fleet, Pace,
    events::{Audience, Watch},
    sources::configured_accounts,
};
use hfsm_hub::{Hub, HubConfig};
use hfsm_hub_sim::SimHub;
use hfsm_model::{Clock, Event, LogKind, LogUpdate, Stage};
use hfsm_store::Store;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    time::Instant,
};

use crate::scene::{event, id, stage_of, until, world};

/// The network between the program and the Hub. Connections can die in it without a word.
struct Network {
    address: SocketAddr,
    /// Connections that were made in an age before this one are dead.
    age: watch::Sender<u64>,
    /// Bytes that were sent into dead connections.
    lost: watch::Sender<usize>,
}

impl Network {
    async fn before(hub: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (age, lost) = (watch::Sender::new(0), watch::Sender::new(0));
        let (ages, losses) = (age.clone(), lost.clone());
        in_background(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(hub) = TcpStream::connect(hub).await else { continue };
                let ((from_client, to_client), (from_hub, to_hub)) =
                    (client.into_split(), hub.into_split());
                in_background(carry(from_client, to_hub, ages.subscribe(), losses.clone()));
                in_background(carry(from_hub, to_client, ages.subscribe(), losses.clone()));
            }
        });
        Self { address, age, lost }
    }

    /// Lets every connection die that there is, without closing it.
    fn forget_connections(&self) {
        self.age.send_modify(|age| *age += 1);
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    age: watch::Receiver<u64>,
    lost: watch::Sender<usize>,
) {
    let born = *age.borrow();
    let mut buffer = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if *age.borrow() != born {
            lost.send_modify(|bytes| *bytes += read);
        } else if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
    if *age.borrow() != born {
        // Nobody hears of the end either.
        std::future::pending::<()>().await;
    }
}

#[expect(clippy::disallowed_methods, reason = "a network has no owner; it ends with the test")]
fn in_background(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(work);
}

/// A fleet at the pace of every day, with the patience of every day.
async fn fleet(network: &Network, shift: &'static AtomicI64) -> Fleet {
    let clock = Clock::shifted(shift);
    let config = HubConfig::new(
        network.url().parse().unwrap(),
        network.url().parse().unwrap(),
        format!("{}/app/{{subdomain}}/", network.url()),
    );
    let hub = Hub::new(config, clock).unwrap();
    let fleet = Fleet::builder(clock, hub, Store::in_memory().await.unwrap())
        .configured(configured_accounts(Some("alice:hf_alice_write"), None).accounts)
        .pace(Pace::default())
        .build()
        .await
        .unwrap();
    fleet.start();
    fleet
}

#[tokio::test]
async fn ten_seconds_after_a_sleep_everything_is_right_although_every_connection_is_dead() {
    static SHIFT: AtomicI64 = AtomicI64::new(0);
    let hub = SimHub::start(world().build()).await.unwrap();
    let network = Network::before(hub.local_addr()).await;
    let fleet = fleet(&network, &SHIFT).await;
    until(&fleet, "the Space", || stage_of(&fleet, "alice/demo")).await;
    let mut reader = fleet.subscribe(Audience::Everything, Watch::All);
    let sample = |event: &Event| match event {
        Event::Metrics { space, .. } if *space == id("alice/demo") => Some(()),
        _ => None,
    };
    event(&mut reader, "a sample", sample).await;
    let mut log = fleet.read_log(&id("alice/demo"), LogKind::Run, None).unwrap();
    while !matches!(log.next().await, Some(LogUpdate::Connected)) {}

    network.forget_connections();
    let mut lost = network.lost.subscribe();
    fleet.refresh();
    lost.wait_for(|bytes| *bytes > 0).await.unwrap();
    // Now the program waits for an answer that will never come, and for streams that are silent.
    hub.world().crash("alice/secret", "while it slept").unwrap();
    hub.world().log("alice/demo", "said after the sleep").unwrap();
    let mut reader = fleet.subscribe(Audience::Everything, Watch::All);
    let woke = Instant::now();
    SHIFT.store(8 * 3600 * 1000, Ordering::SeqCst);
    until(&fleet, "the list", || {
        (stage_of(&fleet, "alice/secret")? == Stage::RUNTIME_ERROR).then_some(())
    })
    .await;
    event(&mut reader, "a fresh sample", sample).await;
    let said = |update: &LogUpdate| match update {
        LogUpdate::Lines(lines) => lines.iter().any(|line| line.text == "said after the sleep"),
        LogUpdate::Reset | LogUpdate::Connected | LogUpdate::Waiting { .. } => false,
    };
    while !said(&log.next().await.unwrap()) {}
    assert!(woke.elapsed() < Duration::from_secs(10), "{:?}", woke.elapsed());
}
