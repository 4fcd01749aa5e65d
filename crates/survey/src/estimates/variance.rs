//! Variances of weighted sums under a design.

use std::collections::HashMap;

use super::design::{Coded, Design, LonelyPsu};
use crate::sums::sum;
use crate::{Error, Result};

/// How the variance of the first stage is estimated.
///
/// Later stages count with the share that the first one took (Särndal and others, section 4.3), where populations or
/// probabilities are known.
#[derive(Clone, Debug, Default)]
pub enum Variance {
    /// Sums of first-stage units about their stratum's mean: with replacement, or with the corrections that the design has
    /// (populations for simple random samples, probabilities by Brewer's formula).
    #[default]
    UltimateClusters,
    /// Hartley and Rao 1962, with the sum of squared probabilities over the frame by stratum name ("(all)" without strata).
    HartleyRao(HashMap<String, f64>),
    /// Hartley and Rao's joint probabilities in Horvitz and Thompson's form, as R's `HR()` does unless told otherwise: it can be
    /// negative.
    HartleyRaoInHtForm(HashMap<String, f64>),
    /// Yates and Grundy 1953 (Sen 1953), with the joint probabilities of pairs of units.
    YatesGrundy(HashMap<(String, String), f64>),
    /// Horvitz and Thompson's own form, for comparison: it can be negative, and is not 0 for y = x.
    HorvitzThompson(HashMap<(String, String), f64>),
    /// Squared differences of neighbours in list order, for systematic samples (Wolter, chapter 8).
    SuccessiveDifferences,
}

/// The variance of the sum of `z`, values of rows that already have their weights.
pub(crate) fn variance(
    design: &Design,
    z: &[f64],
    method: &Variance,
    units: &[String],
) -> Result<f64> {
    let rows: Vec<usize> = (0..z.len()).collect();
    if let Variance::UltimateClusters = method {
        return by_stages(&design.stages, &rows, z, design.lonely);
    }
    let first = design.first();
    let members = first.members();
    let counts: Vec<usize> = members.iter().map(Vec::len).collect();
    let left = first.left_over(&counts);
    let sums = unit_sums(first, &rows, z);
    let mut total = 0.0;
    for (h, members) in members.iter().enumerate() {
        let alone = matches!(members.as_slice(), [one] if left[*one] > 1e-7);
        if alone
            && matches!(
                method,
                Variance::HartleyRao(_)
                    | Variance::HartleyRaoInHtForm(_)
                    | Variance::SuccessiveDifferences
            )
        {
            return Err(Error::LonelyPsu {
                strata: vec![first.names[h].clone()],
            });
        }
        let stratum = Stratum {
            name: &first.names[h],
            members,
            sums: &sums,
            left: &left,
            units,
        };
        total += stratum.variance(method)?;
    }
    Ok(total + later_stages(&design.stages, &rows, z, design.lonely)?)
}

/// A stratum of the first stage, for the forms that look at pairs.
struct Stratum<'a> {
    name: &'a str,
    members: &'a [usize],
    sums: &'a [f64],
    left: &'a [f64],
    units: &'a [String],
}

impl Stratum<'_> {
    fn variance(&self, method: &Variance) -> Result<f64> {
        let n = self.members.len() as f64;
        match method {
            Variance::UltimateClusters => Ok(0.0),
            Variance::SuccessiveDifferences => {
                let steps = self
                    .members
                    .windows(2)
                    .map(|pair| (self.sums[pair[0]] - self.sums[pair[1]]).powi(2));
                Ok(if n < 2.0 {
                    0.0
                } else {
                    n / (2.0 * (n - 1.0)) * sum(steps)
                })
            }
            Variance::HartleyRao(squares) => {
                let psum = self.psum(squares)?;
                Ok(if n < 2.0 {
                    0.0
                } else {
                    self.pairs(|a, b| {
                        Ok((1.0 - self.pi(a) - self.pi(b) + psum) / (n - 1.0) * self.gap(a, b))
                    })?
                })
            }
            Variance::HartleyRaoInHtForm(squares) => {
                let psum = self.psum(squares)?;
                let own = sum(self
                    .members
                    .iter()
                    .map(|&a| self.left[a] * self.sums[a] * self.sums[a]));
                let both = self.pairs(|a, b| {
                    Ok((1.0 - self.pi(a) - self.pi(b) + psum) / (n - 1.0)
                        * self.sums[a]
                        * self.sums[b])
                })?;
                Ok(if n < 2.0 { own } else { own - 2.0 * both })
            }
            Variance::YatesGrundy(joint) => self.pairs(|a, b| {
                let pij = self.joint(joint, a, b)?;
                Ok((self.pi(a) * self.pi(b) - pij) / pij * self.gap(a, b))
            }),
            Variance::HorvitzThompson(joint) => {
                let own = sum(self
                    .members
                    .iter()
                    .map(|&a| self.left[a] * self.sums[a] * self.sums[a]));
                let both = self.pairs(|a, b| {
                    let pij = self.joint(joint, a, b)?;
                    Ok((pij - self.pi(a) * self.pi(b)) / pij * self.sums[a] * self.sums[b])
                })?;
                Ok(own + 2.0 * both)
            }
        }
    }

    fn pi(&self, unit: usize) -> f64 {
        1.0 - self.left[unit]
    }

    fn gap(&self, a: usize, b: usize) -> f64 {
        (self.sums[a] - self.sums[b]).powi(2)
    }

    fn psum(&self, squares: &HashMap<String, f64>) -> Result<f64> {
        let squares = squares.get(self.name).ok_or_else(|| {
            Error::Design(format!("stratum {}: Hartley and Rao's variance needs the squared probabilities of the frame", self.name))
        })?;
        Ok(squares / self.members.len() as f64)
    }

    fn pairs(&self, of: impl Fn(usize, usize) -> Result<f64>) -> Result<f64> {
        let mut total = crate::sums::Sum::default();
        for (place, &a) in self.members.iter().enumerate() {
            for &b in &self.members[..place] {
                total.add(of(a, b)?);
            }
        }
        Ok(total.value())
    }

    fn joint(&self, joint: &HashMap<(String, String), f64>, a: usize, b: usize) -> Result<f64> {
        let (a, b) = (&self.units[a], &self.units[b]);
        let found = joint
            .get(&(a.clone(), b.clone()))
            .or_else(|| joint.get(&(b.clone(), a.clone())));
        match found {
            Some(&p) if p > 0.0 => Ok(p),
            Some(_) => Err(Error::Design(format!(
                "units {a} and {b} can never be drawn together (joint probability 0): take the default variance"
            ))),
            None => Err(Error::Design(format!(
                "no joint probability of units {a} and {b}"
            ))),
        }
    }
}

/// The sum of z over the rows of each unit.
fn unit_sums(stage: &Coded, rows: &[usize], z: &[f64]) -> Vec<f64> {
    let mut sums = vec![crate::sums::Sum::default(); stage.stratum_of.len()];
    for &row in rows {
        sums[stage.units[row]].add(z[row]);
    }
    sums.into_iter().map(crate::sums::Sum::value).collect()
}

/// Stage by stage: sums of units about their stratum's mean, then the same within each unit for the share that was taken.
fn by_stages(stages: &[Coded], rows: &[usize], z: &[f64], lonely: LonelyPsu) -> Result<f64> {
    let Some(stage) = stages.first() else {
        return Ok(0.0);
    };
    let sums = unit_sums(stage, rows, z);
    let here = present(stage, rows);
    let counts: Vec<usize> = here.iter().map(Vec::len).collect();
    let left = stage.left_over(&counts);
    let all: Vec<f64> = here.iter().flatten().map(|&unit| sums[unit]).collect();
    let grand = sum(all.iter().copied()) / all.len() as f64;
    let (mut total, mut with_variance, mut without) = (0.0, 0_usize, 0_usize);
    let mut refused = Vec::new();
    for (h, units) in here.iter().enumerate() {
        let certain = units.iter().all(|&unit| left[unit] < 1e-7);
        match units.as_slice() {
            [] => {}
            _ if certain => with_variance += 1,
            &[one] => {
                without += 1;
                match lonely {
                    LonelyPsu::Refuse | LonelyPsu::Collapse => refused.push(stage.names[h].clone()),
                    LonelyPsu::Certainty | LonelyPsu::Average => {}
                    LonelyPsu::Centred => total += left[one] * (sums[one] - grand).powi(2),
                    LonelyPsu::Adjust => total += left[one] * sums[one].powi(2),
                }
            }
            units => {
                with_variance += 1;
                let n = units.len() as f64;
                let mean = sum(units.iter().map(|&unit| sums[unit])) / n;
                total += n / (n - 1.0)
                    * sum(units
                        .iter()
                        .map(|&unit| left[unit] * (sums[unit] - mean).powi(2)));
            }
        }
    }
    if !refused.is_empty() {
        return Err(Error::LonelyPsu { strata: refused });
    }
    if lonely == LonelyPsu::Average && without > 0 {
        if with_variance == 0 {
            return Err(Error::Design(
                "no stratum has a variance that others could be given".to_owned(),
            ));
        }
        total *= (with_variance + without) as f64 / with_variance as f64;
    }
    Ok(total + later_stages(stages, rows, z, lonely)?)
}

/// Units of each stratum that have rows here, in list order.
fn present(stage: &Coded, rows: &[usize]) -> Vec<Vec<usize>> {
    let mut seen = vec![false; stage.stratum_of.len()];
    let mut here = vec![Vec::new(); stage.names.len()];
    for &row in rows {
        let unit = stage.units[row];
        if !std::mem::replace(&mut seen[unit], true) {
            here[stage.stratum_of[unit]].push(unit);
        }
    }
    here
}

fn later_stages(stages: &[Coded], rows: &[usize], z: &[f64], lonely: LonelyPsu) -> Result<f64> {
    let [stage, later @ ..] = stages else {
        return Ok(0.0);
    };
    if later.is_empty() {
        return Ok(0.0);
    }
    let counts: Vec<usize> = present(stage, rows).iter().map(Vec::len).collect();
    let taken = stage.taken(&counts);
    let mut of_unit: Vec<Vec<usize>> = vec![Vec::new(); stage.stratum_of.len()];
    for &row in rows {
        of_unit[stage.units[row]].push(row);
    }
    let mut total = 0.0;
    for (unit, rows) in of_unit.iter().enumerate() {
        if taken[unit] > 0.0 && !rows.is_empty() {
            total += taken[unit] * by_stages(later, rows, z, lonely)?;
        }
    }
    Ok(total)
}
