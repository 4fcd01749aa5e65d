//! Where the land of each shape lies: mainlands, shores, valleys and islands, each as a cost of settling that grows
//! from its middle and is about 1 at its border.
//!
//! Places are `(x, y)` east and north of the town's middle, in heights of a lattice cell on the ground.

use std::f64::consts::{PI, TAU};

use rand::RngExt;

use crate::spec::{Shape, TownSpec};
use crate::streams::{Noise, Subject, stream};

/// Cost of a lake: it is settled when nothing else is left, that is never.
const LAKE: f64 = 3.0;

/// How a landmass lies about its middle.
#[derive(Clone, Copy, Debug)]
enum Form {
    Round,
    /// Land north of a wavy shore along x.
    Shore,
    /// Two arms up to the north-west and north-east.
    Valleys,
}

/// A piece of land that is connected in itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Landmass {
    form: Form,
    /// Its middle.
    pub(crate) x: f64,
    /// Its middle.
    pub(crate) y: f64,
    /// How many cells it has.
    pub(crate) cells: usize,
    /// The length that all its measures derive from, the radius of a disc of its area.
    radius: f64,
}

/// All land of a town.
pub(crate) struct Landscape {
    /// Islands first, the mainland last.
    pub(crate) landmasses: Vec<Landmass>,
    border: Noise,
    lakes: Noise,
    roughness: f64,
}

impl Landscape {
    /// Lays out the lands of a shape; `cell_area` is the ground area of a cell in squares of its height.
    pub(crate) fn lay(spec: &TownSpec, cell_area: f64) -> Self {
        let mut random = stream(spec.seed, Subject::Layout);
        let landmass = |form, x, y, cells: usize| {
            let radius = (cells as f64 * cell_area / PI).sqrt();
            Landmass {
                form,
                x,
                y,
                cells,
                radius,
            }
        };
        let (form, islands) = match spec.shape {
            Shape::Town => (Form::Round, Self::two_islands(spec.cells)),
            Shape::Coast => (Form::Shore, Self::two_islands(spec.cells)),
            Shape::TwoValleys => (Form::Valleys, Vec::new()),
            Shape::DenseCore | Shape::Rooftops => (Form::Round, Vec::new()),
            Shape::ManyIslands => (Form::Round, Self::archipelago(spec.cells)),
        };
        let mainland = landmass(form, 0.0, 0.0, spec.cells - islands.iter().sum::<usize>());
        let mut placed = vec![mainland];
        for cells in islands {
            let mut island = landmass(Form::Round, 0.0, 0.0, cells);
            let mut away = match form {
                Form::Round | Form::Valleys => mainland.radius,
                Form::Shore => 0.3 * mainland.radius,
            };
            // Ever farther out until it is clear of all others.
            loop {
                let angle = match form {
                    Form::Round | Form::Valleys => random.random_range(0.0..TAU),
                    Form::Shore => random.random_range(1.2 * PI..1.8 * PI),
                };
                (island.x, island.y) = (away * angle.cos(), away * angle.sin());
                if placed.iter().all(|other| island.is_clear_of(other)) {
                    break;
                }
                away += 0.5 + 0.04 * mainland.radius;
            }
            placed.push(island);
        }
        placed.rotate_left(1);
        Self {
            landmasses: placed,
            border: Noise::new(spec.seed, Subject::Border, 1.0),
            lakes: Noise::new(spec.seed, Subject::Lakes, 45.0),
            roughness: if matches!(spec.shape, Shape::DenseCore) {
                0.2
            } else {
                0.45
            },
        }
    }

    /// An island of 3 % of the cells, and an islet too small for a survey cluster.
    fn two_islands(cells: usize) -> Vec<usize> {
        [cells * 3 / 100, (cells / 50).min(400)]
            .into_iter()
            .filter(|&island| island > 0)
            .collect()
    }

    /// Sizes of all islands but the largest, which is the mainland: by rank to the power -0.9.
    fn archipelago(cells: usize) -> Vec<usize> {
        let count = (cells / 12).clamp(1, 24);
        let share = |rank: usize| (rank as f64).powf(-0.9);
        let all: f64 = (1..=count).map(share).sum();
        (2..=count)
            .map(|rank| ((cells as f64 * share(rank) / all) as usize).max(1))
            .collect()
    }

    /// What it costs to settle a place of a landmass: 0 in its middle, about 1 at its border.
    pub(crate) fn cost(&self, land: &Landmass, x: f64, y: f64) -> f64 {
        let scale = 0.9 * land.radius.max(1.0);
        let rough = 1.0 - self.roughness * self.border.at(x / scale, y / scale);
        let smooth = land.cost(x - land.x, y - land.y, |x| self.border.at(x / scale, -7.0));
        let in_the_open = smooth > 0.15 && smooth < 0.9;
        if in_the_open && self.lakes.at(x, y) > 0.52 {
            LAKE
        } else {
            smooth * rough
        }
    }

    /// West, south, east and north end of everything that the lands can reach.
    pub(crate) fn bounds(&self) -> [f64; 4] {
        let start = [
            f64::INFINITY,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NEG_INFINITY,
        ];
        self.landmasses
            .iter()
            .fold(start, |[west, south, east, north], land| {
                let [w, s, e, n] = land.reach();
                [west.min(w), south.min(s), east.max(e), north.max(n)]
            })
    }
}

impl Landmass {
    /// The cost without roughness; `wave` is the shore's noise at a place along it.
    fn cost(&self, x: f64, y: f64, wave: impl Fn(f64) -> f64) -> f64 {
        match self.form {
            Form::Round => x.hypot(y) / self.radius,
            Form::Shore => {
                // 2 a x a / 2 on one side of the water has the area a^2 of the disc.
                let half_length = PI.sqrt() * self.radius;
                let inland = (y - 0.35 * self.radius * wave(x)) / (0.5 * half_length);
                if inland < 0.0 {
                    LAKE
                } else {
                    (x.abs() / half_length).max(inland)
                }
            }
            Form::Valleys => {
                // Two arms of 2 a x 10 a, less where they overlap, have the area 36 a^2.
                let half_width = (PI / 36.0).sqrt() * self.radius;
                [-1.0_f64, 1.0]
                    .map(|side| {
                        let (sin, cos) = (side * 0.6).sin_cos();
                        let (along, across) = (
                            (x * sin + y * cos) / half_width,
                            (x * cos - y * sin) / half_width,
                        );
                        if along < 0.0 {
                            along.hypot(across)
                        } else {
                            let bend = (0.5 * along).min(1.0) * (0.7 * along + side).sin();
                            (across - bend).abs().max(along / 10.0)
                        }
                    })
                    .into_iter()
                    .fold(f64::INFINITY, f64::min)
            }
        }
    }

    /// West, south, east and north end of what it can reach with the roughest border.
    fn reach(&self) -> [f64; 4] {
        let r = self.radius;
        let [west, south, east, north] = match self.form {
            Form::Round => [-1.8, -1.8, 1.8, 1.8],
            Form::Shore => [-2.6, -0.4, 2.6, 2.0],
            Form::Valleys => [-2.6, -0.8, 2.6, 3.6],
        };
        [
            self.x + west * r - 6.0,
            self.y + south * r - 6.0,
            self.x + east * r + 6.0,
            self.y + north * r + 6.0,
        ]
    }

    /// Whether a round island keeps its distance from what lies there already.
    fn is_clear_of(&self, other: &Self) -> bool {
        let (dx, dy) = (self.x - other.x, self.y - other.y);
        match other.form {
            Form::Round | Form::Valleys => dx.hypot(dy) > 1.6 * (self.radius + other.radius) + 6.0,
            Form::Shore => dy < -(0.4 * other.radius + 1.6 * self.radius + 6.0),
        }
    }
}
