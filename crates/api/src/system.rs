//! How the program itself is.

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use hfsm_core::Fleet;
use hfsm_model::{AccountId, RateBudget};
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::Trusted;

/// What runs here.
#[derive(Serialize, ToSchema)]
pub(crate) struct Version {
    /// The program's version.
    version: &'static str,
    /// Whether accounts can be added while it runs.
    can_add_accounts: bool,
}

/// How the program is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// Whether everything works.
    ok: bool,
    /// Why the store cannot be written, while it cannot.
    store_trouble: Option<String>,
    /// How many streams are open to the Hub.
    open_streams: usize,
    /// How many clients listen to events.
    event_readers: usize,
}

/// What is known of the background tasks of one name.
#[derive(Serialize, ToSchema)]
pub(crate) struct Task {
    /// The name.
    name: &'static str,
    /// How many run now.
    running: usize,
    /// How many were ever begun.
    begun: u64,
    /// How many ended by a mistake in this program.
    panics: u64,
    /// What the last of those said.
    last_panic: Option<String>,
    /// When that was.
    last_panic_at: Option<DateTime<Utc>>,
}

/// What the Hub lets an account ask.
#[derive(Serialize, ToSchema)]
pub(crate) struct AccountBudget {
    /// The account.
    account: AccountId,
    /// Its budget; `null` before the Hub's first answer.
    budget: Option<RateBudget>,
}

/// What runs here.
#[utoipa::path(get, path = "/api/v1/system/version", tag = "system", operation_id = "get_version",
    responses((status = OK, description = "The version", body = Version)))]
pub(crate) async fn version(_: Trusted, State(fleet): State<Fleet>) -> Json<Version> {
    Json(Version { version: env!("CARGO_PKG_VERSION"), can_add_accounts: fleet.can_add_accounts() })
}

/// How the program is.
#[utoipa::path(get, path = "/api/v1/system/health", tag = "system", operation_id = "get_health",
    responses((status = OK, description = "Its health", body = Health)))]
pub(crate) async fn health(_: Trusted, State(fleet): State<Fleet>) -> Json<Health> {
    let store_trouble = fleet.store_trouble();
    Json(Health {
        ok: store_trouble.is_none(),
        store_trouble,
        open_streams: fleet.open_streams(),
        event_readers: fleet.events().readers(),
    })
}

/// What goes on by itself.
#[utoipa::path(get, path = "/api/v1/system/tasks", tag = "system", operation_id = "list_tasks",
    responses((status = OK, description = "By their names", body = Vec<Task>)))]
pub(crate) async fn tasks(_: Trusted, State(fleet): State<Fleet>) -> Json<Vec<Task>> {
    let tasks = fleet.tasks().into_iter().map(|status| {
        let (last_panic_at, last_panic) = status.last_panic.unzip();
        Task {
            name: status.name,
            running: status.running,
            begun: status.begun,
            panics: status.panics,
            last_panic,
            last_panic_at,
        }
    });
    Json(tasks.collect())
}

/// What the Hub lets each account ask.
#[utoipa::path(get, path = "/api/v1/system/budget", tag = "system", operation_id = "get_budget",
    responses((status = OK, description = "By the accounts' names", body = Vec<AccountBudget>)))]
pub(crate) async fn budget(_: Trusted, State(fleet): State<Fleet>) -> Json<Vec<AccountBudget>> {
    let budgets = fleet.accounts().into_iter();
    Json(
        budgets
            .map(|account| AccountBudget { account: account.id, budget: account.budget })
            .collect(),
    )
}
