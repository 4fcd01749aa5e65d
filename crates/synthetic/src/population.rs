//! How many people live in each cell.

use rand_distr::{Distribution, StandardNormal};

use crate::settlements::{Settlement, settled_share};
use crate::spec::TownSpec;
use crate::streams::{Noise, Subject, stream};

/// Deviation of the logarithm of a cell's people from its surroundings, cut off at twice this.
const UNEVENNESS: f64 = 0.45;

/// The cells of a town, sorted, and where they lie.
pub(crate) struct Cells {
    /// Canvas cells in ascending order.
    pub(crate) cells: Vec<u32>,
    /// Columns of the canvas.
    pub(crate) width: usize,
    /// Canvas column of x = 0.
    pub(crate) column_of_middle: usize,
    /// Canvas row of y = 0.
    pub(crate) row_of_middle: usize,
    /// Width of a cell on the ground over its height.
    pub(crate) aspect: f64,
}

impl Cells {
    /// Where a canvas cell lies in the landscape.
    pub(crate) fn place(&self, cell: u32) -> (f64, f64) {
        let (column, row) = (cell as usize % self.width, cell as usize / self.width);
        let x = (column as f64 - self.column_of_middle as f64) * self.aspect;
        (x, row as f64 - self.row_of_middle as f64)
    }

    /// People of the settlements in each cell. Density falls exponentially from a settlement's centre
    /// (Clark 1951, J. R. Stat. Soc. A 114:490).
    pub(crate) fn settled(&self, settlements: &[Settlement]) -> Vec<f32> {
        let mut settled = vec![0.0_f32; self.cells.len()];
        for settlement in settlements
            .iter()
            .filter(|settlement| settlement.people > 0.0)
        {
            let fall = (settlement.people * self.aspect
                / (std::f64::consts::TAU * settlement.peak))
                .sqrt()
                .max(0.7);
            let density = settlement.people * self.aspect / (std::f64::consts::TAU * fall * fall);
            let reach = 8.0 * fall;
            let row = self.row_of_middle as f64 + settlement.y;
            let column = self.column_of_middle as f64 + settlement.x / self.aspect;
            let first_column = (column - reach / self.aspect).max(0.0) as usize;
            let last_column = ((column + reach / self.aspect) as usize).min(self.width - 1);
            for row in (row - reach).max(0.0) as usize..=(row + reach) as usize {
                let from = self
                    .cells
                    .partition_point(|&cell| (cell as usize) < row * self.width + first_column);
                for (&cell, settled) in self.cells[from..].iter().zip(&mut settled[from..]) {
                    if cell as usize > row * self.width + last_column {
                        break;
                    }
                    let (x, y) = self.place(cell);
                    let distance = (x - settlement.x).hypot(y - settlement.y);
                    if distance <= reach {
                        *settled += (density * (-distance / fall).exp()) as f32;
                    }
                }
            }
        }
        settled
    }

    /// People in each cell, adding up (but for rounding to a millionth) to the mean asked for: the settled, the
    /// countryside's, and none at all in the empty land.
    pub(crate) fn people(&self, spec: &TownSpec, settled: &[f32]) -> Vec<f64> {
        let empty_land = Noise::new(spec.seed, Subject::EmptyLand, 80.0);
        let countryside = Noise::new(spec.seed, Subject::Countryside, 25.0);
        let mut random = stream(spec.seed, Subject::People);
        let rural = (1.0 - settled_share(spec.shape)) * spec.people_per_cell;
        let mut people: Vec<f64> = self
            .cells
            .iter()
            .zip(settled)
            .map(|(&cell, &settled)| {
                let (x, y) = self.place(cell);
                let deviation: f64 = StandardNormal.sample(&mut random);
                let settled = f64::from(settled);
                if empty_land.at(x, y) > 0.5 && settled < 0.1 * rural {
                    return 0.0;
                }
                let here = settled + rural * (1.6 * countryside.at(x, y)).exp();
                here * (UNEVENNESS * deviation.clamp(-2.0, 2.0)).exp()
            })
            .collect();
        let sum: f64 = people.iter().sum();
        if sum > 0.0 {
            let scale = spec.people_per_cell * people.len() as f64 / sum;
            for people in &mut people {
                *people = (*people * scale * 1e6).round() / 1e6;
            }
        }
        people
    }
}
