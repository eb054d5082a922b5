//! Which rule counts for a Space.

use hfsm_model::{HealChoice, HealMode, HealRule, HealScope, ScopedHeal, Space};

use crate::{Error, jobs::check_expected};

/// Choices at most.
const CHOICES: usize = 2000;

/// What is chosen, one entry for each scope.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules(pub(super) Vec<ScopedHeal>);

/// What counts for a Space.
pub(super) struct InForce {
    /// `None` where it is not mended.
    pub(super) rule: Option<HealRule>,
    /// For what it was chosen; `None` where nothing is chosen.
    pub(super) from: Option<HealScope>,
}

impl Rules {
    /// Returns what counts for a Space.
    pub(super) fn of(&self, space: &Space) -> InForce {
        let chosen = self
            .0
            .iter()
            .filter(|one| one.choice.mode != HealMode::Follow)
            .filter_map(|one| Some((nearness(&one.scope, space)?, one)))
            .min_by(|(near, one), (other_near, other)| {
                near.cmp(other_near).then_with(|| order(one, other))
            });
        let Some((_, chosen)) = chosen else { return InForce { rule: None, from: None } };
        let on = chosen.choice.mode == HealMode::On;
        InForce { rule: on.then(|| chosen.choice.rule.clone()), from: Some(chosen.scope.clone()) }
    }

    /// Returns what is chosen for a scope itself.
    pub(crate) fn own(&self, scope: &HealScope) -> HealChoice {
        let own = self.0.iter().find(|one| same(&one.scope, scope));
        own.map(|one| one.choice.clone()).unwrap_or_default()
    }

    /// Returns whether any Space may be mended.
    pub(super) fn are_off(&self) -> bool {
        self.0.iter().all(|one| one.choice.mode != HealMode::On)
    }

    /// Puts a choice in the place of the one for the same scope.
    pub(crate) fn set(&mut self, chosen: ScopedHeal) -> Result<(), Error> {
        self.0.retain(|one| !same(&one.scope, &chosen.scope));
        if chosen.choice != HealChoice::default() {
            if self.0.len() >= CHOICES {
                return Err(Error::Invalid(format!("at most {CHOICES} choices are kept")));
            }
            self.0.push(chosen);
        }
        Ok(())
    }
}

/// Tells how near a scope is to a Space: 0 is the Space itself; `None` when it is not in it.
fn nearness(scope: &HealScope, space: &Space) -> Option<usize> {
    match scope {
        HealScope::Space { space: own } => (*own == space.info.id).then_some(0),
        HealScope::Label { label } => {
            space.labels.iter().any(|own| own.to_lowercase() == label.to_lowercase()).then_some(1)
        }
        // Of several accounts, the one that acts on the Space comes first.
        HealScope::Account { account } => {
            space.accounts.iter().position(|own| own == account).map(|place| 2 + place)
        }
        HealScope::All => Some(usize::MAX),
    }
}

/// Of two labels, one for which it is off counts first, then the first in the alphabet.
fn order(one: &ScopedHeal, other: &ScopedHeal) -> std::cmp::Ordering {
    let key = |entry: &ScopedHeal| {
        let label = match &entry.scope {
            HealScope::Label { label } => label.to_lowercase(),
            HealScope::All | HealScope::Account { .. } | HealScope::Space { .. } => String::new(),
        };
        (entry.choice.mode == HealMode::On, label)
    };
    key(one).cmp(&key(other))
}

fn same(one: &HealScope, other: &HealScope) -> bool {
    match (one, other) {
        (HealScope::Label { label: one }, HealScope::Label { label: other }) => {
            one.to_lowercase() == other.to_lowercase()
        }
        _ => one == other,
    }
}

/// Refuses a rule with a number out of its range.
pub(super) fn check(rule: &HealRule) -> Result<(), Error> {
    let in_range = |name: &str, value: u32, from: u32, to: u32| {
        if (from..=to).contains(&value) {
            return Ok(());
        }
        Err(Error::Invalid(format!("`{name}` may be {from} to {to}, not {value}")))
    };
    in_range("after_minutes", rule.after_minutes, 0, 1440)?;
    in_range("restarts", rule.restarts, 1, 10)?;
    in_range("wait_minutes", rule.wait_minutes, 1, 1440)?;
    in_range("max_per_day", rule.max_per_day, 1, 48)?;
    let Some(health) = &rule.health else { return Ok(()) };
    in_range("every_minutes", health.every_minutes, 1, 1440)?;
    in_range("failures", health.failures, 1, 20)?;
    check_expected(&health.answer)
}
