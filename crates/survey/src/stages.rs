//! Columns of the stages of a draw: one probability a stage, their product, the weight.
//!
//! Stages are `p_1`, `p_2`, ... (units), `p_segment` and `p_within` (the last stage). `p` is the product of those that are there and
//! `weight` its inverse. Columns of a stage are never written twice; `p` and `weight` follow from them.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array};
use tables::Table;

use crate::{Error, Result};

/// The product of all stages.
pub(crate) const PRODUCT: &str = "p";
/// The inverse of the product.
pub(crate) const WEIGHT: &str = "weight";

/// The names of the stages' columns that a table has, in the order of the stages.
#[must_use]
pub fn stage_columns(table: &Table) -> Vec<String> {
    let numbered = (1..)
        .map(|k| format!("p_{k}"))
        .take_while(|name| table.has_column(name));
    let named = ["p_segment", "p_within"]
        .into_iter()
        .filter(|name| table.has_column(name))
        .map(str::to_owned);
    numbered.chain(named).collect()
}

/// How often the units of a table were drawn.
pub(crate) fn unit_stages(table: &Table) -> usize {
    (1..)
        .take_while(|k| table.has_column(&format!("p_{k}")))
        .count()
}

/// The product of the stages of each row; `None` for reserves, which have none.
pub(crate) fn product(table: &Table) -> Result<Vec<Option<f64>>> {
    let mut product = vec![Some(1.0); table.rows()];
    for name in stage_columns(table) {
        for (product, p) in product.iter_mut().zip(table.numbers(&name)?) {
            *product = product.zip(p).map(|(a, b)| a * b);
        }
    }
    Ok(product)
}

/// Refuses tables whose `p` and `weight` no draw wrote: they would be overwritten.
pub(crate) fn check_own(table: &Table) -> Result<()> {
    let stages = stage_columns(table);
    for (column, inverse) in [(PRODUCT, false), (WEIGHT, true)] {
        if !table.has_column(column) {
            continue;
        }
        let taken = || Error::ColumnTaken {
            column: column.to_owned(),
        };
        if stages.is_empty() {
            return Err(taken());
        }
        let values = table.numbers(column).map_err(|_| taken())?;
        let same = product(table)?
            .into_iter()
            .zip(values)
            .all(|(p, value)| match (p, value) {
                (Some(p), Some(value)) => {
                    let value = if inverse { 1.0 / value } else { value };
                    (p - value).abs() <= 1e-6 * p
                }
                _ => true,
            });
        if !same {
            return Err(taken());
        }
    }
    Ok(())
}

/// The table with a stage's probabilities, and `p` and `weight` of all stages. Rows without a probability get no weight.
pub(crate) fn with_stage(table: &Table, name: &str, p: &[Option<f64>]) -> Result<Table> {
    check_own(table)?;
    let table = with_new(table, name, floats(p))?;
    let product = product(&table)?;
    let weight: Vec<Option<f64>> = product.iter().map(|p| p.map(|p| 1.0 / p)).collect();
    Ok(table
        .with_column(PRODUCT, floats(&product))?
        .with_column(WEIGHT, floats(&weight))?)
}

/// The table with a column that must not be there yet.
pub(crate) fn with_new(table: &Table, name: &str, values: ArrayRef) -> Result<Table> {
    if table.has_column(name) {
        return Err(Error::ColumnTaken {
            column: name.to_owned(),
        });
    }
    Ok(table.with_column(name, values)?)
}

/// Numbers as a column.
pub(crate) fn floats(values: &[Option<f64>]) -> ArrayRef {
    Arc::new(values.iter().copied().collect::<Float64Array>())
}
