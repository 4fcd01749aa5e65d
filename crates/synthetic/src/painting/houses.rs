//! Houses along the streets, denser in the middle of the picture.

use geo::{Coord, Distance, Euclidean, coord};
use rand::RngExt;

use super::raster::{Cover, Raster};
use super::streets::Street;
use crate::plots::Plots;
use crate::streams::{Subject, stream};

/// Roofs: tile, sheet metal, painted, concrete.
const ROOFS: [[f64; 3]; 4] = [
    [178.0, 84.0, 58.0],
    [168.0, 168.0, 173.0],
    [96.0, 120.0, 150.0],
    [214.0, 210.0, 202.0],
];
/// Metres between the middles of two houses at least; more than the largest is across.
const APART: f64 = 17.0;
/// Metres from a street's edge to a house's middle, at least and at most.
const SETBACK: (f64, f64) = (10.0, 16.0);
/// How far a house's shadow falls to the right and down, metres.
const SHADOW: f64 = 1.8;

/// A house with a ridged roof.
pub(super) struct House {
    pub(super) middle: Coord,
    along: Coord,
    length: f64,
    width: f64,
    roof: [f64; 3],
}

/// Builds the houses of a picture `side` metres wide: none on a street, none on another, none cut by the edge.
pub(super) fn build(seed: u64, side: f64, streets: &[Street]) -> Vec<House> {
    let mut random = stream(seed, Subject::Houses);
    let mut plots = Plots::new(APART);
    let mut houses = Vec::new();
    for street in streets {
        for piece in street.pieces() {
            let run = piece.delta();
            let length = run.x.hypot(run.y);
            if length == 0.0 {
                continue;
            }
            let along = run / length;
            for hand in [-1.0, 1.0] {
                let setback = street.width / 2.0 + random.random_range(SETBACK.0..SETBACK.1);
                let middle = piece.start
                    + run * random.random::<f64>()
                    + coord! { x: -along.y * hand * setback, y: along.x * hand * setback };
                let house = House {
                    middle,
                    along,
                    length: random.random_range(8.0..13.0),
                    width: random.random_range(6.0..9.5),
                    roof: ROOFS[random.random_range(0..ROOFS.len())],
                };
                let off_centre = (middle.x / side - 0.5).hypot(middle.y / side - 0.5);
                let wanted = random.random_bool((1.1 - 1.6 * off_centre).clamp(0.05, 0.95));
                if wanted
                    && house.is_within(side)
                    && house.clears(streets)
                    && plots.take(middle.x, middle.y)
                {
                    houses.push(house);
                }
            }
        }
    }
    houses
}

impl House {
    /// Half of its diagonal.
    pub(super) fn reach(&self) -> f64 {
        self.length.hypot(self.width) / 2.0
    }

    fn is_within(&self, side: f64) -> bool {
        let reach = self.reach();
        let inside = reach..=side - reach;
        inside.contains(&self.middle.x) && inside.contains(&self.middle.y)
    }

    fn clears(&self, streets: &[Street]) -> bool {
        streets.iter().all(|street| {
            let room = self.reach() + street.width / 2.0;
            street
                .pieces()
                .all(|piece| Euclidean.distance(self.middle, &piece) >= room)
        })
    }

    /// The four corners of its footprint.
    pub(super) fn corners(&self) -> [Coord; 4] {
        let along = self.along * (self.length / 2.0);
        let across = coord! { x: -self.along.y, y: self.along.x } * (self.width / 2.0);
        [
            self.middle + along + across,
            self.middle - along + across,
            self.middle - along - across,
            self.middle + along - across,
        ]
    }

    /// Where a place lies along and across the house, in halves of its length and width; inside if both are within 1.
    fn within(&self, place: Coord) -> (f64, f64) {
        let from = place - self.middle;
        let along = from.x * self.along.x + from.y * self.along.y;
        let across = from.y * self.along.x - from.x * self.along.y;
        (2.0 * along / self.length, 2.0 * across / self.width)
    }

    pub(super) fn draw_shadow(&self, raster: &mut Raster) {
        let offset = coord! { x: SHADOW, y: SHADOW };
        raster.shade(self.middle + offset, self.reach(), |place| {
            let (along, across) = self.within(place - offset);
            along.abs() <= 1.0 && across.abs() <= 1.0
        });
    }

    pub(super) fn draw(&self, raster: &mut Raster) {
        raster.fill(self.middle, self.reach(), Cover::Roof, |place| {
            let (along, across) = self.within(place);
            let inside = along.abs() <= 1.0 && across.abs() <= 1.0;
            inside.then_some((self.roof, if across < 0.0 { 1.08 } else { 0.86 }))
        });
    }
}
