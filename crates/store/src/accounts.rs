//! Accounts, without their tokens: those are in the vault.

use hfsm_model::{Account, AccountId};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{OnConflict, Query},
};

use crate::{Error, Result, Store, spaces};

impl Store {
    /// Returns the accounts by name.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when an account's record cannot be understood.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        self.run(async {
            let rows =
                table::Entity::find().order_by_asc(table::Column::Id).all(self.reader()).await?;
            rows.into_iter().map(to_account).collect()
        })
        .await
    }

    /// Adds an account, or replaces what is kept of it.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn save_account(&self, account: &Account) -> Result<()> {
        self.run(async {
            let row = table::ActiveModel {
                id: Set(account.id.to_string()),
                details: Set(serde_json::to_string(account)
                    .map_err(|source| Error::Unwritable { what: "account", source })?),
            };
            table::Entity::insert(row)
                .on_conflict(
                    OnConflict::column(table::Column::Id)
                        .update_column(table::Column::Details)
                        .to_owned(),
                )
                .exec_without_returning(self.writer())
                .await?;
            Ok(())
        })
        .await
    }

    /// Removes an account, and the Spaces that no other account sees. An account that is not there
    /// is no error.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn remove_account(&self, id: &AccountId) -> Result<()> {
        self.run(async {
            self.0.links().forget();
            let transaction = self.writer().begin().await?;
            table::Entity::delete_by_id(id.as_str()).exec(&transaction).await?;
            let seen_by_others = Query::select()
                .column(spaces::links::Column::Space)
                .from(spaces::links::Entity)
                .and_where(spaces::links::Column::Account.ne(id.as_str()))
                .to_owned();
            let only_here: Vec<String> = spaces::links::Entity::find()
                .select_only()
                .column(spaces::links::Column::Space)
                .filter(spaces::links::Column::Account.eq(id.as_str()))
                .filter(spaces::links::Column::Space.not_in_subquery(seen_by_others))
                .into_tuple()
                .all(&transaction)
                .await?;
            spaces::links::Entity::delete_many()
                .filter(spaces::links::Column::Account.eq(id.as_str()))
                .exec(&transaction)
                .await?;
            spaces::remove(&transaction, &only_here).await?;
            transaction.commit().await?;
            self.0.links().forget();
            Ok(())
        })
        .await
    }
}

fn to_account(row: table::Model) -> Result<Account> {
    serde_json::from_str(&row.details).map_err(|source| Error::Unreadable {
        what: "account",
        key: row.id,
        source: source.into(),
    })
}

mod table {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "accounts")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub details: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
