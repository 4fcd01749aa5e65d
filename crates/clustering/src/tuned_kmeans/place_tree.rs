//! The nearest centre of every place, found for whole regions at once.
//!
//! The filtering algorithm of Kanungo, Mount, Netanyahu, Piatko, Silverman and Wu, "An efficient k-means clustering
//! algorithm: analysis and implementation", IEEE Transactions on Pattern Analysis and Machine
//! Intelligence 24(7), 2002: a k-d tree over the places, built once, is walked with the centres
//! that can still be nearest to some place of a region. Where one is left, the region is done.

use geo::Coord;

/// Places in a leaf of the tree.
const LEAF: usize = 16;

/// A k-d tree over places.
pub(super) struct PlaceTree {
    /// Place numbers, leaf by leaf.
    order: Vec<u32>,
    /// The places' positions in the same order.
    positions: Vec<Coord>,
    /// Nodes in the order of a walk that goes left first.
    nodes: Vec<Node>,
}

/// A region: the box around a run of places.
struct Node {
    min: Coord,
    max: Coord,
    first: u32,
    last: u32,
    /// The right child; the left one follows its parent. `None` in a leaf.
    right: Option<u32>,
}

impl PlaceTree {
    /// Builds the tree. There must be fewer than 2^32 places.
    pub(super) fn new(positions: &[Coord]) -> Self {
        let mut order: Vec<u32> = (0..positions.len() as u32).collect();
        let mut nodes = Vec::with_capacity(2 * positions.len() / LEAF + 1);
        if !order.is_empty() {
            let all = order.len();
            split(positions, &mut order, 0, all, &mut nodes);
        }
        let positions = order
            .iter()
            .map(|&place| positions[place as usize])
            .collect();
        Self {
            order,
            positions,
            nodes,
        }
    }

    /// For each place the number of the centre nearest to it. There must be a centre.
    pub(super) fn nearest(&self, centres: &[Coord]) -> Vec<u32> {
        let mut labels = vec![0; self.order.len()];
        if !self.nodes.is_empty() {
            let mut candidates: Vec<u32> = (0..centres.len() as u32).collect();
            self.filter(0, centres, &mut candidates, 0, &mut labels);
        }
        labels
    }

    /// Labels the places under `node`, whose candidates are `candidates[from..]`.
    fn filter(
        &self,
        node: usize,
        centres: &[Coord],
        candidates: &mut Vec<u32>,
        from: usize,
        labels: &mut [u32],
    ) {
        let region = &self.nodes[node];
        let own = candidates.len();
        // The candidate nearest to the middle of the region beats every candidate that is farther from
        // the corner of the region that favours it most.
        let middle = Coord {
            x: 0.5 * (region.min.x + region.max.x),
            y: 0.5 * (region.min.y + region.max.y),
        };
        let best = nearest_of(middle, centres, &candidates[from..]);
        for i in from..own {
            let candidate = candidates[i];
            if candidate == best
                || !beaten(centres[candidate as usize], centres[best as usize], region)
            {
                candidates.push(candidate);
            }
        }
        let run = region.first as usize..region.last as usize;
        match region.right {
            _ if candidates.len() == own + 1 => {
                for &place in &self.order[run] {
                    labels[place as usize] = best;
                }
            }
            None => {
                for (&place, &position) in self.order[run.clone()].iter().zip(&self.positions[run])
                {
                    labels[place as usize] = nearest_of(position, centres, &candidates[own..]);
                }
            }
            Some(right) => {
                self.filter(node + 1, centres, candidates, own, labels);
                self.filter(right as usize, centres, candidates, own, labels);
            }
        }
        candidates.truncate(own);
    }
}

/// Adds the node of `order[first..last]` and all below it.
fn split(positions: &[Coord], order: &mut [u32], first: usize, last: usize, nodes: &mut Vec<Node>) {
    let run = &mut order[first..last];
    let start = positions[run[0] as usize];
    let (mut min, mut max) = (start, start);
    for &place in run.iter() {
        let position = positions[place as usize];
        min = Coord {
            x: min.x.min(position.x),
            y: min.y.min(position.y),
        };
        max = Coord {
            x: max.x.max(position.x),
            y: max.y.max(position.y),
        };
    }
    let node = nodes.len();
    nodes.push(Node {
        min,
        max,
        first: first as u32,
        last: last as u32,
        right: None,
    });
    // Places on one spot cannot be told apart any further.
    if run.len() <= LEAF || min == max {
        return;
    }
    let half = run.len() / 2;
    if max.x - min.x > max.y - min.y {
        run.select_nth_unstable_by(half, |&a, &b| {
            positions[a as usize]
                .x
                .total_cmp(&positions[b as usize].x)
                .then(a.cmp(&b))
        });
    } else {
        run.select_nth_unstable_by(half, |&a, &b| {
            positions[a as usize]
                .y
                .total_cmp(&positions[b as usize].y)
                .then(a.cmp(&b))
        });
    }
    split(positions, order, first, first + half, nodes);
    nodes[node].right = Some(nodes.len() as u32);
    split(positions, order, first + half, last, nodes);
}

/// The candidate nearest to a position, the first of those equally near.
fn nearest_of(position: Coord, centres: &[Coord], candidates: &[u32]) -> u32 {
    let (mut best, mut least) = (candidates[0], f64::INFINITY);
    for &candidate in candidates {
        let distance = squared_distance(position, centres[candidate as usize]);
        if distance < least {
            (best, least) = (candidate, distance);
        }
    }
    best
}

/// Whether no place of the region is nearer to `candidate` than to `best`.
fn beaten(candidate: Coord, best: Coord, region: &Node) -> bool {
    let corner = Coord {
        x: if candidate.x > best.x {
            region.max.x
        } else {
            region.min.x
        },
        y: if candidate.y > best.y {
            region.max.y
        } else {
            region.min.y
        },
    };
    squared_distance(corner, candidate) >= squared_distance(corner, best)
}

fn squared_distance(a: Coord, b: Coord) -> f64 {
    let (dx, dy) = (a.x - b.x, a.y - b.y);
    dx * dx + dy * dy
}

#[cfg(test)]
mod tests {
    use geo::coord;
    use proptest::prelude::*;

    use super::*;

    fn coords(most: usize) -> impl Strategy<Value = Vec<Coord>> {
        // Whole numbers, so that places and centres meet and distances tie.
        prop::collection::vec(
            (-20..20, -20..20).prop_map(|(x, y)| coord! { x: f64::from(x), y: f64::from(y) }),
            1..most,
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_centre_is_nearer_than_the_one_found(places in coords(400), centres in coords(60)) {
            let labels = PlaceTree::new(&places).nearest(&centres);
            for (&place, &label) in places.iter().zip(&labels) {
                let nearest = centres.iter().map(|&centre| squared_distance(place, centre)).fold(f64::INFINITY, f64::min);
                prop_assert_eq!(squared_distance(place, centres[label as usize]), nearest);
            }
        }
    }

    #[test]
    fn many_places_on_one_spot_do_no_harm() {
        let places = vec![coord! { x: 1.0, y: 1.0 }; 1000];
        let centres = [coord! { x: 5.0, y: 1.0 }, coord! { x: 1.0, y: 2.0 }];
        assert_eq!(PlaceTree::new(&places).nearest(&centres), vec![1; 1000]);
    }
}
