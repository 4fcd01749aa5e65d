//! One order for the same places, however the rows of their table are shuffled.
//!
//! Places are laid on square tiles and sorted along the Hilbert curve through them. Everything after works in this order:
//! sums are taken in it, ties fall to the earlier place, and squares of tiles are ranges of places.

use geo::Coord;
use rayon::slice::ParallelSliceMut;

use crate::adjacency::Lattice;
use crate::hilbert::{bits_for, hilbert};

/// Tiles along a target radius, where the places are on no lattice of their own.
const TILES_A_RADIUS: f64 = 64.0;
/// Most tiles along an extent.
const MOST_TILES: f64 = (1u64 << 31) as f64;

/// An order of places, and the tiles they lie on.
#[derive(Debug, Clone)]
pub struct CanonicalOrder {
    /// The places, in order.
    pub places: Vec<u32>,
    /// For each place of the order, where its tile is on the curve. The four tiles of a square follow each other, so
    /// `key >> 2` names the squares of two by two tiles, `key >> 4` those of four by four.
    pub keys: Vec<u64>,
    /// Side of a tile in metres.
    pub side: f64,
    /// Whether the tiles are the cells of a lattice.
    pub on_lattice: bool,
}

impl CanonicalOrder {
    /// Orders places on the cells of their lattice, or else on tiles much smaller than `radius`.
    #[must_use]
    pub fn new(centres: &[Coord], weights: &[f64], lattice: Option<&Lattice>, radius: f64) -> Self {
        let (low, high) = extent(centres);
        let (width, height) = (high.x - low.x, high.y - low.y);
        let side = match lattice {
            Some(lattice) => {
                let [columns, rows] = lattice.size.map(|n| f64::from(n - 1));
                // Along the longer axis: the other may have a single row.
                (width.max(height) / columns.max(rows).max(1.0)).max(f64::MIN_POSITIVE)
            }
            None => (radius / TILES_A_RADIUS).max(width.max(height) / MOST_TILES),
        };
        let tile = |place: usize| match lattice {
            Some(lattice) => lattice.cells[place],
            None => [centres[place].x - low.x, centres[place].y - low.y].map(|v| (v / side) as u32),
        };
        let bits = bits_for(match lattice {
            Some(lattice) => lattice.size[0].max(lattice.size[1]),
            None => (width.max(height) / side) as u32,
        });
        let mut order: Vec<(u64, u32)> = (0..centres.len())
            .map(|place| {
                let [column, row] = tile(place);
                (hilbert(column, row, bits), place as u32)
            })
            .collect();
        order.par_sort_unstable_by(|a, b| {
            let (p, q) = (a.1 as usize, b.1 as usize);
            a.0.cmp(&b.0)
                .then_with(|| centres[p].x.total_cmp(&centres[q].x))
                .then_with(|| centres[p].y.total_cmp(&centres[q].y))
                .then_with(|| weights[p].total_cmp(&weights[q]))
                .then(p.cmp(&q))
        });
        let (keys, places) = order.into_iter().unzip();
        Self {
            places,
            keys,
            side,
            on_lattice: lattice.is_some(),
        }
    }
}

/// The lower left and upper right corner of the smallest box around `centres`.
pub(crate) fn extent(centres: &[Coord]) -> (Coord, Coord) {
    let Some(&first) = centres.first() else {
        return (Coord::default(), Coord::default());
    };
    centres.iter().fold((first, first), |(low, high), c| {
        (
            Coord {
                x: low.x.min(c.x),
                y: low.y.min(c.y),
            },
            Coord {
                x: high.x.max(c.x),
                y: high.y.max(c.y),
            },
        )
    })
}
