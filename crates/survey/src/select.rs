//! Drawing from a list of areas: strata, allocation, order, reserves, and the columns that say what was done.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, StringArray, UInt32Array};
use serde::Serialize;
use tables::Table;

use crate::allocation::{Allocation, StratumSize, allocate};
use crate::selection::{Drawn, Method, draw, joint, pareto_is_corrected, probabilities};
use crate::stages::{floats, unit_stages, with_new, with_stage};
use crate::sums::sum;
use crate::{Error, Result};

/// How units are shared out over strata.
#[derive(Clone, Debug)]
pub enum Shares {
    /// By a rule.
    Rule(Allocation),
    /// By name of the stratum.
    Given(BTreeMap<String, usize>),
}

/// What to draw, and how.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Units in all; with given shares it must be their sum, or be left out.
    pub n: Option<usize>,
    /// How they are shared out.
    pub shares: Shares,
    /// The fewest of a stratum.
    pub minimum: usize,
    /// Columns whose values together make a stratum.
    pub strata: Vec<String>,
    /// The column of sizes; `cluster_weight` when `None`. Simple random samples need none.
    pub size: Option<String>,
    /// The column of ids; found by its name when `None`.
    pub id: Option<String>,
    /// Columns by which units are put in order; list order when empty.
    pub order_by: Vec<String>,
    /// Whether every second group of the order is turned round, so that neighbours in the list stay alike.
    pub serpentine: bool,
    /// Reserves in all, shared out as the units are.
    pub reserve: usize,
    /// How units are drawn.
    pub method: Method,
    /// The seed.
    pub seed: u64,
    /// Whether joint probabilities of the drawn pairs are wanted.
    pub joint: bool,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            n: None,
            shares: Shares::Rule(Allocation::Proportional),
            minimum: 2,
            strata: Vec::new(),
            size: None,
            id: None,
            order_by: Vec::new(),
            serpentine: false,
            reserve: 0,
            method: Method::Systematic,
            seed: 1,
            joint: false,
        }
    }
}

/// What was drawn.
#[derive(Clone, Debug)]
pub struct Selected {
    /// A row for each unit of the sample and of the reserves, with the columns of the frame.
    pub table: Table,
    /// What was done in each stratum.
    pub strata: Vec<StratumDrawn>,
    /// Joint probabilities of pairs of sample units of one stratum, where asked for and known.
    pub joint: Vec<JointProbability>,
    /// What the user should know, a line each.
    pub warnings: Vec<String>,
    /// The column of sizes, if there is one.
    pub size: Option<String>,
    /// Units without size, which cannot be drawn.
    pub without_size: usize,
}

/// What was done in a stratum.
#[derive(Clone, Debug, Serialize)]
pub struct StratumDrawn {
    /// Its name; empty without strata.
    pub stratum: String,
    /// Units with a size.
    pub units: usize,
    /// Their size in all.
    pub size: f64,
    /// Sample units.
    pub drawn: usize,
    /// Reserves.
    pub reserves: usize,
    /// Units that were certain.
    pub certain: usize,
    /// The sum of squared probabilities over the frame, for Hartley and Rao's variance.
    pub sum_p_squared: f64,
}

/// The probability that two units are drawn together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JointProbability {
    /// Their stratum.
    pub stratum: String,
    /// One unit.
    pub unit_a: String,
    /// The other.
    pub unit_b: String,
    /// The probability.
    pub p: f64,
}

const CLUSTER_WEIGHT: &str = "cluster_weight";

/// Draws units of a frame, stratum by stratum.
///
/// Columns that a draw adds: `psu_id` (text) and `stratum`, `stratum_units`, `stratum_drawn`, `certainty`, `reserve_order` and `replaces`
/// with reserves, `p_1`, `p` and `weight`. A frame that is a sample already gets `p_2`, with `_2` after the other names, and
/// `p` and `weight` of both draws; its reserves cannot be drawn.
///
/// # Errors
/// [`Error::Setting`], [`Error::BadValues`], [`Error::TooMany`], [`Error::Allocation`], [`Error::ColumnTaken`]; [`Error::Table`] for columns
/// that are not there.
pub fn select(frame: &Table, settings: &Selection) -> Result<Selected> {
    let stage = unit_stages(frame) + 1;
    let frame = released(frame)?;
    let ids = ids(&frame, settings.id.as_deref(), stage)?;
    let (size, sizes) = sizes(&frame, settings)?;
    let strata = strata(&frame, &settings.strata)?;
    let order = list_order(&frame, settings, &ids)?;
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for &row in &order {
        members.entry(&strata[row]).or_default().push(row);
    }
    let able: Vec<StratumSize> = members
        .iter()
        .map(|(name, rows)| {
            let units = rows.iter().filter(|&&row| sizes[row] > 0.0).count();
            let measure = match settings.method {
                Method::Srs => units as f64,
                _ => sum(rows.iter().map(|&row| sizes[row])),
            };
            StratumSize {
                name: (*name).to_owned(),
                units,
                measure,
            }
        })
        .collect();
    let (n, reserves) = counts(&able, settings)?;
    let mut warnings = Vec::new();
    let (mut report, mut pairs) = (Vec::new(), Vec::new());
    let (mut rows, mut drawn) = (Vec::new(), Vec::new());
    for (h, (name, list)) in members.iter().enumerate() {
        let list_sizes: Vec<f64> = list.iter().map(|&row| sizes[row]).collect();
        let found = draw(
            &list_sizes,
            n[h],
            reserves[h],
            settings.method,
            settings.seed,
            name,
        )?;
        report.push(described(
            name,
            &able[h],
            &list_sizes,
            &found,
            settings.method,
        )?);
        let units = list.len();
        warn_of_stratum(
            name,
            units,
            &found,
            reserves[h],
            settings.method,
            &mut warnings,
        );
        if settings.joint {
            joint_pairs(
                name,
                list,
                &ids,
                &list_sizes,
                n[h],
                reserves[h],
                &found,
                settings.method,
                &mut pairs,
                &mut warnings,
            )?;
        }
        for unit in found {
            rows.push(list[unit.unit]);
            let replaces = unit
                .reserve
                .as_ref()
                .and_then(|reserve| reserve.replaces)
                .map(|at| ids[list[at]].clone());
            drawn.push((h, unit, replaces));
        }
    }
    warn_of_lonely(&report, &mut warnings);
    // A table has fewer than 2^32 rows.
    let taken: Vec<u32> = rows.iter().map(|&row| row as u32).collect();
    let table = frame.take(&taken)?;
    let table = with_draw(table, &rows, &ids, &drawn, &report, settings, stage)?;
    warn_of_flags(&table, &mut warnings)?;
    let without_size = sizes.iter().filter(|&&size| size <= 0.0).count();
    Ok(Selected {
        table,
        strata: report,
        joint: pairs,
        warnings,
        size,
        without_size,
    })
}

/// A sample that is drawn from again, without its reserves.
fn released(frame: &Table) -> Result<Table> {
    let stages = unit_stages(frame);
    if stages == 0 {
        return Ok(frame.clone());
    }
    let p = frame.numbers(&format!("p_{stages}"))?;
    let rows: Vec<u32> = (0..frame.rows())
        .filter(|&row| p[row].is_some())
        .map(|row| row as u32)
        .collect();
    Ok(frame.take(&rows)?)
}

/// The id of each row as text.
fn ids(frame: &Table, named: Option<&str>, stage: usize) -> Result<Vec<String>> {
    let known = ["cluster_id", "psu_id", "ea_id", "id"];
    let column = match named {
        Some(name) => Some(name.to_owned()),
        None => known
            .iter()
            .find(|name| frame.has_column(name))
            .map(|name| (*name).to_owned())
            .or_else(|| {
                frame
                    .column_names()
                    .find(|name| name.ends_with("_id"))
                    .map(str::to_owned)
            }),
    };
    let Some(column) = column else {
        return Ok((0..frame.rows()).map(|row| row.to_string()).collect());
    };
    let texts = frame.texts(&column)?;
    let missing: Vec<usize> = (0..texts.len())
        .filter(|&row| texts[row].as_ref().is_none_or(|text| text.is_empty()))
        .collect();
    if !missing.is_empty() {
        return Err(Error::values(
            &column,
            &missing,
            "missing ids",
            "every unit needs an id (or name another column by --id)",
        ));
    }
    let ids: Vec<String> = texts.into_iter().flatten().collect();
    if stage == 1 {
        let mut seen = HashMap::new();
        let twice: Vec<usize> = (0..ids.len())
            .filter(|&row| seen.insert(ids[row].as_str(), row).is_some())
            .collect();
        if !twice.is_empty() {
            return Err(Error::values(
                &column,
                &twice,
                "ids that other rows have too",
                "ids must differ (or name another column by --id)",
            ));
        }
    }
    Ok(ids)
}

fn sizes(frame: &Table, settings: &Selection) -> Result<(Option<String>, Vec<f64>)> {
    let column = match &settings.size {
        Some(column) => column.as_str(),
        None if settings.method == Method::Srs && !frame.has_column(CLUSTER_WEIGHT) => {
            return Ok((None, vec![1.0; frame.rows()]));
        }
        None => CLUSTER_WEIGHT,
    };
    let sizes = frame.numbers(column)?;
    let bad: Vec<usize> = (0..sizes.len())
        .filter(|&row| sizes[row].is_none_or(|size| !(size.is_finite() && size >= 0.0)))
        .collect();
    if bad.is_empty() {
        Ok((
            Some(column.to_owned()),
            sizes.into_iter().flatten().collect(),
        ))
    } else {
        Err(Error::values(
            column,
            &bad,
            "missing, infinite or negative sizes",
            "every unit needs a size, 0 or more",
        ))
    }
}

fn strata(frame: &Table, columns: &[String]) -> Result<Vec<String>> {
    let mut parts: Vec<Vec<String>> = vec![Vec::new(); frame.rows()];
    for column in columns {
        let values = frame.texts(column)?;
        let missing: Vec<usize> = (0..values.len())
            .filter(|&row| values[row].as_ref().is_none_or(|value| value.is_empty()))
            .collect();
        if !missing.is_empty() {
            return Err(Error::values(
                column,
                &missing,
                "missing strata",
                "every unit belongs to a stratum",
            ));
        }
        for (parts, value) in parts.iter_mut().zip(values.into_iter().flatten()) {
            parts.push(value);
        }
    }
    let mut named: HashMap<String, Vec<String>> = HashMap::new();
    parts
        .into_iter()
        .map(|parts| {
            let name = parts.join(" / ");
            if named.entry(name.clone()).or_insert_with(|| parts.clone()) == &parts {
                Ok(name)
            } else {
                Err(Error::setting(
                    "a stratum's name",
                    name,
                    "one for each combination of values: rename them",
                ))
            }
        })
        .collect()
}

/// Rows in the order in which they are drawn: by the columns, then by id; in list order without columns.
fn list_order(frame: &Table, settings: &Selection, ids: &[String]) -> Result<Vec<usize>> {
    let mut order: Vec<usize> = (0..frame.rows()).collect();
    if settings.order_by.is_empty() {
        return Ok(order);
    }
    let keys: Vec<Vec<usize>> = settings
        .order_by
        .iter()
        .map(|column| ranks(frame, column))
        .collect::<Result<_>>()?;
    order.sort_by(|&a, &b| {
        let by_keys = keys.iter().map(|key| key[a].cmp(&key[b]));
        by_keys
            .fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
            .then_with(|| ids[a].cmp(&ids[b]))
            .then(a.cmp(&b))
    });
    if settings.serpentine {
        turn_every_second(&mut order, &keys);
    }
    Ok(order)
}

/// The rank of each row's value: as numbers where all are, otherwise as text.
fn ranks(frame: &Table, column: &str) -> Result<Vec<usize>> {
    let texts = frame.texts(column)?;
    let numbers = frame.numbers(column).ok();
    let mut rows: Vec<usize> = (0..texts.len()).collect();
    let compare = |a: usize, b: usize| match &numbers {
        Some(numbers) => {
            let value = |row: usize| numbers[row].unwrap_or(f64::NEG_INFINITY);
            value(a).total_cmp(&value(b))
        }
        None => texts[a].cmp(&texts[b]),
    };
    rows.sort_by(|&a, &b| compare(a, b).then(a.cmp(&b)));
    let mut ranks = vec![0; rows.len()];
    let mut rank = 0;
    for (place, &row) in rows.iter().enumerate() {
        if place > 0 && compare(rows[place - 1], row) != std::cmp::Ordering::Equal {
            rank += 1;
        }
        ranks[row] = rank;
    }
    Ok(ranks)
}

/// Turns every second group of equal values round, column by column from the left.
fn turn_every_second(order: &mut [usize], keys: &[Vec<usize>]) {
    let Some((key, rest)) = keys.split_first() else {
        return;
    };
    let mut from = 0;
    let mut second = false;
    while from < order.len() {
        let value = key[order[from]];
        let len = order[from..]
            .iter()
            .take_while(|&&row| key[row] == value)
            .count();
        let group = &mut order[from..from + len];
        turn_every_second(group, rest);
        if second {
            group.reverse();
        }
        second = !second;
        from += len;
    }
}

/// Units and reserves of each stratum.
fn counts(strata: &[StratumSize], settings: &Selection) -> Result<(Vec<usize>, Vec<usize>)> {
    let n = match &settings.shares {
        Shares::Given(given) => given_counts(strata, given, settings.n)?,
        Shares::Rule(rule) => {
            let n = settings.n.ok_or_else(|| {
                Error::setting(
                    "n",
                    "missing",
                    "given, unless a file says how many of each stratum",
                )
            })?;
            if n == 0 {
                return Err(Error::setting("n", n, "at least 1"));
            }
            let available = strata.iter().map(|stratum| stratum.units).sum();
            if let [only] = strata
                && n > only.units
            {
                return Err(Error::TooMany {
                    place: "the frame".to_owned(),
                    asked: n,
                    available,
                });
            }
            allocate(
                strata,
                rule,
                n,
                settings.minimum.min(if strata.len() == 1 {
                    0
                } else {
                    settings.minimum
                }),
            )?
        }
    };
    let left: Vec<StratumSize> = strata
        .iter()
        .zip(&n)
        .map(|(stratum, &n)| StratumSize {
            name: stratum.name.clone(),
            units: stratum.units - n,
            measure: n as f64,
        })
        .collect();
    let reserves = if settings.reserve == 0 {
        vec![0; n.len()]
    } else {
        allocate(&left, &Allocation::Proportional, settings.reserve, 0)?
    };
    Ok((n, reserves))
}

fn given_counts(
    strata: &[StratumSize],
    given: &BTreeMap<String, usize>,
    n: Option<usize>,
) -> Result<Vec<usize>> {
    if let Some(unknown) = given
        .keys()
        .find(|name| !strata.iter().any(|stratum| stratum.name == **name))
    {
        let names: Vec<&str> = strata
            .iter()
            .take(20)
            .map(|stratum| stratum.name.as_str())
            .collect();
        return Err(Error::setting(
            "a stratum of the allocation",
            unknown,
            format!("one of the frame: {}", names.join(", ")),
        ));
    }
    let total: usize = given.values().sum();
    if n.is_some_and(|n| n != total) || total == 0 {
        return Err(Error::setting(
            "n",
            n.unwrap_or(0),
            format!("the sum of the allocation, {total}, and above 0"),
        ));
    }
    strata
        .iter()
        .map(|stratum| {
            let asked = given.get(&stratum.name).copied().ok_or_else(|| {
                Error::setting(
                    "the allocation",
                    "silent",
                    format!("given for stratum {} too, 0 if none", stratum.name),
                )
            })?;
            if asked > stratum.units {
                let place = format!("stratum {}", stratum.name);
                return Err(Error::TooMany {
                    place,
                    asked,
                    available: stratum.units,
                });
            }
            Ok(asked)
        })
        .collect()
}

fn described(
    name: &str,
    stratum: &StratumSize,
    sizes: &[f64],
    found: &[Drawn],
    method: Method,
) -> Result<StratumDrawn> {
    let drawn = found.iter().filter(|unit| unit.reserve.is_none()).count();
    let measured: Vec<f64> = sizes
        .iter()
        .map(|&size| {
            if method == Method::Srs && size > 0.0 {
                1.0
            } else {
                size
            }
        })
        .collect();
    Ok(StratumDrawn {
        stratum: name.to_owned(),
        units: stratum.units,
        size: sum(sizes.iter().copied()),
        drawn,
        reserves: found.len() - drawn,
        certain: found.iter().filter(|unit| unit.certain).count(),
        sum_p_squared: probabilities(&measured, drawn)?.iter().map(|p| p * p).sum(),
    })
}

fn warn_of_stratum(
    name: &str,
    units: usize,
    found: &[Drawn],
    reserves: usize,
    method: Method,
    warnings: &mut Vec<String>,
) {
    let place = if name.is_empty() {
        String::new()
    } else {
        format!("stratum {name}: ")
    };
    let with_reserves = found
        .iter()
        .filter(|unit| !unit.certain && unit.drawn_probability >= 1.0)
        .count();
    if reserves > 0 && with_reserves > 0 {
        warnings.push(format!(
            "{place}{with_reserves} drawn units are certain once reserves are drawn too: their probability is known, but not n x / X"
        ));
    }
    if method == Method::Pareto && !pareto_is_corrected(units, found.len()) {
        warnings.push(format!(
            "{place}too large to correct Pareto's probabilities: they are within 0.0001"
        ));
    }
}

fn warn_of_lonely(report: &[StratumDrawn], warnings: &mut Vec<String>) {
    let lonely: Vec<&str> = report
        .iter()
        .filter(|stratum| stratum.drawn == 1 && stratum.certain == 0)
        .map(|stratum| {
            if stratum.stratum.is_empty() {
                "the frame"
            } else {
                stratum.stratum.as_str()
            }
        })
        .collect();
    if !lonely.is_empty() {
        warnings.push(format!(
            "one unit is drawn in {}: a variance needs two; the estimate will ask for a rule (such as collapsing it with the next stratum)",
            lonely.join(", ")
        ));
    }
}

/// What the grouping said of the clusters that were drawn.
fn warn_of_flags(table: &Table, warnings: &mut Vec<String>) -> Result<()> {
    if !table.has_column("flags") || !table.has_column("cluster_id") {
        return Ok(());
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut flagged = 0;
    for flags in table
        .texts("flags")?
        .into_iter()
        .flatten()
        .filter(|flags| !flags.is_empty())
    {
        flagged += 1;
        for flag in flags.split(',') {
            *counts.entry(flag.trim().to_owned()).or_default() += 1;
        }
    }
    if flagged > 0 {
        let words: Vec<String> = counts
            .iter()
            .map(|(flag, count)| format!("{flag} {count}"))
            .collect();
        warnings.push(format!(
            "{flagged} of {} drawn units have flags: {}",
            table.rows(),
            words.join(", ")
        ));
    }
    Ok(())
}

#[expect(
    clippy::too_many_arguments,
    reason = "one stratum's draw, and two lists that all strata fill"
)]
fn joint_pairs(
    stratum: &str,
    list: &[usize],
    ids: &[String],
    sizes: &[f64],
    n: usize,
    reserves: usize,
    found: &[Drawn],
    method: Method,
    pairs: &mut Vec<JointProbability>,
    warnings: &mut Vec<String>,
) -> Result<()> {
    let units: Vec<usize> = found
        .iter()
        .filter(|unit| unit.reserve.is_none())
        .map(|unit| unit.unit)
        .collect();
    let Some(matrix) = joint(method, sizes, n, reserves, &units)? else {
        warnings.push(format!(
            "joint probabilities of stratum {stratum} are not known: systematic samples with reserves have none, and very large strata take too long"
        ));
        return Ok(());
    };
    for (row, &a) in units.iter().enumerate() {
        for (column, &b) in units[..row].iter().enumerate() {
            pairs.push(JointProbability {
                stratum: stratum.to_owned(),
                unit_a: ids[list[b]].clone(),
                unit_b: ids[list[a]].clone(),
                p: matrix[row][column],
            });
        }
    }
    Ok(())
}

fn with_draw(
    table: Table,
    rows: &[usize],
    ids: &[String],
    drawn: &[(usize, Drawn, Option<String>)],
    report: &[StratumDrawn],
    settings: &Selection,
    stage: usize,
) -> Result<Table> {
    let name = |column: &str| {
        if stage == 1 {
            column.to_owned()
        } else {
            format!("{column}_{stage}")
        }
    };
    let count = |of: &dyn Fn(&StratumDrawn) -> usize| -> ArrayRef {
        Arc::new(UInt32Array::from_iter_values(
            drawn.iter().map(|(h, _, _)| of(&report[*h]) as u32),
        ))
    };
    let mut table = table;
    if !table.has_column("psu_id") {
        let texts: ArrayRef = Arc::new(StringArray::from_iter_values(
            rows.iter().map(|&row| ids[row].as_str()),
        ));
        table = with_new(&table, "psu_id", texts)?;
    }
    // A frame whose stratum column is called so keeps it.
    if settings.strata != ["stratum"] || stage > 1 {
        let names = drawn.iter().map(|(h, _, _)| report[*h].stratum.as_str());
        table = with_new(
            &table,
            &name("stratum"),
            Arc::new(StringArray::from_iter_values(names)),
        )?;
    }
    table = with_new(
        &table,
        &name("stratum_units"),
        count(&|stratum| stratum.units),
    )?;
    table = with_new(
        &table,
        &name("stratum_drawn"),
        count(&|stratum| stratum.drawn),
    )?;
    let certain = drawn.iter().map(|(_, unit, _)| Some(unit.certain));
    table = with_new(
        &table,
        &name("certainty"),
        Arc::new(certain.collect::<BooleanArray>()),
    )?;
    if settings.reserve > 0 {
        let orders = drawn
            .iter()
            .map(|(_, unit, _)| unit.reserve.as_ref().map(|reserve| reserve.order as u32));
        table = with_new(
            &table,
            &name("reserve_order"),
            Arc::new(orders.collect::<UInt32Array>()),
        )?;
        let replaces = drawn.iter().map(|(_, _, replaces)| replaces.as_deref());
        table = with_new(
            &table,
            &name("replaces"),
            Arc::new(replaces.collect::<StringArray>()),
        )?;
        let both = drawn
            .iter()
            .map(|(_, unit, _)| Some(unit.drawn_probability));
        table = with_new(
            &table,
            &format!("p_drawn_{stage}"),
            Arc::new(both.collect::<Float64Array>()),
        )?;
    }
    let p: Vec<Option<f64>> = drawn
        .iter()
        .map(|(_, unit, _)| unit.reserve.is_none().then_some(unit.probability))
        .collect();
    debug_assert_eq!(floats(&p).len(), table.rows());
    with_stage(&table, &format!("p_{stage}"), &p)
}
