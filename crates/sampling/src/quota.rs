//! A day's quota, shared among towns.
//!
//! A run takes the next so many samples that have no reading yet. How many of each town is a
//! question of apportionment; which ones is decided by the visiting order.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// How a quota is shared among groups (towns).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// In proportion to what each has left, by largest remainder (Hamilton's method), and at least
    /// one for each that has any left, if the quota goes so far.
    #[default]
    LargestRemainder,
    /// One for each in turn until the quota is spent.
    RoundRobin,
    /// In proportion to these weights, one a group, as far as each has samples left; by largest
    /// remainder, and again over what that leaves.
    Weights(Vec<f64>),
}

/// Shares `take` among groups of which `left` are left: the sum is `take`, or all that is left.
///
/// The same input gives the same answer; where remainders tie, the first group is served first.
///
/// ```
/// use sampling::quota::{Sharing, share};
/// let shares = share(33, &[10, 20, 30, 40, 7], &Sharing::LargestRemainder).unwrap();
/// assert_eq!(shares, [3, 6, 9, 13, 2]);
/// ```
///
/// # Errors
/// [`Error::Setting`] if weights are not one a group, negative or not finite, or if no group that
/// has samples left has a weight above 0.
pub fn share(take: u64, left: &[u64], sharing: &Sharing) -> Result<Vec<u64>> {
    let total: u128 = left.iter().map(|&n| u128::from(n)).sum();
    let take = u64::try_from(total.min(u128::from(take))).unwrap_or(take);
    match sharing {
        Sharing::LargestRemainder => {
            let mut shares = in_proportion(take, left, total);
            serve_everyone(&mut shares, left);
            Ok(shares)
        }
        Sharing::RoundRobin => Ok(round_robin(take, left)),
        Sharing::Weights(weights) => weighted(take, left, weights),
    }
}

/// Hamilton's method over whole numbers; no share exceeds what is left because `take <= total`.
fn in_proportion(take: u64, left: &[u64], total: u128) -> Vec<u64> {
    if total == 0 {
        return vec![0; left.len()];
    }
    let product = |n: u64| u128::from(take) * u128::from(n);
    // at most n, hence within 64 bits
    let mut shares: Vec<u64> = left.iter().map(|&n| (product(n) / total) as u64).collect();
    let unshared = take - shares.iter().sum::<u64>();
    let mut by_remainder: Vec<usize> = (0..left.len()).collect();
    by_remainder.sort_by_key(|&group| std::cmp::Reverse(product(left[group]) % total));
    for &group in by_remainder.iter().take(unshared as usize) {
        shares[group] += 1;
    }
    shares
}

/// A group with samples left and no share gets one from the largest share, while one above 1 is there.
fn serve_everyone(shares: &mut [u64], left: &[u64]) {
    for group in 0..shares.len() {
        if shares[group] > 0 || left[group] == 0 {
            continue;
        }
        let richest = (0..shares.len()).rev().max_by_key(|&other| shares[other]);
        match richest {
            Some(richest) if shares[richest] > 1 => {
                shares[richest] -= 1;
                shares[group] += 1;
            }
            _ => return,
        }
    }
}

/// The level to which all groups are served, and one more for the first ones.
fn round_robin(take: u64, left: &[u64]) -> Vec<u64> {
    let served = |level: u64| -> u128 { left.iter().map(|&n| u128::from(n.min(level))).sum() };
    let (mut full, mut beyond) = (0, left.iter().max().map_or(0, |&most| most) + 1);
    while beyond - full > 1 {
        let level = full + (beyond - full) / 2;
        if served(level) <= u128::from(take) {
            full = level;
        } else {
            beyond = level;
        }
    }
    let mut shares: Vec<u64> = left.iter().map(|&n| n.min(full)).collect();
    let unshared = take - shares.iter().sum::<u64>();
    let unsated = (0..left.len()).filter(|&group| left[group] > full);
    for group in unsated.take(unshared as usize) {
        shares[group] += 1;
    }
    shares
}

fn weighted(take: u64, left: &[u64], weights: &[f64]) -> Result<Vec<u64>> {
    if weights.len() != left.len() {
        return Err(Error::setting(
            "weights",
            format!("has {} numbers for {} groups", weights.len(), left.len()),
        ));
    }
    if let Some(weight) = weights.iter().find(|w| !(**w >= 0.0 && w.is_finite())) {
        return Err(Error::setting(
            "weights",
            format!("has {weight}; numbers from 0"),
        ));
    }
    let mut shares = vec![0; left.len()];
    let mut unshared = take;
    while unshared > 0 {
        let open: Vec<usize> = (0..left.len())
            .filter(|&group| shares[group] < left[group] && weights[group] > 0.0)
            .collect();
        let sum: f64 = open.iter().map(|&group| weights[group]).sum();
        if open.is_empty() {
            if shares.iter().all(|&n| n == 0) {
                return Err(Error::setting(
                    "weights",
                    "are 0 for every group that has samples left",
                ));
            }
            break;
        }
        let mut quotas: Vec<(usize, u64, f64)> = open
            .iter()
            .map(|&group| {
                let quota = unshared as f64 * (weights[group] / sum);
                (group, quota as u64, quota.fract())
            })
            .collect();
        let mut spare = unshared.saturating_sub(quotas.iter().map(|q| q.1).sum());
        quotas.sort_by(|a, b| b.2.total_cmp(&a.2));
        for (group, whole, _) in quotas {
            let extra = u64::from(spare > 0);
            spare -= extra;
            let given = (whole + extra)
                .min(left[group] - shares[group])
                .min(unshared);
            shares[group] += given;
            unshared -= given;
        }
    }
    Ok(shares)
}

/// The positions of the rows that a run takes: of each group its share, in the order given.
///
/// `groups` is the group of every waiting row in visiting order, `shares` what [`share`] gave.
#[must_use]
pub fn take_in_order(groups: impl IntoIterator<Item = usize>, shares: &[u64]) -> Vec<usize> {
    let mut unserved = shares.to_vec();
    groups
        .into_iter()
        .enumerate()
        .filter(|&(_, group)| match unserved.get_mut(group) {
            Some(n) if *n > 0 => {
                *n -= 1;
                true
            }
            _ => false,
        })
        .map(|(position, _)| position)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shares_worked_out_by_hand() {
        let weights = |w: &[f64]| Sharing::Weights(w.to_vec());
        let table: [(u64, &[u64], Sharing, &[u64]); 13] = [
            (
                33,
                &[10, 20, 30, 40, 7],
                Sharing::LargestRemainder,
                &[3, 6, 9, 13, 2],
            ),
            (3, &[1, 1, 1], Sharing::LargestRemainder, &[1, 1, 1]),
            (2, &[5, 5, 5], Sharing::LargestRemainder, &[1, 1, 0]),
            (10, &[1000, 1], Sharing::LargestRemainder, &[9, 1]),
            (1, &[1000, 1], Sharing::LargestRemainder, &[1, 0]),
            (100, &[3, 0, 4], Sharing::LargestRemainder, &[3, 0, 4]),
            (0, &[3, 4], Sharing::LargestRemainder, &[0, 0]),
            (5, &[], Sharing::LargestRemainder, &[]),
            (10, &[2, 9, 9], Sharing::RoundRobin, &[2, 4, 4]),
            (11, &[2, 9, 9], Sharing::RoundRobin, &[2, 5, 4]),
            (10, &[50, 50, 50], weights(&[3.0, 1.0, 1.0]), &[6, 2, 2]),
            // the first can give only 2; the rest is shared between the others 1 to 1
            (10, &[2, 50, 50], weights(&[3.0, 1.0, 1.0]), &[2, 4, 4]),
            (10, &[5, 50], weights(&[1.0, 0.0]), &[5, 0]),
        ];
        for (take, left, sharing, expected) in table {
            assert_eq!(
                share(take, left, &sharing).unwrap(),
                expected,
                "{take} of {left:?} by {sharing:?}"
            );
        }
    }

    #[test]
    fn weights_that_cannot_stand_are_refused() {
        for weights in [
            vec![1.0],
            vec![1.0, -1.0],
            vec![f64::NAN, 1.0],
            vec![0.0, 0.0],
        ] {
            assert!(share(5, &[5, 5], &Sharing::Weights(weights)).is_err());
        }
    }

    #[test]
    fn each_town_gives_its_first_samples() {
        assert_eq!(take_in_order([0, 1, 0, 0, 1, 2], &[2, 1, 0]), [0, 1, 2]);
    }

    #[test]
    fn the_names_in_a_study() {
        let parse = |json| serde_json::from_str::<Sharing>(json).unwrap();
        assert_eq!(parse(r#""largest_remainder""#), Sharing::LargestRemainder);
        assert_eq!(parse(r#""round_robin""#), Sharing::RoundRobin);
        assert_eq!(
            parse(r#"{"weights": [1, 2.5]}"#),
            Sharing::Weights(vec![1.0, 2.5])
        );
    }

    proptest! {
        #[test]
        fn a_quota_is_spent_exactly_and_nobody_starves(
            left in proptest::collection::vec(0_u64..500, 1..20), take in 0_u64..3000, seed in 0_u32..3
        ) {
            let sharing = match seed {
                0 => Sharing::LargestRemainder,
                1 => Sharing::RoundRobin,
                _ => Sharing::Weights((1..=left.len()).map(|w| w as f64).collect()),
            };
            let shares = share(take, &left, &sharing).unwrap();
            prop_assert_eq!(shares.iter().sum::<u64>(), take.min(left.iter().sum()));
            prop_assert!(shares.iter().zip(&left).all(|(share, left)| share <= left));
            let waiting = left.iter().filter(|&&n| n > 0).count() as u64;
            if take >= waiting && seed < 2 {
                prop_assert!(shares.iter().zip(&left).all(|(&share, &left)| share > 0 || left == 0));
            }
        }
    }
}
