//! Telling a person what they want to know without looking, once for each incident.

mod book;
mod mutes;
#[cfg(test)]
mod tests;

use std::{sync::Mutex, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use hfsm_model::{
    Actor, Event, GaveUp, Mute, Notice, NoticeKind, NotificationSettings, Operation, Space, SpaceId,
};
use hfsm_store::Store;
use serde::de::DeserializeOwned;
use tokio::sync::Notify;

use crate::{Fleet, events::Audience, inventory::Changes, lock};

use book::{Book, Rules};

/// Under which the store keeps what was told.
const BOOK: &str = "notices";
/// Under which the store keeps who asked for quiet.
const MUTES: &str = "mutes";
/// Whoever asked for an action so shortly before sees by themselves that it failed.
const SEES_BY_THEMSELVES: TimeDelta = TimeDelta::minutes(1);
/// The longest sleep, so that a clock that was set is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(600);

/// What was told, and who asked for quiet.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    book: Mutex<Book>,
    mutes: Mutex<Vec<Mute>>,
    /// One change of the mutes after the other.
    muting: tokio::sync::Mutex<()>,
    /// Told when something is due at another time than before.
    changed: Notify,
    /// Whether the store had a book: without one nothing can have been missed.
    kept: bool,
}

impl Notices {
    /// Reads what was told when the program last ran.
    pub(crate) async fn load(store: &Store) -> Self {
        let book: Option<Book> = read(store, BOOK).await;
        Self {
            kept: book.is_some(),
            book: Mutex::new(book.unwrap_or_default()),
            mutes: Mutex::new(read(store, MUTES).await.unwrap_or_default()),
            ..Self::default()
        }
    }

    /// Says that the time may be another than thought.
    pub(crate) fn look_at_the_clock(&self) {
        self.changed.notify_one();
    }

    fn are_muted(&self, space: &SpaceId, now: DateTime<Utc>) -> bool {
        mutes::mutes_at(&lock(&self.mutes), now)
            .any(|mute| mute.space.as_ref().is_none_or(|muted| muted == space))
    }
}

/// Reads what a damaged entry would make nobody miss; it begins anew then.
async fn read<T: DeserializeOwned>(store: &Store, key: &str) -> Option<T> {
    store.setting(key).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "`{key}` was not read from the store, and begins anew: {error}");
        None
    })
}

impl Fleet {
    /// Finds out what there is to tell of changes. It is told by [`Fleet::send_notices`], after the
    /// changes have been stored.
    pub(crate) fn note_changes(&self, changes: &Changes) {
        if changes.stages.is_empty() && changes.removed.is_empty() {
            return;
        }
        let settings = self.settings().notifications;
        self.with_book(settings, |book, rules| {
            for (id, _) in &changes.removed {
                book.forget(id);
            }
            changes.stages.iter().filter_map(|change| book.take_change(change, rules)).collect()
        });
    }

    /// Tells that an action failed, unless the person who sees it just asked for it, or what came
    /// of it was told already.
    pub(crate) async fn notice_failure(&self, operation: &Operation) {
        let now = self.0.clock.now();
        let by_person = matches!(operation.actor, Some(Actor::Desktop | Actor::Person(_)));
        if by_person && now - operation.started_at < SEES_BY_THEMSELVES {
            return;
        }
        // Whether it was given up is told in the end.
        let to_mend = operation.actor == Some(Actor::System);
        if to_mend && self.0.heals.is_mending(&operation.space) {
            return;
        }
        let Ok(space) = self.space(&operation.space) else { return };
        let notice = Notice {
            id: uuid::Uuid::new_v4().to_string(),
            at: now,
            kind: NoticeKind::ActionFailed,
            space: operation.space.clone(),
            stage: space.stage.clone(),
            reason: operation.error.clone(),
            action: Some(operation.action.clone()),
        };
        let settings = self.settings().notifications;
        self.with_book(settings, |book, rules| {
            if book.failed_since(&operation.space, operation.started_at) {
                return Vec::new();
            }
            book.take_failure(notice, rules).into_iter().collect()
        });
        self.save_pending().await;
        self.send_notices().await;
    }

    /// Tells that a Space could not be mended and nothing more is done.
    pub(crate) async fn notice_giving_up(&self, space: &Space, gave_up: &GaveUp) {
        let notice = Notice {
            id: uuid::Uuid::new_v4().to_string(),
            at: gave_up.at,
            kind: NoticeKind::GaveUp,
            space: space.info.id.clone(),
            stage: space.stage.clone(),
            reason: Some(gave_up.reason.clone()),
            action: None,
        };
        let settings = self.settings().notifications;
        self.with_book(settings, |book, rules| {
            book.take_failure(notice, rules).into_iter().collect()
        });
        self.save_pending().await;
        self.send_notices().await;
    }

    /// Tells what falls due, and ends mutes that ran out, until the program ends.
    pub(crate) async fn tell_notices(self) {
        if self.0.notices.kept {
            let settings = self.settings().notifications;
            let spaces = self.0.inventory.all();
            self.with_book(settings, |book, rules| book.catch_up(&spaces, rules));
        } else {
            self.0.persistence.notices_changed();
        }
        loop {
            let settings = self.settings().notifications;
            let find = |id: &SpaceId| self.0.inventory.get(id);
            self.with_book(settings, |book, rules| book.look(find, rules));
            self.save_pending().await;
            self.send_notices().await;
            self.end_mutes().await;
            tokio::select! {
                () = tokio::time::sleep(self.until_next_notice()) => {}
                () = self.0.notices.changed.notified() => {}
                () = self.0.supervisor.stopping().cancelled() => return,
            }
        }
    }

    /// Publishes what there is to tell.
    pub(crate) async fn send_notices(&self) {
        let unsent = std::mem::take(&mut lock(&self.0.notices.book).unsent);
        if unsent.is_empty() {
            return;
        }
        for notice in unsent {
            let (space, kind) = (&notice.space, notice.kind);
            tracing::info!(space.id = %space, "tells of `{space}`: {kind:?}");
            self.0.events.publish(Event::Notice(notice), Audience::Everything);
        }
        self.0.persistence.notices_changed();
        self.save_pending().await;
    }

    /// Stores what was told.
    pub(crate) async fn save_notices(&self) -> hfsm_store::Result<()> {
        let book = lock(&self.0.notices.book).clone();
        self.0.store.set_setting(BOOK, &book).await
    }

    /// Changes the book, and has it stored with what waits for the store. What `work` returns is to
    /// be told.
    fn with_book(
        &self,
        settings: NotificationSettings,
        work: impl FnOnce(&mut Book, &Rules<'_>) -> Vec<Notice>,
    ) {
        let notices = &self.0.notices;
        let now = self.0.clock.now();
        let allows =
            |kind, space: &SpaceId| settings.allows(kind) && !notices.are_muted(space, now);
        let is_mended = |space: &SpaceId| self.0.heals.is_mending(space);
        let rest = self.notice_rest();
        let rules = Rules { now, rest, allows: &allows, is_mended: &is_mended };
        let mut book = lock(&notices.book);
        let before = book.clone();
        let to_tell = work(&mut book, &rules);
        book.unsent.extend(to_tell);
        if *book != before {
            self.0.persistence.notices_changed();
            notices.changed.notify_one();
        }
    }

    fn until_next_notice(&self) -> Duration {
        let look = lock(&self.0.notices.book).next_look(self.notice_rest());
        let end = lock(&self.0.notices.mutes).iter().map(|mute| mute.until).min();
        let next = look.into_iter().chain(end).min();
        next.map_or(LONGEST_SLEEP, |next| {
            // A millisecond more, since a sleep may end a little early by the other clock.
            let wait = next - self.0.clock.now() + TimeDelta::milliseconds(1);
            wait.to_std().unwrap_or(Duration::from_millis(1)).min(LONGEST_SLEEP)
        })
    }

    fn notice_rest(&self) -> TimeDelta {
        TimeDelta::from_std(self.0.pace.notice_rest).unwrap_or(TimeDelta::MAX)
    }
}
