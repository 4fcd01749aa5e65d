//! Small areas: estimates that borrow strength from others.
//!
//! Fay and Herriot 1979, Journal of the American Statistical Association 74:269. The direct estimate of an area is y = x'b + u + e
//! with var u = A unknown and var e = D known; the estimate is x'b + gamma (y - x'b), gamma = A / (A + D). A by
//! restricted likelihood (REML), likelihood or Fay and Herriot's moments; mean squared errors as in Rao and Molina, "Small Area
//! Estimation" (2nd ed. 2015), chapters 5 and 6.

use crate::linear::{Matrix, dot, inverse, times, weighted_product, weighted_products};
use crate::{Error, Result};

/// How the variance between areas is estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AreaVariance {
    /// Restricted maximum likelihood.
    #[default]
    Reml,
    /// Maximum likelihood.
    Ml,
    /// Fay and Herriot's moment equation.
    Moments,
}

/// A fitted model.
#[derive(Clone, Debug)]
pub struct FayHerriot {
    /// The variance between areas. At 0 all weight lies on the regression.
    pub variance: f64,
    /// Coefficients of the covariates.
    pub coefficients: Vec<f64>,
    /// Their standard errors.
    pub coefficient_se: Vec<f64>,
    /// The estimate of each area.
    pub areas: Vec<AreaEstimate>,
    covariance: Matrix,
}

/// The estimate of one area.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AreaEstimate {
    /// The estimate.
    pub estimate: f64,
    /// Its mean squared error; may be below 0 by its correction for bias with very few areas.
    pub mse: f64,
    /// The weight of the area's own, direct estimate.
    pub own_weight: f64,
}

const WHAT: &str = "the Fay-Herriot model";

impl FayHerriot {
    /// Fits the model to direct estimates `y`, their known variances `d` and covariates by area, an intercept among them.
    ///
    /// ```
    /// use survey::{AreaVariance, FayHerriot};
    /// let x: Vec<Vec<f64>> = [0.1, 0.4, 0.5, 0.7, 0.9].iter().map(|&x| vec![1.0, x]).collect();
    /// let fit = FayHerriot::fit(&[0.2, 0.45, 0.3, 0.6, 0.5], &[0.002; 5], &x, AreaVariance::Reml)?;
    /// let unvisited = fit.without_sample(&[1.0, 0.6]);
    /// assert!(unvisited.mse > fit.areas[3].mse);
    /// # Ok::<(), survey::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Setting`] for lengths that differ, variances that are not above 0, or no more areas than covariates;
    /// [`Error::Singular`] for covariates that repeat each other.
    pub fn fit(y: &[f64], d: &[f64], x: &[Vec<f64>], method: AreaVariance) -> Result<Self> {
        let covariates = x.first().map_or(0, Vec::len);
        if y.len() != d.len() || y.len() != x.len() || x.iter().any(|row| row.len() != covariates) {
            return Err(Error::setting(
                "the number of areas",
                format!("{}, {} and {}", y.len(), d.len(), x.len()),
                "the same for estimates, variances and covariates",
            ));
        }
        if y.len() <= covariates || covariates == 0 {
            return Err(Error::setting(
                "the number of areas",
                y.len(),
                format!("above {covariates}, the covariates"),
            ));
        }
        if let Some(bad) = d.iter().find(|d| !(d.is_finite() && **d > 0.0)) {
            return Err(Error::setting(
                "a variance of an area",
                bad,
                "finite and above 0",
            ));
        }
        if let Some(bad) = y
            .iter()
            .chain(x.iter().flatten())
            .find(|value| !value.is_finite())
        {
            return Err(Error::setting("an estimate or covariate", bad, "finite"));
        }
        let columns: Vec<Vec<f64>> = (0..covariates)
            .map(|c| x.iter().map(|row| row[c]).collect())
            .collect();
        let variance = fitted_variance(y, d, &columns, method)?;
        let v: Vec<f64> = d.iter().map(|d| 1.0 / (variance + d)).collect();
        let covariance = inverse(&weighted_products(&columns, &v), WHAT)?;
        let products: Vec<f64> = columns
            .iter()
            .map(|column| weighted_product(column, y, &v))
            .collect();
        let coefficients = times(&covariance, &products);
        let areas = area_estimates(
            y,
            d,
            x,
            variance,
            &coefficients,
            &covariance,
            &columns,
            method,
        );
        Ok(Self {
            variance,
            coefficient_se: (0..covariates).map(|c| covariance[c][c].sqrt()).collect(),
            coefficients,
            areas,
            covariance,
        })
    }

    /// The estimate of an area of which nothing was sampled: the regression at its covariates.
    #[must_use]
    pub fn without_sample(&self, x: &[f64]) -> AreaEstimate {
        AreaEstimate {
            estimate: dot(x, &self.coefficients),
            mse: self.variance + dot(x, &times(&self.covariance, x)),
            own_weight: 0.0,
        }
    }
}

/// Fisher scoring from the middle variance, kept at 0 or above.
fn fitted_variance(
    y: &[f64],
    d: &[f64],
    columns: &[Vec<f64>],
    method: AreaVariance,
) -> Result<f64> {
    let mut sorted = d.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut variance = f64::midpoint(sorted[(d.len() - 1) / 2], sorted[d.len() / 2]);
    for _ in 0..2000 {
        let next = (variance + scoring_step(y, d, columns, variance, method)?).max(0.0);
        let moved = (next - variance).abs();
        variance = next;
        if moved < 1e-14 * (1.0 + variance) {
            break;
        }
    }
    Ok(variance)
}

fn scoring_step(
    y: &[f64],
    d: &[f64],
    columns: &[Vec<f64>],
    variance: f64,
    method: AreaVariance,
) -> Result<f64> {
    let v: Vec<f64> = d.iter().map(|d| 1.0 / (variance + d)).collect();
    let power = |k: i32| -> Vec<f64> { v.iter().map(|v| v.powi(k)).collect() };
    let q = inverse(&weighted_products(columns, &v), WHAT)?;
    let products: Vec<f64> = columns
        .iter()
        .map(|column| weighted_product(column, y, &v))
        .collect();
    let b = times(&q, &products);
    let residual: Vec<f64> = (0..y.len())
        .map(|i| {
            y[i] - columns
                .iter()
                .zip(&b)
                .map(|(column, b)| column[i] * b)
                .sum::<f64>()
        })
        .collect();
    // With P the projected inverse of V: Py = V^-1 (y - Xb).
    let squares: f64 = residual.iter().zip(&v).map(|(r, v)| r * r * v * v).sum();
    let sum_squares: f64 = v.iter().map(|v| v * v).sum();
    Ok(match method {
        AreaVariance::Reml => {
            let second = product(&q, &weighted_products(columns, &power(2)));
            let third = product(&q, &weighted_products(columns, &power(3)));
            let trace_p = v.iter().sum::<f64>() - trace(&second);
            let trace_pp = sum_squares - 2.0 * trace(&third) + trace(&product(&second, &second));
            (squares - trace_p) / trace_pp
        }
        AreaVariance::Ml => (squares - v.iter().sum::<f64>()) / sum_squares,
        AreaVariance::Moments => {
            let fitted: f64 = residual.iter().zip(&v).map(|(r, v)| r * r * v).sum();
            (fitted - (y.len() - columns.len()) as f64) / squares
        }
    })
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    let columns: Matrix = (0..b.len())
        .map(|j| b.iter().map(|row| row[j]).collect())
        .collect();
    a.iter()
        .map(|row| columns.iter().map(|column| dot(row, column)).collect())
        .collect()
}

fn trace(matrix: &Matrix) -> f64 {
    (0..matrix.len()).map(|i| matrix[i][i]).sum()
}

#[expect(
    clippy::too_many_arguments,
    reason = "all of them are parts of the one fit that is being finished"
)]
fn area_estimates(
    y: &[f64],
    d: &[f64],
    x: &[Vec<f64>],
    variance: f64,
    coefficients: &[f64],
    covariance: &Matrix,
    columns: &[Vec<f64>],
    method: AreaVariance,
) -> Vec<AreaEstimate> {
    let v: Vec<f64> = d.iter().map(|d| 1.0 / (variance + d)).collect();
    let sum: f64 = v.iter().sum();
    let squares: f64 = v.iter().map(|v| v * v).sum();
    let areas = d.len() as f64;
    // The variance of the estimate of A, and its bias.
    let (spread, bias) = match method {
        AreaVariance::Reml => (2.0 / squares, 0.0),
        AreaVariance::Ml => {
            let second: Vec<f64> = v.iter().map(|v| v * v).collect();
            (
                2.0 / squares,
                -trace(&product(covariance, &weighted_products(columns, &second))) / squares,
            )
        }
        AreaVariance::Moments => (
            2.0 * areas / (sum * sum),
            2.0 * (areas * squares - sum * sum) / (sum * sum * sum),
        ),
    };
    (0..y.len())
        .map(|i| {
            let own_weight = variance * v[i];
            let synthetic = dot(&x[i], coefficients);
            let g1 = own_weight * d[i];
            let g2 = (1.0 - own_weight).powi(2) * dot(&x[i], &times(covariance, &x[i]));
            let g3 = d[i] * d[i] * v[i].powi(3) * spread;
            AreaEstimate {
                estimate: synthetic + own_weight * (y[i] - synthetic),
                mse: g1 + g2 + 2.0 * g3 - bias * (1.0 - own_weight).powi(2),
                own_weight,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_variances_and_a_mean_have_a_closed_form() {
        // With D the same everywhere REML gives A = s^2 - D, and the estimates shrink to the mean.
        let y = [1.0, 2.0, 4.0, 7.0];
        let fit = FayHerriot::fit(&y, &[2.0; 4], &vec![vec![1.0]; 4], AreaVariance::Reml).unwrap();
        // mean 3.5, squares 6.25 + 2.25 + 0.25 + 12.25 = 21: s^2 = 7, A = 5
        assert!((fit.variance - 5.0).abs() < 1e-10);
        assert!((fit.areas[0].estimate - (3.5 - 2.5 * 5.0 / 7.0)).abs() < 1e-10);
        assert!((fit.areas[0].own_weight - 5.0 / 7.0).abs() < 1e-10);
        let unseen = fit.without_sample(&[1.0]);
        assert!((unseen.mse - (5.0 + 7.0 / 4.0)).abs() < 1e-9);
    }

    #[test]
    fn no_variance_between_areas_puts_all_weight_on_the_regression() {
        let x: Vec<Vec<f64>> = (0..6).map(|i| vec![1.0, f64::from(i)]).collect();
        let y: Vec<f64> = (0..6).map(|i| 0.2 + 0.5 * f64::from(i)).collect();
        let fit = FayHerriot::fit(&y, &[0.01; 6], &x, AreaVariance::Reml).unwrap();
        assert_eq!(fit.variance, 0.0);
        assert!(
            fit.areas
                .iter()
                .zip(&y)
                .all(|(area, y)| area.own_weight == 0.0 && (area.estimate - y).abs() < 1e-12)
        );
    }
}
