//! What was last told of each Space, and what there is to tell next.
//!
//! Of a Space that was told of, nothing is told for a while; then only where it stands, if that is
//! something else than was told. So a Space that goes to and fro is told of once.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use hfsm_model::{Notice, NoticeKind, Space, SpaceId, Stage, StageChange};
use serde::{Deserialize, Serialize};

/// Where a Space stands, as far as notices go. What moves, rests by choice or is not known says
/// nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Standing {
    Good,
    BuildFailed,
    RuntimeError,
    Asleep,
}

impl Standing {
    fn of(stage: &Stage) -> Option<Self> {
        match stage.as_str() {
            "RUNNING" => Some(Self::Good),
            "BUILD_ERROR" | "CONFIG_ERROR" | "NO_APP_FILE" => Some(Self::BuildFailed),
            "RUNTIME_ERROR" => Some(Self::RuntimeError),
            "SLEEPING" => Some(Self::Asleep),
            _ => None,
        }
    }

    fn is_failure(self) -> bool {
        matches!(self, Self::BuildFailed | Self::RuntimeError)
    }
}

/// What was last told of a Space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    standing: Standing,
    /// Since when it stands so.
    since: DateTime<Utc>,
    /// Whether that was told, or kept back since somebody asked for quiet.
    aloud: bool,
    /// When something was last told, from which the time of rest counts.
    spoke: Option<DateTime<Utc>>,
    /// An action that failed, and is told when the time of rest is over.
    #[serde(default)]
    waiting: Option<Notice>,
    /// Whether it was looked at after the time of rest.
    #[serde(skip)]
    settled: bool,
}

/// What was last told of each Space with something to remember. Stored as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Book {
    spaces: BTreeMap<SpaceId, Told>,
    /// What is to be told and was not yet: the program may end in between.
    #[serde(default)]
    pub(super) unsent: Vec<Notice>,
}

/// By which rules something is told, at a moment.
pub(super) struct Rules<'a> {
    pub(super) now: DateTime<Utc>,
    /// How long nothing more is told of a Space.
    pub(super) rest: TimeDelta,
    /// Whether a notice of this kind about this Space may be told.
    pub(super) allows: &'a dyn Fn(NoticeKind, &SpaceId) -> bool,
    /// Whether attempts to mend this Space go on: that one more of them failed is no news.
    pub(super) is_mended: &'a dyn Fn(&SpaceId) -> bool,
}

/// Where a Space stands now.
struct Moment<'a> {
    space: &'a SpaceId,
    since: DateTime<Utc>,
    standing: Standing,
    stage: &'a Stage,
    reason: Option<&'a str>,
}

impl Book {
    /// Takes a change of stage. Returns what there is to tell.
    pub(super) fn take_change(
        &mut self,
        change: &StageChange,
        rules: &Rules<'_>,
    ) -> Option<Notice> {
        // A Space that is seen for the first time has not changed.
        let before = Standing::of(change.from.as_ref()?);
        let standing = Standing::of(&change.to)?;
        if self.spaces.get(&change.space).is_some_and(|told| told.rests(rules)) {
            return None;
        }
        let moment = Moment {
            space: &change.space,
            since: change.at,
            standing,
            stage: &change.to,
            reason: change.message.as_deref(),
        };
        if before == Some(standing) {
            // Another word for the same failure.
            self.spaces.entry(change.space.clone()).or_insert_with(|| moment.kept_back());
            return None;
        }
        let told = self.spaces.get(&change.space);
        if standing.is_failure()
            && told.is_some_and(|told| told.standing.is_failure() && told.aloud)
            && (rules.is_mended)(&change.space)
        {
            return None;
        }
        if standing == Standing::Asleep && before != Some(Standing::Good) {
            return None;
        }
        self.tell(&moment, rules)
    }

    /// Takes an action that failed. Returns it when there is to tell of it now.
    pub(super) fn take_failure(&mut self, notice: Notice, rules: &Rules<'_>) -> Option<Notice> {
        if !(rules.allows)(notice.kind, &notice.space) {
            return None;
        }
        let told = self.spaces.entry(notice.space.clone()).or_insert_with(|| Told {
            standing: Standing::Good,
            since: rules.now,
            aloud: false,
            spoke: None,
            waiting: None,
            settled: true,
        });
        if told.rests(rules) {
            told.waiting = Some(notice);
            return None;
        }
        told.spoke = Some(rules.now);
        told.settled = false;
        Some(notice)
    }

    /// Returns whether a failure of the Space was noticed at `since` or later.
    pub(super) fn failed_since(&self, space: &SpaceId, since: DateTime<Utc>) -> bool {
        let told = self.spaces.get(space);
        told.is_some_and(|told| told.standing.is_failure() && told.since >= since)
    }

    /// Looks at every Space whose time of rest is over. Returns what there is to tell.
    pub(super) fn look(
        &mut self,
        space: impl Fn(&SpaceId) -> Option<Arc<Space>>,
        rules: &Rules<'_>,
    ) -> Vec<Notice> {
        let due: Vec<SpaceId> = self
            .spaces
            .iter()
            .filter(|(_, told)| !told.settled && !told.rests(rules))
            .map(|(id, _)| id.clone())
            .collect();
        let look_at = |id: &SpaceId| match space(id) {
            Some(space) => self.look_at(&space, rules),
            None => {
                self.spaces.remove(id);
                None
            }
        };
        due.iter().filter_map(look_at).collect()
    }

    /// Returns when to look again.
    pub(super) fn next_look(&self, rest: TimeDelta) -> Option<DateTime<Utc>> {
        let open = self.spaces.values().filter(|told| !told.settled);
        open.filter_map(|told| told.spoke).map(|spoke| spoke + rest).min()
    }

    /// Tells what began right before the program was killed, after a Space was stored and before
    /// this book was: a failure that began while it was watched, and of which nothing is here.
    pub(super) fn catch_up(&mut self, spaces: &[Arc<Space>], rules: &Rules<'_>) -> Vec<Notice> {
        let began = spaces.iter().filter(|space| space.stage_since_known);
        let moments = began.filter_map(|space| Moment::of(space));
        moments
            .filter_map(|moment| {
                let missed =
                    moment.standing.is_failure() && !self.spaces.contains_key(moment.space);
                if missed { self.tell(&moment, rules) } else { None }
            })
            .collect()
    }

    /// Forgets a Space that is gone. Returns whether there was something to forget.
    pub(super) fn forget(&mut self, space: &SpaceId) -> bool {
        self.spaces.remove(space).is_some()
    }

    fn look_at(&mut self, space: &Space, rules: &Rules<'_>) -> Option<Notice> {
        let told = self.spaces.get_mut(&space.info.id)?;
        told.settled = true;
        let waiting = told.waiting.take();
        let moment = Moment::of(space);
        if let Some(moment) = moment.filter(|moment| moment.standing != told.standing) {
            return self.tell(&moment, rules);
        }
        if let Some(notice) = waiting {
            return self.take_failure(notice, rules);
        }
        if !told.standing.is_failure() {
            self.spaces.remove(&space.info.id);
        }
        None
    }

    fn tell(&mut self, moment: &Moment<'_>, rules: &Rules<'_>) -> Option<Notice> {
        let before = self.spaces.remove(moment.space);
        let kind = match moment.standing {
            Standing::BuildFailed => NoticeKind::BuildFailed,
            Standing::RuntimeError => NoticeKind::RuntimeError,
            Standing::Asleep => NoticeKind::FellAsleep,
            Standing::Good => {
                before.filter(|told| told.standing.is_failure() && told.aloud)?;
                NoticeKind::Recovered
            }
        };
        let aloud = (rules.allows)(kind, moment.space);
        if aloud || moment.standing.is_failure() {
            let told = moment.kept_back();
            let told = if aloud {
                Told { aloud, spoke: Some(rules.now), settled: false, ..told }
            } else {
                told
            };
            self.spaces.insert(moment.space.clone(), told);
        }
        aloud.then(|| Notice {
            id: uuid::Uuid::new_v4().to_string(),
            at: moment.since,
            kind,
            space: moment.space.clone(),
            stage: moment.stage.clone(),
            reason: moment.reason.map(ToOwned::to_owned),
            action: None,
        })
    }
}

impl Told {
    /// Returns whether nothing more is to be told yet. A clock that was set back ends the rest.
    fn rests(&self, rules: &Rules<'_>) -> bool {
        self.spoke.is_some_and(|spoke| (spoke..spoke + rules.rest).contains(&rules.now))
    }
}

impl<'a> Moment<'a> {
    fn of(space: &'a Space) -> Option<Self> {
        Some(Self {
            space: &space.info.id,
            since: space.stage_since,
            standing: Standing::of(&space.stage)?,
            stage: &space.stage,
            reason: space.info.error_message(),
        })
    }

    fn kept_back(&self) -> Told {
        Told {
            standing: self.standing,
            since: self.since,
            aloud: false,
            spoke: None,
            waiting: None,
            settled: true,
        }
    }
}
