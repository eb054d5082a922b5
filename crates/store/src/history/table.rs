//! The tables: who reported, and what.

pub(super) mod series {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "metric_series")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub space: String,
        pub replica: String,
        pub gpu: i32,
        pub last: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod samples {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "metric_samples")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub series: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub step: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub at: i64,
        pub count: i64,
        pub load_min: Option<f64>,
        pub load_mean: Option<f64>,
        pub load_max: Option<f64>,
        pub memory_min: Option<f64>,
        pub memory_mean: Option<f64>,
        pub memory_max: Option<f64>,
        pub rx_min: Option<f64>,
        pub rx_mean: Option<f64>,
        pub rx_max: Option<f64>,
        pub tx_min: Option<f64>,
        pub tx_mean: Option<f64>,
        pub tx_max: Option<f64>,
        pub memory_total: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    /// Everything but the key.
    pub(crate) const VALUES: [Column; 14] = [
        Column::Count,
        Column::LoadMin,
        Column::LoadMean,
        Column::LoadMax,
        Column::MemoryMin,
        Column::MemoryMean,
        Column::MemoryMax,
        Column::RxMin,
        Column::RxMean,
        Column::RxMax,
        Column::TxMin,
        Column::TxMean,
        Column::TxMax,
        Column::MemoryTotal,
    ];
}
