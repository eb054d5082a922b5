//! The steps that lead to today's schema. A step that was released is never changed.

mod m0001_first_schema;
mod m0002_history_and_labels;
mod m0003_jobs;
mod m0004_activity_details;
mod m0005_by_time;

use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};

pub(crate) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_first_schema::Migration),
            Box::new(m0002_history_and_labels::Migration),
            Box::new(m0003_jobs::Migration),
            Box::new(m0004_activity_details::Migration),
            Box::new(m0005_by_time::Migration),
        ]
    }
}
