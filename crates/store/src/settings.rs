//! Settings: a name and a JSON value each.

use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, sea_query::OnConflict};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Error, Result, Store};

impl Store {
    /// Returns a setting, and `None` when it was never set.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when what is stored is not of the type asked for.
    pub async fn setting<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        self.run(read(self.reader(), key)).await
    }

    /// Sets a setting.
    ///
    /// # Errors
    /// When the value is no JSON, or the store cannot be written.
    pub async fn set_setting<T: Serialize + Sync + ?Sized>(
        &self,
        key: &str,
        value: &T,
    ) -> Result<()> {
        self.run(write(self.writer(), key, value)).await
    }
}

/// Reads a setting, in a transaction that is open or by itself.
pub(crate) async fn read<T: DeserializeOwned>(
    connection: &impl ConnectionTrait,
    key: &str,
) -> Result<Option<T>> {
    let Some(row) = table::Entity::find_by_id(key).one(connection).await? else {
        return Ok(None);
    };
    serde_json::from_str(&row.value).map(Some).map_err(|source| Error::Unreadable {
        what: "setting",
        key: row.key,
        source: source.into(),
    })
}

/// Sets a setting, in a transaction that is open or by itself.
pub(crate) async fn write<T: Serialize + Sync + ?Sized>(
    connection: &impl ConnectionTrait,
    key: &str,
    value: &T,
) -> Result<()> {
    let value = serde_json::to_string(value)
        .map_err(|source| Error::Unwritable { what: "setting", source })?;
    let row = table::ActiveModel { key: Set(key.to_owned()), value: Set(value) };
    table::Entity::insert(row)
        .on_conflict(
            OnConflict::column(table::Column::Key).update_column(table::Column::Value).to_owned(),
        )
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

mod table {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "settings")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub value: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
