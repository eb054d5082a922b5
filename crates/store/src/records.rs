//! What all records have in common: they are read in pages, the last recorded first, and the old
//! ones are removed. Ordered as recorded, whatever the clock does.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::{Condition, Expr, ExprTrait},
};

use crate::{Result, Store};

/// A table whose rows are recorded one after the other.
pub(crate) trait Records: EntityTrait {
    /// Grows with each row.
    const NUMBER: Self::Column;
    /// The time by which old rows are told.
    const TIME: Self::Column;
    /// So many of the newest rows stay whatever their time, so that a clock that jumped ahead
    /// does not empty the list.
    const ALWAYS_KEPT: u64;
}

impl Store {
    /// Returns at most `limit` of the rows that `query` allows, the last recorded first, and only
    /// those recorded before the row with the number `before`: the next page.
    pub(crate) async fn page<R: Records>(
        &self,
        query: Select<R>,
        before: Option<i64>,
        limit: u64,
    ) -> Result<Vec<R::Model>> {
        let before = before.map(|number| R::NUMBER.lt(number));
        let query = query.filter(Condition::all().add_option(before));
        Ok(query.order_by_desc(R::NUMBER).limit(limit).all(self.reader()).await?)
    }

    /// Removes the rows from before `older_than` that `removable` allows, except the newest
    /// [`Records::ALWAYS_KEPT`], and returns how many those were.
    pub(crate) async fn prune<R: Records>(
        &self,
        older_than: DateTime<Utc>,
        removable: Option<Expr>,
    ) -> Result<u64> {
        let first_kept = R::find()
            .select_only()
            .column(R::NUMBER)
            .order_by_desc(R::NUMBER)
            .offset(R::ALWAYS_KEPT - 1)
            .limit(1)
            .into_query();
        let removed = R::delete_many()
            .filter(R::TIME.lt(older_than))
            // A sum, so that rows are found by their time: most of them are older than the first kept.
            .filter(
                R::NUMBER.into_expr().add(0).lt(Expr::SubQuery(None, Box::new(first_kept.into()))),
            )
            .filter(Condition::all().add_option(removable))
            .exec(self.writer())
            .await?;
        Ok(removed.rows_affected)
    }
}
