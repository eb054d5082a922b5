//! Runs: each time that something was to be done by itself, and who is at it.
//!
//! Who begins a run holds it for a while, and says so again and again. What a dead process held can be
//! taken over when that while is over.

use chrono::{DateTime, Utc};
use hfsm_model::{JobId, Run, RunCause, RunId, RunState, SpaceId};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    sea_query::{Condition, Expr, OnConflict},
};

use crate::{Error, Result, Store};

/// Rows in one statement.
const BATCH: usize = 500;

/// Which runs to return; all that a field allows, and all where it is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Of this job.
    pub job: Option<JobId>,
    /// On this Space.
    pub space: Option<SpaceId>,
    /// In this state.
    pub state: Option<RunState>,
    /// Asked for by this.
    pub cause: Option<RunCause>,
    /// Recorded before the run with this number: the next page.
    pub before: Option<i64>,
}

/// A run that was taken, to be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenRun {
    /// The run.
    pub run: Run,
    /// Whether another process had begun it, and died.
    pub taken_over: bool,
}

impl Store {
    /// Records runs. Those that are recorded already stay as they are.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn add_runs(&self, new: &[Run]) -> Result<()> {
        self.run(add(self.writer(), new)).await
    }

    /// Takes the run that waits longest, or one whose holder let its time run out, and holds it
    /// until `until`. Returns `None` when there is none.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn take_run(
        &self,
        holder: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<TakenRun>> {
        self.run(async {
            loop {
                // By the writer, so that what was just taken is not seen as waiting.
                let waiting = table::Entity::find()
                    .filter(table::Column::State.eq(RunState::Waiting.as_str()))
                    .order_by_asc(table::Column::Number)
                    .one(self.writer())
                    .await?;
                let row = match waiting {
                    Some(row) => Some(row),
                    None => {
                        table::Entity::find()
                            .filter(table::Column::State.eq(RunState::Running.as_str()))
                            .filter(table::Column::LeaseUntil.lt(now))
                            .order_by_asc(table::Column::Number)
                            .one(self.writer())
                            .await?
                    }
                };
                let Some(row) = row else { return Ok(None) };
                let same_lease = match row.lease_until {
                    Some(lease) => table::Column::LeaseUntil.eq(lease),
                    None => table::Column::LeaseUntil.is_null(),
                };
                let taken = table::Entity::update_many()
                    .col_expr(table::Column::State, Expr::value(RunState::Running.as_str()))
                    .col_expr(table::Column::Holder, Expr::value(holder))
                    .col_expr(table::Column::LeaseUntil, Expr::value(until))
                    .filter(table::Column::Number.eq(row.number))
                    .filter(table::Column::State.eq(&row.state))
                    .filter(same_lease)
                    .exec(self.writer())
                    .await?;
                if taken.rows_affected == 1 {
                    let taken_over = row.state == RunState::Running.as_str();
                    let run = Run { state: RunState::Running, ..to_run(row)? };
                    return Ok(Some(TakenRun { run, taken_over }));
                }
            }
        })
        .await
    }

    /// Holds a run for longer. Returns whether it is still held by `holder`.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn hold_run(&self, id: &RunId, holder: &str, until: DateTime<Utc>) -> Result<bool> {
        self.run(async {
            let held = table::Entity::update_many()
                .col_expr(table::Column::LeaseUntil, Expr::value(until))
                .filter(table::Column::Id.eq(&id.0))
                .filter(table::Column::Holder.eq(holder))
                .filter(table::Column::State.eq(RunState::Running.as_str()))
                .exec(self.writer())
                .await?;
            Ok(held.rows_affected == 1)
        })
        .await
    }

    /// Writes how far a run is that `holder` holds. Returns whether it still does; where not, nothing
    /// is written.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn save_run(&self, run: &Run, holder: &str) -> Result<bool> {
        self.run(async {
            let saved = table::Entity::update_many()
                .col_expr(table::Column::State, Expr::value(run.state.as_str()))
                .col_expr(table::Column::Details, Expr::value(to_json(run)?))
                .filter(table::Column::Id.eq(&run.id.0))
                .filter(table::Column::Holder.eq(holder))
                .filter(table::Column::State.eq(RunState::Running.as_str()))
                .exec(self.writer())
                .await?;
            Ok(saved.rows_affected == 1)
        })
        .await
    }

    /// Ends what holders were promised, so that their runs can be taken over at once. For who knows that
    /// all of them are dead.
    pub(crate) async fn end_leases(&self) -> Result<()> {
        self.run(async {
            table::Entity::update_many()
                .col_expr(table::Column::LeaseUntil, Expr::value(DateTime::UNIX_EPOCH))
                .filter(table::Column::State.eq(RunState::Running.as_str()))
                .exec(self.writer())
                .await?;
            Ok(())
        })
        .await
    }

    /// Returns a run.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn find_run(&self, id: &RunId) -> Result<Option<Run>> {
        self.run(async {
            let row = table::Entity::find()
                .filter(table::Column::Id.eq(&id.0))
                .one(self.reader())
                .await?;
            row.map(to_run).transpose()
        })
        .await
    }

    /// Returns at most `limit` runs, the last recorded first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn runs(&self, filter: &RunFilter, limit: u64) -> Result<Vec<Run>> {
        self.run(async {
            let mut wanted = Condition::all();
            if let Some(job) = &filter.job {
                wanted = wanted.add(table::Column::Job.eq(&job.0));
            }
            if let Some(space) = &filter.space {
                wanted = wanted.add(table::Column::Space.eq(space.as_str()));
            }
            if let Some(state) = filter.state {
                wanted = wanted.add(table::Column::State.eq(state.as_str()));
            }
            if let Some(cause) = filter.cause {
                wanted = wanted.add(table::Column::Cause.eq(cause_word(cause)));
            }
            let query = table::Entity::find().filter(wanted);
            let rows = self.page(query, filter.before, limit).await?;
            rows.into_iter().map(to_run).collect()
        })
        .await
    }

    /// Removes the runs that ended and were planned before `older_than`, except among the newest
    /// 1,000, and returns how many those were.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn prune_runs(&self, older_than: DateTime<Utc>) -> Result<u64> {
        let under_way = [RunState::Waiting.as_str(), RunState::Running.as_str()];
        let ended = table::Column::State.is_not_in(under_way);
        self.run(self.prune::<table::Entity>(older_than, Some(ended))).await
    }
}

/// Records runs; those that are recorded already stay as they are.
pub(crate) async fn add(connection: &impl ConnectionTrait, new: &[Run]) -> Result<()> {
    for batch in new.chunks(BATCH) {
        let rows = batch.iter().map(to_row).collect::<Result<Vec<_>>>()?;
        table::Entity::insert_many(rows)
            .on_conflict(OnConflict::column(table::Column::Occurrence).do_nothing().to_owned())
            .exec_without_returning(connection)
            .await?;
    }
    Ok(())
}

/// What no two runs have in common: what is planned once is done once.
fn occurrence(run: &Run) -> String {
    let planned = run.planned_at.timestamp_millis();
    match (run.cause, &run.job) {
        (RunCause::ByHand | RunCause::AutoHeal, _) | (RunCause::Schedule, None) => {
            run.id.to_string()
        }
        (RunCause::Schedule, Some(job)) => format!("{job} {} {planned}", run.space),
        (RunCause::KeepAlive, _) => format!("keep-alive {} {}", run.space, planned / 60_000),
    }
}

fn to_row(run: &Run) -> Result<table::ActiveModel> {
    Ok(table::ActiveModel {
        number: NotSet,
        id: Set(run.id.to_string()),
        occurrence: Set(occurrence(run)),
        job: Set(run.job.as_ref().map(JobId::to_string)),
        space: Set(run.space.to_string()),
        state: Set(run.state.as_str().to_owned()),
        cause: Set(cause_word(run.cause).to_owned()),
        planned_at: Set(run.planned_at),
        holder: Set(None),
        lease_until: Set(None),
        details: Set(to_json(run)?),
    })
}

fn to_json(run: &Run) -> Result<String> {
    serde_json::to_string(run).map_err(|source| Error::Unwritable { what: "run", source })
}

fn to_run(row: table::Model) -> Result<Run> {
    let run: Run = serde_json::from_str(&row.details).map_err(|source| Error::Unreadable {
        what: "run",
        key: row.id,
        source: source.into(),
    })?;
    // A run that was taken has not written anything of itself yet.
    let state = if row.state == RunState::Running.as_str() { RunState::Running } else { run.state };
    Ok(Run { number: row.number, state, ..run })
}

fn cause_word(cause: RunCause) -> &'static str {
    match cause {
        RunCause::Schedule => "schedule",
        RunCause::ByHand => "by_hand",
        RunCause::KeepAlive => "keep_alive",
        RunCause::AutoHeal => "auto_heal",
    }
}

mod table {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "runs")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub number: i64,
        #[sea_orm(unique)]
        pub id: String,
        #[sea_orm(unique)]
        pub occurrence: String,
        pub job: Option<String>,
        pub space: String,
        pub state: String,
        pub cause: String,
        pub planned_at: DateTimeUtc,
        pub holder: Option<String>,
        pub lease_until: Option<DateTimeUtc>,
        pub details: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl crate::records::Records for Entity {
        const NUMBER: Column = Column::Number;
        const TIME: Column = Column::PlannedAt;
        const ALWAYS_KEPT: u64 = 1_000;
    }
}
