//! Plots of land: which are built on already.

use std::collections::HashMap;

/// Places that keep a distance from one another, found by squares as wide as that distance.
pub(crate) struct Plots {
    apart: f64,
    squares: HashMap<(i64, i64), Vec<(f64, f64)>>,
}

impl Plots {
    /// No plot taken; those that will be are at least `apart` from each other.
    pub(crate) fn new(apart: f64) -> Self {
        Self {
            apart,
            squares: HashMap::new(),
        }
    }

    fn square(&self, x: f64, y: f64) -> (i64, i64) {
        (
            (x / self.apart).floor() as i64,
            (y / self.apart).floor() as i64,
        )
    }

    /// Whether nothing stands nearer than `distance`, which is at most the distance that plots are apart.
    pub(crate) fn is_free(&self, x: f64, y: f64, distance: f64) -> bool {
        let (column, row) = self.square(x, y);
        (-1..=1)
            .flat_map(|dx| (-1..=1).map(move |dy| (column + dx, row + dy)))
            .filter_map(|square| self.squares.get(&square))
            .flatten()
            .all(|&(other_x, other_y)| (x - other_x).hypot(y - other_y) >= distance)
    }

    /// Takes the plot at a place unless another is too near.
    pub(crate) fn take(&mut self, x: f64, y: f64) -> bool {
        let free = self.is_free(x, y, self.apart);
        if free {
            let square = self.square(x, y);
            self.squares.entry(square).or_default().push((x, y));
        }
        free
    }
}
