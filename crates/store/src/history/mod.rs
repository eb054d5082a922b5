//! Metrics over months: what was reported in a minute, and what quarters and hours make of it.
//!
//! Minutes are written as they end. Quarters and hours are made of what is stored, so that a process
//! that is killed loses at most the minute it was in. A time is kept as minutes since 1970.

mod sample;
mod table;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use hfsm_model::{HistoryStep, SpaceId};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
    sea_query::OnConflict,
};

use crate::{Result, Store, lending::Lent};

pub use sample::{Sample, SeriesKey, StoredSeries};
use table::{samples, series};

/// Rows in one statement.
const BATCH: usize = 500;
/// Under which it stands in the settings until when quarters and hours are made.
const ROLLED: &str = "metrics_rolled";

/// Until when quarters and hours are made of what is stored.
#[derive(Debug, Clone, Copy, Default, serde::Serialize, serde::Deserialize)]
struct Rolled {
    quarter: Option<i64>,
    hour: Option<i64>,
}

impl Store {
    /// Adds what was reported in minutes that ended, and makes the quarters and hours that ended
    /// before `now`; all of it or nothing. What comes for a minute that is kept is added to it.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn add_samples(
        &self,
        minutes: &[(SeriesKey, Sample)],
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.run(async {
            let transaction = self.writer().begin().await?;
            for batch in minutes.chunks(BATCH) {
                let ids = series_ids(&transaction, batch).await?;
                add_minutes(&transaction, batch, &ids).await?;
            }
            let earliest = minutes.iter().map(|(_, sample)| sample.at).min();
            roll(&transaction, earliest, minute_of(now)).await?;
            transaction.commit().await?;
            Ok(())
        })
        .await
    }

    /// Returns what the replicas of a Space and their GPUs used from `from` until before `to`, in
    /// the order in which they first reported, oldest first. What has not become a whole step yet
    /// is a point, too.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn samples(
        &self,
        space: &SpaceId,
        step: HistoryStep,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<StoredSeries>> {
        self.run(async {
            let window = step.minutes();
            let (from, to) = (floor(minute_of(from), window), minute_of(to));
            let known = series::Entity::find()
                .filter(series::Column::Space.eq(space.as_str()))
                .filter(series::Column::Last.gte(from))
                .order_by_asc(series::Column::Id)
                .all(self.reader())
                .await?;
            let ids: Vec<i64> = known.iter().map(|row| row.id).collect();
            let rolled = self.setting::<Rolled>(ROLLED).await?.unwrap_or_default();
            let made = match step {
                HistoryStep::Minute => None,
                HistoryStep::Quarter => rolled.quarter,
                HistoryStep::Hour => rolled.hour,
            };
            let mut points: HashMap<i64, Vec<Sample>> = HashMap::new();
            for batch in ids.chunks(BATCH) {
                let until = made.map_or(to, |made| made.min(to));
                for row in self.rows(batch, window, from, until).await? {
                    points.entry(row.series).or_default().push(row.into());
                }
                if let Some(made) = made {
                    let unmade = self.rows(batch, 1, made.max(from), to).await?;
                    for row in unmade {
                        let own = points.entry(row.series).or_default();
                        let sample = Sample { at: floor(row.at, window), ..Sample::from(row) };
                        match own.last_mut().filter(|last| last.at == sample.at) {
                            Some(last) => last.merge(&sample),
                            None => own.push(sample),
                        }
                    }
                }
            }
            let of = |row: series::Model| {
                let samples = points.remove(&row.id)?;
                let gpu = u32::try_from(row.gpu).ok();
                Some(StoredSeries { replica: row.replica, gpu, samples })
            };
            Ok(known.into_iter().filter_map(of).collect())
        })
        .await
    }

    /// Returns when the oldest of what is kept of a Space was reported.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn earliest_sample(&self, space: &SpaceId) -> Result<Option<DateTime<Utc>>> {
        self.run(async {
            let of_space = series::Entity::find()
                .select_only()
                .column(series::Column::Id)
                .filter(series::Column::Space.eq(space.as_str()))
                .into_tuple::<i64>()
                .all(self.reader())
                .await?;
            let mut earliest: Option<i64> = None;
            for batch in of_space.chunks(BATCH) {
                let first = samples::Entity::find()
                    .select_only()
                    .column_as(samples::Column::At.min(), "first")
                    .filter(samples::Column::Series.is_in(batch.iter().copied()))
                    .into_tuple::<Option<i64>>()
                    .one(self.reader())
                    .await?
                    .flatten();
                earliest = earliest.into_iter().chain(first).min();
            }
            Ok(earliest.and_then(|minute| DateTime::from_timestamp(minute * 60, 0)))
        })
        .await
    }

    /// Removes what each step no longer keeps, hours after `hour_days` days, and the series of
    /// which nothing is left. What is newest counts as now where the clock is ahead of it, so that
    /// one which jumped does not empty the history.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn prune_samples(&self, now: DateTime<Utc>, hour_days: u16) -> Result<()> {
        self.run(async {
            let newest = samples::Entity::find()
                .select_only()
                .column_as(samples::Column::At.max(), "newest")
                .filter(samples::Column::Step.eq(1))
                .into_tuple::<Option<i64>>()
                .one(self.reader())
                .await?
                .flatten();
            let Some(newest) = newest else { return Ok(()) };
            let now = newest.min(minute_of(now));
            let mut oldest = now;
            for step in HistoryStep::ALL {
                let kept = step.kept_minutes().unwrap_or(i64::from(hour_days) * 24 * 60);
                oldest = oldest.min(now - kept);
                samples::Entity::delete_many()
                    .filter(samples::Column::Step.eq(step.minutes()))
                    .filter(samples::Column::At.lt(now - kept))
                    .exec(self.writer())
                    .await?;
            }
            series::Entity::delete_many()
                .filter(series::Column::Last.lt(oldest))
                .exec(self.writer())
                .await?;
            Ok(())
        })
        .await
    }

    async fn rows(
        &self,
        series: &[i64],
        step: i64,
        from: i64,
        to: i64,
    ) -> Result<Vec<samples::Model>> {
        Ok(samples::Entity::find()
            .filter(samples::Column::Series.is_in(series.iter().copied()))
            .filter(samples::Column::Step.eq(step))
            .filter(samples::Column::At.gte(from))
            .filter(samples::Column::At.lt(to))
            .order_by_asc(samples::Column::Series)
            .order_by_asc(samples::Column::At)
            .all(self.reader())
            .await?)
    }
}

/// Returns the numbers of series, which are made where they are new.
async fn series_ids(
    transaction: &Lent,
    minutes: &[(SeriesKey, Sample)],
) -> Result<HashMap<SeriesKey, i64>> {
    let mut last: BTreeMap<&SeriesKey, i64> = BTreeMap::new();
    for (key, sample) in minutes {
        let newest = last.entry(key).or_insert(sample.at);
        *newest = sample.at.max(*newest);
    }
    let rows = last.iter().map(|(key, last)| series::ActiveModel {
        id: NotSet,
        space: Set(key.space.to_string()),
        replica: Set(key.replica.clone()),
        gpu: Set(key.gpu_number()),
        last: Set(*last),
    });
    series::Entity::insert_many(rows)
        .on_conflict(
            OnConflict::columns([
                series::Column::Space,
                series::Column::Replica,
                series::Column::Gpu,
            ])
            .update_column(series::Column::Last)
            .to_owned(),
        )
        .exec_without_returning(transaction)
        .await?;
    let spaces: BTreeSet<&str> = last.keys().map(|key| key.space.as_str()).collect();
    let since = last.values().copied().min().unwrap_or_default();
    let rows = series::Entity::find()
        .filter(series::Column::Space.is_in(spaces))
        .filter(series::Column::Last.gte(since))
        .all(transaction)
        .await?;
    let mut ids = HashMap::with_capacity(rows.len());
    for row in rows {
        let gpu = u32::try_from(row.gpu).ok();
        if let Ok(space) = row.space.parse() {
            ids.insert(SeriesKey { space, replica: row.replica, gpu }, row.id);
        }
    }
    Ok(ids)
}

async fn add_minutes(
    transaction: &Lent,
    minutes: &[(SeriesKey, Sample)],
    ids: &HashMap<SeriesKey, i64>,
) -> Result<()> {
    let mut new: BTreeMap<(i64, i64), Sample> = BTreeMap::new();
    for (key, sample) in minutes {
        let Some(id) = ids.get(key) else { continue };
        new.entry((*id, sample.at)).and_modify(|own| own.merge(sample)).or_insert(*sample);
    }
    // A minute is there already when the program ended in it, or the clock was set back.
    let times: BTreeSet<i64> = new.keys().map(|(_, at)| *at).collect();
    let numbers: BTreeSet<i64> = new.keys().map(|(series, _)| *series).collect();
    let there = samples::Entity::find()
        .filter(samples::Column::Step.eq(1))
        .filter(samples::Column::At.is_in(times))
        .filter(samples::Column::Series.is_in(numbers))
        .all(transaction)
        .await?;
    for row in there {
        if let Some(own) = new.get_mut(&(row.series, row.at)) {
            own.merge(&row.into());
        }
    }
    let rows = new.iter().map(|((series, _), sample)| sample.row(*series));
    samples::Entity::insert_many(rows)
        .on_conflict(
            OnConflict::columns([
                samples::Column::Series,
                samples::Column::Step,
                samples::Column::At,
            ])
            .update_columns(samples::VALUES)
            .to_owned(),
        )
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

/// Makes the quarters that ended of minutes, and the hours of quarters, from where that was left
/// off or from `earliest` on.
async fn roll(transaction: &Lent, earliest: Option<i64>, now: i64) -> Result<()> {
    let stored = crate::settings::read::<Rolled>(transaction, ROLLED).await?;
    let mut rolled = stored.unwrap_or_default();
    for (fine, coarse, made) in [
        (HistoryStep::Minute, HistoryStep::Quarter, &mut rolled.quarter),
        (HistoryStep::Quarter, HistoryStep::Hour, &mut rolled.hour),
    ] {
        let window = coarse.minutes();
        let end = floor(now, window);
        let begin = made.or(earliest).unwrap_or(end).min(earliest.unwrap_or(end));
        let begin = floor(begin, window);
        if begin < end {
            let sql = roll_up(fine.minutes(), window, begin, end);
            let backend = transaction.get_database_backend();
            transaction.execute_raw(Statement::from_string(backend, sql)).await?;
        }
        // A clock that was set back does not unmake anything.
        *made = (*made).max(Some(end));
    }
    crate::settings::write(transaction, ROLLED, &rolled).await
}

/// Writes the statement that makes steps of `window` minutes of those of `fine` minutes.
fn roll_up(fine: i64, window: i64, begin: i64, end: i64) -> String {
    let mut columns = String::from("memory_total");
    let mut made = String::from("MAX(memory_total)");
    let mut renewed = String::from("memory_total = excluded.memory_total, count = excluded.count");
    for what in ["load", "memory", "rx", "tx"] {
        let weight = format!("SUM(CASE WHEN {what}_mean IS NULL THEN 0 ELSE count END)");
        for (part, value) in [
            ("min", format!("MIN({what}_min)")),
            ("mean", format!("SUM({what}_mean * count) / NULLIF({weight}, 0)")),
            ("max", format!("MAX({what}_max)")),
        ] {
            columns.push_str(&format!(", {what}_{part}"));
            made.push_str(&format!(", {value}"));
            renewed.push_str(&format!(", {what}_{part} = excluded.{what}_{part}"));
        }
    }
    format!(
        "INSERT INTO metric_samples (series, step, at, count, {columns}) \
         SELECT series, {window}, (at / {window}) * {window}, SUM(count), {made} \
         FROM metric_samples WHERE step = {fine} AND at >= {begin} AND at < {end} \
         GROUP BY series, at / {window} \
         ON CONFLICT (series, step, at) DO UPDATE SET {renewed}"
    )
}

/// Returns the minute since 1970 in which a time lies.
fn minute_of(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(60)
}

fn floor(minute: i64, window: i64) -> i64 {
    minute.div_euclid(window) * window
}
