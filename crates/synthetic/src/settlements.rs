//! Towns and villages: where they lie and how many people they have.

use rand::RngExt;

use crate::landscape::{Landmass, Landscape};
use crate::spec::{Shape, TownSpec};
use crate::streams::{Subject, stream};

/// One settlement for so many cells of a land, at least one for each land.
const CELLS_PER_SETTLEMENT: usize = 6_000;

/// A settlement at `(x, y)` of the landscape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settlement {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) people: f64,
    /// People in a cell at its very centre.
    pub(crate) peak: f64,
}

/// Share of a land's people who live in settlements.
pub(crate) fn settled_share(shape: Shape) -> f64 {
    if shape == Shape::DenseCore { 0.8 } else { 0.65 }
}

/// Founds the settlements of one landmass on its cells, of which `place` tells where they lie. The first lies in the
/// middle; their sizes follow the rank-size rule (Zipf 1949), but for the one dense core, which has nine
/// tenths of the settled people for itself.
pub(crate) fn found(
    spec: &TownSpec,
    landscape: &Landscape,
    land: &Landmass,
    cells: &[u32],
    place: impl Fn(u32) -> (f64, f64),
) -> Vec<Settlement> {
    let mut random = stream(spec.seed ^ cells.len() as u64, Subject::Settlements);
    let count = 1 + cells.len() / CELLS_PER_SETTLEMENT;
    let dense_core = spec.shape == Shape::DenseCore;
    let share = |rank: usize| match (dense_core, rank) {
        (true, 1) if count > 1 => 9.0 * (2..=count).map(|rank| 1.0 / rank as f64).sum::<f64>(),
        _ => 1.0 / rank as f64,
    };
    let all_shares: f64 = (1..=count).map(share).sum();
    let settled = settled_share(spec.shape) * spec.people_per_cell * cells.len() as f64;
    (1..=count)
        .filter_map(|rank| {
            // Growth begins in the middle, so the first cell is the middle.
            let (x, y) = if rank == 1 {
                place(*cells.first()?)
            } else {
                // People settle where it is easy: on the shore, in the valley's floor.
                let sites = [0; 2].map(|_| place(cells[random.random_range(0..cells.len())]));
                let cost = |(x, y): (f64, f64)| landscape.cost(land, x, y);
                if cost(sites[0]) <= cost(sites[1]) {
                    sites[0]
                } else {
                    sites[1]
                }
            };
            let people = settled * share(rank) / all_shares;
            let crowding = if dense_core && rank == 1 { 4.0 } else { 1.0 };
            let peak = (people / (4.0 * spec.people_per_cell)).powf(0.2)
                * 4.8
                * spec.people_per_cell
                * crowding;
            Some(Settlement { x, y, people, peak })
        })
        .collect()
}
