//! Quiet for a while: of one Space, or of all.

use chrono::{DateTime, TimeDelta, Utc};
use hfsm_model::{Event, Mute, SpaceId};

use crate::{Error, Fleet, events::Audience, lock};

use super::MUTES;

/// The longest quiet.
const LONGEST: TimeDelta = TimeDelta::days(7);

/// Returns the mutes that have not run out.
pub(super) fn mutes_at(mutes: &[Mute], now: DateTime<Utc>) -> impl Iterator<Item = &Mute> {
    mutes.iter().filter(move |mute| mute.until > now)
}

impl Fleet {
    /// Returns who is quiet now; the mute of everything first, then by Space.
    pub fn mutes(&self) -> Vec<Mute> {
        mutes_at(&lock(&self.0.notices.mutes), self.0.clock.now()).cloned().collect()
    }

    /// Returns whether nothing is told of a Space now.
    pub fn is_muted(&self, space: &SpaceId) -> bool {
        self.0.notices.are_muted(space, self.0.clock.now())
    }

    /// Tells nothing of a Space (of every one when `None`) for so long, from now on. Takes the
    /// place of a mute of the same that was there.
    ///
    /// # Errors
    /// When no account sees the Space, when the time is not between a moment and seven days, or
    /// when the store cannot be written.
    pub async fn mute(&self, space: Option<SpaceId>, time: TimeDelta) -> Result<Vec<Mute>, Error> {
        if time <= TimeDelta::zero() || time > LONGEST {
            return Err(Error::Invalid("a mute may last from 1 minute to 7 days".to_owned()));
        }
        let space = space.map(|id| self.space(&id)).transpose()?.map(|space| space.info.id.clone());
        let until = self.0.clock.now() + time;
        self.change_mutes(|mutes| {
            mutes.retain(|mute| mute.space != space);
            mutes.push(Mute { space, until });
        })
        .await
    }

    /// Ends the mute of a Space, or that of everything when `None`. One that is not there is no
    /// error.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn unmute(&self, space: Option<&SpaceId>) -> Result<(), Error> {
        if self.mutes().iter().any(|mute| mute.space.as_ref() == space) {
            self.change_mutes(|mutes| mutes.retain(|mute| mute.space.as_ref() != space)).await?;
        }
        Ok(())
    }

    /// Lets go of mutes that ran out, and tells it.
    pub(super) async fn end_mutes(&self) {
        let now = self.0.clock.now();
        let over = lock(&self.0.notices.mutes).iter().any(|mute| mute.until <= now);
        if over && let Err(error) = self.change_mutes(|_| {}).await {
            // They count no longer whether or not they still stand in the store.
            tracing::warn!(%error, "mutes that ran out were not removed from the store: {error}");
            lock(&self.0.notices.mutes).retain(|mute| mute.until > now);
            self.tell_mutes();
        }
    }

    async fn change_mutes(&self, change: impl FnOnce(&mut Vec<Mute>)) -> Result<Vec<Mute>, Error> {
        let _turn = self.0.notices.muting.lock().await;
        let mut mutes = self.mutes();
        change(&mut mutes);
        mutes.sort_by(|a, b| a.space.cmp(&b.space));
        self.0.store.set_setting(MUTES, &mutes).await?;
        lock(&self.0.notices.mutes).clone_from(&mutes);
        self.0.notices.look_at_the_clock();
        self.tell_mutes();
        Ok(mutes)
    }

    fn tell_mutes(&self) {
        let mutes = self.mutes();
        self.0.events.publish(Event::MutesChanged { mutes }, Audience::Everything);
    }
}
