//! Where the radius holds and the least weight gives way: wide clusters are taken apart.

use geo::Coord;

use super::blocks::Blocks;
use super::cutting::Cutter;
use super::partition::{Aim, Cluster};

/// Where the disc around the end of a wide set is laid: this share of the radius inwards.
const INWARDS: f64 = 0.95;

/// Takes wide sets apart until each part fits the radius, unless it is a single block, and then joins neighbouring parts that
/// fit together.
pub(super) fn take_apart(blocks: &Blocks, sets: Vec<Vec<u32>>, aim: &Aim) -> Vec<Vec<u32>> {
    let mut cutter = Cutter::new(blocks);
    let mut corners = Vec::new();
    let mut done: Vec<Cluster> = Vec::new();
    for set in sets {
        let mut wide = vec![set];
        let mut parts = Vec::new();
        while let Some(mut set) = wide.pop() {
            let radius = aim.cluster(&mut cutter, set.clone(), &mut corners).radius;
            if radius <= aim.radius || set.len() == 1 {
                parts.push(set);
                continue;
            }
            let at = cut_end(&mut cutter, &mut set, aim);
            wide.push(set.split_off(at));
            wide.push(set);
        }
        done.extend(join(&mut cutter, &mut corners, parts, aim));
    }
    done.into_iter().map(|cluster| cluster.members).collect()
}

/// Cuts a disc from one end of a set of at least two blocks; where it was cut.
fn cut_end(cutter: &mut Cutter<'_>, set: &mut [u32], aim: &Aim) -> usize {
    let blocks = cutter.blocks;
    let mut middle = Coord::default();
    for &block in set.iter() {
        middle = middle + blocks.centres[block as usize] / set.len() as f64;
    }
    let away = |block: u32| {
        let c = blocks.centres[block as usize];
        (c.x - middle.x).hypot(c.y - middle.y)
    };
    let end = set
        .iter()
        .copied()
        .reduce(|a, b| if away(b) > away(a) { b } else { a });
    if let Some(end) = end {
        let (from, distance) = (blocks.centres[end as usize], away(end));
        let inwards = (INWARDS * aim.radius / distance.max(f64::MIN_POSITIVE)).min(1.0);
        let centre = from + (middle - from) * inwards;
        if let Some(cut) = cutter.around_disc(set, centre, aim.radius, aim.range.most) {
            return cut.at;
        }
    }
    let axis = cutter.long_axis(set);
    let direction = Coord {
        x: axis.cos(),
        y: axis.sin(),
    };
    let half = 0.5 * blocks.weight(set);
    cutter
        .along_line(set, direction, half)
        .map_or(1, |cut| cut.at)
}

/// Joins neighbouring parts of one set while the two fit the radius and the greatest weight, the lightest part first.
fn join(
    cutter: &mut Cutter<'_>,
    corners: &mut Vec<Coord>,
    parts: Vec<Vec<u32>>,
    aim: &Aim,
) -> Vec<Cluster> {
    let mut waiting: Vec<Cluster> = parts
        .into_iter()
        .map(|part| aim.cluster(cutter, part, corners))
        .collect();
    let mut done = Vec::new();
    loop {
        waiting.sort_by(|a, b| {
            b.weight
                .total_cmp(&a.weight)
                .then_with(|| b.members.cmp(&a.members))
        });
        let Some(lightest) = waiting.pop() else {
            return done;
        };
        let mut best: Option<(usize, Cluster)> = None;
        for (index, other) in waiting.iter().enumerate() {
            if lightest.weight + other.weight > aim.range.most
                || !touch(cutter.blocks, &lightest, other)
            {
                continue;
            }
            let members = [lightest.members.as_slice(), &other.members].concat();
            let both = aim.cluster(cutter, members, corners);
            let smaller = best
                .as_ref()
                .is_none_or(|(_, best)| both.radius < best.radius);
            if both.radius <= aim.radius && smaller {
                best = Some((index, both));
            }
        }
        match best {
            Some((index, both)) => waiting[index] = both,
            None => done.push(lightest),
        }
    }
}

fn touch(blocks: &Blocks, one: &Cluster, other: &Cluster) -> bool {
    one.members.iter().any(|&block| {
        blocks
            .graph
            .neighbours(block)
            .iter()
            .any(|beside| other.members.contains(beside))
    })
}
