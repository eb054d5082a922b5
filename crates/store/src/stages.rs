//! Stage changes: what happened to a Space, and when it was noticed.

use chrono::{DateTime, Utc};
use hfsm_model::{SpaceId, Stage, StageChange};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
};

use crate::{Error, Result, Store};

/// Rows in one statement.
const BATCH: usize = 500;

/// Which stage changes to return; all that a field allows, and all where it is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageChangeFilter {
    /// Of this Space.
    pub space: Option<SpaceId>,
    /// Noticed at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Noticed before this time.
    pub before: Option<DateTime<Utc>>,
    /// Recorded before the change with this id: the next page.
    pub before_id: Option<i64>,
}

/// A stage change with its place in the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedStageChange {
    /// Grows with each change that is recorded, whatever the clock does.
    pub id: i64,
    /// What changed.
    pub change: StageChange,
}

impl Store {
    /// Records stage changes in the order given; all of them or none.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn record_stage_changes(&self, changes: &[StageChange]) -> Result<()> {
        self.run(async {
            if changes.len() <= BATCH {
                return record(self.writer(), changes).await;
            }
            let transaction = self.writer().begin().await?;
            for batch in changes.chunks(BATCH) {
                record(&transaction, batch).await?;
            }
            transaction.commit().await?;
            Ok(())
        })
        .await
    }

    /// Returns at most `limit` stage changes, the last recorded first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn stage_changes(
        &self,
        filter: &StageChangeFilter,
        limit: u64,
    ) -> Result<Vec<RecordedStageChange>> {
        self.run(async {
            let mut query = table::Entity::find();
            if let Some(space) = &filter.space {
                query = query.filter(table::Column::Space.eq(space.as_str()));
            }
            if let Some(since) = filter.since {
                query = query.filter(table::Column::At.gte(since));
            }
            if let Some(before) = filter.before {
                query = query.filter(table::Column::At.lt(before));
            }
            let rows = self.page(query, filter.before_id, limit).await?;
            rows.into_iter().map(to_change).collect()
        })
        .await
    }

    /// Removes the stage changes noticed before `older_than`, except the newest 10,000, and returns
    /// how many those were.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn prune_stage_changes(&self, older_than: DateTime<Utc>) -> Result<u64> {
        self.run(self.prune::<table::Entity>(older_than, None)).await
    }
}

/// Records stage changes by one statement.
async fn record(connection: &impl ConnectionTrait, changes: &[StageChange]) -> Result<()> {
    if !changes.is_empty() {
        table::Entity::insert_many(changes.iter().map(to_row))
            .exec_without_returning(connection)
            .await?;
    }
    Ok(())
}

fn to_row(change: &StageChange) -> table::ActiveModel {
    table::ActiveModel {
        id: NotSet,
        space: Set(change.space.to_string()),
        at: Set(change.at),
        from_stage: Set(change.from.as_ref().map(Stage::to_string)),
        to_stage: Set(change.to.to_string()),
        message: Set(change.message.clone()),
    }
}

fn to_change(row: table::Model) -> Result<RecordedStageChange> {
    let space = row.space.parse().map_err(|source| Error::Unreadable {
        what: "stage change of the Space",
        key: row.space,
        source: Box::new(source),
    })?;
    Ok(RecordedStageChange {
        id: row.id,
        change: StageChange {
            space,
            at: row.at,
            from: row.from_stage.map(Stage::new),
            to: Stage::new(row.to_stage),
            message: row.message,
        },
    })
}

mod table {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "stage_changes")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub space: String,
        pub at: DateTimeUtc,
        pub from_stage: Option<String>,
        pub to_stage: String,
        pub message: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl crate::records::Records for Entity {
        const NUMBER: Column = Column::Id;
        const TIME: Column = Column::At;
        const ALWAYS_KEPT: u64 = 10_000;
    }
}
