//! Shares of classes and accuracies from a confusion matrix of a stratified sample.
//!
//! Olofsson, Foody, Herold, Stehman, Woodcock and Wulder 2014, Remote Sensing of Environment 148:42, equations 2 to 11: strata are
//! the classes of a map, units are labelled by hand.

use crate::{Error, Result};

/// What a stratified sample of labels says of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct MapAccuracy {
    /// The share of each reference class.
    pub share: Vec<f64>,
    /// Its standard error.
    pub share_se: Vec<f64>,
    /// The share of the map that is right.
    pub overall: f64,
    /// Its standard error.
    pub overall_se: f64,
    /// The share of each map class that is right (user's accuracy).
    pub users: Vec<f64>,
    /// Its standard error.
    pub users_se: Vec<f64>,
    /// The share of each reference class that the map has (producer's accuracy).
    pub producers: Vec<f64>,
    /// Its standard error.
    pub producers_se: Vec<f64>,
}

/// Shares and accuracies from `counts[map class][reference class]` and the mapped area (or pixels) of each map class.
///
/// # Errors
/// [`Error::Setting`] unless the matrix is square, each map class has two labels or more, and areas are positive.
pub fn map_accuracy(counts: &[Vec<u64>], mapped: &[f64]) -> Result<MapAccuracy> {
    let classes = counts.len();
    let square =
        classes > 0 && mapped.len() == classes && counts.iter().all(|row| row.len() == classes);
    if !square {
        return Err(Error::setting(
            "the confusion matrix",
            format!("{classes} rows"),
            "square, with an area for each row",
        ));
    }
    if let Some(bad) = mapped
        .iter()
        .find(|area| !(area.is_finite() && **area > 0.0))
    {
        return Err(Error::setting("a mapped area", bad, "above 0"));
    }
    let labels: Vec<f64> = counts
        .iter()
        .map(|row| row.iter().sum::<u64>() as f64)
        .collect();
    if let Some(few) = labels.iter().position(|&n| n < 2.0) {
        return Err(Error::setting(
            "labels of map class",
            format!("{few}: {}", labels[few]),
            "2 or more",
        ));
    }
    let total: f64 = mapped.iter().sum();
    let weight: Vec<f64> = mapped.iter().map(|area| area / total).collect();
    let q = |i: usize, j: usize| counts[i][j] as f64 / labels[i];
    let spread = |i: usize, j: usize| q(i, j) * (1.0 - q(i, j)) / (labels[i] - 1.0);
    let all = 0..classes;
    let share: Vec<f64> = all
        .clone()
        .map(|j| all.clone().map(|i| weight[i] * q(i, j)).sum())
        .collect();
    let share_se = all
        .clone()
        .map(|j| {
            all.clone()
                .map(|i| weight[i] * weight[i] * spread(i, j))
                .sum::<f64>()
                .sqrt()
        })
        .collect();
    let producers: Vec<f64> = all
        .clone()
        .map(|j| weight[j] * q(j, j) / share[j])
        .collect();
    let producers_se = all
        .clone()
        .map(|j| {
            let right = producers[j];
            let own = weight[j] * weight[j] * (1.0 - right) * (1.0 - right) * spread(j, j);
            let others: f64 = all
                .clone()
                .filter(|&i| i != j)
                .map(|i| weight[i] * weight[i] * spread(i, j))
                .sum();
            (own + right * right * others).sqrt() / share[j]
        })
        .collect();
    Ok(MapAccuracy {
        overall: all.clone().map(|i| weight[i] * q(i, i)).sum(),
        overall_se: all
            .clone()
            .map(|i| weight[i] * weight[i] * spread(i, i))
            .sum::<f64>()
            .sqrt(),
        users: all.clone().map(|i| q(i, i)).collect(),
        users_se: all.clone().map(|i| spread(i, i).sqrt()).collect(),
        share,
        share_se,
        producers,
        producers_se,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_example_comes_out() {
        let counts = [
            vec![66, 0, 5, 4],
            vec![0, 55, 8, 12],
            vec![1, 0, 153, 11],
            vec![2, 1, 9, 313],
        ];
        let found =
            map_accuracy(&counts, &[200_000.0, 150_000.0, 3_200_000.0, 6_450_000.0]).unwrap();
        // Hectares of 30 m pixels, as printed; margins at 1.96 standard errors.
        let hectares = 10_000_000.0 * 0.09;
        for (j, (area, margin)) in [
            (21_158.0, 6_158.0),
            (11_686.0, 3_756.0),
            (285_770.0, 15_510.0),
            (581_386.0, 16_282.0),
        ]
        .into_iter()
        .enumerate()
        {
            assert!((found.share[j] * hectares - area).abs() <= 0.5, "{j}");
            assert!(
                (found.share_se[j] * 1.96 * hectares - margin).abs() <= 0.5,
                "{j}"
            );
        }
        assert!((found.overall - 0.9465).abs() < 5e-5 && (found.overall_se - 0.0094).abs() < 5e-5);
        let printed = |got: &[f64], expected: [f64; 4]| {
            got.iter()
                .zip(expected)
                .all(|(g, e)| (g - e).abs() <= 0.005)
        };
        assert!(printed(&found.users, [0.88, 0.73, 0.93, 0.96]));
        assert!(printed(&found.producers, [0.75, 0.85, 0.93, 0.96]));
        assert!(map_accuracy(&[vec![1]], &[1.0]).is_err());
    }
}
