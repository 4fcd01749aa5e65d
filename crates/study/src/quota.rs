//! A quota: the next samples of a plan that have no reading, taken by a run of their own.
//!
//! What a run takes stands in `runs/collect-{plan}-{number}/samples.parquet`. Writing that file, where there is none of the
//! number yet, is the claim: of two kickoffs at once only one gets the number, and the other looks again. A run is open
//! until `ended.json` stands beside its samples, and what an open run took is not taken twice. Everything else follows from the ledger:
//! each run writes parts of its own, so that the parts in which a sample failed are the runs that tried it.

mod past;
mod runs;
mod waiting;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow_array::Int32Array;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Store, Written};
use tables::{RowGroups, Table, WriteOptions};

use crate::{Error, Keys, stored};
pub use past::retry;
pub use runs::{QuotaRun, QuotaRuns};
use waiting::Waiting;

const PARQUET: &str = "application/vnd.apache.parquet";
const LINES: &str = "application/jsonl";
const JSON: &str = "application/json";

/// Which plan goes on, and how its samples are chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// The plan.
    pub plan_id: String,
    /// How the quota is shared among towns (or areas).
    #[serde(default)]
    pub sharing: TownSharing,
    /// Runs that try a sample before it rests as failed.
    #[serde(default = "three")]
    pub tries: u32,
    /// Samples in a batch.
    #[serde(default = "batch_size")]
    pub batch_size: usize,
}

fn three() -> u32 {
    3
}

fn batch_size() -> usize {
    100
}

impl Quota {
    /// The usual settings for a plan.
    #[must_use]
    pub fn of_plan(plan_id: &str) -> Self {
        Self {
            plan_id: plan_id.to_owned(),
            sharing: TownSharing::default(),
            tries: three(),
            batch_size: batch_size(),
        }
    }
}

/// How a quota is shared among towns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TownSharing {
    /// In proportion to what each has left, by largest remainder; none starves.
    #[default]
    LargestRemainder,
    /// One for each in turn.
    RoundRobin,
    /// In proportion to these weights by town; a town that is not named gets nothing.
    Weights(BTreeMap<String, f64>),
}

/// How far a plan is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Samples that need no more work.
    pub done: u64,
    /// Samples that an open run has taken.
    pub in_flight: u64,
    /// Samples that failed in as many runs as they may.
    pub resting: u64,
    /// Samples that may be taken.
    pub waiting: u64,
}

/// What a quota would take.
#[derive(Debug)]
pub struct NextSamples {
    quota: Quota,
    number: u32,
    picks: Vec<Pick>,
    /// How far the plan is, before they are taken.
    pub standing: Standing,
}

/// A sample by its batch of the plan and its row there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pick {
    batch: u32,
    row: u32,
}

impl NextSamples {
    /// Looks for the next `at_most` samples without a reading, but for those that an open run of `runs` has taken.
    ///
    /// Samples never tried come first, in the order of their visits within each town; what failed comes after all of them, fewest failures
    /// first.
    ///
    /// # Errors
    /// [`Error::NotPlanned`], weights that name no town of the plan, or the storage's.
    pub async fn find(
        quota: &Quota,
        at_most: u64,
        runs: &QuotaRuns,
        store: &Arc<dyn Store>,
    ) -> Result<Self, Error> {
        let open = runs.open.iter().flat_map(|run| &run.sample_ids);
        let in_flight: HashSet<String> = open.cloned().collect();
        let waiting = Waiting::of(quota, in_flight, store).await?;
        let picks = waiting.pick(at_most, &quota.sharing)?;
        Ok(Self {
            quota: quota.clone(),
            number: runs.last + 1,
            picks,
            standing: waiting.standing,
        })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.picks.len() as u64
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.picks.is_empty()
    }

    /// Takes them; `None` where another run was faster, and the next samples are others.
    ///
    /// # Errors
    /// The storage's.
    pub async fn claim(&self, store: &Arc<dyn Store>) -> Result<Option<QuotaRun>, Error> {
        let keys = Keys::of(&self.quota.plan_id);
        let samples = self.samples(&keys, store).await?;
        let sample_ids: Vec<String> = samples.texts("sample_id")?.into_iter().flatten().collect();
        let size = self.quota.batch_size.max(1);
        let of_row = |row: usize| i32::try_from(row / size).unwrap_or(i32::MAX);
        let batches: Int32Array = (0..samples.rows()).map(of_row).collect::<Vec<_>>().into();
        let samples = samples.with_column("batch", Arc::new(batches))?;
        let sizes: Vec<usize> = (0..samples.rows())
            .step_by(size)
            .map(|start| size.min(samples.rows() - start))
            .collect();
        let batch_count = u32::try_from(sizes.len()).unwrap_or(u32::MAX);
        let options = WriteOptions {
            row_groups: RowGroups::Exactly(sizes),
        };
        let bytes = tokio::task::spawn_blocking(move || samples.to_geoparquet(&options)).await??;
        let key = keys.quota_samples(self.number);
        let written = store.put_new(&key, bytes.into(), PARQUET).await?;
        Ok((written == Written::New).then(|| QuotaRun {
            plan_id: self.quota.plan_id.clone(),
            number: self.number,
            batch_count,
            sample_ids,
        }))
    }

    /// Their rows of the plan, in the order in which they are to be taken.
    async fn samples(&self, keys: &Keys, store: &Arc<dyn Store>) -> Result<Table, Error> {
        let mut rows: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let mut sorted: Vec<(Pick, u32)> = self.picks.iter().copied().zip(0..).collect();
        sorted.sort_unstable();
        for (pick, _) in &sorted {
            rows.entry(pick.batch).or_default().push(pick.row);
        }
        let batches = stored::by_batch(store, &keys.samples(), None).await?;
        let taken = tokio::task::spawn_blocking(move || {
            let part = |(batch, rows): (u32, Vec<u32>)| batches.read(batch as usize)?.take(&rows);
            rows.into_iter()
                .map(part)
                .collect::<Result<Vec<Table>, _>>()
        });
        let parts = taken.await??;
        let mut order: Vec<(u32, u32)> = sorted.iter().map(|(_, rank)| *rank).zip(0..).collect();
        order.sort_unstable();
        let order: Vec<u32> = order.into_iter().map(|(_, row)| row).collect();
        Ok(Table::concat(&parts)?.take(&order)?)
    }
}

#[cfg(test)]
mod tests;
