//! The activity list: who or what did which thing. Ordered as recorded, whatever the clock does.

use chrono::{DateTime, Utc};
use hfsm_model::{AccountId, Activity, ActivityKind, ActorKind, Outcome, SpaceId};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait, Func},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Error, Result, Store, together::Write};

/// Which lines to return; all that a field allows, and all where it is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActivityFilter {
    /// About this Space.
    pub space: Option<SpaceId>,
    /// About or with this account.
    pub account: Option<AccountId>,
    /// By this sort of actor.
    pub actor: Option<ActorKind>,
    /// By the person or the job of this name.
    pub actor_name: Option<String>,
    /// Of this kind.
    pub kind: Option<ActivityKind>,
    /// With this outcome.
    pub outcome: Option<Outcome>,
    /// Recorded before the line with this id: the next page.
    pub before_id: Option<i64>,
}

impl Store {
    /// Adds a line, and returns it with its id, which is greater than that of every line before.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn add_activity(&self, activity: &Activity) -> Result<Activity> {
        let line = Some(activity.clone());
        let written = self.write(Write { line, ..Write::default() }).await?;
        Ok(written.line.unwrap_or_else(|| activity.clone()))
    }

    /// Returns at most `limit` lines, the last recorded first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn activities(&self, filter: &ActivityFilter, limit: u64) -> Result<Vec<Activity>> {
        self.run(async {
            let mut query = table::Entity::find();
            if let Some(space) = &filter.space {
                query = query.filter(table::Column::Space.eq(space.as_str()));
            }
            if let Some(account) = &filter.account {
                query = query.filter(table::Column::Account.eq(account.as_str()));
            }
            let of_actor = |part: &str, wanted: &str| {
                let column = Expr::col(table::Column::Actor);
                let found = Func::cust("json_extract").arg(column).arg(part);
                ExprTrait::eq(Expr::expr(found), wanted)
            };
            if let Some(actor) = filter.actor {
                query = query.filter(of_actor("$.type", actor.as_str()));
            }
            if let Some(name) = &filter.actor_name {
                query = query.filter(of_actor("$.name", name));
            }
            if let Some(kind) = &filter.kind {
                query = query.filter(table::Column::Kind.eq(to_json(kind)?));
            }
            if let Some(outcome) = &filter.outcome {
                query = query.filter(table::Column::Outcome.eq(to_json(outcome)?));
            }
            let rows = self.page(query, filter.before_id, limit).await?;
            rows.into_iter().map(to_activity).collect()
        })
        .await
    }

    /// Removes the lines written before `older_than`, except the newest 10,000, and returns how
    /// many those were.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn prune_activities(&self, older_than: DateTime<Utc>) -> Result<u64> {
        self.run(self.prune::<table::Entity>(older_than, None)).await
    }
}

/// Adds lines, and returns them with their ids.
pub(crate) async fn add(
    connection: &impl ConnectionTrait,
    lines: &[&Activity],
) -> Result<Vec<Activity>> {
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let rows = lines.iter().map(|line| to_row(line)).collect::<Result<Vec<_>>>()?;
    let mut ids = table::Entity::insert_many(rows).exec_with_returning_keys(connection).await?;
    // In which order they are returned is not promised; that the ids grow is.
    ids.sort_unstable();
    if ids.len() != lines.len() {
        return Err(DbErr::RecordNotInserted.into());
    }
    let added = lines.iter().zip(ids);
    Ok(added.map(|(line, id)| Activity { id, ..(*line).clone() }).collect())
}

fn to_row(activity: &Activity) -> Result<table::ActiveModel> {
    Ok(table::ActiveModel {
        id: NotSet,
        at: Set(activity.at),
        actor: Set(to_json(&activity.actor)?),
        kind: Set(to_json(&activity.kind)?),
        space: Set(activity.space.as_ref().map(SpaceId::to_string)),
        account: Set(activity.account.as_ref().map(AccountId::to_string)),
        outcome: Set(to_json(&activity.outcome)?),
        message: Set(activity.message.clone()),
        details: Set(activity.details.as_ref().map(to_json).transpose()?),
        request_id: Set(activity.request_id.clone()),
    })
}

fn to_json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|source| Error::Unwritable { what: "activity", source })
}

fn to_activity(row: table::Model) -> Result<Activity> {
    let unreadable = |source: Box<dyn std::error::Error + Send + Sync>| Error::Unreadable {
        what: "activity",
        key: row.id.to_string(),
        source,
    };
    fn from_json<T: DeserializeOwned>(
        text: &str,
    ) -> std::result::Result<T, Box<dyn std::error::Error + Send + Sync>> {
        Ok(serde_json::from_str(text)?)
    }
    Ok(Activity {
        id: row.id,
        at: row.at,
        actor: from_json(&row.actor).map_err(unreadable)?,
        kind: from_json(&row.kind).map_err(unreadable)?,
        space: row
            .space
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|e| unreadable(Box::new(e)))?,
        account: row
            .account
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|e| unreadable(Box::new(e)))?,
        outcome: from_json(&row.outcome).map_err(unreadable)?,
        message: row.message,
        // What a newer version words is told in the words that stand beside it.
        details: row.details.as_deref().and_then(|text| serde_json::from_str(text).ok()),
        request_id: row.request_id,
    })
}

mod table {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "activities")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub at: DateTimeUtc,
        pub actor: String,
        pub kind: String,
        pub space: Option<String>,
        pub account: Option<String>,
        pub outcome: String,
        pub message: Option<String>,
        pub details: Option<String>,
        pub request_id: Option<String>,
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
