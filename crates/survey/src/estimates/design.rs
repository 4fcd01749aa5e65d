//! How rows of answers came about.

use std::collections::{BTreeMap, HashMap};

use crate::{Error, Result};

/// What is known of the population at a stage, for the correction of its variance; a value a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Correction {
    /// Nothing: units count as drawn with replacement, and later stages add nothing.
    None,
    /// Units in the population of the row's stratum, for simple random samples; infinite for no correction.
    Population(Vec<f64>),
    /// The inclusion probability of the row's unit, for draws with unequal probabilities (Brewer's variance).
    Probability(Vec<f64>),
}

/// A stage of a draw: the unit of each row, the stratum it was drawn from, and what is known of the population.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// The stratum of each row; `None` for a single one. Within the units of the stage before in any case.
    pub strata: Option<Vec<String>>,
    /// The unit of each row. Units of different strata are different, whatever their names.
    pub units: Vec<String>,
    /// What is known of the population.
    pub correction: Correction,
}

/// What is done with a stratum of one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LonelyPsu {
    /// It is refused, and named.
    #[default]
    Refuse,
    /// It is joined with the next stratum in list order, or the one before: decided before answers are looked at.
    Collapse,
    /// It adds nothing, as if it were certain.
    Certainty,
    /// It adds what strata with a variance add on average.
    Average,
    /// It is centred at the mean of all units' sums (Stata's `singleunit(centered)`).
    Centred,
    /// It is centred at 0, as R's `survey.lonely.psu = "adjust"` does.
    Adjust,
}

/// The units of a stage, as numbers.
#[derive(Clone, Debug)]
pub(crate) struct Coded {
    /// The stratum of each row.
    pub strata: Vec<usize>,
    /// Names of the strata, in list order.
    pub names: Vec<String>,
    /// The unit of each row, counted over all strata.
    pub units: Vec<usize>,
    /// The stratum of each unit.
    pub stratum_of: Vec<usize>,
    pub correction: Correction,
}

impl Coded {
    /// Units of each stratum, in list order.
    pub fn members(&self) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); self.names.len()];
        for (unit, &stratum) in self.stratum_of.iter().enumerate() {
            members[stratum].push(unit);
        }
        members
    }

    /// The correction factor 1 - f of each unit, given the units of its stratum.
    pub fn left_over(&self, counts: &[usize]) -> Vec<f64> {
        self.by_unit(1.0, |value, unit| match &self.correction {
            Correction::None => 1.0,
            Correction::Population(_) if value.is_infinite() => 1.0,
            Correction::Population(_) => (value - counts[self.stratum_of[unit]] as f64) / value,
            Correction::Probability(_) => 1.0 - value,
        })
    }

    /// The share of the population that a unit's stage took: what its later stages count with.
    pub fn taken(&self, counts: &[usize]) -> Vec<f64> {
        self.by_unit(0.0, |value, unit| match &self.correction {
            Correction::None => 0.0,
            Correction::Population(_) if value.is_infinite() => 0.0,
            Correction::Population(_) => counts[self.stratum_of[unit]] as f64 / value,
            Correction::Probability(_) => value,
        })
    }

    fn by_unit(&self, without: f64, of: impl Fn(f64, usize) -> f64) -> Vec<f64> {
        let (Correction::Population(values) | Correction::Probability(values)) = &self.correction
        else {
            return vec![without; self.stratum_of.len()];
        };
        let mut result = vec![without; self.stratum_of.len()];
        for (&unit, &value) in self.units.iter().zip(values) {
            result[unit] = of(value, unit);
        }
        result
    }
}

/// How rows of answers came about: weights, stages, and the rule for strata of one unit.
#[derive(Clone, Debug)]
pub struct Design {
    weights: Vec<f64>,
    pub(crate) stages: Vec<Coded>,
    pub(crate) lonely: LonelyPsu,
}

impl Design {
    /// A design of rows with these weights. Without stages every row is a unit of its own, without strata.
    ///
    /// # Errors
    /// [`Error::Design`] for lengths that differ, units in two strata, populations smaller than the sample or probabilities
    /// outside of 0 to 1; [`Error::BadValues`] for weights that are negative or not finite.
    pub fn new(weights: Vec<f64>, stages: &[Stage], lonely: LonelyPsu) -> Result<Self> {
        let bad: Vec<usize> = (0..weights.len())
            .filter(|&row| !(weights[row].is_finite() && weights[row] >= 0.0))
            .collect();
        if !bad.is_empty() {
            return Err(Error::values(
                "weight",
                &bad,
                "negative or infinite weights",
                "weights are 0 or more",
            ));
        }
        let rows = weights.len();
        let each_row = Stage {
            strata: None,
            units: (0..rows).map(|row| row.to_string()).collect(),
            correction: Correction::None,
        };
        let stages = if stages.is_empty() {
            std::slice::from_ref(&each_row)
        } else {
            stages
        };
        let mut coded: Vec<Coded> = Vec::with_capacity(stages.len());
        for stage in stages {
            let within = coded.last().map(|before| before.units.as_slice());
            coded.push(code(stage, rows, within)?);
        }
        if lonely == LonelyPsu::Collapse
            && let Some(first) = coded.first_mut()
        {
            collapse(first);
        }
        Ok(Self {
            weights,
            stages: coded,
            lonely,
        })
    }

    /// The weight of each row.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Rows of answers.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.weights.len()
    }

    /// First-stage units with a weight above 0.
    #[must_use]
    pub fn units(&self) -> usize {
        self.weighted_units()
            .iter()
            .filter(|&&weighted| weighted)
            .count()
    }

    /// Strata of the first stage with a weight above 0.
    #[must_use]
    pub fn strata(&self) -> usize {
        let first = self.first();
        let mut strata: Vec<usize> = self
            .weighted_units()
            .iter()
            .zip(&first.stratum_of)
            .filter(|(weighted, _)| **weighted)
            .map(|(_, &h)| h)
            .collect();
        strata.sort_unstable();
        strata.dedup();
        strata.len()
    }

    /// Degrees of freedom: first-stage units less strata.
    #[must_use]
    pub fn df(&self) -> usize {
        self.units().saturating_sub(self.strata())
    }

    /// Strata with one unit that is not certain, by name: their rule is [`LonelyPsu`].
    #[must_use]
    pub fn lonely_strata(&self) -> Vec<String> {
        let first = self.first();
        let members = first.members();
        let counts: Vec<usize> = members.iter().map(Vec::len).collect();
        let left = first.left_over(&counts);
        let alone = members
            .iter()
            .zip(&first.names)
            .filter(|(units, _)| units.len() == 1 && left[units[0]] > 1e-7);
        alone.map(|(_, name)| name.clone()).collect()
    }

    /// The first-stage unit of each row, as numbers in list order.
    #[must_use]
    pub fn unit_of_row(&self) -> &[usize] {
        &self.first().units
    }

    pub(crate) fn first(&self) -> &Coded {
        &self.stages[0]
    }

    fn weighted_units(&self) -> Vec<bool> {
        let mut weighted = vec![false; self.first().stratum_of.len()];
        for (&unit, &weight) in self.first().units.iter().zip(&self.weights) {
            weighted[unit] |= weight > 0.0;
        }
        weighted
    }
}

fn code(stage: &Stage, rows: usize, within: Option<&[usize]>) -> Result<Coded> {
    let lengths = [Some(stage.units.len()), stage.strata.as_ref().map(Vec::len)];
    if lengths.into_iter().flatten().any(|length| length != rows) {
        return Err(Error::Design(format!(
            "strata and units need a value for each of {rows} rows"
        )));
    }
    let (mut strata_codes, mut unit_codes) = (HashMap::new(), HashMap::new());
    let (mut names, mut stratum_of) = (Vec::new(), Vec::new());
    let (mut strata, mut units) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
    for row in 0..rows {
        let name = stage
            .strata
            .as_ref()
            .map_or("", |strata| strata[row].as_str());
        let parent = within.map_or(0, |units| units[row]);
        let stratum = *strata_codes.entry((parent, name)).or_insert_with(|| {
            names.push(if name.is_empty() {
                "(all)".to_owned()
            } else {
                name.to_owned()
            });
            names.len() - 1
        });
        let unit = *unit_codes
            .entry((stratum, stage.units[row].as_str()))
            .or_insert_with(|| {
                stratum_of.push(stratum);
                stratum_of.len() - 1
            });
        strata.push(stratum);
        units.push(unit);
    }
    let coded = Coded {
        strata,
        names,
        units,
        stratum_of,
        correction: stage.correction.clone(),
    };
    check_correction(&coded, rows)?;
    Ok(coded)
}

fn check_correction(coded: &Coded, rows: usize) -> Result<()> {
    let (Correction::Population(values) | Correction::Probability(values)) = &coded.correction
    else {
        return Ok(());
    };
    if values.len() != rows {
        return Err(Error::Design(format!(
            "populations or probabilities need a value for each of {rows} rows"
        )));
    }
    let counts: Vec<usize> = coded.members().iter().map(Vec::len).collect();
    let mut of_unit: BTreeMap<usize, f64> = BTreeMap::new();
    for (row, &value) in values.iter().enumerate() {
        let stratum = coded.strata[row];
        let fits = match &coded.correction {
            Correction::Probability(_) => value > 0.0 && value <= 1.0 + 1e-9,
            _ => value >= counts[stratum] as f64 * (1.0 - 1e-9),
        };
        if !fits {
            let expected = match &coded.correction {
                Correction::Probability(_) => "above 0 and at most 1".to_owned(),
                _ => format!("at least {}, the units drawn", counts[stratum]),
            };
            return Err(Error::Design(format!(
                "stratum {}, row {row}: population or probability is {value}, it must be {expected}",
                coded.names[stratum]
            )));
        }
        let before = *of_unit.entry(coded.units[row]).or_insert(value);
        if (before - value).abs() > 1e-9 * before.abs() && before.is_finite() {
            return Err(Error::Design(format!(
                "row {row}: a unit has population or probability {before} and {value}"
            )));
        }
    }
    Ok(())
}

/// Joins strata of one unit with the next in list order, or the one before.
fn collapse(first: &mut Coded) {
    loop {
        let members = first.members();
        let counts: Vec<usize> = members.iter().map(Vec::len).collect();
        let left = first.left_over(&counts);
        let alone = |h: usize| members[h].len() == 1 && left[members[h][0]] > 1e-7;
        let used: Vec<usize> = (0..members.len())
            .filter(|&h| !members[h].is_empty())
            .collect();
        let Some(at) = used.iter().position(|&h| alone(h)) else {
            return;
        };
        // A certain unit, with nothing left over, is a stratum for good.
        let able = |place: usize| {
            used.get(place)
                .copied()
                .filter(|&h| members[h].iter().any(|&unit| left[unit] > 1e-7))
        };
        let before = (0..at).rev().find_map(able);
        let Some(other) = (at + 1..used.len()).find_map(able).or(before) else {
            return;
        };
        join(first, used[at], other);
    }
}

fn join(first: &mut Coded, a: usize, b: usize) {
    let name = format!("{} with {}", first.names[a], first.names[b]);
    if let Correction::Population(values) = &mut first.correction {
        let size = |h: usize, values: &[f64]| {
            (0..values.len())
                .find(|&row| first.strata[row] == h)
                .map_or(0.0, |row| values[row])
        };
        let both = size(a, values) + size(b, values);
        for (value, &stratum) in values.iter_mut().zip(&first.strata) {
            if stratum == a || stratum == b {
                *value = both;
            }
        }
    }
    for stratum in first.strata.iter_mut().chain(&mut first.stratum_of) {
        if *stratum == a {
            *stratum = b;
        }
    }
    first.names[b] = name;
}
