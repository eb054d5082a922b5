//! Answers to requests that carry an idempotency key, so that a repeated one is answered and not
//! done again.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, sea_query::OnConflict};

use crate::{Error, Result, Store};

/// The answer that a request got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The hash of the request, to notice a key that is used for another one.
    pub request_hash: String,
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Store {
    /// Returns the answer that `caller` got for the request that it gave `key`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn idempotent(&self, caller: &str, key: &str) -> Result<Option<StoredAnswer>> {
        self.run(async {
            let id = (caller.to_owned(), key.to_owned());
            let Some(row) = table::Entity::find_by_id(id).one(self.reader()).await? else {
                return Ok(None);
            };
            let status = u16::try_from(row.status).map_err(|source| Error::Unreadable {
                what: "answer to the request",
                key: row.key,
                source: Box::new(source),
            })?;
            Ok(Some(StoredAnswer { request_hash: row.request_hash, status, body: row.body }))
        })
        .await
    }

    /// Keeps the answer to a request. The first answer to a key stays: returns whether this is it.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn save_idempotent(
        &self,
        caller: &str,
        key: &str,
        answer: &StoredAnswer,
        at: DateTime<Utc>,
    ) -> Result<bool> {
        self.run(async {
            let row = table::ActiveModel {
                caller: Set(caller.to_owned()),
                key: Set(key.to_owned()),
                request_hash: Set(answer.request_hash.clone()),
                status: Set(answer.status.into()),
                body: Set(answer.body.clone()),
                created_at: Set(at),
            };
            let added = table::Entity::insert(row)
                .on_conflict(
                    OnConflict::columns([table::Column::Caller, table::Column::Key])
                        .do_nothing()
                        .to_owned(),
                )
                .exec_without_returning(self.writer())
                .await?;
            Ok(added > 0)
        })
        .await
    }

    /// Forgets the answers kept before `older_than`, and returns how many those were.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn prune_idempotent(&self, older_than: DateTime<Utc>) -> Result<u64> {
        self.run(async {
            let removed = table::Entity::delete_many()
                .filter(table::Column::CreatedAt.lt(older_than))
                .exec(self.writer())
                .await?;
            Ok(removed.rows_affected)
        })
        .await
    }
}

mod table {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "stored_answers")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub caller: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub request_hash: String,
        pub status: i64,
        pub body: Vec<u8>,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
