//! The ground under a span of latitudes, on the WGS 84 ellipsoid.
//!
//! A step of longitude covers less ground near the poles. On the ellipsoid the ground per unit of
//! longitude and latitude (both in radians) is
//!
//! ```text
//! a^2 (1 - e^2) cos(phi) / (1 - e^2 sin(phi)^2)^2          (Snyder 1987, eq. 3-11 and 4-19 to 4-21)
//! ```
//!
//! Its binomial series in `e^2 sin(phi)^2`, written in multiple angles, is a sum of
//! `cos(phi), cos(3 phi), cos(5 phi), cos(7 phi)` that is right to 1e-8. A sum of cosines is easy to
//! differentiate, so its Taylor polynomial about any latitude costs one sine and one cosine.

/// Semi-major axis of WGS 84 in metres.
const A: f64 = 6_378_137.0;
/// Squared eccentricity of WGS 84.
const E2: f64 = 0.006_694_379_990_141_317;

/// Coefficients of `cos(phi)`, `cos(3 phi)`, `cos(5 phi)`, `cos(7 phi)`.
const HARMONICS: [f64; 4] = {
    let (e4, e6) = (E2 * E2, E2 * E2 * E2);
    [
        1.0 + E2 / 2.0 + 3.0 * e4 / 8.0 + 5.0 * e6 / 16.0,
        -E2 / 2.0 - 9.0 * e4 / 16.0 - 9.0 * e6 / 16.0,
        3.0 * e4 / 16.0 + 5.0 * e6 / 16.0,
        -e6 / 16.0,
    ]
};

/// Square metres per square degree at the equator, before the ellipsoid's correction.
const SCALE: f64 =
    A * A * (1.0 - E2) * (std::f64::consts::PI / 180.0) * (std::f64::consts::PI / 180.0);

/// Terms of the Taylor polynomial; with spans of at most [`MOST_DEGREES`] the rest is below 1e-9.
const TERMS: usize = 8;

/// The tallest span, in degrees of latitude, for which [`GroundDensity`] is right.
pub(crate) const MOST_DEGREES: f64 = 7.5;

/// Ground per square degree (square metres) along a span of latitudes, as a polynomial in
/// `t`, 0 at the span's south and 1 at its north.
pub(crate) struct GroundDensity([f64; TERMS]);

impl GroundDensity {
    /// The density from `south` to `north`, degrees, at most [`MOST_DEGREES`] apart.
    pub(crate) fn between(south: f64, north: f64) -> Self {
        let phi = south.to_radians();
        let height = (north - south).to_radians();
        let (sin1, cos1) = phi.sin_cos();
        // angle addition: (n + 2) phi from n phi
        let (sin2, cos2) = (2.0 * sin1 * cos1, (cos1 - sin1) * (cos1 + sin1));
        let mut terms = [0.0; TERMS];
        let (mut sin, mut cos) = (sin1, cos1);
        for (harmonic, n) in HARMONICS.into_iter().zip([1.0, 3.0, 5.0, 7.0]) {
            let mut factor = SCALE * harmonic;
            // derivatives of cos(n phi) go round cos, -sin, -cos, sin
            let cycle = [cos, -sin, -cos, sin];
            for (k, term) in terms.iter_mut().enumerate() {
                *term += factor * cycle[k % 4];
                factor *= n * height / (k + 1) as f64;
            }
            (sin, cos) = (sin * cos2 + cos * sin2, cos * cos2 - sin * sin2);
        }
        Self(terms)
    }

    /// Density at `t`.
    pub(crate) fn at(&self, t: f64) -> f64 {
        self.0.iter().rev().fold(0.0, |sum, term| sum * t + term)
    }

    /// Ground from 0 to `t` under a strip of width `w0 + (w1 - w0) t`: square metres per degree of height.
    pub(crate) fn under(&self, w0: f64, w1: f64, t: f64) -> f64 {
        let slope = w1 - w0;
        let mut sum = 0.0;
        for (k, term) in self.0.iter().enumerate().rev() {
            let k = k as f64;
            sum = sum * t + term * (w0 / (k + 1.0) + slope * t / (k + 2.0));
        }
        sum * t
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half of Snyder's q (eq. 3-12): the closed form of the integral from the equator.
    fn authalic(phi: f64) -> f64 {
        let e = E2.sqrt();
        let s = phi.to_radians().sin();
        (1.0 - E2) / 2.0 * (s / (1.0 - E2 * s * s) + (e * s).atanh() / e)
    }

    #[test]
    fn bands_of_latitude_have_the_area_of_the_closed_form() {
        for south in [-90.0, -45.0, -3.0, 0.0, 30.0, 52.5, 82.5] {
            for height in [0.1, 1.0, MOST_DEGREES] {
                let north: f64 = south + height;
                let ours = GroundDensity::between(south, north).under(1.0, 1.0, 1.0) * height;
                let degree = std::f64::consts::PI / 180.0;
                let exact = A * A * degree * (authalic(north) - authalic(south));
                assert!(
                    (ours / exact - 1.0).abs() < 1.5e-8,
                    "{south}..{north}: {ours} {exact}"
                );
            }
        }
    }

    #[test]
    fn the_whole_earth_has_its_known_area() {
        let mut sum = 0.0;
        for band in 0..24 {
            let south = -90.0 + f64::from(band) * 7.5;
            sum += GroundDensity::between(south, south + 7.5).under(360.0, 360.0, 1.0) * 7.5;
        }
        // WGS 84 surface, 510 065 621.724 km2 (Moritz, Geodetic Reference System 1980, gives the formula)
        assert!((sum / 510_065_621_724_088.4 - 1.0).abs() < 1.5e-8, "{sum}");
    }

    #[test]
    fn the_integral_is_that_of_the_density() {
        let density = GroundDensity::between(60.0, 66.0);
        let (w0, w1) = (0.3, 2.0);
        let steps = 10_000;
        for t in [0.25, 0.7, 1.0] {
            let h = t / f64::from(steps);
            let sum: f64 = (0..steps)
                .map(|i| (f64::from(i) + 0.5) * h)
                .map(|t| (w0 + (w1 - w0) * t) * density.at(t) * h)
                .sum();
            assert!((density.under(w0, w1, t) / sum - 1.0).abs() < 1e-7);
        }
    }
}
