//! Metrics over months, and a person's own labels of Spaces.

use sea_orm_migration::{
    prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait},
    schema::{big_integer, big_integer_null, big_pk_auto, double_null, integer, string, text},
    sea_query::{Index, Table},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait leaves it out, and so must we")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let series = Table::create()
            .table("metric_series")
            .col(big_pk_auto("id"))
            .col(string("space"))
            .col(string("replica"))
            .col(integer("gpu"))
            .col(big_integer("last"))
            .to_owned();
        let mut samples = Table::create();
        samples
            .table("metric_samples")
            .col(big_integer("series"))
            .col(integer("step"))
            .col(big_integer("at"))
            .col(big_integer("count"));
        for what in ["load", "memory", "rx", "tx"] {
            for part in ["min", "mean", "max"] {
                samples.col(double_null(format!("{what}_{part}")));
            }
        }
        samples
            .col(big_integer_null("memory_total"))
            .primary_key(Index::create().col("series").col("step").col("at"))
            // The key is all that rows are found by; kept beside it they would take twice the room.
            .extra("WITHOUT ROWID");
        let labels = Table::create()
            .table("space_labels")
            .col(string("space").primary_key())
            .col(text("labels"))
            .to_owned();
        for table in [series, samples, labels] {
            manager.create_table(table).await?;
        }
        let by_name = Index::create()
            .name("metric_series_by_name")
            .table("metric_series")
            .unique()
            .col("space")
            .col("replica")
            .col("gpu")
            .to_owned();
        let by_time = Index::create()
            .name("metric_samples_by_time")
            .table("metric_samples")
            .col("step")
            .col("at")
            .to_owned();
        manager.create_index(by_name).await?;
        manager.create_index(by_time).await
    }
}
