//! Jobs, their runs, and what is remembered of mending Spaces.

use sea_orm_migration::{
    prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait},
    schema::{
        big_integer, big_pk_auto, boolean, string, text, text_null, timestamp_with_time_zone,
        timestamp_with_time_zone_null,
    },
    sea_query::{Index, Table},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait leaves it out, and so must we")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let jobs = Table::create()
            .table("jobs")
            .col(string("id").primary_key())
            .col(text("plan"))
            .col(boolean("paused"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone_null("planned_at"))
            .col(timestamp_with_time_zone_null("due_at"))
            .to_owned();
        let runs = Table::create()
            .table("runs")
            .col(big_pk_auto("number"))
            .col(string("id").unique_key())
            // What is planned once is recorded once, whoever plans it.
            .col(string("occurrence").unique_key())
            .col(text_null("job"))
            .col(string("space"))
            .col(string("state"))
            .col(string("cause"))
            .col(timestamp_with_time_zone("planned_at"))
            .col(text_null("holder"))
            .col(timestamp_with_time_zone_null("lease_until"))
            .col(text("details"))
            .to_owned();
        let heals = Table::create()
            .table("heals")
            .col(string("space").primary_key())
            .col(big_integer("version"))
            .col(text("record"))
            .to_owned();
        for table in [jobs, runs, heals] {
            manager.create_table(table).await?;
        }
        for (name, table, columns) in [
            ("jobs_by_time", "jobs", ["due_at", "id"]),
            ("runs_by_state", "runs", ["state", "number"]),
            ("runs_by_job", "runs", ["job", "number"]),
            ("runs_by_space", "runs", ["space", "number"]),
        ] {
            let mut index = Index::create();
            index.name(name).table(table);
            for column in columns {
                index.col(column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
