//! Samples beside what became of them.

use std::collections::HashMap;

use arrow_array::UInt32Array;
use arrow_select::take::take;
use tables::{Coord, Crs, Table};

use crate::{Error, Result};

/// Columns of a ledger that summaries and maps need, besides the measures.
const COLUMNS: [&str; 5] = ["status", "reason", "key", "captured", "fetched_at"];

/// The samples of a plan with their rows of the ledger beside them.
///
/// Every sample once and in its order; the ledger's `status`, `reason`, `key`, `captured` and `fetched_at`, as far as it
/// has them, and its measures are appended, found by `sample_id`. A sample without a row in the ledger has nulls there.
///
/// # Errors
/// [`Error::Table`] for a column that is missing, [`Error::Row`] for a sample that the ledger has twice.
pub fn with_readings(samples: &Table, ledger: &Table, measures: &[String]) -> Result<Table> {
    let ledger_ids = ledger.texts("sample_id")?;
    let mut row_of: HashMap<&str, u32> = HashMap::with_capacity(ledger_ids.len());
    for (row, id) in (0_u32..).zip(&ledger_ids) {
        let Some(id) = id else { continue };
        if row_of.insert(id, row).is_some() {
            return Err(Error::Row {
                row: row as usize,
                column: "sample_id".to_owned(),
                problem: format!("{id} stands twice in the ledger, expected one row a sample"),
            });
        }
    }
    let rows: UInt32Array = samples
        .texts("sample_id")?
        .iter()
        .map(|id| row_of.get(id.as_deref()?).copied())
        .collect();
    let mut table = samples.clone();
    let there = COLUMNS
        .iter()
        .copied()
        .filter(|column| ledger.has_column(column));
    for column in there.chain(measures.iter().map(String::as_str)) {
        let values = take(&ledger.column(column)?, &rows, None).map_err(|error| Error::Row {
            row: 0,
            column: column.to_owned(),
            problem: error.to_string(),
        })?;
        table = table.with_column(column, values)?;
    }
    Ok(table)
}

/// Longitude and latitude of every row.
pub(crate) fn places(table: &Table) -> Result<Vec<Coord>> {
    let places = if table.crs() == Crs::wgs84() {
        table.points()?
    } else {
        table.reproject(&Crs::wgs84())?.points()?
    };
    places.ok_or_else(|| Error::Row {
        row: 0,
        column: table.geometry_column().unwrap_or("geometry").to_owned(),
        problem: "not all rows are points, expected the place of every sample".to_owned(),
    })
}
