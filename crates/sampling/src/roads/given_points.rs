//! Road points that an earlier study has laid out: a table of points with their bearing.
//!
//! The samplers of the Office for National Statistics wrote a CSV of 14 columns for each town:
//! `osm_way_id`, `road_name`, `road_type`, sidewalk, abutters, lanes, lighting, surface, `speed_limit`,
//! sequence, area, latitude, longitude, bearing. Points, sequence and bearing are taken as they
//! are, so that readings of that study still belong to them.

use std::collections::BTreeMap;

use geo::Coord;
use geographiclib_rs::{Geodesic, InverseGeodesic};
use tables::Table;

use super::lines::way_number;
use super::plan::hundredths;
use super::points::RoadPoints;
use super::tags::{Attributes, lanes};
use super::walk::RoadPoint;
use crate::samples::Rejected;
use crate::{Error, Result};

/// Whether a table is one of road points: it has ways, a count along them, and bearings.
pub(crate) fn are_given(table: &Table) -> bool {
    ["osm_way_id", "sequence", "bearing"]
        .iter()
        .all(|column| table.has_column(column))
}

/// The points of a table, and its rows that are none.
pub(crate) fn points(table: &Table) -> Result<(RoadPoints, Vec<Rejected>)> {
    let Some(places) = table.points()? else {
        return Err(Error::NothingToSample {
            what: "the table of road points",
            wanted: "point in every row, from its columns latitude and longitude".into(),
        });
    };
    let (ways, towns) = (table.texts("osm_way_id")?, towns(table)?);
    let (sequences, bearings) = (table.numbers("sequence")?, table.numbers("bearing")?);
    let mut points = RoadPoints {
        towns: towns.iter().flatten().cloned().collect(),
        ..RoadPoints::default()
    };
    points.towns.sort();
    points.towns.dedup();

    let mut rejected = Vec::new();
    let mut by_lane: BTreeMap<(Option<u32>, i64), Vec<Given>> = BTreeMap::new();
    for (row, place) in places.into_iter().enumerate() {
        let given = Given::of(row, place, sequences[row], bearings[row]);
        let way = ways[row].as_deref().and_then(way_number);
        let way = way.ok_or("osm_way_id is no number of a way");
        match way.and_then(|way| Ok((way, given?))) {
            Ok((way, given)) => {
                let town = towns[row]
                    .as_ref()
                    .and_then(|town| points.towns.binary_search(town).ok());
                // fewer towns than rows
                by_lane
                    .entry((town.map(|town| town as u32), way))
                    .or_default()
                    .push(given);
            }
            Err(reason) => rejected.push(Rejected {
                row,
                id: ways[row].clone(),
                reason: reason.into(),
            }),
        }
    }
    let attributes = AttributeColumns::of(table)?;
    for ((town, way), mut given) in by_lane {
        given.sort_by_key(|given| given.sequence);
        if let Some(pair) = given
            .windows(2)
            .find(|pair| pair[0].sequence == pair[1].sequence)
        {
            return Err(Error::Row {
                row: pair[1].row,
                column: "sequence".into(),
                problem: format!(
                    "{} of way {way} is in row {} too",
                    pair[1].sequence, pair[0].row
                ),
            });
        }
        let attributes = attributes.at(given[0].row, &mut points);
        add_lane(&mut points, town, way, attributes, &given);
    }
    Ok((points, rejected))
}

struct Given {
    row: usize,
    place: Coord,
    sequence: u32,
    bearing: u16,
}

impl Given {
    fn of(
        row: usize,
        place: Coord,
        sequence: Option<f64>,
        bearing: Option<f64>,
    ) -> std::result::Result<Self, &'static str> {
        let counted = |n: &f64| (0.0..=f64::from(i32::MAX)).contains(n) && n.fract() == 0.0;
        if !(place.x.abs() <= 180.0 && place.y.abs() <= 90.0) {
            return Err("no longitude and latitude");
        }
        Ok(Self {
            row,
            place,
            sequence: sequence
                .filter(counted)
                .ok_or("sequence is no whole number")? as u32,
            bearing: hundredths(
                bearing
                    .filter(|b| b.is_finite())
                    .ok_or("bearing is no number")?,
            ),
        })
    }
}

/// The town of each row: the study called its column `area`, and later `city`.
fn towns(table: &Table) -> Result<Vec<Option<String>>> {
    let column = ["area", "city", "town"]
        .into_iter()
        .find(|column| table.has_column(column));
    let towns = match column {
        Some(column) => table.texts(column)?,
        None => vec![None; table.rows()],
    };
    Ok(towns
        .into_iter()
        .map(|town| town.filter(|town| !town.is_empty()))
        .collect())
}

fn add_lane(
    points: &mut RoadPoints,
    town: Option<u32>,
    way: i64,
    attributes: Attributes,
    given: &[Given],
) {
    let earth = Geodesic::wgs84();
    let first = points.len();
    let mut distance_m = 0.0;
    let mut before: Option<Coord> = None;
    for given in given {
        let from = before.replace(given.place).unwrap_or(given.place);
        let step: f64 = earth.inverse(from.y, from.x, given.place.y, given.place.x);
        distance_m += step;
        let point = RoadPoint {
            place: given.place,
            bearing: given.bearing,
            distance_m,
            // the interval of the study is not known
            stands_for_m: f64::NAN,
        };
        points.add_point(&point, given.sequence);
    }
    points.close_lane(first, town, way, attributes, distance_m);
}

/// The columns of attributes, where a table has them.
struct AttributeColumns {
    texts: [Vec<Option<String>>; 6],
    lanes: Vec<Option<String>>,
    speed_limits: Vec<Option<f64>>,
}

impl AttributeColumns {
    fn of(table: &Table) -> Result<Self> {
        let texts = |column: &str| {
            if table.has_column(column) {
                table.texts(column)
            } else {
                Ok(Vec::new())
            }
        };
        let speed_limits = if table.has_column("speed_limit") {
            table.numbers("speed_limit")?
        } else {
            Vec::new()
        };
        Ok(Self {
            texts: [
                texts("road_name")?,
                texts("road_type")?,
                texts("sidewalk")?,
                texts("abutters")?,
                texts("lighting")?,
                texts("surface")?,
            ],
            lanes: texts("lanes")?,
            speed_limits,
        })
    }

    fn at(&self, row: usize, points: &mut RoadPoints) -> Attributes {
        let mut names = self.texts.iter().map(|column| {
            let text = column.get(row).and_then(Option::as_deref);
            text.and_then(|text| points.names.name(text))
        });
        let mut name = || names.next().flatten();
        Attributes {
            road_name: name(),
            road_type: name(),
            sidewalk: name(),
            abutters: name(),
            lighting: name(),
            surface: name(),
            lanes: self
                .lanes
                .get(row)
                .and_then(Option::as_deref)
                .and_then(lanes),
            // miles per hour already; 0 stood for none
            speed_limit: (self.speed_limits.get(row).copied().flatten())
                .filter(|mph| (1.0..=f64::from(u16::MAX)).contains(mph))
                .map(|mph| mph.round() as u16),
        }
    }
}
