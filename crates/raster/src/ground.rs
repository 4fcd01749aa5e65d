//! Metres on the ground and units of a map: how large a square is in a projection.

use std::sync::{Arc, Mutex, PoisonError};

use geo::{Coord, Distance, Geodesic, Point, Polygon, Rect, coord};
use tables::{Crs, Projection};

use crate::Error;

/// Equatorial circumference of the sphere of Web Mercator (EPSG:3857), in metres.
pub const MERCATOR_CIRCUMFERENCE: f64 = 40_075_016.685_578_49;

const WGS84_A: f64 = 6_378_137.0;
const WGS84_E2: f64 = 0.006_694_379_990_141_316;

/// Metres of a degree of longitude and of latitude at a latitude, on the WGS 84 ellipsoid
/// (Snyder, Map Projections: A Working Manual, USGS 1987, p. 24 f.: radii of curvature).
pub fn metres_per_degree(lat: f64) -> (f64, f64) {
    let (sin, cos) = lat.to_radians().sin_cos();
    let w2 = 1.0 - WGS84_E2 * sin * sin;
    let prime_vertical = WGS84_A / w2.sqrt();
    let meridian = WGS84_A * (1.0 - WGS84_E2) / (w2 * w2.sqrt());
    ((prime_vertical * cos).to_radians(), meridian.to_radians())
}

/// Metres along the geodesic of WGS 84 between two places, longitude and latitude.
pub fn metres_between(one: (f64, f64), other: (f64, f64)) -> f64 {
    Geodesic.distance(Point::from(one), Point::from(other))
}

/// A map's own reference system, with the ways there and back.
pub struct Map {
    /// The reference system.
    pub crs: Crs,
    there: Projection,
    back: Projection,
}

impl Map {
    /// The map of a reference system.
    ///
    /// # Errors
    /// [`Error::Table`] for one that cannot be computed with.
    pub fn new(crs: Crs) -> Result<Self, Error> {
        let there = Projection::between(&Crs::wgs84(), &crs)?;
        let back = Projection::between(&crs, &Crs::wgs84())?;
        Ok(Self { crs, there, back })
    }

    /// A place on the map.
    pub fn place(&self, lon: f64, lat: f64) -> Result<Coord, Error> {
        let mut place = [coord! { x: lon, y: lat }];
        self.there.project(&mut place)?;
        let [place] = place;
        if place.x.is_finite() && place.y.is_finite() {
            Ok(place)
        } else {
            Err(Error::Table(format!(
                "{lon} {lat} lies outside the reach of {}",
                self.crs
            )))
        }
    }

    /// Map units of a metre on the ground at a place, along x and along y.
    ///
    /// Web Mercator uses its own sphere, as the services that draw it do; degrees follow the
    /// ellipsoid; any other projection is measured from west to east at the place.
    pub fn units_per_metre(&self, lon: f64, lat: f64) -> Result<(f64, f64), Error> {
        if self.crs.is_geographic() {
            let (x, y) = metres_per_degree(lat);
            return Ok((1.0 / x, 1.0 / y));
        }
        if self.crs.epsg() == Some(3857) {
            let scale = 1.0 / lat.to_radians().cos();
            return Ok((scale, scale));
        }
        let step = 1e-4;
        let west = self.place(lon - step, lat)?;
        let east = self.place(lon + step, lat)?;
        let scale =
            (east.x - west.x).hypot(east.y - west.y) / (2.0 * step * metres_per_degree(lat).0);
        Ok((scale, scale))
    }

    /// Lon/lat outline of a rectangle of the map, counter-clockwise from its lower left corner.
    pub fn outline(&self, bounds: Rect) -> Result<Polygon, Error> {
        let (low, high) = (bounds.min(), bounds.max());
        let mut corners = [
            low,
            coord! { x: high.x, y: low.y },
            high,
            coord! { x: low.x, y: high.y },
            low,
        ];
        self.back.project(&mut corners)?;
        Ok(Polygon::new(corners.to_vec().into(), Vec::new()))
    }
}

/// Maps by their reference systems, each made once.
#[derive(Default)]
pub struct Maps(Mutex<Vec<Arc<Map>>>);

impl Maps {
    /// The map of a reference system, made by whoever asks first.
    ///
    /// # Errors
    /// As [`Map::new`].
    pub fn get(&self, crs: &Crs) -> Result<Arc<Map>, Error> {
        let mut maps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(map) = maps.iter().find(|map| map.crs == *crs) {
            return Ok(map.clone());
        }
        let map = Arc::new(Map::new(crs.clone())?);
        maps.push(map.clone());
        Ok(map)
    }
}

/// The square of `size` map units around a place of the map.
pub fn square(center: Coord, size: (f64, f64)) -> Rect {
    let half = coord! { x: size.0 / 2.0, y: size.1 / 2.0 };
    Rect::new(center - half, center + half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_degree_has_the_length_of_the_ellipsoid() {
        // Along the parallel a cos(lat) / sqrt(1 - e2 sin2(lat)), computed with Python; along the meridian
        // GeographicLib's length of the degree centred at the latitude.
        for (lat, lon_m, lat_m) in [
            (0.0, 111_319.491, 110_574.276),
            (45.0, 78_846.835, 111_131.778),
        ] {
            let (x, y) = metres_per_degree(lat);
            assert!((x - lon_m).abs() < 0.01, "{lat}: {x}");
            assert!((y - lat_m).abs() < 0.7, "{lat}: {y}");
        }
    }

    #[test]
    fn web_mercator_stretches_by_the_cosine() {
        let map = Map::new(Crs::from_epsg(3857).unwrap()).unwrap();
        let (x, y) = map.units_per_metre(8.5, 60.0).unwrap();
        assert!((x - 2.0).abs() < 1e-12 && (y - 2.0).abs() < 1e-12);
    }

    #[test]
    fn swiss_metres_are_metres() {
        let map = Map::new(Crs::from_epsg(2056).unwrap()).unwrap();
        let (x, _) = map.units_per_metre(8.54, 47.38).unwrap();
        assert!((x - 1.0).abs() < 2e-4, "{x}");
    }
}
