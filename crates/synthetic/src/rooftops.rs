//! Building footprints: hamlets of houses and single farms, as polygons without weight.

use std::f64::consts::{PI, TAU};
use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};
use geo::{Coord, Geometry, LineString, Polygon, coord};
use rand::RngExt;
use rand_distr::{Distribution, Exp1, LogNormal};
use rand_pcg::Pcg64;
use tables::{Crs, Table};

use crate::Error;
use crate::districts::Districts;
use crate::lattice::numbered;
use crate::plots::Plots;
use crate::settlements::Settlement;
use crate::spec::TownSpec;
use crate::streams::{Subject, stream};

/// Footprints on a square kilometre of the whole land: a hamlet country in which a walk of half a
/// kilometre from most places meets a few dozen roofs.
const ROOFTOPS_PER_KM2: f64 = 45.0;
/// Share of the houses that stand alone.
const SINGLE_FARMS: f64 = 0.12;
/// Houses of a hamlet: median and deviation of the logarithm.
const HAMLET: (f64, f64) = (24.0, 0.8);
/// No two houses' middles are nearer than this, in metres; the largest house is less across.
const APART: f64 = 24.0;
/// Footprints that are turned into a table at a time.
const CHUNK: usize = 65_536;
/// Metres in a degree of latitude, on a sphere of WGS 84's mean radius.
const METRES_PER_DEGREE: f64 = 111_195.080;

/// A house: its middle in metres from the town's middle, and what is drawn about it.
struct House {
    x: f64,
    y: f64,
    turn: f64,
    length: f64,
    width: f64,
    winged: bool,
}

/// The footprints as a table.
pub(crate) fn town(spec: &TownSpec) -> Result<Table, Error> {
    let (houses, hamlets) = build(spec);
    let districts = Districts::new(spec.seed, houses.len(), &hamlets);
    let mut chunks = Vec::new();
    let ids = numbered("ROOF_", houses.len());
    let mut first = 0;
    while first < houses.len() || chunks.is_empty() {
        let chunk = &houses[first..houses.len().min(first + CHUNK)];
        let district: StringArray = chunk
            .iter()
            .map(|house| districts.at(house.x, house.y))
            .collect();
        let columns: Vec<(String, ArrayRef)> = vec![
            (
                "building_id".to_owned(),
                Arc::new(ids.slice(first, chunk.len())),
            ),
            ("district".to_owned(), Arc::new(district)),
        ];
        let footprints: Vec<Option<Geometry>> = chunk
            .iter()
            .map(|house| Some(Geometry::Polygon(house.footprint(spec))))
            .collect();
        chunks.push(Table::new(columns)?.with_geometries("geometry", &footprints, Crs::wgs84())?);
        first += chunk.len().max(1);
    }
    Ok(Table::concat(&chunks)?)
}

/// Builds all houses, none on top of another; with the hamlets they stand in.
fn build(spec: &TownSpec) -> (Vec<House>, Vec<Settlement>) {
    let mut random = stream(spec.seed, Subject::Rooftops);
    let radius = (spec.cells as f64 / ROOFTOPS_PER_KM2 / PI).sqrt() * 1000.0;
    let mut houses: Vec<House> = Vec::with_capacity(spec.cells);
    let mut hamlets = Vec::new();
    let mut taken = Plots::new(APART);
    while houses.len() < spec.cells {
        let (x, y) = in_disc(&mut random, radius);
        let lane = random.random_range(0.0..PI);
        let size = match LogNormal::new(HAMLET.0.ln(), HAMLET.1) {
            Ok(sizes)
                if !random
                    .random_bool(SINGLE_FARMS * HAMLET.0 / (1.0 + SINGLE_FARMS * HAMLET.0)) =>
            {
                (sizes.sample(&mut random) as usize).max(1)
            }
            _ => 1,
        };
        hamlets.push(Settlement {
            x,
            y,
            people: size as f64,
            peak: 0.0,
        });
        let spread = 22.0 * (size as f64).sqrt();
        // A hamlet in the way of others stays smaller than planned.
        for _ in 0..4 * size {
            if houses.len() == spec.cells || size == 0 {
                break;
            }
            let (angle, away): (f64, f64) =
                (random.random_range(0.0..TAU), Exp1.sample(&mut random));
            let away = if size == 1 {
                0.0
            } else {
                spread * away.min(4.0)
            };
            let (x, y) = (x + away * angle.cos(), y + away * angle.sin());
            if taken.take(x, y) {
                houses.push(House {
                    x,
                    y,
                    turn: lane
                        + random.random_range(-0.15..0.15)
                        + if random.random_bool(0.5) {
                            PI / 2.0
                        } else {
                            0.0
                        },
                    length: random.random_range(8.0..16.0),
                    width: random.random_range(5.0..10.0),
                    winged: random.random_bool(0.2),
                });
            }
        }
    }
    (houses, hamlets)
}

/// A uniform place in a disc.
fn in_disc(random: &mut Pcg64, radius: f64) -> (f64, f64) {
    let (angle, away) = (
        random.random_range(0.0..TAU),
        radius * random.random::<f64>().sqrt(),
    );
    (away * angle.cos(), away * angle.sin())
}

impl House {
    /// The outline in degrees: a rectangle, or an L with a wing.
    fn footprint(&self, spec: &TownSpec) -> Polygon {
        let (l, w) = (self.length / 2.0, self.width / 2.0);
        let wing = self.width * 0.6;
        let outline: &[(f64, f64)] = if self.winged {
            &[
                (-l, -w),
                (l, -w),
                (l, w),
                (0.2 * l, w),
                (0.2 * l, w + wing),
                (-l, w + wing),
            ]
        } else {
            &[(-l, -w), (l, -w), (l, w), (-l, w)]
        };
        let (sin, cos) = self.turn.sin_cos();
        let ring: LineString = outline
            .iter()
            .map(|&(along, across)| {
                degrees(
                    spec,
                    self.x + along * cos - across * sin,
                    self.y + along * sin + across * cos,
                )
            })
            .collect();
        Polygon::new(ring, Vec::new())
    }
}

/// Lon and lat of a place `x` metres east and `y` metres north of the town's middle.
fn degrees(spec: &TownSpec, x: f64, y: f64) -> Coord {
    let lat = spec.centre_lat + y / METRES_PER_DEGREE;
    let lon = spec.centre_lon + x / (METRES_PER_DEGREE * lat.to_radians().cos());
    coord! { x: (lon + 180.0).rem_euclid(360.0) - 180.0, y: lat }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Shape;
    use geo::{Distance, Euclidean};

    #[test]
    fn no_house_stands_on_another() {
        let spec = TownSpec::new(Shape::Rooftops, 400, 3).at(-6.0, 33.0);
        let (houses, _) = build(&spec);
        let footprints: Vec<Polygon> = houses.iter().map(|house| house.footprint(&spec)).collect();
        for (number, a) in footprints.iter().enumerate() {
            for b in &footprints[..number] {
                assert!(Euclidean.distance(a, b) > 0.0);
            }
        }
    }
}
