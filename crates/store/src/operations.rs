//! Operations: actions that are followed until the Space has settled.

use chrono::{DateTime, Utc};
use hfsm_model::{Activity, Operation, OperationId, SpaceId};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    sea_query::OnConflict,
};

use crate::{Error, Result, Store, together::Write};

/// Which operations to return; all that a field allows, and all where it is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OperationFilter {
    /// On this Space.
    pub space: Option<SpaceId>,
    /// First saved before this one: the next page. One that is not known allows none.
    pub before: Option<OperationId>,
}

impl Store {
    /// Adds an operation, or replaces what is kept of it; its place in the list stays.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn save_operation(&self, operation: &Operation) -> Result<()> {
        let operation = Some(operation.clone());
        self.write(Write { operation, ..Write::default() }).await.map(drop)
    }

    /// Does the same, and adds a line of the activity list; both or neither. Returns the line with its id.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn save_operation_with(
        &self,
        operation: &Operation,
        line: &Activity,
    ) -> Result<Activity> {
        let (operation, stored) = (Some(operation.clone()), Some(line.clone()));
        let written = self.write(Write { operation, line: stored, run: None }).await?;
        Ok(written.line.unwrap_or_else(|| line.clone()))
    }

    /// Returns an operation.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn operation(&self, id: &OperationId) -> Result<Option<Operation>> {
        self.run(async {
            let row = table::Entity::find()
                .filter(table::Column::Id.eq(&id.0))
                .one(self.reader())
                .await?;
            row.map(to_operation).transpose()
        })
        .await
    }

    /// Returns at most `limit` operations, the last begun first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn operations(&self, filter: &OperationFilter, limit: u64) -> Result<Vec<Operation>> {
        self.run(async {
            let mut query = table::Entity::find();
            if let Some(space) = &filter.space {
                query = query.filter(table::Column::Space.eq(space.as_str()));
            }
            let mut before = None;
            if let Some(id) = &filter.before {
                let row = table::Entity::find().filter(table::Column::Id.eq(&id.0));
                before = Some(row.one(self.reader()).await?.map_or(0, |row| row.seq));
            }
            let rows = self.page(query, before, limit).await?;
            rows.into_iter().map(to_operation).collect()
        })
        .await
    }

    /// Returns the operations that have not ended, the first begun first: what a killed process was
    /// following.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn unfinished_operations(&self) -> Result<Vec<Operation>> {
        self.run(async {
            let rows = table::Entity::find()
                .filter(table::Column::Ended.eq(false))
                .order_by_asc(table::Column::Seq)
                .all(self.reader())
                .await?;
            rows.into_iter().map(to_operation).collect()
        })
        .await
    }

    /// Removes the ended operations begun before `older_than`, except among the newest 1,000, and
    /// returns how many those were.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn prune_operations(&self, older_than: DateTime<Utc>) -> Result<u64> {
        let ended = table::Column::Ended.eq(true);
        self.run(self.prune::<table::Entity>(older_than, Some(ended))).await
    }
}

/// Adds operations, or replaces what is kept of them.
pub(crate) async fn save(
    connection: &impl ConnectionTrait,
    operations: &[&Operation],
) -> Result<()> {
    use table::Column;
    if operations.is_empty() {
        return Ok(());
    }
    let rows = operations.iter().map(|operation| to_row(operation)).collect::<Result<Vec<_>>>()?;
    let renewed = [Column::Space, Column::Ended, Column::StartedAt, Column::Details];
    table::Entity::insert_many(rows)
        .on_conflict(OnConflict::column(Column::Id).update_columns(renewed).to_owned())
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

fn to_row(operation: &Operation) -> Result<table::ActiveModel> {
    Ok(table::ActiveModel {
        seq: NotSet,
        id: Set(operation.id.to_string()),
        space: Set(operation.space.to_string()),
        ended: Set(operation.state.is_final()),
        started_at: Set(operation.started_at),
        details: Set(serde_json::to_string(operation)
            .map_err(|source| Error::Unwritable { what: "operation", source })?),
    })
}

fn to_operation(row: table::Model) -> Result<Operation> {
    serde_json::from_str(&row.details).map_err(|source| Error::Unreadable {
        what: "operation",
        key: row.id,
        source: source.into(),
    })
}

mod table {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "operations")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub seq: i64,
        pub id: String,
        pub space: String,
        pub ended: bool,
        pub started_at: DateTimeUtc,
        pub details: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl crate::records::Records for Entity {
        const NUMBER: Column = Column::Seq;
        const TIME: Column = Column::StartedAt;
        const ALWAYS_KEPT: u64 = 1_000;
    }
}
