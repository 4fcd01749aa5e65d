//! Winding streets from edge to edge, some wide, most narrow.

use geo::{Coord, Distance, Euclidean, Line, coord};
use rand::RngExt;

use super::raster::{Cover, Raster};
use crate::streams::{Noise, Subject, stream};

const ASPHALT: [f64; 3] = [150.0, 148.0, 145.0];
const DIRT: [f64; 3] = [172.0, 158.0, 136.0];
/// Metres between the corners of a street.
const STRIDE: f64 = 15.0;

/// A street.
pub(super) struct Street {
    /// Its middle line.
    pub(super) line: Vec<Coord>,
    pub(super) width: f64,
}

/// Lays the streets of a picture `side` metres wide: about every 350 m from west to east and every 140 m from north to south.
pub(super) fn lay(seed: u64, side: f64) -> Vec<Street> {
    let mut random = stream(seed, Subject::Streets);
    let bends = Noise::new(seed, Subject::Streets, 260.0);
    let mut streets = Vec::new();
    for (spacing, eastwards) in [(350.0, true), (140.0, false)] {
        let count = (side / spacing).round().max(1.0) as usize;
        for number in 0..count {
            let across = (number as f64 + random.random_range(0.35..0.65)) * side / count as f64;
            let width = if eastwards {
                7.0
            } else {
                random.random_range(3.5..5.0)
            };
            let steps = (side / STRIDE).ceil() as usize;
            let line = (0..=steps)
                .map(|step| {
                    let along = (step as f64 * STRIDE).min(side);
                    let sideways =
                        across + 35.0 * bends.at(along, across + if eastwards { 0.0 } else { 5e4 });
                    if eastwards {
                        coord! { x: along, y: sideways }
                    } else {
                        coord! { x: sideways, y: along }
                    }
                })
                .collect();
            streets.push(Street { line, width });
        }
    }
    streets
}

impl Street {
    /// Its straight pieces.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Line> + '_ {
        self.line.windows(2).map(|ends| Line::new(ends[0], ends[1]))
    }

    pub(super) fn draw(&self, raster: &mut Raster) {
        let colour = if self.width > 5.0 { ASPHALT } else { DIRT };
        for piece in self.pieces() {
            let middle = (piece.start + piece.end) / 2.0;
            raster.fill(middle, STRIDE + self.width, Cover::Road, |place| {
                let distance = Euclidean.distance(place, &piece);
                (distance <= self.width / 2.0)
                    .then_some((colour, if distance < 0.2 { 1.1 } else { 1.0 }))
            });
        }
    }
}
