//! Accounts, inventory, stage changes, settings, sessions, activity, operations, answers.

use sea_orm_migration::{
    prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait},
    schema::{
        big_integer, big_pk_auto, binary, boolean, integer, string, text, text_null,
        timestamp_with_time_zone,
    },
    sea_query::{
        ForeignKey, ForeignKeyAction, ForeignKeyCreateStatement, Index, IndexCreateStatement,
        Table, TableCreateStatement,
    },
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait leaves it out, and so must we")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        for index in indices() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn tables() -> Vec<TableCreateStatement> {
    vec![
        Table::create()
            .table("accounts")
            .col(string("id").primary_key())
            .col(text("details"))
            .to_owned(),
        Table::create()
            .table("spaces")
            .col(string("id").primary_key())
            .col(text("info"))
            .col(string("stage"))
            .col(timestamp_with_time_zone("stage_since"))
            .col(boolean("stage_since_known"))
            .col(timestamp_with_time_zone("seen_at"))
            .col(boolean("stale"))
            .col(string("write_access"))
            .to_owned(),
        Table::create()
            .table("space_accounts")
            .col(string("space"))
            .col(string("account"))
            .col(integer("position"))
            .primary_key(Index::create().col("space").col("account"))
            .foreign_key(&mut links_to_spaces())
            .to_owned(),
        Table::create()
            .table("stage_changes")
            .col(big_pk_auto("id"))
            .col(string("space"))
            .col(timestamp_with_time_zone("at"))
            .col(text_null("from_stage"))
            .col(text("to_stage"))
            .col(text_null("message"))
            .to_owned(),
        Table::create()
            .table("settings")
            .col(string("key").primary_key())
            .col(text("value"))
            .to_owned(),
        Table::create()
            .table("sessions")
            .col(string("hash").primary_key())
            .col(string("user"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("expires_at"))
            .col(text_null("user_agent"))
            .to_owned(),
        Table::create()
            .table("activities")
            .col(big_pk_auto("id"))
            .col(timestamp_with_time_zone("at"))
            .col(text("actor"))
            .col(string("kind"))
            .col(text_null("space"))
            .col(text_null("account"))
            .col(string("outcome"))
            .col(text_null("message"))
            .col(text_null("request_id"))
            .to_owned(),
        Table::create()
            .table("operations")
            .col(big_pk_auto("seq"))
            .col(string("id").unique_key())
            .col(string("space"))
            .col(boolean("ended"))
            .col(timestamp_with_time_zone("started_at"))
            .col(text("details"))
            .to_owned(),
        Table::create()
            .table("stored_answers")
            .col(string("caller"))
            .col(string("key"))
            .col(string("request_hash"))
            .col(big_integer("status"))
            .col(binary("body"))
            .col(timestamp_with_time_zone("created_at"))
            .primary_key(Index::create().col("caller").col("key"))
            .to_owned(),
    ]
}

fn links_to_spaces() -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from("space_accounts", "space")
        .to("spaces", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

fn indices() -> Vec<IndexCreateStatement> {
    let index = |name, table, columns: &[&'static str]| {
        let mut index = Index::create();
        index.name(name).table(table);
        for column in columns {
            index.col(*column);
        }
        index
    };
    vec![
        index("space_accounts_by_account", "space_accounts", &["account"]),
        index("stage_changes_by_space", "stage_changes", &["space", "id"]),
        index("sessions_by_end", "sessions", &["expires_at"]),
        index("activities_by_space", "activities", &["space", "id"]),
        index("activities_by_account", "activities", &["account", "id"]),
        index("operations_by_space", "operations", &["space", "seq"]),
        index("operations_by_end", "operations", &["ended"]),
        index("stored_answers_by_time", "stored_answers", &["created_at"]),
    ]
}
