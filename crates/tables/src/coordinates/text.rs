//! Geometries as text: Well-Known Text, with the SRID that PostGIS puts in front, and hexadecimal Well-Known Binary.

use std::str::FromStr;

use geo::Geometry;
use wkt::Wkt;

use crate::geometry;
use crate::{Error, Result};

const TYPES: &[&str] = &[
    "POINT",
    "LINESTRING",
    "POLYGON",
    "MULTIPOINT",
    "MULTILINESTRING",
    "MULTIPOLYGON",
    "GEOMETRYCOLLECTION",
];
/// Collections within collections.
const DEEPEST: usize = 32;

/// Whether a text looks like a geometry.
pub(super) fn is_geometry(text: &str) -> bool {
    let (_, text) = without_srid(text);
    let upper = text.get(..text.len().min(20)).unwrap_or_default();
    let upper = upper.to_ascii_uppercase();
    TYPES.iter().any(|name| upper.starts_with(name)) || is_hexadecimal(text)
}

fn is_hexadecimal(text: &str) -> bool {
    (text.starts_with("00") || text.starts_with("01"))
        && text.len() >= 18
        && text.len().is_multiple_of(2)
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The geometry of every row, and the SRID that the first has.
pub(super) fn geometries(
    column: &str,
    texts: &[Option<String>],
) -> Result<(Vec<Option<Geometry>>, Option<u32>)> {
    let mut srid = None;
    let mut geometries = Vec::with_capacity(texts.len());
    for (row, text) in texts.iter().enumerate() {
        let text = text.as_deref().map(str::trim).unwrap_or_default();
        if text.is_empty() {
            geometries.push(None);
            continue;
        }
        let problem = |problem: String| Error::Geometry {
            column: column.to_owned(),
            row,
            problem,
        };
        let (own, text) = without_srid(text);
        srid = srid.or(own);
        if own.is_some() && own != srid {
            return Err(problem(
                "its SRID is not that of the rows before".to_owned(),
            ));
        }
        geometries.push(Some(parse(text).map_err(problem)?));
    }
    Ok((geometries, srid))
}

/// `SRID=4326;POINT(1 2)` apart.
fn without_srid(text: &str) -> (Option<u32>, &str) {
    let apart = text
        .get(..5)
        .filter(|start| start.eq_ignore_ascii_case("SRID="))
        .and_then(|_| text.get(5..)?.split_once(';'));
    match apart {
        Some((srid, rest)) => (
            srid.trim().parse().ok().filter(|&srid| srid != 0),
            rest.trim_start(),
        ),
        None => (None, text),
    }
}

fn parse(text: &str) -> std::result::Result<Geometry, String> {
    if is_hexadecimal(text) {
        let digits: Vec<char> = text.chars().collect();
        let bytes = digits.chunks_exact(2).map(|pair| {
            let pair: String = pair.iter().collect();
            u8::from_str_radix(&pair, 16).map_err(|error| error.to_string())
        });
        return geometry::decode(&bytes.collect::<std::result::Result<Vec<u8>, _>>()?);
    }
    let mut depth = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Err("its parentheses lie too deep within each other".to_owned());
        }
    }
    let excerpt: String = text.chars().take(40).collect();
    let wkt = Wkt::<f64>::from_str(text)
        .map_err(|error| format!("`{excerpt}` is no Well-Known Text: {error}"))?;
    if let Wkt::Point(point) = &wkt
        && point.coord().is_none()
    {
        // an empty point, which `geo` cannot hold
        return Ok(Geometry::MultiPoint(geo::MultiPoint(Vec::new())));
    }
    Geometry::try_from(wkt).map_err(|error| format!("`{excerpt}`: {error}"))
}
