//! PROJ strings, such as `+proj=moll +lon_0=0 +datum=WGS84`.
//!
//! Keys: <https://proj.org/en/stable/usage/projections.html>; ellipsoids: <https://proj.org/en/stable/usage/ellipsoids.html>.

use super::description::{Conversion, Description, Ellipsoid, Geographic, LengthUnit, Projected};
use super::methods::{METHODS, Method};

/// Name, semi-major axis and inverse flattening of ellipsoids by their names in PROJ.
const ELLIPSOIDS: &[(&str, &str, f64, f64)] = &[
    ("WGS84", "WGS 84", 6_378_137.0, 298.257_223_563),
    ("GRS80", "GRS 1980", 6_378_137.0, 298.257_222_101),
    ("WGS72", "WGS 72", 6_378_135.0, 298.26),
    ("GRS67", "GRS 1967", 6_378_160.0, 298.247_167_427),
    (
        "aust_SA",
        "Australian National Spheroid",
        6_378_160.0,
        298.25,
    ),
    ("bessel", "Bessel 1841", 6_377_397.155, 299.152_812_8),
    ("intl", "International 1924", 6_378_388.0, 297.0),
    ("krass", "Krassowsky 1940", 6_378_245.0, 298.3),
    ("airy", "Airy 1830", 6_377_563.396, 299.324_964_6),
    ("clrk66", "Clarke 1866", 6_378_206.4, 294.978_698_213_898),
    (
        "clrk80ign",
        "Clarke 1880 (IGN)",
        6_378_249.2,
        293.466_021_293_627,
    ),
    ("clrk80", "Clarke 1880 (RGS)", 6_378_249.145, 293.465),
    ("evrst30", "Everest 1830", 6_377_276.345, 300.801_7),
    ("sphere", "Sphere", 6_370_997.0, 0.0),
];

/// Datums by their names in PROJ: name, ellipsoid, parameters to WGS 84.
const DATUMS: &[(&str, &str, &str, &[f64])] = &[
    ("WGS84", "World Geodetic System 1984", "WGS84", &[0.0; 3]),
    ("NAD83", "North American Datum 1983", "GRS80", &[0.0; 3]),
    (
        "GGRS87",
        "Greek Geodetic Reference System 1987",
        "GRS80",
        &[-199.87, 74.79, 246.62],
    ),
    ("NAD27", "North American Datum 1927", "clrk66", &[]),
    (
        "potsdam",
        "Deutsches Hauptdreiecksnetz",
        "bessel",
        &[598.1, 73.7, 418.2, 0.202, 0.045, -2.455, 6.7],
    ),
    (
        "hermannskogel",
        "Militar-Geographische Institut",
        "bessel",
        &[577.326, 90.129, 463.919, 5.137, 1.474, 5.297, 2.4232],
    ),
    (
        "OSGB36",
        "Ordnance Survey of Great Britain 1936",
        "airy",
        &[446.448, -125.157, 542.060, 0.1502, 0.2470, 0.8421, -20.4894],
    ),
];

/// Metres in units of length by their names in PROJ.
const UNITS: &[(&str, f64)] = &[
    ("m", 1.0),
    ("km", 1000.0),
    ("ft", 0.3048),
    ("us-ft", 1200.0 / 3937.0),
];

/// Keys that say nothing of where coordinates lie.
const IGNORED: &[&str] = &[
    "no_defs",
    "type",
    "wktext",
    "over",
    "title",
    "vunits",
    "geoidgrids",
];
/// Keys that are understood beside those of the method.
const UNDERSTOOD: &[&str] = &[
    "proj", "datum", "ellps", "a", "b", "rf", "f", "r", "towgs84", "nadgrids", "units", "to_meter",
    "pm", "zone", "south", "axis", "k", "k_0", "no_uoff",
];

pub(super) fn parse(text: &str) -> Result<Description, String> {
    let given: Vec<(String, &str)> = text
        .split_whitespace()
        .map(|part| {
            let part = part.trim_start_matches('+');
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (
                if key == "R" {
                    "r".to_owned()
                } else {
                    key.to_owned()
                },
                value,
            )
        })
        .collect();
    let get = |key: &str| {
        given
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, value)| *value)
    };
    let number = |key: &str| -> Result<Option<f64>, String> {
        let parsed = get(key).map(|value| {
            let number = value
                .parse::<f64>()
                .ok()
                .filter(|number| number.is_finite());
            number.ok_or_else(|| format!("its +{key}={value} is no number"))
        });
        parsed.transpose()
    };
    if get("axis").is_some_and(|axis| axis != "enu") {
        return Err("its axes do not run east and north".to_owned());
    }
    let mut geographic = geographic(&get, &number)?;
    let proj = get("proj").ok_or("it has no +proj")?;
    if matches!(proj, "longlat" | "latlong" | "lonlat" | "latlon") {
        return Ok(Description {
            geographic,
            projected: None,
        });
    }
    let is_web_mercator = proj == "merc"
        && get("nadgrids") == Some("@null")
        && number("a")? == Some(6_378_137.0)
        && number("b")? == Some(6_378_137.0);
    if is_web_mercator {
        geographic = Description::wgs84().geographic;
    }
    let (method, extra) = if is_web_mercator {
        (Method::of_code(1024), Vec::new())
    } else if proj == "utm" {
        let zone = number("zone")?
            .filter(|zone| (1.0..=60.0).contains(zone))
            .ok_or("its +zone is not 1 to 60")?;
        let north = if get("south").is_some() {
            10_000_000.0
        } else {
            0.0
        };
        let extra = vec![
            ("lon_0", zone * 6.0 - 183.0),
            ("k_0", 0.9996),
            ("x_0", 500_000.0),
            ("y_0", north),
        ];
        (Method::of_code(9807), extra)
    } else {
        (method(proj, &get, &number)?, Vec::new())
    };
    let method = method.ok_or_else(|| format!("the projection method {proj} is not supported"))?;
    let known = |key: &str| {
        IGNORED.contains(&key)
            || UNDERSTOOD.contains(&key)
            || method
                .parameters
                .iter()
                .any(|parameter| parameter.proj == key)
            || matches!(
                key,
                "lat_0" | "lon_0" | "lat_1" | "lat_2" | "lat_ts" | "x_0" | "y_0" | "alpha"
            )
    };
    if let Some((key, _)) = given.iter().find(|(key, _)| !known(key)) {
        return Err(format!("its +{key} is not understood"));
    }
    let unit = match (number("to_meter")?, get("units")) {
        (Some(metres), _) => metres,
        (None, Some(name)) => {
            let unit = UNITS.iter().find(|(known, _)| *known == name);
            unit.ok_or_else(|| format!("its unit {name} is not understood"))?
                .1
        }
        (None, None) => 1.0,
    };
    let values = method.parameters.iter().map(|parameter| {
        if let Some((_, value)) = extra.iter().find(|(key, _)| *key == parameter.proj) {
            return Ok(*value);
        }
        let value = match parameter.proj {
            "" => None,
            "k_0" => number("k_0")?.or(number("k")?),
            "lat_0" if method.code == 9801 => number("lat_0")?.or(number("lat_1")?),
            key => number(key)?,
        };
        Ok(value.unwrap_or_else(|| parameter.default()))
    });
    let conversion = Conversion {
        name: "unnamed".to_owned(),
        method,
        values: values.collect::<Result<_, String>>()?,
    };
    Ok(Description {
        projected: Some(Projected {
            name: format!("{} / {}", geographic.name, method.name),
            id: None,
            conversion,
            unit: LengthUnit {
                name: if unit == 1.0 { "metre" } else { "unit" }.to_owned(),
                metres: unit,
            },
        }),
        geographic,
    })
}

/// The method of a name, variants told apart by their keys.
fn method<'a>(
    proj: &str,
    get: &impl Fn(&str) -> Option<&'a str>,
    number: &impl Fn(&str) -> Result<Option<f64>, String>,
) -> Result<Option<&'static Method>, String> {
    let code = match proj {
        "lcc" if get("lat_2").is_none() => 9801,
        "lcc" => 9802,
        "merc" if get("lat_ts").is_some() => 9805,
        "merc" => 9804,
        "stere" => match (number("lat_0")?.map(f64::abs), get("lat_ts")) {
            (Some(90.0), Some(_)) => 9829,
            (Some(90.0), None) => 9810,
            _ => return Ok(Method::of_name("Stereographic")),
        },
        "omerc" if get("no_uoff").is_some() => 9812,
        "omerc" if get("gamma").is_none() && get("lonc").is_some() => 9815,
        // the latitude of origin of the cone differs from its parallel: variants that are not described
        _ => return Ok(METHODS.iter().find(|method| method.proj == proj)),
    };
    if code == 9801 {
        let (origin, parallel) = (number("lat_0")?, number("lat_1")?);
        if origin.is_some() && parallel.is_some() && origin != parallel {
            return Ok(Method::of_code(9802));
        }
    }
    Ok(Method::of_code(code))
}

fn geographic<'a>(
    get: &impl Fn(&str) -> Option<&'a str>,
    number: &impl Fn(&str) -> Result<Option<f64>, String>,
) -> Result<Geographic, String> {
    let datum = match get("datum") {
        None => None,
        Some(name) => {
            let known = DATUMS
                .iter()
                .find(|(known, ..)| known.eq_ignore_ascii_case(name));
            Some(known.ok_or_else(|| format!("its datum {name} is not known"))?)
        }
    };
    let named = get("ellps").or(datum.map(|(_, _, ellipsoid, _)| *ellipsoid));
    let ellipsoid = match (number("r")?, number("a")?, named) {
        (Some(radius), ..) => ("Sphere".to_owned(), radius, 0.0),
        (None, Some(a), _) => {
            let flattening = match (number("b")?, number("rf")?, number("f")?) {
                (Some(b), ..) if b == a => 0.0,
                (Some(b), ..) => a / (a - b),
                (None, Some(rf), _) => rf,
                (None, None, Some(f)) if f != 0.0 => 1.0 / f,
                _ => 0.0,
            };
            ("unnamed".to_owned(), a, flattening)
        }
        (None, None, name) => {
            let name = name.unwrap_or("GRS80");
            let known = ELLIPSOIDS.iter().find(|(known, ..)| *known == name);
            let (_, full, a, rf) =
                known.ok_or_else(|| format!("its ellipsoid {name} is not known"))?;
            ((*full).to_owned(), *a, *rf)
        }
    };
    let (name, semi_major_axis, inverse_flattening) = ellipsoid;
    if !(semi_major_axis > 0.0 && inverse_flattening.is_finite()) {
        return Err("its ellipsoid is not one".to_owned());
    }
    let given = match get("towgs84") {
        None => None,
        Some(text) => {
            let shift: Result<Vec<f64>, _> = text.split(',').map(str::parse).collect();
            let shift = shift.ok().filter(|shift| matches!(shift.len(), 3 | 7));
            Some(
                shift
                    .ok_or_else(|| format!("its +towgs84={text} is not three or seven numbers"))?,
            )
        }
    };
    if get("nadgrids").is_some_and(|grids| grids != "@null") {
        return Err("its datum needs a grid of shifts".to_owned());
    }
    let of_datum = datum
        .map(|(.., shift)| shift.to_vec())
        .filter(|shift| !shift.is_empty());
    let prime = match get("pm") {
        None => 0.0,
        Some("greenwich") => 0.0,
        Some("paris") => 2.337_229_166_666_667,
        Some(text) => text
            .parse()
            .map_err(|_| format!("its prime meridian {text} is not understood"))?,
    };
    Ok(Geographic {
        name: datum.map_or_else(
            || format!("unnamed on {name}"),
            |(_, name, ..)| (*name).to_owned(),
        ),
        id: None,
        datum: datum.map_or_else(
            || format!("Unknown based on {name} ellipsoid"),
            |(_, name, ..)| (*name).to_owned(),
        ),
        datum_id: None,
        ellipsoid: Ellipsoid {
            name,
            semi_major_axis,
            inverse_flattening,
        },
        prime_meridian: if prime == 0.0 { "Greenwich" } else { "unnamed" }.to_owned(),
        prime_longitude: prime,
        degrees_per_unit: 1.0,
        to_wgs84: given.or(of_datum),
    })
}
