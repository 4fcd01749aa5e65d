//! Weights that meet known totals.

use std::collections::BTreeMap;

use crate::linear::{inverse, times, weighted_products};
use crate::sums::sum;
use crate::{Error, Result};

/// Weights after calibration, and the variables they were calibrated to.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibrated {
    /// The new weights.
    pub weights: Vec<f64>,
    /// The calibration variables, independent of each other: the variance is that of residuals on them.
    pub columns: Vec<Vec<f64>>,
    /// Whether residuals are fitted without design weights, as R's `rake` does.
    pub residuals_without_weights: bool,
}

/// A margin: the class of each row, and the known total of each class.
#[derive(Clone, Debug, PartialEq)]
pub struct Margin {
    /// Its name, for messages.
    pub name: String,
    /// The class of each row.
    pub classes: Vec<String>,
    /// The known total of each class.
    pub known: BTreeMap<String, f64>,
}

impl Margin {
    fn check(&self, weights: &[f64]) -> Result<()> {
        let name = &self.name;
        if self.classes.len() != weights.len() {
            return Err(Error::Calibration(format!(
                "margin {name} has no class for each of {} rows",
                weights.len()
            )));
        }
        if let Some(class) = self
            .classes
            .iter()
            .find(|class| !self.known.contains_key(*class))
        {
            return Err(Error::Calibration(format!(
                "margin {name} has no known total of class {class}"
            )));
        }
        for (class, &known) in &self.known {
            if !(known.is_finite() && known >= 0.0) {
                return Err(Error::Calibration(format!(
                    "the known total of {name} {class} is {known}: it must be 0 or more"
                )));
            }
            if known > 0.0 && self.estimated(class, weights) <= 0.0 {
                return Err(Error::Calibration(format!(
                    "no row with a weight is of {name} {class}, which has a known total of {known}: join classes"
                )));
            }
        }
        Ok(())
    }

    fn estimated(&self, class: &str, weights: &[f64]) -> f64 {
        sum(self
            .classes
            .iter()
            .zip(weights)
            .filter(|(of, _)| *of == class)
            .map(|(_, weight)| *weight))
    }

    fn total(&self) -> f64 {
        self.known.values().sum()
    }

    /// One step of raking: every class meets its total. Gives the largest relative difference there was.
    fn meet(&self, weights: &mut [f64]) -> f64 {
        let mut factors = BTreeMap::new();
        let mut largest = 0.0_f64;
        for (class, &known) in &self.known {
            let estimated = self.estimated(class, weights);
            let factor = if estimated > 0.0 {
                known / estimated
            } else {
                1.0
            };
            largest = largest.max((factor - 1.0).abs());
            factors.insert(class.as_str(), factor);
        }
        for (weight, class) in weights.iter_mut().zip(&self.classes) {
            *weight *= factors[class.as_str()];
        }
        largest
    }

    /// A column of 0 and 1 for each class that rows have.
    fn indicators(&self) -> Vec<Vec<f64>> {
        let used = self
            .known
            .keys()
            .filter(|class| self.classes.contains(class));
        used.map(|class| {
            self.classes
                .iter()
                .map(|of| f64::from(u8::from(of == class)))
                .collect()
        })
        .collect()
    }
}

/// Post-stratification: in each class the weights meet its known total.
///
/// # Errors
/// [`Error::Calibration`] for classes without rows or without a total.
pub fn post_stratify(weights: &[f64], margin: &Margin) -> Result<Calibrated> {
    margin.check(weights)?;
    let mut met = weights.to_vec();
    margin.meet(&mut met);
    Ok(Calibrated {
        weights: met,
        columns: margin.indicators(),
        residuals_without_weights: false,
    })
}

/// Raking: margins are met in turn until all are met to 1e-9 (Deming and Stephan 1940).
///
/// The variance is that of residuals on all margins, fitted with the design weights.
///
/// # Errors
/// [`Error::Calibration`] for margins of different totals, classes without rows or totals, and margins that cannot be met.
pub fn rake(weights: &[f64], margins: &[Margin]) -> Result<Calibrated> {
    let Some(first) = margins.first() else {
        return Err(Error::Calibration("raking needs a margin".to_owned()));
    };
    for margin in margins {
        margin.check(weights)?;
        if (margin.total() / first.total() - 1.0).abs() > 1e-9 {
            return Err(Error::Calibration(format!(
                "margins {} and {} have different totals, {} and {}",
                first.name,
                margin.name,
                first.total(),
                margin.total()
            )));
        }
    }
    let mut raked = weights.to_vec();
    let mut largest = f64::INFINITY;
    for _ in 0..5000 {
        largest = margins
            .iter()
            .map(|margin| margin.meet(&mut raked))
            .fold(0.0, f64::max);
        if largest < 1e-12 {
            break;
        }
    }
    if largest > 1e-9 {
        return Err(Error::Calibration(format!(
            "raking does not come to an end: a class still differs by {largest:.1e}; join classes that few rows share"
        )));
    }
    let columns = independent(margins.iter().flat_map(Margin::indicators).collect());
    Ok(Calibrated {
        weights: raked,
        columns,
        residuals_without_weights: false,
    })
}

/// Leaves out columns that others add up to: those that a regression on the columns before explains wholly.
fn independent(columns: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut kept: Vec<Vec<f64>> = Vec::new();
    let ones = vec![1.0; columns.first().map_or(0, Vec::len)];
    for column in columns {
        kept.push(column);
        if inverse(&weighted_products(&kept, &ones), "margins").is_err() {
            kept.pop();
        }
    }
    kept
}

/// Linear calibration (the generalised regression estimator): columns meet their known totals.
///
/// `g = 1 + (T - T_hat)' (sum w x x')^-1 x` (Deville and Särndal 1992, JASA 87:376). Weights can come out negative.
///
/// # Errors
/// [`Error::Calibration`] for lengths that differ, [`Error::Singular`] for columns that repeat each other.
pub fn calibrate(weights: &[f64], columns: &[Vec<f64>], totals: &[f64]) -> Result<Calibrated> {
    if columns.is_empty()
        || columns.len() != totals.len()
        || columns.iter().any(|column| column.len() != weights.len())
    {
        return Err(Error::Calibration(format!(
            "{} columns of {} rows and {} totals do not fit together",
            columns.len(),
            weights.len(),
            totals.len()
        )));
    }
    let missing: Vec<f64> = columns
        .iter()
        .zip(totals)
        .map(|(column, total)| total - sum(column.iter().zip(weights).map(|(x, w)| x * w)))
        .collect();
    let slopes = times(
        &inverse(&weighted_products(columns, weights), "the calibration")?,
        &missing,
    );
    let weights = (0..weights.len())
        .map(|row| {
            weights[row]
                * (1.0
                    + columns
                        .iter()
                        .zip(&slopes)
                        .map(|(column, slope)| column[row] * slope)
                        .sum::<f64>())
        })
        .collect();
    Ok(Calibrated {
        weights,
        columns: columns.to_vec(),
        residuals_without_weights: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn margin(name: &str, classes: &[&str], known: &[(&str, f64)]) -> Margin {
        Margin {
            name: name.to_owned(),
            classes: classes.iter().map(|&class| class.to_owned()).collect(),
            known: known
                .iter()
                .map(|&(class, total)| (class.to_owned(), total))
                .collect(),
        }
    }

    #[test]
    fn a_table_of_independent_margins_is_met_at_once() {
        let age = margin("age", &["y", "y", "o", "o"], &[("y", 30.0), ("o", 70.0)]);
        let sex = margin("sex", &["f", "m", "f", "m"], &[("f", 60.0), ("m", 40.0)]);
        let raked = rake(&[1.0; 4], &[age.clone(), sex.clone()]).unwrap();
        for (got, expected) in raked.weights.iter().zip([18.0, 12.0, 42.0, 28.0]) {
            assert!((got - expected).abs() < 1e-9);
        }
        // Both margins hold the sum: four columns, of which three are independent.
        assert_eq!(raked.columns.len(), 3);
        let other = margin("sex", &["f", "m", "f", "m"], &[("f", 60.0), ("m", 41.0)]);
        assert!(
            rake(&[1.0; 4], &[age, other])
                .unwrap_err()
                .to_string()
                .contains("different totals, 100 and 101")
        );
    }

    #[test]
    fn classes_without_rows_and_margins_that_exclude_each_other_are_refused() {
        let empty = margin("age", &["y", "y"], &[("y", 30.0), ("o", 70.0)]);
        assert!(
            post_stratify(&[1.0; 2], &empty)
                .unwrap_err()
                .to_string()
                .contains("age o")
        );
        let a = margin("a", &["1", "2"], &[("1", 30.0), ("2", 70.0)]);
        let b = margin("b", &["1", "2"], &[("1", 50.0), ("2", 50.0)]);
        assert!(
            rake(&[1.0; 2], &[a, b])
                .unwrap_err()
                .to_string()
                .contains("does not come to an end")
        );
    }

    #[test]
    fn linear_calibration_meets_its_totals() {
        let columns = vec![vec![1.0; 4], vec![1.0, 2.0, 5.0, 9.0]];
        let got = calibrate(&[10.0; 4], &columns, &[50.0, 190.0]).unwrap();
        assert!((got.weights.iter().sum::<f64>() - 50.0).abs() < 1e-10);
        let total: f64 = got
            .weights
            .iter()
            .zip(&columns[1])
            .map(|(w, x)| w * x)
            .sum();
        assert!((total - 190.0).abs() < 1e-9);
    }
}
