//! Variances by computing an estimate again with other weights.

use super::design::Design;
use super::estimator::Estimate;
use crate::sums::sum;
use crate::{Error, Result};

/// About what the estimates of the replicates are squared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Centre {
    /// Their own mean, as R's default.
    #[default]
    Mean,
    /// The estimate with all weights.
    Estimate,
}

/// Replicate weights and how their estimates make a variance: scale times the sum of `rscale (t_r - centre)^2`.
#[derive(Clone, Debug, PartialEq)]
pub struct Replicates {
    /// Weights of each replicate, by row.
    pub weights: Vec<Vec<f64>>,
    /// The factor of the sum.
    pub scale: f64,
    /// A factor for each replicate.
    pub rscales: Vec<f64>,
    /// What is squared about.
    pub centre: Centre,
}

impl Replicates {
    /// The jackknife: each replicate leaves one first-stage unit out, and the others of its stratum count n / (n - 1) times
    /// (`JKn`; without strata `JK1`). Wolter, chapter 4.
    ///
    /// # Errors
    /// [`Error::LonelyPsu`].
    pub fn jackknife(design: &Design) -> Result<Self> {
        let first = design.first();
        let members = first.members();
        let alone: Vec<String> = members
            .iter()
            .zip(&first.names)
            .filter(|(units, _)| units.len() == 1)
            .map(|(_, name)| name.clone())
            .collect();
        if !alone.is_empty() {
            return Err(Error::LonelyPsu { strata: alone });
        }
        let (mut weights, mut rscales) = (Vec::new(), Vec::new());
        for (stratum, units) in members.iter().enumerate() {
            let n = units.len() as f64;
            for &out in units {
                let of_row = |(row, &weight): (usize, &f64)| match (
                    first.strata[row] == stratum,
                    first.units[row] == out,
                ) {
                    (true, true) => 0.0,
                    (true, false) => weight * n / (n - 1.0),
                    (false, _) => weight,
                };
                weights.push(design.weights().iter().enumerate().map(of_row).collect());
                rscales.push((n - 1.0) / n);
            }
        }
        Ok(Self {
            weights,
            scale: 1.0,
            rscales,
            centre: Centre::Mean,
        })
    }

    /// Balanced half-samples of two units a stratum: one counts twice, the other not at all (`McCarthy` 1969); with Fay's `rho`
    /// they count 2 - rho and rho times (Judkins 1990, Journal of Official Statistics 6:223).
    ///
    /// # Errors
    /// [`Error::Design`] unless every stratum has two units and `rho` lies in [0, 1).
    pub fn balanced(design: &Design, rho: f64) -> Result<Self> {
        if !(0.0..1.0).contains(&rho) {
            return Err(Error::setting("rho", rho, "from 0 to below 1"));
        }
        let first = design.first();
        let members: Vec<Vec<usize>> = first
            .members()
            .into_iter()
            .filter(|units| !units.is_empty())
            .collect();
        if let Some(h) = first
            .members()
            .iter()
            .position(|units| units.len() != 2 && !units.is_empty())
        {
            return Err(Error::Design(format!(
                "stratum {} has {} units: balanced half-samples need two in each",
                first.names[h],
                first.members()[h].len()
            )));
        }
        let signs = hadamard(members.len() + 1);
        let order = signs.len();
        let mut second = vec![false; first.stratum_of.len()];
        let mut column = vec![0; first.stratum_of.len()];
        for (h, units) in members.iter().enumerate() {
            second[units[1]] = true;
            // Column 0 is all plus.
            units.iter().for_each(|&unit| column[unit] = h + 1);
        }
        let weights = signs
            .iter()
            .map(|row| {
                let of_row = |(&unit, &weight): (&usize, &f64)| {
                    weight
                        * if row[column[unit]] == second[unit] {
                            rho
                        } else {
                            2.0 - rho
                        }
                };
                first
                    .units
                    .iter()
                    .zip(design.weights())
                    .map(of_row)
                    .collect()
            })
            .collect();
        Ok(Self {
            weights,
            scale: 1.0 / (order as f64 * (1.0 - rho) * (1.0 - rho)),
            rscales: vec![1.0; order],
            centre: Centre::Mean,
        })
    }

    /// The estimate and its standard error: `statistic` is called with the weights of the design, then of each replicate.
    ///
    /// # Errors
    /// [`Error::Design`] if the statistic is not finite for a replicate.
    pub fn estimate(&self, design: &Design, statistic: impl Fn(&[f64]) -> f64) -> Result<Estimate> {
        let estimate = statistic(design.weights());
        let replicates: Vec<f64> = self
            .weights
            .iter()
            .map(|weights| statistic(weights))
            .collect();
        if replicates.iter().any(|t| !t.is_finite()) {
            return Err(Error::Design(
                "the estimate does not exist for every replicate".to_owned(),
            ));
        }
        let centre = match self.centre {
            Centre::Estimate => estimate,
            Centre::Mean => sum(replicates.iter().copied()) / replicates.len() as f64,
        };
        let squares = replicates
            .iter()
            .zip(&self.rscales)
            .map(|(t, scale)| scale * (t - centre).powi(2));
        Ok(Estimate {
            estimate,
            se: Some((self.scale * sum(squares)).sqrt()),
            df: design.df(),
            design_effect: None,
            design_effect_replace: None,
            rows: design
                .weights()
                .iter()
                .filter(|&&weight| weight > 0.0)
                .count(),
            units: design.units(),
        })
    }
}

/// The rows of a Hadamard matrix of at least `least` columns, the first all true: Sylvester's doubling of Paley's matrices.
fn hadamard(least: usize) -> Vec<Vec<bool>> {
    let prime = |q: usize| {
        q > 2
            && (2..)
                .take_while(|d| d * d <= q)
                .all(|d| !q.is_multiple_of(d))
    };
    let mut order = least.next_power_of_two();
    let mut doublings = order.trailing_zeros();
    let mut paley = None;
    for base in (4..=2 * least).step_by(4) {
        if !prime(base - 1) {
            continue;
        }
        let mut whole = base;
        let mut times = 0;
        while whole < least {
            whole *= 2;
            times += 1;
        }
        if whole < order {
            (order, doublings, paley) = (whole, times, Some(base - 1));
        }
    }
    let mut matrix = paley.map_or_else(|| vec![vec![true]], paley_matrix);
    for _ in 0..doublings {
        let size = matrix.len();
        let mut next = vec![vec![true; 2 * size]; 2 * size];
        for (i, row) in matrix.iter().enumerate() {
            for (j, &sign) in row.iter().enumerate() {
                next[i][j] = sign;
                next[i][j + size] = sign;
                next[i + size][j] = sign;
                next[i + size][j + size] = !sign;
            }
        }
        matrix = next;
    }
    // Rows of a minus sign in front are turned, so that the first column is all plus.
    for row in &mut matrix {
        if !row[0] {
            row.iter_mut().for_each(|sign| *sign = !*sign);
        }
    }
    matrix
}

/// Paley's matrix of order q + 1 for a prime q = 3 modulo 4.
fn paley_matrix(q: usize) -> Vec<Vec<bool>> {
    let mut square = vec![false; q];
    for x in 1..q {
        square[x * x % q] = true;
    }
    let mut matrix = vec![vec![true; q + 1]; q + 1];
    for i in 0..q {
        matrix[i + 1][0] = false;
        for j in 0..q {
            matrix[i + 1][j + 1] = i == j || square[(q + j - i) % q];
        }
    }
    matrix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_hadamard_matrix_agree_in_half_of_their_places() {
        for (least, order) in [
            (2, 2),
            (3, 4),
            (9, 12),
            (13, 16),
            (17, 20),
            (21, 24),
            (25, 32),
            (50, 60),
        ] {
            let matrix = hadamard(least);
            assert!(
                matrix.len() >= least && matrix.len() <= order,
                "{least} {}",
                matrix.len()
            );
            for (i, a) in matrix.iter().enumerate() {
                assert!(a[0] && a.len() == matrix.len());
                for b in &matrix[..i] {
                    let agree = a.iter().zip(b).filter(|(a, b)| a == b).count();
                    assert_eq!(2 * agree, matrix.len(), "{least}");
                }
            }
        }
    }
}
