//! A row a road.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, StringArray, UInt64Array};
use geo::{Geometry, LineString};
use tables::{Crs, Table};

use super::mean;
use super::towns::weights;
use crate::Result;
use crate::filling::RoadColumns;

/// Sums up filled road samples by town and way.
///
/// `filled` is what [`fill_roads`](crate::fill_roads) gives. The result has `town`, `osm_way_id`, `road_name` and
/// `road_type` (where the samples have them), `length_m` (of the road within the town, where it is known), `points`,
/// `samples`, `readings`, and for a measure `m` `m_n`, `m_mean` and `m_se` of the readings, `m_mean_filled` with what was
/// predicted, and for each side `s` `m_s`, the mean of that side, filled values included.
///
/// `lines` has a line for each `osm_way_id`; a way that it lacks is drawn through its points.
///
/// # Errors
/// As [`summarise_towns`](crate::summarise_towns).
pub fn summarise_roads(
    filled: &Table,
    lines: Option<&Table>,
    measures: &[String],
) -> Result<Table> {
    let columns = RoadColumns::of(filled)?;
    let samples = columns.samples()?;
    let predicted = filled.flags("predicted")?;
    let weights = weights(filled)?;
    let mut roads: BTreeMap<(Option<&str>, i64), Vec<usize>> = BTreeMap::new();
    for (row, sample) in samples.iter().enumerate() {
        roads
            .entry((sample.town, sample.way))
            .or_default()
            .push(row);
    }
    let sides: BTreeSet<&str> = samples.iter().map(|sample| sample.side).collect();
    // sequence and row of each point of a road, by one of its samples
    let points = |rows: &[usize]| -> BTreeMap<i64, usize> {
        rows.iter()
            .map(|row| (samples[*row].sequence, *row))
            .collect()
    };
    let counts = |of: &dyn Fn(&[usize]) -> usize| -> ArrayRef {
        let counts = roads.values().map(|rows| of(rows) as u64);
        Arc::new(UInt64Array::from_iter_values(counts))
    };
    let floats = |of: &dyn Fn(&[usize]) -> Option<f64>| -> ArrayRef {
        Arc::new(
            roads
                .values()
                .map(|rows| of(rows))
                .collect::<Float64Array>(),
        )
    };
    let mut table: Vec<(String, ArrayRef)> = vec![
        (
            "town".to_owned(),
            Arc::new(roads.keys().map(|(town, _)| *town).collect::<StringArray>()),
        ),
        (
            "osm_way_id".to_owned(),
            Arc::new(Int64Array::from_iter_values(
                roads.keys().map(|(_, way)| *way),
            )),
        ),
    ];
    for name in ["road_name", "road_type"] {
        if filled.has_column(name) {
            let texts = filled.texts(name)?;
            let first = |rows: &Vec<usize>| rows.first().and_then(|row| texts[*row].as_deref());
            table.push((
                name.to_owned(),
                Arc::new(roads.values().map(first).collect::<StringArray>()),
            ));
        }
    }
    let length = |rows: &[usize]| {
        let weights = weights.as_ref()?;
        Some(points(rows).values().map(|row| weights[*row]).sum())
    };
    table.push(("length_m".to_owned(), floats(&length)));
    table.push(("points".to_owned(), counts(&|rows| points(rows).len())));
    table.push(("samples".to_owned(), counts(&<[usize]>::len)));
    let is_read = |row: &&usize| predicted[**row] == Some(false);
    table.push((
        "readings".to_owned(),
        counts(&|rows| rows.iter().filter(is_read).count()),
    ));
    for measure in measures {
        let values = filled.numbers(measure)?;
        let of = |rows: &[usize]| mean(rows.iter().filter(is_read).filter_map(|row| values[*row]));
        let all = |rows: &[usize], side: Option<&str>| {
            let seen = rows
                .iter()
                .filter(|row| side.is_none_or(|side| samples[**row].side == side));
            mean(seen.filter_map(|row| values[*row])).mean
        };
        // no more readings than samples
        table.push((format!("{measure}_n"), counts(&|rows| of(rows).n as usize)));
        table.push((format!("{measure}_mean"), floats(&|rows| of(rows).mean)));
        table.push((format!("{measure}_se"), floats(&|rows| of(rows).se)));
        table.push((
            format!("{measure}_mean_filled"),
            floats(&|rows| all(rows, None)),
        ));
        for side in &sides {
            table.push((
                format!("{measure}_{side}"),
                floats(&|rows| all(rows, Some(side))),
            ));
        }
    }
    let mut known: BTreeMap<i64, Geometry> = BTreeMap::new();
    if let Some(lines) = lines {
        // ids of ways are far below 2^53
        let ids = lines
            .numbers("osm_way_id")?
            .into_iter()
            .map(|id| id.map(|id| id as i64));
        known.extend(
            ids.zip(lines.geometries()?)
                .filter_map(|(id, line)| Some((id?, line?))),
        );
    }
    let drawn = |((_, way), rows): (&(Option<&str>, i64), &Vec<usize>)| {
        known.get(way).cloned().or_else(|| {
            let line: Vec<_> = points(rows)
                .values()
                .map(|row| samples[*row].place)
                .collect();
            (line.len() > 1).then_some(Geometry::LineString(LineString(line)))
        })
    };
    let geometries: Vec<Option<Geometry>> = roads.iter().map(drawn).collect();
    Ok(Table::new(table)?.with_geometries("geometry", &geometries, Crs::wgs84())?)
}
