//! Coordinate reference systems: named by EPSG code or PROJJSON, made up for a place, or unknown.

mod datum;
mod description;
mod distortion;
mod esri;
mod methods;
mod proj_string;
mod projection;
mod projjson;
mod registry;
mod wkt;
mod wkt2;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use geo::Coord;
use serde_json::{Value, json};

use crate::{Error, Result};
use description::Description;

pub use projection::Projection;

const WGS84: &str = "+proj=longlat +datum=WGS84 +no_defs";

/// A coordinate reference system.
///
/// Coordinates are always x, y (longitude, latitude or easting, northing), whatever order the
/// definition of the system has for its axes: so GeoParquet, GeoJSON and every other format read
/// here have them.
#[derive(Clone, Debug)]
pub struct Crs(Arc<System>);

#[derive(Debug)]
enum System {
    Unknown,
    Known {
        name: String,
        epsg: Option<u32>,
        /// The definition as a PROJ string, or why there is none.
        proj: std::result::Result<String, String>,
        notation: Notation,
    },
}

/// Where the PROJJSON of a system comes from.
#[derive(Debug)]
enum Notation {
    /// It is PROJJSON, as it came in a file.
    Given(Value),
    /// The registry, by its code.
    Registered(u32),
    /// A definition that has no code.
    Described(Description),
}

impl Crs {
    /// Longitude and latitude in degrees on WGS 84 (OGC:CRS84, in this order of axes the same as
    /// EPSG:4326).
    #[must_use]
    pub fn wgs84() -> Self {
        Self::known(
            "WGS 84",
            Some(4326),
            Ok(WGS84.to_owned()),
            Notation::Given(crs84()),
        )
    }

    /// Coordinates of which nobody said what they are (`"crs": null`).
    #[must_use]
    pub fn unknown() -> Self {
        Self(Arc::new(System::Unknown))
    }

    fn known(
        name: &str,
        epsg: Option<u32>,
        proj: std::result::Result<String, String>,
        notation: Notation,
    ) -> Self {
        Self(Arc::new(System::Known {
            name: name.to_owned(),
            epsg,
            proj,
            notation,
        }))
    }

    /// The system of an EPSG code.
    ///
    /// # Errors
    /// [`Error::UnknownCrs`] for a code that is not registered, or was not when the definitions
    /// were collected.
    pub fn from_epsg(code: u32) -> Result<Self> {
        Self::registered(code, Notation::Registered(code)).ok_or_else(|| Error::UnknownCrs {
            crs: format!("EPSG:{code}"),
            problem: "no such code is known; give another, or PROJJSON".to_owned(),
        })
    }

    fn registered(code: u32, notation: Notation) -> Option<Self> {
        let entry = registry::entry(code)?;
        let in_degrees = !entry.wkt.starts_with("GEOGCS[") || entry.wkt.contains("UNIT[\"degree\"");
        let proj = if matches!(code, 3973..=3975) {
            Err("it is computed on a sphere, which is not supported; EASE-Grid 2.0 (EPSG:6931 to 6933) is".to_owned())
        } else if in_degrees {
            Ok(entry.proj4.to_owned())
        } else {
            Err("its coordinates are not in degrees".to_owned())
        };
        Some(Self::known(
            registry::name(&entry),
            Some(code),
            proj,
            notation,
        ))
    }

    /// The system that a PROJJSON object describes.
    ///
    /// A system that cannot be computed here is still accepted, and kept as it is: only to
    /// project with it is an error.
    ///
    /// # Errors
    /// [`Error::UnknownCrs`] when it is no PROJJSON.
    pub fn from_projjson(json: &Value) -> Result<Self> {
        let name = json
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or("given as PROJJSON");
        if json.get("type").and_then(Value::as_str).is_none() {
            return Err(Error::UnknownCrs {
                crs: name.to_owned(),
                problem: "it is not PROJJSON: no type is given".to_owned(),
            });
        }
        let id = projjson::id(json);
        if id
            .as_ref()
            .is_some_and(|id| id.authority == "OGC" && id.code == "CRS84")
        {
            let given = Notation::Given(json.clone());
            return Ok(Self::known(name, Some(4326), Ok(WGS84.to_owned()), given));
        }
        let code = id.and_then(|id| id.epsg());
        let registered =
            code.and_then(|code| Self::registered(code, Notation::Given(json.clone())));
        Ok(registered.unwrap_or_else(|| {
            let proj = projjson::parse(json);
            let proj = proj.and_then(|system| system.to_proj(&registry::datum(&system.geographic)));
            Self::known(name, code, proj, Notation::Given(json.clone()))
        }))
    }

    /// The system that Well-Known Text describes, version 1 as in the `.prj` file of a Shapefile, or version 2; its EPSG
    /// code is found where the text gives none.
    ///
    /// # Errors
    /// [`Error::UnknownCrs`] when the text cannot be understood.
    pub fn from_wkt(text: &str) -> Result<Self> {
        let unknown = |problem| Error::UnknownCrs {
            crs: "given as Well-Known Text".to_owned(),
            problem,
        };
        let system = wkt::parse(text).map_err(unknown)?;
        let code = system.id().and_then(description::Id::epsg);
        let code = code.or_else(|| registry::identify(&system));
        if let Some(known) = code.and_then(|code| Self::from_epsg(code).ok()) {
            return Ok(known);
        }
        Ok(Self::described(system))
    }

    /// The system that a PROJ string describes, such as `+proj=moll +datum=WGS84`.
    ///
    /// # Errors
    /// [`Error::UnknownCrs`] for what is not understood of it.
    pub fn from_proj_string(text: &str) -> Result<Self> {
        let unknown = |problem| Error::UnknownCrs {
            crs: format!("`{text}`"),
            problem,
        };
        if let Some(code) = text
            .split_whitespace()
            .find_map(|part| part.strip_prefix("+init="))
        {
            return code.parse();
        }
        let system = proj_string::parse(text).map_err(unknown)?;
        let code = registry::identify(&system);
        if let Some(known) = code.and_then(|code| Self::from_epsg(code).ok()) {
            return Ok(known);
        }
        Ok(Self::described(system))
    }

    /// The system of a code of Esri, some of which are those of EPSG.
    fn from_esri(code: u32) -> Result<Self> {
        if let Some((name, definition)) = esri::entry(code) {
            let unknown = |problem| Error::UnknownCrs {
                crs: format!("ESRI:{code}"),
                problem,
            };
            let mut system = proj_string::parse(definition).map_err(unknown)?;
            if let Some(projected) = &mut system.projected {
                projected.name = name.to_owned();
                projected.id = Some(description::Id {
                    authority: "ESRI".to_owned(),
                    code: code.to_string(),
                });
            }
            return Ok(Self::described(system));
        }
        if matches!(code, 102_100 | 102_113) {
            return Self::from_epsg(3857);
        }
        // below, Esri's codes are those of EPSG
        if code < 37_000 {
            return Self::from_epsg(code);
        }
        Err(Error::UnknownCrs {
            crs: format!("ESRI:{code}"),
            problem: "no such code is known; give Well-Known Text, PROJJSON or a PROJ string"
                .to_owned(),
        })
    }

    fn described(system: Description) -> Self {
        let proj = system.to_proj(&registry::datum(&system.geographic));
        let name = system.name().to_owned();
        Self::known(&name, None, proj, Notation::Described(system))
    }

    /// Lambert's azimuthal equal-area projection of WGS 84 centred at a place, in metres: areas
    /// are right everywhere, and distances within 200 km of the centre to 0.02 %.
    ///
    /// # Errors
    /// [`Error::CoordinateOutOfRange`].
    pub fn local_equal_area(lon: f64, lat: f64) -> Result<Self> {
        projection::check_lon_lat(&[Coord { x: lon, y: lat }])?;
        // a tenth of a metre, so that noise in the input does not make another system
        let (lon, lat) = ((lon * 1e6).round() / 1e6, (lat * 1e6).round() / 1e6);
        Ok(Self::described(Description::equal_area_at(lon, lat)))
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
            System::Unknown => None,
            System::Known { epsg, .. } => *epsg,
        }
    }

    /// Whether nothing is known of the coordinates.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self.0.as_ref(), System::Unknown)
    }

    /// Whether coordinates are longitude and latitude in degrees.
    #[must_use]
    pub fn is_geographic(&self) -> bool {
        self.proj()
            .is_ok_and(|proj| proj.starts_with("+proj=longlat"))
    }

    /// The metres in one unit of the coordinates of a projected system; `None` for degrees, for
    /// the unknown and for what cannot be computed.
    #[must_use]
    pub fn metres_per_unit(&self) -> Option<f64> {
        if self.is_geographic() {
            return None;
        }
        Some(projection::parse(self).ok()?.to_meter())
    }

    /// The PROJJSON that describes the system, as it came if it came so; null for the unknown.
    ///
    /// # Errors
    /// [`Error::UnsupportedCrs`] for a registered system with a projection method that is not
    /// described here.
    pub fn to_projjson(&self) -> Result<Value> {
        match self.0.as_ref() {
            System::Unknown => Ok(Value::Null),
            System::Known {
                notation: Notation::Given(json),
                ..
            } => Ok(json.clone()),
            System::Known {
                notation: Notation::Described(system),
                ..
            } => Ok(projjson::write(system)),
            System::Known {
                notation: Notation::Registered(code),
                ..
            } => {
                let system = registry::describe(*code);
                let json = system.map(|system| projjson::write(&system));
                json.map_err(|problem| self.unsupported(problem))
            }
        }
    }

    /// The name of the system, without its code.
    #[must_use]
    pub fn name(&self) -> &str {
        match self.0.as_ref() {
            System::Unknown => "unknown",
            System::Known { name, .. } => name,
        }
    }

    /// The Well-Known Text 1 that describes the system, `None` for the unknown: what Shapefiles and GeoPackages hold.
    ///
    /// # Errors
    /// [`Error::UnsupportedCrs`] for a system that came as PROJJSON with a projection method that is not described here.
    pub fn to_wkt(&self) -> Result<Option<String>> {
        let System::Known { epsg, notation, .. } = self.0.as_ref() else {
            return Ok(None);
        };
        if let Some(entry) = epsg
            .and_then(registry::entry)
            .filter(|entry| !entry.wkt.is_empty())
        {
            return Ok(Some(entry.wkt.to_owned()));
        }
        let described = match notation {
            Notation::Given(json) => projjson::parse(json),
            Notation::Described(system) => Ok(system.clone()),
            Notation::Registered(code) => registry::describe(*code),
        };
        let described = described.map_err(|problem| self.unsupported(problem))?;
        Ok(Some(wkt::write(&described)))
    }

    /// The PROJ string.
    fn proj(&self) -> Result<&str> {
        match self.0.as_ref() {
            System::Unknown => Err(Error::UnknownCrs {
                crs: self.to_string(),
                problem: "coordinates without a reference system cannot be projected; say which \
                          to assume (--assume-crs EPSG:4326, say)"
                    .to_owned(),
            }),
            System::Known { proj: Ok(proj), .. } => Ok(proj),
            System::Known {
                proj: Err(problem), ..
            } => Err(self.unsupported(problem.clone())),
        }
    }

    fn unsupported(&self, problem: String) -> Error {
        Error::UnsupportedCrs {
            crs: self.to_string(),
            problem,
        }
    }
}

/// Systems are equal when coordinates mean the same in both: by EPSG code, else by definition.
impl PartialEq for Crs {
    fn eq(&self, other: &Self) -> bool {
        if self.is_unknown() || other.is_unknown() {
            return self.is_unknown() && other.is_unknown();
        }
        if self.epsg().is_some() && other.epsg().is_some() {
            return self.epsg() == other.epsg();
        }
        match (self.proj(), other.proj()) {
            (Ok(ours), Ok(theirs)) => ours == theirs,
            _ => self.to_projjson().ok() == other.to_projjson().ok(),
        }
    }
}

impl fmt::Display for Crs {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_ref() {
            System::Unknown => out.write_str("unknown"),
            System::Known {
                name,
                epsg: Some(code),
                ..
            } => write!(out, "EPSG:{code} ({name})"),
            System::Known { name, .. } => out.write_str(name),
        }
    }
}

impl FromStr for Crs {
    type Err = Error;

    /// `EPSG:3121`, `3121`, `ESRI:54009`, `OGC:CRS84`, a URN of one of them, PROJJSON, Well-Known Text 1 or 2, or a PROJ
    /// string.
    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.starts_with('{') {
            let json = serde_json::from_str(text).map_err(|error| Error::UnknownCrs {
                crs: "given as PROJJSON".to_owned(),
                problem: error.to_string(),
            })?;
            return Self::from_projjson(&json);
        }
        if text.starts_with('+') {
            return Self::from_proj_string(text);
        }
        if text.contains('[') || text.contains('(') {
            return Self::from_wkt(text);
        }
        let upper = text.to_ascii_uppercase();
        // urn:ogc:def:crs:EPSG::3857, urn:ogc:def:crs:OGC:1.3:CRS84, http://www.opengis.net/def/crs/EPSG/0/4326
        let upper = match upper.rsplit([':', '/']).collect::<Vec<_>>().as_slice() {
            [code, _, authority, "CRS", ..] => format!("{authority}:{code}"),
            _ => upper,
        };
        if upper == "OGC:CRS84" || upper == "CRS84" {
            return Ok(Self::wgs84());
        }
        if let Some(code) = upper
            .strip_prefix("ESRI:")
            .and_then(|code| code.parse().ok())
        {
            return Self::from_esri(code);
        }
        let code = upper.strip_prefix("EPSG:").unwrap_or(&upper);
        let code = code.parse().map_err(|_| Error::UnknownCrs {
            crs: format!("`{text}`"),
            problem: "expected EPSG:<code>, ESRI:<code>, OGC:CRS84, Well-Known Text, PROJJSON or a PROJ string".to_owned(),
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
