//! A row a town, and a table a town.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, StringArray, UInt64Array};
use geo::{Geometry, MultiPolygon, Polygon};
use tables::{Crs, Table};

use super::mean;
use crate::Result;
use crate::filling::RoadColumns;

/// Sums up filled road samples by town.
///
/// `filled` is what [`fill_roads`](crate::fill_roads) gives. The result has `town` (null for samples of no town),
/// `points` (places on roads), `samples` (a place seen to two sides is two), `readings`, `unfilled`, and for a measure `m`
/// `m_mean`, the mean of the readings, and `m_mean_filled`, the mean with what was predicted. Where every sample has
/// `stands_for_m`, the metres of road that its point stands for, means are weighted by it, and `road_km` is the length of
/// the roads.
///
/// With `outlines`, a table and the column of names, the result has a row for each named town, those without samples
/// included, and its outline in longitude and latitude.
///
/// # Errors
/// [`Error::Table`](crate::Error::Table) for a column that is missing; [`Error::Row`](crate::Error::Row) for a sample
/// without way, side or sequence.
pub fn summarise_towns(
    filled: &Table,
    outlines: Option<(&Table, &str)>,
    measures: &[String],
) -> Result<Table> {
    let columns = RoadColumns::of(filled)?;
    let samples = columns.samples()?;
    let predicted = filled.flags("predicted")?;
    let weights = weights(filled)?;
    let values = measures
        .iter()
        .map(|measure| filled.numbers(measure))
        .collect::<tables::Result<Vec<_>>>()?;
    let outlines = match outlines {
        Some((table, column)) => Some(outlines_of(table, column)?),
        None => None,
    };
    let mut towns = rows_of_towns(&columns.towns);
    for name in outlines.iter().flat_map(BTreeMap::keys) {
        towns.entry(Some(name)).or_default();
    }

    let count = |of: &dyn Fn(&[usize]) -> usize| -> ArrayRef {
        Arc::new(UInt64Array::from_iter_values(
            towns.values().map(|rows| of(rows) as u64),
        ))
    };
    let with = |rows: &[usize], flag: Option<bool>| {
        rows.iter().filter(|row| predicted[**row] == flag).count()
    };
    let place = |row: usize| (samples[row].way, samples[row].sequence);
    let points = |rows: &[usize]| {
        let places: BTreeSet<_> = rows.iter().map(|row| place(*row)).collect();
        places.len()
    };
    let mut table = vec![
        (
            "town".to_owned(),
            Arc::new(StringArray::from_iter(towns.keys())) as ArrayRef,
        ),
        ("points".to_owned(), count(&points)),
        ("samples".to_owned(), count(&<[usize]>::len)),
        (
            "readings".to_owned(),
            count(&|rows| with(rows, Some(false))),
        ),
        ("unfilled".to_owned(), count(&|rows| with(rows, None))),
    ];
    if let Some(weights) = &weights {
        let km = |rows: &Vec<usize>| {
            let metres: BTreeMap<_, f64> = rows
                .iter()
                .map(|row| (place(*row), weights[*row]))
                .collect();
            Some(metres.values().sum::<f64>() / 1e3)
        };
        let km: Float64Array = towns.values().map(km).collect();
        table.push(("road_km".to_owned(), Arc::new(km)));
    }
    for (measure, values) in measures.iter().zip(&values) {
        let means = |keep: &dyn Fn(usize) -> bool| -> ArrayRef {
            let of_town = |rows: &Vec<usize>| {
                let read = rows.iter().filter(|row| keep(**row));
                let read = read.filter_map(|row| Some((*row, values[*row]?)));
                match &weights {
                    Some(weights) => weighted(read.map(|(row, value)| (weights[row], value))),
                    None => mean(read.map(|(_, value)| value)).mean,
                }
            };
            Arc::new(towns.values().map(of_town).collect::<Float64Array>())
        };
        table.push((
            format!("{measure}_mean"),
            means(&|row| predicted[row] == Some(false)),
        ));
        table.push((format!("{measure}_mean_filled"), means(&|_| true)));
    }
    let table = Table::new(table)?;
    let Some(outlines) = &outlines else {
        return Ok(table);
    };
    let of_town = |town: &Option<&str>| Some(Geometry::from(outlines.get((*town)?)?.clone()));
    let outlines: Vec<Option<Geometry>> = towns.keys().map(of_town).collect();
    Ok(table.with_geometries("geometry", &outlines, Crs::wgs84())?)
}

/// The outlines of towns by their names; rows of one name are one town.
fn outlines_of(table: &Table, column: &str) -> Result<BTreeMap<String, MultiPolygon>> {
    let table = match table.crs() == Crs::wgs84() {
        true => table.clone(),
        false => table.reproject(&Crs::wgs84())?,
    };
    let mut outlines: BTreeMap<String, MultiPolygon> = BTreeMap::new();
    for (name, geometry) in table.texts(column)?.into_iter().zip(table.geometries()?) {
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            continue;
        };
        let parts = geometry.map_or_else(Vec::new, polygons);
        if !parts.is_empty() {
            let outline = outlines
                .entry(name)
                .or_insert_with(|| MultiPolygon(Vec::new()));
            outline.0.extend(parts);
        }
    }
    Ok(outlines)
}

fn polygons(geometry: Geometry) -> Vec<Polygon> {
    match geometry {
        Geometry::Polygon(polygon) => vec![polygon],
        Geometry::MultiPolygon(parts) => parts.0,
        Geometry::GeometryCollection(members) => members.0.into_iter().flat_map(polygons).collect(),
        _ => Vec::new(),
    }
}

/// The metres of road that the point of each sample stands for, where all of them are known.
pub(super) fn weights(filled: &Table) -> Result<Option<Vec<f64>>> {
    if !filled.has_column("stands_for_m") {
        return Ok(None);
    }
    let weights: Option<Vec<f64>> = filled.numbers("stands_for_m")?.into_iter().collect();
    Ok(weights.filter(|weights| weights.iter().all(|weight| *weight > 0.0)))
}

/// The mean of values with their weights.
fn weighted(values: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let (weights, sum) = values.fold((0.0, 0.0), |(weights, sum), (weight, value)| {
        (weights + weight, sum + weight * value)
    });
    (weights > 0.0).then(|| sum / weights)
}

/// A table for each town, in the order of their names; within it the samples of a way stand together, in sequence order,
/// left before right.
///
/// # Errors
/// As [`summarise_towns`].
pub fn town_tables(filled: &Table) -> Result<Vec<(Option<String>, Table)>> {
    let columns = RoadColumns::of(filled)?;
    let samples = columns.samples()?;
    rows_of_towns(&columns.towns)
        .into_iter()
        .map(|(town, mut rows)| {
            rows.sort_by_key(|row| {
                (
                    samples[*row].way,
                    samples[*row].sequence,
                    samples[*row].side,
                )
            });
            // A table has fewer than 2^32 rows.
            let rows: Vec<u32> = rows.into_iter().map(|row| row as u32).collect();
            Ok((town.map(str::to_owned), filled.take(&rows)?))
        })
        .collect()
}

fn rows_of_towns(towns: &[Option<String>]) -> BTreeMap<Option<&str>, Vec<usize>> {
    let mut rows: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (row, town) in towns.iter().enumerate() {
        rows.entry(town.as_deref()).or_default().push(row);
    }
    rows
}
