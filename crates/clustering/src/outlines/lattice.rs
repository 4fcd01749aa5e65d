//! Outlines of clusters of cells: the edges of the lattice between cells of different clusters.

use geo::{Coord, MultiPolygon};
use rayon::prelude::*;

use super::dissolve::polygons;
use crate::adjacency::{CellIndex, Lattice};

/// The outlines of the cells of each cluster, or `None` if a cell has places of several. Corners that are no corner for any cluster
/// are left out, those that are one for some cluster are kept by all, so that neighbours have the same edges.
pub(super) fn outlines(
    lattice: &Lattice,
    cluster_of: &[u32],
    members: &[Vec<u32>],
) -> Option<Vec<MultiPolygon>> {
    let index = CellIndex::new(lattice);
    let cells = &lattice.cells;
    let shared = (0..cells.len()).any(|place| {
        let first = index.first(cells[place][0], cells[place][1]);
        first.is_some_and(|first| cluster_of[first as usize] != cluster_of[place])
    });
    if shared {
        return None;
    }
    let cluster_at = |column: Option<u32>, row: Option<u32>| {
        let place = index.first(column?, row?)?;
        Some(cluster_of[place as usize])
    };
    let width = u64::from(lattice.size[0]) + 1;
    let corner = |column: u32, row: u32| u64::from(row) * width + u64::from(column);
    let [step_x, step_y] = lattice.steps();
    let at = |corner: u64| Coord {
        x: lattice.origin.x + ((corner % width) as f64 - 0.5) * step_x,
        y: lattice.origin.y + ((corner / width) as f64 - 0.5) * step_y,
    };
    // Whether a border runs straight through a corner.
    let is_straight = |corner: u64| {
        let (column, row) = ((corner % width) as u32, (corner / width) as u32);
        let (left, low) = (column.checked_sub(1), row.checked_sub(1));
        let (column, row) = (Some(column), Some(row));
        let around = [
            cluster_at(left, low),
            cluster_at(column, low),
            cluster_at(left, row),
            cluster_at(column, row),
        ];
        let [a, b, c, d] = around;
        (a == b && c == d && a != c) || (a == c && b == d && a != b)
    };
    let outline = |(cluster, members): (u32, &Vec<u32>)| {
        let mut edges = Vec::new();
        for &place in members {
            let [column, row] = cells[place as usize];
            if index.first(column, row) != Some(place) {
                continue;
            }
            let (right, top) = (column + 1, row + 1);
            let sides = [
                (
                    (Some(column), row.checked_sub(1)),
                    corner(column, row),
                    corner(right, row),
                ),
                (
                    (Some(right), Some(row)),
                    corner(right, row),
                    corner(right, top),
                ),
                (
                    (Some(column), Some(top)),
                    corner(right, top),
                    corner(column, top),
                ),
                (
                    (column.checked_sub(1), Some(row)),
                    corner(column, top),
                    corner(column, row),
                ),
            ];
            for ((beside_column, beside_row), from, to) in sides {
                if cluster_at(beside_column, beside_row) != Some(cluster) {
                    edges.push((from, to));
                }
            }
        }
        let mut edges = without_straight(edges, &is_straight);
        polygons(&mut edges, at)
    };
    let numbered: Vec<(u32, &Vec<u32>)> = (0..).zip(members).collect();
    Some(numbered.into_par_iter().map(outline).collect())
}

/// Joins the two edges at each straight corner.
fn without_straight(
    mut edges: Vec<(u64, u64)>,
    is_straight: &impl Fn(u64) -> bool,
) -> Vec<(u64, u64)> {
    edges.sort_unstable();
    let straight: Vec<bool> = edges.iter().map(|edge| is_straight(edge.0)).collect();
    let next = |corner: u64| edges.partition_point(|other| other.0 < corner);
    let mut joined = Vec::with_capacity(edges.len() / 2);
    for (edge, &skip) in edges.iter().zip(&straight) {
        if skip {
            continue;
        }
        let (from, mut to) = *edge;
        // One edge leaves a straight corner, and the walk ends at a true one.
        let mut at = next(to);
        while straight.get(at) == Some(&true) && edges[at].0 == to {
            to = edges[at].1;
            at = next(to);
        }
        joined.push((from, to));
    }
    joined
}
