//! Convex hulls of point sets by Andrew's monotone chain (Information Processing Letters 9(5), 1979).
//!
//! `geo` has convex hulls of its own, with exact predicates; clusters ask for thousands of hulls of points that are mostly on
//! a lattice, of which only the farthest matter, and this version is several times faster because it keeps its buffers.

use geo::Coord;

/// Corners of the convex hull of `points`, counter-clockwise, without repetition; points on an edge are left out.
/// Reorders `points`.
#[must_use]
pub fn convex_hull(points: &mut [Coord]) -> Vec<Coord> {
    let mut hull = Vec::new();
    convex_hull_into(points, &mut hull);
    hull
}

/// As [`convex_hull`], into a buffer that is cleared first.
pub fn convex_hull_into(points: &mut [Coord], hull: &mut Vec<Coord>) {
    hull.clear();
    points.sort_unstable_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    for &point in points.iter() {
        push_convex(hull, 0, point);
    }
    let lower = hull.len();
    for &point in points.iter().rev().skip(1) {
        push_convex(hull, lower.saturating_sub(1), point);
    }
    if hull.len() > 1 {
        hull.pop();
    }
}

/// Appends a point to the chain that begins at `from`, dropping what is no longer a corner.
fn push_convex(chain: &mut Vec<Coord>, from: usize, point: Coord) {
    while chain.len() >= from + 2 {
        let (a, b) = (chain[chain.len() - 2], chain[chain.len() - 1]);
        if (b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x) > 0.0 {
            break;
        }
        chain.pop();
    }
    if chain.last() != Some(&point) {
        chain.push(point);
    }
}
