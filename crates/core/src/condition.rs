//! How everything is in one word, for a tray icon or a title.

use hfsm_model::{Account, AccountStatus, Space, Stage, StageFamily};

use crate::Fleet;

/// How everything is.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// In one word.
    pub worst: Worst,
    /// The Spaces that failed, muted ones too: errors of the app before those of the build, the
    /// newest first.
    pub failing: Vec<Space>,
    /// The Spaces that are building or starting, the newest first.
    pub moving: Vec<Space>,
    /// The accounts that do not work.
    pub accounts_in_trouble: Vec<Account>,
    /// How many Spaces there are.
    pub total: usize,
}

/// How everything is in one word, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Worst {
    /// Nothing has failed.
    AllRight,
    /// An account does not work, or all that failed is muted.
    Attention,
    /// A Space has failed.
    Failing,
    /// No account reaches the Hub, so that nothing is known for sure.
    Offline,
}

impl Fleet {
    /// Returns how everything is now. It may be another after each `StageChanged`, `SpaceRemoved`,
    /// `AccountChanged`, `AccountRemoved` and `MutesChanged`.
    pub fn condition(&self) -> Condition {
        let spaces = self.spaces();
        let of_family = |family: StageFamily| -> Vec<Space> {
            let found = spaces.iter().filter(|space| space.stage.family() == family);
            let mut found: Vec<Space> = found.map(|space| (**space).clone()).collect();
            found.sort_by_key(|space| {
                (severity(&space.stage), std::cmp::Reverse(space.stage_since))
            });
            found
        };
        let failing = of_family(StageFamily::Broken);
        let moving = of_family(StageFamily::Moving);
        let accounts = self.accounts();
        let unreachable = |account: &Account| account.state.status == AccountStatus::HubUnreachable;
        let offline = !accounts.is_empty() && accounts.iter().all(unreachable);
        let accounts_in_trouble: Vec<Account> = accounts
            .into_iter()
            .filter(|account| match account.state.status {
                AccountStatus::Checking | AccountStatus::Fine => false,
                AccountStatus::TokenRefused
                | AccountStatus::RateLimited
                | AccountStatus::HubUnreachable => true,
            })
            .collect();
        let worst = if offline {
            Worst::Offline
        } else if failing.iter().any(|space| !self.is_muted(&space.info.id)) {
            Worst::Failing
        } else if !failing.is_empty() || !accounts_in_trouble.is_empty() {
            Worst::Attention
        } else {
            Worst::AllRight
        };
        Condition { worst, failing, moving, accounts_in_trouble, total: spaces.len() }
    }
}

/// An app that ended is worse than a build that failed: that may still serve what it served.
fn severity(stage: &Stage) -> u8 {
    u8::from(*stage != Stage::RUNTIME_ERROR)
}
