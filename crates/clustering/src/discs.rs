//! How much weight lies within a radius: around every place, and at best.
//!
//! Places are gathered on square tiles, and discs of tiles are summed row by row from running sums, so that the cost grows with
//! the number of places and not with the number of pairs.

use geo::Coord;
use rayon::slice::ParallelSliceMut;

use crate::canonical_order::extent;

/// The occupied tiles, row after row.
pub(crate) struct Discs {
    /// Column of each tile; sorted within its row.
    columns: Vec<i64>,
    /// Rows that hold a tile, and where each begins in `columns`.
    rows: Vec<(i64, usize)>,
    /// Weight of all tiles before each; one longer.
    running: Vec<f64>,
    /// The tile of each place.
    tile_of: Vec<u32>,
    /// For each row above the middle of a disc, half its width in tiles.
    half_widths: Vec<i64>,
}

/// The number of a tile without places.
const EMPTY: u32 = u32::MAX;
/// Most tiles that are looked at where all of a box are.
const MOST_TILES: f64 = 4e6;
/// Tiles for each place above which places lie far apart.
const FAR_APART: usize = 16;

impl Discs {
    /// Gathers places on tiles of a side of `radius / tiles_a_radius`.
    pub fn new(centres: &[Coord], weights: &[f64], radius: f64, tiles_a_radius: u32) -> Self {
        Self::on_tiles(centres, weights, radius, tiles_a_radius, false)
    }

    /// As [`new`](Self::new), with discs around empty tiles within the radius of the places too, where the box around them is not too
    /// large; and where places lie far apart, discs that miss none of them for the roughness of the tiles.
    pub fn around_all(
        centres: &[Coord],
        weights: &[f64],
        radius: f64,
        tiles_a_radius: u32,
    ) -> Self {
        let (low, high) = extent(centres);
        let side = radius / f64::from(tiles_a_radius);
        let length =
            |low: f64, high: f64| (high - low) / side + f64::from(2 * tiles_a_radius) + 1.0;
        let tiles = length(low.x, high.x) * length(low.y, high.y);
        let everywhere = tiles <= MOST_TILES;
        let mut discs = Self::on_tiles(centres, weights, radius, tiles_a_radius, everywhere);
        if discs.columns.len() > FAR_APART * centres.len() {
            discs.half_widths = half_widths(f64::from(tiles_a_radius) + std::f64::consts::SQRT_2);
        }
        discs
    }

    fn on_tiles(
        centres: &[Coord],
        weights: &[f64],
        radius: f64,
        tiles_a_radius: u32,
        everywhere: bool,
    ) -> Self {
        let (mut low, mut high) = extent(centres);
        let side = radius / f64::from(tiles_a_radius);
        if everywhere {
            let margin = Coord {
                x: radius,
                y: radius,
            };
            low = low - margin;
            high = high + margin;
        }
        let tile = |c: &Coord| [(c.y - low.y) / side, (c.x - low.x) / side].map(|v| v as i64);
        let mut discs = Self {
            columns: Vec::new(),
            rows: Vec::new(),
            running: Vec::new(),
            tile_of: Vec::with_capacity(centres.len()),
            half_widths: half_widths(f64::from(tiles_a_radius)),
        };
        let [height, width] = tile(&high).map(|last| last.saturating_add(1));
        let box_size = width.saturating_mul(height);
        if everywhere || box_size <= 8 * centres.len() as i64 + 1024 {
            // One entry for each tile of the box: much faster than sorting.
            let entry = |c: &Coord| {
                let [row, column] = tile(c);
                (row * width + column) as usize
            };
            let absent = if everywhere { 0 } else { EMPTY };
            let mut number = vec![absent; box_size as usize];
            for c in centres {
                number[entry(c)] = 0;
            }
            for (at, number) in (0..).zip(&mut number) {
                if *number != EMPTY {
                    *number = discs.push([at / width, at % width]);
                }
            }
            discs
                .tile_of
                .extend(centres.iter().map(|c| number[entry(c)]));
        } else {
            let mut tiles: Vec<[i64; 2]> = centres.iter().map(tile).collect();
            tiles.par_sort_unstable();
            tiles.dedup();
            for &tile in &tiles {
                discs.push(tile);
            }
            let number = |c| tiles.partition_point(|other| *other < tile(c)) as u32;
            discs.tile_of.extend(centres.iter().map(number));
        }
        discs.running.resize(discs.columns.len() + 1, 0.0);
        for (&tile, weight) in discs.tile_of.iter().zip(weights) {
            discs.running[tile as usize + 1] += weight;
        }
        for tile in 0..discs.columns.len() {
            discs.running[tile + 1] += discs.running[tile];
        }
        discs
    }

    /// Adds the next tile in order of rows and columns; gives its number.
    fn push(&mut self, [row, column]: [i64; 2]) -> u32 {
        if self.rows.last().is_none_or(|&(before, _)| before != row) {
            self.rows.push((row, self.columns.len()));
        }
        self.columns.push(column);
        self.columns.len() as u32 - 1
    }

    /// For each tile and each row of the disc around it, the range of tiles inside the disc.
    fn each_window(&self, mut visit: impl FnMut(usize, usize, usize)) {
        let end_of = |at: usize| self.rows.get(at + 1).map_or(self.columns.len(), |r| r.1);
        let reach = self.half_widths.len() as i64 - 1;
        for (at, &(row, start)) in self.rows.iter().enumerate() {
            let first = self.rows.partition_point(|other| other.0 < row - reach);
            for (other_at, &(other, other_start)) in self.rows.iter().enumerate().skip(first) {
                if other > row + reach {
                    break;
                }
                let half = self.half_widths[(other - row).unsigned_abs() as usize];
                let end = end_of(other_at);
                let (mut low, mut high) = (other_start, other_start);
                for tile in start..end_of(at) {
                    let column = self.columns[tile];
                    while low < end && self.columns[low] < column - half {
                        low += 1;
                    }
                    while high < end && self.columns[high] <= column + half {
                        high += 1;
                    }
                    visit(tile, low, high);
                }
            }
        }
    }

    fn sums(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.columns.len()];
        self.each_window(|tile, low, high| sums[tile] += self.running[high] - self.running[low]);
        sums
    }

    /// For each place the weight of the disc around its tile.
    pub fn weight_around(&self) -> Vec<f64> {
        let sums = self.sums();
        self.tile_of
            .iter()
            .map(|&tile| sums[tile as usize])
            .collect()
    }

    /// The weight that lies in any disc holding at least `least`: but for the roughness of the tiles, no clustering can put more
    /// into clusters that are as heavy and as small.
    pub fn weight_within_reach(&self, least: f64) -> f64 {
        let sums = self.sums();
        let mut change = vec![0i64; self.columns.len() + 1];
        self.each_window(|tile, low, high| {
            if sums[tile] >= least {
                change[low] += 1;
                change[high] -= 1;
            }
        });
        let mut covering = 0;
        let mut weight = 0.0;
        for (tile, change) in change.iter().take(self.columns.len()).enumerate() {
            covering += change;
            if covering > 0 {
                weight += self.running[tile + 1] - self.running[tile];
            }
        }
        weight
    }
}

/// The rows of a disc: tiles count whose middle is inside.
fn half_widths(radius: f64) -> Vec<i64> {
    (0..=radius as i64)
        .map(|row| (radius * radius - (row * row) as f64).sqrt() as i64)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::coord;

    #[test]
    fn a_disc_sums_what_lies_within_its_radius() {
        let centres = [0.0, 30.0, 90.0, 250.0].map(|x| coord! { x: x, y: 0.0 });
        let discs = Discs::new(&centres, &[1.0, 2.0, 4.0, 8.0], 100.0, 10);
        assert_eq!(discs.weight_around(), [7.0, 7.0, 7.0, 8.0]);
    }

    #[test]
    fn places_far_apart_are_summed_as_near_ones_are() {
        // So far that the box around them has more tiles than could be held.
        let centres = [0.0, 30.0, 9e9, 9e9 + 20.0].map(|x| coord! { x: x, y: x });
        let discs = Discs::new(&centres, &[1.0, 2.0, 4.0, 8.0], 100.0, 10);
        assert_eq!(discs.weight_around(), [3.0, 3.0, 12.0, 12.0]);
    }

    #[test]
    fn a_disc_may_lie_between_places() {
        // Four cells of a square of 900 m fit a disc of 650 m around its middle, where no place is.
        let centres = [(0.0, 0.0), (900.0, 0.0), (0.0, 900.0), (900.0, 900.0)];
        let centres = centres.map(|(x, y)| coord! { x: x, y: y });
        let discs = Discs::around_all(&centres, &[50.0; 4], 650.0, 8);
        assert_eq!(discs.weight_within_reach(200.0), 200.0);
        assert_eq!(
            Discs::new(&centres, &[50.0; 4], 650.0, 8).weight_within_reach(200.0),
            0.0
        );
    }

    #[test]
    fn only_weight_in_a_heavy_disc_is_within_reach() {
        let centres = [(0.0, 0.0), (0.0, 80.0), (500.0, 80.0)].map(|(x, y)| coord! { x: x, y: y });
        let discs = Discs::new(&centres, &[100.0, 90.0, 170.0], 100.0, 10);
        assert_eq!(discs.weight_within_reach(180.0), 190.0);
        assert_eq!(discs.weight_within_reach(191.0), 0.0);
    }
}
