//! Districts: every cell belongs to the nearest of the largest settlements, and has its name.

use rand::seq::SliceRandom;

use crate::settlements::Settlement;
use crate::streams::{Subject, stream};

const BEGINNINGS: [&str; 12] = [
    "Bal", "Cam", "Dar", "Hin", "Kal", "Lam", "Mar", "Nab", "Pal", "San", "Tal", "Val",
];
const ENDINGS: [&str; 10] = [
    "abon", "aran", "ayan", "egor", "ibay", "imon", "ogan", "onda", "ulan", "umay",
];
/// One district for so many cells.
const CELLS_PER_DISTRICT: usize = 40_000;

/// The districts of a town.
pub(crate) struct Districts {
    seats: Vec<(f64, f64)>,
    names: Vec<String>,
}

impl Districts {
    /// The largest settlements become seats, two at least if there are as many.
    pub(crate) fn new(seed: u64, cells: usize, settlements: &[Settlement]) -> Self {
        let mut names: Vec<String> = BEGINNINGS
            .iter()
            .flat_map(|beginning| {
                ENDINGS
                    .iter()
                    .map(move |ending| format!("{beginning}{ending}"))
            })
            .collect();
        names.shuffle(&mut stream(seed, Subject::Names));
        let mut largest: Vec<&Settlement> = settlements.iter().collect();
        largest.sort_by(|a, b| b.people.total_cmp(&a.people));
        let count = (cells / CELLS_PER_DISTRICT).clamp(2, 60).min(largest.len());
        let seats: Vec<_> = largest[..count]
            .iter()
            .map(|settlement| (settlement.x, settlement.y))
            .collect();
        names.truncate(count);
        Self { seats, names }
    }

    /// The name of the district at a place; none only where there is no seat.
    pub(crate) fn at(&self, x: f64, y: f64) -> Option<&str> {
        let distance = |&(seat_x, seat_y): &(f64, f64)| (x - seat_x).powi(2) + (y - seat_y).powi(2);
        let nearest = (0..self.seats.len())
            .min_by(|&a, &b| distance(&self.seats[a]).total_cmp(&distance(&self.seats[b])))?;
        Some(&self.names[nearest])
    }
}
