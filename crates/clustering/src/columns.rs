//! What is read from the columns of a table: rules, weights, strata.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use tables::Table;

use crate::{BadWeights, Condition, Error, Params, Question, Settings};

/// Weights are looked for here if no column is named, whatever the case.
pub(crate) const USUAL_WEIGHT: &str = "population";
/// Rows named in an error.
const NAMED: usize = 5;
/// No weight of a place on Earth is as large: rasters say "no data" with the greatest single or double numbers, or with 9.97e36.
const ABSURD: f64 = 1e30;
/// Values that often stand for "no data" and might be weights.
const SENTINELS: [f64; 9] = [
    9_999.0,
    32_767.0,
    65_535.0,
    99_999.0,
    999_999.0,
    9_999_999.0,
    2_147_483_647.0,
    4_294_967_295.0,
    99_999_999.0,
];
/// A sentinel is warned of if it is so many times the next smaller weight.
const FAR_ABOVE: f64 = 10.0;

/// The column of this name, or else the only one that differs from it in case alone.
pub(crate) fn find<'a>(table: &'a Table, name: &str) -> Result<Option<&'a str>, Error> {
    let exact = table.column_names().find(|&column| column == name);
    if exact.is_some() {
        return Ok(exact);
    }
    let lower = name.to_lowercase();
    let alike: Vec<&str> = table
        .column_names()
        .filter(|column| column.to_lowercase() == lower)
        .collect();
    match alike.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        _ => Err(Error::AmbiguousColumn {
            name: name.to_owned(),
            present: alike.into_iter().map(str::to_owned).collect(),
        }),
    }
}

/// As [`find`]; fails unless the table has such a column.
pub(crate) fn require<'a>(table: &'a Table, name: &str) -> Result<&'a str, Error> {
    find(table, name)?.ok_or_else(|| Error::NoColumn {
        column: name.to_owned(),
        present: table.column_names().map(str::to_owned).collect(),
    })
}

/// The column of weights; `None` where every row counts 1.
pub(crate) fn weight_column<'a>(
    table: &'a Table,
    params: &Params,
) -> Result<Option<&'a str>, Error> {
    match &params.weight_column {
        Some(column) => require(table, column).map(Some),
        None => find(table, USUAL_WEIGHT),
    }
}

/// The columns of numbers, which could be weights.
pub(crate) fn numeric(table: &Table) -> Vec<String> {
    let schema = table.schema();
    let numeric = schema
        .fields()
        .iter()
        .filter(|field| field.data_type().is_numeric());
    numeric.map(|field| field.name().clone()).collect()
}

/// The settings of the rows: all there are, and which of them each row has.
pub(crate) struct RowSettings {
    pub all: Vec<Settings>,
    /// Empty where all rows have the same.
    pub of: Vec<u32>,
}

impl RowSettings {
    /// Answers every rule for every row.
    pub fn read(table: &Table, params: &Params) -> Result<Self, Error> {
        let mut answers: Vec<(&'static str, Vec<u32>)> = Vec::new();
        params.settings(&mut |name, question| {
            answers.push((name, answer(table, name, &question)?));
            Ok(0)
        })?;
        if answers.is_empty() || table.rows() == 0 {
            return Ok(Self {
                all: vec![params.settings(&mut |_, _| Ok(0))?],
                of: Vec::new(),
            });
        }
        let mut number: HashMap<Vec<u32>, u32> = HashMap::new();
        let mut all = Vec::new();
        let mut of = Vec::with_capacity(table.rows());
        for row in 0..table.rows() {
            let key: Vec<u32> = answers.iter().map(|(_, answers)| answers[row]).collect();
            let next = all.len() as u32;
            let number = match number.get(&key) {
                Some(&number) => number,
                None => {
                    let mut chosen = key.iter();
                    all.push(params.settings(&mut |_, _| {
                        Ok(chosen.next().map_or(0, |&choice| choice as usize))
                    })?);
                    number.insert(key, next);
                    next
                }
            };
            of.push(number);
        }
        if all.len() == 1 {
            of.clear();
        }
        Ok(Self { all, of })
    }
}

/// The answer of each row to the question of a rule, as [`Params::settings`] takes it.
fn answer(
    table: &Table,
    setting: &'static str,
    question: &Question<'_>,
) -> Result<Vec<u32>, Error> {
    match question {
        Question::Condition(condition) => {
            let holds = holds(table, setting, condition)?;
            Ok(holds.into_iter().map(u32::from).collect())
        }
        Question::Values { column, values } => {
            let column = require(table, column)?;
            let number = |text: &str| {
                let same = |value: &&str| {
                    **value == *text
                        || matches!((value.parse::<f64>(), text.parse::<f64>()), (Ok(a), Ok(b)) if a == b)
                };
                values.iter().position(same).map_or(0, |at| at as u32 + 1)
            };
            let texts = table.texts(column)?;
            let mut known: HashMap<String, u32> = HashMap::new();
            Ok(texts
                .into_iter()
                .map(|text| match text {
                    Some(text) => match known.get(&text) {
                        Some(&number) => number,
                        None => {
                            let found = number(&text);
                            known.insert(text, found);
                            found
                        }
                    },
                    None => 0,
                })
                .collect())
        }
    }
}

/// Whether the condition of a rule holds for each row.
fn holds(table: &Table, setting: &'static str, condition: &Condition) -> Result<Vec<bool>, Error> {
    let column = require(table, &condition.column)?;
    Ok(match &condition.when {
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
    })
}

/// The weight of each row; `None` for a row to leave out.
pub(crate) fn weights(
    table: &Table,
    column: &str,
    bad: BadWeights,
) -> Result<Vec<Option<f64>>, Error> {
    let mut weights = table.numbers(column)?;
    let is_good = |weight: &Option<f64>| weight.is_some_and(|w| (0.0..ABSURD).contains(&w));
    match bad {
        BadWeights::Refuse => {
            let rows = || (0..).zip(&weights).filter(|(_, weight)| !is_good(weight));
            let count = rows().count();
            if count > 0 {
                let absurd = rows().any(|(_, w)| w.is_some_and(|w| w.is_finite() && w >= ABSURD));
                return Err(Error::BadValues {
                    column: column.to_owned(),
                    count,
                    what: if absurd {
                        "weights that are missing, infinite, negative or so large that they mean no data"
                    } else {
                        "weights that are missing, infinite or negative"
                    },
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

/// What is suspicious about the weights of the places, `rows` being theirs.
pub(crate) fn doubts_about(column: &str, weights: &[f64], rows: &[u32]) -> Vec<String> {
    let mut doubts = Vec::new();
    let total: f64 = weights.iter().sum();
    let Some((at, largest)) = (0..)
        .zip(weights.iter().copied())
        .reduce(|a: (usize, f64), b| if b.1 > a.1 { b } else { a })
    else {
        return doubts;
    };
    if weights.len() > 2 && largest > 0.5 * total {
        doubts.push(format!(
            "row {} holds {largest} of the {total:.1} in column {column:?}, more than half: check that it is a weight",
            rows[at]
        ));
    }
    let next = weights
        .iter()
        .copied()
        .filter(|&weight| weight < largest)
        .fold(0.0, f64::max);
    if weights.len() > 2 && SENTINELS.contains(&largest) && largest > FAR_ABOVE * next {
        let count = weights.iter().filter(|&&weight| weight == largest).count();
        doubts.push(format!(
            "{count} rows hold {largest} in column {column:?}, which often means no data, and none of the others more than {next}: leave them out if they are no weights"
        ));
    }
    doubts
}

/// The columns that `strata` names: one, or several with commas between.
pub(crate) fn strata_columns<'a>(table: &'a Table, strata: &str) -> Result<Vec<&'a str>, Error> {
    if let Some(column) = find(table, strata)? {
        return Ok(vec![column]);
    }
    let names = strata.split(',').map(str::trim);
    names.map(|name| require(table, name)).collect()
}

/// A number for the stratum of each row, the same for equal values; missing values are a stratum too.
pub(crate) fn strata(table: &Table, columns: &[&str]) -> Result<Vec<u32>, Error> {
    let mut strata = vec![0; table.rows()];
    for column in columns {
        let mut numbers = BTreeMap::new();
        for (stratum, value) in strata.iter_mut().zip(table.texts(column)?) {
            let next = numbers.len() as u32;
            *stratum = *numbers.entry((*stratum, value)).or_insert(next);
        }
    }
    Ok(strata)
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
