//! Whatever is done in whatever order, the store says what a plain list would say.

use std::collections::{BTreeMap, BTreeSet};

use hfsm_model::{ActivityKind, Space};
use hfsm_store::{ActivityFilter, Store};
use proptest::prelude::*;
use tokio::task::JoinSet;

use crate::common::{account_id, activity, space, space_id};

const ACCOUNTS: [&str; 3] = ["alice", "bob", "carol"];

#[derive(Debug, Clone)]
enum Step {
    Save(Vec<(u8, Vec<usize>, u64)>),
    RemoveSpaces(Vec<u8>),
    RemoveAccount(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let saved = (0_u8..6, prop::collection::vec(0_usize..3, 0..4), any::<u32>());
    let saved = saved.prop_map(|(number, accounts, likes)| (number, accounts, likes.into()));
    prop_oneof![
        3 => prop::collection::vec(saved, 0..5).prop_map(Step::Save),
        1 => prop::collection::vec(0_u8..6, 0..3).prop_map(Step::RemoveSpaces),
        1 => (0_usize..3).prop_map(Step::RemoveAccount),
    ]
}

fn name(number: u8) -> String {
    format!("acme/space-{number}")
}

fn saved((number, accounts, likes): &(u8, Vec<usize>, u64)) -> Space {
    let accounts: Vec<&str> = accounts.iter().map(|account| ACCOUNTS[*account]).collect();
    let mut space = space(&name(*number), &accounts);
    space.info.likes = *likes;
    space
}

/// Does the same to a plain list.
fn follow(list: &mut BTreeMap<String, Space>, step: &Step) {
    match step {
        Step::Save(spaces) => {
            for space in spaces {
                let mut space = saved(space);
                let mut seen = BTreeSet::new();
                space.accounts.retain(|account| seen.insert(account.clone()));
                list.insert(space.info.id.to_string(), space);
            }
        }
        Step::RemoveSpaces(numbers) => {
            list.retain(|known, _| !numbers.iter().any(|number| *known == name(*number)));
        }
        Step::RemoveAccount(number) => {
            let gone = account_id(ACCOUNTS[*number]);
            list.retain(|_, space| space.accounts != [gone.clone()]);
            for space in list.values_mut() {
                space.accounts.retain(|account| *account != gone);
            }
        }
    }
}

async fn perform(store: &Store, step: &Step) {
    match step {
        Step::Save(spaces) => {
            let spaces: Vec<Space> = spaces.iter().map(saved).collect();
            store.save_spaces(&spaces).await.unwrap();
        }
        Step::RemoveSpaces(numbers) => {
            let ids: Vec<_> = numbers.iter().map(|number| space_id(&name(*number))).collect();
            store.remove_spaces(&ids).await.unwrap();
        }
        Step::RemoveAccount(number) => {
            store.remove_account(&account_id(ACCOUNTS[*number])).await.unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_inventory_is_what_was_done_to_it(steps in prop::collection::vec(step(), 1..20)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = Store::in_memory().await.unwrap();
            let mut list = BTreeMap::new();
            for step in &steps {
                perform(&store, step).await;
                follow(&mut list, step);
            }
            let expected: Vec<Space> = list.into_values().collect();
            prop_assert_eq!(store.spaces().await.unwrap(), expected);
            Ok(())
        })?;
    }

    #[test]
    fn any_text_comes_back_as_it_was(texts in prop::collection::vec(".*", 1..20)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = Store::in_memory().await.unwrap();
            for text in &texts {
                let mut line = activity(None, "alice", ActivityKind::Restart, 0);
                line.message = Some(text.clone());
                store.add_activity(&line).await.unwrap();
                store.set_setting(text, text).await.unwrap();
            }
            let lines = store.activities(&ActivityFilter::default(), 100).await.unwrap();
            let messages: Vec<String> =
                lines.into_iter().rev().map(|line| line.message.unwrap()).collect();
            prop_assert_eq!(&messages, &texts);
            for text in &texts {
                let value: Option<String> = store.setting(text).await.unwrap();
                prop_assert_eq!(value.as_ref(), Some(text));
            }
            Ok(())
        })?;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_wait_for_each_other_and_none_fails() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store.db")).await.unwrap();
    let mut tasks = JoinSet::new();
    for task in 0..24 {
        let store = store.clone();
        tasks.spawn(async move {
            let mut ids = Vec::new();
            for round in 0..5 {
                let line = activity(None, "alice", ActivityKind::Restart, round);
                ids.push(store.add_activity(&line).await.unwrap().id);
                let spaces: Vec<_> =
                    (0..20).map(|n| space(&format!("a/space-{task}-{n}"), &["alice"])).collect();
                store.save_spaces(&spaces).await.unwrap();
                let seen = store.spaces().await.unwrap();
                assert_eq!(seen.len() % 20, 0, "half a batch was seen");
            }
            ids
        });
    }
    let ids: BTreeSet<i64> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(ids.len(), 24 * 5);
    assert_eq!(store.spaces().await.unwrap().len(), 24 * 20);
}
