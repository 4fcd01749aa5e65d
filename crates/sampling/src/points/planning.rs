//! From a table of points to samples.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::{Float64Array, Int64Array};
use geo::{Coord, Geometry};
use rayon::prelude::*;
use tables::{Crs, Table};

use super::nearest_road::{Nearest, Segments};
use super::plan::PointPlan;
use crate::roads::{Names, Road, RoadsInput, View, found_roads};
use crate::samples::{
    Columns, Place, Planned, Rejected, RowSource, Samples, batch_column, contract, text_column,
};
use crate::{Batches, Error, Result, RoadPlan, batch_ranges, slug};

/// The most samples that one plan of points may hold.
const MOST_SAMPLES: u64 = 20_000_000;

/// A sample at each point of a table, or one for each direction to look from it.
///
/// Points may come in any CRS. Headings are degrees, or sides of the nearest of `roads` within the
/// plan's `road_m`; a point without a road there is among the rejected rows. Samples are in the order
/// of the table; `area_id` is the id of the point.
///
/// # Errors
/// [`Error::Setting`], [`Error::DuplicateId`], [`Error::TooManySamples`];
/// [`Error::NothingToSample`] for a table without points, and [`Error::Table`] for a column that is
/// not there.
///
/// ```
/// use sampling::{Batches, PointPlan, plan_points};
/// use tables::{Coord, Crs, Table};
///
/// let table = Table::new(vec![])?.with_points("geometry", &[Coord { x: 9.5, y: 47.1 }], Crs::wgs84())?;
/// let plan: PointPlan = serde_json::from_str(r#"{"file": "p.csv", "headings": [0, 120, 240]}"#)?;
/// let planned = plan_points(&table, None, &plan, Batches::default())?;
/// let ids = planned.samples.table()?.texts("sample_id")?;
/// assert_eq!(ids[1].as_deref(), Some("1-h120"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn plan_points(
    table: &Table,
    roads: Option<RoadsInput<'_>>,
    plan: &PointPlan,
    batches: Batches,
) -> Result<Planned> {
    plan.check()?;
    let views = plan.views()?;
    let asked = table.rows() as u64 * views.len().max(1) as u64;
    if asked > MOST_SAMPLES {
        return Err(Error::TooManySamples {
            asked,
            most: MOST_SAMPLES,
        });
    }
    let further = further(table, plan)?;
    let ids = ids(table, plan)?;
    let mut notes = Vec::new();
    let network = match (plan.looks_from_roads(), roads) {
        (false, _) => None,
        (true, Some(roads)) => {
            let mut found = found_roads(roads, &RoadPlan::of(""))?;
            notes.append(&mut found.notes);
            Some(found)
        }
        (true, None) => return Err(Error::setting("roads", "is missing")),
    };
    let segments = network.as_ref().map(|network| Segments::of(&network.roads));
    let wgs84 = Crs::wgs84();
    let geometries = match table.crs() == wgs84 {
        true => table.geometries()?,
        false => table.reproject(&wgs84)?.geometries()?,
    };
    let seen: Vec<std::result::Result<Seen, String>> = geometries
        .into_par_iter()
        .enumerate()
        .map(|(row, geometry)| {
            let place = place(geometry)?;
            let road = match &segments {
                None => None,
                Some(segments) => Some(
                    segments
                        .nearest(place, plan.road_m)
                        .ok_or_else(|| format!("no road within {} m", plan.road_m))?,
                ),
            };
            Ok(Seen { row, place, road })
        })
        .collect();
    let (mut points, mut rejected) = (Vec::with_capacity(seen.len()), Vec::new());
    for (row, seen) in seen.into_iter().enumerate() {
        match (seen, &ids[row]) {
            (Ok(seen), Some(_)) => points.push(seen),
            (Ok(_), None) => rejected.push(Rejected {
                row,
                id: None,
                reason: "no id".into(),
            }),
            (Err(reason), id) => rejected.push(Rejected {
                row,
                id: id.clone(),
                reason,
            }),
        }
    }
    let batches = batch_ranges(points.len() * views.len().max(1), batches)?;
    let (roads, names) = network.map_or_else(Default::default, |found| (found.roads, found.names));
    let samples = PointSamples {
        table: table.clone(),
        ids,
        points,
        views,
        roads,
        names,
        further,
        batches: batches.clone(),
    };
    Ok(Planned {
        samples: Samples::of_rows(Arc::new(samples)),
        batches,
        rejected,
        left_out: Vec::new(),
        notes,
        network: None,
    })
}

/// A point that is sampled.
#[derive(Debug)]
struct Seen {
    row: usize,
    place: Coord,
    road: Option<Nearest>,
}

fn place(geometry: Option<Geometry>) -> std::result::Result<Coord, String> {
    let place = match geometry {
        Some(Geometry::Point(point)) => point.0,
        Some(Geometry::MultiPoint(points)) if points.0.len() == 1 => points.0[0].0,
        Some(_) => return Err("not a point".into()),
        None => return Err("no geometry".into()),
    };
    if place.x.abs() <= 180.0 && place.y.abs() <= 90.0 {
        Ok(place)
    } else {
        Err(format!(
            "{}, {} is no longitude and latitude",
            place.x, place.y
        ))
    }
}

/// The ids of the points, unique.
fn ids(table: &Table, plan: &PointPlan) -> Result<Vec<Option<String>>> {
    let Some(column) = &plan.id else {
        return Ok((1..=table.rows())
            .map(|row| Some(row.to_string()))
            .collect());
    };
    let ids: Vec<Option<String>> = table.texts(column)?;
    let ids: Vec<Option<String>> = ids
        .into_iter()
        .map(|id| id.filter(|id| !id.is_empty()))
        .collect();
    let mut rows = HashMap::with_capacity(ids.len());
    for (second, id) in ids.iter().enumerate() {
        let Some(id) = id else { continue };
        // ids that differ may have one slug, and pictures are named by it
        if let Some(first) = rows.insert(slug(id), second) {
            return Err(Error::DuplicateId {
                column: column.clone(),
                id: id.clone(),
                first,
                second,
            });
        }
    }
    Ok(ids)
}

/// Input column and sample column of everything that samples keep of their point.
fn further(table: &Table, plan: &PointPlan) -> Result<Vec<(String, String)>> {
    let named = [(&plan.date, "date"), (&plan.stratum, "stratum")];
    let named = named
        .into_iter()
        .filter_map(|(column, name)| Some((column.clone()?, name.to_owned())));
    let carried = plan
        .carry
        .iter()
        .map(|column| (column.clone(), column.clone()));
    let further: Vec<(String, String)> = named.chain(carried).collect();
    for (index, (column, name)) in further.iter().enumerate() {
        table.column(column)?;
        let taken = contract(Place::AreaId).iter().any(|(own, _)| own == name)
            || ["geometry", "bearing"].contains(&name.as_str())
            || further[..index].iter().any(|(_, before)| before == name);
        if taken {
            return Err(Error::setting(
                "carry",
                format!("column {column:?} would be the second {name:?} of the samples; rename it"),
            ));
        }
    }
    Ok(further)
}

/// The samples of a plan of points; rows are made when they are asked for.
#[derive(Debug)]
struct PointSamples {
    table: Table,
    ids: Vec<Option<String>>,
    points: Vec<Seen>,
    views: Vec<View>,
    roads: Vec<Road>,
    names: Names,
    further: Vec<(String, String)>,
    batches: Vec<Range<usize>>,
}

impl PointSamples {
    fn at(&self, row: usize) -> (&Seen, Option<&View>) {
        let each = self.views.len().max(1);
        (&self.points[row / each], self.views.get(row % each))
    }

    fn road(&self, row: usize) -> Option<&Road> {
        self.roads.get(self.at(row).0.road?.road)
    }
}

impl RowSource for PointSamples {
    fn len(&self) -> usize {
        self.points.len() * self.views.len().max(1)
    }

    fn rows(&self, rows: Range<usize>) -> Result<Table> {
        let id = |row: usize| self.ids[self.at(row).0.row].as_deref();
        let sample_ids = rows.clone().map(|row| {
            let id = slug(id(row)?);
            Some(match self.at(row).1 {
                Some(view) => format!("{id}-{}", view.name),
                None => id,
            })
        });
        let nearest = |row: usize| self.at(row).0.road;
        let floats = |value: &dyn Fn(usize) -> Option<f64>| -> Float64Array {
            rows.clone().map(value).collect()
        };
        let headings = floats(&|row| {
            let (seen, view) = self.at(row);
            view?.heading(seen.road.map(|road| road.bearing))
        });
        let points: Vec<Coord> = rows.clone().map(|row| self.at(row).0.place).collect();
        let name = |row| {
            let name = self.road(row)?.attributes.road_name?;
            Some(self.names.text(name))
        };
        let mut further = Vec::new();
        if !self.roads.is_empty() {
            let bearings = floats(&|row| Some(f64::from(nearest(row)?.bearing) / 100.0));
            further.push(("bearing".to_owned(), Arc::new(bearings) as _));
        }
        if !self.further.is_empty() {
            // a table has fewer than 2^32 rows
            let of_table: Vec<u32> = rows.clone().map(|row| self.at(row).0.row as u32).collect();
            let picked = self.table.take(&of_table)?;
            for (column, name) in &self.further {
                further.push((name.clone(), picked.column(column)?));
            }
        }
        let way_ids: Int64Array = rows
            .clone()
            .map(|row| self.road(row).map(|road| road.way_id))
            .collect();
        Columns::default()
            .with("sample_id", text_column(sample_ids)?)
            .with("batch", batch_column(&self.batches, rows.clone()))
            .with("area_id", text_column(rows.clone().map(id))?)
            .with("road_name", text_column(rows.clone().map(name))?)
            .with("osm_way_id", way_ids)
            .with(
                "side",
                text_column(
                    rows.clone()
                        .map(|row| self.at(row).1.map(|view| &view.name)),
                )?,
            )
            .with("heading", headings)
            .with(
                "pitch",
                floats(&|row| self.at(row).1.map(|view| view.pitch)),
            )
            .with(
                "distance_m",
                floats(&|row| nearest(row).map(|road| road.distance_m)),
            )
            .table(Place::AreaId, &points, further)
    }
}
