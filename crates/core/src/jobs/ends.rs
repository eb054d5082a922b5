//! How runs end: each way to the store is one to the disk, so those that end while another is being
//! written are written together.

use std::sync::Mutex;

use hfsm_model::{Activity, Run};
use tokio::sync::oneshot;

use crate::{Fleet, lock};

/// A run that ended, and its line of the activity list.
type End = (Run, Option<Activity>);

/// The runs that ended and are not written yet.
#[derive(Debug, Default)]
pub(super) struct Ends {
    waiting: Mutex<Vec<Waiting>>,
    writing: tokio::sync::Mutex<()>,
}

/// An end, and who waits for that it is written.
#[derive(Debug)]
struct Waiting {
    end: End,
    written: oneshot::Sender<Option<Activity>>,
}

impl Ends {
    /// Has an end written by `write`, with all that wait by then; returns what `write` makes of its line,
    /// and `None` when it failed.
    async fn write<E>(
        &self,
        end: End,
        write: impl AsyncFnOnce(&[End]) -> Result<Vec<Option<Activity>>, E>,
    ) -> Option<Option<Activity>> {
        let (written, answer) = oneshot::channel();
        lock(&self.waiting).push(Waiting { end, written });
        let turn = self.writing.lock().await;
        let waiting = std::mem::take(&mut *lock(&self.waiting));
        if !waiting.is_empty() {
            let (batch, waiters): (Vec<_>, Vec<_>) =
                waiting.into_iter().map(|waiting| (waiting.end, waiting.written)).unzip();
            // Those whose sender is dropped hear that they were not written.
            if let Ok(lines) = write(&batch).await {
                for (waiter, line) in waiters.into_iter().zip(lines) {
                    // Who has gone meanwhile is written all the same.
                    let _ = waiter.send(line);
                }
            }
        }
        drop(turn);
        answer.await.ok()
    }
}

impl Fleet {
    /// Writes how a run ended and its line of the activity list, and returns the line with its id;
    /// `None` when that has to be tried again.
    pub(super) async fn write_end(
        &self,
        run: &Run,
        line: Option<&Activity>,
    ) -> Option<Option<Activity>> {
        let write = async |batch: &[End]| {
            self.0.store.end_runs(batch, &self.0.jobs.holder).await.inspect_err(|error| {
                tracing::error!(%error, "{} runs were not recorded, which is tried again: {error}", batch.len());
            })
        };
        self.0.jobs.ends.write((run.clone(), line.cloned()), write).await
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use hfsm_model::{JobAction, Terms};
    use tokio::sync::Notify;

    use super::*;

    fn end() -> End {
        let space = "alice/demo".parse().unwrap();
        let run =
            crate::jobs::waiting(space, JobAction::Visit, Terms::default(), DateTime::UNIX_EPOCH);
        (run, None)
    }

    /// Has three ends written, of which two come while the first is being written.
    async fn three(
        ends: &Ends,
        made: Result<(), ()>,
    ) -> ([Option<Option<Activity>>; 3], Vec<usize>) {
        let (begun, go_on, batches) = (Notify::new(), Notify::new(), Mutex::new(Vec::new()));
        let write = async |batch: &[End]| {
            lock(&batches).push(batch.len());
            begun.notify_one();
            go_on.notified().await;
            made.map(|()| vec![None; batch.len()])
        };
        let others = async {
            begun.notified().await;
            let release = async {
                go_on.notify_one();
                begun.notified().await;
                go_on.notify_one();
            };
            tokio::join!(ends.write(end(), &write), ends.write(end(), &write), release)
        };
        let (one, (two, three, ())) = tokio::join!(ends.write(end(), &write), others);
        let batches = lock(&batches).clone();
        ([one, two, three], batches)
    }

    #[tokio::test]
    async fn what_ends_while_another_is_being_written_is_written_together() {
        let (written, batches) = three(&Ends::default(), Ok(())).await;
        assert_eq!(written, [Some(None), Some(None), Some(None)]);
        assert_eq!(batches, [1, 2]);
    }

    #[tokio::test]
    async fn who_is_not_written_hears_so_and_may_try_again() {
        let ends = Ends::default();
        assert_eq!(three(&ends, Err(())).await.0, [None, None, None]);
        assert_eq!(three(&ends, Ok(())).await.0, [Some(None), Some(None), Some(None)]);
    }
}
