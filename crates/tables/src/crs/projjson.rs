//! PROJJSON, the notation of reference systems in GeoParquet.
//!
//! Schema: <https://proj.org/en/stable/specifications/projjson.html>.

use serde_json::{Map, Value, json};

use super::description::{
    Conversion, Description, Ellipsoid, Geographic, Id, LengthUnit, Projected,
};
use super::methods::{Method, Quantity};

const SCHEMA: &str = "https://proj.org/schemas/v0.7/projjson.schema.json";

/// The horizontal system that PROJJSON describes, or what is wrong with it.
pub(super) fn parse(json: &Value) -> Result<Description, String> {
    match json.get("type").and_then(Value::as_str) {
        Some("GeographicCRS" | "GeodeticCRS") => Ok(Description {
            geographic: geographic(json)?,
            projected: None,
        }),
        Some("ProjectedCRS") => {
            let base = json.get("base_crs").ok_or("it has no base_crs")?;
            Ok(Description {
                geographic: geographic(base)?,
                projected: Some(projected(json)?),
            })
        }
        Some("CompoundCRS") => {
            let horizontal = json
                .get("components")
                .and_then(|components| components.get(0));
            parse(horizontal.ok_or("it has no components")?)
        }
        Some("BoundCRS") => {
            let mut bound = parse(json.get("source_crs").ok_or("it has no source_crs")?)?;
            bound.geographic.to_wgs84 = to_wgs84(json);
            Ok(bound)
        }
        Some(other) => Err(format!("{other} is not a geographic or projected system")),
        None => Err("it is not PROJJSON: no type is given".to_owned()),
    }
}

/// The identifier of a system or datum.
pub(super) fn id(json: &Value) -> Option<Id> {
    let id = json.get("id").or_else(|| json.get("ids")?.get(0))?;
    let code = match id.get("code")? {
        Value::String(code) => code.clone(),
        Value::Number(code) => code.to_string(),
        _ => return None,
    };
    Some(Id {
        authority: id.get("authority")?.as_str()?.to_owned(),
        code,
    })
}

fn name(json: &Value) -> String {
    json.get("name")
        .and_then(Value::as_str)
        .unwrap_or("unnamed")
        .to_owned()
}

fn geographic(json: &Value) -> Result<Geographic, String> {
    let datum = json
        .get("datum")
        .or_else(|| json.get("datum_ensemble"))
        .ok_or("it has no datum")?;
    let ellipsoid = datum.get("ellipsoid").ok_or("its datum has no ellipsoid")?;
    let prime = datum.get("prime_meridian");
    let prime_longitude =
        prime
            .and_then(|prime| prime.get("longitude"))
            .map_or(Ok(0.0), |longitude| {
                quantity(longitude, Quantity::Angle, None)
                    .ok_or("its prime meridian has no longitude")
            })?;
    let axes = json
        .get("coordinate_system")
        .and_then(|system| system.get("axis"));
    let unit = axes
        .and_then(|axes| axes.get(0))
        .and_then(|axis| axis.get("unit"));
    Ok(Geographic {
        name: name(json),
        id: id(json),
        datum: name(datum),
        datum_id: id(datum),
        ellipsoid: self::ellipsoid(ellipsoid)?,
        prime_meridian: prime.map_or_else(|| "Greenwich".to_owned(), name),
        prime_longitude,
        degrees_per_unit: unit_factor(unit, Quantity::Angle)
            .ok_or("its angular unit is not understood")?,
        to_wgs84: None,
    })
}

fn ellipsoid(json: &Value) -> Result<Ellipsoid, String> {
    let length = |member: &str| {
        json.get(member)
            .and_then(|value| quantity(value, Quantity::Length, None))
    };
    let number = |member: &str| json.get(member).and_then(Value::as_f64);
    let radius = length("radius");
    let semi_major_axis = length("semi_major_axis")
        .or(radius)
        .ok_or("its ellipsoid has no semi_major_axis")?;
    let from_minor = length("semi_minor_axis").map(|minor| {
        if minor == semi_major_axis {
            0.0
        } else {
            semi_major_axis / (semi_major_axis - minor)
        }
    });
    let inverse_flattening = number("inverse_flattening")
        .or(from_minor)
        .or(radius.map(|_| 0.0));
    let inverse_flattening = inverse_flattening.ok_or("its ellipsoid has no inverse_flattening")?;
    if !(semi_major_axis > 0.0 && inverse_flattening.is_finite()) {
        return Err("its ellipsoid is not one".to_owned());
    }
    Ok(Ellipsoid {
        name: name(json),
        semi_major_axis,
        inverse_flattening,
    })
}

fn projected(json: &Value) -> Result<Projected, String> {
    let conversion = json.get("conversion").ok_or("it has no conversion")?;
    let method = conversion
        .get("method")
        .ok_or("its conversion has no method")?;
    let code = id(method).and_then(|id| id.epsg());
    let known = code
        .and_then(|code| Method::of_code(u64::from(code)))
        .or_else(|| Method::of_name(&name(method)));
    let method =
        known.ok_or_else(|| format!("the projection method {} is not supported", name(method)))?;
    let axes = json
        .get("coordinate_system")
        .and_then(|system| system.get("axis"))
        .and_then(Value::as_array);
    let axes = axes.ok_or("it has no axes")?;
    let is_turned = |axis: &Value| {
        matches!(
            axis.get("direction").and_then(Value::as_str),
            Some("south" | "west")
        )
    };
    if method.proj != "stere" && axes.iter().any(is_turned) {
        return Err("its axes run south or west".to_owned());
    }
    let unit = axes.first().and_then(|axis| axis.get("unit"));
    let given = conversion.get("parameters").and_then(Value::as_array);
    let given = given.map(Vec::as_slice).unwrap_or_default();
    let values = method.parameters.iter().map(|parameter| {
        let is_it = |candidate: &&Value| match id(candidate).and_then(|id| id.epsg()) {
            Some(code) => code == parameter.code,
            None => name(candidate).eq_ignore_ascii_case(parameter.name),
        };
        match given.iter().find(is_it) {
            None => Ok(parameter.default()),
            Some(value) => {
                let number = value.get("value");
                let read = number
                    .and_then(|number| quantity(number, parameter.quantity, value.get("unit")));
                read.ok_or_else(|| format!("its parameter `{}` is not understood", parameter.name))
            }
        }
    });
    let conversion = Conversion {
        name: name(conversion),
        method,
        values: values.collect::<Result<_, _>>()?,
    };
    let unit = LengthUnit {
        name: unit_name(unit).to_owned(),
        metres: unit_factor(unit, Quantity::Length).ok_or("its linear unit is not understood")?,
    };
    Ok(Projected {
        name: name(json),
        id: id(json),
        conversion,
        unit,
    })
}

/// The seven parameters of a bound system, if that is what it is bound by.
fn to_wgs84(json: &Value) -> Option<Vec<f64>> {
    // EPSG codes of the translations, rotations and scale difference of the position vector method
    const CODES: [u32; 7] = [8605, 8606, 8607, 8608, 8609, 8610, 8611];
    let transformation = json.get("transformation")?;
    let parameters = transformation.get("parameters")?.as_array()?;
    let value = |code: u32| {
        let parameter = parameters
            .iter()
            .find(|parameter| id(parameter).and_then(|id| id.epsg()) == Some(code))?;
        parameter.get("value")?.as_f64()
    };
    let values: Vec<f64> = CODES.iter().map_while(|&code| value(code)).collect();
    matches!(values.len(), 3 | 7).then_some(values)
}

/// A number with its unit, in degrees, metres or plain; bare numbers are in `unit` or, without one, in those already.
fn quantity(json: &Value, kind: Quantity, unit: Option<&Value>) -> Option<f64> {
    match json {
        Value::Number(number) => Some(number.as_f64()? * unit_factor(unit, kind)?),
        Value::Object(_) => {
            Some(json.get("value")?.as_f64()? * unit_factor(json.get("unit"), kind)?)
        }
        _ => None,
    }
}

fn unit_name(unit: Option<&Value>) -> &str {
    match unit {
        Some(Value::String(name)) => name,
        Some(unit) => unit.get("name").and_then(Value::as_str).unwrap_or("metre"),
        None => "metre",
    }
}

/// What a unit is in degrees, metres or plain numbers.
fn unit_factor(unit: Option<&Value>, kind: Quantity) -> Option<f64> {
    match unit {
        None => Some(1.0),
        Some(Value::String(name)) => {
            matches!(name.as_str(), "degree" | "metre" | "unity").then_some(1.0)
        }
        Some(unit) => {
            let factor = unit.get("conversion_factor")?.as_f64()?;
            Some(if kind == Quantity::Angle {
                factor.to_degrees()
            } else {
                factor
            })
        }
    }
}

/// A system as PROJJSON.
pub(super) fn write(description: &Description) -> Value {
    let geographic = write_geographic(&description.geographic);
    let mut json = match &description.projected {
        None => geographic,
        Some(projected) => write_projected(projected, geographic),
    };
    json.insert("$schema".to_owned(), json!(SCHEMA));
    Value::Object(json)
}

fn object(json: Value) -> Map<String, Value> {
    match json {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn with_id(json: Value, id: Option<&Id>) -> Map<String, Value> {
    let mut members = object(json);
    if let Some(id) = id {
        let code = id
            .code
            .parse::<u64>()
            .map_or_else(|_| json!(id.code), |code| json!(code));
        members.insert(
            "id".to_owned(),
            json!({"authority": id.authority, "code": code}),
        );
    }
    members
}

fn write_geographic(geographic: &Geographic) -> Map<String, Value> {
    let ellipsoid = &geographic.ellipsoid;
    let shape = match ellipsoid.inverse_flattening {
        0.0 => json!({"name": ellipsoid.name, "radius": ellipsoid.semi_major_axis}),
        flattening => json!({
            "name": ellipsoid.name,
            "semi_major_axis": ellipsoid.semi_major_axis,
            "inverse_flattening": flattening
        }),
    };
    let mut datum = object(json!({
        "type": "GeodeticReferenceFrame", "name": geographic.datum.replace('_', " "), "ellipsoid": shape
    }));
    if geographic.prime_longitude != 0.0 {
        let prime =
            json!({"name": geographic.prime_meridian, "longitude": geographic.prime_longitude});
        datum.insert("prime_meridian".to_owned(), prime);
    }
    let datum = with_id(Value::Object(datum), geographic.datum_id.as_ref());
    let json = json!({
        "type": "GeographicCRS",
        "name": geographic.name,
        "datum": datum,
        "coordinate_system": {
            "subtype": "ellipsoidal",
            "axis": [
                {"name": "Geodetic latitude", "abbreviation": "Lat", "direction": "north", "unit": "degree"},
                {"name": "Geodetic longitude", "abbreviation": "Lon", "direction": "east", "unit": "degree"}
            ]
        }
    });
    with_id(json, geographic.id.as_ref())
}

fn write_projected(projected: &Projected, base: Map<String, Value>) -> Map<String, Value> {
    let conversion = &projected.conversion;
    let parameters = conversion
        .method
        .parameters
        .iter()
        .zip(&conversion.values)
        .map(|(parameter, value)| {
            let unit = match parameter.quantity {
                Quantity::Angle => "degree",
                Quantity::Length => "metre",
                Quantity::Scale => "unity",
            };
            json!({
                "name": parameter.name,
                "value": value,
                "unit": unit,
                "id": {"authority": "EPSG", "code": parameter.code}
            })
        });
    let unit = match projected.unit.metres {
        1.0 => json!("metre"),
        metres => {
            json!({"type": "LinearUnit", "name": projected.unit.name, "conversion_factor": metres})
        }
    };
    let mut method = object(json!({"name": conversion.method.name}));
    if conversion.method.code != 0 {
        let id = json!({"authority": "EPSG", "code": conversion.method.code});
        method.insert("id".to_owned(), id);
    }
    let json = json!({
        "type": "ProjectedCRS",
        "name": projected.name,
        "base_crs": base,
        "conversion": {
            "name": conversion.name,
            "method": method,
            "parameters": parameters.collect::<Vec<_>>()
        },
        "coordinate_system": {
            "subtype": "Cartesian",
            "axis": [
                {"name": "Easting", "abbreviation": "E", "direction": "east", "unit": unit},
                {"name": "Northing", "abbreviation": "N", "direction": "north", "unit": unit}
            ]
        }
    });
    with_id(json, projected.id.as_ref())
}
