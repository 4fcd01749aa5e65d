//! Making a partition better: neighbouring clusters are joined and divided anew, again and again.
//!
//! This is the recombination step of redistricting (Daryl `DeFord`, Moon Duchin and Justin Solomon, "Recombination: a family of Markov chains for
//! redistricting", Harvard Data Science Review 3(1), 2021) as a local search: a new division is kept if it is worth no less, or, with a
//! chance that falls as the search cools, if it is worth less (Kirkpatrick et al., "Optimization by simulated annealing", Science
//! 220, 1983).

use geo::Coord;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::blocks::Blocks;
use super::cutting::Cutter;
use super::dividing::Divider;
use super::partition::{Aim, Cluster, Partition};

/// Chance that two clusters are joined; three or four otherwise.
const PAIRS: f64 = 0.8;
/// Chance of three when it is not two.
const TRIPLES: f64 = 0.7;
/// Chance that as many clusters come out as went in, where that is possible.
const SAME_COUNT: f64 = 0.6;
/// Chance that a cluster that is good already is taken up.
const TAKE_GOOD: f64 = 0.5;
/// Blocks asked for a neighbour in another cluster before giving up.
const NEIGHBOUR_TRIES: usize = 40;
/// What passing over a cluster costs, in blocks looked at.
const PASSING_OVER: u64 = 16;
/// Tries to bring an undersized cluster into range.
const REPAIR_TRIES: usize = 60;

/// When a new division of some clusters is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Keep {
    /// If it is worth no less, or by a chance that falls with the loss and rises with the temperature.
    Worth { temperature: f64 },
    /// If it is worth no less and the radii add up to less.
    Compactness,
}

/// Recombines the clusters of one partition.
pub(super) struct Recombiner<'a> {
    divider: Divider<'a>,
    aim: Aim,
    partition: Partition,
    corners: Vec<Coord>,
    joined: Vec<u32>,
}

impl<'a> Recombiner<'a> {
    pub fn new(blocks: &'a Blocks, aim: Aim, partition: Partition, seed: u64) -> Self {
        Self {
            divider: Divider {
                cutter: Cutter::new(blocks),
                random: Pcg64Mcg::seed_from_u64(seed),
                range: aim.range,
                radius: aim.radius,
            },
            aim,
            partition,
            corners: Vec::new(),
            joined: Vec::new(),
        }
    }

    pub fn into_partition(self) -> Partition {
        self.partition
    }

    /// Recombines clusters around each undersized one until it is in range, as far as a few tries go.
    pub fn repair(&mut self) {
        for _ in 0..REPAIR_TRIES {
            let undersized: Vec<u32> = self
                .partition
                .clusters
                .iter()
                .filter(|cluster| cluster.weight < self.aim.range.least)
                .map(|cluster| cluster.members[0])
                .collect();
            if undersized.is_empty() {
                return;
            }
            for block in undersized {
                let cluster = self.partition.cluster_of[block as usize] as usize;
                if self.partition.clusters[cluster].weight < self.aim.range.least {
                    let size = self.divider.random.random_range(2..=4);
                    self.recombine(cluster, size, Keep::Worth { temperature: 0.0 });
                }
            }
        }
    }

    /// Recombines clusters at random until `effort` blocks have been looked at, while the temperature falls from `warm` to
    /// zero; ends with the best partition seen.
    pub fn anneal(&mut self, effort: u64, warm: f64) {
        let mut best = self.partition.clone();
        let mut worth = self.partition.worth(&self.aim);
        let mut best_worth = worth;
        let start = self.divider.cutter.work;
        loop {
            let done = (self.divider.cutter.work - start) as f64 / effort.max(1) as f64;
            if done >= 1.0 || !self.can_improve() {
                break;
            }
            let random = &mut self.divider.random;
            let cluster = random.random_range(0..self.partition.clusters.len());
            let taken = &self.partition.clusters[cluster];
            if !taken.promising || (self.aim.is_good(taken) && !random.random_bool(TAKE_GOOD)) {
                self.divider.cutter.work += PASSING_OVER;
                continue;
            }
            let size = if random.random_bool(PAIRS) {
                2
            } else if random.random_bool(TRIPLES) {
                3
            } else {
                4
            };
            let temperature = warm * (1.0 - done);
            worth += self.recombine(cluster, size, Keep::Worth { temperature });
            if worth > best_worth {
                best_worth = worth;
                best = self.partition.clone();
            }
        }
        self.partition = best;
    }

    /// Divides neighbouring wide clusters anew along lines until `effort` blocks have been looked at, so that they become less
    /// wide. Good clusters stay as they are.
    pub fn tidy(&mut self, effort: u64) {
        let start = self.divider.cutter.work;
        let is_wide = |cluster: &&Cluster| !self.aim.is_good(cluster);
        if self.partition.clusters.iter().filter(is_wide).count() < 2 {
            return;
        }
        while self.divider.cutter.work - start < effort {
            let random = &mut self.divider.random;
            let cluster = random.random_range(0..self.partition.clusters.len());
            if self.aim.is_good(&self.partition.clusters[cluster]) {
                self.divider.cutter.work += PASSING_OVER;
                continue;
            }
            let size = if random.random_bool(PAIRS) { 2 } else { 3 };
            self.recombine(cluster, size, Keep::Compactness);
        }
    }

    /// Whether any wide cluster could become good.
    fn can_improve(&self) -> bool {
        let clusters = &self.partition.clusters;
        clusters.len() > 1
            && clusters
                .iter()
                .any(|cluster| cluster.promising && !self.aim.is_good(cluster))
    }

    /// Joins up to `size` clusters around one and divides them anew; the change in worth, 0 if nothing came of it.
    fn recombine(&mut self, cluster: usize, size: usize, keep: Keep) -> f64 {
        let mut group = self.group(cluster, size);
        if keep == Keep::Compactness {
            group.retain(|&slot| !self.aim.is_good(&self.partition.clusters[slot]));
        }
        if group.len() < 2 {
            self.divider.cutter.work += PASSING_OVER;
            return 0.0;
        }
        let mut joined = std::mem::take(&mut self.joined);
        joined.clear();
        let (mut weight, mut worth, mut radii) = (0.0, 0.0, 0.0);
        for &slot in &group {
            let cluster = &self.partition.clusters[slot];
            joined.extend_from_slice(&cluster.members);
            weight += cluster.weight;
            worth += self.aim.worth(cluster);
            radii += cluster.radius;
        }
        let divided = match keep {
            Keep::Worth { .. } => self
                .count(weight, joined.len(), group.len())
                .and_then(|count| self.divider.divide(&mut joined, weight, count)),
            Keep::Compactness => self
                .divider
                .divide_by_lines(&mut joined, weight, group.len()),
        };
        let mut gain = 0.0;
        if let Some(ends) = divided {
            let clusters = self.measure(&joined, &ends);
            let change = clusters.iter().map(|c| self.aim.worth(c)).sum::<f64>() - worth;
            let kept = change >= 0.0
                && (keep != Keep::Compactness
                    || clusters.iter().map(|c| c.radius).sum::<f64>() < radii);
            let lucky = match keep {
                Keep::Worth { temperature } if !kept && temperature > 0.0 => {
                    self.divider.random.random::<f64>() < (change / temperature).exp()
                }
                Keep::Worth { .. } | Keep::Compactness => false,
            };
            if kept || lucky {
                self.partition.replace(&group, clusters);
                gain = change;
            }
        }
        self.joined = joined;
        gain
    }

    fn measure(&mut self, joined: &[u32], ends: &[usize]) -> Vec<Cluster> {
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts
            .zip(ends)
            .map(|(start, &end)| {
                let members = joined[start..end].to_vec();
                self.aim
                    .cluster(&mut self.divider.cutter, members, &mut self.corners)
            })
            .collect()
    }

    /// A cluster and some connected with it, up to `size`.
    fn group(&mut self, cluster: usize, size: usize) -> Vec<usize> {
        let Partition {
            clusters,
            cluster_of,
        } = &self.partition;
        let graph = &self.divider.cutter.blocks.graph;
        let random = &mut self.divider.random;
        let mut group = vec![cluster];
        for _ in 1..size {
            let members = &clusters[group[random.random_range(0..group.len())]].members;
            for _ in 0..NEIGHBOUR_TRIES {
                let beside = graph.neighbours(members[random.random_range(0..members.len())]);
                if beside.is_empty() {
                    continue;
                }
                let other = beside[random.random_range(0..beside.len())];
                let other = cluster_of[other as usize] as usize;
                if !group.contains(&other) {
                    group.push(other);
                    break;
                }
            }
        }
        group
    }

    /// How many clusters to divide a weight into; none if no number fits.
    fn count(&mut self, weight: f64, places: usize, before: usize) -> Option<usize> {
        let counts = self.aim.range.counts(weight, places)?;
        let random = &mut self.divider.random;
        let (fewest, most) = (*counts.start(), *counts.end());
        Some(if random.random_bool(SAME_COUNT) {
            before.clamp(fewest, most)
        } else {
            random.random_range(fewest..=most.min(fewest.max(before + 1)))
        })
    }
}
