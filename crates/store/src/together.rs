//! What is written at the same moment is written together: each commit waits for the disk, and each
//! statement is a way to SQLite's thread and back.

use std::{
    collections::BTreeMap,
    slice,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use hfsm_model::{Activity, Operation, Run, RunId};
use sea_orm::{ConnectionTrait, DbErr};
use tokio::sync::oneshot;

use crate::{
    Error, Result, Store, activity, connection::Connection, lending::Lender, operations, runs,
};

/// Writes in one transaction.
const TOGETHER: usize = 32;

/// What is to be written; all of it or nothing.
#[derive(Debug, Default)]
pub(crate) struct Write {
    pub(crate) operation: Option<Operation>,
    /// How far a run is, and who must hold it still.
    pub(crate) run: Option<(Run, String)>,
    pub(crate) line: Option<Activity>,
}

/// What became of it.
#[derive(Debug)]
pub(crate) struct Written {
    /// Whether the run was still held; where not, nothing was written of it.
    pub(crate) held: bool,
    /// The line, with its id.
    pub(crate) line: Option<Activity>,
}

/// What waits to be written, and whether somebody is at it.
#[derive(Debug, Default)]
pub(crate) struct Queue(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Waiting>,
    at_work: bool,
}

#[derive(Debug)]
struct Waiting {
    write: Write,
    written: oneshot::Sender<Result<Written>>,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whether nothing waits and nothing is being written.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.lock();
        state.waiting.is_empty() && !state.at_work
    }

    /// Takes what is to be written next; `None` when nothing is, and the work ends.
    fn next(&self) -> Option<Vec<Waiting>> {
        let mut state = self.lock();
        let most = state.waiting.len().min(TOGETHER);
        state.at_work = most > 0;
        (most > 0).then(|| state.waiting.drain(..most).collect())
    }
}

/// Says that somebody is at the queue, as long as it lives.
struct AtWork {
    queue: Arc<Queue>,
    ended: bool,
}

impl Drop for AtWork {
    fn drop(&mut self) {
        // Where it came to its end, another may be at it by now.
        if self.ended {
            return;
        }
        let waiting = {
            let mut state = self.queue.lock();
            state.at_work = false;
            std::mem::take(&mut state.waiting)
        };
        if !waiting.is_empty() {
            tracing::error!("{} writes to the store were cut off", waiting.len());
        }
    }
}

impl Store {
    /// Writes, with all that waits for the same by then. It goes on when the caller goes away.
    pub(crate) async fn write(&self, write: Write) -> Result<Written> {
        let (written, answer) = oneshot::channel();
        let queue = self.0.queue();
        let begins = {
            let mut state = queue.lock();
            state.waiting.push(Waiting { write, written });
            !std::mem::replace(&mut state.at_work, true)
        };
        if begins {
            let at_work = AtWork { queue: queue.clone(), ended: false };
            #[expect(clippy::disallowed_methods, reason = "it ends by itself when nothing waits")]
            tokio::spawn(write_waiting(at_work, Arc::downgrade(&self.0)));
        }
        answer.await.unwrap_or_else(|_| {
            Err(DbErr::Custom("cut off, so it is not known whether it was written".to_owned())
                .into())
        })
    }

    async fn write_or_tell(&self, writes: &[Write]) -> Vec<Result<Written>> {
        match self.run(write_all(self.writer(), writes)).await {
            Ok(written) => written.into_iter().map(Ok).collect(),
            Err(error) if writes.len() == 1 => vec![Err(error)],
            // It is nobody's own, and each would wait as long again.
            Err(Error::Database(error @ DbErr::ConnectionAcquire(_))) => {
                writes.iter().map(|_| Err(error.clone().into())).collect()
            }
            // What is wrong with one of them must not stop the others.
            Err(_) => {
                let mut results = Vec::new();
                for write in writes {
                    let written = self.run(write_all(self.writer(), slice::from_ref(write))).await;
                    results.push(written.map(|mut written| written.remove(0)));
                }
                results
            }
        }
    }
}

/// Writes until nothing waits any more.
async fn write_waiting(mut at_work: AtWork, connection: Weak<Connection>) {
    loop {
        // Whoever is at the same point comes first.
        tokio::task::yield_now().await;
        let Some(batch) = at_work.queue.next() else {
            at_work.ended = true;
            return;
        };
        let Some(store) = connection.upgrade().map(Store) else { return };
        let (writes, waiters): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|waiting| (waiting.write, waiting.written)).unzip();
        let written = store.write_or_tell(&writes).await;
        // Who hears of it may let go of the store, and open it anew.
        drop(store);
        for (waiter, written) in waiters.into_iter().zip(written) {
            // Who has gone meanwhile is written all the same.
            let _ = waiter.send(written);
        }
    }
}

/// The same, by what a statement can write.
struct Parts<'a> {
    operations: Vec<&'a Operation>,
    /// By who holds them. Of two states of a run the later counts.
    runs: BTreeMap<&'a str, BTreeMap<&'a RunId, &'a Run>>,
    lines: Vec<&'a Activity>,
}

/// Writes all or nothing.
async fn write_all(writer: &Lender, writes: &[Write]) -> Result<Vec<Written>> {
    let mut runs: BTreeMap<&str, BTreeMap<_, _>> = BTreeMap::new();
    for (run, holder) in writes.iter().filter_map(|write| write.run.as_ref()) {
        runs.entry(holder).or_default().insert(&run.id, run);
    }
    let parts = Parts {
        operations: writes.iter().filter_map(|write| write.operation.as_ref()).collect(),
        runs,
        lines: writes.iter().filter_map(|write| write.line.as_ref()).collect(),
    };
    let statements = usize::from(!parts.operations.is_empty())
        + parts.runs.len()
        + usize::from(!parts.lines.is_empty());
    let (held, lines) = if statements == 1 {
        write_parts(writer, parts).await?
    } else {
        let transaction = writer.begin().await?;
        let written = write_parts(&transaction, parts).await?;
        transaction.commit().await?;
        written
    };
    let mut lines = lines.into_iter();
    let became = |write: &Write| Written {
        held: write
            .run
            .as_ref()
            .is_some_and(|(run, holder)| held.iter().any(|(by, id)| by == holder && *id == run.id)),
        line: write.line.as_ref().and_then(|_| lines.next()),
    };
    Ok(writes.iter().map(became).collect())
}

/// Returns which runs are held still and by whom, and the lines with their ids.
async fn write_parts<'a>(
    connection: &impl ConnectionTrait,
    parts: Parts<'a>,
) -> Result<(Vec<(&'a str, RunId)>, Vec<Activity>)> {
    operations::save(connection, &parts.operations).await?;
    let mut held = Vec::new();
    for (holder, runs) in parts.runs {
        let saved = runs::save(connection, runs.into_values(), holder).await?;
        held.extend(saved.into_iter().map(|id| (holder, id)));
    }
    Ok((held, activity::add(connection, &parts.lines).await?))
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, future::join_all};
    use hfsm_model::RunState;
    use sea_orm::ConnectionTrait;

    use super::*;
    use crate::{
        ActivityFilter, Error,
        connection::{
            one_value,
            tests::{activity, waiting},
        },
    };

    fn line(activity: Activity) -> Write {
        Write { line: Some(activity), ..Write::default() }
    }

    /// Has all of these wait at the same moment, and returns what becomes of them.
    async fn at_once(store: &Store, writes: Vec<Write>) -> Vec<Result<Written>> {
        join_all(writes.into_iter().map(|write| store.write(write))).await
    }

    #[tokio::test]
    async fn what_waits_at_the_same_moment_is_written_at_once() {
        let store = Store::in_memory().await.unwrap();
        let mut first = Box::pin(store.write(line(activity(1))));
        let mut second = Box::pin(store.write(line(activity(2))));
        assert!((&mut first).now_or_never().is_none());
        assert!((&mut second).now_or_never().is_none());
        let first = first.await.unwrap();
        let lines = store.activities(&ActivityFilter::default(), 9).await.unwrap();
        assert_eq!(first.line.as_ref(), lines.last());
        // Nobody has looked at the second meanwhile.
        assert_eq!(second.now_or_never().unwrap().unwrap().line.as_ref(), lines.first());
    }

    #[tokio::test]
    async fn more_than_fit_into_one_transaction_are_written_in_their_order() {
        let store = Store::in_memory().await.unwrap();
        let count = 2 * TOGETHER + 3;
        let writes = (0..count).map(|_| line(activity(0))).collect();
        let ids: Vec<i64> = at_once(&store, writes)
            .await
            .into_iter()
            .map(|written| written.unwrap().line.unwrap().id)
            .collect();
        assert_eq!(ids.len(), count);
        assert!(ids.is_sorted());
    }

    #[tokio::test]
    async fn what_is_wrong_with_one_does_not_stop_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store.db")).await.unwrap();
        let pages: i64 = one_value(store.writer(), "PRAGMA page_count").await.unwrap();
        let limit = format!("PRAGMA max_page_count = {}", pages + 9);
        store.writer().execute_unprepared(&limit).await.unwrap();
        let large = Activity { message: Some("x".repeat(1_000_000)), ..activity(2) };
        let written =
            at_once(&store, vec![line(activity(1)), line(large), line(activity(3))]).await;
        assert!(matches!(written[1], Err(Error::Full)), "{:?}", written[1]);
        let stored = store.activities(&ActivityFilter::default(), 9).await.unwrap();
        let told = |n: usize| written[n].as_ref().unwrap().line.clone().unwrap();
        assert_eq!(stored, [told(2), told(0)]);
    }

    #[tokio::test]
    async fn of_two_states_of_a_run_the_later_counts() {
        let store = Store::in_memory().await.unwrap();
        store.add_runs(&[waiting()]).await.unwrap();
        let run = store.take_runs("me", chrono::DateTime::UNIX_EPOCH, 1).await.unwrap().remove(0);
        let done = Run { state: RunState::Done, ..run.clone() };
        let save =
            |run: &Run| Write { run: Some((run.clone(), "me".to_owned())), ..Write::default() };
        let written = at_once(&store, vec![save(&run), save(&done)]).await;
        assert!(written.iter().all(|written| written.as_ref().unwrap().held));
        assert_eq!(store.find_run(&run.id).await.unwrap().unwrap().state, RunState::Done);
    }

    #[tokio::test]
    async fn who_goes_away_is_written_and_holds_up_nobody() {
        let store = Store::in_memory().await.unwrap();
        for _ in 0..=TOGETHER {
            let gone = store.write(line(activity(1)));
            assert!(gone.now_or_never().is_none());
        }
        store.add_activity(&activity(2)).await.unwrap();
        let lines = store.activities(&ActivityFilter::default(), 99).await.unwrap();
        assert_eq!(lines.len(), TOGETHER + 2);
    }

    #[tokio::test]
    async fn who_has_heard_may_open_the_store_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        for n in 0..3 {
            let store = Store::open(&path).await.unwrap();
            store.add_activity(&activity(n)).await.unwrap();
        }
    }

    #[test]
    fn what_is_cut_off_with_its_runtime_is_told_and_what_comes_later_is_written() {
        let runtime =
            || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let first = runtime();
        let store = first.block_on(Store::in_memory()).unwrap();
        let mut waiting = Box::pin(store.write(line(activity(1))));
        first.block_on(async { assert!((&mut waiting).now_or_never().is_none()) });
        drop(first);
        let lines = runtime().block_on(async {
            assert!(waiting.await.is_err());
            store.add_activity(&activity(2)).await.unwrap();
            store.activities(&ActivityFilter::default(), 9).await.unwrap()
        });
        assert_eq!(lines.len(), 1);
    }
}
