//! Connected clusters within a range of weights, as many as possible within a radius.
//!
//! 1. Places are gathered into blocks, small squares of a quadtree ([`blocks`]).
//! 2. Each connected component is bisected across its long axis ([`first_partition`]).
//! 3. Region by region, neighbouring clusters are joined and divided anew, by discs around promising places and by lines
//!    ([`regions`], [`recombination`], [`dividing`], [`cutting`]).
//! 4. Weights are brought near the target, where that costs little.
//! 5. What the settings ask for beyond that: [`radius_first`], [`islands`].
//!
//! docs/algorithms.md says what else was tried and what each part brought.

mod blocks;
mod cutting;
mod dividing;
mod first_partition;
mod islands;
mod partition;
mod radius_first;
mod recombination;
mod regions;
mod weight_range;

use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;

use crate::{Budget, CanonicalOrder, Graph, Grouping, OnConflict, Places, Settings, SmallIslands};
use blocks::Blocks;
use cutting::Cutter;
use first_partition::Bisector;
use partition::Aim;
use regions::{Effort, improve};

/// Starts if none are asked for.
const STARTS: u32 = 4;
/// Looks at each block in a start, where there are so many blocks; large inputs get fewer for each block.
const LOOKS: f64 = 200.0;
/// The same where one start is asked for, which is asked for where time is dear.
const LOOKS_OF_ONE: f64 = 100.0;
const BLOCKS: f64 = 7_000.0;
const FALLING: f64 = 0.35;

/// Clusters `places`, which are in canonical `order`, as are the numbers in `graph`.
///
/// Every cluster is connected. None is heavier than the greatest weight, but for single places that are. None is lighter than
/// the least weight, but where a component is, or cannot be divided otherwise (350 by clusters of 180 to 300). With
/// [`OnConflict::Radius`] none is wider than the target radius instead, but for single places that are. Within that, as much
/// weight as is found lies in clusters that keep both limits; with [`Prefer::Target`](crate::Prefer::Target) up to two points less,
/// so that weights are near the target.
#[must_use]
pub fn balanced(
    places: &Places<'_>,
    order: &CanonicalOrder,
    graph: &Graph,
    settings: &Settings,
    small_islands: SmallIslands,
    budget: &Budget<'_>,
) -> Grouping {
    let aim = Aim::new(settings);
    let (blocks, block_of) = Blocks::gather(places, order, graph, settings);
    let (oversized, components) = components(&blocks, &aim);
    let first = bisect(&blocks, components, &aim, settings.seed);
    let improved = improve(&blocks, first, &aim, effort(&blocks, settings), budget);
    let mut sets = improved.sets;
    let before_target = improved.before_target.map(|mut found| {
        found.extend(oversized.iter().map(|set| (blocks.weight(set), false)));
        found
    });
    if settings.on_conflict == OnConflict::Radius {
        sets = radius_first::take_apart(&blocks, sets, &aim);
    }
    sets.extend(oversized);
    if small_islands == SmallIslands::Attach {
        sets = islands::attach(&blocks, sets, &aim);
    }
    let mut cluster_of_block = vec![0; blocks.len()];
    for (cluster, set) in (0u32..).zip(&sets) {
        for &block in set {
            cluster_of_block[block as usize] = cluster;
        }
    }
    let cluster_of = block_of
        .iter()
        .map(|&block| cluster_of_block[block as usize]);
    Grouping {
        before_target,
        ..Grouping::flat(cluster_of.collect(), sets.len() as u32)
    }
}

fn effort(blocks: &Blocks, settings: &Settings) -> Effort {
    let starts = settings.starts.unwrap_or(STARTS);
    let looks = if starts == 1 { LOOKS_OF_ONE } else { LOOKS };
    Effort {
        starts,
        looks: looks * (BLOCKS / blocks.len() as f64).powf(FALLING),
        seed: settings.seed,
    }
}

/// Clusters of single blocks that are too heavy, and the connected components of the rest. What has no weight and touches
/// nothing but such a block belongs to it.
fn components(blocks: &Blocks, aim: &Aim) -> (Vec<Vec<u32>>, Vec<Vec<u32>>) {
    let too_heavy = |block: u32| blocks.weights[block as usize] > aim.range.most;
    let (piece, count) = blocks
        .graph
        .pieces(|block| if too_heavy(block) { block + 1 } else { 0 });
    let mut sets = vec![Vec::new(); count];
    for (block, &piece) in (0u32..).zip(&piece) {
        sets[piece as usize].push(block);
    }
    let (mut oversized, rest): (Vec<Vec<u32>>, Vec<Vec<u32>>) = sets
        .into_iter()
        .partition(|set| set.first().is_some_and(|&block| too_heavy(block)));
    let mut components = Vec::with_capacity(rest.len());
    for set in rest {
        let around = || set.iter().flat_map(|&block| blocks.graph.neighbours(block));
        let host = around().copied().find(|&other| too_heavy(other));
        let host = host.filter(|_| blocks.weight(&set) == 0.0);
        match host.and_then(|host| oversized.iter_mut().find(|set| set[0] == host)) {
            Some(host) => host.extend(set),
            None => components.push(set),
        }
    }
    (oversized, components)
}

fn bisect(blocks: &Blocks, components: Vec<Vec<u32>>, aim: &Aim, seed: u64) -> Vec<Vec<u32>> {
    let mut bisector = Bisector {
        cutter: Cutter::new(blocks),
        random: Pcg64Mcg::seed_from_u64(seed),
        range: aim.range,
        target_weight: aim.target_weight,
    };
    components
        .into_iter()
        .flat_map(|component| bisector.bisect(component))
        .collect()
}
