//! Sampford's method: probability proportional to size, all joint probabilities positive and known.
//!
//! A sample s has a probability proportional to the product of lambda over s times the sum of 1 - pi over s, with
//! lambda = pi / (1 - pi) (Sampford 1967, Biometrika 54:499). His own procedure draws with replacement until all units
//! differ, which may take forever for large n. Here the same distribution is drawn unit by unit from sums over the units
//! that follow, in one pass. The sums are written as probabilities of Poisson sampling with the same pi, so that they neither
//! overflow nor cancel.

use crate::{Error, Result, Stream};

/// The most cells a table of sums may have: 16 bytes each.
const LARGEST_TABLE: usize = 60_000_000;

/// For units from `at` on and k of them drawn by Poisson sampling: `count[k]` is the probability of k, `special[k]` the same
/// times the expected sum of 1 - pi over those drawn.
#[derive(Clone)]
struct Sums {
    count: Vec<f64>,
    special: Vec<f64>,
}

impl Sums {
    fn none(n: usize) -> Self {
        let mut count = vec![0.0; n + 1];
        count[0] = 1.0;
        Self {
            count,
            special: vec![0.0; n + 1],
        }
    }

    fn add(&mut self, p: f64) {
        for k in (0..self.count.len()).rev() {
            let (count, special) = match k {
                0 => (0.0, 0.0),
                _ => (self.count[k - 1], self.special[k - 1]),
            };
            self.special[k] = (1.0 - p) * self.special[k] + p * (special + (1.0 - p) * count);
            self.count[k] = (1.0 - p) * self.count[k] + p * count;
        }
    }
}

/// Draws a sample for probabilities below 1 that add up to a whole number; in increasing order.
pub(crate) fn sampford(pi: &[f64], stream: &mut Stream) -> Result<Vec<usize>> {
    let n = pi.iter().sum::<f64>().round() as usize;
    if n == 0 {
        return Ok(Vec::new());
    }
    if pi.len().saturating_mul(n + 1) > LARGEST_TABLE {
        return Err(Error::Design(format!(
            "{n} of {} units in one stratum are too many for Sampford's method: use systematic or pareto, or strata",
            pi.len()
        )));
    }
    let mut after = vec![Sums::none(n)];
    for &p in pi.iter().skip(1).rev() {
        let mut sums = after[after.len() - 1].clone();
        sums.add(p);
        after.push(sums);
    }
    // One of the units drawn is the special one, the first of Sampford's draws; it may be any.
    let (mut left, mut special_left) = (n, true);
    let mut drawn = Vec::with_capacity(n);
    for (unit, (&p, after)) in pi.iter().zip(after.iter().rev()).enumerate() {
        if left == 0 {
            break;
        }
        let (out, plain, special) = if special_left {
            (
                (1.0 - p) * after.special[left],
                p * after.special[left - 1],
                p * (1.0 - p) * after.count[left - 1],
            )
        } else {
            (
                (1.0 - p) * after.count[left],
                p * after.count[left - 1],
                0.0,
            )
        };
        let mark = stream.unit() * (out + plain + special);
        if mark >= out {
            drawn.push(unit);
            left -= 1;
            special_left &= mark < out + plain;
        }
    }
    Ok(drawn)
}

/// Joint probabilities of pairs, exactly; `None` where they would take too long.
///
/// `pi_ij = lambda_i lambda_j (F'_{n-2} + (2 - pi_i - pi_j) E'_{n-2}) / F_n`, sums without i and j marked by '.
pub(crate) fn joint(pi: &[f64], pairs: &[(usize, usize)]) -> Option<Vec<f64>> {
    let n = pi.iter().sum::<f64>().round() as usize;
    if n < 2 {
        return Some(vec![0.0; pairs.len()]);
    }
    if pairs.len().saturating_mul(pi.len()).saturating_mul(n) > 4_000_000_000 {
        return None;
    }
    let mut all = Sums::none(n);
    pi.iter().for_each(|&p| all.add(p));
    let joint = pairs.iter().map(|&(i, j)| {
        let mut rest = Sums::none(n - 2);
        for (unit, &p) in pi.iter().enumerate() {
            if unit != i && unit != j {
                rest.add(p);
            }
        }
        let both = rest.special[n - 2] + (2.0 - pi[i] - pi[j]) * rest.count[n - 2];
        pi[i] * pi[j] * both / all.special[n]
    });
    Some(joint.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIX: [f64; 6] = [0.2, 0.7, 0.8, 0.5, 0.4, 0.4];

    /// Every sample's probability by the definition.
    fn enumerated() -> Vec<([usize; 3], f64)> {
        let lambda = SIX.map(|p| p / (1.0 - p));
        let mut samples = Vec::new();
        for a in 0..6 {
            for b in a + 1..6 {
                for c in b + 1..6 {
                    let s = [a, b, c];
                    let product: f64 = s.iter().map(|&i| lambda[i]).product();
                    samples.push((s, product * s.iter().map(|&i| 1.0 - SIX[i]).sum::<f64>()));
                }
            }
        }
        let total: f64 = samples.iter().map(|(_, p)| p).sum();
        samples.iter_mut().for_each(|(_, p)| *p /= total);
        samples
    }

    #[test]
    fn joint_probabilities_equal_the_sum_over_samples() {
        let pairs: Vec<(usize, usize)> = (0..6).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
        let got = joint(&SIX, &pairs).unwrap();
        for ((i, j), got) in pairs.iter().zip(&got) {
            let expected: f64 = enumerated()
                .iter()
                .filter(|(s, _)| s.contains(i) && s.contains(j))
                .map(|(_, p)| p)
                .sum();
            assert!((got - expected).abs() < 1e-12, "{i} {j} {got} {expected}");
        }
        // R's UPsampfordpi2
        assert!((got[0] - 0.108_181_818_181_818).abs() < 1e-12);
    }

    #[test]
    fn samples_come_as_often_as_their_probability_says() {
        let mut stream = Stream::of(1, "six", "test");
        let mut counts = std::collections::HashMap::new();
        let draws = 40_000;
        for _ in 0..draws {
            let drawn = sampford(&SIX, &mut stream).unwrap();
            *counts.entry(drawn).or_insert(0.0) += 1.0;
        }
        let samples = enumerated();
        let chi_square: f64 = samples
            .iter()
            .map(|(s, p)| {
                let count = counts.get(s.as_slice()).copied().unwrap_or(0.0);
                let expected = p * f64::from(draws);
                (count - expected) * (count - expected) / expected
            })
            .sum();
        // 19 degrees of freedom: 43.8 is passed once in a thousand seeds.
        assert!(chi_square < 43.8, "{chi_square}");
    }

    #[test]
    fn large_strata_neither_overflow_nor_cancel() {
        let sizes: Vec<f64> = (1..=2000).map(|i| f64::from(i % 97 + 3)).collect();
        let pi = super::super::probabilities(&sizes, 300).unwrap();
        let mut stream = Stream::of(5, "", "");
        let drawn = sampford(&pi, &mut stream).unwrap();
        assert_eq!(drawn.len(), 300);
        assert!(drawn.windows(2).all(|pair| pair[0] < pair[1]));
        // The joint probabilities of a unit with all others add up to (n - 1) pi.
        let small = super::super::probabilities(&sizes[..120], 40).unwrap();
        let pairs: Vec<(usize, usize)> = (1..120).map(|j| (0, j)).collect();
        let row: f64 = joint(&small, &pairs).unwrap().iter().sum();
        assert!((row - 39.0 * small[0]).abs() < 1e-9, "{row}");
    }
}
