//! Getting what changed into the store before it is told.
//!
//! A store that cannot be written (a full disk) stops nothing: what could not be saved is kept and
//! tried again, and the trouble is told.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::TimeDelta;
use hfsm_model::{Activity, ActivityKind, Event, Outcome, Settings, Space, SpaceId, StageChange};

use hfsm_store::{ActivityFilter, Store};

use crate::{Error, Fleet, events::Audience, inventory::Changes, lock};

/// Stage changes that wait for a store which cannot be written; older ones are let go.
const WAITING: usize = 10_000;
/// Between two attempts to save what could not be saved.
const AGAIN: Duration = Duration::from_secs(5);
/// Between two looks at what is too old to keep.
const PRUNE: Duration = Duration::from_secs(6 * 3600);
/// Under which the settings stand in the store.
const SETTINGS: &str = "settings";

/// What waits for the store, and what a person chose.
#[derive(Debug, Default)]
pub(crate) struct Persistence {
    waiting: Mutex<Waiting>,
    writing: tokio::sync::Mutex<()>,
    /// Held while what a person chose is stored and told, so that both happen in one order.
    pub(crate) choosing: tokio::sync::Mutex<()>,
    trouble: Mutex<Option<String>>,
    settings: Mutex<Settings>,
}

#[derive(Debug, Default)]
struct Waiting {
    spaces: HashSet<SpaceId>,
    removed: HashSet<SpaceId>,
    stages: Vec<StageChange>,
    /// Whether what was told is another than what is stored of it.
    notices: bool,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.spaces.is_empty() && self.removed.is_empty() && self.stages.is_empty() && !self.notices
    }
}

impl Persistence {
    /// Reads what was chosen. Where that cannot be read, nothing is done by itself, as may have been chosen.
    pub(crate) async fn load(store: &Store) -> Self {
        let settings = store.setting(SETTINGS).await.unwrap_or_else(|error| {
            tracing::error!(%error, "the settings begin anew, with automation at rest: {error}");
            Some(Settings { pause_automation: true, ..Settings::default() })
        });
        Self { settings: Mutex::new(settings.unwrap_or_default()), ..Self::default() }
    }

    /// Has what was told stored with the next that is.
    pub(crate) fn notices_changed(&self) {
        lock(&self.waiting).notices = true;
    }
}

/// What is being written. It waits again if that fails, or is given up as the program ends.
struct Unwritten<'a> {
    waiting: &'a Mutex<Waiting>,
    work: Waiting,
}

impl<'a> Unwritten<'a> {
    fn take(waiting: &'a Mutex<Waiting>) -> Self {
        let work = std::mem::take(&mut *lock(waiting));
        Self { waiting, work }
    }
}

impl Drop for Unwritten<'_> {
    fn drop(&mut self) {
        let work = std::mem::take(&mut self.work);
        let mut waiting = lock(self.waiting);
        let later = std::mem::take(&mut *waiting);
        *waiting = Waiting {
            removed: work
                .removed
                .into_iter()
                .filter(|id| !later.spaces.contains(id))
                .chain(later.removed)
                .collect(),
            spaces: work.spaces.into_iter().chain(later.spaces).collect(),
            stages: work.stages.into_iter().chain(later.stages).collect(),
            notices: work.notices || later.notices,
        };
    }
}

impl Fleet {
    /// Stores what changed, then tells it.
    pub(crate) async fn publish_changes(&self, changes: Changes) {
        if changes.is_empty() {
            return;
        }
        {
            let mut waiting = lock(&self.0.persistence.waiting);
            for space in &changes.changed {
                waiting.removed.remove(&space.info.id);
                waiting.spaces.insert(space.info.id.clone());
            }
            for (id, _) in &changes.removed {
                waiting.spaces.remove(id);
                waiting.removed.insert(id.clone());
            }
            waiting.stages.extend(changes.stages.iter().cloned());
            let over = waiting.stages.len().saturating_sub(WAITING);
            waiting.stages.drain(..over);
        }
        self.note_changes(&changes);
        self.save_pending().await;
        let events = &self.0.events;
        let private: HashSet<&SpaceId> =
            changes.changed.iter().filter(|s| s.info.private).map(|s| &s.info.id).collect();
        let stages = changes.stages.iter().map(|change| {
            let audience = Audience::of_space(private.contains(&change.space));
            (Event::StageChanged(change.clone()), audience)
        });
        let hidden = changes
            .hidden
            .iter()
            .map(|id| (Event::SpaceRemoved { id: id.clone() }, Audience::PublicSpaces));
        let changed = changes.changed.iter().map(|space| {
            (Event::SpaceChanged((**space).clone()), Audience::of_space(space.info.private))
        });
        let removed = changes.removed.iter().map(|(id, public)| {
            (Event::SpaceRemoved { id: id.clone() }, Audience::of_space(!public))
        });
        events.publish_all(stages.chain(hidden).chain(changed).chain(removed));
        if !changes.stages.is_empty() || !changes.removed.is_empty() {
            self.0.inventory_changed.notify_one();
            self.0.heals.look_again();
        }
        self.send_notices().await;
    }

    /// Writes what waits for the store.
    pub(crate) async fn save_pending(&self) {
        let persistence = &self.0.persistence;
        let _turn = persistence.writing.lock().await;
        let mut unwritten = Unwritten::take(&persistence.waiting);
        let work = &unwritten.work;
        if work.is_empty() {
            return;
        }
        let spaces: Vec<Space> = work
            .spaces
            .iter()
            .filter_map(|id| self.0.inventory.get(id))
            .map(Arc::unwrap_or_clone)
            .collect();
        let removed: Vec<SpaceId> = work.removed.iter().cloned().collect();
        let written = async {
            self.0.store.save_spaces(&spaces).await?;
            self.0.store.remove_spaces(&removed).await?;
            self.0.store.record_stage_changes(&work.stages).await?;
            if work.notices { self.save_notices().await } else { Ok(()) }
        };
        match written.await {
            Ok(()) => {
                unwritten.work = Waiting::default();
                *lock(&persistence.trouble) = None;
            }
            Err(error) => {
                tracing::error!(%error, "the store cannot be written, and is tried again: {error}");
                *lock(&persistence.trouble) = Some(error.to_string());
            }
        }
    }

    /// Returns why the store cannot be written, while it cannot.
    pub fn store_trouble(&self) -> Option<String> {
        lock(&self.0.persistence.trouble).clone()
    }

    /// Tries again and again to write what could not be written.
    pub(crate) async fn save_again(self) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(AGAIN) => self.save_pending().await,
                () = self.0.supervisor.stopping().cancelled() => return,
            }
        }
    }

    /// Lets go of what is too old.
    pub(crate) async fn prune(self) {
        loop {
            let settings = self.settings();
            let now = self.0.clock.now();
            let before = |days: u16| now - TimeDelta::days(days.into());
            let pruned = async {
                self.0.store.prune_stage_changes(before(settings.stage_history_days)).await?;
                self.0.store.prune_activities(before(settings.activity_days)).await?;
                self.0.store.prune_operations(before(30)).await?;
                self.0.store.prune_runs(before(settings.run_days)).await?;
                self.0.store.prune_samples(now, settings.metrics_history_days).await?;
                self.0.store.prune_idempotent(before(1)).await?;
                self.0.store.remove_expired_sessions(now).await
            };
            if let Err(error) = pruned.await {
                tracing::warn!(%error, "old entries were not removed: {error}");
            }
            tokio::select! {
                () = tokio::time::sleep(PRUNE) => {}
                () = self.0.supervisor.stopping().cancelled() => return,
            }
        }
    }

    /// Returns what a person chose.
    pub fn settings(&self) -> Settings {
        *lock(&self.0.persistence.settings)
    }

    /// Stores what a person chose.
    ///
    /// # Errors
    /// When a number of days is 0 or above 3650, or the store cannot be written.
    pub async fn set_settings(
        &self,
        settings: Settings,
        actor: hfsm_model::Actor,
    ) -> Result<Settings, Error> {
        for (name, days) in [
            ("stage_history_days", settings.stage_history_days),
            ("activity_days", settings.activity_days),
            ("run_days", settings.run_days),
            ("metrics_history_days", settings.metrics_history_days),
        ] {
            if !(1..=3650).contains(&days) {
                return Err(Error::Invalid(format!("`{name}` may be 1 to 3650 days, not {days}")));
            }
        }
        let turn = self.0.persistence.choosing.lock().await;
        self.0.store.set_setting(SETTINGS, &settings).await?;
        *lock(&self.0.persistence.settings) = settings;
        self.0.metrics.history.set_collecting(settings.collect_metrics);
        self.0.inventory_changed.notify_one();
        self.0.jobs.look_again();
        self.0.heals.look_again();
        self.0.events.publish(Event::SettingsChanged(settings), Audience::Everything);
        drop(turn);
        self.record(Activity {
            id: 0,
            at: self.0.clock.now(),
            actor,
            kind: ActivityKind::ChangeSetting,
            space: None,
            account: None,
            outcome: Outcome::Done,
            message: None,
            details: None,
            request_id: None,
        })
        .await;
        Ok(settings)
    }

    /// Returns lines of the activity list, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn activities(
        &self,
        filter: &ActivityFilter,
        limit: u32,
    ) -> Result<Vec<Activity>, Error> {
        Ok(self.0.store.activities(filter, limit.into()).await?)
    }

    /// Writes a line of the activity list, and tells it.
    pub async fn record(&self, activity: Activity) {
        let line = self.0.store.add_activity(&activity).await.unwrap_or_else(|error| {
            tracing::error!(%error, ?activity, "a line of the activity list was not stored: {error}");
            activity
        });
        self.0.events.publish(Event::ActivityAdded(line), Audience::Everything);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(spaces: &[&str], removed: &[&str]) -> Waiting {
        let ids = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
        Waiting { spaces: ids(spaces), removed: ids(removed), ..Waiting::default() }
    }

    #[test]
    fn a_save_that_is_cut_off_waits_again_and_what_came_later_counts() {
        let shared = Mutex::new(waiting(&["alice/demo"], &["alice/back"]));
        let unwritten = Unwritten::take(&shared);
        assert!(lock(&shared).spaces.is_empty(), "it is being written");
        // Meanwhile a removed Space came back.
        *lock(&shared) = waiting(&["alice/back"], &[]);
        drop(unwritten);
        let again = lock(&shared);
        assert_eq!(again.spaces, waiting(&["alice/demo", "alice/back"], &[]).spaces);
        assert!(again.removed.is_empty());
    }

    #[test]
    fn what_is_written_waits_no_longer() {
        let shared = Mutex::new(waiting(&["alice/demo"], &[]));
        let mut unwritten = Unwritten::take(&shared);
        unwritten.work = Waiting::default();
        drop(unwritten);
        assert!(lock(&shared).spaces.is_empty());
    }
}
