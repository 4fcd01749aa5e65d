//! A reference system in full: datum, ellipsoid, projection, units. What PROJJSON and Well-Known Text are read into.

use super::methods::{LAMBERT_AZIMUTHAL_EQUAL_AREA, Method, Quantity};

/// An authority's identifier, such as EPSG 4326.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Id {
    pub authority: String,
    pub code: String,
}

impl Id {
    /// The code, if the authority is EPSG.
    pub fn epsg(&self) -> Option<u32> {
        self.authority
            .eq_ignore_ascii_case("EPSG")
            .then(|| self.code.parse().ok())
            .flatten()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ellipsoid {
    pub name: String,
    /// Metres.
    pub semi_major_axis: f64,
    /// Zero for a sphere.
    pub inverse_flattening: f64,
}

/// A geographic system.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Geographic {
    pub name: String,
    pub id: Option<Id>,
    pub datum: String,
    pub datum_id: Option<Id>,
    pub ellipsoid: Ellipsoid,
    pub prime_meridian: String,
    /// Degrees east of Greenwich.
    pub prime_longitude: f64,
    /// Degrees in one unit of its coordinates.
    pub degrees_per_unit: f64,
    /// What takes its datum to WGS 84, if the definition says so: three or seven parameters, in metres, arc seconds and parts
    /// per million (position vector convention).
    pub to_wgs84: Option<Vec<f64>>,
}

/// How a projected system is derived from a geographic one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Conversion {
    pub name: String,
    pub method: &'static Method,
    /// In the order of the method's parameters; degrees and metres.
    pub values: Vec<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct LengthUnit {
    pub name: String,
    pub metres: f64,
}

/// A projected system, but for its base.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Projected {
    pub name: String,
    pub id: Option<Id>,
    pub conversion: Conversion,
    pub unit: LengthUnit,
}

/// A geographic or projected system.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Description {
    pub geographic: Geographic,
    pub projected: Option<Projected>,
}

impl Description {
    pub fn name(&self) -> &str {
        self.projected
            .as_ref()
            .map_or(&self.geographic.name, |projected| &projected.name)
    }

    pub fn id(&self) -> Option<&Id> {
        self.projected
            .as_ref()
            .map_or(self.geographic.id.as_ref(), |projected| {
                projected.id.as_ref()
            })
    }

    /// WGS 84, longitude and latitude.
    pub fn wgs84() -> Self {
        let epsg = |code: &str| {
            Some(Id {
                authority: "EPSG".to_owned(),
                code: code.to_owned(),
            })
        };
        let geographic = Geographic {
            name: "WGS 84".to_owned(),
            id: epsg("4326"),
            datum: "World Geodetic System 1984".to_owned(),
            datum_id: epsg("6326"),
            ellipsoid: Ellipsoid {
                name: "WGS 84".to_owned(),
                semi_major_axis: 6_378_137.0,
                inverse_flattening: 298.257_223_563,
            },
            prime_meridian: "Greenwich".to_owned(),
            prime_longitude: 0.0,
            degrees_per_unit: 1.0,
            to_wgs84: Some(vec![0.0; 3]),
        };
        Self {
            geographic,
            projected: None,
        }
    }

    /// Lambert's azimuthal equal-area projection of WGS 84, centred at a place.
    pub fn equal_area_at(lon: f64, lat: f64) -> Self {
        let method = &LAMBERT_AZIMUTHAL_EQUAL_AREA;
        let name = format!("WGS 84 / equal area at {lon}, {lat}");
        let conversion = Conversion {
            name: name.clone(),
            method,
            values: vec![lat, lon, 0.0, 0.0],
        };
        let unit = LengthUnit {
            name: "metre".to_owned(),
            metres: 1.0,
        };
        let projected = Projected {
            name,
            id: None,
            conversion,
            unit,
        };
        Self {
            projected: Some(projected),
            ..Self::wgs84()
        }
    }

    /// The system as a PROJ string, its datum as `datum` says in PROJ's notation.
    pub fn to_proj(&self, datum: &str) -> Result<String, String> {
        let geographic = &self.geographic;
        let mut parts = match &self.projected {
            None if geographic.degrees_per_unit != 1.0 => {
                return Err(format!(
                    "its coordinates are in units of {} degrees; expected degrees",
                    geographic.degrees_per_unit
                ));
            }
            None => vec!["+proj=longlat".to_owned()],
            Some(projected) => projected.conversion.to_proj(),
        };
        if !is_web_mercator(self.projected.as_ref()) {
            let ellipsoid = &geographic.ellipsoid;
            parts.push(format!("+a={}", ellipsoid.semi_major_axis));
            parts.push(match ellipsoid.inverse_flattening {
                0.0 => format!("+b={}", ellipsoid.semi_major_axis),
                flattening => format!("+rf={flattening}"),
            });
            parts.extend((!datum.is_empty()).then(|| datum.to_owned()));
        }
        if geographic.prime_longitude != 0.0 {
            parts.push(format!("+pm={}", geographic.prime_longitude));
        }
        if let Some(projected) = &self.projected {
            parts.push(format!("+to_meter={}", projected.unit.metres));
        }
        parts.push("+no_defs".to_owned());
        Ok(parts.join(" "))
    }
}

fn is_web_mercator(projected: Option<&Projected>) -> bool {
    projected.is_some_and(|projected| projected.conversion.method.proj == "webmerc")
}

impl Conversion {
    /// The value of a parameter by its EPSG code.
    fn value(&self, code: u32) -> Option<f64> {
        let position = self
            .method
            .parameters
            .iter()
            .position(|parameter| parameter.code == code)?;
        self.values.get(position).copied()
    }

    /// The method and its parameters in PROJ's notation.
    fn to_proj(&self) -> Vec<String> {
        // EPSG has no method of its own for the Swiss grid: an oblique Mercator whose line runs
        // due east
        let is_swiss = self.method.code == 9815
            && self.value(8813) == Some(90.0)
            && self.value(8814) == Some(90.0);
        let mut parts = vec![match self.method.proj {
            "webmerc" => "+proj=merc +a=6378137 +b=6378137 +nadgrids=@null".to_owned(),
            _ if is_swiss => "+proj=somerc".to_owned(),
            method => format!("+proj={method}"),
        }];
        for (parameter, value) in self.method.parameters.iter().zip(&self.values) {
            match parameter.proj {
                "" => {}
                "alpha" | "gamma" if is_swiss => {}
                "lonc" if is_swiss => parts.push(format!("+lon_0={value}")),
                key => parts.push(format!("+{key}={value}")),
            }
        }
        match self.method.code {
            // with one standard parallel, it is the latitude of origin
            9801 => parts.push(format!("+lat_1={}", self.value(8801).unwrap_or_default())),
            // the pole is on the side of the standard parallel
            9829 if self.value(8832).unwrap_or_default() < 0.0 => {
                parts.push("+lat_0=-90".to_owned())
            }
            9829 => parts.push("+lat_0=90".to_owned()),
            // counted from where the line crosses the equator
            9812 => parts.push("+no_uoff".to_owned()),
            _ => {}
        }
        parts
    }
}

/// The factor that takes a value of a quantity into degrees, metres or plain numbers.
pub(super) fn factor(quantity: Quantity, degrees_per_unit: f64, metres_per_unit: f64) -> f64 {
    match quantity {
        Quantity::Angle => degrees_per_unit,
        Quantity::Length => metres_per_unit,
        Quantity::Scale => 1.0,
    }
}
