//! Asking the Hub, account by account, what there is.
//!
//! One task an account, so that one account's trouble does not delay another's. A round costs one
//! request a page of 500 Spaces, and rounds follow each other more slowly when nobody looks, when
//! there is much to list, and when the account's budget shrinks.

use std::time::Duration;

use chrono::TimeDelta;
use futures::future::join_all;
use hfsm_hub::{Gateway, Rank};
use hfsm_model::{Account, AccountId, AccountStatus, RateBudget, TokenSource};
use tokio::time::Instant;

use crate::{Fleet, builder::UNNAMED, events::Audience, inventory::Listing};

/// Between two rounds of an account that the Hub refuses.
const REFUSED: Duration = Duration::from_secs(300);
/// The longest pause while the Hub cannot be reached.
const UNREACHABLE_MAX: Duration = Duration::from_secs(60);
/// After this long the Hub is asked again whose a token is.
const IDENTITY_AGE: Duration = Duration::from_secs(6 * 3600);
/// How long after a sleep the Hub is tried often, although it cannot be reached.
const WAKING: Duration = Duration::from_secs(60);
/// Spaces on a page of a list.
const PAGE: usize = 500;

/// How a round went.
pub(crate) enum Round {
    /// So many requests were made.
    Done { requests: u32 },
    /// The Hub asks for this much patience.
    Wait(Duration),
    /// The Hub does not take the token.
    Refused,
    /// The Hub cannot be reached.
    Unreachable,
    /// The account is no longer here.
    Gone,
}

impl Fleet {
    /// Follows an account until it is removed or the program ends.
    pub(crate) fn follow_account(&self, id: &AccountId) {
        let (fleet, id) = (self.clone(), id.clone());
        self.0.supervisor.keep("list Spaces", move || fleet.clone().poll(id.clone()));
    }

    /// Makes every account look at the Hub more often, from now on, since somebody looks here.
    pub(crate) fn attend(&self) {
        for member in self.members().values() {
            member.hint.notify_one();
        }
    }

    async fn poll(self, id: AccountId) {
        let Ok(member) = self.member(&id) else { return };
        if !member.has_token && member.account.token.source != TokenSource::Environment {
            // Without its token it would see less than it did, and what was known would be lost.
            return;
        }
        let stopping = self.0.supervisor.stopping().clone();
        let pace = self.0.pace;
        let mut identified_at: Option<Instant> = None;
        let mut failures: u32 = 0;
        let mut woke = self.0.woke.subscribe();
        let mut woke_at: Option<Instant> = None;
        loop {
            let renew = identified_at.is_none_or(|at| at.elapsed() > IDENTITY_AGE);
            let round = tokio::select! {
                round = self.round(&id, renew) => round,
                () = member.stop.cancelled() => return,
                () = stopping.cancelled() => return,
            };
            let ended = Instant::now();
            failures = if matches!(round, Round::Unreachable) { failures + 1 } else { 0 };
            if renew && matches!(round, Round::Done { .. }) {
                identified_at = Some(ended);
            }
            let mut hinted = false;
            loop {
                let pause = match round {
                    Round::Gone => return,
                    Round::Wait(patience) => patience,
                    Round::Refused => REFUSED,
                    // The network may come back a little later than the machine.
                    Round::Unreachable if woke_at.is_some_and(|at| at.elapsed() < WAKING) => {
                        pace.after_hint
                    }
                    Round::Unreachable => unreachable_pause(failures),
                    Round::Done { .. } if hinted => pace.after_hint,
                    Round::Done { requests } => {
                        let attended = self.0.events.is_looked_at();
                        let pause = if attended { pace.attended } else { pace.unattended };
                        let pause = pause.max(pace.per_request * requests);
                        stretched(pause, member.gateway.budget().as_ref())
                    }
                };
                tokio::select! {
                    () = tokio::time::sleep_until(ended + pause) => break,
                    () = member.wake.notified() => {
                        if matches!(round, Round::Refused) {
                            identified_at = None;
                        }
                        break;
                    }
                    _ = woke.changed() => {
                        (failures, identified_at, woke_at) = (0, None, Some(Instant::now()));
                        break;
                    }
                    () = member.hint.notified() => hinted = true,
                    () = member.stop.cancelled() => return,
                    () = stopping.cancelled() => return,
                }
            }
        }
    }

    /// Asks once for everything that the account sees.
    async fn round(&self, id: &AccountId, renew_identity: bool) -> Round {
        let Ok(member) = self.member(id) else { return Round::Gone };
        let gateway = member.gateway.ranked(Rank::Polling);
        let mut requests = 0;
        if member.has_token && renew_identity {
            requests += 1;
            match gateway.whoami().await {
                Ok(identity) if id.as_str() == UNNAMED => {
                    return self.give_name(id, &identity.username).await;
                }
                Ok(identity) => self.identified(id, identity).await,
                Err(error) => return self.account_failed(id, &error).await,
            }
        }
        let Ok(account) = self.account(id) else { return Round::Gone };
        let owners = owners(&account);
        let lists = join_all(owners.iter().map(|owner| self.list(id, owner, &gateway))).await;
        let mut failed = None;
        let mut any = false;
        for list in lists {
            match list {
                Ok(pages) => {
                    any = true;
                    requests += pages;
                }
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        match failed {
            Some(error) if !any || error.is_transient() => self.account_failed(id, &error).await,
            other => {
                if let Some(error) = other {
                    // One organisation that cannot be listed says nothing about the rest.
                    tracing::warn!(account = %id, %error, "a list for `{id}` failed: {error}");
                }
                self.set_account_state(id, AccountStatus::Fine, None, None).await;
                let changes = self.0.inventory.retain_owners(id, &owners, &self.accounts_by_id());
                self.publish_changes(changes).await;
                Round::Done { requests }
            }
        }
    }

    /// Lists the Spaces of one owner. Returns how many requests it took.
    async fn list(
        &self,
        id: &AccountId,
        owner: &str,
        gateway: &Gateway,
    ) -> Result<u32, hfsm_hub::Error> {
        let asked = Instant::now();
        let spaces = gateway.list_spaces(owner).await?;
        let pages = u32::try_from(spaces.len().div_ceil(PAGE).max(1)).unwrap_or(u32::MAX);
        let at = self.0.clock.now();
        let listing = Listing { account: id.clone(), owner: owner.to_owned(), spaces, asked, at };
        let changes = self.0.inventory.apply(listing, &self.accounts_by_id());
        self.publish_changes(changes).await;
        Ok(pages)
    }

    /// Says in the account's state why the Hub was not heard, and marks its Spaces.
    pub(crate) async fn account_failed(&self, id: &AccountId, error: &hfsm_hub::Error) -> Round {
        use hfsm_hub::Error as Hub;
        let wait = error.retry_after();
        let retry_at = wait
            .and_then(|wait| TimeDelta::from_std(wait).ok())
            .map(|wait| self.0.clock.now() + wait);
        let (status, round) = match error {
            // Our own rule held the question back: the account is as it was.
            Hub::HeldBack { .. } => return Round::Wait(wait.unwrap_or(self.0.pace.unattended)),
            Hub::RateLimited { .. } => {
                (AccountStatus::RateLimited, Round::Wait(wait.unwrap_or(self.0.pace.unattended)))
            }
            Hub::Unreachable { .. } | Hub::Unavailable { .. } | Hub::Unexpected { .. } => {
                (AccountStatus::HubUnreachable, Round::Unreachable)
            }
            _ => (AccountStatus::TokenRefused, Round::Refused),
        };
        let changes = self.0.inventory.mark_stale(id, &self.accounts_by_id());
        self.publish_changes(changes).await;
        self.set_account_state(id, status, Some(error.to_string()), retry_at).await;
        round
    }

    /// Gives an account that was configured by a token alone its user's name.
    async fn give_name(&self, id: &AccountId, username: &str) -> Round {
        let Ok(name) = AccountId::new(username) else {
            tracing::error!("the Hub gave a user name that is none: `{username}`");
            return Round::Refused;
        };
        let Ok(member) = self.member(id) else { return Round::Gone };
        if self.members().contains_key(&name) {
            tracing::warn!(account = %name, "the token without a name belongs to `{name}`, who is here already; it is not used");
        } else {
            let account = Account { id: name.clone(), ..member.account.clone() };
            let named = crate::accounts::Member::new(account.clone(), member.gateway.clone(), true);
            self.members_mut().insert(name.clone(), named);
            self.0.events.publish(hfsm_model::Event::AccountChanged(account), Audience::Everything);
            self.follow_account(&name);
        }
        self.drop_member(id).await;
        Round::Gone
    }
}

/// Returns whose Spaces an account lists: its user's, its own name's, and its organisations'.
fn owners(account: &Account) -> Vec<String> {
    let mut owners: Vec<String> = Vec::new();
    let organisations = account
        .organisations
        .iter()
        .filter(|organisation| organisation.restrictions.is_empty())
        .map(|organisation| organisation.name.as_str());
    for owner in
        account.username.as_deref().into_iter().chain([account.id.as_str()]).chain(organisations)
    {
        if !owners.iter().any(|known| known.eq_ignore_ascii_case(owner)) {
            owners.push(owner.to_owned());
        }
    }
    owners
}

/// Lengthens a pause as the budget shrinks.
fn stretched(pause: Duration, budget: Option<&RateBudget>) -> Duration {
    match budget {
        Some(budget) if budget.remaining * 5 < budget.quota => pause * 4,
        Some(budget) if budget.remaining * 2 < budget.quota => pause * 2,
        _ => pause,
    }
}

fn unreachable_pause(failures: u32) -> Duration {
    Duration::from_secs(2).saturating_mul(1 << failures.min(6)).min(UNREACHABLE_MAX)
}
