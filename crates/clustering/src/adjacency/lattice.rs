//! Places on a lattice: grids of cells, with holes, whatever their spacing, in degrees or metres.

use geo::Coord;
use rayon::slice::ParallelSliceMut;

use crate::Graph;

/// The cell of a lattice that each place lies in.
#[derive(Debug, Clone, PartialEq)]
pub struct Lattice {
    /// Column and row of each place, from 0.
    pub cells: Vec<[u32; 2]>,
    /// Number of columns and rows.
    pub size: [u32; 2],
    /// The middle of the first cell, and the distance to the next along each axis; none along an axis with a single cell.
    pub(crate) origin: Coord,
    pub(crate) step: [Option<f64>; 2],
}

/// Places may lie this far off their cell's middle, in cells.
const OFF_CENTRE: f64 = 0.1;
/// This share of the places must lie on the lattice.
const ON_LATTICE: f64 = 0.999;
/// This share of the places must have a neighbour: coordinates rounded to some digit lie on a lattice too, but far apart.
const WITH_NEIGHBOUR: f64 = 0.5;
/// This share of the places on fields of one colour of a chess board are on another lattice, such as the centres of hexagons.
const ON_ONE_COLOUR: f64 = 0.99;
/// So few places may lie on one colour by chance.
const FEW: usize = 8;
/// Gaps below this share of the largest coordinate are rounding, of double precision or else of single precision.
const ROUNDING: [f64; 2] = [1e-9, 3e-7];

impl Lattice {
    /// The lattice that most of `centres` lie on, if there is one. Coordinates are taken as they come, in degrees or metres.
    #[must_use]
    pub fn detect(centres: &[Coord]) -> Option<Self> {
        let [columns, rows] = sorted_axes(centres);
        ROUNDING.iter().find_map(|&rounding| {
            let columns = Axis::detect(&columns, rounding)?;
            let rows = Axis::detect(&rows, rounding)?;
            let strays = centres
                .iter()
                .filter(|c| columns.is_off(c.x) || rows.is_off(c.y))
                .count();
            if strays as f64 > (1.0 - ON_LATTICE) * centres.len() as f64 {
                return None;
            }
            Self::on_axes(centres, &columns, &rows)
                .filter(Self::is_inhabited)
                .filter(|lattice| !lattice.is_on_one_colour())
        })
    }

    /// The lattice of the smallest spacing found, whether the places lie on it well or not.
    #[must_use]
    pub fn force(centres: &[Coord]) -> Option<Self> {
        let [columns, rows] = sorted_axes(centres);
        let columns = Axis::detect(&columns, ROUNDING[0])?;
        let rows = Axis::detect(&rows, ROUNDING[0])?;
        Self::on_axes(centres, &columns, &rows)
    }

    /// The width and the height of a cell; those of a single row or column are as large as the others.
    pub(crate) fn steps(&self) -> [f64; 2] {
        let [width, height] = self.step;
        let any = width.or(height).unwrap_or(1.0);
        [width.unwrap_or(any), height.unwrap_or(any)]
    }

    /// Whether the size of a cell is known: not of a lattice with a single cell.
    pub(crate) fn has_cells(&self) -> bool {
        self.step.iter().any(Option::is_some)
    }

    /// Whether no two places lie side by side, but only across corners.
    fn is_on_one_colour(&self) -> bool {
        let dark = self
            .cells
            .iter()
            .filter(|cell| (cell[0] ^ cell[1]) & 1 == 0);
        let (dark, all) = (dark.count(), self.cells.len());
        all > FEW && dark.max(all - dark) as f64 >= ON_ONE_COLOUR * all as f64
    }

    fn is_inhabited(&self) -> bool {
        let index = CellIndex::new(self);
        let with_neighbour = self.cells.iter().filter(|&&[column, row]| {
            let columns = column.saturating_sub(1)..=column + 1;
            columns
                .flat_map(|c| (row.saturating_sub(1)..=row + 1).map(move |r| [c, r]))
                .any(|cell| cell != [column, row] && index.first(cell[0], cell[1]).is_some())
        });
        with_neighbour.count() as f64 >= WITH_NEIGHBOUR * self.cells.len() as f64
    }

    fn on_axes(centres: &[Coord], columns: &Axis, rows: &Axis) -> Option<Self> {
        let mut size = [1, 1];
        let mut cells = Vec::with_capacity(centres.len());
        for centre in centres {
            let cell = [columns.cell(centre.x)?, rows.cell(centre.y)?];
            size = [size[0].max(cell[0] + 1), size[1].max(cell[1] + 1)];
            cells.push(cell);
        }
        let step = |axis: &Axis| axis.is_real.then_some(axis.step);
        Some(Self {
            cells,
            size,
            origin: Coord {
                x: columns.origin,
                y: rows.origin,
            },
            step: [step(columns), step(rows)],
        })
    }

    /// Queen neighbours: the eight cells around a cell. Places in one cell are neighbours too, as a chain; of a cell with
    /// several places the first stands for it to the cells around.
    #[must_use]
    pub fn graph(&self) -> Graph {
        let index = CellIndex::new(self);
        Graph::from_edges(self.cells.len(), |edge| {
            for (place, &[column, row]) in (0u32..).zip(&self.cells) {
                let first = index.first(column, row);
                if let Some(first) = first
                    && first != place
                {
                    edge(index.previous(place, first), place);
                }
                let left = column.checked_sub(1);
                let around = [
                    (Some(column + 1), row),
                    (left, row + 1),
                    (Some(column), row + 1),
                    (Some(column + 1), row + 1),
                ];
                for (column, row) in around {
                    if let Some(other) = column.and_then(|column| index.first(column, row)) {
                        edge(place, other);
                    }
                }
            }
        })
    }
}

/// The distinct coordinates along x and along y, sorted.
fn sorted_axes(centres: &[Coord]) -> [Vec<f64>; 2] {
    [|c: &Coord| c.x, |c: &Coord| c.y].map(|coordinate| distinct(centres.iter().map(coordinate)))
}

/// The distinct values, sorted. Sorted now and then on the way, so that the few values of a lattice never become many.
fn distinct(values: impl Iterator<Item = f64>) -> Vec<f64> {
    const AT_LEAST: usize = 4096;
    let mut distinct: Vec<f64> = Vec::new();
    let mut known = 0;
    for value in values {
        if distinct.last() != Some(&value) {
            distinct.push(value);
        }
        if distinct.len() >= 2 * known + AT_LEAST {
            distinct.par_sort_unstable_by(f64::total_cmp);
            distinct.dedup();
            known = distinct.len();
        }
    }
    distinct.par_sort_unstable_by(f64::total_cmp);
    distinct.dedup();
    distinct
}

/// Equal steps along one axis.
struct Axis {
    origin: f64,
    step: f64,
    /// Whether there is more than one cell along it.
    is_real: bool,
}

impl Axis {
    /// The smallest gap between neighbouring values that is more than rounding.
    fn detect(values: &[f64], rounding: f64) -> Option<Self> {
        let (&origin, &end) = (values.first()?, values.last()?);
        let rounding = rounding * origin.abs().max(end.abs()).max(1.0);
        let mut gaps: Vec<f64> = values
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .filter(|&gap| gap > rounding)
            .collect();
        gaps.sort_unstable_by(f64::total_cmp);
        // One row or one column of cells: any step will do.
        let Some(&smallest) = gaps.first() else {
            return Some(Self {
                origin,
                step: 1.0,
                is_real: false,
            });
        };
        let single = &gaps[..gaps.partition_point(|&gap| gap < 1.5 * smallest)];
        let step = single[single.len() / 2];
        ((end - origin) / step < f64::from(u32::MAX - 2)).then(|| {
            let is_real = true;
            Self {
                origin,
                step,
                is_real,
            }
            .refined(values)
        })
    }

    /// The step by least squares over all values, so that rounding does not add up along the axis.
    fn refined(self, values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().map(|v| v - self.origin).sum::<f64>() / n;
        let number = |v: f64| ((v - self.origin) / self.step).round();
        let mean_number = values.iter().map(|&v| number(v)).sum::<f64>() / n;
        let (mut with_value, mut with_self) = (0.0, 0.0);
        for &value in values {
            let k = number(value) - mean_number;
            with_value += k * (value - self.origin - mean);
            with_self += k * k;
        }
        if with_self > 0.0 {
            let step = with_value / with_self;
            Self {
                // The first value may be rounded as any other.
                origin: self.origin + mean - mean_number * step,
                step,
                ..self
            }
        } else {
            self
        }
    }

    fn is_off(&self, value: f64) -> bool {
        let cells = (value - self.origin) / self.step;
        (cells - cells.round()).abs() > OFF_CENTRE
    }

    fn cell(&self, value: f64) -> Option<u32> {
        let cell = ((value - self.origin) / self.step).round();
        (cell >= 0.0 && cell < f64::from(u32::MAX - 1)).then_some(cell as u32)
    }
}

const NONE: u32 = u32::MAX;

/// Finds the places of a cell.
pub(crate) struct CellIndex<'a> {
    lattice: &'a Lattice,
    firsts: Firsts,
    /// For each place the one before it in the same cell, where there are several.
    previous: Vec<u32>,
}

/// The first place of each cell.
enum Firsts {
    /// One entry a cell of the bounding box.
    Dense(Vec<u32>),
    /// Cells with a place, sorted, where the box is mostly empty.
    Sorted(Vec<([u32; 2], u32)>),
}

impl<'a> CellIndex<'a> {
    pub(crate) fn new(lattice: &'a Lattice) -> Self {
        let [columns, rows] = lattice.size.map(|n| n as usize);
        let places = lattice.cells.len();
        let dense = columns
            .checked_mul(rows)
            .is_some_and(|cells| cells <= 8 * places + 1024);
        let mut previous = Vec::new();
        let mut follow = |place: u32, before: u32| {
            if previous.is_empty() {
                previous = vec![NONE; places];
            }
            previous[place as usize] = before;
        };
        let firsts = if dense {
            let mut last = vec![NONE; columns * rows];
            let mut firsts = vec![NONE; columns * rows];
            for (place, &[column, row]) in (0u32..).zip(&lattice.cells) {
                let cell = row as usize * columns + column as usize;
                if firsts[cell] == NONE {
                    firsts[cell] = place;
                } else {
                    follow(place, last[cell]);
                }
                last[cell] = place;
            }
            Firsts::Dense(firsts)
        } else {
            let mut sorted: Vec<([u32; 2], u32)> =
                lattice.cells.iter().copied().zip(0u32..).collect();
            sorted.par_sort_unstable();
            for pair in sorted.windows(2) {
                if pair[0].0 == pair[1].0 {
                    follow(pair[1].1, pair[0].1);
                }
            }
            sorted.dedup_by_key(|entry| entry.0);
            Firsts::Sorted(sorted)
        };
        Self {
            lattice,
            firsts,
            previous,
        }
    }

    pub(crate) fn first(&self, column: u32, row: u32) -> Option<u32> {
        let [columns, rows] = self.lattice.size;
        if column >= columns || row >= rows {
            return None;
        }
        match &self.firsts {
            Firsts::Dense(firsts) => {
                let first = firsts[row as usize * columns as usize + column as usize];
                (first != NONE).then_some(first)
            }
            Firsts::Sorted(sorted) => sorted
                .binary_search_by_key(&[column, row], |entry| entry.0)
                .ok()
                .map(|at| sorted[at].1),
        }
    }

    fn previous(&self, place: u32, first: u32) -> u32 {
        self.previous.get(place as usize).copied().unwrap_or(first)
    }
}

#[cfg(test)]
mod tests {
    use geo::coord;

    use super::*;

    /// The cells of a drawing, row after row from the north, laid out with these steps.
    fn cells(drawing: &[&str], origin: Coord, step: Coord) -> Vec<Coord> {
        let mut centres = Vec::new();
        for (row, line) in drawing.iter().rev().enumerate() {
            for (column, _) in line.char_indices().filter(|cell| cell.1 == 'x') {
                centres.push(coord! {
                    x: origin.x + column as f64 * step.x,
                    y: origin.y + row as f64 * step.y,
                });
            }
        }
        centres
    }

    #[test]
    fn lattices_of_any_spacing_are_found_with_their_holes() {
        let drawing = ["xxxx.", "x..xx", "xxxxx"];
        for (origin, step) in [
            (
                coord! { x: 121.5, y: 14.5 },
                coord! { x: 1.0 / 1200.0, y: 1.0 / 1200.0 },
            ),
            (
                coord! { x: -0.1, y: 70.0 },
                coord! { x: 1.0 / 400.0, y: 1.0 / 1200.0 },
            ),
            (
                coord! { x: 500_050.0, y: 4_649_950.0 },
                coord! { x: 100.0, y: 100.0 },
            ),
            (coord! { x: -3.0, y: 1e6 }, coord! { x: 0.25, y: 30.0 }),
        ] {
            let lattice = Lattice::detect(&cells(&drawing, origin, step)).expect("a lattice");
            assert_eq!(lattice.size, [5, 3]);
            assert_eq!(lattice.cells.len(), 12);
            assert_eq!(lattice.cells[..5], [[0, 0], [1, 0], [2, 0], [3, 0], [4, 0]]);
        }
    }

    #[test]
    fn coordinates_of_single_precision_lie_on_their_lattice() {
        let single = |value: f64| f64::from(value as f32);
        let origin = coord! { x: 125.5, y: 7.9 };
        let step = coord! { x: 1.0 / 1200.0, y: 1.0 / 1200.0 };
        let centres: Vec<Coord> = cells(&["xxxxxxxxxxxxxxxxxxxx"; 20], origin, step)
            .into_iter()
            .map(|c| coord! { x: single(c.x), y: single(c.y) })
            .collect();
        assert_eq!(Lattice::detect(&centres).map(|l| l.size), Some([20, 20]));
    }

    #[test]
    fn scattered_places_lie_on_no_lattice_unless_it_is_forced() {
        let centres: Vec<Coord> = (0..200)
            .map(|i| coord! { x: f64::from(i * i % 997), y: f64::from(i * 89 % 1009) * 1.7 })
            .collect();
        assert_eq!(Lattice::detect(&centres), None);
        assert!(Lattice::force(&centres).is_some());
    }

    #[test]
    fn the_neighbours_of_a_cell_are_those_at_its_sides_and_corners() {
        let centres = cells(
            &["x.x", ".x.", "xx."],
            Coord::default(),
            coord! { x: 1.0, y: 1.0 },
        );
        let graph = Lattice::detect(&centres).expect("a lattice").graph();
        // From the south: 0 and 1, 2 in the middle, 3 and 4.
        let neighbours = |cell: u32| {
            let mut around = graph.neighbours(cell).to_vec();
            around.sort_unstable();
            around
        };
        assert_eq!(neighbours(0), [1, 2]);
        assert_eq!(neighbours(2), [0, 1, 3, 4]);
        assert_eq!(neighbours(3), [2]);
    }

    #[test]
    fn places_in_one_cell_hang_together() {
        let mut centres = cells(&["xx"], Coord::default(), coord! { x: 1.0, y: 1.0 });
        centres.extend([centres[0], centres[0]]);
        let graph = Lattice::detect(&centres).expect("a lattice").graph();
        assert_eq!(graph.pieces(|_| 0).1, 1);
        assert!(graph.neighbours(1).contains(&0));
    }
}
