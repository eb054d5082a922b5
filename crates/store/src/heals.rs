//! What is remembered of mending Spaces. Changed only by who read the newest of it, so that of several
//! processes one makes an attempt.

use std::collections::HashMap;

use hfsm_model::{Activity, HealRecord, Run, SpaceId};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, OnConflict},
};

use crate::{Error, Result, Store, activity, runs};

/// What is remembered of mending a Space, as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredHeal {
    /// What is remembered.
    pub record: HealRecord,
    /// Grows with each change.
    version: i64,
}

impl Store {
    /// Returns what is remembered of each Space. What cannot be understood is left out with a warning.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn heals(&self) -> Result<HashMap<SpaceId, StoredHeal>> {
        self.run(async {
            let rows = table::Entity::find().all(self.reader()).await?;
            let mut heals = HashMap::with_capacity(rows.len());
            for row in rows {
                match (row.space.parse::<SpaceId>(), serde_json::from_str(&row.record)) {
                    (Ok(space), Ok(record)) => {
                        heals.insert(space, StoredHeal { record, version: row.version });
                    }
                    _ => tracing::warn!(
                        space.id = %row.space,
                        "left out what is stored of mending `{}`: it cannot be read",
                        row.space
                    ),
                }
            }
            Ok(heals)
        })
        .await
    }

    /// Returns what is remembered of a Space; nothing yet where nothing is.
    ///
    /// # Errors
    /// When the store cannot be read, or what is stored cannot be understood.
    pub async fn heal(&self, space: &SpaceId) -> Result<StoredHeal> {
        self.run(async {
            let row = table::Entity::find_by_id(space.as_str()).one(self.reader()).await?;
            let Some(row) = row else { return Ok(StoredHeal::default()) };
            let record = serde_json::from_str(&row.record).map_err(|source| Error::Unreadable {
                what: "record of mending",
                key: row.space,
                source: source.into(),
            })?;
            Ok(StoredHeal { record, version: row.version })
        })
        .await
    }

    /// Remembers `record` in the place of what was read, with the run that it begins and the lines of the
    /// activity list that say so; all of it or nothing. Returns the lines as they were stored, and `None`
    /// when another has changed it since.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn save_heal(
        &self,
        space: &SpaceId,
        read: &StoredHeal,
        record: &HealRecord,
        run: Option<&Run>,
        lines: &[Activity],
    ) -> Result<Option<Vec<Activity>>> {
        self.run(async {
            let record = serde_json::to_string(record)
                .map_err(|source| Error::Unwritable { what: "record of mending", source })?;
            let transaction = self.writer().begin().await?;
            let changed = if read.version == 0 {
                let row = table::ActiveModel {
                    space: Set(space.to_string()),
                    version: Set(1),
                    record: Set(record),
                };
                table::Entity::insert(row)
                    .on_conflict(OnConflict::column(table::Column::Space).do_nothing().to_owned())
                    .exec_without_returning(&transaction)
                    .await?
            } else {
                table::Entity::update_many()
                    .col_expr(table::Column::Record, Expr::value(record))
                    .col_expr(table::Column::Version, Expr::value(read.version + 1))
                    .filter(table::Column::Space.eq(space.as_str()))
                    .filter(table::Column::Version.eq(read.version))
                    .exec(&transaction)
                    .await?
                    .rows_affected
            };
            if changed == 0 {
                return Ok(None);
            }
            runs::add(&transaction, run).await?;
            let stored = activity::add(&transaction, &lines.iter().collect::<Vec<_>>()).await?;
            transaction.commit().await?;
            Ok(Some(stored))
        })
        .await
    }
}

mod table {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "heals")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub space: String,
        pub version: i64,
        pub record: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
