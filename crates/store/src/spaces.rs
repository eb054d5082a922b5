//! The last known inventory: shown at once at the next start.

use std::collections::HashMap;

use hfsm_model::{AccountId, Space, SpaceId, Stage, WriteAccess};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    sea_query::OnConflict,
};

use crate::{Error, Result, Store};

/// Rows in one statement; far below the number of parameters that any database allows.
const BATCH: usize = 500;

impl Store {
    /// Returns every Space as it was last saved, by name. A record that cannot be understood is
    /// left out with a warning: the Hub will say it again.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn spaces(&self) -> Result<Vec<Space>> {
        self.run(async {
            // Both reads see the same moment.
            let moment = self.reader().begin().await?;
            let rows = table::Entity::find().order_by_asc(table::Column::Id).all(&moment).await?;
            let mut accounts = accounts_by_space(&moment).await?;
            moment.commit().await?;
            let mut spaces = Vec::with_capacity(rows.len());
            for row in rows {
                let seen_by = accounts.remove(&row.id).unwrap_or_default();
                match to_space(&row, seen_by) {
                    Ok(space) => spaces.push(space),
                    Err(error) => tracing::warn!(
                        space.id = %row.id,
                        error = %error,
                        "left the stored Space `{}` out: it cannot be read",
                        row.id
                    ),
                }
            }
            Ok(spaces)
        })
        .await
    }

    /// Adds Spaces, or replaces what is kept of them; all of them or none.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn save_spaces(&self, spaces: &[Space]) -> Result<()> {
        self.run(async {
            if spaces.is_empty() {
                return Ok(());
            }
            // A name that comes twice would make one statement change a row twice.
            let unique: HashMap<&SpaceId, &Space> =
                spaces.iter().map(|space| (&space.info.id, space)).collect();
            let unique: Vec<&Space> = unique.into_values().collect();
            let relinked = self.0.links().changed(&unique);
            if relinked.is_empty() && unique.len() <= BATCH {
                return save_batch(self.writer(), &unique).await;
            }
            let transaction = self.writer().begin().await?;
            for batch in unique.chunks(BATCH) {
                save_batch(&transaction, batch).await?;
            }
            for batch in relinked.chunks(BATCH) {
                link(&transaction, batch).await?;
            }
            transaction.commit().await?;
            self.0.links().put(&relinked);
            Ok(())
        })
        .await
    }

    /// Removes Spaces; all of them or none. One that is not there is no error.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn remove_spaces(&self, ids: &[SpaceId]) -> Result<()> {
        self.run(async {
            if ids.is_empty() {
                return Ok(());
            }
            let ids: Vec<String> = ids.iter().map(SpaceId::to_string).collect();
            self.0.links().forget();
            let transaction = self.writer().begin().await?;
            remove(&transaction, &ids).await?;
            transaction.commit().await?;
            // What was written between is known too.
            self.0.links().forget();
            Ok(())
        })
        .await
    }
}

/// Who sees which Space, as far as this process has written it: a stage changes often, and who sees it
/// hardly ever.
#[derive(Debug, Default)]
pub(crate) struct KnownLinks(HashMap<SpaceId, Vec<AccountId>>);

impl KnownLinks {
    /// Returns the Spaces that others are known to see than these say.
    fn changed<'a>(&self, spaces: &[&'a Space]) -> Vec<&'a Space> {
        let known = |space: &Space| self.0.get(&space.info.id) == Some(&space.accounts);
        spaces.iter().copied().filter(|space| !known(space)).collect()
    }

    fn put(&mut self, spaces: &[&Space]) {
        let linked = spaces.iter().map(|space| (space.info.id.clone(), space.accounts.clone()));
        self.0.extend(linked);
    }

    /// For who is about to remove some.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }
}

/// Removes Spaces by name; their links to accounts go with them.
pub(crate) async fn remove(connection: &impl ConnectionTrait, ids: &[String]) -> Result<()> {
    for batch in ids.chunks(BATCH) {
        table::Entity::delete_many()
            .filter(table::Column::Id.is_in(batch))
            .exec(connection)
            .await?;
    }
    Ok(())
}

async fn save_batch(connection: &impl ConnectionTrait, spaces: &[&Space]) -> Result<()> {
    use table::Column;
    let rows = spaces.iter().map(|space| to_row(space)).collect::<Result<Vec<_>>>()?;
    table::Entity::insert_many(rows)
        .on_conflict(
            OnConflict::column(Column::Id)
                .update_columns([
                    Column::Info,
                    Column::Stage,
                    Column::StageSince,
                    Column::StageSinceKnown,
                    Column::SeenAt,
                    Column::Stale,
                    Column::WriteAccess,
                ])
                .to_owned(),
        )
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

/// Writes anew which accounts see these Spaces.
async fn link(connection: &impl ConnectionTrait, spaces: &[&Space]) -> Result<()> {
    links::Entity::delete_many()
        .filter(links::Column::Space.is_in(spaces.iter().map(|space| space.info.id.as_str())))
        .exec(connection)
        .await?;
    let links: Vec<_> = spaces.iter().flat_map(|space| to_links(space)).collect();
    for batch in links.chunks(BATCH) {
        links::Entity::insert_many(batch.iter().cloned())
            .on_conflict(
                OnConflict::columns([links::Column::Space, links::Column::Account])
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(connection)
            .await?;
    }
    Ok(())
}

async fn accounts_by_space(
    connection: &impl ConnectionTrait,
) -> Result<HashMap<String, Vec<AccountId>>> {
    let rows = links::Entity::find()
        .order_by_asc(links::Column::Space)
        .order_by_asc(links::Column::Position)
        .all(connection)
        .await?;
    let mut accounts: HashMap<String, Vec<AccountId>> = HashMap::new();
    for row in rows {
        if let Ok(account) = AccountId::new(&row.account) {
            accounts.entry(row.space).or_default().push(account);
        }
    }
    Ok(accounts)
}

fn to_row(space: &Space) -> Result<table::ActiveModel> {
    let unwritable = |source| Error::Unwritable { what: "Space", source };
    Ok(table::ActiveModel {
        id: Set(space.info.id.to_string()),
        info: Set(serde_json::to_string(&space.info).map_err(unwritable)?),
        stage: Set(space.stage.to_string()),
        stage_since: Set(space.stage_since),
        stage_since_known: Set(space.stage_since_known),
        seen_at: Set(space.seen_at),
        stale: Set(space.stale),
        write_access: Set(write_access_word(space.write_access).to_owned()),
    })
}

fn to_links(space: &Space) -> impl Iterator<Item = links::ActiveModel> {
    (0..).zip(&space.accounts).map(|(position, account)| links::ActiveModel {
        space: Set(space.info.id.to_string()),
        account: Set(account.to_string()),
        position: Set(position),
    })
}

fn to_space(row: &table::Model, accounts: Vec<AccountId>) -> serde_json::Result<Space> {
    Ok(Space {
        info: serde_json::from_str(&row.info)?,
        stage: Stage::new(row.stage.clone()),
        stage_since: row.stage_since,
        stage_since_known: row.stage_since_known,
        seen_at: row.seen_at,
        stale: row.stale,
        accounts,
        write_access: match row.write_access.as_str() {
            "yes" => WriteAccess::Yes,
            "no" => WriteAccess::No,
            _ => WriteAccess::Unknown,
        },
        labels: Vec::new(),
    })
}

fn write_access_word(access: WriteAccess) -> &'static str {
    match access {
        WriteAccess::Yes => "yes",
        WriteAccess::No => "no",
        WriteAccess::Unknown => "unknown",
    }
}

mod table {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "spaces")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub info: String,
        pub stage: String,
        pub stage_since: DateTimeUtc,
        pub stage_since_known: bool,
        pub seen_at: DateTimeUtc,
        pub stale: bool,
        pub write_access: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod links {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "space_accounts")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub space: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub account: String,
        pub position: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
