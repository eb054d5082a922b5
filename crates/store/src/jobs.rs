//! Jobs, and taking their times: what one process has taken, no other does.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use hfsm_model::{Job, JobId, Run};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::Expr, sea_query::OnConflict,
};

use crate::{Error, Result, Store, runs};

/// Rows in one statement.
const BATCH: usize = 500;

/// When a job is due next, and what was planned for then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The time that was planned.
    pub planned_at: DateTime<Utc>,
    /// When it begins.
    pub due_at: DateTime<Utc>,
}

/// The time that a job is planned for, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenTime {
    /// The job as it was read.
    pub job: Job,
    /// What is recorded.
    pub runs: Vec<Run>,
    /// When it is due next.
    pub next: Option<Due>,
}

impl Store {
    /// Adds jobs, or replaces what is kept of them; all or none.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn save_jobs(&self, jobs: &[Job]) -> Result<()> {
        use table::Column;
        self.run(async {
            let transaction = self.writer().begin().await?;
            for batch in jobs.chunks(BATCH) {
                let rows = batch.iter().map(to_row).collect::<Result<Vec<_>>>()?;
                table::Entity::insert_many(rows)
                    .on_conflict(
                        OnConflict::column(Column::Id)
                            .update_columns([
                                Column::Plan,
                                Column::Paused,
                                Column::PlannedAt,
                                Column::DueAt,
                            ])
                            .to_owned(),
                    )
                    .exec_without_returning(&transaction)
                    .await?;
            }
            transaction.commit().await?;
            Ok(())
        })
        .await
    }

    /// Returns how many jobs there are.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn count_jobs(&self) -> Result<u64> {
        self.run(async { Ok(table::Entity::find().count(self.reader()).await?) }).await
    }

    /// Returns a job.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn job(&self, id: &JobId) -> Result<Option<Job>> {
        self.run(async {
            let row = table::Entity::find_by_id(&id.0).one(self.reader()).await?;
            row.map(to_job).transpose()
        })
        .await
    }

    /// Returns all jobs, the oldest first. One that cannot be understood is left out with a warning.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn jobs(&self) -> Result<Vec<Job>> {
        self.run(async {
            let rows = table::Entity::find()
                .order_by_asc(table::Column::CreatedAt)
                .order_by_asc(table::Column::Id)
                .all(self.reader())
                .await?;
            Ok(readable(rows))
        })
        .await
    }

    /// Removes a job; its runs stay. Returns whether there was one.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn remove_job(&self, id: &JobId) -> Result<bool> {
        self.run(async {
            let removed = table::Entity::delete_by_id(&id.0).exec(self.writer()).await?;
            Ok(removed.rows_affected > 0)
        })
        .await
    }

    /// Returns at most `limit` of the jobs that are due at `now`, the longest due first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn due_jobs(&self, now: DateTime<Utc>, limit: u64) -> Result<Vec<Job>> {
        self.run(async {
            let rows = table::Entity::find()
                .filter(table::Column::DueAt.lte(now))
                .order_by_asc(table::Column::DueAt)
                .limit(limit)
                .all(self.reader())
                .await?;
            Ok(readable(rows))
        })
        .await
    }

    /// Returns when the next job is due.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn next_due(&self) -> Result<Option<DateTime<Utc>>> {
        self.run(async {
            let first = table::Entity::find()
                .select_only()
                .column(table::Column::DueAt)
                .filter(table::Column::DueAt.is_not_null())
                .order_by_asc(table::Column::DueAt)
                .into_tuple::<Option<DateTime<Utc>>>()
                .one(self.reader())
                .await?;
            Ok(first.flatten())
        })
        .await
    }

    /// Takes the times that jobs are planned for: records the runs of each, and sets when it is due
    /// next; all of it or nothing. Returns of each whether the time was still there to be taken. Of runs
    /// that are recorded already, nothing is recorded again.
    ///
    /// Jobs come in hundreds at a full hour, and each commit waits for the disk, so they are taken
    /// together.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn take_times(&self, times: &[TakenTime]) -> Result<Vec<bool>> {
        self.run(async {
            let transaction = self.writer().begin().await?;
            // Those that go from one time to another together are moved together.
            let mut moves: BTreeMap<_, Vec<&str>> = BTreeMap::new();
            for TakenTime { job, next, .. } in times {
                let next = next.map(|due| (due.planned_at, due.due_at));
                moves.entry((job.planned_at, next)).or_default().push(&job.id.0);
            }
            let mut moved: HashSet<String> = HashSet::new();
            for ((planned_at, next), ids) in moves {
                for ids in ids.chunks(BATCH) {
                    let rows = table::Entity::update_many()
                        .col_expr(table::Column::PlannedAt, Expr::value(next.map(|(at, _)| at)))
                        .col_expr(table::Column::DueAt, Expr::value(next.map(|(_, at)| at)))
                        .filter(table::Column::Id.is_in(ids.iter().copied()))
                        .filter(table::Column::PlannedAt.eq(planned_at))
                        .filter(table::Column::Paused.eq(false))
                        .exec_with_returning(&transaction)
                        .await?;
                    moved.extend(rows.into_iter().map(|row| row.id));
                }
            }
            let taken: Vec<bool> =
                times.iter().map(|time| moved.contains(&time.job.id.0)).collect();
            let of_taken = times.iter().zip(&taken).filter(|(_, taken)| **taken);
            runs::add(&transaction, of_taken.flat_map(|(time, _)| &time.runs)).await?;
            transaction.commit().await?;
            Ok(taken)
        })
        .await
    }
}

fn to_row(job: &Job) -> Result<table::ActiveModel> {
    Ok(table::ActiveModel {
        id: Set(job.id.to_string()),
        plan: Set(serde_json::to_string(&job.plan)
            .map_err(|source| Error::Unwritable { what: "job", source })?),
        paused: Set(job.paused),
        created_at: Set(job.created_at),
        planned_at: Set(job.planned_at),
        due_at: Set(job.due_at),
    })
}

fn readable(rows: Vec<table::Model>) -> Vec<Job> {
    let job = |row: table::Model| {
        let id = row.id.clone();
        to_job(row)
            .inspect_err(|error| {
                tracing::warn!(job = %id, %error, "left the stored job `{id}` out: it cannot be read");
            })
            .ok()
    };
    rows.into_iter().filter_map(job).collect()
}

fn to_job(row: table::Model) -> Result<Job> {
    let plan = serde_json::from_str(&row.plan).map_err(|source| Error::Unreadable {
        what: "job",
        key: row.id.clone(),
        source: source.into(),
    })?;
    Ok(Job {
        id: JobId(row.id),
        plan,
        paused: row.paused,
        created_at: row.created_at,
        planned_at: row.planned_at,
        due_at: row.due_at,
    })
}

mod table {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "jobs")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub plan: String,
        pub paused: bool,
        pub created_at: DateTimeUtc,
        pub planned_at: Option<DateTimeUtc>,
        pub due_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
