//! The samples that may be taken, and the choice among them.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use sampling::Plan;
use sampling::quota::{Sharing, share, take_in_order};
use store::Store;

use super::{Pick, Quota, Standing, TownSharing, past};
use crate::{Error, Keys, stored};

/// The samples that may be taken.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Towns by name, and the number that they have below.
    towns: BTreeMap<String, u32>,
    /// In the order of their visits.
    samples: Vec<Candidate>,
    pub(super) standing: Standing,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    pick: Pick,
    town: u32,
    /// Runs in which it failed.
    failures: u32,
}

impl Waiting {
    pub(super) async fn of(
        quota: &Quota,
        in_flight: HashSet<String>,
        store: &Arc<dyn Store>,
    ) -> Result<Self, Error> {
        let study = stored::study(store.as_ref(), &quota.plan_id).await?;
        let keys = Keys::of(&quota.plan_id);
        let town_column = match study.plan {
            Plan::Roads(_) => Some("town"),
            Plan::Areas(_) | Plan::Points(_) => Some("area_id"),
            Plan::Chips(_) => None,
        };
        let past = past::past(&keys, store.as_ref()).await?;
        let columns: Vec<&str> = std::iter::once("sample_id").chain(town_column).collect();
        let batches = stored::by_batch(store, &keys.samples(), Some(&columns)).await?;
        let most = quota.tries;
        let looked = tokio::task::spawn_blocking(move || {
            let mut waiting = Self::default();
            for batch in 0..batches.count() {
                let table = batches.read(batch)?;
                let towns = town_column.map(|name| table.texts(name)).transpose()?;
                for (row, id) in table.texts("sample_id")?.into_iter().enumerate() {
                    let id = id.unwrap_or_default();
                    let past = past.get(&id).copied().unwrap_or_default();
                    if past.done {
                        waiting.standing.done += 1;
                    } else if in_flight.contains(&id) {
                        waiting.standing.in_flight += 1;
                    } else if past.counted >= most {
                        waiting.standing.resting += 1;
                    } else {
                        waiting.standing.waiting += 1;
                        let town = towns.as_ref().and_then(|towns| towns.get(row)?.clone());
                        let pick = Pick {
                            batch: batch as u32,
                            row: row as u32,
                        };
                        waiting.add(pick, town.unwrap_or_default(), past.failures);
                    }
                }
            }
            Ok::<_, Error>(waiting)
        });
        looked.await?
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
    pub(super) fn pick(&self, at_most: u64, sharing: &TownSharing) -> Result<Vec<Pick>, Error> {
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
