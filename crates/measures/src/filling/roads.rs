//! Filling a table of road samples.

use std::sync::Arc;

use arrow_array::{BooleanArray, Float64Array, StringArray};
use tables::Table;

use super::{Filled, FilledFrom, Filling, RoadSample, fill};
use crate::{Error, Result};

/// Completes the measures of a table of road samples; the rows and their order stay.
///
/// `readings` has the columns of a plan of roads (`osm_way_id`, `side`, `sequence`, points; `town`, `heading` and
/// `distance_m` where they are known) and a column a measure, as [`with_readings`](crate::with_readings) gives it. Added
/// are `predicted` (false for a reading, true for what was filled in, null where there is no value), `filled_from`
/// (`reading`, `way`, `other_side`, `connected`, `nearby`) and `support_m`. All measures of a picture are read or missing
/// together, so these three follow the first measure. For `connections` see [`fill`](super::fill).
///
/// # Errors
/// [`Error::Table`] for a column that is missing or of another type, and for a table whose geometries are not points;
/// [`Error::Row`] for a sample without way, side, or sequence; [`Error::Setting`] where `measures` is empty.
pub fn fill_roads(
    readings: &Table,
    measures: &[String],
    filling: &Filling,
    connections: Option<&[(i64, i64)]>,
) -> Result<Table> {
    let Some(first) = measures.first() else {
        let problem = "nothing to fill, expected at least one measure".to_owned();
        return Err(Error::Setting {
            setting: "measures".to_owned(),
            problem,
        });
    };
    let columns = RoadColumns::of(readings)?;
    let samples = columns.samples()?;
    let mut table = readings.clone();
    for measure in measures {
        let filled = fill(&samples, &readings.numbers(measure)?, filling, connections);
        let values: Float64Array = filled.iter().map(|filled| filled.value).collect();
        table = table.with_column(measure, Arc::new(values))?;
        if measure == first {
            table = with_origin(&table, &filled)?;
        }
    }
    Ok(table)
}

fn with_origin(table: &Table, filled: &[Filled]) -> Result<Table> {
    let predicted: BooleanArray = filled
        .iter()
        .map(|filled| filled.from.map(|from| from != FilledFrom::Reading))
        .collect();
    let from: StringArray = filled
        .iter()
        .map(|filled| filled.from.map(FilledFrom::as_str))
        .collect();
    let support: Float64Array = filled.iter().map(|filled| filled.support_m).collect();
    let table = table.with_column("predicted", Arc::new(predicted))?;
    Ok(table
        .with_column("filled_from", Arc::new(from))?
        .with_column("support_m", Arc::new(support))?)
}

/// The columns of a road sample, read out of a table.
pub(crate) struct RoadColumns {
    pub(crate) towns: Vec<Option<String>>,
    ways: Vec<Option<f64>>,
    sides: Vec<Option<String>>,
    sequences: Vec<Option<f64>>,
    pub(crate) places: Vec<tables::Coord>,
    headings: Vec<Option<f64>>,
    distances: Vec<Option<f64>>,
}

impl RoadColumns {
    pub(crate) fn of(table: &Table) -> Result<Self> {
        let missing = vec![None; table.rows()];
        let if_there = |column: &str| match table.has_column(column) {
            true => table.numbers(column),
            false => Ok(missing.clone()),
        };
        Ok(Self {
            towns: if table.has_column("town") {
                table.texts("town")?
            } else {
                vec![None; table.rows()]
            },
            ways: table.numbers("osm_way_id")?,
            sides: table.texts("side")?,
            sequences: table.numbers("sequence")?,
            places: crate::places(table)?,
            headings: if_there("heading")?,
            distances: if_there("distance_m")?,
        })
    }

    pub(crate) fn samples(&self) -> Result<Vec<RoadSample<'_>>> {
        (0..self.places.len()).map(|row| self.sample(row)).collect()
    }

    fn sample(&self, row: usize) -> Result<RoadSample<'_>> {
        let missing = |column: &str| Error::Row {
            row,
            column: column.to_owned(),
            problem: "no value, expected one for every sample of a road".to_owned(),
        };
        let whole = |values: &[Option<f64>], column: &str| {
            // Ids and sequence numbers are far below 2^53, where floats stop to hold every whole number.
            values[row]
                .filter(|value| value.fract() == 0.0)
                .map(|value| value as i64)
                .ok_or_else(|| missing(column))
        };
        Ok(RoadSample {
            town: self.towns[row].as_deref(),
            way: whole(&self.ways, "osm_way_id")?,
            side: self.sides[row].as_deref().ok_or_else(|| missing("side"))?,
            sequence: whole(&self.sequences, "sequence")?,
            place: self.places[row],
            heading: self.headings[row],
            distance_m: self.distances[row],
        })
    }
}
