//! Polygons from the directed edges around them.
//!
//! Edges have the inside on their left. At a corner where several rings meet the ring turns as sharply as it can to its left,
//! so that what hangs together by a corner alone is two polygons; a ring that comes back to one of its corners is divided there,
//! as Simple Features (OGC 06-103r4, section 6.1.11) wants it.

use std::collections::HashMap;

use geo::{Coord, LineString, MultiPolygon, Polygon};

/// The polygons that `edges` go around. Corners are numbers whose place `at` knows.
pub(super) fn polygons(edges: &mut Vec<(u64, u64)>, at: impl Fn(u64) -> Coord) -> MultiPolygon {
    let rings = rings(edges, &at);
    let (mut outer, mut holes) = (Vec::new(), Vec::new());
    for ring in rings {
        let coords: Vec<Coord> = ring.iter().map(|&corner| at(corner)).collect();
        let area = signed_area(&coords);
        if area > 0.0 {
            outer.push((area, coords, Vec::new()));
        } else if area < 0.0 {
            holes.push(coords);
        }
    }
    if let [only] = outer.as_mut_slice() {
        only.2 = holes;
    } else {
        // The smallest ring around a hole is the one it is in.
        outer.sort_by(|a, b| a.0.total_cmp(&b.0));
        for hole in holes {
            let inside = (hole[0] + hole[1]) / 2.0;
            if let Some(host) = outer.iter_mut().find(|ring| contains(&ring.1, inside)) {
                host.2.push(hole);
            }
        }
    }
    let polygons = outer.into_iter().map(|(_, ring, holes)| {
        Polygon::new(
            LineString::new(ring),
            holes.into_iter().map(LineString::new).collect(),
        )
    });
    MultiPolygon::new(polygons.collect())
}

/// Closed walks along all edges, without a corner twice.
fn rings(edges: &mut Vec<(u64, u64)>, at: &impl Fn(u64) -> Coord) -> Vec<Vec<u64>> {
    edges.sort_unstable();
    edges.dedup();
    let mut used = vec![false; edges.len()];
    let mut rings = Vec::new();
    let mut walk = Vec::new();
    for first in 0..edges.len() {
        if used[first] {
            continue;
        }
        walk.clear();
        let mut edge = first;
        loop {
            used[edge] = true;
            let (from, to) = edges[edge];
            walk.push(from);
            let start = edges.partition_point(|other| other.0 < to);
            let leaving = edges[start..].iter().take_while(|other| other.0 == to);
            let free = (start..).zip(leaving).map(|(index, _)| index);
            let free = free.filter(|&index| !used[index]);
            let back = direction(at(to), at(from));
            let turn = |index: usize| {
                let (from, to) = edges[index];
                // Clockwise from the way back.
                let angle = back - direction(at(from), at(to));
                if angle > 1e-12 {
                    angle
                } else {
                    angle + std::f64::consts::TAU
                }
            };
            match free.min_by(|&a, &b| turn(a).total_cmp(&turn(b))) {
                Some(next) => edge = next,
                None => break,
            }
        }
        divide(&walk, &mut rings);
    }
    rings
}

fn direction(from: Coord, to: Coord) -> f64 {
    (to.y - from.y).atan2(to.x - from.x)
}

/// Divides a closed walk where it comes back to a corner.
fn divide(walk: &[u64], rings: &mut Vec<Vec<u64>>) {
    let mut open: Vec<u64> = Vec::with_capacity(walk.len());
    let mut place: HashMap<u64, usize> = HashMap::with_capacity(walk.len());
    for &corner in walk {
        if let Some(&start) = place.get(&corner) {
            let ring = open.split_off(start);
            for corner in &ring {
                place.remove(corner);
            }
            rings.push(ring);
        }
        place.insert(corner, open.len());
        open.push(corner);
    }
    rings.push(open);
    // Two edges to and fro go around nothing.
    rings.retain(|ring| ring.len() > 2);
}

pub(super) fn signed_area(ring: &[Coord]) -> f64 {
    let Some(&origin) = ring.first() else {
        return 0.0;
    };
    let pairs = ring.iter().zip(ring.iter().cycle().skip(1));
    let sum: f64 = pairs
        .map(|(&a, &b)| {
            let (a, b) = (a - origin, b - origin);
            a.x * b.y - a.y * b.x
        })
        .sum();
    0.5 * sum
}

/// Whether a ring goes around a point that is not on it.
fn contains(ring: &[Coord], point: Coord) -> bool {
    let pairs = ring.iter().zip(ring.iter().cycle().skip(1));
    let crossings = pairs.filter(|(a, b)| {
        (a.y > point.y) != (b.y > point.y)
            && point.x < a.x + (point.y - a.y) / (b.y - a.y) * (b.x - a.x)
    });
    crossings.count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{Area, Validation};

    /// The outline of some unit cells, all edges given, those inside cancelled by the caller's rule.
    fn outline(cells: &[(u64, u64)]) -> MultiPolygon {
        const WIDE: u64 = 100;
        let has = |x: i64, y: i64| cells.contains(&(x as u64, y as u64));
        let mut edges = Vec::new();
        for &(x, y) in cells {
            let (left, low) = (x as i64, y as i64);
            let corner = |dx: u64, dy: u64| (y + dy) * WIDE + x + dx;
            for (beside, edge) in [
                (has(left, low - 1), (corner(0, 0), corner(1, 0))),
                (has(left + 1, low), (corner(1, 0), corner(1, 1))),
                (has(left, low + 1), (corner(1, 1), corner(0, 1))),
                (has(left - 1, low), (corner(0, 1), corner(0, 0))),
            ] {
                if !beside {
                    edges.push(edge);
                }
            }
        }
        polygons(&mut edges, |corner| Coord {
            x: (corner % WIDE) as f64,
            y: (corner / WIDE) as f64,
        })
    }

    #[test]
    fn a_hole_is_kept_and_what_touches_at_a_corner_is_apart() {
        // A ring of eight cells around a hole, and one more at its corner.
        let mut cells: Vec<(u64, u64)> = (1..4)
            .flat_map(|x| (1..4).map(move |y| (x, y)))
            .filter(|&cell| cell != (2, 2))
            .collect();
        cells.push((4, 4));
        let outline = outline(&cells);
        assert!(outline.is_valid());
        assert_eq!(outline.0.len(), 2);
        assert_eq!(outline.unsigned_area(), 9.0);
        assert_eq!(
            outline.iter().map(|p| p.interiors().len()).sum::<usize>(),
            1
        );
    }

    #[test]
    fn a_hole_that_touches_the_border_at_a_corner_is_a_hole() {
        // The ring lacks a corner cell: the hole and the outside meet at a point.
        let cells: Vec<(u64, u64)> = (1..4)
            .flat_map(|x| (1..4).map(move |y| (x, y)))
            .filter(|&cell| cell != (2, 2) && cell != (3, 3))
            .collect();
        let outline = outline(&cells);
        assert!(outline.is_valid(), "{outline:?}");
        assert_eq!(outline.0.len(), 1);
        assert_eq!(outline.unsigned_area(), 7.0);
    }
}
