//! Probabilities proportional to size, with the units that are certain.

use crate::sums::sum;
use crate::{Error, Result};

/// Units whose probability is nearer to 1 than this are certain: the rest is rounding.
const CERTAIN: f64 = 1.0 - 1e-12;

/// Inclusion probabilities proportional to size for `n` units: n x / X, where that is below 1.
///
/// A unit that fills a whole step is certain; it is taken out of n and of X, and the others share the rest. Taking one out
/// can make another certain, so this is repeated (Särndal, Swensson and Wretman, "Model Assisted Survey Sampling", 1992,
/// section 3.6). Units of size 0 have probability 0. The probabilities add up to `n`.
///
/// ```
/// assert_eq!(survey::selection::probabilities(&[100.0, 1.0, 1.0], 2)?, [1.0, 0.5, 0.5]);
/// # Ok::<(), survey::Error>(())
/// ```
///
/// # Errors
/// [`Error::BadValues`] for sizes that are negative or not finite; [`Error::TooMany`] if fewer units have a size.
pub fn probabilities(sizes: &[f64], n: usize) -> Result<Vec<f64>> {
    let bad: Vec<usize> = (0..sizes.len())
        .filter(|&i| !(sizes[i].is_finite() && sizes[i] >= 0.0))
        .collect();
    if !bad.is_empty() {
        return Err(Error::values(
            "size",
            &bad,
            "negative or infinite sizes",
            "every unit needs a size, 0 or more",
        ));
    }
    let mut open: Vec<usize> = (0..sizes.len()).filter(|&i| sizes[i] > 0.0).collect();
    if n > open.len() {
        return Err(Error::TooMany {
            place: "the frame".to_owned(),
            asked: n,
            available: open.len(),
        });
    }
    // From the largest down: as long as the next one fills a step of what is left, it is certain.
    open.sort_by(|&a, &b| sizes[b].total_cmp(&sizes[a]).then(a.cmp(&b)));
    let mut left: Vec<f64> = crate::sums::running(open.iter().rev().map(|&i| sizes[i]));
    left.reverse();
    let mut result = vec![0.0; sizes.len()];
    let mut certain = 0;
    while certain < n && sizes[open[certain]] * (n - certain) as f64 >= left[certain] * CERTAIN {
        result[open[certain]] = 1.0;
        certain += 1;
    }
    let rest = &open[certain..];
    let total = sum(rest.iter().map(|&i| sizes[i]));
    for &i in rest {
        if n > certain {
            result[i] = (n - certain) as f64 * sizes[i] / total;
        }
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn certain_units_come_out_in_rounds() {
        // 4 x 500 > 1000: row 1. 3 x 260 > 500: row 2. Of 240 and n = 2, 60 is one half.
        let sizes = [500.0, 260.0, 60.0, 50.0, 40.0, 30.0, 30.0, 20.0, 5.0, 5.0];
        let got = probabilities(&sizes, 4).unwrap();
        let expected = [
            1.0,
            1.0,
            0.5,
            50.0 / 120.0,
            40.0 / 120.0,
            0.25,
            0.25,
            20.0 / 120.0,
            5.0 / 120.0,
            5.0 / 120.0,
        ];
        for (got, expected) in got.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-12);
        }
        assert_eq!(
            probabilities(&[10.0, 0.0, 30.0, 60.0], 2).unwrap(),
            [0.25, 0.0, 0.75, 1.0]
        );
        assert_eq!(probabilities(&[5.0; 4], 4).unwrap(), [1.0; 4]);
        assert!(probabilities(&[1.0, 0.0], 2).is_err());
        assert!(probabilities(&[1.0, f64::NAN], 1).is_err());
    }

    proptest! {
        #[test]
        fn they_add_up_to_n(sizes in prop::collection::vec(prop_oneof![Just(0.0), 0.0..1.0_f64, 0.0..1e6_f64], 1..60), n in 1_usize..30) {
            prop_assume!(n <= sizes.iter().filter(|&&x| x > 0.0).count());
            let pi = probabilities(&sizes, n).unwrap();
            prop_assert!((pi.iter().sum::<f64>() - n as f64).abs() < 1e-9);
            prop_assert!(pi.iter().all(|&p| (0.0..=1.0).contains(&p)));
        }
    }
}
