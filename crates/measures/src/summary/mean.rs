//! A mean and how far to trust it.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// The mean of some readings, its standard error and its 95 % confidence interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    /// Readings.
    pub n: u64,
    /// Their mean; `None` without readings.
    pub mean: Option<f64>,
    /// Standard error of the mean, s / sqrt(n); `None` under two readings.
    pub se: Option<f64>,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
}

/// Mean, standard error and 95 % interval by Student's t with n - 1 degrees of freedom.
///
/// The interval is that of the mean itself and may reach past what a single reading can be.
///
/// ```
/// let mean = measures::mean([0.1, 0.2, 0.6]);
/// assert_eq!(mean.n, 3);
/// // t(0.975, 2) = 4.302653; s = sqrt(0.07), se = s / sqrt(3)
/// assert!((mean.high.unwrap_or_default() - (0.3 + 4.302653 * (0.07_f64 / 3.0).sqrt())).abs() < 1e-6);
/// ```
pub fn mean(readings: impl IntoIterator<Item = f64>) -> Mean {
    // Welford's recurrence: one pass, and no cancellation where the spread is small.
    let (mut n, mut mean, mut squares) = (0_u64, 0.0, 0.0);
    for reading in readings {
        n += 1;
        let before = reading - mean;
        mean += before / n as f64;
        squares += before * (reading - mean);
    }
    if n < 2 {
        return Mean {
            n,
            mean: (n == 1).then_some(mean),
            ..Mean::default()
        };
    }
    let freedom = (n - 1) as f64;
    let se = (squares / freedom / n as f64).sqrt();
    let half =
        StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |t| t.inverse_cdf(0.975)) * se;
    Mean {
        n,
        mean: Some(mean),
        se: Some(se),
        low: Some(mean - half),
        high: Some(mean + half),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.t.interval(0.95, n - 1, mean, sem)`, `SciPy` 1.17.
    #[test]
    fn the_interval_is_scipys() {
        let cases: [(&[f64], [f64; 4]); 4] = [
            (
                &[0.1, 0.2, 0.6],
                [
                    0.300000000000000,
                    0.152752523165195,
                    -0.357241060772843,
                    0.957241060772843,
                ],
            ),
            (
                &[0.25, 0.75],
                [
                    0.500000000000000,
                    0.250000000000000,
                    -2.676551184043674,
                    3.676551184043674,
                ],
            ),
            (
                &[0.02, 0.31, 0.44, 0.08, 0.19, 0.27, 0.33, 0.12, 0.05, 0.5],
                [
                    0.231000000000000,
                    0.052460567201576,
                    0.112325952140497,
                    0.349674047859503,
                ],
            ),
            (
                &[
                    0.01, 0.221, 0.706, 0.464, 0.496, 0.803, 0.382, 0.236, 0.364, 0.765, 0.44,
                    0.389, 0.612, 0.108, 0.878, 0.922, 0.24, 0.832, 0.698, 0.837, 0.25, 0.937,
                    0.898, 0.132, 0.64, 0.422, 0.478, 0.808, 0.412, 0.289, 0.44, 0.865, 0.564,
                    0.536, 0.782, 0.302, 0.096, 0.164, 0.506, 0.121, 0.01, 0.173, 0.61, 0.32,
                    0.304, 0.562, 0.094, 0.9, 0.98, 0.333, 0.96, 0.861, 0.036, 0.484,
                ],
                [
                    0.493925925925926,
                    0.039357415893075,
                    0.414984946612331,
                    0.572866905239521,
                ],
            ),
        ];
        for (readings, [mean_expected, se, low, high]) in cases {
            let found = mean(readings.iter().copied());
            let found = [found.mean, found.se, found.low, found.high].map(Option::unwrap);
            for (found, expected) in found.into_iter().zip([mean_expected, se, low, high]) {
                assert!((found - expected).abs() < 1e-9, "{found} {expected}");
            }
        }
    }

    #[test]
    fn one_reading_has_a_mean_and_no_interval_and_none_has_nothing() {
        assert_eq!(
            mean([0.25]),
            Mean {
                n: 1,
                mean: Some(0.25),
                ..Mean::default()
            }
        );
        assert_eq!(mean([]), Mean::default());
    }

    #[test]
    fn equal_readings_have_an_interval_of_no_width() {
        let found = mean([0.3; 10]);
        assert_eq!(
            (found.se, found.low, found.high),
            (Some(0.0), Some(0.3), Some(0.3))
        );
    }
}
