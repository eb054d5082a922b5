//! What the tests of the store have in common: records to keep.

use chrono::{DateTime, TimeDelta, Utc};
use hfsm_model::{
    Account, AccountId, AccountState, AccountStatus, Activity, ActivityKind, Actor, Flavor,
    Hardware, Outcome, Replicas, Runtime, SleepTime, Space, SpaceId, SpaceInfo, Stage, TokenInfo,
    TokenKind, TokenSource, WriteAccess,
};

pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_763_800_000, 123_456_789).unwrap() + TimeDelta::seconds(seconds)
}

pub(crate) fn account_id(name: &str) -> AccountId {
    AccountId::new(name).unwrap()
}

pub(crate) fn space_id(text: &str) -> SpaceId {
    text.parse().unwrap()
}

pub(crate) fn account(name: &str) -> Account {
    Account {
        id: account_id(name),
        username: Some(name.to_owned()),
        full_name: Some(format!("{name} the \"first\" — 名前")),
        avatar_url: None,
        is_pro: Some(true),
        can_pay: None,
        organisations: Vec::new(),
        token: TokenInfo {
            source: TokenSource::Vault,
            kind: TokenKind::Write,
            display_name: Some("laptop".to_owned()),
            expires_at: None,
            permissions: Vec::new(),
        },
        state: AccountState {
            status: AccountStatus::Fine,
            since: at(0),
            reason: None,
            retry_at: None,
        },
        budget: None,
    }
}

/// A Space as large as the Hub's usual ones.
pub(crate) fn space(id: &str, accounts: &[&str]) -> Space {
    let id = space_id(id);
    Space {
        info: SpaceInfo {
            title: Some(format!("The \"{}\" — ünï <b>", id.name())),
            emoji: Some("🚀".to_owned()),
            description: Some("Shows what a model says of a picture. ".repeat(4)),
            sdk: Some("docker".to_owned()),
            private: true,
            sha: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
            last_modified: Some(at(-3600)),
            created_at: Some(at(-86_400)),
            likes: 12,
            tags: vec!["docker".to_owned(), "region:us".to_owned()],
            app_port: Some(7860),
            subdomain: Some(format!("{}-{}", id.owner(), id.name())),
            app_url: Some(format!("https://{}-{}.hf.space/", id.owner(), id.name())),
            hub_url: format!("https://huggingface.co/spaces/{id}"),
            runtime: Some(Runtime {
                stage: Stage::RUNNING,
                error_message: None,
                hardware: Hardware {
                    current: Some(Flavor("cpu-basic".to_owned())),
                    requested: Some(Flavor("cpu-basic".to_owned())),
                },
                sleep_time: SleepTime(Some(172_800)),
                replicas: Replicas { current: Some(1), requested: Some("1".to_owned()) },
                dev_mode: false,
                domains: Vec::new(),
                sha: None,
            }),
            id,
        },
        stage: Stage::new("A_STAGE_OF_TOMORROW"),
        stage_since: at(-60),
        stage_since_known: true,
        seen_at: at(0),
        stale: false,
        accounts: accounts.iter().map(|name| account_id(name)).collect(),
        write_access: WriteAccess::Yes,
        labels: Vec::new(),
    }
}

pub(crate) fn activity(
    space: Option<&str>,
    account: &str,
    kind: ActivityKind,
    second: i64,
) -> Activity {
    Activity {
        id: 0,
        at: at(second),
        actor: Actor::Person("ann".to_owned()),
        kind,
        space: space.map(space_id),
        account: Some(account_id(account)),
        outcome: Outcome::Done,
        message: Some("as asked".to_owned()),
        details: None,
        request_id: None,
    }
}
