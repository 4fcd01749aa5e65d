//! Coordinate reference systems: named by EPSG code or PROJJSON, made up for a place, or unknown.

mod distortion;
mod projection;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use geo::Coord;
use serde_json::{Value, json};

use crate::{Error, Result};

pub use projection::Projection;

const WGS84: &str = "+proj=longlat +datum=WGS84 +no_defs";

/// A coordinate reference system.
///
/// Coordinates are always x, y (longitude, latitude or easting, northing), whatever order the definition of the system has
/// for its axes: so GeoParquet, GeoJSON and every other format read here have them.
#[derive(Clone, Debug)]
pub struct Crs(Arc<Definition>);

#[derive(Debug)]
enum Definition {
    Unknown,
    Known {
        name: String,
        epsg: Option<u32>,
        /// The definition as a PROJ string, or why there is none.
        proj: std::result::Result<String, String>,
        /// As it came in a file.
        projjson: Option<Value>,
    },
}

impl Crs {
    /// Longitude and latitude in degrees on WGS 84 (OGC:CRS84, in this order of axes the same as EPSG:4326).
    #[must_use]
    pub fn wgs84() -> Self {
        Self::known("WGS 84", Some(4326), WGS84, Some(crs84()))
    }

    /// Coordinates of which nobody said what they are (`"crs": null`).
    #[must_use]
    pub fn unknown() -> Self {
        Self(Arc::new(Definition::Unknown))
    }

    fn known(name: &str, epsg: Option<u32>, proj: &str, projjson: Option<Value>) -> Self {
        Self(Arc::new(Definition::Known {
            name: name.to_owned(),
            epsg,
            proj: Ok(proj.to_owned()),
            projjson,
        }))
    }

    /// The system of an EPSG code.
    ///
    /// # Errors
    /// [`Error::UnknownCrs`] for a code that is not registered, or was not when the definitions were collected.
    pub fn from_epsg(code: u32) -> Result<Self> {
        let definition = u16::try_from(code)
            .ok()
            .and_then(crs_definitions::from_code);
        let definition = definition.ok_or_else(|| Error::UnknownCrs {
            crs: format!("EPSG:{code}"),
            problem: "no such code is known; give another, or PROJJSON".to_owned(),
        })?;
        Ok(Self::known(
            &format!("EPSG:{code}"),
            Some(code),
            definition.proj4,
            None,
        ))
    }

    /// The system that a PROJJSON object describes.
    ///
    /// # Errors
    /// [`Error::UnknownCrs`] when it is no PROJJSON object.
    pub fn from_projjson(json: &Value) -> Result<Self> {
        let code = json.get("id").and_then(|id| id.get("code"));
        let code = code
            .and_then(Value::as_u64)
            .and_then(|code| u32::try_from(code).ok());
        match code {
            Some(code) => {
                let known = Self::from_epsg(code)?;
                let proj = known.proj()?.to_owned();
                Ok(Self::known(
                    &format!("EPSG:{code}"),
                    Some(code),
                    &proj,
                    Some(json.clone()),
                ))
            }
            None => Ok(Self::wgs84()),
        }
    }

    /// Lambert's azimuthal equal-area projection of WGS 84 centred at a place, in metres: areas are right everywhere, and
    /// distances within 200 km of the centre to 0.02 %.
    ///
    /// # Errors
    /// [`Error::CoordinateOutOfRange`].
    pub fn local_equal_area(lon: f64, lat: f64) -> Result<Self> {
        projection::check_lon_lat(&[Coord { x: lon, y: lat }])?;
        // a tenth of a metre, so that noise in the input does not make another system
        let (lon, lat) = ((lon * 1e6).round() / 1e6, (lat * 1e6).round() / 1e6);
        let proj = format!(
            "+proj=laea +lat_0={lat} +lon_0={lon} +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"
        );
        Ok(Self::known(
            &format!("Lambert azimuthal equal area at {lon}, {lat}"),
            None,
            &proj,
            None,
        ))
    }

    /// [`Crs::local_equal_area`] at the middle of these longitudes and latitudes, also across 180 degrees.
    ///
    /// # Errors
    /// [`Error::CoordinateOutOfRange`] with the first coordinate that is no longitude and latitude.
    pub fn local_equal_area_for(lon_lat: &[Coord]) -> Result<Self> {
        projection::check_lon_lat(lon_lat)?;
        let middle = middle(lon_lat).unwrap_or_default();
        Self::local_equal_area(middle.x, middle.y)
    }

    /// The zone of the Universal Transverse Mercator grid on WGS 84 that a place lies in, by the six-degree rule alone (no
    /// exceptions for Norway and Svalbard).
    ///
    /// # Errors
    /// [`Error::CoordinateOutOfRange`].
    pub fn utm_for(lon: f64, lat: f64) -> Result<Self> {
        projection::check_lon_lat(&[Coord { x: lon, y: lat }])?;
        let zone = (1..=60_u32)
            .find(|&zone| lon < f64::from(zone) * 6.0 - 180.0)
            .unwrap_or(1);
        Self::from_epsg(if lat < 0.0 { 32700 } else { 32600 } + zone)
    }

    /// The EPSG code, if the system has one; 4326 for OGC:CRS84.
    #[must_use]
    pub fn epsg(&self) -> Option<u32> {
        match self.0.as_ref() {
            Definition::Unknown => None,
            Definition::Known { epsg, .. } => *epsg,
        }
    }

    /// Whether nothing is known of the coordinates.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self.0.as_ref(), Definition::Unknown)
    }

    /// Whether coordinates are longitude and latitude in degrees.
    #[must_use]
    pub fn is_geographic(&self) -> bool {
        self.proj()
            .is_ok_and(|proj| proj.starts_with("+proj=longlat"))
    }

    /// The metres in one unit of the coordinates of a projected system; `None` for degrees and for the unknown.
    #[must_use]
    pub fn metres_per_unit(&self) -> Option<f64> {
        if self.is_geographic() {
            return None;
        }
        Some(projection::parse(self).ok()?.to_meter())
    }

    /// The PROJJSON that describes the system, as it came if it came in a file; null for the unknown.
    ///
    /// # Errors
    /// [`Error::UnsupportedCrs`] for a projection method that is not described here.
    pub fn to_projjson(&self) -> Result<Value> {
        match self.0.as_ref() {
            Definition::Unknown => Ok(Value::Null),
            Definition::Known {
                projjson: Some(json),
                ..
            } => Ok(json.clone()),
            Definition::Known { .. } => Err(Error::UnsupportedCrs {
                crs: self.to_string(),
                problem: "it cannot be described in PROJJSON".to_owned(),
            }),
        }
    }

    /// The PROJ string.
    fn proj(&self) -> Result<&str> {
        match self.0.as_ref() {
            Definition::Unknown => Err(Error::UnknownCrs {
                crs: self.to_string(),
                problem:
                    "coordinates without a reference system cannot be projected; say what to assume"
                        .to_owned(),
            }),
            Definition::Known { proj: Ok(proj), .. } => Ok(proj),
            Definition::Known {
                proj: Err(problem), ..
            } => Err(Error::UnsupportedCrs {
                crs: self.to_string(),
                problem: problem.clone(),
            }),
        }
    }
}

impl PartialEq for Crs {
    fn eq(&self, other: &Self) -> bool {
        match (self.0.as_ref(), other.0.as_ref()) {
            (Definition::Unknown, Definition::Unknown) => true,
            (
                Definition::Known {
                    epsg,
                    proj,
                    projjson,
                    ..
                },
                Definition::Known {
                    epsg: other_epsg,
                    proj: other_proj,
                    projjson: other_projjson,
                    ..
                },
            ) => {
                (epsg.is_some() && epsg == other_epsg)
                    || (proj.is_ok() && proj == other_proj)
                    || (projjson.is_some() && projjson == other_projjson)
            }
            _ => false,
        }
    }
}

impl fmt::Display for Crs {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_ref() {
            Definition::Unknown => out.write_str("unknown"),
            Definition::Known { name, .. } => out.write_str(name),
        }
    }
}

impl FromStr for Crs {
    type Err = Error;

    /// `EPSG:3121`, `3121`, `OGC:CRS84`, or PROJJSON.
    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.starts_with('{') {
            let json = serde_json::from_str(text).map_err(|error| Error::UnknownCrs {
                crs: "given as PROJJSON".to_owned(),
                problem: error.to_string(),
            })?;
            return Self::from_projjson(&json);
        }
        let upper = text.to_ascii_uppercase();
        if upper == "OGC:CRS84" || upper == "CRS84" {
            return Ok(Self::wgs84());
        }
        let code = upper.strip_prefix("EPSG:").unwrap_or(&upper);
        let code = code.parse().map_err(|_| Error::UnknownCrs {
            crs: format!("`{text}`"),
            problem: "expected EPSG:<code>, OGC:CRS84 or PROJJSON".to_owned(),
        })?;
        Self::from_epsg(code)
    }
}

/// The middle of the box around coordinates, the box taken the short way around the globe.
fn middle(lon_lat: &[Coord]) -> Option<Coord> {
    let first = lon_lat.first()?;
    let (mut low, mut high) = (*first, *first);
    for coord in lon_lat {
        // longitudes as seen from the first, so that 179 and -179 are two degrees apart
        let x = first.x + (coord.x - first.x + 540.0).rem_euclid(360.0) - 180.0;
        low = Coord {
            x: low.x.min(x),
            y: low.y.min(coord.y),
        };
        high = Coord {
            x: high.x.max(x),
            y: high.y.max(coord.y),
        };
    }
    let x = (low.x + high.x) / 2.0;
    Some(Coord {
        x: (x + 540.0).rem_euclid(360.0) - 180.0,
        y: (low.y + high.y) / 2.0,
    })
}

fn crs84() -> Value {
    json!({
        "$schema": "https://proj.org/schemas/v0.7/projjson.schema.json",
        "type": "GeographicCRS",
        "name": "WGS 84 (CRS84)",
        "datum_ensemble": {
            "name": "World Geodetic System 1984 ensemble",
            "members": [
                {"name": "World Geodetic System 1984 (Transit)", "id": {"authority": "EPSG", "code": 1166}},
                {"name": "World Geodetic System 1984 (G730)", "id": {"authority": "EPSG", "code": 1152}},
                {"name": "World Geodetic System 1984 (G873)", "id": {"authority": "EPSG", "code": 1153}},
                {"name": "World Geodetic System 1984 (G1150)", "id": {"authority": "EPSG", "code": 1154}},
                {"name": "World Geodetic System 1984 (G1674)", "id": {"authority": "EPSG", "code": 1155}},
                {"name": "World Geodetic System 1984 (G1762)", "id": {"authority": "EPSG", "code": 1156}},
                {"name": "World Geodetic System 1984 (G2139)", "id": {"authority": "EPSG", "code": 1309}}
            ],
            "ellipsoid": {"name": "WGS 84", "semi_major_axis": 6_378_137, "inverse_flattening": 298.257_223_563},
            "accuracy": "2.0",
            "id": {"authority": "EPSG", "code": 6326}
        },
        "coordinate_system": {
            "subtype": "ellipsoidal",
            "axis": [
                {"name": "Geodetic longitude", "abbreviation": "Lon", "direction": "east", "unit": "degree"},
                {"name": "Geodetic latitude", "abbreviation": "Lat", "direction": "north", "unit": "degree"}
            ]
        },
        "scope": "Not known.",
        "area": "World.",
        "bbox": {"south_latitude": -90, "west_longitude": -180, "north_latitude": 90, "east_longitude": 180},
        "id": {"authority": "OGC", "code": "CRS84"}
    })
}
