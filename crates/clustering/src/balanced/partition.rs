//! A partition of blocks into clusters, and what it is worth.

use geo::Coord;

use super::blocks::{Blocks, PROMISE};
use super::cutting::Cutter;
use super::weight_range::WeightRange;
use crate::{Prefer, Settings, enclosing_circle};

/// A connected set of blocks.
#[derive(Debug, Clone)]
pub(super) struct Cluster {
    pub members: Vec<u32>,
    pub weight: f64,
    pub radius: f64,
    /// Weight of a heavy disc of the target radius inside, for a cluster that is wider.
    pub core: f64,
    /// Whether a disc of the target radius around some member is heavy enough for a small cluster.
    pub promising: bool,
}

/// What clusters are wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aim {
    pub range: WeightRange,
    pub radius: f64,
    pub target_weight: f64,
    /// Whether weights near the target count, beside the limits.
    pub target_counts: bool,
}

impl Aim {
    pub fn new(settings: &Settings) -> Self {
        Self {
            range: WeightRange {
                least: settings.min_weight,
                most: settings.max_weight,
            },
            // A hair less, so that no rounding in another program makes a cluster too wide.
            radius: settings.target_radius * (1.0 - 1e-9),
            target_weight: settings
                .target_weight
                .clamp(settings.min_weight, settings.max_weight),
            target_counts: settings.prefer == Prefer::Target,
        }
    }

    pub fn is_good(&self, cluster: &Cluster) -> bool {
        cluster.radius <= self.radius && self.range.holds(cluster.weight)
    }

    /// What a cluster adds to the worth of a partition. A good one counts its weight; a bonus for it, and a charge for any
    /// other, make the few clusters that must be wide heavy. A wide cluster with a heavy core is worth a little, because it is
    /// nearer to becoming good. A weight out of range costs more than anything else can bring.
    pub fn worth(&self, cluster: &Cluster) -> f64 {
        let bonus = 0.25 * self.target_weight;
        if self.is_good(cluster) {
            return cluster.weight + bonus;
        }
        let short = (self.range.least - cluster.weight).max(0.0);
        let penalty = if short > 0.0 {
            4.0 * self.range.most + short
        } else {
            0.0
        };
        let nearness = (cluster.core / self.range.least.max(f64::MIN_POSITIVE)).min(1.0);
        0.5 * self.range.least * nearness.powi(4) - bonus - penalty
    }

    /// How far the weight of a cluster is from the target: the square of the deviation, as a share of the target, for each
    /// unit of weight that lives with it.
    pub fn distance(&self, cluster: &Cluster) -> f64 {
        let deviation = cluster.weight / self.target_weight - 1.0;
        cluster.weight * deviation * deviation
    }

    /// What a cluster is short of the least weight.
    pub fn shortfall(&self, cluster: &Cluster) -> f64 {
        (self.range.least - cluster.weight).max(0.0)
    }

    /// Measures a set of blocks.
    pub fn cluster(
        &self,
        cutter: &mut Cutter<'_>,
        members: Vec<u32>,
        corners: &mut Vec<Coord>,
    ) -> Cluster {
        let blocks = cutter.blocks;
        cutter.work += members.len() as u64;
        corners.clear();
        for &block in &members {
            corners.extend_from_slice(blocks.corners(block));
        }
        let radius = enclosing_circle(corners).radius;
        let weight = blocks.weight(&members);
        let promise = |block: u32| blocks.promise[block as usize];
        let best = members
            .iter()
            .copied()
            .reduce(|a, b| if promise(b) > promise(a) { b } else { a });
        let best_promise = best.map_or(0.0, |block| f64::from(promise(block)));
        let core = match best {
            Some(best) if radius > self.radius && best_promise >= 0.3 * self.range.least => {
                self.core(cutter, &members, blocks.centres[best as usize])
            }
            _ => 0.0,
        };
        Cluster {
            members,
            weight,
            radius,
            core,
            promising: best_promise >= PROMISE * self.range.least,
        }
    }

    /// The weight of a heavy disc: from the most promising place a few steps towards the middle of the weight around.
    fn core(&self, cutter: &mut Cutter<'_>, members: &[u32], mut from: Coord) -> f64 {
        let mut heaviest = 0f64;
        for _ in 0..3 {
            let (weight, middle) = cutter.within(members, from, self.radius);
            heaviest = heaviest.max(weight);
            from = middle;
        }
        heaviest
    }
}

/// Clusters that hold each block once.
#[derive(Debug, Clone)]
pub(super) struct Partition {
    pub clusters: Vec<Cluster>,
    /// The cluster of each block.
    pub cluster_of: Vec<u32>,
}

impl Partition {
    pub fn new(blocks: &Blocks, aim: &Aim, sets: Vec<Vec<u32>>) -> Self {
        let mut cutter = Cutter::new(blocks);
        let mut corners = Vec::new();
        let mut partition = Self {
            clusters: Vec::with_capacity(sets.len()),
            cluster_of: vec![u32::MAX; blocks.len()],
        };
        for set in sets {
            let cluster = aim.cluster(&mut cutter, set, &mut corners);
            partition.put(partition.clusters.len(), cluster);
        }
        partition
    }

    pub fn worth(&self, aim: &Aim) -> f64 {
        self.clusters.iter().map(|cluster| aim.worth(cluster)).sum()
    }

    /// Puts a cluster in a slot, at most one past the last.
    fn put(&mut self, slot: usize, cluster: Cluster) {
        for &block in &cluster.members {
            self.cluster_of[block as usize] = slot as u32;
        }
        match self.clusters.get_mut(slot) {
            Some(old) => *old = cluster,
            None => self.clusters.push(cluster),
        }
    }

    /// Replaces some clusters by others of the same blocks.
    pub fn replace(&mut self, old: &[usize], new: Vec<Cluster>) {
        let mut slots = old.to_vec();
        slots.sort_unstable();
        let count = new.len();
        for (index, cluster) in new.into_iter().enumerate() {
            let slot = slots.get(index).copied().unwrap_or(self.clusters.len());
            self.put(slot, cluster);
        }
        for &slot in slots.iter().skip(count).rev() {
            // The last cluster moves into the gap.
            self.clusters.swap_remove(slot);
            if let Some(moved) = self.clusters.get(slot) {
                for &block in &moved.members {
                    self.cluster_of[block as usize] = slot as u32;
                }
            }
        }
    }

    pub fn into_found(self, aim: &Aim) -> Vec<Found> {
        let found = |cluster: Cluster| Found {
            good: aim.is_good(&cluster),
            weight: cluster.weight,
            members: cluster.members,
        };
        self.clusters.into_iter().map(found).collect()
    }
}

/// A cluster as a search leaves it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub members: Vec<u32>,
    pub weight: f64,
    /// Whether it keeps both limits.
    pub good: bool,
}
