//! Every Space that any account sees, once.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, RwLock},
};

use chrono::{DateTime, Utc};
use hfsm_model::{
    Account, AccountId, AccountStatus, Runtime, Space, SpaceId, SpaceInfo, StageChange, WriteAccess,
};
use tokio::time::Instant;

use crate::accounts::Member;

#[derive(Debug, Clone)]
struct Entry {
    space: Arc<Space>,
    /// When the runtime was read by itself, so that a list which was asked for earlier does not
    /// bring back what was true before.
    runtime_at: Option<Instant>,
}

/// What an update changed.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// New Spaces, and those of which something changed.
    pub(crate) changed: Vec<Arc<Space>>,
    /// Spaces that nobody sees any more, and whether they were public.
    pub(crate) removed: Vec<(SpaceId, bool)>,
    /// Spaces that were public and no longer are.
    pub(crate) hidden: Vec<SpaceId>,
    /// Changes of stage.
    pub(crate) stages: Vec<StageChange>,
}

impl Changes {
    pub(crate) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.removed.is_empty()
    }
}

/// A list that an account read.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) account: AccountId,
    /// The owner whose Spaces were listed.
    pub(crate) owner: String,
    pub(crate) spaces: Vec<SpaceInfo>,
    /// When it was asked for.
    pub(crate) asked: Instant,
    /// When it was answered.
    pub(crate) at: DateTime<Utc>,
}

/// Every Space that any account sees, by name.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    entries: RwLock<BTreeMap<SpaceId, Entry>>,
    /// Of those that are not seen now, too.
    labels: RwLock<HashMap<SpaceId, Vec<String>>>,
}

impl Inventory {
    /// Begins with what was known when the program last ran.
    pub(crate) fn load(
        spaces: Vec<Space>,
        labels: HashMap<SpaceId, Vec<String>>,
        members: &BTreeMap<AccountId, Member>,
    ) -> Self {
        let entries = spaces.into_iter().filter_map(|mut space| {
            space.accounts.retain(|account| members.contains_key(account));
            space.labels = labels.get(&space.info.id).cloned().unwrap_or_default();
            space.stale = true;
            (!space.accounts.is_empty()).then(|| {
                (space.info.id.clone(), Entry { space: Arc::new(space), runtime_at: None })
            })
        });
        Self { entries: RwLock::new(entries.collect()), labels: RwLock::new(labels) }
    }

    /// Returns all Spaces in the order of their names.
    pub(crate) fn all(&self) -> Vec<Arc<Space>> {
        self.read().values().map(|entry| entry.space.clone()).collect()
    }

    /// Returns a Space. A name in another letter case finds it too, as at the Hub.
    pub(crate) fn get(&self, id: &SpaceId) -> Option<Arc<Space>> {
        let entries = self.read();
        entries.get(id).map(|entry| entry.space.clone()).or_else(|| {
            entries
                .iter()
                .find(|(known, _)| known.as_str().eq_ignore_ascii_case(id.as_str()))
                .map(|(_, entry)| entry.space.clone())
        })
    }

    /// Takes a list of an owner's Spaces as an account sees them.
    pub(crate) fn apply(
        &self,
        listing: Listing,
        accounts: &BTreeMap<AccountId, Account>,
    ) -> Changes {
        let mut entries = self.write();
        let mut changes = Changes::default();
        let seen: HashSet<SpaceId> = listing.spaces.iter().map(|info| info.id.clone()).collect();
        for info in listing.spaces {
            let id = info.id.clone();
            let old = entries.get(&id);
            let mut seen_by: BTreeSet<AccountId> =
                old.map(|entry| entry.space.accounts.iter().cloned().collect()).unwrap_or_default();
            seen_by.insert(listing.account.clone());
            let (order, write_access) = order(&id, &seen_by, accounts);
            let entry = match old {
                None => Entry {
                    space: Arc::new(Space {
                        stage: info.stage(),
                        stage_since: listing.at,
                        stage_since_known: false,
                        seen_at: listing.at,
                        stale: false,
                        accounts: order,
                        write_access,
                        labels: self.labels_of(&id),
                        info,
                    }),
                    runtime_at: None,
                },
                Some(old) => {
                    let mut info = info;
                    let speaks = speaks_for(&order, &listing.account, accounts);
                    if !speaks {
                        info = old.space.info.clone();
                    } else if old.runtime_at.is_some_and(|at| at > listing.asked) {
                        info.runtime.clone_from(&old.space.info.runtime);
                    }
                    let mut space = renewed(&old.space, info, listing.at);
                    space.accounts = order;
                    space.write_access = write_access;
                    space.stale = old.space.stale && !speaks;
                    Entry { space: Arc::new(space), runtime_at: old.runtime_at }
                }
            };
            note(old.map(|old| &*old.space), &entry.space, listing.at, &mut changes);
            entries.insert(id, entry);
        }
        let gone: Vec<SpaceId> = entries
            .values()
            .filter(|entry| {
                let id = &entry.space.info.id;
                id.owner().eq_ignore_ascii_case(&listing.owner)
                    && !seen.contains(id)
                    && entry.space.accounts.contains(&listing.account)
            })
            .map(|entry| entry.space.info.id.clone())
            .collect();
        for id in gone {
            lose(&mut entries, &id, &listing.account, accounts, &mut changes);
        }
        changes
    }

    /// Takes what an account no longer sees: all Spaces of owners that it does not list any more.
    pub(crate) fn retain_owners(
        &self,
        account: &AccountId,
        owners: &[String],
        accounts: &BTreeMap<AccountId, Account>,
    ) -> Changes {
        let mut entries = self.write();
        let mut changes = Changes::default();
        let gone: Vec<SpaceId> = entries
            .values()
            .map(|entry| &entry.space)
            .filter(|space| space.accounts.contains(account))
            .filter(|space| {
                !owners.iter().any(|owner| owner.eq_ignore_ascii_case(space.info.id.owner()))
            })
            .map(|space| space.info.id.clone())
            .collect();
        for id in gone {
            lose(&mut entries, &id, account, accounts, &mut changes);
        }
        changes
    }

    /// Takes the runtime of one Space, read at `at`.
    pub(crate) fn apply_runtime(
        &self,
        id: &SpaceId,
        runtime: Runtime,
        at: DateTime<Utc>,
    ) -> Changes {
        let mut changes = Changes::default();
        let mut entries = self.write();
        if let Some(entry) = entries.get_mut(id) {
            let mut info = entry.space.info.clone();
            info.runtime = Some(runtime);
            let space = Arc::new(renewed(&entry.space, info, at));
            note(Some(&entry.space), &space, at, &mut changes);
            *entry = Entry { space, runtime_at: Some(Instant::now()) };
        }
        changes
    }

    /// Gives a Space a person's labels, in the place of those it has.
    pub(crate) fn set_labels(&self, id: &SpaceId, labels: Vec<String>) -> Changes {
        let mut changes = Changes::default();
        let mut entries = self.write();
        if let Some(entry) = entries.get_mut(id) {
            entry.space = Arc::new(Space { labels: labels.clone(), ..(*entry.space).clone() });
            changes.changed.push(entry.space.clone());
        }
        let mut all = self.labels.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.insert(id.clone(), labels);
        changes
    }

    fn labels_of(&self, id: &SpaceId) -> Vec<String> {
        let all = self.labels.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.get(id).cloned().unwrap_or_default()
    }

    /// Marks the Spaces for which `account` speaks as perhaps out of date.
    pub(crate) fn mark_stale(
        &self,
        account: &AccountId,
        accounts: &BTreeMap<AccountId, Account>,
    ) -> Changes {
        let mut changes = Changes::default();
        for entry in self.write().values_mut() {
            if !entry.space.stale && speaks_for(&entry.space.accounts, account, accounts) {
                let space = Arc::new(Space { stale: true, ..(*entry.space).clone() });
                changes.changed.push(space.clone());
                entry.space = space;
            }
        }
        changes
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<SpaceId, Entry>> {
        self.entries.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<SpaceId, Entry>> {
        self.entries.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Puts the accounts that see a Space in the order in which they are asked: those that may act on
/// it first, and tells what the first may.
fn order(
    id: &SpaceId,
    seen_by: &BTreeSet<AccountId>,
    accounts: &BTreeMap<AccountId, Account>,
) -> (Vec<AccountId>, WriteAccess) {
    let access: HashMap<&AccountId, WriteAccess> = seen_by
        .iter()
        .map(|account| {
            (account, accounts.get(account).map_or(WriteAccess::No, |a| a.write_access(id)))
        })
        .collect();
    let mut order: Vec<AccountId> = seen_by.iter().cloned().collect();
    order.sort_by_key(|account| std::cmp::Reverse(access[account]));
    let first = order.first().map_or(WriteAccess::No, |account| access[account]);
    (order, first)
}

/// Tells whether what `account` read counts: it is the first that works of those that see the
/// Space. Otherwise two accounts that see different sides of it would turn it to and fro.
fn speaks_for(
    order: &[AccountId],
    account: &AccountId,
    accounts: &BTreeMap<AccountId, Account>,
) -> bool {
    let works = |id: &&AccountId| {
        *id == account || accounts.get(*id).is_some_and(|a| a.state.status == AccountStatus::Fine)
    };
    order.iter().find(works) == Some(account)
}

/// Makes the Space anew from what was read.
fn renewed(old: &Space, info: SpaceInfo, at: DateTime<Utc>) -> Space {
    let stage = info.stage();
    let (stage_since, stage_since_known) =
        if stage == old.stage { (old.stage_since, old.stage_since_known) } else { (at, true) };
    Space {
        info,
        stage,
        stage_since,
        stage_since_known,
        seen_at: at,
        stale: false,
        accounts: old.accounts.clone(),
        write_access: old.write_access,
        labels: old.labels.clone(),
    }
}

/// Adds to `changes` what is different.
fn note(old: Option<&Space>, new: &Arc<Space>, at: DateTime<Utc>, changes: &mut Changes) {
    let same = old.is_some_and(|old| {
        old.info == new.info
            && old.stale == new.stale
            && old.accounts == new.accounts
            && old.write_access == new.write_access
    });
    if same {
        return;
    }
    changes.changed.push(new.clone());
    if old.is_some_and(|old| !old.info.private) && new.info.private {
        changes.hidden.push(new.info.id.clone());
    }
    if old.is_none_or(|old| old.stage != new.stage) {
        changes.stages.push(StageChange {
            space: new.info.id.clone(),
            at,
            from: old.map(|old| old.stage.clone()),
            to: new.stage.clone(),
            message: new.info.error_message().map(ToOwned::to_owned),
        });
    }
}

/// Takes a Space from what `account` sees, and away when nobody else does.
fn lose(
    entries: &mut BTreeMap<SpaceId, Entry>,
    id: &SpaceId,
    account: &AccountId,
    accounts: &BTreeMap<AccountId, Account>,
    changes: &mut Changes,
) {
    let Some(entry) = entries.get_mut(id) else { return };
    let left: BTreeSet<AccountId> =
        entry.space.accounts.iter().filter(|a| *a != account).cloned().collect();
    if left.is_empty() {
        let public = !entry.space.info.private;
        entries.remove(id);
        changes.removed.push((id.clone(), public));
    } else {
        let (accounts, write_access) = order(id, &left, accounts);
        entry.space = Arc::new(Space { accounts, write_access, ..(*entry.space).clone() });
        changes.changed.push(entry.space.clone());
    }
}

#[cfg(test)]
mod tests {
    use hfsm_model::{Clock, Stage, TokenKind};

    use super::*;
    use crate::builder::fresh_account;

    fn account(name: &str, kind: TokenKind) -> (AccountId, Account) {
        let id = AccountId::new(name).unwrap();
        let mut account = fresh_account(id.clone(), Clock::system());
        account.token.kind = kind;
        account.state.status = AccountStatus::Fine;
        (id, account)
    }

    fn info(id: &str, stage: Stage) -> SpaceInfo {
        SpaceInfo {
            id: id.parse().unwrap(),
            title: None,
            emoji: None,
            description: None,
            sdk: Some("docker".into()),
            private: false,
            sha: None,
            last_modified: None,
            created_at: None,
            likes: 0,
            tags: vec![],
            app_port: None,
            subdomain: None,
            app_url: None,
            hub_url: String::new(),
            runtime: Some(Runtime::of_stage(stage)),
        }
    }

    fn listing(account: &AccountId, spaces: Vec<SpaceInfo>) -> Listing {
        Listing {
            account: account.clone(),
            owner: "alice".into(),
            spaces,
            asked: Instant::now(),
            at: DateTime::UNIX_EPOCH,
        }
    }

    #[tokio::test]
    async fn a_space_seen_through_two_tokens_is_one_and_acted_on_with_the_one_that_may() {
        let accounts: BTreeMap<_, _> =
            [account("alice", TokenKind::Write), account("aaron", TokenKind::Read)].into();
        let (alice, aaron) = (AccountId::new("alice").unwrap(), AccountId::new("aaron").unwrap());
        let inventory = Inventory::default();
        inventory.apply(listing(&aaron, vec![info("alice/demo", Stage::RUNNING)]), &accounts);
        inventory.apply(listing(&alice, vec![info("alice/demo", Stage::RUNNING)]), &accounts);
        let all = inventory.all();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].accounts, [alice.clone(), aaron.clone()]);
        assert_eq!(all[0].write_access, WriteAccess::Yes);

        let changes = inventory.apply(listing(&alice, vec![]), &accounts);
        assert!(changes.removed.is_empty(), "aaron still sees it");
        let changes = inventory.apply(listing(&aaron, vec![]), &accounts);
        assert_eq!(changes.removed.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_that_was_asked_for_before_an_action_does_not_bring_the_old_stage_back() {
        let accounts: BTreeMap<_, _> = [account("alice", TokenKind::Write)].into();
        let alice = AccountId::new("alice").unwrap();
        let inventory = Inventory::default();
        inventory.apply(listing(&alice, vec![info("alice/demo", Stage::RUNNING)]), &accounts);
        let late = listing(&alice, vec![info("alice/demo", Stage::RUNNING)]);
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        let id = "alice/demo".parse().unwrap();
        let changes =
            inventory.apply_runtime(&id, Runtime::of_stage(Stage::PAUSED), DateTime::UNIX_EPOCH);
        assert_eq!(changes.stages[0].from, Some(Stage::RUNNING));
        assert!(inventory.apply(late, &accounts).is_empty());
        assert_eq!(inventory.get(&id).unwrap().stage, Stage::PAUSED);
    }

    #[tokio::test]
    async fn the_same_list_again_changes_nothing() {
        let accounts: BTreeMap<_, _> = [account("alice", TokenKind::Write)].into();
        let alice = AccountId::new("alice").unwrap();
        let inventory = Inventory::default();
        let first =
            inventory.apply(listing(&alice, vec![info("alice/demo", Stage::RUNNING)]), &accounts);
        assert_eq!((first.changed.len(), first.stages.len()), (1, 1));
        assert!(
            inventory
                .apply(listing(&alice, vec![info("alice/demo", Stage::RUNNING)]), &accounts)
                .is_empty()
        );
    }
}
