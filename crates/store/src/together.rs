//! What is written at the same moment is written together: each commit waits for the disk, and each
//! statement is a way to SQLite's thread and back.

use std::{
    collections::BTreeMap,
    slice,
    sync::{Mutex, MutexGuard, PoisonError},
};

use hfsm_model::{Activity, Operation, Run, RunId};
use sea_orm::{ConnectionTrait, DbErr};
use tokio::sync::oneshot;

use crate::{Result, Store, activity, lending::Lender, operations, runs};

/// Writes in one transaction.
const TOGETHER: usize = 32;

/// What is to be written; all of it or nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Write {
    pub(crate) operation: Option<Operation>,
    /// How far a run is, and who must hold it still.
    pub(crate) run: Option<(Run, String)>,
    pub(crate) line: Option<Activity>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    /// Whether the run was still held; where not, nothing was written of it.
    pub(crate) held: bool,
    /// The line, with its id.
    pub(crate) line: Option<Activity>,
}

/// What waits to be written.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Mutex<Vec<Waiting>>,
    writing: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Waiting {
    write: Write,
    written: oneshot::Sender<Result<Written>>,
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Writes, with all that waits for the same by then.
    pub(crate) async fn write(&self, write: Write) -> Result<Written> {
        let queue = self.0.queue();
        let (written, mut answer) = oneshot::channel();
        queue.waiting().push(Waiting { write, written });
        let heard = |answer: std::result::Result<_, _>| {
            answer.unwrap_or_else(|_| Err(DbErr::Custom("a write was cut off".to_owned()).into()))
        };
        let turn = tokio::select! {
            biased;
            written = &mut answer => return heard(written),
            turn = queue.writing.lock() => turn,
        };
        // Whoever is at the same point comes first.
        tokio::task::yield_now().await;
        let batch: Vec<Waiting> = {
            let mut waiting = queue.waiting();
            let most = waiting.len().min(TOGETHER);
            waiting.drain(..most).collect()
        };
        if !batch.is_empty() {
            let store = self.clone();
            #[expect(clippy::disallowed_methods, reason = "its owner waits for it right here")]
            // It goes on when the caller goes away: others wait for it, too.
            let writing = tokio::spawn(async move { store.write_batch(batch).await });
            if let Err(error) = writing.await {
                tracing::error!(%error, "a write was cut off: {error}");
            }
        }
        drop(turn);
        heard(answer.await)
    }

    async fn write_batch(&self, batch: Vec<Waiting>) {
        let (writes, waiters): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|waiting| (waiting.write, waiting.written)).unzip();
        for (waiter, written) in waiters.into_iter().zip(self.write_or_tell(&writes).await) {
            // Who has gone meanwhile is written all the same.
            let _ = waiter.send(written);
        }
    }

    async fn write_or_tell(&self, writes: &[Write]) -> Vec<Result<Written>> {
        match self.run(write_all(self.writer(), writes)).await {
            Ok(written) => written.into_iter().map(Ok).collect(),
            Err(error) if writes.len() == 1 => vec![Err(error)],
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
        let turn = store.0.queue().writing.lock().await;
        let mut all: Vec<_> =
            writes.into_iter().map(|write| Box::pin(store.write(write))).collect();
        for write in &mut all {
            assert!(write.now_or_never().is_none());
        }
        drop(turn);
        join_all(all).await
    }

    #[tokio::test]
    async fn what_waits_at_the_same_moment_is_written_by_whoever_is_first() {
        let store = Store::in_memory().await.unwrap();
        let turn = store.0.queue().writing.lock().await;
        let mut first = Box::pin(store.write(line(activity(1))));
        let mut second = Box::pin(store.write(line(activity(2))));
        assert!((&mut first).now_or_never().is_none());
        assert!((&mut second).now_or_never().is_none());
        drop(turn);
        let first = first.await.unwrap();
        // Nobody has looked at the second meanwhile.
        let lines = store.activities(&ActivityFilter::default(), 9).await.unwrap();
        assert_eq!(lines.len(), 2);
        assert_eq!(first.line.as_ref(), lines.last());
        assert_eq!(second.await.unwrap().line.as_ref(), lines.first());
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
        let turn = store.0.queue().writing.lock().await;
        let mut gone = Box::pin(store.write(line(activity(1))));
        assert!((&mut gone).now_or_never().is_none());
        drop(turn);
        // Begins to write, and goes away.
        assert!((&mut gone).now_or_never().is_none());
        drop(gone);
        store.add_activity(&activity(2)).await.unwrap();
        assert_eq!(store.activities(&ActivityFilter::default(), 9).await.unwrap().len(), 2);
    }
}
