//! Totals, means and ratios.

use super::calibration::Calibrated;
use super::design::Design;
use super::variance::{Variance, variance};
use crate::linear::residuals;
use crate::quantiles::t_quantile;
use crate::sums::sum;
use crate::{Error, Result, Share, ShareInterval, share_interval};

/// An estimate with the variance of its design.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub estimate: f64,
    /// Its standard error; `None` where the form of variance comes out negative.
    pub se: Option<f64>,
    /// Degrees of freedom.
    pub df: usize,
    /// The variance against that of a simple random sample without replacement of as many rows.
    pub design_effect: Option<f64>,
    /// The same against one with replacement.
    pub design_effect_replace: Option<f64>,
    /// Rows that count.
    pub rows: usize,
    /// First-stage units with such rows.
    pub units: usize,
}

impl Estimate {
    /// The interval by Student's t at a level such as 0.95; `None` without standard error or degrees of freedom.
    #[must_use]
    pub fn interval(&self, level: f64) -> Option<(f64, f64)> {
        let se = self.se?;
        if self.df == 0 {
            return None;
        }
        let half = t_quantile(f64::midpoint(1.0, level), self.df as f64) * se;
        Some((self.estimate - half, self.estimate + half))
    }

    /// The interval of a share, within 0 to 1.
    #[must_use]
    pub fn share_interval(&self, level: f64) -> ShareInterval {
        let share = Share {
            share: self.estimate,
            se: self.se.unwrap_or(f64::NAN),
            df: self.df as f64,
            rows: self.rows,
            units: self.units,
        };
        share_interval(share, level)
    }

    /// The standard error in parts of the estimate.
    #[must_use]
    pub fn relative_se(&self) -> Option<f64> {
        self.se
            .filter(|_| self.estimate != 0.0)
            .map(|se| se / self.estimate.abs())
    }
}

/// A design, how its variance is estimated, and what its weights were calibrated to.
#[derive(Clone, Debug)]
pub struct Planned<'a> {
    design: &'a Design,
    method: &'a Variance,
    calibrated: Option<&'a Calibrated>,
    /// Names of the first-stage units, for joint probabilities.
    units: &'a [String],
}

/// A value and the influence of each row on it, without weights.
struct Linear {
    estimate: f64,
    influence: Vec<f64>,
}

impl<'a> Planned<'a> {
    /// Estimates of a design with linearised variance, by units in strata.
    #[must_use]
    pub fn of(design: &'a Design, method: &'a Variance) -> Self {
        Self {
            design,
            method,
            calibrated: None,
            units: &[],
        }
    }

    /// With weights that were calibrated: residuals of the calibration variables take the place of values.
    #[must_use]
    pub fn calibrated(self, calibrated: &'a Calibrated) -> Self {
        Self {
            calibrated: Some(calibrated),
            ..self
        }
    }

    /// With the names of first-stage units in list order, by which joint probabilities are looked up.
    #[must_use]
    pub fn named(self, units: &'a [String]) -> Self {
        Self { units, ..self }
    }

    fn weights(&self) -> &[f64] {
        self.calibrated.map_or(self.design.weights(), |calibrated| {
            calibrated.weights.as_slice()
        })
    }

    /// The total of `y` over the rows of the domain.
    ///
    /// # Errors
    /// [`Error::LonelyPsu`], [`Error::Design`], [`Error::Singular`].
    pub fn total(&self, y: &[f64], domain: Option<&[bool]>) -> Result<Estimate> {
        let inside = self.inside(&[y], domain)?;
        let influence: Vec<f64> = y
            .iter()
            .zip(&inside)
            .map(|(y, i)| if *i { *y } else { 0.0 })
            .collect();
        let estimate = self.weighted(&influence);
        let mut found = self.finish(
            Linear {
                estimate,
                influence,
            },
            &inside,
        )?;
        let size = self.size(&inside);
        self.add_effects(&mut found, y, &inside, size * size);
        Ok(found)
    }

    /// The mean of `y` over the rows of the domain: a ratio of the total to the weights' sum.
    ///
    /// # Errors
    /// As [`Planned::total`]; [`Error::Design`] if the domain has no weight.
    pub fn mean(&self, y: &[f64], domain: Option<&[bool]>) -> Result<Estimate> {
        let inside = self.inside(&[y], domain)?;
        let size = self.size(&inside);
        if size <= 0.0 {
            return Err(Error::Design(
                "no row with a weight is in the domain".to_owned(),
            ));
        }
        let mean = sum((0..y.len())
            .filter(|&row| inside[row])
            .map(|row| self.weights()[row] * y[row]))
            / size;
        let influence = (0..y.len())
            .map(|row| {
                if inside[row] {
                    (y[row] - mean) / size
                } else {
                    0.0
                }
            })
            .collect();
        let mut found = self.finish(
            Linear {
                estimate: mean,
                influence,
            },
            &inside,
        )?;
        self.add_effects(&mut found, y, &inside, 1.0);
        Ok(found)
    }

    /// The ratio of the totals of `y` and `x` over the rows of the domain.
    ///
    /// # Errors
    /// As [`Planned::total`]; [`Error::Design`] if the total of `x` is 0.
    pub fn ratio(&self, y: &[f64], x: &[f64], domain: Option<&[bool]>) -> Result<Estimate> {
        let inside = self.inside(&[y, x], domain)?;
        let total = |v: &[f64]| {
            sum((0..v.len())
                .filter(|&row| inside[row])
                .map(|row| self.weights()[row] * v[row]))
        };
        let below = total(x);
        if below == 0.0 {
            return Err(Error::Design("the total below the ratio is 0".to_owned()));
        }
        let ratio = total(y) / below;
        let influence = (0..y.len()).map(|row| {
            if inside[row] {
                (y[row] - ratio * x[row]) / below
            } else {
                0.0
            }
        });
        let influence = influence.collect();
        self.finish(
            Linear {
                estimate: ratio,
                influence,
            },
            &inside,
        )
    }

    /// The ratio estimator of a total: the ratio times the known total of `x`.
    ///
    /// # Errors
    /// As [`Planned::ratio`].
    pub fn ratio_total(
        &self,
        y: &[f64],
        x: &[f64],
        known: f64,
        domain: Option<&[bool]>,
    ) -> Result<Estimate> {
        let ratio = self.ratio(y, x, domain)?;
        Ok(Estimate {
            estimate: ratio.estimate * known,
            se: ratio.se.map(|se| se * known.abs()),
            ..ratio
        })
    }

    fn inside(&self, values: &[&[f64]], domain: Option<&[bool]>) -> Result<Vec<bool>> {
        let rows = self.design.rows();
        if values.iter().any(|values| values.len() != rows)
            || domain.is_some_and(|domain| domain.len() != rows)
        {
            return Err(Error::Design(format!(
                "values and domain need one for each of {rows} rows"
            )));
        }
        let inside: Vec<bool> = domain.map_or_else(|| vec![true; rows], <[bool]>::to_vec);
        let bad: Vec<usize> = (0..rows)
            .filter(|&row| inside[row] && values.iter().any(|values| !values[row].is_finite()))
            .collect();
        if bad.is_empty() {
            Ok(inside)
        } else {
            Err(Error::values(
                "value",
                &bad,
                "missing or infinite values",
                "leave rows without an answer out of the domain",
            ))
        }
    }

    fn weighted(&self, values: &[f64]) -> f64 {
        sum(values
            .iter()
            .zip(self.weights())
            .map(|(value, weight)| value * weight))
    }

    fn size(&self, inside: &[bool]) -> f64 {
        sum(inside
            .iter()
            .zip(self.weights())
            .filter(|(inside, _)| **inside)
            .map(|(_, weight)| *weight))
    }

    fn finish(&self, linear: Linear, inside: &[bool]) -> Result<Estimate> {
        let z = match self.calibrated {
            None => linear.influence,
            Some(calibrated) => {
                let fitted_by: &[f64] = match calibrated.residuals_without_weights {
                    true => &vec![1.0; self.design.rows()],
                    false => self.design.weights(),
                };
                residuals(
                    &linear.influence,
                    &calibrated.columns,
                    fitted_by,
                    "the residuals of calibration",
                )?
            }
        };
        let z: Vec<f64> = z
            .iter()
            .zip(self.weights())
            .map(|(z, weight)| z * weight)
            .collect();
        let variance = variance(self.design, &z, self.method, self.units)?;
        let mut units: Vec<usize> = (0..inside.len())
            .filter(|&row| inside[row] && self.weights()[row] > 0.0)
            .map(|row| self.design.unit_of_row()[row])
            .collect();
        let rows = units.len();
        units.sort_unstable();
        units.dedup();
        Ok(Estimate {
            estimate: linear.estimate,
            se: (variance >= 0.0).then(|| variance.sqrt()),
            df: self.design.df(),
            design_effect: None,
            design_effect_replace: None,
            rows,
            units: units.len(),
        })
    }

    /// `v / v_srs`: s^2 (1 - n / N) / n, s^2 the weighted variance of the rows, N the sum of weights.
    fn add_effects(&self, found: &mut Estimate, y: &[f64], inside: &[bool], scale: f64) {
        let Some(se) = found.se else { return };
        let (n, size) = (found.rows as f64, self.size(inside));
        if n < 2.0 || size <= n {
            return;
        }
        let rows: Vec<usize> = (0..y.len()).filter(|&row| inside[row]).collect();
        let w = self.weights();
        let mean = sum(rows.iter().map(|&row| w[row] * y[row])) / size;
        let spread =
            n / (n - 1.0) * sum(rows.iter().map(|&row| w[row] * (y[row] - mean).powi(2))) / size;
        if spread > 0.0 {
            let replace = se * se / (scale * spread / n);
            found.design_effect_replace = Some(replace);
            found.design_effect = Some(replace / (1.0 - n / size));
        }
    }
}

/// Kish's effect of unequal weights: n times the sum of squares over the square of the sum.
#[must_use]
pub fn kish_effect(weights: &[f64]) -> f64 {
    let total: f64 = weights.iter().sum();
    weights.len() as f64 * weights.iter().map(|w| w * w).sum::<f64>() / (total * total)
}

/// The design effect to plan with: 1 + (take - 1) times the correlation within units (Kish 1965).
#[must_use]
pub fn planned_effect(take: f64, correlation: f64) -> f64 {
    1.0 + (take - 1.0) * correlation
}
