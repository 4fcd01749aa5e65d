//! The runs of a plan's quotas: those that are, and what each has taken.

use std::collections::HashSet;

use store::Store;

use super::{JSON, LINES};
use crate::planning::{BatchLine, lines, workers};
use crate::{Error, Keys, stored};

/// The run of a quota.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaRun {
    pub(super) plan_id: String,
    /// Its number, from 1.
    pub number: u32,
    /// Batches that its samples are in.
    pub batch_count: u32,
    pub(super) sample_ids: Vec<String>,
}

impl QuotaRun {
    /// Its name, which its execution has too.
    #[must_use]
    pub fn name(&self) -> String {
        Keys::of(&self.plan_id).quota_run(self.number)
    }

    /// Key of its list of batches.
    #[must_use]
    pub fn batches(&self) -> String {
        Keys::of(&self.plan_id).quota_batches(self.number)
    }

    /// Samples that it took.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.sample_ids.len() as u64
    }

    /// Writes its list of batches, for `bucket`, of which `at_once` run at a time.
    ///
    /// # Errors
    /// [`Error::NotPlanned`], or the storage's.
    pub async fn list_batches(
        &self,
        store: &dyn Store,
        bucket: &str,
        at_once: u32,
    ) -> Result<(), Error> {
        let study = stored::study(store, &self.plan_id).await?;
        let workers = workers(&study.source, &study.limits, self.batch_count, at_once);
        let batches: Vec<BatchLine> = (0..self.batch_count)
            .map(|batch| BatchLine {
                plan_id: self.plan_id.clone(),
                batch,
                quota: Some(self.number),
                output_bucket: bucket.to_owned(),
                workers,
            })
            .collect();
        let list = lines(&batches);
        Ok(store.put(&self.batches(), list.into(), LINES).await?)
    }

    /// Notes that it has ended: what it did not finish may be taken again.
    ///
    /// # Errors
    /// The storage's.
    pub async fn end(&self, store: &dyn Store) -> Result<(), Error> {
        let key = Keys::of(&self.plan_id).quota_ended(self.number);
        Ok(store.put(&key, "{}\n".into(), JSON).await?)
    }
}

/// The runs of a plan's quotas so far.
#[derive(Clone, Debug, Default)]
pub struct QuotaRuns {
    /// Number of the last one.
    pub(super) last: u32,
    /// Those that have not ended.
    pub open: Vec<QuotaRun>,
}

impl QuotaRuns {
    /// Finds them in the store.
    ///
    /// # Errors
    /// The storage's.
    pub async fn of_plan(plan_id: &str, store: &dyn Store) -> Result<Self, Error> {
        let keys = Keys::of(plan_id);
        let prefix = keys.quota_runs();
        let objects = store.list_all(&prefix).await?;
        let mut taken = Vec::new();
        let mut ended = HashSet::new();
        for object in &objects {
            let Some((number, name)) = object.key[prefix.len()..].split_once('/') else {
                continue;
            };
            match (number.parse::<u32>(), name) {
                (Ok(number), "samples.parquet") => taken.push(number),
                (Ok(number), "ended.json") => {
                    ended.insert(number);
                }
                _ => {}
            }
        }
        // What runs left may have been cleared away; the ledger stays, and a number in it is not given twice.
        let parts = store.list_all(&keys.ledger()).await?;
        let told = parts.iter().filter_map(|part| keys.quota_of(&part.key));
        let mut runs = Self {
            last: taken.iter().copied().chain(told).max().unwrap_or(0),
            open: Vec::new(),
        };
        for number in taken.into_iter().filter(|number| !ended.contains(number)) {
            let key = keys.quota_samples(number);
            let samples = stored::columns(store, &key, &["sample_id", "batch"]).await?;
            let last = samples.numbers("batch")?.into_iter().flatten();
            runs.open.push(QuotaRun {
                plan_id: plan_id.to_owned(),
                number,
                batch_count: last.fold(0.0, f64::max) as u32 + 1,
                sample_ids: samples.texts("sample_id")?.into_iter().flatten().collect(),
            });
        }
        Ok(runs)
    }
}
