//! The hand that reaches into a running world: what a test, or a person, makes happen.

use std::sync::Arc;

use crate::error::Error;
use crate::hub::Hub;
use crate::space::{At, Space};
use crate::spec::SpaceSpec;
use crate::stage;
use crate::state::State;
use crate::stats::Counts;
use crate::view;

/// Reaches into a running world. Cheap to clone; the Hub it belongs to may stop at any time.
#[derive(Debug, Clone)]
pub struct WorldHandle {
    hub: Arc<Hub>,
}

/// A Space as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct SpaceView {
    /// `owner/name`.
    pub id: String,
    /// The label of its address.
    pub subdomain: String,
    /// Its stage.
    pub stage: String,
    /// Why.
    pub error_message: Option<String>,
    /// The newest commit.
    pub sha: String,
    /// The commit that runs, or ran last.
    pub running_sha: Option<String>,
    /// The names of its containers, those that are about to leave included.
    pub replicas: Vec<String>,
    /// Visits of its app.
    pub visits: u64,
    /// The runtime object, as the API gives it.
    pub runtime: serde_json::Value,
}

impl WorldHandle {
    pub(crate) fn new(hub: Arc<Hub>) -> Self {
        Self { hub }
    }

    /// The Space `id` as it stands.
    ///
    /// # Errors
    /// [`Error::NoSuchSpace`], as every method here that takes an id.
    pub fn space(&self, id: &str) -> Result<SpaceView, Error> {
        self.hub.with(|state, _| Ok(look(&state.spaces[position(state, id)?])))
    }

    /// The ids of all Spaces.
    #[must_use]
    pub fn space_ids(&self) -> Vec<String> {
        self.hub.with(|state, _| state.spaces.iter().map(Space::id).collect())
    }

    /// Waits until the Space `id` is as `wanted`.
    ///
    /// # Errors
    /// [`Error::NoSuchSpace`], also when it is deleted meanwhile.
    pub async fn until(
        &self,
        id: &str,
        wanted: impl Fn(&SpaceView) -> bool,
    ) -> Result<SpaceView, Error> {
        let mut changes =
            self.hub.with(|state, _| Ok(state.spaces[position(state, id)?].changes.subscribe()))?;
        loop {
            let view = self.space(id)?;
            if wanted(&view) {
                return Ok(view);
            }
            if changes.changed().await.is_err() {
                return Err(Error::NoSuchSpace(id.to_owned()));
            }
        }
    }

    /// Adds a Space while the Hub runs.
    pub fn add_space(&self, id: &str, describe: impl FnOnce(SpaceSpec) -> SpaceSpec) {
        let card = describe(SpaceSpec::default());
        self.hub.change(|state, at| {
            if let Ok(index) = position(state, id) {
                state.remove(index);
            }
            state.add(Space::new(id, card, at));
        });
    }

    /// Takes a Space away.
    ///
    /// # Errors
    /// [`Error::NoSuchSpace`]
    pub fn remove_space(&self, id: &str) -> Result<(), Error> {
        self.hub.change(|state, _| {
            let index = position(state, id)?;
            state.remove(index);
            Ok(())
        })
    }

    /// Puts a Space into a stage, known or not; what it was about to do is forgotten.
    ///
    /// # Errors
    /// [`Error::NoSuchSpace`]
    pub fn set_stage(
        &self,
        id: &str,
        stage: &str,
        error_message: Option<&str>,
    ) -> Result<(), Error> {
        self.change(id, |space, at| space.force(at, stage, error_message))
    }

    /// The app dies, for the reason that `message` gives.
    ///
    /// # Errors
    /// [`Error::NoSuchSpace`]
    pub fn crash(&self, id: &str, message: &str) -> Result<(), Error> {
        self.change(id, |space, at| space.crash(at, message))
    }

    /// The Space has been idle for too long.
    ///
    /// # Errors
    /// [`Error::NoSuchSpace`]
    pub fn sleep(&self, id: &str) -> Result<(), Error> {
        self.change(id, |space, _| space.sleep())
    }

    /// Its owner pauses it, elsewhere.
    ///
    /// # Errors
    /// [`Error::NoSuchSpace`]
    pub fn pause(&self, id: &str) -> Result<(), Error> {
        self.change(id, |space, _| space.pause())
    }

    /// Its owner restarts it, elsewhere.
    ///
    /// # Errors
    /// [`Error::NoSuchSpace`]
    pub fn restart(&self, id: &str) -> Result<(), Error> {
        self.hub.change(|state, at| {
            let index = position(state, id)?;
            let slot = state.slot(index);
            state.spaces[index].restart(at, false, slot);
            Ok(())
        })
    }

    /// Somebody pushes a commit; gives its id.
    ///
    /// # Errors
    /// [`Error::NoSuchSpace`]
    pub fn push_commit(&self, id: &str) -> Result<String, Error> {
        self.hub.change(|state, at| {
            let index = position(state, id)?;
            let slot = state.slot(index);
            let space = &mut state.spaces[index];
            let author = space.owner.clone();
            space.push(at, "Update app.py", &author, slot);
            Ok(space.head().to_owned())
        })
    }

    /// The app writes a line.
    ///
    /// # Errors
    /// [`Error::NoSuchSpace`]
    pub fn log(&self, id: &str, line: &str) -> Result<(), Error> {
        self.change(id, |space, at| space.run_log.push(at.date(), line))
    }

    /// The build writes a line.
    ///
    /// # Errors
    /// [`Error::NoSuchSpace`]
    pub fn build_log(&self, id: &str, line: &str) -> Result<(), Error> {
        self.change(id, |space, at| space.build_log.push(at.date(), line))
    }

    /// The Space gets another name; the old one leads to it.
    ///
    /// # Errors
    /// [`Error::NoSuchSpace`]; a new name without an owner is refused the same way.
    pub fn rename(&self, id: &str, new_id: &str) -> Result<(), Error> {
        let (owner, name) =
            new_id.split_once('/').ok_or_else(|| Error::NoSuchSpace(new_id.to_owned()))?;
        self.hub.change(|state, _| {
            let index = position(state, id)?;
            state.rename(index, owner, name);
            Ok(())
        })
    }

    /// Changes what is said about a Space (title, visibility, life …); its stage stays.
    ///
    /// # Errors
    /// [`Error::NoSuchSpace`]
    pub fn describe(
        &self,
        id: &str,
        describe: impl FnOnce(SpaceSpec) -> SpaceSpec,
    ) -> Result<(), Error> {
        self.change(id, |space, _| {
            space.card = describe(space.card.clone());
            space.changed();
        })
    }

    /// Answers the question on the device sign-in page: `user` agrees, or `None` refuses. Whether
    /// there was such a question.
    pub fn answer_device(&self, user_code: &str, user: Option<&str>) -> bool {
        self.hub.change(|state, _| state.oauth.decide(user_code, user))
    }

    /// A token stops being good.
    pub fn revoke_token(&self, token: &str) {
        self.hub.change(|state, _| state.people.tokens.retain(|known| known.value != token));
    }

    /// What was asked so far.
    #[must_use]
    pub fn stats(&self) -> Counts {
        self.hub.stats.counts()
    }

    /// Waits until what was asked is as `wanted`.
    pub async fn until_asked(&self, wanted: impl Fn(&Counts) -> bool) -> Counts {
        self.hub.stats.until(wanted).await
    }

    /// Counts from zero again; what is open stays counted.
    pub fn reset_stats(&self) {
        self.hub.stats.reset();
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Space, At<'_>)) -> Result<(), Error> {
        self.hub.change(|state, at| {
            let index = position(state, id)?;
            change(&mut state.spaces[index], at);
            Ok(())
        })
    }
}

fn position(state: &State, id: &str) -> Result<usize, Error> {
    state.position(id).ok_or_else(|| Error::NoSuchSpace(id.to_owned()))
}

fn look(space: &Space) -> SpaceView {
    SpaceView {
        id: space.id(),
        subdomain: space.subdomain.clone(),
        stage: space.stage.clone(),
        error_message: space.error_message.clone(),
        sha: space.head().to_owned(),
        running_sha: space.running_sha.clone().filter(|_| stage::serves(&space.stage)),
        replicas: space.replicas.iter().map(|replica| replica.name.clone()).collect(),
        visits: space.visits,
        runtime: view::runtime(space),
    }
}
