//! Choosing another vault while running, and moving the tokens there.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use hfsm_core::{
    Error, Fleet,
    vault::{MemoryVault, SecretVault, VaultError, VaultKind},
};
use hfsm_hub_sim::SimHub;
use hfsm_model::{AccountId, AccountStatus, Actor, Clock};
use hfsm_store::Store;
use secrecy::{ExposeSecret, SecretString};

use crate::scene::{account, builder, client, id, until, world};

/// A vault of the other kind, which fails when it is told to.
#[derive(Default)]
struct Other {
    kept: MemoryVault,
    /// The writes that still work; none fails while it is 0.
    saves: AtomicUsize,
    removals: AtomicUsize,
    forgets: bool,
}

fn fails(left: &AtomicUsize) -> bool {
    let before = left.load(Ordering::SeqCst);
    if before > 0 {
        left.store(before - 1, Ordering::SeqCst);
    }
    before == 1
}

#[async_trait]
impl SecretVault for Other {
    fn kind(&self) -> VaultKind {
        VaultKind::Keychain
    }

    async fn token(&self, account: &AccountId) -> Result<Option<SecretString>, VaultError> {
        if self.forgets { Ok(None) } else { self.kept.token(account).await }
    }

    async fn save(&self, account: &AccountId, token: &SecretString) -> Result<(), VaultError> {
        if fails(&self.saves) {
            return Err(VaultError::KeychainSilent);
        }
        self.kept.save(account, token).await
    }

    async fn remove(&self, account: &AccountId) -> Result<(), VaultError> {
        if fails(&self.removals) {
            return Err(VaultError::KeychainSilent);
        }
        self.kept.remove(account).await
    }
}

async fn held(vault: &dyn SecretVault) -> Vec<String> {
    let mut held = Vec::new();
    for name in ["alice", "bob"] {
        if let Some(token) = vault.token(&account(name)).await.unwrap() {
            held.push(token.expose_secret().to_owned());
        }
    }
    held
}

const BOTH: [&str; 2] = ["hf_alice_write", "hf_bob_write"];

/// A fleet whose two accounts were added, with their tokens in `vault`.
async fn added(vault: Arc<dyn SecretVault>) -> (SimHub, Fleet) {
    let hub = SimHub::start(world().build()).await.unwrap();
    let store = Store::in_memory().await.unwrap();
    let fleet = builder(&hub, store, "").vault(vault).build().await.unwrap();
    fleet.start();
    for token in BOTH {
        fleet.add_account(token.into(), Actor::Desktop).await.unwrap();
    }
    (hub, fleet)
}

#[tokio::test]
async fn tokens_move_as_a_whole_and_the_accounts_work_on() {
    let (from, to) = (Arc::new(MemoryVault::default()), Arc::new(Other::default()));
    let (_hub, fleet) = added(from.clone()).await;
    assert_eq!(fleet.vault_kind(), Some(VaultKind::Memory));
    assert_eq!(fleet.move_tokens(to.clone()).await.unwrap(), 2);
    assert_eq!(fleet.vault_kind(), Some(VaultKind::Keychain));
    assert_eq!((held(&*from).await.len(), held(&*to).await), (0, BOTH.map(String::from).to_vec()));
    assert_eq!(fleet.move_tokens(to.clone()).await.unwrap(), 0, "they are there already");
    fleet.remove_account(&account("bob"), Actor::Desktop).await.unwrap();
    assert_eq!(held(&*to).await, ["hf_alice_write"], "a removed account's token goes from the new");
}

#[tokio::test]
async fn a_vault_that_fails_in_the_middle_changes_nothing() {
    let memory = || Arc::new(MemoryVault::default());
    type Vault = Arc<dyn SecretVault>;
    let cases: [(&str, Vault, Vault); 4] = [
        (
            "the second cannot be written",
            memory(),
            Arc::new(Other { saves: 2.into(), ..Other::default() }),
        ),
        ("it keeps nothing", memory(), Arc::new(Other { forgets: true, ..Other::default() })),
        (
            "the first cannot be removed",
            Arc::new(Other { removals: 1.into(), ..Other::default() }),
            memory(),
        ),
        (
            "the second cannot be removed",
            Arc::new(Other { removals: 2.into(), ..Other::default() }),
            memory(),
        ),
    ];
    for (what, from, to) in cases {
        let (_hub, fleet) = added(from.clone()).await;
        let error = fleet.move_tokens(to.clone()).await.unwrap_err();
        assert!(matches!(error, Error::Vault(_)), "{what}: {error}");
        assert_eq!(fleet.vault_kind(), Some(from.kind()), "{what}");
        assert_eq!(held(&*from).await, BOTH, "{what}");
        assert!(held(&*to).await.is_empty(), "{what}");
    }
}

#[tokio::test]
async fn what_the_other_vault_held_before_is_there_again_after_a_failure() {
    let to = Arc::new(Other { saves: 3.into(), ..Other::default() });
    let (_hub, fleet) = added(Arc::new(MemoryVault::default())).await;
    to.save(&account("alice"), &SecretString::from("hf_older")).await.unwrap();
    fleet.move_tokens(to.clone()).await.unwrap_err();
    assert_eq!(held(&*to).await, ["hf_older"]);
}

#[tokio::test]
async fn an_account_waits_for_its_vault_and_loses_nothing_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hfsm.db");
    let hub = SimHub::start(world().build()).await.unwrap();
    let vault = Arc::new(MemoryVault::default());
    let first = builder(&hub, Store::open(&path).await.unwrap(), "").vault(vault.clone());
    let first = first.build().await.unwrap();
    first.start();
    first.add_account("hf_alice_write".into(), Actor::Desktop).await.unwrap();
    until(&first, "three Spaces", || (first.spaces().len() == 3).then_some(())).await;
    first.shutdown().await;
    drop(first);

    let store = Store::open(&path).await.unwrap();
    let again = builder(&hub, store, "").vault(Arc::new(Other::default())).build().await.unwrap();
    again.start();
    let state = again.account(&account("alice")).unwrap().state;
    assert_eq!(state.status, AccountStatus::TokenRefused);
    assert!(state.reason.unwrap().contains("vault"));
    assert!(again.space(&id("alice/secret")).unwrap().stale, "a private Space stays known");
    again.use_vault(Some(vault.clone())).await;
    until(&again, "the account works", || {
        let fine = again.account(&account("alice")).ok()?.state.status == AccountStatus::Fine;
        (fine && !again.space(&id("alice/secret")).ok()?.stale).then_some(())
    })
    .await;
    again.use_vault(Some(Arc::new(Other::default()))).await;
    assert_eq!(
        again.account(&account("alice")).unwrap().state.status,
        AccountStatus::TokenRefused,
        "one vault counts, and this one has no token"
    );
    again.remove_account(&account("alice"), Actor::Desktop).await.unwrap();
    assert!(held(&*vault).await.is_empty(), "its token goes from the vault before, too");
}

#[tokio::test]
async fn an_account_whose_vault_is_still_to_come_is_not_called_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hfsm.db");
    let hub = SimHub::start(world().build()).await.unwrap();
    let vault = Arc::new(MemoryVault::default());
    let first = builder(&hub, Store::open(&path).await.unwrap(), "").vault(vault.clone());
    let first = first.build().await.unwrap();
    first.start();
    first.add_account("hf_alice_write".into(), Actor::Desktop).await.unwrap();
    first.shutdown().await;
    drop(first);

    let store = Store::open(&path).await.unwrap();
    let again = Fleet::builder(Clock::system(), client(&hub), store).build().await.unwrap();
    again.start();
    let status = || again.account(&account("alice")).unwrap().state.status;
    assert_eq!(status(), AccountStatus::Checking);
    assert!(!again.can_add_accounts());
    again.use_vault(None).await;
    assert_eq!(status(), AccountStatus::TokenRefused, "now it is known that there is none");
    again.use_vault(Some(vault)).await;
    until(&again, "the account works", || (status() == AccountStatus::Fine).then_some(())).await;
}
