//! Reading Spaces: what they are now and how their stages changed.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use hfsm_model::{Space, SpaceId, StageChange};
use hfsm_store::StageChangeFilter;

use crate::{Error, Fleet};

impl Fleet {
    /// Returns a Space.
    ///
    /// # Errors
    /// When no account sees one of that name.
    pub fn space(&self, id: &SpaceId) -> Result<Arc<Space>, Error> {
        self.0.inventory.get(id).ok_or_else(|| Error::SpaceNotFound(id.clone()))
    }

    /// Returns all Spaces in the order of their names.
    pub fn spaces(&self) -> Vec<Arc<Space>> {
        self.0.inventory.all()
    }

    /// Returns changes of stage, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn stage_changes(&self, id: &SpaceId, limit: u32) -> Result<Vec<StageChange>, Error> {
        let filter = StageChangeFilter { space: Some(id.clone()), ..Default::default() };
        self.read_stage_changes(&filter, limit).await
    }

    /// Returns at most `limit` changes of stage of all Spaces that were noticed at `since` or
    /// later, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn stage_changes_since(
        &self,
        since: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<StageChange>, Error> {
        let filter = StageChangeFilter { since: Some(since), ..Default::default() };
        self.read_stage_changes(&filter, limit).await
    }

    async fn read_stage_changes(
        &self,
        filter: &StageChangeFilter,
        limit: u32,
    ) -> Result<Vec<StageChange>, Error> {
        let recorded = self.0.store.stage_changes(filter, limit.into()).await?;
        Ok(recorded.into_iter().map(|recorded| recorded.change).collect())
    }
}
