//! Integrals over (0, 1) by Gauss and Legendre's rule.

/// Points and weights of the rule with `count` points, exact for polynomials of degree 2 count - 1.
pub(crate) fn gauss_legendre(count: usize) -> Vec<(f64, f64)> {
    let n = count as f64;
    (0..count)
        .map(|i| {
            // Tricomi's starting value, then Newton on the Legendre polynomial.
            let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n + 0.5)).cos();
            let mut slope = 1.0;
            for _ in 0..20 {
                let (mut before, mut value) = (1.0, x);
                for k in 2..=count {
                    let k = k as f64;
                    (before, value) = (
                        value,
                        ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k,
                    );
                }
                slope = n * (x * value - before) / (x * x - 1.0);
                let step = value / slope;
                x -= step;
                if step.abs() < 1e-15 {
                    break;
                }
            }
            (f64::midpoint(x, 1.0), 1.0 / ((1.0 - x * x) * slope * slope))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_and_the_exponential_integrate_to_their_values() {
        let rule = gauss_legendre(20);
        let integral = |f: &dyn Fn(f64) -> f64| rule.iter().map(|&(x, w)| w * f(x)).sum::<f64>();
        assert!((integral(&|x| x.powi(9)) - 0.1).abs() < 1e-14);
        assert!((integral(&f64::exp) - (std::f64::consts::E - 1.0)).abs() < 1e-14);
        assert!((gauss_legendre(600).iter().map(|&(_, w)| w).sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
