//! A row an area.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, StringArray, UInt64Array};
use geo::{GeodesicArea, Geometry, LineString, Polygon};
use tables::{Crs, Table};

use super::{Mean, Tally, mean};
use crate::{Error, Result};

/// Sums up the readings of every area.
///
/// `readings` has `area_id`, `status` and a column a measure, as [`with_readings`](crate::with_readings) gives it. The
/// result has `area_id`, the counts `asked`, `got`, `blank`, `no_imagery`, `failed` and `waiting`, and for a measure `m`
/// the columns `m_n`, `m_mean`, `m_se`, `m_low` and `m_high` ([`mean`](crate::mean)): a blank picture says nothing of its
/// area and is left out of them.
///
/// With `areas`, a table and the column of its ids, the result has a row for each area in that table's order, areas
/// without samples included, its size on the ellipsoid as `area_km2` and its geometry in longitude and latitude.
/// Without, the areas stand in the order of their ids.
///
/// # Errors
/// [`Error::Table`] for a column that is missing, [`Error::Row`] for a sample of an area that `areas` does not have.
pub fn summarise_areas(
    readings: &Table,
    areas: Option<(&Table, &str)>,
    measures: &[String],
) -> Result<Table> {
    let ids = readings.texts("area_id")?;
    let statuses = readings.texts("status")?;
    let values = measures
        .iter()
        .map(|measure| readings.numbers(measure))
        .collect::<tables::Result<Vec<_>>>()?;
    let mut rows_of: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, id) in ids.iter().enumerate() {
        rows_of
            .entry(id.as_deref().unwrap_or_default())
            .or_default()
            .push(row);
    }
    let listed: Vec<String> = match areas {
        Some((areas, column)) => listed(areas, column, &rows_of)?,
        None => rows_of.keys().map(|id| (*id).to_owned()).collect(),
    };
    let rows: Vec<&[usize]> = listed
        .iter()
        .map(|id| rows_of.get(id.as_str()).map_or(&[][..], Vec::as_slice))
        .collect();

    let tallies: Vec<Tally> = rows
        .iter()
        .map(|rows| {
            let mut tally = Tally::default();
            rows.iter()
                .for_each(|row| tally.count(statuses[*row].as_deref()));
            tally
        })
        .collect();
    let mut columns = vec![(
        "area_id".to_owned(),
        Arc::new(StringArray::from_iter_values(&listed)) as ArrayRef,
    )];
    let counts: [(&str, fn(&Tally) -> u64); 6] = [
        ("asked", |tally| tally.asked),
        ("got", |tally| tally.got),
        ("blank", |tally| tally.blank),
        ("no_imagery", |tally| tally.no_imagery),
        ("failed", |tally| tally.failed),
        ("waiting", |tally| tally.waiting),
    ];
    for (name, count) in counts {
        columns.push((
            name.to_owned(),
            Arc::new(UInt64Array::from_iter_values(tallies.iter().map(count))),
        ));
    }
    for (measure, values) in measures.iter().zip(&values) {
        let counts = |row: &&usize| statuses[**row].as_deref() != Some("blank");
        let of_area =
            |rows: &&[usize]| mean(rows.iter().filter(counts).filter_map(|row| values[*row]));
        columns.extend(mean_columns(
            measure,
            &rows.iter().map(of_area).collect::<Vec<Mean>>(),
        ));
    }
    let table = Table::new(columns)?;
    match areas {
        Some((areas, column)) => with_ground(&table, areas, column, &listed),
        None => Ok(table),
    }
}

/// The ids of the areas, each once, checked against those of the samples.
fn listed(
    areas: &Table,
    column: &str,
    rows_of: &BTreeMap<&str, Vec<usize>>,
) -> Result<Vec<String>> {
    let mut rows = BTreeMap::new();
    for (row, id) in areas.texts(column)?.into_iter().enumerate() {
        rows.entry(id.unwrap_or_default()).or_insert(row);
    }
    if let Some((id, samples)) = rows_of.iter().find(|(id, _)| !rows.contains_key(**id)) {
        return Err(Error::Row {
            row: samples.first().copied().unwrap_or(0),
            column: "area_id".to_owned(),
            problem: format!("no area {id:?} in the column {column} of the areas"),
        });
    }
    let mut listed: Vec<(String, usize)> = rows.into_iter().collect();
    listed.sort_by_key(|(_, row)| *row);
    Ok(listed.into_iter().map(|(id, _)| id).collect())
}

fn mean_columns(measure: &str, means: &[Mean]) -> Vec<(String, ArrayRef)> {
    let floats = |value: fn(&Mean) -> Option<f64>| -> ArrayRef {
        Arc::new(means.iter().map(value).collect::<Float64Array>())
    };
    let n: ArrayRef = Arc::new(UInt64Array::from_iter_values(
        means.iter().map(|mean| mean.n),
    ));
    vec![
        (format!("{measure}_n"), n),
        (format!("{measure}_mean"), floats(|mean| mean.mean)),
        (format!("{measure}_se"), floats(|mean| mean.se)),
        (format!("{measure}_low"), floats(|mean| mean.low)),
        (format!("{measure}_high"), floats(|mean| mean.high)),
    ]
}

/// Adds size and outline of the areas.
fn with_ground(table: &Table, areas: &Table, column: &str, listed: &[String]) -> Result<Table> {
    let areas = if areas.crs() == Crs::wgs84() {
        areas.clone()
    } else {
        areas.reproject(&Crs::wgs84())?
    };
    let mut outlines = BTreeMap::new();
    for (id, outline) in areas.texts(column)?.into_iter().zip(areas.geometries()?) {
        outlines.entry(id.unwrap_or_default()).or_insert(outline);
    }
    let outlines: Vec<Option<Geometry>> = listed
        .iter()
        .map(|id| outlines.get(id).cloned().flatten())
        .collect();
    let are_points = |outline: &Option<Geometry>| matches!(outline, Some(Geometry::Point(_)));
    let table = if !outlines.is_empty() && outlines.iter().all(are_points) {
        table.clone()
    } else {
        let km2: Float64Array = outlines
            .iter()
            .map(|outline| outline.as_ref().map(|outline| square_metres(outline) / 1e6))
            .collect();
        table.with_column("area_km2", Arc::new(km2))?
    };
    Ok(table.with_geometries("geometry", &outlines, Crs::wgs84())?)
}

/// Sums up the readings at every point of a plan of points: a row a point in the order of the samples, with its place.
///
/// `readings` and the columns are those of [`summarise_areas`], the mean being one over the directions to look.
///
/// # Errors
/// As [`summarise_areas`].
pub fn summarise_points(readings: &Table, measures: &[String]) -> Result<Table> {
    let places = crate::places(readings)?;
    let (mut ids, mut of_ids, mut seen) = (Vec::new(), Vec::new(), BTreeMap::new());
    for (id, place) in readings.texts("area_id")?.into_iter().zip(places) {
        let id = id.unwrap_or_default();
        if seen.insert(id.clone(), ()).is_none() {
            ids.push(id);
            of_ids.push(place);
        }
    }
    let ids: ArrayRef = Arc::new(StringArray::from_iter_values(ids));
    let points = Table::new(vec![("area_id".to_owned(), ids)])?.with_points(
        "geometry",
        &of_ids,
        Crs::wgs84(),
    )?;
    summarise_areas(readings, Some((&points, "area_id")), measures)
}

/// Area on the ellipsoid, whichever way round the rings run.
fn square_metres(geometry: &Geometry) -> f64 {
    let of_ring = |ring: &LineString| {
        Polygon::new(ring.clone(), Vec::new())
            .geodesic_area_signed()
            .abs()
    };
    let of_polygon = |polygon: &Polygon| {
        of_ring(polygon.exterior()) - polygon.interiors().iter().map(of_ring).sum::<f64>()
    };
    match geometry {
        Geometry::Polygon(polygon) => of_polygon(polygon),
        Geometry::MultiPolygon(parts) => parts.iter().map(of_polygon).sum(),
        Geometry::GeometryCollection(parts) => parts.iter().map(square_metres).sum(),
        _ => 0.0,
    }
}
