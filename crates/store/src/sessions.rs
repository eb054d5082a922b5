//! Sign-ins at the server. Only the hash of a session's token is kept.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::{Error, Result, Store};

/// The hash of a session's token.
pub type SessionHash = [u8; 32];

/// A sign-in that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The hash of its token.
    pub hash: SessionHash,
    /// Who signed in.
    pub user: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Until when it counts.
    pub expires_at: DateTime<Utc>,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
}

impl Store {
    /// Remembers a session.
    ///
    /// # Errors
    /// When there is one with the same hash, or the store cannot be written.
    pub async fn insert_session(&self, session: &Session) -> Result<()> {
        self.run(async {
            let row = table::ActiveModel {
                hash: Set(hex::encode(session.hash)),
                user: Set(session.user.clone()),
                created_at: Set(session.created_at),
                expires_at: Set(session.expires_at),
                user_agent: Set(session.user_agent.clone()),
            };
            table::Entity::insert(row).exec_without_returning(self.writer()).await?;
            Ok(())
        })
        .await
    }

    /// Returns a session, an expired one too: the caller knows what time it is.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn session(&self, hash: &SessionHash) -> Result<Option<Session>> {
        self.run(async {
            let row = table::Entity::find_by_id(hex::encode(hash)).one(self.reader()).await?;
            row.map(to_session).transpose()
        })
        .await
    }

    /// Returns all sessions, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn sessions(&self) -> Result<Vec<Session>> {
        self.run(async {
            let rows = table::Entity::find()
                .order_by_desc(table::Column::CreatedAt)
                .order_by_asc(table::Column::Hash)
                .all(self.reader())
                .await?;
            rows.into_iter().map(to_session).collect()
        })
        .await
    }

    /// Ends a session, and returns whether there was one.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn remove_session(&self, hash: &SessionHash) -> Result<bool> {
        self.run(async {
            let removed =
                table::Entity::delete_by_id(hex::encode(hash)).exec(self.writer()).await?;
            Ok(removed.rows_affected > 0)
        })
        .await
    }

    /// Ends the sessions that count until `now` or less, and returns how many those were.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn remove_expired_sessions(&self, now: DateTime<Utc>) -> Result<u64> {
        self.run(async {
            let removed = table::Entity::delete_many()
                .filter(table::Column::ExpiresAt.lte(now))
                .exec(self.writer())
                .await?;
            Ok(removed.rows_affected)
        })
        .await
    }
}

fn to_session(row: table::Model) -> Result<Session> {
    let mut hash = SessionHash::default();
    hex::decode_to_slice(&row.hash, &mut hash).map_err(|source| Error::Unreadable {
        what: "session of",
        key: row.user.clone(),
        source: Box::new(source),
    })?;
    Ok(Session {
        hash,
        user: row.user,
        created_at: row.created_at,
        expires_at: row.expires_at,
        user_agent: row.user_agent,
    })
}

mod table {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sessions")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub hash: String,
        pub user: String,
        pub created_at: DateTimeUtc,
        pub expires_at: DateTimeUtc,
        pub user_agent: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
