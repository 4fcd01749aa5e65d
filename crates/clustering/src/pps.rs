//! A sample of clusters with probability proportional to their weight.
//!
//! Systematic sampling (Madow 1949, Annals of Mathematical Statistics 20:333; Lohr, "Sampling: Design and Analysis",
//! 2nd ed. 2010, section 6.2.3): the weights are laid end to end, and from a random start on, the cluster
//! at every W/n-th unit of weight is drawn. Clusters that fill a whole step are taken with certainty
//! first (Särndal, Swensson and Wretman, "Model Assisted Survey Sampling", 1992, section 3.6.2).
//! Clusters are numbered along a space-filling curve, so the sample spreads over the map as if stratified by place.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use tables::Table;

use crate::Error;

/// The column of [`Clustered::clusters`](crate::Clustered::clusters) that sizes are taken from.
const WEIGHT: &str = "cluster_weight";

/// A unit that was drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawn {
    /// Its index among the weights.
    pub unit: usize,
    /// The probability with which it comes into the sample, above 0 and at most 1.
    pub probability: f64,
    /// Whether it was in from the start, as large as it is.
    pub certain: bool,
}

impl Drawn {
    /// What its measurements count for in a total: one over the probability.
    #[must_use]
    pub fn design_weight(&self) -> f64 {
        1.0 / self.probability
    }
}

/// Draws `n` units with probability proportional to weight, in the order of the weights. Units without weight are never drawn.
///
/// A unit of weight w among units of total weight W has the probability n w / W. Where that reaches 1 the unit is
/// certain, and the others share the rest of n and W in the same way.
///
/// ```
/// let drawn = clustering::pps_sample(&[300.0, 100.0, 100.0], 2, 1)?;
/// assert!(drawn[0].certain);
/// assert_eq!((drawn[1].probability, drawn[1].design_weight()), (0.5, 2.0));
/// # Ok::<(), clustering::Error>(())
/// ```
///
/// # Errors
/// [`Error::Setting`] if `n` is 0 or more than there are units with weight; [`Error::BadValues`] if a weight is negative or
/// not finite.
pub fn pps_sample(weights: &[f64], n: usize, seed: u64) -> Result<Vec<Drawn>, Error> {
    let bad: Vec<usize> = (0..weights.len())
        .filter(|&unit| !(weights[unit].is_finite() && weights[unit] >= 0.0))
        .collect();
    if !bad.is_empty() {
        return Err(bad_weights(&bad));
    }
    if n == 0 || n > weights.iter().filter(|&&weight| weight > 0.0).count() {
        return Err(Error::Setting {
            name: "n",
            value: n.to_string(),
            expected: "at least 1 and at most the number of clusters with weight",
        });
    }
    let start = Pcg64::seed_from_u64(seed).random::<f64>();
    Ok(systematic(weights, n, start))
}

/// A sample from the table of clusters: its rows, with `inclusion_probability`, `design_weight` and `certainty`.
///
/// # Errors
/// As [`pps_sample`]; [`Error::Table`] if the table has no numeric `cluster_weight`.
pub fn sample_clusters(clusters: &Table, n: usize, seed: u64) -> Result<Table, Error> {
    let weights = clusters.numbers(WEIGHT)?;
    let missing: Vec<usize> = (0..weights.len())
        .filter(|&row| weights[row].is_none())
        .collect();
    if !missing.is_empty() {
        return Err(bad_weights(&missing));
    }
    let weights: Vec<f64> = weights.into_iter().flatten().collect();
    let drawn = pps_sample(&weights, n, seed)?;
    // A table has fewer than 2^32 rows.
    let rows: Vec<u32> = drawn.iter().map(|drawn| drawn.unit as u32).collect();
    let probability: ArrayRef = Arc::new(
        drawn
            .iter()
            .map(|drawn| Some(drawn.probability))
            .collect::<Float64Array>(),
    );
    let design_weight: ArrayRef = Arc::new(
        drawn
            .iter()
            .map(|drawn| Some(drawn.design_weight()))
            .collect::<Float64Array>(),
    );
    let certainty: ArrayRef = Arc::new(
        drawn
            .iter()
            .map(|drawn| Some(drawn.certain))
            .collect::<BooleanArray>(),
    );
    Ok(clusters
        .take(&rows)?
        .with_column("inclusion_probability", probability)?
        .with_column("design_weight", design_weight)?
        .with_column("certainty", certainty)?)
}

fn bad_weights(rows: &[usize]) -> Error {
    Error::BadValues {
        column: WEIGHT.to_owned(),
        count: rows.len(),
        what: "missing, infinite or negative weights",
        rows: rows.iter().copied().take(5).collect(),
        remedy: "every cluster needs a weight, 0 or more",
    }
}

/// The draw itself: `start` is the random start, in parts of a step. There must be `n` units with weight.
fn systematic(weights: &[f64], n: usize, start: f64) -> Vec<Drawn> {
    let certain = certain_units(weights, n);
    let open: Vec<usize> = (0..weights.len())
        .filter(|&unit| weights[unit] > 0.0 && !certain[unit])
        .collect();
    let ends: Vec<f64> = open
        .iter()
        .scan(0.0, |sum, &unit| {
            *sum += weights[unit];
            Some(*sum)
        })
        .collect();
    let total = ends.last().copied().unwrap_or(0.0);
    let wanted = n - certain.iter().filter(|&&certain| certain).count();
    let step = total / wanted as f64;

    let mut drawn: Vec<Drawn> = (0..weights.len())
        .filter(|&unit| certain[unit])
        .map(|unit| Drawn {
            unit,
            probability: 1.0,
            certain: true,
        })
        .collect();
    let mut next = 0;
    for i in 0..wanted {
        let mark = (start + i as f64) * step;
        // The bounds hold anyway, but for rounding.
        let place = ends
            .partition_point(|&end| end <= mark)
            .clamp(next, open.len() - (wanted - i));
        next = place + 1;
        let unit = open[place];
        drawn.push(Drawn {
            unit,
            probability: weights[unit] / step,
            certain: false,
        });
    }
    drawn.sort_by_key(|drawn| drawn.unit);
    drawn
}

/// The units that fill a step, beginning with the largest: without them the steps of the others become shorter.
fn certain_units(weights: &[f64], n: usize) -> Vec<bool> {
    let mut largest: Vec<usize> = (0..weights.len()).collect();
    largest.sort_by(|&a, &b| weights[b].total_cmp(&weights[a]).then(a.cmp(&b)));
    // From the small end, so that what is left of the sum loses no digits.
    let mut left: Vec<f64> = largest
        .iter()
        .rev()
        .scan(0.0, |sum, &unit| {
            *sum += weights[unit];
            Some(*sum)
        })
        .collect();
    left.reverse();
    let mut certain = vec![false; weights.len()];
    for (rank, &unit) in largest.iter().enumerate().take(n) {
        if weights[unit] * ((n - rank) as f64) < left[rank] {
            break;
        }
        certain[unit] = true;
    }
    certain
}

#[cfg(test)]
mod tests {
    use arrow_array::StringArray;
    use proptest::prelude::*;

    use super::*;

    /// The 15 classes of introductory statistics of Lohr, section 6.2, by their numbers of students; 647 in all.
    const CLASSES: [f64; 15] = [
        44.0, 33.0, 26.0, 22.0, 76.0, 63.0, 20.0, 44.0, 54.0, 34.0, 46.0, 24.0, 46.0, 100.0, 15.0,
    ];

    #[test]
    fn five_of_lohrs_fifteen_classes_are_those_worked_out_by_hand() {
        // Step 647 / 5 = 129.4; from 112 on the marks are 112, 241.4, 370.8, 500.2 and 629.6. The students are numbered
        // up to 44, 77, 103, 125, 201, 264, 284, 328, 382, 416, 462, 486, 532, 632, 647.
        let drawn = systematic(&CLASSES, 5, 112.0 / 129.4);
        let classes: Vec<usize> = drawn.iter().map(|drawn| drawn.unit + 1).collect();
        assert_eq!(classes, [4, 6, 9, 13, 14]);
        for (drawn, students) in drawn.iter().zip([22.0, 63.0, 54.0, 46.0, 100.0]) {
            assert!((drawn.probability - students * 5.0 / 647.0).abs() < 1e-12);
            assert!((drawn.design_weight() - 129.4 / students).abs() < 1e-12);
            assert!(!drawn.certain);
        }
    }

    #[test]
    fn large_units_are_certain_and_the_rest_share_what_is_left() {
        // Of 10 a step is 100: 250 is certain. Of the other 9 it is 750 / 9 = 83.3: 90 is certain too. 660 / 8 = 82.5: no more.
        let mut weights = vec![250.0, 90.0];
        weights.extend([66.0; 10]);
        let drawn = systematic(&weights, 10, 0.25);
        assert_eq!(drawn.len(), 10);
        assert_eq!(
            drawn
                .iter()
                .filter(|drawn| drawn.certain)
                .map(|drawn| drawn.unit)
                .collect::<Vec<_>>(),
            [0, 1]
        );
        assert!(
            drawn[2..]
                .iter()
                .all(|drawn| (drawn.probability - 0.8).abs() < 1e-12)
        );
    }

    #[test]
    fn as_many_as_there_are_is_all_of_them() {
        let drawn = systematic(&[5.0, 1.0, 0.0, 3.0], 3, 0.9);
        assert_eq!(
            drawn
                .iter()
                .map(|drawn| (drawn.unit, drawn.certain))
                .collect::<Vec<_>>(),
            [(0, true), (1, true), (3, true)]
        );
    }

    #[test]
    fn units_come_as_often_as_their_probability_says() {
        let starts = 20_000;
        let mut times = [0.0; 15];
        for i in 0..starts {
            for drawn in systematic(&CLASSES, 7, (f64::from(i) + 0.5) / f64::from(starts)) {
                times[drawn.unit] += 1.0 / f64::from(starts);
            }
        }
        // 7 * 100 / 647 is above 1, so class 14 is certain; 6 * 76 / 547 is not.
        for (class, (times, students)) in times.iter().zip(CLASSES).enumerate() {
            let probability = if class == 13 {
                1.0
            } else {
                6.0 * students / 547.0
            };
            assert!(
                (times - probability).abs() < 2e-4,
                "{class}: {times} {probability}"
            );
        }
    }

    #[test]
    fn wishes_that_cannot_be_met_are_named() {
        for (weights, n, message) in [
            (vec![1.0, 2.0], 0, "setting n is 0"),
            (vec![1.0, 0.0], 2, "setting n is 2"),
            (vec![], 1, "setting n is 1"),
            (
                vec![1.0, f64::NAN, -2.0],
                1,
                "has 2 missing, infinite or negative weights, first in rows 1, 2",
            ),
        ] {
            let error = pps_sample(&weights, n, 1).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn a_sample_keeps_the_columns_of_its_clusters() {
        let ids: ArrayRef = Arc::new(StringArray::from(vec![
            "CLUSTER_1",
            "CLUSTER_2",
            "CLUSTER_3",
        ]));
        let weights: ArrayRef = Arc::new(Float64Array::from(vec![300.0, 100.0, 100.0]));
        let clusters = Table::new(vec![
            ("cluster_id".to_owned(), ids),
            (WEIGHT.to_owned(), weights),
        ])
        .unwrap();
        let sample = sample_clusters(&clusters, 2, 4).unwrap();
        assert_eq!(sample.rows(), 2);
        assert_eq!(
            sample.texts("cluster_id").unwrap()[0].as_deref(),
            Some("CLUSTER_1")
        );
        assert_eq!(
            sample.numbers("inclusion_probability").unwrap(),
            [Some(1.0), Some(0.5)]
        );
        assert_eq!(
            sample.numbers("design_weight").unwrap(),
            [Some(1.0), Some(2.0)]
        );
        assert_eq!(
            sample.flags("certainty").unwrap(),
            [Some(true), Some(false)]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_sample_has_n_different_units_and_its_weights_add_up(
            weights in prop::collection::vec(prop_oneof![0.0..1.0_f64, 0.0..1000.0_f64, Just(0.0), Just(7.0)], 1..80),
            n in 1_usize..40,
            start in 0.0..1.0_f64,
        ) {
            let able = weights.iter().filter(|&&weight| weight > 0.0).count();
            prop_assume!(n <= able);
            let drawn = systematic(&weights, n, start);
            prop_assert_eq!(drawn.len(), n);
            prop_assert!(drawn.windows(2).all(|pair| pair[0].unit < pair[1].unit));
            prop_assert!(drawn.iter().all(|drawn| drawn.probability > 0.0 && drawn.probability <= 1.0 + 1e-9));
            // Horvitz and Thompson's estimate of the total weight is exact for this design.
            let total: f64 = weights.iter().sum();
            let estimate: f64 = drawn.iter().map(|drawn| weights[drawn.unit] * drawn.design_weight()).sum();
            prop_assert!((estimate - total).abs() < 1e-9 * total, "{estimate} {total}");
        }
    }
}
