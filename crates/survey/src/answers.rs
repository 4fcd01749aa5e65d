//! From a file of answers and the sample to a design.

use std::collections::{BTreeMap, HashMap};

use tables::Table;

use crate::estimates::{
    CellFactor, Correction, Design, LonelyPsu, NonresponseCells, Stage, Status, adjust_nonresponse,
};
use crate::stages::stage_columns;
use crate::{Error, Result};

/// Which columns say what.
#[derive(Clone, Debug, Default)]
pub struct AnswerColumns {
    /// The column by which answers belong to rows of the sample; found by its name when `None`.
    pub id: Option<String>,
    /// The weight; `weight` when `None`.
    pub weight: Option<String>,
    /// The stratum; `stratum` when `None` and there. An empty name stands for no strata.
    pub strata: Option<String>,
    /// The units of the stages, from the first; `psu_id` when empty and there.
    pub units: Vec<String>,
    /// Population sizes of the stages, for simple random samples.
    pub populations: Vec<String>,
    /// Probabilities of the stages, for Brewer's variance.
    pub probabilities: Vec<String>,
    /// What became of each unit; those without an answer did not answer when `None`.
    pub status: Option<String>,
    /// Cells of the adjustment for nonresponse; the strata when `None`.
    pub cells: Option<String>,
}

/// Answers with their design.
#[derive(Debug)]
pub struct Answers {
    /// The rows of the answers, with the columns of the sample that they had not.
    pub table: Table,
    /// How they came about.
    pub design: Design,
    /// Names of first-stage units, in list order.
    pub units: Vec<String>,
    /// What was done about nonresponse, where anything was.
    pub nonresponse: Vec<CellFactor>,
    /// What the user should know, a line each.
    pub notes: Vec<String>,
}

/// Joins answers to the sample and builds their design; without a sample, the answers have the columns themselves.
///
/// A unit that was certain is a stratum of its own, whose units are the rows of the next stage. Sample rows without an
/// answer are nonresponse: the weights of the others in their cell grow. Answers of reserves count as released, in order.
///
/// # Errors
/// [`Error::Answers`] for answers that are not in the sample and reserves out of order; [`Error::LonelyPsu`] later on, from the design.
pub fn join_answers(
    answers: &Table,
    sample: Option<&Table>,
    columns: &AnswerColumns,
    cells: NonresponseCells,
    lonely: LonelyPsu,
) -> Result<Answers> {
    let mut notes = Vec::new();
    let mut nonresponse = Vec::new();
    let (table, mut weights) = match sample {
        None => {
            let weight = columns.weight.as_deref().unwrap_or("weight");
            (answers.clone(), required(answers, weight)?)
        }
        Some(sample) => joined(
            answers,
            sample,
            columns,
            cells,
            &mut notes,
            &mut nonresponse,
        )?,
    };
    if let Some(status) = columns.status.as_deref().filter(|_| sample.is_none()) {
        let status = statuses(&table, status)?;
        let cell = columns.cells.as_deref().or(columns.strata.as_deref());
        let names = match cell {
            Some(column) => texts(&table, column)?,
            None => vec!["all".to_owned(); table.rows()],
        };
        (weights, nonresponse) = adjust_nonresponse(&weights, &status, &names, cells)?;
    }
    let (design, units) = design(&table, weights, columns, lonely, &mut notes)?;
    Ok(Answers {
        table,
        design,
        units,
        nonresponse,
        notes,
    })
}

fn required(table: &Table, column: &str) -> Result<Vec<f64>> {
    let values = table.numbers(column)?;
    let missing: Vec<usize> = (0..values.len())
        .filter(|&row| values[row].is_none())
        .collect();
    if missing.is_empty() {
        Ok(values.into_iter().flatten().collect())
    } else {
        Err(Error::values(
            column,
            &missing,
            "missing values",
            "every answer needs one",
        ))
    }
}

fn texts(table: &Table, column: &str) -> Result<Vec<String>> {
    Ok(table
        .texts(column)?
        .into_iter()
        .map(Option::unwrap_or_default)
        .collect())
}

fn statuses(table: &Table, column: &str) -> Result<Vec<Status>> {
    texts(table, column)?
        .iter()
        .map(|text| text.parse())
        .collect()
}

/// The column that answers and sample share as an id.
fn key(answers: &Table, sample: &Table, named: Option<&str>) -> Result<String> {
    if let Some(name) = named {
        return Ok(name.to_owned());
    }
    let usual = ["unit_id", "psu_id", "cluster_id", "ea_id", "id"];
    let found = usual
        .into_iter()
        .find(|name| answers.has_column(name) && sample.has_column(name));
    let other = || {
        answers
            .column_names()
            .find(|name| name.ends_with("_id") && sample.has_column(name))
            .map(str::to_owned)
    };
    found.map(str::to_owned).or_else(other).ok_or_else(|| {
        Error::Answers(
            "answers and sample have no id column in common: name one by --id".to_owned(),
        )
    })
}

/// The answers with the sample's columns, and their weights after nonresponse.
fn joined(
    answers: &Table,
    sample: &Table,
    columns: &AnswerColumns,
    settings: NonresponseCells,
    notes: &mut Vec<String>,
    nonresponse: &mut Vec<CellFactor>,
) -> Result<(Table, Vec<f64>)> {
    let key = key(answers, sample, columns.id.as_deref())?;
    let ids = texts(sample, &key)?;
    let mut row_of: HashMap<&str, usize> = HashMap::new();
    for (row, id) in ids.iter().enumerate() {
        if row_of.insert(id, row).is_some() {
            return Err(Error::Answers(format!(
                "{key} {id} is in the sample twice: name a column of ids that differ by --id"
            )));
        }
    }
    let answer_ids = texts(answers, &key)?;
    let unknown: Vec<&str> = answer_ids
        .iter()
        .filter(|id| !row_of.contains_key(id.as_str()))
        .map(String::as_str)
        .collect();
    if !unknown.is_empty() {
        let shown = unknown
            .iter()
            .take(5)
            .copied()
            .collect::<Vec<_>>()
            .join(", ");
        return Err(Error::Answers(format!(
            "{} answers are not in the sample, first {key} {shown}: every answer belongs to a unit that was drawn",
            unknown.len()
        )));
    }
    let rows: Vec<usize> = answer_ids.iter().map(|id| row_of[id.as_str()]).collect();
    let mut answered = vec![false; sample.rows()];
    rows.iter().for_each(|&row| answered[row] = true);
    let weight = columns.weight.as_deref().unwrap_or("weight");
    let base = released_weights(sample, sample.numbers(weight)?, &answered, notes)?;
    let status: Vec<Status> = match &columns.status {
        // Of answers, where they say it; those without a row did not answer.
        Some(column) if answers.has_column(column) => {
            let mut status = vec![Status::NotAnswered; sample.rows()];
            for (&row, code) in rows.iter().zip(statuses(answers, column)?) {
                status[row] = code;
            }
            status
        }
        Some(column) => statuses(sample, column)?,
        None => answered
            .iter()
            .map(|&answered| {
                if answered {
                    Status::Answered
                } else {
                    Status::NotAnswered
                }
            })
            .collect(),
    };
    let drawn: Vec<usize> = (0..sample.rows())
        .filter(|&row| base[row].is_some())
        .collect();
    let cell = columns
        .cells
        .as_deref()
        .or(columns.strata.as_deref())
        .unwrap_or("stratum");
    let names = if sample.has_column(cell) {
        texts(sample, cell)?
    } else {
        vec!["all".to_owned(); sample.rows()]
    };
    let of_drawn = |row: &usize| base[*row].unwrap_or(0.0);
    let drawn_weights: Vec<f64> = drawn.iter().map(of_drawn).collect();
    let mut adjusted = vec![0.0; sample.rows()];
    if drawn.iter().all(|&row| status[row] == Status::Answered) {
        drawn
            .iter()
            .zip(&drawn_weights)
            .for_each(|(&row, weight)| adjusted[row] = *weight);
    } else {
        let drawn_status: Vec<Status> = drawn.iter().map(|&row| status[row]).collect();
        let drawn_cells: Vec<String> = drawn.iter().map(|&row| names[row].clone()).collect();
        let (weights, report) =
            adjust_nonresponse(&drawn_weights, &drawn_status, &drawn_cells, settings)?;
        drawn
            .iter()
            .zip(weights)
            .for_each(|(&row, weight)| adjusted[row] = weight);
        let without = drawn_status
            .iter()
            .filter(|&&status| status == Status::NotAnswered)
            .count();
        notes.push(format!(
            "{without} of {} units that were drawn have no answer: weights of the others grow in {} cells",
            drawn.len(),
            report.len()
        ));
        *nonresponse = report;
    }
    let mut table = answers.clone();
    let taken = sample.take(&rows.iter().map(|&row| row as u32).collect::<Vec<u32>>())?;
    let geometry = sample.geometry_column();
    for column in sample.column_names().filter(|name| Some(*name) != geometry) {
        if !table.has_column(column) {
            table = table.with_column(column, taken.column(column)?)?;
        }
    }
    let mut weights: Vec<f64> = rows.iter().map(|&row| adjusted[row]).collect();
    for stage in ["p_segment", "p_within"]
        .into_iter()
        .filter(|stage| answers.has_column(stage) && !sample.has_column(stage))
    {
        for (weight, p) in weights.iter_mut().zip(required(answers, stage)?) {
            *weight /= p;
        }
    }
    Ok((table, weights))
}

/// Weights of the sample, once reserves that answered are released: all weights of their stratum shrink.
fn released_weights(
    sample: &Table,
    weights: Vec<Option<f64>>,
    answered: &[bool],
    notes: &mut Vec<String>,
) -> Result<Vec<Option<f64>>> {
    let needed = ["reserve_order", "p_drawn_1", "certainty"];
    if !needed.iter().all(|name| sample.has_column(name)) || stage_columns(sample).len() != 1 {
        return Ok(weights);
    }
    let order = sample.numbers("reserve_order")?;
    let (p, certain) = (sample.numbers("p_drawn_1")?, sample.flags("certainty")?);
    let strata = if sample.has_column("stratum") {
        texts(sample, "stratum")?
    } else {
        vec![String::new(); sample.rows()]
    };
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, stratum) in strata.iter().enumerate() {
        if certain[row] != Some(true) {
            members.entry(stratum).or_default().push(row);
        }
    }
    let mut weights = weights;
    for (stratum, rows) in members {
        let last = rows
            .iter()
            .filter(|&&row| answered[row])
            .filter_map(|&row| order[row])
            .fold(0.0, f64::max);
        if last == 0.0 {
            continue;
        }
        let kept = rows.iter().filter(|&&row| order[row].is_none()).count() as f64;
        let released = kept + last;
        for &row in rows
            .iter()
            .filter(|&&row| order[row].is_none_or(|order| order <= last))
        {
            weights[row] = p[row].map(|p| 1.0 / (p * released / rows.len() as f64));
        }
        let skipped: Vec<usize> = rows
            .iter()
            .copied()
            .filter(|&row| order[row].is_some_and(|order| order < last) && !answered[row])
            .collect();
        notes.push(format!(
            "stratum {stratum}: {last} reserves are released, and all weights of the stratum count for {released} units drawn"
        ));
        if !skipped.is_empty() {
            notes.push(format!(
                "stratum {stratum}: {} reserves before the last one have no answer; they count as nonresponse, as if they were tried",
                skipped.len()
            ));
        }
    }
    Ok(weights)
}

fn design(
    table: &Table,
    weights: Vec<f64>,
    columns: &AnswerColumns,
    lonely: LonelyPsu,
    notes: &mut Vec<String>,
) -> Result<(Design, Vec<String>)> {
    let rows = table.rows();
    let strata = match columns.strata.as_deref() {
        Some("") => None,
        Some(column) => Some(texts(table, column)?),
        None if table.has_column("stratum") => Some(texts(table, "stratum")?),
        None => None,
    };
    let units: Vec<String> = match columns.units.first() {
        None if table.has_column("psu_id") => vec!["psu_id".to_owned()],
        _ => columns.units.clone(),
    };
    let given = |k: usize| -> Result<Correction> {
        if let Some(column) = columns.populations.get(k) {
            let populations = table.numbers(column)?;
            return Ok(Correction::Population(
                populations
                    .into_iter()
                    .map(|n| n.unwrap_or(f64::INFINITY))
                    .collect(),
            ));
        }
        match columns.probabilities.get(k) {
            Some(column) => Ok(Correction::Probability(required(table, column)?)),
            None => Ok(Correction::None),
        }
    };
    let row_names: Vec<String> = (0..rows).map(|row| format!("row {row}")).collect();
    let mut stages = Vec::new();
    for (k, column) in units.iter().enumerate() {
        let names = texts(table, column)?;
        stages.push(Stage {
            strata: if k == 0 { strata.clone() } else { None },
            units: names,
            correction: given(k)?,
        });
    }
    if stages.is_empty() {
        stages.push(Stage {
            strata,
            units: row_names.clone(),
            correction: given(0)?,
        });
    }
    let deepest = stages
        .len()
        .max(columns.populations.len())
        .max(columns.probabilities.len());
    for k in stages.len()..deepest {
        stages.push(Stage {
            strata: None,
            units: row_names.clone(),
            correction: given(k)?,
        });
    }
    if columns.probabilities.is_empty() && columns.populations.is_empty() {
        certain_strata(table, &mut stages[0], &row_names, notes)?;
    }
    let mut names = Vec::new();
    let design = Design::new(weights, &stages, lonely)?;
    for (row, &unit) in design.unit_of_row().iter().enumerate() {
        if unit == names.len() {
            names.push(stages[0].units[row].clone());
        }
    }
    Ok((design, names))
}

/// Makes each certain unit a stratum, and its rows (or units of the next stage) the units.
fn certain_strata(
    table: &Table,
    first: &mut Stage,
    row_names: &[String],
    notes: &mut Vec<String>,
) -> Result<()> {
    if !table.has_column("certainty") {
        return Ok(());
    }
    let certain: Vec<bool> = table
        .flags("certainty")?
        .into_iter()
        .map(|flag| flag == Some(true))
        .collect();
    if !certain.contains(&true) {
        return Ok(());
    }
    let next = if table.has_column("unit_id") {
        texts(table, "unit_id")?
    } else {
        row_names.to_vec()
    };
    let mut strata = first
        .strata
        .take()
        .unwrap_or_else(|| vec![String::new(); table.rows()]);
    let mut seen: Vec<String> = Vec::new();
    for row in (0..table.rows()).filter(|&row| certain[row]) {
        let unit = std::mem::replace(&mut first.units[row], next[row].clone());
        strata[row] = format!("{} certain {unit}", strata[row]).trim().to_owned();
        if !seen.contains(&unit) {
            seen.push(unit);
        }
    }
    first.strata = Some(strata);
    notes.push(format!(
        "{} units were certain: each is a stratum, and its rows are the units",
        seen.len()
    ));
    Ok(())
}
