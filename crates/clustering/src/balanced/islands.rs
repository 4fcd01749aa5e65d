//! Components too light for a cluster of their own, attached to the nearest cluster with room.

use rstar::RTree;
use rstar::primitives::GeomWithData;

use super::blocks::Blocks;
use super::partition::Aim;

/// Joins each undersized set that has no neighbours to the nearest set that stays light enough with it; the result is not
/// contiguous. Sets without a place to go stay.
pub(super) fn attach(blocks: &Blocks, mut sets: Vec<Vec<u32>>, aim: &Aim) -> Vec<Vec<u32>> {
    let mut set_of = vec![0u32; blocks.len()];
    for (number, set) in (0u32..).zip(&sets) {
        for &block in set {
            set_of[block as usize] = number;
        }
    }
    let mut weights: Vec<f64> = sets.iter().map(|set| blocks.weight(set)).collect();
    let points = (0u32..)
        .zip(&blocks.centres)
        .map(|(block, c)| GeomWithData::new([c.x, c.y], block));
    let tree = RTree::bulk_load(points.collect());
    let mut islands: Vec<usize> = (0..sets.len())
        .filter(|&set| weights[set] < aim.range.least && stands_alone(blocks, &sets[set], &set_of))
        .collect();
    islands.sort_unstable_by_key(|&set| sets[set].iter().min().copied());
    for island in islands {
        // Something may have been attached to it already.
        if weights[island] >= aim.range.least {
            continue;
        }
        let nearest = sets[island].iter().filter_map(|&block| {
            let c = blocks.centres[block as usize];
            let from = [c.x, c.y];
            tree.nearest_neighbor_iter_with_distance_2(&from)
                .map(|(point, squared)| (squared, set_of[point.data as usize] as usize))
                .find(|&(_, other)| {
                    other != island && weights[island] + weights[other] <= aim.range.most
                })
        });
        let Some((_, host)) = nearest.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))) else {
            continue;
        };
        let members = std::mem::take(&mut sets[island]);
        for &block in &members {
            set_of[block as usize] = host as u32;
        }
        sets[host].extend(members);
        weights[host] += weights[island];
        weights[island] = 0.0;
    }
    sets.retain(|set| !set.is_empty());
    sets
}

fn stands_alone(blocks: &Blocks, set: &[u32], set_of: &[u32]) -> bool {
    set.iter().all(|&block| {
        let around = blocks.graph.neighbours(block).iter();
        around
            .copied()
            .all(|other| set_of[other as usize] == set_of[block as usize])
    })
}
