//! How runs end: each way to the store is one to the disk, so those that end while another is being
//! written are written together.

use std::sync::Mutex;

use hfsm_model::{Activity, Run};
use tokio::sync::oneshot;

use crate::{Fleet, lock};

/// The runs that ended and are not written yet.
#[derive(Debug, Default)]
pub(super) struct Ends {
    waiting: Mutex<Vec<Waiting>>,
    writing: tokio::sync::Mutex<()>,
}

/// A run that ended, its line of the activity list, and who waits for that it is written.
#[derive(Debug)]
struct Waiting {
    end: (Run, Option<Activity>),
    written: oneshot::Sender<Option<Activity>>,
}

impl Fleet {
    /// Writes how a run ended and its line of the activity list, and returns the line with its id;
    /// `None` when that has to be tried again.
    pub(super) async fn write_end(
        &self,
        run: &Run,
        line: Option<&Activity>,
    ) -> Option<Option<Activity>> {
        let ends = &self.0.jobs.ends;
        let (written, answer) = oneshot::channel();
        lock(&ends.waiting).push(Waiting { end: (run.clone(), line.cloned()), written });
        let turn = ends.writing.lock().await;
        let (batch, waiters): (Vec<_>, Vec<_>) = std::mem::take(&mut *lock(&ends.waiting))
            .into_iter()
            .map(|waiting| (waiting.end, waiting.written))
            .unzip();
        if !batch.is_empty() {
            match self.0.store.end_runs(&batch, &self.0.jobs.holder).await {
                Ok(lines) => {
                    for (waiter, line) in waiters.into_iter().zip(lines) {
                        // Who ends meanwhile has it written all the same.
                        let _ = waiter.send(line);
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "{} runs were not recorded, which is tried again: {error}", batch.len());
                }
            }
        }
        drop(turn);
        answer.await.ok()
    }
}
