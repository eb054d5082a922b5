//! A person's own labels of Spaces. They outlive the Space in the inventory: one that is not seen
//! for a while has them again when it is back.

use std::collections::HashMap;

use hfsm_model::SpaceId;
use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};

use crate::{Error, Result, Store};

impl Store {
    /// Returns the labels of every Space that has some. A record that cannot be understood is left
    /// out with a warning.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn labels(&self) -> Result<HashMap<SpaceId, Vec<String>>> {
        self.run(async {
            let rows = table::Entity::find().all(self.reader()).await?;
            let mut labels = HashMap::with_capacity(rows.len());
            for row in rows {
                let space = row.space.parse::<SpaceId>();
                match (space, serde_json::from_str(&row.labels)) {
                    (Ok(space), Ok(words)) => {
                        labels.insert(space, words);
                    }
                    _ => tracing::warn!(
                        space.id = %row.space,
                        "left the stored labels of `{}` out: they cannot be read",
                        row.space
                    ),
                }
            }
            Ok(labels)
        })
        .await
    }

    /// Keeps these labels of a Space, in the place of those that were kept.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn set_labels(&self, space: &SpaceId, labels: &[String]) -> Result<()> {
        self.run(async {
            if labels.is_empty() {
                table::Entity::delete_by_id(space.as_str()).exec(self.writer()).await?;
                return Ok(());
            }
            let words = serde_json::to_string(labels)
                .map_err(|source| Error::Unwritable { what: "label", source })?;
            let row = table::ActiveModel { space: Set(space.to_string()), labels: Set(words) };
            table::Entity::insert(row)
                .on_conflict(
                    OnConflict::column(table::Column::Space)
                        .update_column(table::Column::Labels)
                        .to_owned(),
                )
                .exec_without_returning(self.writer())
                .await?;
            Ok(())
        })
        .await
    }
}

mod table {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "space_labels")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub space: String,
        pub labels: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
