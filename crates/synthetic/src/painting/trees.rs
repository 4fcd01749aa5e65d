//! Trees: woods, and single trees everywhere but over houses.

use std::collections::HashMap;

use geo::{Coord, coord};
use rand::RngExt;

use super::houses::House;
use super::raster::{Cover, Raster};
use crate::streams::{Noise, Subject, stream};

/// With the light on a crown between half and a quarter more, the a-value stays between -11 and -24.
const LEAVES: [[f64; 3]; 2] = [[84.0, 112.0, 62.0], [70.0, 98.0, 50.0]];
/// Places for a tree on a square metre.
const SEEDLINGS_PER_M2: f64 = 0.02;
const LARGEST_CROWN: f64 = 4.5;

/// A tree seen from above.
pub(super) struct Tree {
    middle: Coord,
    radius: f64,
    leaves: [f64; 3],
}

/// Plants the trees of a picture `side` metres wide.
pub(super) fn plant(seed: u64, side: f64, houses: &[House]) -> Vec<Tree> {
    let mut random = stream(seed, Subject::Trees);
    let woods = Noise::new(seed, Subject::Woods, 180.0);
    let gardens = Gardens::new(houses);
    (0..(side * side * SEEDLINGS_PER_M2) as usize)
        .filter_map(|_| {
            let middle =
                coord! { x: random.random_range(0.0..side), y: random.random_range(0.0..side) };
            let radius = random.random_range(1.5..LARGEST_CROWN);
            let leaves = LEAVES[random.random_range(0..LEAVES.len())];
            let growing = if woods.at(middle.x, middle.y) > 0.25 {
                0.9
            } else {
                0.05
            };
            let grows = random.random_bool(growing);
            (grows && !gardens.hides_a_house(middle, radius)).then_some(Tree {
                middle,
                radius,
                leaves,
            })
        })
        .collect()
}

/// The houses by squares of the land, for looking up those near a tree.
struct Gardens<'a> {
    squares: HashMap<(i64, i64), Vec<&'a House>>,
}

impl<'a> Gardens<'a> {
    /// Squares as wide as the largest house and crown together reach.
    const SQUARE: f64 = 16.0;

    fn square(place: Coord) -> (i64, i64) {
        (
            (place.x / Self::SQUARE).floor() as i64,
            (place.y / Self::SQUARE).floor() as i64,
        )
    }

    fn new(houses: &'a [House]) -> Self {
        let mut squares = HashMap::<_, Vec<_>>::new();
        for house in houses {
            squares
                .entry(Self::square(house.middle))
                .or_default()
                .push(house);
        }
        Self { squares }
    }

    fn hides_a_house(&self, middle: Coord, radius: f64) -> bool {
        let (column, row) = Self::square(middle);
        (-1..=1)
            .flat_map(|dx| (-1..=1).map(move |dy| (column + dx, row + dy)))
            .any(|square| {
                self.squares
                    .get(&square)
                    .into_iter()
                    .flatten()
                    .any(|house| {
                        let away = house.middle - middle;
                        away.x.hypot(away.y) < house.reach() + radius
                    })
            })
    }
}

impl Tree {
    /// Lit from the upper left, dark at the lower right.
    pub(super) fn draw(&self, raster: &mut Raster) {
        raster.fill(self.middle, self.radius, Cover::Tree, |place| {
            let from = (place - self.middle) / self.radius;
            let inside = from.x.hypot(from.y) <= 1.0;
            inside.then_some((self.leaves, 0.85 - 0.28 * (from.x + from.y)))
        });
    }
}
