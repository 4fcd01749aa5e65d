//! How many units each stratum gets.
//!
//! Shares s (in proportion to something, equal, a power, Neyman's) become n by one factor t with bounds l and u:
//! the sum of clamp(t s, l, u) is n. It grows piecewise linearly with t, so t is found exactly between two breakpoints. What is
//! left after rounding down goes to the largest fractions.
//! Cochran, "Sampling Techniques" (3rd ed.), chapter 5; power allocation: Bankier 1988, The American Statistician 42:174.

use crate::{Error, Result};

/// A stratum to be given units.
#[derive(Clone, Debug, PartialEq)]
pub struct StratumSize {
    /// Its name, which decides the last ties.
    pub name: String,
    /// Units that can be drawn: the most it can get.
    pub units: usize,
    /// What the allocation goes by: people, households, units.
    pub measure: f64,
}

/// The rule that shares units out.
#[derive(Clone, Debug, PartialEq)]
pub enum Allocation {
    /// In proportion to the measure.
    Proportional,
    /// The same for all.
    Equal,
    /// In proportion to a power of the measure; 0.5 is the square-root rule.
    Power(f64),
    /// In proportion to the measure times the standard deviation, one a stratum (Neyman 1934).
    Neyman(Vec<f64>),
}

impl Allocation {
    fn shares(&self, strata: &[StratumSize]) -> Result<Vec<f64>> {
        let shares: Vec<f64> = match self {
            Self::Proportional => strata.iter().map(|stratum| stratum.measure).collect(),
            Self::Equal => vec![1.0; strata.len()],
            Self::Power(power) if power.is_finite() && *power >= 0.0 => strata
                .iter()
                .map(|stratum| stratum.measure.powf(*power))
                .collect(),
            Self::Power(power) => {
                return Err(Error::setting(
                    "the power of the allocation",
                    power,
                    "0 or more",
                ));
            }
            Self::Neyman(deviations) if deviations.len() == strata.len() => strata
                .iter()
                .zip(deviations)
                .map(|(stratum, deviation)| stratum.measure * deviation)
                .collect(),
            Self::Neyman(deviations) => {
                let expected =
                    format!("one standard deviation for each of {} strata", strata.len());
                return Err(Error::setting(
                    "Neyman allocation",
                    format!("{} values", deviations.len()),
                    expected,
                ));
            }
        };
        match shares
            .iter()
            .position(|share| !(share.is_finite() && *share >= 0.0))
        {
            Some(bad) => Err(Error::setting(
                "the share of a stratum",
                &strata[bad].name,
                "finite and 0 or more",
            )),
            None => Ok(shares),
        }
    }
}

/// Units for each stratum, `n` in all; none gets fewer than `minimum` (or all it has) or more than it has.
///
/// Ties between fractions go to the stratum with more units, then by name.
///
/// ```
/// use survey::{Allocation, StratumSize, allocate};
/// let strata = [("A", 5000), ("B", 3000), ("C", 1500), ("D", 400), ("E", 100)]
///     .map(|(name, units)| StratumSize { name: name.into(), units, measure: units as f64 });
/// assert_eq!(allocate(&strata, &Allocation::Power(0.5), 100, 2)?, [37, 28, 20, 10, 5]);
/// # Ok::<(), survey::Error>(())
/// ```
///
/// # Errors
/// [`Error::Allocation`] if the bounds leave no room; [`Error::Setting`] for shares that are no shares.
pub fn allocate(
    strata: &[StratumSize],
    rule: &Allocation,
    n: usize,
    minimum: usize,
) -> Result<Vec<usize>> {
    let shares = rule.shares(strata)?;
    let low: Vec<usize> = strata
        .iter()
        .map(|stratum| minimum.min(stratum.units))
        .collect();
    let high: Vec<usize> = strata.iter().map(|stratum| stratum.units).collect();
    let refused = Error::Allocation {
        n,
        lowest: low.iter().sum(),
        highest: high.iter().sum(),
    };
    if n < low.iter().sum() || n > high.iter().sum() {
        return Err(refused);
    }
    let at = |t: f64| -> Vec<f64> {
        (0..strata.len())
            .map(|h| (t * shares[h]).clamp(low[h] as f64, high[h] as f64))
            .collect()
    };
    let total = |t: f64| at(t).iter().sum::<f64>();
    let mut breaks: Vec<f64> = (0..strata.len())
        .filter(|&h| shares[h] > 0.0)
        .flat_map(|h| [low[h] as f64 / shares[h], high[h] as f64 / shares[h]])
        .chain([0.0])
        .collect();
    breaks.sort_by(f64::total_cmp);
    let wanted = n as f64;
    let below = breaks
        .partition_point(|&t| total(t) <= wanted + 1e-9)
        .max(1)
        - 1;
    let mut t = breaks[below];
    let missing = wanted - total(t);
    if missing > 1e-9 {
        let free: f64 = (0..strata.len())
            .filter(|&h| {
                low[h] as f64 <= t * shares[h] + 1e-9 && t * shares[h] < high[h] as f64 - 1e-9
            })
            .map(|h| shares[h])
            .sum();
        if free <= 0.0 {
            // Strata of share 0 keep their minimum, and the others are full.
            return Err(refused);
        }
        t += missing / free;
    }
    Ok(rounded(&at(t), n, strata))
}

/// Rounded down, then one more to the largest fractions.
fn rounded(real: &[f64], n: usize, strata: &[StratumSize]) -> Vec<usize> {
    // 49.9999999999 is 50 that was divided and multiplied.
    let snapped = real.iter().map(|&a| {
        if (a - a.round()).abs() < 1e-9 * a.max(1.0) {
            a.round()
        } else {
            a
        }
    });
    let snapped: Vec<f64> = snapped.collect();
    let mut units: Vec<usize> = snapped.iter().map(|a| a.floor() as usize).collect();
    let fraction = |h: usize| ((snapped[h] - snapped[h].floor()) * 1e9).round() as u64;
    let mut order: Vec<usize> = (0..real.len()).collect();
    order.sort_by(|&a, &b| {
        fraction(b)
            .cmp(&fraction(a))
            .then(strata[b].units.cmp(&strata[a].units))
            .then_with(|| strata[a].name.cmp(&strata[b].name))
    });
    let left = n.saturating_sub(units.iter().sum());
    for &h in order.iter().take(left) {
        units[h] += 1;
    }
    units
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UNITS: [usize; 5] = [5000, 3000, 1500, 400, 100];

    fn strata(units: &[usize]) -> Vec<StratumSize> {
        let name = |h: usize| char::from(b'A' + h as u8).to_string();
        let stratum = |(h, &units): (usize, &usize)| StratumSize {
            name: name(h),
            units,
            measure: units as f64,
        };
        units.iter().enumerate().map(stratum).collect()
    }

    #[test]
    fn the_rules_give_what_was_worked_out_by_hand() {
        // In fractions, by the definition: see the largest remainders in each line.
        let neyman = |last| Allocation::Neyman(vec![10.0, 20.0, 30.0, 40.0, last]);
        for (rule, n, minimum, expected) in [
            (Allocation::Proportional, 100, 0, [50, 30, 15, 4, 1]),
            (Allocation::Proportional, 100, 2, [49, 30, 15, 4, 2]),
            (Allocation::Proportional, 37, 2, [17, 11, 5, 2, 2]),
            (Allocation::Equal, 103, 2, [21, 21, 21, 20, 20]),
            (Allocation::Equal, 600, 2, [125, 125, 125, 125, 100]),
            (Allocation::Power(0.5), 100, 2, [37, 28, 20, 10, 5]),
            (Allocation::Power(0.25), 100, 2, [28, 25, 21, 15, 11]),
            (neyman(50.0), 100, 2, [28, 34, 26, 9, 3]),
            (neyman(900.0), 300, 2, [58, 70, 53, 19, 100]),
        ] {
            assert_eq!(
                allocate(&strata(&UNITS), &rule, n, minimum).unwrap(),
                expected,
                "{rule:?} {n}"
            );
        }
    }

    #[test]
    fn bounds_that_cannot_be_kept_are_refused_with_both_sums() {
        let refused = |n| {
            allocate(&strata(&UNITS), &Allocation::Proportional, n, 2)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            refused(9),
            "9 units cannot be shared out: the strata take at least 10 and at most 10000"
        );
        assert!(refused(10_001).contains("at most 10000"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn every_allocation_adds_up_and_keeps_its_bounds(
            units in prop::collection::vec(0_usize..60, 1..8), part in 0.0..1.0_f64, minimum in 0_usize..4, power in 0.0..1.5_f64,
        ) {
            let strata = strata(&units);
            let low: usize = units.iter().map(|&u| u.min(minimum)).sum();
            let high: usize = units.iter().sum();
            let n = low + (part * (high - low) as f64) as usize;
            let got = allocate(&strata, &Allocation::Power(power), n, minimum).unwrap();
            prop_assert_eq!(got.iter().sum::<usize>(), n);
            for (got, units) in got.iter().zip(&units) {
                prop_assert!(*got <= *units && *got >= minimum.min(*units));
            }
        }
    }
}
