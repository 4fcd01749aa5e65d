//! Quantiles of Student's t and of the beta distribution, from the regularised incomplete beta function.

use statrs::function::beta::beta_reg;

/// The beta distribution's quantile: x with P(X <= x) = `p`. A parameter of 0 gives the end that the mass sits on.
#[must_use]
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    if a <= 0.0 || p <= 0.0 {
        return 0.0;
    }
    if b <= 0.0 || p >= 1.0 {
        return 1.0;
    }
    // Halved until no number lies between: the function is monotone, and calls are cheap.
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    for _ in 0..1200 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if beta_reg(a, b, middle) < p {
            low = middle
        } else {
            high = middle
        }
    }
    f64::midpoint(low, high)
}

/// Student's t quantile for probability `p` and `df` degrees of freedom, which need not be whole.
///
/// ```
/// assert!((survey::t_quantile(0.975, 10.0) - 2.228_138_851_964_939).abs() < 1e-9);
/// ```
#[must_use]
pub fn t_quantile(p: f64, df: f64) -> f64 {
    if p.is_nan() || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    let tail = p.min(1.0 - p);
    // P(|T| > t) is the incomplete beta function at df / (df + t^2).
    let t = if tail <= 0.0 {
        f64::INFINITY
    } else if 2.0 * tail > 0.5 {
        // Near the middle the complement keeps the digits.
        let x = beta_quantile(1.0 - 2.0 * tail, 0.5, df / 2.0);
        (df * x / (1.0 - x)).sqrt()
    } else {
        let x = beta_quantile(2.0 * tail, df / 2.0, 0.5);
        (df * (1.0 - x) / x).sqrt()
    };
    if p < 0.5 { -t } else { t }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_have_their_closed_forms() {
        // One degree of freedom is Cauchy's distribution; two have t = (2p - 1) sqrt(2 / (4 p (1 - p))).
        for p in [0.6_f64, 0.8, 0.975, 0.995] {
            let cauchy = (std::f64::consts::PI * (p - 0.5)).tan();
            assert!((t_quantile(p, 1.0) / cauchy - 1.0).abs() < 1e-10, "{p}");
            let two = (2.0 * p - 1.0) * (2.0 / (4.0 * p * (1.0 - p))).sqrt();
            assert!((t_quantile(p, 2.0) / two - 1.0).abs() < 1e-10, "{p}");
            assert!((t_quantile(1.0 - p, 2.0) / two + 1.0).abs() < 1e-9);
        }
        // Beta(a, 1) has P = x^a.
        assert!((beta_quantile(0.025, 3.0, 1.0) - 0.025_f64.cbrt()).abs() < 1e-12);
        assert_eq!(
            (beta_quantile(0.5, 0.0, 2.0), beta_quantile(0.5, 2.0, 0.0)),
            (0.0, 1.0)
        );
    }
}
