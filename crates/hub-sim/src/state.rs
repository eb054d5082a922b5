//! Everything that changes: the people, their Spaces, and the names that Spaces once had.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::access::{Access, Caller};
use crate::answer::Refusal;
use crate::oauth::OAuthBook;
use crate::people::People;
use crate::space::{At, Space};
use crate::stage;
use crate::stages::Slot;

/// What Spaces of the free hardware are called.
const FREE: &str = "cpu-basic";

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) people: People,
    pub(crate) spaces: Vec<Space>,
    pub(crate) oauth: OAuthBook,
    index: HashMap<String, usize>,
    by_subdomain: HashMap<String, usize>,
    renamed: HashMap<String, String>,
    /// When something is due next, as far as nothing was changed since; `None`: nobody knows.
    known_due: Option<Instant>,
}

/// Nothing is due for so long that looking again then costs nothing.
const FAR: Duration = Duration::from_secs(3_600);

impl State {
    pub(crate) fn new(people: People, spaces: Vec<Space>) -> Self {
        let mut state = Self { people, spaces, ..Self::default() };
        state.reindex();
        state
    }

    /// Adds `space`, with an address that no other Space has.
    pub(crate) fn add(&mut self, mut space: Space) -> &mut Space {
        if self.by_subdomain.contains_key(&space.subdomain) {
            space.subdomain = format!("{}-{}", space.subdomain, &space.oid[..5]);
        }
        self.renamed.remove(&space.id().to_lowercase());
        self.index.insert(space.id().to_lowercase(), self.spaces.len());
        self.by_subdomain.insert(space.subdomain.clone(), self.spaces.len());
        self.spaces.push(space);
        let last = self.spaces.len() - 1;
        &mut self.spaces[last]
    }

    pub(crate) fn remove(&mut self, index: usize) {
        self.spaces.remove(index);
        self.reindex();
    }

    /// Gives a Space another name; the old one leads to it from now on.
    pub(crate) fn rename(&mut self, index: usize, owner: &str, name: &str) {
        let space = &mut self.spaces[index];
        let old = space.id();
        owner.clone_into(&mut space.owner);
        name.clone_into(&mut space.name);
        space.subdomain = crate::space::subdomain(owner, name);
        space.changed();
        let new = space.id();
        for target in self.renamed.values_mut().filter(|target| **target == old) {
            target.clone_from(&new);
        }
        self.renamed.remove(&new.to_lowercase());
        self.renamed.insert(old.to_lowercase(), new);
        self.reindex();
    }

    /// The Space called exactly `id`.
    pub(crate) fn position(&self, id: &str) -> Option<usize> {
        self.index.get(&id.to_lowercase()).copied().filter(|&index| self.spaces[index].id() == id)
    }

    /// The Space whose app has the address `subdomain`.
    pub(crate) fn position_of_app(&self, subdomain: &str) -> Option<usize> {
        self.by_subdomain.get(subdomain).copied()
    }

    /// The Space `owner/name` for `caller`, who has to see it; a redirect when it is called differently.
    ///
    /// `path` is what was asked for, with its query.
    pub(crate) fn find(
        &self,
        caller: &Caller,
        path: &str,
        (owner, name): (&str, &str),
    ) -> Result<(usize, Access), Refusal> {
        let id = format!("{owner}/{name}");
        let lower = id.to_lowercase();
        let target = self.index.get(&lower).or_else(|| {
            self.renamed.get(&lower).and_then(|new| self.index.get(&new.to_lowercase()))
        });
        let index = *target.ok_or_else(|| caller.blind())?;
        let space = &self.spaces[index];
        let access = caller.access(&self.people, space)?;
        if access == Access::Hidden {
            return Err(caller.blind());
        }
        if space.id() != id {
            let to = path.replacen(&id, &space.id(), 1);
            // An id that was percent-encoded does not occur as such in the path.
            let to = if to == path { format!("/api/spaces/{}", space.id()) } else { to };
            return Err(Refusal::moved(to));
        }
        if space.card.disabled {
            return Err(Refusal::forbidden("Access to this resource is disabled."));
        }
        Ok((index, access))
    }

    /// Like [`State::find`], for somebody who has to be allowed to manage the Space.
    pub(crate) fn find_managed(
        &self,
        caller: &Caller,
        path: &str,
        id: (&str, &str),
    ) -> Result<usize, Refusal> {
        let (index, access) = self.find(caller, path, id)?;
        if access == Access::Manage { Ok(index) } else { Err(caller.powerless()) }
    }

    /// Whether the owner of a Space has free hardware left for it.
    pub(crate) fn slot(&self, index: usize) -> Slot {
        let space = &self.spaces[index];
        let Some(limit) = self.people.cpu_basic_limit(&space.owner) else { return Slot::Free };
        if space.card.hardware != FREE || space.is_static() {
            return Slot::Free;
        }
        let others = self.spaces.iter().enumerate().filter(|(other, candidate)| {
            *other != index
                && candidate.owner == space.owner
                && candidate.card.hardware == FREE
                && !candidate.is_static()
                && stage::occupies(&candidate.stage)
        });
        let current = others.count() as u32;
        if current >= limit { Slot::Taken { current, limit } } else { Slot::Free }
    }

    /// Lets everything happen that is due; says when to look again.
    pub(crate) fn advance(&mut self, at: At<'_>) -> Instant {
        if let Some(due) = self.known_due.filter(|due| *due > at.instant) {
            return due;
        }
        let mut due = at.instant + FAR;
        for space in &mut self.spaces {
            if space.next_due().is_some_and(|next| next <= at.instant) {
                space.advance(at);
            }
            due = space.next_due().map_or(due, |next| next.min(due));
        }
        self.known_due = Some(due);
        due
    }

    /// Says that something was changed, so that something may be due earlier.
    pub(crate) fn replan(&mut self) {
        self.known_due = None;
    }

    /// Whether something may be due earlier than was known.
    pub(crate) fn is_replanned(&self) -> bool {
        self.known_due.is_none()
    }

    fn reindex(&mut self) {
        self.index = self
            .spaces
            .iter()
            .enumerate()
            .map(|(index, space)| (space.id().to_lowercase(), index))
            .collect();
        // Where two have the same address, the first has it.
        let apps = self.spaces.iter().enumerate().rev();
        self.by_subdomain = apps.map(|(index, space)| (space.subdomain.clone(), index)).collect();
    }
}
