//! Owners for everything that goes on by itself.
//!
//! Each task has a name and runs until it ends or the program does. A panic is caught, counted and
//! kept; a task that is to go on is begun anew after a pause.

use std::{
    collections::BTreeMap,
    future::Future,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures::FutureExt;
use hfsm_model::Clock;
use serde::Serialize;
use tokio::runtime::Handle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long a task that panicked rests before it is begun anew.
const REST_AFTER_PANIC: Duration = Duration::from_secs(1);

/// What is known of the tasks of one name.
#[derive(Debug, Clone, Serialize)]
pub struct TaskStatus {
    /// The name.
    pub name: &'static str,
    /// How many run now.
    pub running: usize,
    /// How many were ever begun.
    pub begun: u64,
    /// How many ended by a panic.
    pub panics: u64,
    /// What the last panic said, and when.
    pub last_panic: Option<(DateTime<Utc>, String)>,
}

/// The owner of all background tasks of a fleet. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Supervisor {
    tracker: TaskTracker,
    stopping: CancellationToken,
    stopped: CancellationToken,
    tasks: Arc<Mutex<BTreeMap<&'static str, TaskStatus>>>,
    clock: Clock,
    /// Where tasks run; `None` is where they are begun.
    runtime: Option<Handle>,
}

impl Supervisor {
    /// Makes an owner without tasks.
    pub fn new(clock: Clock) -> Self {
        Self {
            tracker: TaskTracker::new(),
            stopping: CancellationToken::new(),
            stopped: CancellationToken::new(),
            tasks: Arc::default(),
            clock,
            runtime: None,
        }
    }

    /// Returns the same owner, for tasks that run on another runtime.
    pub(crate) fn on(&self, runtime: &Handle) -> Self {
        Self { runtime: Some(runtime.clone()), ..self.clone() }
    }

    /// Returns the token that says: begin nothing new, end streams.
    pub fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Runs `future` to its end, or drops it when the program ends.
    pub fn spawn(&self, name: &'static str, future: impl Future<Output = ()> + Send + 'static) {
        if self.stopping.is_cancelled() {
            return;
        }
        let this = self.clone();
        this.note(name, |status| {
            status.begun += 1;
            status.running += 1;
        });
        let task = self.tracker.track_future(async move {
            let stopped = this.stopped.clone();
            let outcome = tokio::select! {
                outcome = AssertUnwindSafe(future).catch_unwind() => outcome,
                () = stopped.cancelled() => Ok(()),
            };
            if let Err(panic) = outcome {
                this.note_panic(name, panic.as_ref());
            }
            this.note(name, |status| status.running -= 1);
        });
        let runtime = self.runtime.clone().unwrap_or_else(Handle::current);
        // The one place that spawns.
        drop(runtime.spawn(task));
    }

    /// Keeps what `begin` makes running until the program ends: begins it anew after a panic.
    pub fn keep<F>(&self, name: &'static str, begin: impl Fn() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let this = self.clone();
        self.spawn(name, async move {
            while let Err(panic) = AssertUnwindSafe(begin()).catch_unwind().await {
                this.note_panic(name, panic.as_ref());
                tokio::select! {
                    () = tokio::time::sleep(REST_AFTER_PANIC) => {}
                    () = this.stopping.cancelled() => return,
                }
            }
        });
    }

    /// Returns what is known of each name, in the order of the names.
    pub fn statuses(&self) -> Vec<TaskStatus> {
        self.lock().values().cloned().collect()
    }

    /// Tells all tasks to stop, waits for at most `grace`, then drops what still runs.
    pub async fn shutdown(&self, grace: Duration) {
        self.stopping.cancel();
        self.tracker.close();
        if tokio::time::timeout(grace, self.tracker.wait()).await.is_err() {
            self.stopped.cancel();
            self.tracker.wait().await;
        }
    }

    fn note_panic(&self, name: &'static str, panic: &(dyn std::any::Any + Send)) {
        let said = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without words".to_owned());
        tracing::error!(task = name, panic = %said, "task `{name}` panicked");
        let at = self.clock.now();
        self.note(name, |status| {
            status.panics += 1;
            status.last_panic = Some((at, said));
        });
    }

    fn note(&self, name: &'static str, change: impl FnOnce(&mut TaskStatus)) {
        change(self.lock().entry(name).or_insert_with(|| TaskStatus {
            name,
            running: 0,
            begun: 0,
            panics: 0,
            last_panic: None,
        }));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, TaskStatus>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_panic_is_recorded_and_the_task_goes_on() {
        let supervisor = Supervisor::new(Clock::system());
        let (runs, done) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let (counted, told) = (runs.clone(), done.clone());
        supervisor.keep("shaky", move || {
            let (runs, done) = (counted.clone(), told.clone());
            async move {
                assert!(runs.fetch_add(1, Ordering::SeqCst) > 0, "first run");
                done.notify_one();
            }
        });
        done.notified().await;
        let status = supervisor.statuses().remove(0);
        assert_eq!((status.panics, status.last_panic.unwrap().1.as_str()), (1, "first run"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_stop_is_dropped_after_the_grace() {
        let supervisor = Supervisor::new(Clock::system());
        supervisor.spawn("stubborn", std::future::pending());
        supervisor.shutdown(Duration::from_secs(2)).await;
        assert_eq!(supervisor.statuses()[0].running, 0);
    }
}
