//! User-defined reference systems of `GeoTIFF` keys (OGC GeoTIFF 1.1, annex B) in the words of PROJ.

/// A projection of `ProjMethodGeoKey` (`ProjCoordTransGeoKey`): its number, PROJ's name, and which
/// keys hold which of its parameters.
type Method = (u16, &'static str, &'static [(&'static str, &'static [u16])]);

const LAT_0: &[u16] = &[3081, 3085, 3089];
const LON_0: &[u16] = &[3080, 3084, 3088];
const X_0: &[u16] = &[3082, 3086, 3090];
const Y_0: &[u16] = &[3083, 3087, 3091];
const LAT_1: &[u16] = &[3078];
const LAT_2: &[u16] = &[3079];
const K_0: &[u16] = &[3092, 3093];

#[rustfmt::skip]
const METHODS: &[Method] = &[
    (1, "tmerc", &[("lat_0", LAT_0), ("lon_0", LON_0), ("k_0", K_0), ("x_0", X_0), ("y_0", Y_0)]),
    (7, "merc", &[("lat_ts", LAT_1), ("lon_0", LON_0), ("k_0", K_0), ("x_0", X_0), ("y_0", Y_0)]),
    (8, "lcc", &[("lat_1", LAT_1), ("lat_2", LAT_2), ("lat_0", LAT_0), ("lon_0", LON_0), ("x_0", X_0), ("y_0", Y_0)]),
    (9, "lcc", &[("lat_1", LAT_0), ("lat_0", LAT_0), ("lon_0", LON_0), ("k_0", K_0), ("x_0", X_0), ("y_0", Y_0)]),
    (10, "laea", &[("lat_0", LAT_0), ("lon_0", LON_0), ("x_0", X_0), ("y_0", Y_0)]),
    (11, "aea", &[("lat_1", LAT_1), ("lat_2", LAT_2), ("lat_0", LAT_0), ("lon_0", LON_0), ("x_0", X_0), ("y_0", Y_0)]),
    (15, "stere", &[("lat_ts", LAT_0), ("lon_0", &[3095, 3080]), ("k_0", K_0), ("x_0", X_0), ("y_0", Y_0)]),
    (16, "sterea", &[("lat_0", LAT_0), ("lon_0", LON_0), ("k_0", K_0), ("x_0", X_0), ("y_0", Y_0)]),
    (17, "eqc", &[("lat_ts", LAT_1), ("lat_0", LAT_0), ("lon_0", LON_0), ("x_0", X_0), ("y_0", Y_0)]),
    (24, "sinu", &[("lon_0", LON_0), ("x_0", X_0), ("y_0", Y_0)]),
    (28, "cea", &[("lat_ts", LAT_1), ("lon_0", LON_0), ("x_0", X_0), ("y_0", Y_0)]),
];

/// GeoTIFF has no number for these: GDAL and others write their own words only.
/// The datum or ellipsoid of a geographic system.
fn datum(
    short: &dyn Fn(u16) -> Option<u16>,
    double: &dyn Fn(u16) -> Option<f64>,
) -> Result<String, String> {
    match short(2048) {
        Some(4326) => return Ok("+datum=WGS84".to_owned()),
        Some(4269) => return Ok("+datum=NAD83".to_owned()),
        Some(4267) => return Ok("+datum=NAD27".to_owned()),
        Some(4258) => return Ok("+ellps=GRS80 +towgs84=0,0,0".to_owned()),
        _ => {}
    }
    match short(2050) {
        Some(6326) => return Ok("+datum=WGS84".to_owned()),
        Some(6269) => return Ok("+datum=NAD83".to_owned()),
        Some(6267) => return Ok("+datum=NAD27".to_owned()),
        _ => {}
    }
    match short(2056) {
        Some(7030) => return Ok("+ellps=WGS84".to_owned()),
        Some(7019) => return Ok("+ellps=GRS80".to_owned()),
        Some(7008) => return Ok("+ellps=clrk66".to_owned()),
        Some(7004) => return Ok("+ellps=bessel".to_owned()),
        Some(7022) => return Ok("+ellps=intl".to_owned()),
        _ => {}
    }
    let Some(a) = double(2057) else {
        return Err(match short(2048) {
            Some(code) if code != 32_767 => format!("on the datum of EPSG:{code}"),
            _ => "without a datum".to_owned(),
        });
    };
    match (double(2058), double(2059)) {
        (Some(b), _) => Ok(format!("+a={a} +b={b}")),
        (_, Some(rf)) if rf > 0.0 => Ok(format!("+a={a} +rf={rf}")),
        _ => Ok(format!("+a={a} +b={a}")),
    }
}

/// The system that the keys tell, as PROJ writes it; or what cannot be read of it.
pub(super) fn proj(
    short: &dyn Fn(u16) -> Option<u16>,
    double: &dyn Fn(u16) -> Option<f64>,
) -> Result<String, String> {
    let Some(model) = short(1024) else {
        return Err("no geokeys".to_owned());
    };
    let datum = datum(short, double)?;
    if model == 2 {
        return Ok(format!("+proj=longlat {datum} +no_defs +type=crs"));
    }
    let number = short(3075).ok_or("a projection without its method")?;
    let Some((_, name, parameters)) = METHODS.iter().find(|(known, _, _)| *known == number) else {
        return Err(format!("projection method {number}"));
    };
    // Lengths are in the units of the map, angles in those of key 2054 (9102: degrees).
    let degrees = match short(2054) {
        None | Some(9102) => 1.0,
        Some(9101) => 180.0 / std::f64::consts::PI,
        Some(9105) => 0.9,
        Some(unit) => return Err(format!("angles in unit {unit}")),
    };
    let (unit, metres) = match (short(3076), double(3077)) {
        (None | Some(9001), _) => ("+units=m".to_owned(), 1.0),
        (Some(9002), _) => ("+units=ft".to_owned(), 0.3048),
        (Some(9003), _) => ("+units=us-ft".to_owned(), 1200.0 / 3937.0),
        (Some(32_767), Some(metres)) => (format!("+to_meter={metres}"), metres),
        (Some(unit), _) => return Err(format!("lengths in unit {unit}")),
    };
    let mut text = format!("+proj={name}");
    for (parameter, keys) in *parameters {
        let Some(value) = keys.iter().find_map(|key| double(*key)) else {
            continue;
        };
        let value = match *parameter {
            // PROJ takes false eastings in metres whatever the units of the map.
            "x_0" | "y_0" => value * metres,
            "k_0" => value,
            _ => value * degrees,
        };
        text.push_str(&format!(" +{parameter}={value}"));
    }
    if *name == "stere" {
        let lat = LAT_0.iter().find_map(|key| double(*key)).unwrap_or(90.0);
        text.push_str(if lat < 0.0 {
            " +lat_0=-90"
        } else {
            " +lat_0=90"
        });
    }
    Ok(format!("{text} {datum} {unit} +no_defs +type=crs"))
}
