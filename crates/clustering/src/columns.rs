//! What is read from the columns of a table: rules, weights, strata.

use std::collections::BTreeMap;

use serde_json::Value;
use tables::Table;

use crate::{BadWeights, Condition, Error, Params};

/// Weights are looked for here if no column is named.
const USUAL_WEIGHT: &str = "population";
/// Rows named in an error.
const NAMED: usize = 5;

/// Fails unless the table has the column.
pub(crate) fn require(table: &Table, column: &str) -> Result<(), Error> {
    if table.has_column(column) {
        return Ok(());
    }
    Err(Error::NoColumn {
        column: column.to_owned(),
        present: table.column_names().map(str::to_owned).collect(),
    })
}

/// The column of weights; `None` where every row counts 1.
pub(crate) fn weight_column<'a>(table: &Table, params: &'a Params) -> Option<&'a str> {
    match &params.weight_column {
        Some(column) => Some(column),
        None => table.has_column(USUAL_WEIGHT).then_some(USUAL_WEIGHT),
    }
}

/// Whether the condition of a rule holds for the table; it must hold for all rows or for none.
pub(crate) fn decide(
    table: &Table,
    setting: &'static str,
    condition: &Condition,
) -> Result<bool, Error> {
    let column = &condition.column;
    require(table, column)?;
    let holds: Vec<bool> = match &condition.when {
        Value::Bool(wanted) => {
            let flags = table.flags(column)?;
            flags
                .into_iter()
                .map(|flag| flag == Some(*wanted))
                .collect()
        }
        Value::Number(wanted) => {
            let (numbers, wanted) = (table.numbers(column)?, wanted.as_f64());
            numbers.into_iter().map(|number| number == wanted).collect()
        }
        Value::String(wanted) => {
            let texts = table.texts(column)?;
            texts
                .into_iter()
                .map(|text| text.as_ref() == Some(wanted))
                .collect()
        }
        Value::Null | Value::Array(_) | Value::Object(_) => {
            return Err(Error::Setting {
                name: setting,
                value: format!("a rule on column {column:?} with when = {}", condition.when),
                expected: "a rule whose `when` is a boolean, a number or a text",
            });
        }
    };
    let first = holds.first().copied().unwrap_or(false);
    match holds.iter().position(|&other| other != first) {
        None => Ok(first),
        Some(row) => Err(Error::MixedRule {
            name: setting,
            column: column.clone(),
            when: condition.when.to_string(),
            row,
        }),
    }
}

/// The weight of each row; `None` for a row to leave out.
pub(crate) fn weights(
    table: &Table,
    column: &str,
    bad: BadWeights,
) -> Result<Vec<Option<f64>>, Error> {
    require(table, column)?;
    let mut weights = table.numbers(column)?;
    let is_good = |weight: &Option<f64>| weight.is_some_and(|w| w.is_finite() && w >= 0.0);
    match bad {
        BadWeights::Refuse => {
            let rows = || (0..).zip(&weights).filter(|(_, weight)| !is_good(weight));
            let count = rows().count();
            if count > 0 {
                return Err(Error::BadValues {
                    column: column.to_owned(),
                    count,
                    what: "weights that are missing, infinite or negative",
                    rows: rows().map(|(row, _)| row).take(NAMED).collect(),
                    remedy: "correct them, or set bad_weights to zero or drop",
                });
            }
        }
        BadWeights::Zero | BadWeights::Drop => {
            let instead = (bad == BadWeights::Zero).then_some(0.0);
            for weight in &mut weights {
                if !is_good(weight) {
                    *weight = instead;
                }
            }
        }
    }
    // No negative zero: it would sort before zero.
    Ok(weights.into_iter().map(|w| w.map(f64::abs)).collect())
}

/// A number for the stratum of each row, the same for equal values; missing values are a stratum too.
pub(crate) fn strata(table: &Table, column: &str) -> Result<Vec<u32>, Error> {
    require(table, column)?;
    let mut numbers = BTreeMap::new();
    Ok(table
        .texts(column)?
        .into_iter()
        .map(|value| {
            let next = numbers.len() as u32;
            *numbers.entry(value).or_insert(next)
        })
        .collect())
}

/// Fails on rows without a geometry.
pub(crate) fn missing_geometries(column: &str, rows: impl Iterator<Item = usize>) -> Error {
    let rows: Vec<usize> = rows.collect();
    Error::BadValues {
        column: column.to_owned(),
        count: rows.len(),
        what: "geometries that are empty or missing",
        rows: rows.into_iter().take(NAMED).collect(),
        remedy: "correct them, or set bad_geometries to drop",
    }
}
