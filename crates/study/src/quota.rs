//! A quota: the next samples of a plan that have no reading, taken by a run of their own.
//!
//! What a run takes stands in `runs/collect-{plan}-{number}/samples.parquet`. Writing that file, where there is none of the
//! number yet, is the claim: of two kickoffs at once only one gets the number, and the other looks again. A run is open
//! until `ended.json` stands beside its samples, and what an open run took is not taken twice. Everything else follows from the ledger:
//! each run writes parts of its own, so that the parts in which a sample failed are the runs that tried it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow_array::Int32Array;
use futures::{StreamExt, TryStreamExt, stream};
use sampling::Plan;
use sampling::quota::{Sharing, share, take_in_order};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Store, Written};
use tables::{ReadOptions, RowGroups, Table, WriteOptions};

use crate::planning::{BatchLine, lines, workers};
use crate::{Error, Keys, stored};

const PARQUET: &str = "application/vnd.apache.parquet";
const LINES: &str = "application/jsonl";
const JSON: &str = "application/json";

/// Parts of the ledger read at once.
const AT_ONCE: usize = 16;

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

/// The run of a quota.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaRun {
    plan_id: String,
    /// Its number, from 1.
    pub number: u32,
    /// Batches that its samples are in.
    pub batch_count: u32,
    sample_ids: Vec<String>,
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
    last: u32,
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
        let in_flight: HashSet<&str> = open.map(String::as_str).collect();
        let waiting = Waiting::of(quota, &in_flight, store).await?;
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
        let mut parts = Vec::with_capacity(rows.len());
        for (batch, rows) in rows {
            let part = stored::samples(store, &keys.samples(), batch).await?;
            parts.push(part.take(&rows)?);
        }
        let mut order: Vec<(u32, u32)> = sorted.iter().map(|(_, rank)| *rank).zip(0..).collect();
        order.sort_unstable();
        let order: Vec<u32> = order.into_iter().map(|(_, row)| row).collect();
        Ok(Table::concat(&parts)?.take(&order)?)
    }
}

/// The samples that may be taken.
#[derive(Debug, Default)]
struct Waiting {
    /// Towns by name, and the number that they have below.
    towns: BTreeMap<String, u32>,
    /// In the order of their visits.
    samples: Vec<Candidate>,
    standing: Standing,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    pick: Pick,
    town: u32,
    /// Runs in which it failed.
    failures: u32,
}

impl Waiting {
    async fn of(
        quota: &Quota,
        in_flight: &HashSet<&str>,
        store: &Arc<dyn Store>,
    ) -> Result<Self, Error> {
        let study = stored::study(store.as_ref(), &quota.plan_id).await?;
        let keys = Keys::of(&quota.plan_id);
        let town_column = match study.plan {
            Plan::Roads(_) => Some("town"),
            Plan::Areas(_) => Some("area_id"),
            Plan::Chips(_) => None,
        };
        let past = past(&keys, store.as_ref()).await?;
        let batches = stored::lines(store.as_ref(), &keys.batches()).await?;
        let mut waiting = Self::default();
        let options = ReadOptions {
            columns: Some(
                std::iter::once("sample_id")
                    .chain(town_column)
                    .map(str::to_owned)
                    .collect(),
            ),
            ..ReadOptions::default()
        };
        let reader = stored::ranged(store, &keys.samples()).await?;
        for batch in 0..batches {
            let (reader, options) = (reader.clone(), options.clone());
            let location = store.locate(&keys.samples());
            let read = tokio::task::spawn_blocking(move || {
                Table::open_row_group(&location, reader, batch as usize, &options)
            });
            let table = read.await??;
            let towns = town_column.map(|name| table.texts(name)).transpose()?;
            for (row, id) in (0u32..).zip(table.texts("sample_id")?) {
                let id = id.unwrap_or_default();
                let past = past.get(&id).copied().unwrap_or_default();
                let standing = &mut waiting.standing;
                if past.done {
                    standing.done += 1;
                } else if in_flight.contains(id.as_str()) {
                    standing.in_flight += 1;
                } else if past.counted >= quota.tries {
                    standing.resting += 1;
                } else {
                    standing.waiting += 1;
                    let town = towns
                        .as_ref()
                        .and_then(|towns| towns.get(row as usize).cloned().flatten());
                    waiting.add(Pick { batch, row }, town.unwrap_or_default(), past.failures);
                }
            }
        }
        Ok(waiting)
    }

    fn add(&mut self, pick: Pick, town: String, failures: u32) {
        let next = u32::try_from(self.towns.len()).unwrap_or(u32::MAX);
        let town = *self.towns.entry(town).or_insert(next);
        self.samples.push(Candidate {
            pick,
            town,
            failures,
        });
    }

    /// The next samples: those never tried, and what failed only where they leave room.
    fn pick(&self, at_most: u64, sharing: &TownSharing) -> Result<Vec<Pick>, Error> {
        let (fresh, mut again): (Vec<Candidate>, Vec<Candidate>) =
            self.samples.iter().partition(|sample| sample.failures == 0);
        again.sort_by_key(|sample| sample.failures);
        let mut picks = self.share_out(&fresh, at_most, sharing)?;
        let room = at_most - picks.len() as u64;
        picks.extend(self.share_out(&again, room, sharing)?);
        Ok(picks)
    }

    fn share_out(
        &self,
        samples: &[Candidate],
        at_most: u64,
        sharing: &TownSharing,
    ) -> Result<Vec<Pick>, Error> {
        // By the towns' names, so that ties fall the same way whatever order towns turned up in.
        let mut rank = vec![0; self.towns.len()];
        for (place, number) in self.towns.values().enumerate() {
            rank[*number as usize] = place;
        }
        let towns: Vec<usize> = samples
            .iter()
            .map(|sample| rank[sample.town as usize])
            .collect();
        let mut left = vec![0; rank.len()];
        for town in &towns {
            left[*town] += 1;
        }
        let sharing = match sharing {
            TownSharing::LargestRemainder => Sharing::LargestRemainder,
            TownSharing::RoundRobin => Sharing::RoundRobin,
            TownSharing::Weights(weights) => {
                let weights = self.weights(weights)?;
                if !left
                    .iter()
                    .zip(&weights)
                    .any(|(left, weight)| *left > 0 && *weight > 0.0)
                {
                    return Ok(Vec::new());
                }
                Sharing::Weights(weights)
            }
        };
        let shares = share(at_most, &left, &sharing)?;
        let chosen = take_in_order(towns, &shares).into_iter();
        Ok(chosen.map(|position| samples[position].pick).collect())
    }

    /// The weights in the order of the towns' names.
    fn weights(&self, weights: &BTreeMap<String, f64>) -> Result<Vec<f64>, Error> {
        if self.towns.keys().all(|town| !weights.contains_key(town)) {
            return Err(Error::Sampling(sampling::Error::Setting {
                field: "sharing.weights",
                problem: "names no town that has samples left".to_owned(),
            }));
        }
        let weight = |town| weights.get(town).copied().unwrap_or(0.0);
        Ok(self.towns.keys().map(weight).collect())
    }
}

/// What the ledger says of a sample.
#[derive(Clone, Copy, Debug, Default)]
struct Past {
    done: bool,
    /// Runs in which it failed.
    failures: u32,
    /// Those of them since failures were last forgiven.
    counted: u32,
}

/// Up to which run failures are forgiven.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Retried {
    /// Number of a quota's run; the plan's own batches come before the first.
    until: u32,
}

async fn past(keys: &Keys, store: &dyn Store) -> Result<HashMap<String, Past>, Error> {
    let retried: Option<Retried> = match store.get(&keys.retried()).await {
        Ok(body) => Some(
            serde_json::from_slice(&body).map_err(|error| Error::Stored {
                location: store.locate(&keys.retried()),
                problem: error.to_string(),
            })?,
        ),
        Err(store::Error::NotFound { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let parts = store.list_all(&keys.ledger()).await?;
    let parts: Vec<(u32, Vec<Option<String>>, Vec<Option<String>>)> = stream::iter(parts)
        .map(async |part| {
            let rows = stored::columns(store, &part.key, &["sample_id", "status"]).await?;
            let run = keys.quota_of(&part.key).unwrap_or(0);
            Ok::<_, Error>((run, rows.texts("sample_id")?, rows.texts("status")?))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let mut past: HashMap<String, Past> = HashMap::new();
    for (run, ids, statuses) in parts {
        let counts = retried.as_ref().is_none_or(|retried| run > retried.until);
        for (id, status) in ids.into_iter().zip(statuses) {
            let entry = past.entry(id.unwrap_or_default()).or_default();
            if status.as_deref() == Some(imagery::Status::Failed.name()) {
                entry.failures += 1;
                entry.counted += u32::from(counts);
            } else {
                entry.done = true;
            }
        }
    }
    Ok(past)
}

/// Forgives all failures so far: what rests as failed will be tried again, after what was never tried. Gives back how many samples
/// have failed and are not done.
///
/// # Errors
/// [`Error::NotPlanned`], or the storage's.
pub async fn retry(plan_id: &str, store: &Arc<dyn Store>) -> Result<u64, Error> {
    stored::study(store.as_ref(), plan_id).await?;
    let keys = Keys::of(plan_id);
    let runs = QuotaRuns::of_plan(plan_id, store.as_ref()).await?;
    let past = past(&keys, store.as_ref()).await?;
    let failed = past
        .values()
        .filter(|past| !past.done && past.counted > 0)
        .count();
    let retried = Retried { until: runs.last };
    let body = serde_json::to_vec(&retried).unwrap_or_default();
    store.put(&keys.retried(), body.into(), JSON).await?;
    Ok(failed as u64)
}

#[cfg(test)]
mod tests;
