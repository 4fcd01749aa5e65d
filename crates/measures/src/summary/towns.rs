//! A row a town, and a table a town.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, StringArray, UInt64Array};
use tables::Table;

use super::mean;
use crate::Result;
use crate::filling::RoadColumns;

/// Sums up filled road samples by town.
///
/// `filled` is what [`fill_roads`](crate::fill_roads) gives. The result has `town` (null for samples of no town),
/// `points` (places on roads), `samples` (a place seen to two sides is two), `readings`, `unfilled`, and for a measure `m`
/// `m_mean`, the mean of the readings, and `m_mean_filled`, the mean with what was predicted.
///
/// # Errors
/// [`Error::Table`](crate::Error::Table) for a column that is missing; [`Error::Row`](crate::Error::Row) for a sample
/// without way, side or sequence.
pub fn summarise_towns(filled: &Table, measures: &[String]) -> Result<Table> {
    let columns = RoadColumns::of(filled)?;
    let samples = columns.samples()?;
    let predicted = filled.flags("predicted")?;
    let values = measures
        .iter()
        .map(|measure| filled.numbers(measure))
        .collect::<tables::Result<Vec<_>>>()?;
    let towns = rows_of_towns(&columns.towns);

    let count = |of: &dyn Fn(&[usize]) -> usize| -> ArrayRef {
        Arc::new(UInt64Array::from_iter_values(
            towns.values().map(|rows| of(rows) as u64),
        ))
    };
    let with = |rows: &[usize], flag: Option<bool>| {
        rows.iter().filter(|row| predicted[**row] == flag).count()
    };
    let points = |rows: &[usize]| {
        rows.iter()
            .map(|row| (samples[*row].way, samples[*row].sequence))
            .collect::<BTreeSet<_>>()
            .len()
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
    for (measure, values) in measures.iter().zip(&values) {
        let means = |keep: &dyn Fn(usize) -> bool| -> ArrayRef {
            let of_town = |rows: &Vec<usize>| {
                mean(
                    rows.iter()
                        .filter(|row| keep(**row))
                        .filter_map(|row| values[*row]),
                )
                .mean
            };
            Arc::new(towns.values().map(of_town).collect::<Float64Array>())
        };
        table.push((
            format!("{measure}_mean"),
            means(&|row| predicted[row] == Some(false)),
        ));
        table.push((format!("{measure}_mean_filled"), means(&|_| true)));
    }
    Ok(Table::new(table)?)
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
