//! Improving a partition region by region, on all threads.
//!
//! A region is a few dozen clusters that follow each other along the Hilbert curve. Regions are improved independently, so the
//! result does not depend on the number of threads, and what a thread works on stays in its cache. The next round draws
//! other borders.

use rayon::prelude::*;

use super::blocks::Blocks;
use super::partition::{Aim, Found, Partition};
use super::recombination::Recombiner;
use crate::Budget;

/// Clusters in a region.
const CLUSTERS: usize = 96;
/// Rounds after the first, if there are several regions.
const ROUNDS: usize = 4;
/// Rounds in which weights are brought near the target, if there are several regions.
const TARGET_ROUNDS: usize = 2;
/// Temperature at the beginning, in target weights.
const WARM: f64 = 0.08;
/// Looks at each block spent on making wide clusters less wide, as a share of those of a start.
const TIDYING: f64 = 0.2;
/// The same for bringing weights near the target.
const TARGETING: f64 = 1.0;
/// Length of the search from the best start, in lengths of all starts but one.
const ON_FROM_BEST: f64 = 2.0;
/// Share of all weight that good clusters may lose so that weights come near the target: two points, less what rounding takes.
const GIVEN_UP: f64 = 0.019;
/// Looks at each block spent on mending undersized clusters, and the most looks at all.
const MENDING: (f64, f64) = (2_000.0, 2e7);

/// How much work is put into a partition.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    /// Independent searches, of which the best is kept.
    pub starts: u32,
    /// Length of each, in looks at each block. Of several starts the best is then searched on from.
    pub looks: f64,
    pub seed: u64,
}

/// A partition, and the weights of the clusters before they were brought near the target, if they were, each with whether it
/// was good.
pub(super) struct Improved {
    pub sets: Vec<Vec<u32>>,
    pub before_target: Option<Vec<(f64, bool)>>,
}

/// Improves a partition of blocks into connected sets. Once the budget says stop, no further search is begun, and those that
/// run end soon.
pub(super) fn improve(
    blocks: &Blocks,
    sets: Vec<Vec<u32>>,
    aim: &Aim,
    effort: Effort,
    budget: &Budget<'_>,
) -> Improved {
    let search = Search {
        blocks,
        aim,
        effort,
        budget,
    };
    let rounds = if sets.len() <= CLUSTERS { 1 } else { ROUNDS };
    let mut found = search.round(sets, 0, |region, seed| region.best_start(&search, seed));
    for round in 1..=rounds {
        if (budget.stop)() {
            break;
        }
        let further = ON_FROM_BEST * f64::from(effort.starts - 1) / rounds as f64;
        let warmth = 1.0 - (round - 1) as f64 / rounds as f64;
        found = search.round(sets_of(found), round, |region, seed| {
            let mut recombiner = region.recombiner(&search, seed);
            recombiner.anneal(
                region.length(effort.looks * further),
                WARM * warmth * aim.target_weight,
            );
            if round == rounds && !aim.target_counts {
                recombiner.tidy(region.length(TIDYING * effort.looks));
            }
            recombiner.into_partition()
        });
    }
    let before_target = aim
        .target_counts
        .then(|| found.iter().map(|f| (f.weight, f.good)).collect());
    if aim.target_counts {
        found = search.toward_target(found, rounds);
    }
    Improved {
        sets: search.mended(found),
        before_target,
    }
}

fn sets_of(found: Vec<Found>) -> Vec<Vec<u32>> {
    found.into_iter().map(|found| found.members).collect()
}

/// The weight in good clusters, and in all.
fn weights(found: &[Found]) -> (f64, f64) {
    found.iter().fold((0.0, 0.0), |(good, all), found| {
        let weight = found.weight;
        (good + if found.good { weight } else { 0.0 }, all + weight)
    })
}

/// What all regions are searched with.
struct Search<'a> {
    blocks: &'a Blocks,
    aim: &'a Aim,
    effort: Effort,
    budget: &'a Budget<'a>,
}

impl Search<'_> {
    /// Works on each region by itself; after a stop regions stay as they are.
    fn round(
        &self,
        sets: Vec<Vec<u32>>,
        round: usize,
        work: impl Fn(&Region, u64) -> Partition + Sync,
    ) -> Vec<Found> {
        let regions = Regions::new(self.blocks, sets, round);
        (0..regions.clusters.len())
            .into_par_iter()
            .flat_map_iter(|number| {
                let seed = self
                    .effort
                    .seed
                    .wrapping_add((round as u64) << 32 | number as u64);
                let region = regions.region(number);
                let partition = if round > 0 && (self.budget.stop)() {
                    region.partition(self.aim)
                } else {
                    work(&region, seed)
                };
                region.in_whole(partition.into_found(self.aim))
            })
            .collect()
    }

    /// Brings weights near the target, at a price that is told by [`GIVEN_UP`], and makes wide clusters less wide.
    fn toward_target(&self, mut found: Vec<Found>, rounds: usize) -> Vec<Found> {
        let target_rounds = if rounds == 1 { 1 } else { TARGET_ROUNDS };
        let (best, all) = weights(&found);
        for round in 1..=target_rounds {
            if (self.budget.stop)() {
                break;
            }
            let (good, _) = weights(&found);
            // What may still be lost, by weight; what is kept from the first round is left for the others.
            let left = (good - (best - GIVEN_UP * all)).max(0.0) / all.max(f64::MIN_POSITIVE);
            let share = left / (target_rounds - round + 1) as f64;
            let looks = self.effort.looks / target_rounds as f64;
            found = self.round(sets_of(found), rounds + round, |region, seed| {
                let mut recombiner = region.recombiner(self, seed);
                let weight: f64 = region.blocks.weights.iter().sum();
                recombiner.approach_target(region.length(TARGETING * looks), share * weight);
                if round == target_rounds {
                    recombiner.tidy(region.length(TIDYING * self.effort.looks));
                }
                recombiner.into_partition()
            });
        }
        found
    }

    /// Brings undersized clusters into range that have neighbours, across the borders of regions too.
    fn mended(&self, found: Vec<Found>) -> Vec<Vec<u32>> {
        let undersized = |found: &Found| found.weight < self.aim.range.least;
        let mut mendable = false;
        if found.iter().any(undersized) {
            let mut cluster_of = vec![u32::MAX; self.blocks.len()];
            for (cluster, found) in (0u32..).zip(&found) {
                for &block in &found.members {
                    cluster_of[block as usize] = cluster;
                }
            }
            mendable = (0u32..).zip(&found).any(|(cluster, found)| {
                let beside = |&block: &u32| {
                    let around = self.blocks.graph.neighbours(block);
                    around.iter().any(|&other| {
                        let other = cluster_of[other as usize];
                        other != cluster && other != u32::MAX
                    })
                };
                undersized(found) && found.members.iter().any(beside)
            });
        }
        let sets = sets_of(found);
        if !mendable || (self.budget.stop)() {
            return sets;
        }
        let partition = Partition::new(self.blocks, self.aim, sets);
        let seed = self.effort.seed.wrapping_add(1 << 63);
        let mut recombiner =
            Recombiner::new(self.blocks, *self.aim, partition, seed, self.budget.stop);
        recombiner.mend((MENDING.0 * self.blocks.len() as f64).min(MENDING.1) as u64);
        sets_of(recombiner.into_partition().into_found(self.aim))
    }
}

/// The clusters of some blocks, region by region.
struct Regions<'a> {
    blocks: &'a Blocks,
    clusters: Vec<Vec<Vec<u32>>>,
    /// The region of each block, and its number in there.
    region_of: Vec<u32>,
    number_of: Vec<u32>,
}

/// Some clusters by themselves.
struct Region {
    /// The number of each block in the whole.
    numbers: Vec<u32>,
    blocks: Blocks,
    /// The clusters, in numbers of the region.
    sets: Vec<Vec<u32>>,
}

impl<'a> Regions<'a> {
    /// Regions of clusters; odd rounds have their borders in the middle of the regions of even ones.
    fn new(blocks: &'a Blocks, mut sets: Vec<Vec<u32>>, round: usize) -> Self {
        for set in &mut sets {
            set.sort_unstable();
        }
        sets.sort_unstable_by_key(|set| set.first().copied());
        let mut regions = Self {
            blocks,
            clusters: Vec::with_capacity(sets.len() / CLUSTERS + 2),
            region_of: vec![u32::MAX; blocks.len()],
            number_of: vec![u32::MAX; blocks.len()],
        };
        let mut sets = sets.into_iter();
        if round % 2 == 1 && sets.len() > CLUSTERS {
            regions.push(sets.by_ref().take(CLUSTERS / 2).collect());
        }
        while sets.len() > 0 {
            regions.push(sets.by_ref().take(CLUSTERS).collect());
        }
        regions
    }

    fn push(&mut self, clusters: Vec<Vec<u32>>) {
        let region = self.clusters.len() as u32;
        for (number, block) in (0u32..).zip(in_order(&clusters)) {
            self.region_of[block as usize] = region;
            self.number_of[block as usize] = number;
        }
        self.clusters.push(clusters);
    }

    /// A region by itself. Made when its turn comes: all at once would be all blocks once more.
    fn region(&self, region: usize) -> Region {
        let clusters = &self.clusters[region];
        let numbers = in_order(clusters);
        let number = |block: u32| {
            (self.region_of[block as usize] == region as u32)
                .then(|| self.number_of[block as usize])
        };
        let local = |set: &Vec<u32>| {
            set.iter()
                .map(|&block| self.number_of[block as usize])
                .collect()
        };
        Region {
            blocks: self.blocks.part(&numbers, number),
            sets: clusters.iter().map(local).collect(),
            numbers,
        }
    }
}

/// The blocks of some clusters, in canonical order.
fn in_order(clusters: &[Vec<u32>]) -> Vec<u32> {
    let mut blocks: Vec<u32> = clusters.iter().flatten().copied().collect();
    blocks.sort_unstable();
    blocks
}

impl Region {
    /// The best of several searches. The first is always made: it brings undersized clusters into range.
    fn best_start(&self, search: &Search<'_>, seed: u64) -> Partition {
        let Search {
            aim,
            effort,
            budget,
            ..
        } = search;
        let found: Vec<Partition> = (0..u64::from(effort.starts))
            .into_par_iter()
            .filter(|&start| start == 0 || !(budget.stop)())
            .map(|start| {
                let mut recombiner = self.recombiner(search, seed.wrapping_add(start << 48));
                recombiner.repair();
                if !(budget.stop)() {
                    recombiner.anneal(self.length(effort.looks), WARM * aim.target_weight);
                }
                recombiner.into_partition()
            })
            .collect();
        // Of equals the first, whatever thread was faster.
        let best = found
            .into_iter()
            .reduce(|a, b| if b.worth(aim) > a.worth(aim) { b } else { a });
        best.unwrap_or_else(|| self.partition(aim))
    }

    /// The number of looks that is so many at each block.
    fn length(&self, looks: f64) -> u64 {
        (looks * self.blocks.len() as f64) as u64
    }

    fn partition(&self, aim: &Aim) -> Partition {
        Partition::new(&self.blocks, aim, self.sets.clone())
    }

    fn recombiner<'a>(&'a self, search: &Search<'a>, seed: u64) -> Recombiner<'a> {
        let partition = self.partition(search.aim);
        Recombiner::new(
            &self.blocks,
            *search.aim,
            partition,
            seed,
            search.budget.stop,
        )
    }

    /// Clusters of the region, in numbers of the whole.
    fn in_whole(&self, mut found: Vec<Found>) -> Vec<Found> {
        for block in found.iter_mut().flat_map(|found| &mut found.members) {
            *block = self.numbers[*block as usize];
        }
        found
    }
}
