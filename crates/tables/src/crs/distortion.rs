//! How much a projection stretches: whether a reference system suits the place it is used for.

use geo::Coord;

use super::{Crs, Projection};
use crate::{Error, Result};

/// Semi-major axis of WGS 84, in metres.
const AXIS: f64 = 6_378_137.0;
/// First eccentricity of WGS 84, squared.
const ECCENTRICITY_SQUARED: f64 = 6.694_379_990_141_317e-3;
/// Half the length over which scale is measured, in metres: long against rounding, short against curvature.
const STEP: f64 = 10.0;
/// Beyond this latitude east and west lose their meaning.
const HIGHEST_LATITUDE: f64 = 89.99;

impl Crs {
    /// The largest error of scale at a place on WGS 84: 0.011 means that lengths there are up to 1.1 % off.
    ///
    /// Taken from the principal scale factors (the semi-axes of Tissot's indicatrix; Snyder, Map Projections: A Working
    /// Manual, 1987, p. 20), by differences over 20 m.
    ///
    /// # Errors
    /// [`Error::UnsupportedCrs`] for a system in degrees; as [`Projection::between`] and [`Projection::project`].
    pub fn scale_error(&self, lon: f64, lat: f64) -> Result<f64> {
        let Some(metres) = self.metres_per_unit() else {
            self.proj()?;
            return Err(Error::UnsupportedCrs {
                crs: self.to_string(),
                problem: "degrees have no scale; expected a projected system".to_owned(),
            });
        };
        let latitude = lat.clamp(-HIGHEST_LATITUDE, HIGHEST_LATITUDE);
        let (sine, cosine) = latitude.to_radians().sin_cos();
        let bend = 1.0 - ECCENTRICITY_SQUARED * sine * sine;
        let north = (STEP / (AXIS * (1.0 - ECCENTRICITY_SQUARED) / bend.powf(1.5))).to_degrees();
        let east = (STEP / (AXIS / bend.sqrt() * cosine)).to_degrees();
        let wrap = |lon: f64| (lon + 540.0).rem_euclid(360.0) - 180.0;
        let mut ends = [
            Coord {
                x: wrap(lon - east),
                y: latitude,
            },
            Coord {
                x: wrap(lon + east),
                y: latitude,
            },
            Coord {
                x: lon,
                y: latitude - north,
            },
            Coord {
                x: lon,
                y: latitude + north,
            },
        ];
        Projection::between(&Self::wgs84(), self)?.project(&mut ends)?;
        let [west, east, south, north] = ends;
        let (a, c) = ((east.x - west.x) * metres, (east.y - west.y) * metres);
        let (b, d) = ((north.x - south.x) * metres, (north.y - south.y) * metres);
        // singular values of the matrix (a b; c d)
        let half_sum = f64::hypot(a + d, b - c) / 2.0;
        let half_difference = f64::hypot(a - d, b + c) / 2.0;
        let largest = (half_sum + half_difference) / (2.0 * STEP);
        let smallest = (half_sum - half_difference).abs() / (2.0 * STEP);
        Ok((largest - 1.0).abs().max((smallest - 1.0).abs()))
    }
}
