//! The lattice of chips: where they lie and what they are called.

use std::ops::RangeInclusive;

use geo::{Coord, Rect};
use tables::Crs;

use super::plan::ChipPlan;
use crate::{Error, Result};

/// A place of the lattice: row from south to north, column from west to east.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Cell {
    pub(crate) row: i64,
    pub(crate) column: i64,
}

/// Squares at equal distances over the whole of a projected CRS, so that plans of neighbouring
/// regions, folds and margins have the same chips.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lattice {
    spacing_m: f64,
    chip_m: f64,
    /// A corner of a pixel of the source and the side of its pixels: corners of chips are put there.
    snap: Option<(Coord, f64)>,
    /// South-west corner and width of the CRS, for the numbers of the chips.
    low: f64,
    columns: i64,
}

impl Lattice {
    pub(crate) fn of(plan: &ChipPlan, crs: &Crs) -> Self {
        let utm = crs
            .epsg()
            .is_some_and(|code| matches!(code, 32601..=32660 | 32701..=32760));
        // coordinates of UTM are positive, eastings below a million metres
        let (low, width) = if utm { (0.0, 1e6) } else { (-2.1e7, 4.2e7) };
        Self {
            spacing_m: plan.spacing_m(),
            chip_m: plan.chip_m(),
            snap: plan.source_grid.map(|grid| {
                (
                    Coord {
                        x: grid.x,
                        y: grid.y,
                    },
                    plan.pixel_m,
                )
            }),
            low,
            columns: (width / plan.spacing_m()).ceil() as i64,
        }
    }

    /// The square of a cell.
    pub(crate) fn window(&self, cell: Cell) -> Rect {
        let at = |steps: i64, origin: Option<f64>| {
            let place = steps as f64 * self.spacing_m;
            match (self.snap, origin) {
                (Some((_, pixel)), Some(origin)) => {
                    origin + ((place - origin) / pixel).round() * pixel
                }
                _ => place,
            }
        };
        let corner = Coord {
            x: at(cell.column, self.snap.map(|(origin, _)| origin.x)),
            y: at(cell.row, self.snap.map(|(origin, _)| origin.y)),
        };
        let far = Coord {
            x: corner.x + self.chip_m,
            y: corner.y + self.chip_m,
        };
        Rect::new(corner, far)
    }

    /// The rows and columns whose squares may meet a box.
    pub(crate) fn around(&self, bounds: Rect) -> [RangeInclusive<i64>; 2] {
        let slack = self.snap.map_or(0.0, |(_, pixel)| pixel);
        let steps = |low: f64, high: f64| {
            let first = ((low - self.chip_m - slack) / self.spacing_m).ceil() as i64;
            let last = ((high + slack) / self.spacing_m).floor() as i64;
            first..=last
        };
        [
            steps(bounds.min().y, bounds.max().y),
            steps(bounds.min().x, bounds.max().x),
        ]
    }

    /// The number of a cell: rows from the south-west corner of the CRS, one after the other.
    pub(crate) fn index(&self, cell: Cell) -> Result<i64> {
        let low = (self.low / self.spacing_m).floor() as i64;
        let (row, column) = (cell.row - low, cell.column - low);
        if row < 0 || column < 0 || column >= self.columns {
            return Err(Error::setting(
                "crs",
                "the region reaches beyond the CRS of the grid; name one that holds it",
            ));
        }
        row.checked_mul(self.columns)
            .and_then(|before| before.checked_add(column))
            .ok_or_else(|| Error::setting("overlap", "makes more chips than can be numbered"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::SourceGrid;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn neighbours_overlap_as_asked() {
        let plan = ChipPlan {
            overlap: 0.8,
            ..ChipPlan::of("fields")
        };
        let lattice = Lattice::of(&plan, &Crs::from_epsg(32631).unwrap());
        let [a, b] = [10, 11].map(|column| lattice.window(Cell { row: 3, column }));
        assert!((a.max().x - b.min().x - 0.8 * 1221.12).abs() < 1e-6);
        assert!((a.width() - 1221.12).abs() < 1e-9 && (a.height() - 1221.12).abs() < 1e-9);
        assert_eq!(
            lattice.index(Cell { row: 2, column: 5 }).unwrap(),
            2 * 4095 + 5
        );
        assert!(lattice.index(Cell { row: 2, column: -1 }).is_err());
    }

    proptest! {
        #[test]
        fn chips_share_the_pixel_edges_of_a_source(
            row in -2000_i64..2000, column in -2000_i64..2000, x in -1e7_f64..1e7, overlap in 0.0_f64..0.95
        ) {
            let pixel_m = 4.777_314_267_823_516;
            let plan = ChipPlan {
                pixel_m, overlap, source_grid: Some(SourceGrid { x, y: 3.0 }), ..ChipPlan::of("fields")
            };
            let lattice = Lattice::of(&plan, &Crs::from_epsg(3857).unwrap());
            let window = lattice.window(Cell { row, column });
            let pixels = (window.min().x - x) / pixel_m;
            prop_assert!((pixels - pixels.round()).abs() < 1e-5);
            let next = lattice.window(Cell { row, column: column + 1 });
            let shared = (window.max().x - next.min().x) / pixel_m;
            prop_assert!((shared - 256.0 * overlap).abs() <= 1.001, "{} of {}", shared, 256.0 * overlap);
        }
    }
}
