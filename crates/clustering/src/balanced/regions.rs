//! Improving a partition region by region, on all threads.
//!
//! A region is a few dozen clusters that follow each other along the Hilbert curve. Regions are improved independently, so the
//! result does not depend on the number of threads, and what a thread works on stays in its cache. The next round draws
//! other borders.

use rayon::prelude::*;

use super::blocks::Blocks;
use super::partition::{Aim, Partition};
use super::recombination::Recombiner;
use crate::Budget;

/// Clusters in a region.
const CLUSTERS: usize = 96;
/// Rounds after the first, if there are several regions.
const ROUNDS: usize = 4;
/// Temperature at the beginning, in target weights.
const WARM: f64 = 0.08;
/// Looks at each block spent on making wide clusters less wide, as a share of those of a start.
const TIDYING: f64 = 0.2;
/// Length of the search from the best start, in lengths of all starts but one.
const ON_FROM_BEST: f64 = 2.0;

/// How much work is put into a partition.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    /// Independent searches, of which the best is kept.
    pub starts: u32,
    /// Length of each, in looks at each block. Of several starts the best is then searched on from.
    pub looks: f64,
    pub seed: u64,
}

/// Improves a partition of blocks into connected sets. Once the budget says stop, no further search is begun.
pub(super) fn improve(
    blocks: &Blocks,
    mut sets: Vec<Vec<u32>>,
    aim: &Aim,
    effort: Effort,
    budget: &Budget<'_>,
) -> Vec<Vec<u32>> {
    let rounds = if sets.len() <= CLUSTERS { 1 } else { ROUNDS };
    for round in 0..=rounds {
        if round > 0 && (budget.stop)() {
            break;
        }
        let regions = Regions::new(blocks, sets, round);
        let work = |region: &Region, number: usize| {
            let seed = effort
                .seed
                .wrapping_add((round as u64) << 32 | number as u64);
            if round == 0 {
                region.search(aim, Effort { seed, ..effort }, budget)
            } else {
                let further = ON_FROM_BEST * f64::from(effort.starts - 1);
                let warmth = 1.0 - (round - 1) as f64 / rounds as f64;
                let mut recombiner = region.recombiner(aim, seed);
                recombiner.anneal(
                    region.length(effort.looks * further / rounds as f64),
                    WARM * warmth * aim.target_weight,
                );
                if round == rounds {
                    recombiner.tidy(region.length(TIDYING * effort.looks));
                }
                recombiner.into_partition().into_sets()
            }
        };
        sets = (0..regions.clusters.len())
            .into_par_iter()
            .flat_map_iter(|number| {
                if round > 0 && (budget.stop)() {
                    return regions.clusters[number].clone();
                }
                let region = regions.region(number);
                region.in_whole(work(&region, number))
            })
            .collect();
    }
    sets
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
    fn search(&self, aim: &Aim, effort: Effort, budget: &Budget<'_>) -> Vec<Vec<u32>> {
        let found: Vec<Partition> = (0..u64::from(effort.starts))
            .into_par_iter()
            .filter(|&start| start == 0 || !(budget.stop)())
            .map(|start| {
                let mut recombiner = self.recombiner(aim, effort.seed.wrapping_add(start << 48));
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
        best.map_or_else(|| self.sets.clone(), Partition::into_sets)
    }

    /// The number of looks that is so many at each block.
    fn length(&self, looks: f64) -> u64 {
        (looks * self.blocks.len() as f64) as u64
    }

    fn recombiner(&self, aim: &Aim, seed: u64) -> Recombiner<'_> {
        let partition = Partition::new(&self.blocks, aim, self.sets.clone());
        Recombiner::new(&self.blocks, *aim, partition, seed)
    }

    /// Sets of the region, in numbers of the whole.
    fn in_whole(&self, mut sets: Vec<Vec<u32>>) -> Vec<Vec<u32>> {
        for block in sets.iter_mut().flatten() {
            *block = self.numbers[*block as usize];
        }
        sets
    }
}
