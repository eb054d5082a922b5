//! Asking apps whether they work. Each question is a visit, so only Spaces that run are asked, and no
//! hardware is kept from falling asleep that costs money, unless the rule allows it.

use chrono::{DateTime, TimeDelta, Utc};
use hfsm_model::{Detail, HealRule, HealthCheck, HealthRecord, Space, SpaceId, Stage};
use hfsm_store::StoredHeal;

use crate::{Error, Fleet, jobs::wrong_with};

/// Attempts to write an answer that others write beside.
const TRIES: u32 = 5;

impl Fleet {
    /// Asks an app where that is due. Returns when it is due next; `None` where it is not asked.
    pub(super) async fn ask_if_due(
        &self,
        space: &Space,
        rule: &HealRule,
        stored: &StoredHeal,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, Error> {
        let Some(check) = rule.health.as_ref().filter(|_| space.stage == Stage::RUNNING) else {
            return Ok(None);
        };
        if self.why_not_asked(space, rule).await.is_some() {
            return Ok(None);
        }
        if let Some(next) = stored.record.health.next_at.filter(|next| *next > now) {
            return Ok(Some(next));
        }
        let next = now + TimeDelta::minutes(check.every_minutes.into());
        let mut record = stored.record.clone();
        record.health.next_at = Some(next);
        // Whoever writes this first is the one that asks.
        let id = space.info.id.clone();
        if self.0.store.save_heal(&id, stored, &record, None, &[]).await?.is_some() {
            let (fleet, check) = (self.clone(), check.clone());
            self.0.supervisor.spawn("ask an app", async move { fleet.ask_app(&id, &check).await });
        }
        Ok(Some(next))
    }

    /// Tells why an app is not asked although the rule says so; `None` when it is.
    pub(super) async fn why_not_asked(&self, space: &Space, rule: &HealRule) -> Option<Detail> {
        let runtime = space.info.runtime.as_ref()?;
        let flavor = runtime.hardware.current.as_ref().filter(|_| !rule.allow_billed)?;
        runtime.sleep_time.0?;
        let cost = self.cost(flavor).await?;
        Some(Detail::QuestionsCost { cost: Box::new(cost) })
    }

    /// Tells what is wrong with how an app answers now; `None` when nothing is.
    pub(super) async fn wrong_answer(&self, space: &Space, check: &HealthCheck) -> Option<Detail> {
        match self.visit_app(space, &check.answer).await {
            Ok(visit) => wrong_with(&visit, &check.answer),
            Err(error) => Some(Detail::said(error)),
        }
    }

    async fn ask_app(&self, id: &SpaceId, check: &HealthCheck) {
        let Ok(space) = self.space(id) else { return };
        let wrong = self.wrong_answer(&space, check).await;
        if let Err(error) = self.note_answer(id, wrong).await {
            tracing::error!(space.id = %id, %error, "how `{id}` answered was not stored: {error}");
        }
    }

    async fn note_answer(&self, id: &SpaceId, wrong: Option<Detail>) -> Result<(), Error> {
        for _ in 0..TRIES {
            let stored = self.0.store.heal(id).await?;
            let still_runs = self.space(id).is_ok_and(|space| space.stage == Stage::RUNNING);
            if stored.record.run.is_some() || !still_runs {
                return Ok(());
            }
            let mut record = stored.record.clone();
            take_answer(&mut record.health, wrong.clone(), self.0.clock.now());
            if self.0.store.save_heal(id, &stored, &record, None, &[]).await?.is_some() {
                self.heal_changed(Some(id));
                return Ok(());
            }
        }
        Ok(())
    }
}

fn take_answer(health: &mut HealthRecord, wrong: Option<Detail>, now: DateTime<Utc>) {
    health.checked_at = Some(now);
    if wrong.is_some() {
        health.failures = health.failures.saturating_add(1);
        health.failing_since.get_or_insert(now);
    } else {
        (health.failures, health.failing_since) = (0, None);
    }
    health.wrong = wrong.as_ref().map(ToString::to_string);
    health.wrong_details = wrong;
}
