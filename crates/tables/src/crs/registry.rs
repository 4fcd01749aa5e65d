//! The EPSG registry, as the `crs-definitions` crate carries it: a PROJ string and Well-Known Text 1 for each code.

use crs_definitions::{Def, from_code};

use super::description::{Conversion, Description, Geographic, Id};
use super::{proj_string, wkt};

/// The entry of a code.
pub(super) fn entry(code: u32) -> Option<Def> {
    from_code(u16::try_from(code).ok()?)
}

/// The name of an entry: the first text in its Well-Known Text.
pub(super) fn name(entry: &Def) -> &'static str {
    entry.wkt.split('"').nth(1).unwrap_or_default()
}

/// An entry in full.
pub(super) fn describe(code: u32) -> Result<Description, String> {
    let entry = entry(code).ok_or("no such code is known")?;
    if !entry.wkt.is_empty() {
        return wkt::parse(entry.wkt);
    }
    // what Well-Known Text 1 has no name for
    let mut described = proj_string::parse(entry.proj4)?;
    let id = Id {
        authority: "EPSG".to_owned(),
        code: code.to_string(),
    };
    match &mut described.projected {
        Some(projected) => projected.id = Some(id),
        None => described.geographic.id = Some(id),
    }
    Ok(described)
}

fn entries() -> impl Iterator<Item = Def> {
    (1..=u16::MAX).filter_map(from_code)
}

/// The code of a system that came without one: same datum, method, parameters and unit.
pub(super) fn identify(wanted: &Description) -> Option<u32> {
    let projected = wanted.projected.as_ref();
    let keyword = if projected.is_some() {
        "PROJCS["
    } else {
        "GEOGCS["
    };
    // reading all texts takes tenths of a second; what must stand in them takes far less
    let axis = wanted.geographic.ellipsoid.semi_major_axis.to_string();
    let candidates =
        entries().filter(|entry| entry.wkt.starts_with(keyword) && entry.wkt.contains(&axis));
    let same = candidates.filter(|entry| {
        wkt::parse(entry.wkt).is_ok_and(|known| {
            same_geographic(&known.geographic, &wanted.geographic)
                && match (&known.projected, projected) {
                    (None, None) => true,
                    (Some(known), Some(wanted)) => {
                        close(known.unit.metres, wanted.unit.metres, 1e-9)
                            && same_conversion(&known.conversion, &wanted.conversion)
                    }
                    _ => false,
                }
        })
    });
    same.map(|entry| u32::from(entry.code)).next()
}

/// What takes the datum of a system to WGS 84, in PROJ's notation; empty when that is not known.
pub(super) fn datum(geographic: &Geographic) -> String {
    if let Some(shift) = &geographic.to_wgs84 {
        let shift: Vec<String> = shift.iter().map(ToString::to_string).collect();
        return format!("+towgs84={}", shift.join(","));
    }
    // up to number 6999, EPSG's code of a datum is 2000 above that of its geographic system
    let of_datum = || geographic.datum_id.as_ref()?.epsg()?.checked_sub(2000);
    let of_system = geographic.id.as_ref().and_then(|id| id.epsg());
    let by_code = of_system
        .or_else(of_datum)
        .and_then(entry)
        .filter(|entry| entry.wkt.starts_with("GEOGCS["));
    let by_name = || {
        entries()
            .filter(|entry| entry.wkt.starts_with("GEOGCS["))
            .find(|entry| {
                wkt::parse(entry.wkt)
                    .is_ok_and(|known| same_geographic(&known.geographic, geographic))
            })
    };
    let Some(entry) = by_code.or_else(by_name) else {
        return String::new();
    };
    let is_datum = |part: &&str| {
        ["+datum=", "+towgs84=", "+nadgrids="]
            .iter()
            .any(|key| part.starts_with(key))
    };
    entry
        .proj4
        .split_whitespace()
        .find(is_datum)
        .unwrap_or_default()
        .to_owned()
}

fn same_geographic(known: &Geographic, wanted: &Geographic) -> bool {
    close(
        known.ellipsoid.semi_major_axis,
        wanted.ellipsoid.semi_major_axis,
        1e-3,
    ) && close(
        known.ellipsoid.inverse_flattening,
        wanted.ellipsoid.inverse_flattening,
        1e-6,
    ) && close(known.prime_longitude, wanted.prime_longitude, 1e-7)
        && close(known.degrees_per_unit, wanted.degrees_per_unit, 1e-9)
        && plain_datum(&known.datum) == plain_datum(&wanted.datum)
}

fn same_conversion(known: &Conversion, wanted: &Conversion) -> bool {
    known.method == wanted.method
        && known.values.len() == wanted.values.len()
        && known
            .values
            .iter()
            .zip(&wanted.values)
            .all(|(known, wanted)| close(*known, *wanted, 1e-7))
}

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance
}

/// A datum's name without what EPSG, Esri and PROJ add to it or write differently.
fn plain_datum(name: &str) -> String {
    /// Names that are abbreviated in one place and spelled out in another.
    const SAME: &[(&str, &str)] = &[
        ("worldgeodeticsystem1984", "wgs1984"),
        ("worldgeodeticsystem1972", "wgs1972"),
        ("europeanterrestrialreferencesystem1989", "etrs1989"),
        ("reseaugeodesiquefrancais1993", "rgf1993"),
        ("geocentricofaustralia1994", "gda1994"),
        ("geocentricofaustralia2020", "gda2020"),
        ("newzealandgeodetic2000", "nzgd2000"),
        ("newzealandgeodetic1949", "nzgd1949"),
        ("ordnancesurveyofgreatbritain1936", "osgb1936"),
        ("deutscheshauptdreiecksnetz", "dhdn"),
        (
            "systemadereferenciageocentricoparalasamericas2000",
            "sirgas2000",
        ),
    ];
    let lower = name.strip_prefix("D_").unwrap_or(name).to_lowercase();
    let letters: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    let bare = letters.replace("ensemble", "").replace("datum", "");
    SAME.iter()
        .find(|(long, _)| *long == bare)
        .map_or(bare, |(_, short)| (*short).to_owned())
}
