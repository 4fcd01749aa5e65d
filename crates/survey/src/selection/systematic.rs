//! Systematic sampling with probability proportional to size.

use crate::sums::running;

/// Draws `n` units at equal steps along the running sum of sizes, from `start` in `[0, 1)` of a step.
///
/// Unit i is drawn where C(i-1) <= point < C(i) (Madow 1949, Annals of Mathematical Statistics 20:333). Sizes must be below one
/// step; the units are given in list order.
///
/// ```
/// let sizes = [20.0, 10.0, 30.0, 25.0, 15.0, 40.0, 5.0, 35.0, 12.0, 8.0];
/// // Steps of 50: 15, 65, 115 and 165.
/// assert_eq!(survey::selection::systematic_from(&sizes, 4, 0.3), [0, 3, 5, 7]);
/// ```
#[must_use]
pub fn systematic_from(sizes: &[f64], n: usize, start: f64) -> Vec<usize> {
    let ends = running(sizes.iter().copied());
    let total = ends.last().copied().unwrap_or(0.0);
    let mut drawn = Vec::with_capacity(n);
    let mut least = 0;
    for k in 0..n {
        let point = (start + k as f64) * total / n as f64;
        // The bounds hold anyway, but for rounding.
        let most = sizes.len().saturating_sub(n - k);
        let unit = ends
            .partition_point(|&end| end <= point)
            .clamp(least.min(most), most);
        least = unit + 1;
        drawn.push(unit);
    }
    drawn
}

/// The share of starts that draw both units: the overlap of their arcs on the circle of one step.
pub(crate) fn joint(sizes: &[f64], n: usize, pairs: &[(usize, usize)]) -> Vec<f64> {
    let ends = running(sizes.iter().copied());
    let step = ends.last().copied().unwrap_or(0.0) / n as f64;
    let arc = |unit: usize| {
        let from = if unit == 0 { 0.0 } else { ends[unit - 1] };
        let from = from.rem_euclid(step);
        (from, from + sizes[unit])
    };
    let overlap = |(a0, a1): (f64, f64), (b0, b1): (f64, f64)| (a1.min(b1) - a0.max(b0)).max(0.0);
    pairs
        .iter()
        .map(|&(a, b)| {
            let (a, b) = (arc(a), arc(b));
            let turned = |by: f64| overlap(a, (b.0 + by, b.1 + by));
            let share = (turned(0.0) + turned(step) + turned(-step)) / step;
            // What is left of rounding at a shared edge is no start.
            if share < 1e-12 { 0.0 } else { share }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [f64; 10] = [20.0, 10.0, 30.0, 25.0, 15.0, 40.0, 5.0, 35.0, 12.0, 8.0];

    #[test]
    fn starts_draw_what_was_worked_out_by_hand() {
        assert_eq!(systematic_from(&SIZES, 4, 0.3), [0, 3, 5, 7]);
        // 60 is where row 3 ends: the point goes to row 4.
        assert_eq!(systematic_from(&SIZES, 4, 0.2), [0, 3, 5, 7]);
        assert_eq!(systematic_from(&SIZES, 4, 0.0), [0, 2, 5, 7]);
        // Rows 3 on of the frame with two certain rows: points 66 and 186.
        assert_eq!(
            systematic_from(&[60.0, 50.0, 40.0, 30.0, 30.0, 20.0, 5.0, 5.0], 2, 0.55),
            [1, 4]
        );
    }

    #[test]
    fn lohrs_classes_come_from_her_start() {
        // Lohr, "Sampling: Design and Analysis" (2nd ed.), section 6.2.3: start 112 of step 129.4.
        let classes = [
            44.0, 33.0, 26.0, 22.0, 76.0, 63.0, 20.0, 44.0, 54.0, 34.0, 46.0, 24.0, 46.0, 100.0,
            15.0,
        ];
        assert_eq!(
            systematic_from(&classes, 5, 112.0 / 129.4),
            [3, 5, 8, 12, 13]
        );
    }

    #[test]
    fn joint_probabilities_are_the_shares_of_starts() {
        let pairs: Vec<(usize, usize)> =
            (0..10).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
        let got = joint(&SIZES, 4, &pairs);
        let starts = 20_000;
        let mut counts = vec![0.0; pairs.len()];
        for k in 0..starts {
            let drawn = systematic_from(&SIZES, 4, (f64::from(k) + 0.5) / f64::from(starts));
            for (count, (i, j)) in counts.iter_mut().zip(&pairs) {
                if drawn.contains(i) && drawn.contains(j) {
                    *count += 1.0 / f64::from(starts);
                }
            }
        }
        for ((got, count), pair) in got.iter().zip(&counts).zip(&pairs) {
            assert!((got - count).abs() < 2e-4, "{pair:?} {got} {count}");
        }
    }
}
