//! The connections that streams share.
//!
//! A server lets about 100 streams share one HTTP/2 connection, and further ones would wait for a
//! free place without end. So streams are counted, and a full connection is followed by another
//! one with a client of its own; ordinary requests never share with streams. A server that allows
//! fewer is noticed by a stream that does not begin.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use reqwest::{Client, ClientBuilder};
use tokio::sync::{Mutex as AsyncMutex, Semaphore, SemaphorePermit};
use url::Url;

use crate::{Error, client};

/// What one stream may receive before anybody reads it.
const STREAM_WINDOW: u32 = 256 << 10;
/// Streams of one connection that open at once.
const OPENING: usize = 16;
/// No server allows fewer streams on a connection.
const FEWEST: usize = 8;

pub(crate) struct StreamPool {
    per_connection: usize,
    build: Box<dyn Fn() -> ClientBuilder + Send + Sync>,
    hosts: Mutex<HashMap<String, Vec<Arc<Connection>>>>,
}

pub(crate) struct Connection {
    client: Client,
    load: Mutex<Load>,
    /// A stream has been opened, so that there is a connection to share.
    warm: AtomicBool,
    first: AsyncMutex<()>,
    opening: Semaphore,
}

struct Load {
    open: usize,
    /// How many it may carry.
    most: usize,
}

/// A place for one stream.
pub(crate) struct Place {
    connection: Arc<Connection>,
    most: usize,
}

/// The turn to open a stream on a connection.
pub(crate) struct Turn<'a> {
    connection: &'a Connection,
    _first: Option<tokio::sync::MutexGuard<'a, ()>>,
    _opening: SemaphorePermit<'a>,
}

impl StreamPool {
    pub(crate) fn new(
        per_connection: usize,
        build: impl Fn() -> ClientBuilder + Send + Sync + 'static,
    ) -> Self {
        Self {
            per_connection: per_connection.max(1),
            build: Box::new(build),
            hosts: Mutex::default(),
        }
    }

    /// Finds a place for a stream from `url`, on a new connection if all are full.
    pub(crate) fn place(&self, url: &Url) -> Result<Place, Error> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = hosts.entry(url.origin().ascii_serialization()).or_default();
        let connection = match connections.iter().find(|connection| connection.enter()) {
            Some(connection) => Arc::clone(connection),
            None => {
                let connection = Arc::new(Connection::new(self.client()?, self.per_connection));
                connections.push(Arc::clone(&connection));
                connection
            }
        };
        Ok(Place { connection, most: self.per_connection })
    }

    /// Lets go of all connections: no further stream shares one with those that are open.
    pub(crate) fn start_anew(&self) {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Returns how many places are taken.
    pub(crate) fn open(&self) -> usize {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.values().flatten().map(|connection| connection.load().open).sum()
    }

    fn client(&self) -> Result<Client, Error> {
        let places = u32::try_from(self.per_connection).unwrap_or(u32::MAX);
        let builder = (self.build)()
            // Compression collects, and a stream is read as it comes.
            .no_gzip()
            .http2_initial_stream_window_size(STREAM_WINDOW)
            // Room for all of them, so that one that nobody reads holds up none of the others.
            .http2_initial_connection_window_size(
                STREAM_WINDOW.saturating_mul(places.saturating_add(10)).min(i32::MAX as u32),
            )
            .pool_idle_timeout(Duration::from_secs(60));
        client::build(builder)
    }
}

impl Connection {
    /// Makes a connection with its first stream.
    fn new(client: Client, most: usize) -> Self {
        Self {
            client,
            load: Mutex::new(Load { open: 1, most }),
            warm: AtomicBool::new(false),
            first: AsyncMutex::new(()),
            opening: Semaphore::new(OPENING),
        }
    }

    fn load(&self) -> MutexGuard<'_, Load> {
        self.load.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place, if there is one.
    fn enter(&self) -> bool {
        let mut load = self.load();
        let free = load.open < load.most;
        load.open += usize::from(free);
        free
    }
}

impl Place {
    pub(crate) fn client(&self) -> &Client {
        &self.connection.client
    }

    /// Waits for the turn to open. The first stream of a connection goes alone: without a
    /// connection to share, each of those that go at once would make one.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        let connection = &*self.connection;
        let first = if connection.warm.load(Ordering::Acquire) {
            None
        } else {
            let guard = connection.first.lock().await;
            (!connection.warm.load(Ordering::Acquire)).then_some(guard)
        };
        #[expect(clippy::expect_used, reason = "this semaphore is never closed")]
        let opening = connection.opening.acquire().await.expect("an open semaphore");
        Turn { connection, _first: first, _opening: opening }
    }

    /// Says that the stream did not begin in time. Returns whether that may be because the server
    /// allows no more streams on this connection; it gets no more then.
    pub(crate) fn stalled(&self) -> bool {
        let mut load = self.connection.load();
        let shared = load.open > FEWEST;
        if shared {
            load.most = load.most.min(load.open - 1).max(FEWEST);
        }
        shared
    }

    /// Returns whether other streams use the connection.
    pub(crate) fn is_shared(&self) -> bool {
        self.connection.load().open > FEWEST
    }

    /// Says that the stream was lost, and with it perhaps the connection.
    pub(crate) fn lost(&self) {
        self.connection.warm.store(false, Ordering::Release);
    }
}

impl Turn<'_> {
    /// Says that the stream has begun.
    pub(crate) fn opened(self) {
        self.connection.warm.store(true, Ordering::Release);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut load = self.connection.load();
        load.open -= 1;
        if load.open == 0 {
            load.most = self.most;
            self.connection.warm.store(false, Ordering::Release);
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Place")
    }
}
