//! Where the metrics of all Spaces are received: one thread that is not woken for each report.
//!
//! A thousand Spaces report a thousand times a second, each on a stream of its own. Waking a thread
//! and writing to every reader costs more than all that is done with a report. So this thread, once
//! it is woken, rests for a moment and then takes all that has arrived meanwhile together. Network
//! cards do the same and call it interrupt moderation.

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::events::Events;

/// The thread, for as long as the fleet is there.
#[derive(Debug)]
pub(crate) struct Reception {
    handle: Handle,
    /// Always there until it is dropped.
    runtime: Option<Runtime>,
}

impl Reception {
    /// Begins the thread. How long it rests depends on how many listen.
    pub(crate) fn begin(events: Events) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("hfsm-reception")
            .enable_all()
            .on_thread_unpark(move || std::thread::sleep(events.rest()))
            .build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// Returns where tasks of the thread are begun.
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Reception {
    fn drop(&mut self) {
        // Its tasks have ended before; waiting for the thread is not allowed on another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use hfsm_model::{Clock, MetricsPoint, MetricsSample, SpaceId};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::events::{Audience, Received, Watch};

    #[tokio::test]
    async fn what_arrives_together_is_told_together_and_the_thread_ends_with_its_owner() {
        let events = Events::new(Clock::system(), CancellationToken::new());
        let mut reader = events.subscribe(Audience::Everything, Watch::All);
        let reception = Reception::begin(events.clone()).unwrap();
        drop(reception.handle().spawn(events.clone().run()));
        let space = SpaceId::new("alice", "demo").unwrap();
        let told = reception.handle().spawn(async move {
            for _ in 0..20 {
                let point = MetricsPoint {
                    at: chrono::DateTime::UNIX_EPOCH,
                    sample: MetricsSample::default(),
                };
                events.publish_metrics(space.clone(), point, Audience::PublicSpaces);
            }
            std::thread::current().name().map(str::to_owned)
        });
        let Some(Received::Batch(batch)) = reader.next().await else { panic!("nothing came") };
        assert_eq!(batch.frames().len(), 20);
        assert_eq!(told.await.unwrap().as_deref(), Some("hfsm-reception"));
        drop(reception);
    }
}
