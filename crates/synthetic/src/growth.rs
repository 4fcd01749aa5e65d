//! Land that grows cell by cell until it has the size asked for.
//!
//! Invasion percolation (Wilkinson and Willemsen 1983, J. Phys. A 16:3365): from one cell on, always
//! take the cheapest cell of the rim. Whatever the cost of the cells is, the land comes out in one
//! piece (by shared edges), of exactly the size asked for, with a coast as rough as the costs.

/// Steps of cost that are told apart; the shapes' costs are about 1 at their coast.
const STEPS_PER_COST: f64 = 2048.0;
/// Costs from here on are all the same: last resort.
const LEVELS: usize = 4 * 2048;

/// What a cell of the canvas is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Free,
    /// On the rim of the land that grows now.
    Rim,
    Land,
    /// Water that keeps two lands apart.
    Strait,
}

/// A raster of cells, row by row from the south-west, on which lands grow.
pub(crate) struct Canvas {
    width: usize,
    height: usize,
    state: Vec<State>,
}

impl Canvas {
    /// An empty canvas. Width times height must be within `u32`.
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            state: vec![State::Free; width * height],
        }
    }

    /// Column and row of a cell.
    pub(crate) fn place(&self, cell: u32) -> (usize, usize) {
        (cell as usize % self.width, cell as usize / self.width)
    }

    /// The free cell nearest to a column and row, if there is any.
    fn nearest_free(&self, column: usize, row: usize) -> Option<usize> {
        let wanted = row * self.width + column;
        if self.state[wanted] == State::Free {
            return Some(wanted);
        }
        (0..self.state.len())
            .filter(|&cell| self.state[cell] == State::Free)
            .min_by_key(|cell| {
                let (dx, dy) = (
                    (cell % self.width).abs_diff(column),
                    (cell / self.width).abs_diff(row),
                );
                dx * dx + dy * dy
            })
    }

    /// Grows a land of `size` cells from `(column, row)`, or from the free cell nearest to it, over the cells of
    /// least `cost`; gives its cells in the order in which they were taken. There are fewer than
    /// `size` only if the land is shut in by other lands.
    pub(crate) fn grow(
        &mut self,
        (column, row): (usize, usize),
        size: usize,
        cost: impl Fn(usize, usize) -> f64,
    ) -> Vec<u32> {
        let mut land = Vec::with_capacity(size);
        let Some(start) = self.nearest_free(column, row) else {
            return land;
        };
        let mut rim: Vec<Vec<u32>> = vec![Vec::new(); LEVELS];
        let mut lowest = LEVELS - 1;
        let reach = |cell: usize, state: &mut [State], rim: &mut [Vec<u32>], lowest: &mut usize| {
            if state[cell] != State::Free {
                return;
            }
            state[cell] = State::Rim;
            let level = (cost(cell % self.width, cell / self.width) * STEPS_PER_COST) as usize;
            let level = level.min(LEVELS - 1);
            rim[level].push(cell as u32);
            *lowest = level.min(*lowest);
        };
        reach(start, &mut self.state, &mut rim, &mut lowest);
        while land.len() < size {
            while lowest < LEVELS - 1 && rim[lowest].is_empty() {
                lowest += 1;
            }
            let Some(cell) = rim[lowest].pop() else { break };
            land.push(cell);
            let cell = cell as usize;
            self.state[cell] = State::Land;
            let (column, row) = (cell % self.width, cell / self.width);
            if column > 0 {
                reach(cell - 1, &mut self.state, &mut rim, &mut lowest);
            }
            if column + 1 < self.width {
                reach(cell + 1, &mut self.state, &mut rim, &mut lowest);
            }
            if row > 0 {
                reach(cell - self.width, &mut self.state, &mut rim, &mut lowest);
            }
            if row + 1 < self.height {
                reach(cell + self.width, &mut self.state, &mut rim, &mut lowest);
            }
        }
        for cell in rim.into_iter().flatten() {
            self.state[cell as usize] = State::Free;
        }
        land
    }

    /// Puts two cells of water around a land, so that what grows later stays apart from it.
    pub(crate) fn surround(&mut self, land: &[u32]) {
        for &cell in land {
            let (column, row) = self.place(cell);
            for near_row in row.saturating_sub(2)..(row + 3).min(self.height) {
                let from = near_row * self.width;
                for near in &mut self.state
                    [from + column.saturating_sub(2)..from + (column + 3).min(self.width)]
                {
                    if *near == State::Free {
                        *near = State::Strait;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_land_has_exactly_the_size_asked_for_and_takes_the_cheapest_cells() {
        let mut canvas = Canvas::new(9, 9);
        let cost =
            |column: usize, row: usize| f64::hypot(column as f64 - 4.0, row as f64 - 4.0) / 4.0;
        let mut land = canvas.grow((4, 4), 5, cost);
        land.sort_unstable();
        assert_eq!(land, [31, 39, 40, 41, 49]);
    }

    #[test]
    fn a_strait_of_two_cells_parts_two_lands() {
        let mut canvas = Canvas::new(40, 8);
        let eastwards = |column: usize, _: usize| column as f64 / 40.0;
        let first = canvas.grow((3, 3), 30, eastwards);
        canvas.surround(&first);
        let second = canvas.grow((3, 3), 30, eastwards);
        assert_eq!((first.len(), second.len()), (30, 30));
        for &a in &first {
            for &b in &second {
                let ((ax, ay), (bx, by)) = (canvas.place(a), canvas.place(b));
                assert!(ax.abs_diff(bx).max(ay.abs_diff(by)) > 2);
            }
        }
    }

    #[test]
    fn a_land_that_is_shut_in_stays_small() {
        assert_eq!(Canvas::new(3, 3).grow((1, 1), 100, |_, _| 1.0).len(), 9);
    }
}
