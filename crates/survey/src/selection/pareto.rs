//! Pareto sampling: the n units whose random numbers are smallest for their size.
//!
//! Unit i gets `Q_i = (U / (1 - U)) / (lambda_i / (1 - lambda_i))`; the n smallest are drawn (Rosén 1997, Journal of Statistical
//! Planning and Inference 62:135). With lambda at the target the probabilities are only near it. Here they are computed
//! exactly (Aires 1999, Methodology and Computing in Applied Probability 1:457) and the odds of lambda are multiplied by
//! (target odds / exact odds) until both agree.

use std::sync::LazyLock;

use crate::Stream;
use crate::quadrature::gauss_legendre;

/// The most multiplications for one pass over the exact probabilities, some two seconds.
const MOST_WORK: usize = 2_000_000_000;
/// Passes until the odds agree; five to nine are usual.
const MOST_PASSES: usize = 60;

/// What Pareto sampling ranks by, and how near its probabilities are to the target.
#[derive(Clone, Debug, PartialEq)]
pub struct ParetoLambda {
    /// A number in (0, 1) a unit.
    pub lambda: Vec<f64>,
    /// The largest difference between exact probability and target; `None` where the stratum is too large to say, and
    /// lambda is the target itself. There the difference is below 0.0001 (sum of pi (1 - pi) above 15).
    pub largest_difference: Option<f64>,
}

/// The lambda that gives the target probabilities, all in (0, 1), their sum a whole number.
#[must_use]
pub fn pareto_lambda(target: &[f64]) -> ParetoLambda {
    let odds = |p: f64| p / (1.0 - p);
    let mut theta: Vec<f64> = target.iter().map(|&p| odds(p)).collect();
    let lambda = |theta: &[f64]| theta.iter().map(|&t| t / (1.0 + t)).collect::<Vec<f64>>();
    let n = target.iter().sum::<f64>().round() as usize;
    if n == 0 || !pareto_is_corrected(target.len(), n) {
        return ParetoLambda {
            lambda: target.to_vec(),
            largest_difference: (n == 0).then_some(0.0),
        };
    }
    let mut best = (f64::INFINITY, target.to_vec());
    for _ in 0..MOST_PASSES {
        let now = lambda(&theta);
        let exact = pareto_probabilities(&now, n);
        let difference = exact
            .iter()
            .zip(target)
            .map(|(exact, target)| (exact - target).abs())
            .fold(0.0, f64::max);
        let stalled = difference >= best.0;
        if difference < best.0 {
            best = (difference, now);
        }
        if difference < 1e-13 || stalled {
            break;
        }
        for ((theta, &exact), &target) in theta.iter_mut().zip(&exact).zip(target) {
            *theta *= odds(target) / odds(exact);
        }
    }
    ParetoLambda {
        lambda: best.1,
        largest_difference: Some(best.0),
    }
}

/// Whether [`pareto_lambda`] corrects the probabilities of `n` of so many units, or leaves them near the target.
#[must_use]
pub fn pareto_is_corrected(units: usize, n: usize) -> bool {
    work(units, n) <= MOST_WORK
}

fn nodes(units: usize) -> usize {
    if units <= 300 { 600 } else { 240 }
}

/// The rules of 600 and of 240 points: finding them takes longer than a pass over a small stratum.
static FINE: LazyLock<Vec<(f64, f64)>> = LazyLock::new(|| gauss_legendre(600));
static COARSE: LazyLock<Vec<(f64, f64)>> = LazyLock::new(|| gauss_legendre(240));

fn rule(units: usize) -> &'static [(f64, f64)] {
    match nodes(units) {
        600 => &FINE,
        _ => &COARSE,
    }
}

fn work(units: usize, n: usize) -> usize {
    let depth = usize::BITS - units.leading_zeros();
    units
        .saturating_mul(n)
        .saturating_mul(depth as usize)
        .saturating_mul(nodes(units))
}

/// The exact inclusion probabilities of Pareto sampling of `n` units with these lambda.
///
/// With t = v / (1 - v) for Q: pi is the integral over v in (0, 1) of the density f(v) times the probability that at most
/// n - 1 of the others are smaller. That is a Poisson binomial without unit i, found for all i together by halving.
#[must_use]
pub fn pareto_probabilities(lambda: &[f64], n: usize) -> Vec<f64> {
    let mut result = vec![0.0; lambda.len()];
    if n == 0 || lambda.is_empty() {
        return result;
    }
    for &(v, weight) in rule(lambda.len()) {
        let smaller: Vec<f64> = lambda.iter().map(|&a| distribution(a, v)).collect();
        let mut none = vec![0.0; n];
        none[0] = 1.0;
        without_each(&smaller, 0, none, &mut |unit, counts| {
            result[unit] += weight * density(lambda[unit], v) * counts.iter().sum::<f64>();
        });
    }
    result
}

/// P(Q <= t), t = v / (1 - v).
fn distribution(a: f64, v: f64) -> f64 {
    a * v / ((1.0 - a) * (1.0 - v) + a * v)
}

/// The density of Q in v.
fn density(a: f64, v: f64) -> f64 {
    let below = (1.0 - a) * (1.0 - v) + a * v;
    a * (1.0 - a) / (below * below)
}

/// Takes one more unit into the distribution of a count, which is cut off at its length.
fn count_one_more(counts: &mut [f64], p: f64) {
    for k in (1..counts.len()).rev() {
        counts[k] = (1.0 - p) * counts[k] + p * counts[k - 1];
    }
    counts[0] *= 1.0 - p;
}

/// Visits every unit with the distribution of the count over all other units.
fn without_each(p: &[f64], first: usize, counts: Vec<f64>, visit: &mut impl FnMut(usize, &[f64])) {
    if let [_] = p {
        return visit(first, &counts);
    }
    let (left, right) = p.split_at(p.len() / 2);
    let mut for_left = counts.clone();
    right.iter().for_each(|&p| count_one_more(&mut for_left, p));
    without_each(left, first, for_left, visit);
    let mut for_right = counts;
    left.iter().for_each(|&p| count_one_more(&mut for_right, p));
    without_each(right, first + left.len(), for_right, visit);
}

/// The units with the `n` smallest ranks, in increasing order.
pub(crate) fn pareto(lambda: &[f64], n: usize, stream: &mut Stream) -> Vec<usize> {
    let ranks: Vec<f64> = lambda
        .iter()
        .map(|&a| {
            let u = stream.unit();
            (u / (1.0 - u)) / (a / (1.0 - a))
        })
        .collect();
    let mut order: Vec<usize> = (0..lambda.len()).collect();
    order.sort_by(|&a, &b| ranks[a].total_cmp(&ranks[b]).then(a.cmp(&b)));
    order.truncate(n);
    order.sort_unstable();
    order
}

/// Joint probabilities of pairs, by the same integral over the larger of both; `None` where they would take too long.
pub(crate) fn joint(lambda: &[f64], n: usize, pairs: &[(usize, usize)]) -> Option<Vec<f64>> {
    if n < 2 {
        return Some(vec![0.0; pairs.len()]);
    }
    let points = nodes(lambda.len());
    let work = pairs
        .len()
        .saturating_mul(lambda.len())
        .saturating_mul(n)
        .saturating_mul(points);
    if work > 4 * MOST_WORK {
        return None;
    }
    let mut result = vec![0.0; pairs.len()];
    for &(v, weight) in rule(lambda.len()) {
        for (result, &(i, j)) in result.iter_mut().zip(pairs) {
            let mut counts = vec![0.0; n - 1];
            counts[0] = 1.0;
            for (unit, &a) in lambda.iter().enumerate() {
                if unit != i && unit != j {
                    count_one_more(&mut counts, distribution(a, v));
                }
            }
            let larger = density(lambda[i], v) * distribution(lambda[j], v)
                + density(lambda[j], v) * distribution(lambda[i], v);
            *result += weight * larger * counts.iter().sum::<f64>();
        }
    }
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIX: [f64; 6] = [0.2, 0.7, 0.8, 0.5, 0.4, 0.4];

    #[test]
    fn two_units_one_drawn_has_a_closed_form() {
        // P(Q_1 < Q_2) for odds r = o_1 / o_2: r (r - 1 - ln r) / (r - 1)^2.
        let r = (0.6 / 0.4) / (0.3 / 0.7);
        let exact = pareto_probabilities(&[0.6, 0.3], 1);
        let closed = r * (r - 1.0 - f64::ln(r)) / ((r - 1.0) * (r - 1.0));
        assert!((exact[0] - closed).abs() < 1e-12, "{} {closed}", exact[0]);
        assert!((exact[0] + exact[1] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_stratum_too_large_to_correct_is_known_beforehand() {
        let target = vec![0.02; 30_000];
        let lambda = pareto_lambda(&target);
        assert_eq!(lambda.largest_difference, None);
        assert!(!pareto_is_corrected(30_000, 600) && pareto_is_corrected(300, 30));
    }

    #[test]
    fn adjusted_odds_give_the_target() {
        let plain = pareto_probabilities(&SIX, 3);
        assert!((plain[0] - 0.194_680_945_915_974_8).abs() < 1e-9);
        let adjusted = pareto_lambda(&SIX);
        assert!(adjusted.largest_difference.unwrap() < 1e-12);
        for (got, target) in pareto_probabilities(&adjusted.lambda, 3).iter().zip(SIX) {
            assert!((got - target).abs() < 1e-12);
        }
    }

    #[test]
    fn draws_come_as_often_as_the_target_says() {
        let lambda = pareto_lambda(&SIX).lambda;
        let mut stream = Stream::of(3, "six", "test");
        let draws = 40_000;
        let mut counts = [0.0; 6];
        for _ in 0..draws {
            for unit in pareto(&lambda, 3, &mut stream) {
                counts[unit] += 1.0;
            }
        }
        for (count, p) in counts.iter().zip(SIX) {
            let z = (count - f64::from(draws) * p) / (f64::from(draws) * p * (1.0 - p)).sqrt();
            // Bonferroni over six at one in a thousand
            assert!(z.abs() < 3.8, "{counts:?}");
        }
    }

    #[test]
    fn joint_probabilities_add_up() {
        let pairs: Vec<(usize, usize)> = (1..6).map(|j| (0, j)).collect();
        let row: f64 = joint(&SIX, 3, &pairs).unwrap().iter().sum();
        assert!((row - 2.0 * pareto_probabilities(&SIX, 3)[0]).abs() < 1e-10);
    }
}
