//! Runs: each time that something was to be done by itself, and who is at it.
//!
//! Who begins a run holds it for a while, and says so again and again. What a dead process held can be
//! taken over when that while is over.

use chrono::{DateTime, Utc};
use hfsm_model::{Activity, JobId, Run, RunCause, RunId, RunState, SpaceId};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect,
    QueryTrait,
    sea_query::{CaseStatement, Condition, Expr, ExprTrait, OnConflict},
};

use crate::{Error, Result, Store, together::Write};

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

impl Store {
    /// Records runs. Those that are recorded already stay as they are.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn add_runs(&self, new: &[Run]) -> Result<()> {
        self.run(add(self.writer(), new)).await
    }

    /// Takes at most `limit` of the runs that wait, the longest waiting first, and holds them until
    /// `until`. Where they are fewer, no more are left.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn take_runs(
        &self,
        holder: &str,
        until: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<Run>> {
        let waiting = table::Column::State.eq(RunState::Waiting.as_str());
        self.run(self.take(waiting, holder, until, limit)).await
    }

    /// Takes at most `limit` of the runs whose holder let its time run out before `now`, and holds them
    /// until `until`: whoever had begun them died. Where they are fewer, no more are left.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn take_over_runs(
        &self,
        holder: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<Run>> {
        let overdue = table::Column::State
            .eq(RunState::Running.as_str())
            .and(table::Column::LeaseUntil.lt(now));
        self.run(self.take(overdue, holder, until, limit)).await
    }

    async fn take(
        &self,
        takeable: Expr,
        holder: &str,
        until: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<Run>> {
        let mut taken: Vec<Run> = Vec::new();
        loop {
            let rest = limit.saturating_sub(taken.len() as u64);
            let first = table::Entity::find()
                .select_only()
                .column(table::Column::Number)
                .filter(takeable.clone())
                .order_by_asc(table::Column::Number)
                .limit(rest);
            let rows = table::Entity::update_many()
                .col_expr(table::Column::State, Expr::value(RunState::Running.as_str()))
                .col_expr(table::Column::Holder, Expr::value(holder))
                .col_expr(table::Column::LeaseUntil, Expr::value(until))
                .filter(table::Column::Number.in_subquery(first.into_query()))
                .exec_with_returning(self.writer())
                .await;
            let mut rows = match rows {
                Ok(rows) => rows,
                Err(error) if taken.is_empty() => return Err(error.into()),
                Err(error) => {
                    // They are held by now, and nobody else would begin them.
                    tracing::error!(%error, "no more runs were taken: {error}");
                    return Ok(taken);
                }
            };
            let found = rows.len() as u64;
            rows.sort_unstable_by_key(|row| row.number);
            taken.extend(readable(rows));
            // Behind those that cannot be read may be others.
            if found < rest || taken.len() as u64 == limit {
                return Ok(taken);
            }
        }
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
        let run = Some((run.clone(), holder.to_owned()));
        Ok(self.write(Write { run, ..Write::default() }).await?.held)
    }

    /// Writes how a run of `holder` ended, and a line of the activity list where there is one; both or
    /// neither. Of a run that is no longer held only the line is written. Returns the line with its id.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn end_run(
        &self,
        run: &Run,
        holder: &str,
        line: Option<&Activity>,
    ) -> Result<Option<Activity>> {
        let run = Some((run.clone(), holder.to_owned()));
        Ok(self.write(Write { run, line: line.cloned(), operation: None }).await?.line)
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

    /// Returns of each of these Spaces the last recorded run for a cause, where there is one that can be
    /// read.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn last_runs(&self, cause: RunCause, spaces: &[SpaceId]) -> Result<Vec<Run>> {
        self.run(async {
            let last_of = |space: &SpaceId| {
                let last = table::Entity::find()
                    .select_only()
                    .column(table::Column::Number)
                    .filter(table::Column::Space.eq(space.as_str()))
                    .filter(table::Column::Cause.eq(cause_word(cause)))
                    .order_by_desc(table::Column::Number)
                    .limit(1);
                Expr::SubQuery(None, Box::new(last.into_query().into()))
            };
            let mut runs = Vec::new();
            for spaces in spaces.chunks(BATCH) {
                let rows = table::Entity::find()
                    .filter(table::Column::Number.into_expr().is_in(spaces.iter().map(last_of)))
                    .all(self.reader())
                    .await?;
                runs.extend(rows);
            }
            Ok(readable(runs))
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

/// Writes how far runs are, each of them once, that `holder` holds. Returns which of them it does.
pub(crate) async fn save<'a>(
    connection: &impl ConnectionTrait,
    runs: impl Iterator<Item = &'a Run>,
    holder: &str,
) -> Result<Vec<RunId>> {
    let (mut states, mut details) = (CaseStatement::new(), CaseStatement::new());
    let mut ids = Vec::new();
    for run in runs {
        let is_this = || table::Column::Id.eq(&run.id.0);
        states = states.case(is_this(), run.state.as_str());
        details = details.case(is_this(), to_json(run)?);
        ids.push(&run.id.0);
    }
    let mut statement = table::Entity::update_many()
        .col_expr(table::Column::State, states.into())
        .col_expr(table::Column::Details, details.into())
        .filter(table::Column::Id.is_in(ids))
        .filter(table::Column::Holder.eq(holder))
        .filter(table::Column::State.eq(RunState::Running.as_str()))
        .into_query();
    let saved = connection.query_all(statement.returning_col(table::Column::Id)).await?;
    let id = |row: &QueryResult| Ok(RunId(row.try_get_by_index(0)?));
    saved.iter().map(id).collect()
}

/// Records runs; those that are recorded already stay as they are.
pub(crate) async fn add<'a>(
    connection: &impl ConnectionTrait,
    new: impl IntoIterator<Item = &'a Run>,
) -> Result<()> {
    let mut rows = new.into_iter().map(to_row).collect::<Result<Vec<_>>>()?;
    while !rows.is_empty() {
        let later = rows.split_off(rows.len().min(BATCH));
        table::Entity::insert_many(std::mem::replace(&mut rows, later))
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

/// Leaves out what cannot be understood, with an error in the log.
fn readable(rows: Vec<table::Model>) -> Vec<Run> {
    let run = |row| {
        to_run(row).inspect_err(|error| tracing::error!(%error, "a run is left out: {error}")).ok()
    };
    rows.into_iter().filter_map(run).collect()
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
