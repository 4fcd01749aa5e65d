//! Well-Known Text 2 (ISO 19162:2019), as PROJ, R's sf and newer GIS write it.

use super::description::{
    Conversion, Description, Ellipsoid, Geographic, Id, LengthUnit, Projected,
};
use super::methods::{Method, Parameter, Quantity};
use super::wkt::{Node, tidy_degrees};

/// The system that a node describes; `None` for a node of Well-Known Text 1.
pub(super) fn parse(root: &Node) -> Option<Result<Description, String>> {
    Some(match root.keyword.as_str() {
        "GEOGCRS" | "GEOGRAPHICCRS" | "GEODCRS" | "GEODETICCRS" => {
            geographic(root).map(|geographic| Description {
                geographic,
                projected: None,
            })
        }
        "PROJCRS" | "PROJECTEDCRS" => projected(root),
        "COMPOUNDCRS" => {
            let parts = root.nodes.iter().find_map(parse);
            parts.unwrap_or_else(|| Err("it has no horizontal part".to_owned()))
        }
        "BOUNDCRS" => bound(root),
        _ => return None,
    })
}

fn any<'a>(node: &'a Node, keywords: &[&str]) -> Option<&'a Node> {
    node.nodes
        .iter()
        .find(|child| keywords.contains(&child.keyword.as_str()))
}

fn need<'a>(node: &'a Node, keywords: &[&str]) -> Result<&'a Node, String> {
    any(node, keywords).ok_or_else(|| {
        let wanted = keywords.first().copied().unwrap_or_default();
        format!("its {} has no {wanted}", node.keyword)
    })
}

fn id(node: &Node) -> Option<Id> {
    let id = node.child("ID")?;
    let code = id.texts.get(1).cloned();
    let code = code.or_else(|| id.numbers.first().map(ToString::to_string))?;
    Some(Id {
        authority: id.name(),
        code,
    })
}

const GEODETIC_UNITS: &[&str] = &["ANGLEUNIT", "UNIT"];
const LENGTH_UNITS: &[&str] = &["LENGTHUNIT", "UNIT"];

/// Degrees in the unit of an angle that stands in a node.
fn degrees(node: &Node) -> Result<Option<f64>, String> {
    let unit = any(node, GEODETIC_UNITS);
    unit.map(|unit| unit.number(0).map(tidy_degrees))
        .transpose()
}

fn metres(node: &Node) -> Result<Option<LengthUnit>, String> {
    let unit = any(node, LENGTH_UNITS).map(|unit| {
        unit.number(0).map(|metres| LengthUnit {
            name: unit.name(),
            metres,
        })
    });
    unit.transpose()
}

fn geographic(node: &Node) -> Result<Geographic, String> {
    let datum = need(node, &["DATUM", "ENSEMBLE", "GEODETICDATUM", "TRF"])?;
    let shape = need(datum, &["ELLIPSOID", "SPHEROID"])?;
    let metres = metres(shape)?.map_or(1.0, |unit| unit.metres);
    let semi_major_axis = shape.number(0)? * metres;
    if semi_major_axis <= 0.0 {
        return Err(format!("its ellipsoid has an axis of {semi_major_axis} m"));
    }
    let prime = any(node, &["PRIMEM", "PRIMEMERIDIAN"]);
    // axes have a unit each, or the system has one for all; a base has none
    let axis = node.child("AXIS").map(degrees).transpose()?.flatten();
    let degrees_per_unit = axis.or(degrees(node)?).unwrap_or(1.0);
    let prime_longitude = match prime {
        None => 0.0,
        Some(prime) => prime.number(0)? * degrees(prime)?.unwrap_or(degrees_per_unit),
    };
    if node.child("CS").is_some_and(|cs| {
        cs.texts
            .first()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("Cartesian"))
    }) {
        return Err("geocentric coordinates are not places on a map".to_owned());
    }
    Ok(Geographic {
        name: node.name(),
        id: id(node),
        datum: datum.name(),
        datum_id: id(datum),
        ellipsoid: Ellipsoid {
            name: shape.name(),
            semi_major_axis,
            inverse_flattening: shape.number(1)?,
        },
        prime_meridian: prime.map_or_else(|| "Greenwich".to_owned(), Node::name),
        prime_longitude,
        degrees_per_unit,
        to_wgs84: None,
    })
}

fn projected(node: &Node) -> Result<Description, String> {
    let base = need(node, &["BASEGEOGCRS", "BASEGEODCRS", "GEOGCRS", "GEODCRS"])?;
    let geographic = geographic(base)?;
    let conversion = need(node, &["CONVERSION"])?;
    let method = need(conversion, &["METHOD", "PROJECTION"])?;
    let code = id(method).and_then(|id| id.epsg());
    let known = code
        .and_then(|code| Method::of_code(u64::from(code)))
        .or_else(|| Method::of_name(&method.name()));
    let known =
        known.ok_or_else(|| format!("the projection method {} is not supported", method.name()))?;
    let turned = |axis: &Node| {
        let words = axis.texts.iter().skip(1);
        words
            .into_iter()
            .any(|word| word.eq_ignore_ascii_case("south") || word.eq_ignore_ascii_case("west"))
    };
    let axes = node.nodes.iter().filter(|child| child.keyword == "AXIS");
    if known.proj != "stere" && axes.clone().any(turned) {
        return Err("its axes run south or west".to_owned());
    }
    let unit = match node.child("AXIS").map(metres).transpose()?.flatten() {
        Some(unit) => unit,
        None => metres(node)?.unwrap_or(LengthUnit {
            name: "metre".to_owned(),
            metres: 1.0,
        }),
    };
    let values = known
        .parameters
        .iter()
        .map(|parameter| value(conversion, parameter))
        .collect::<Result<_, _>>()?;
    Ok(Description {
        geographic,
        projected: Some(Projected {
            name: node.name(),
            id: id(node),
            conversion: Conversion {
                name: conversion.name(),
                method: known,
                values,
            },
            unit,
        }),
    })
}

/// The value of a parameter, in degrees or metres.
fn value(conversion: &Node, parameter: &Parameter) -> Result<f64, String> {
    let is_it = |child: &&Node| {
        child.keyword == "PARAMETER"
            && match id(child).and_then(|id| id.epsg()) {
                Some(code) => code == parameter.code,
                None => {
                    let name = child.name();
                    name.eq_ignore_ascii_case(parameter.name)
                        || parameter
                            .wkt
                            .iter()
                            .any(|known| name.eq_ignore_ascii_case(known))
                }
            }
    };
    let Some(given) = conversion.nodes.iter().find(is_it) else {
        return Ok(parameter.default());
    };
    let scale = match parameter.quantity {
        Quantity::Angle => degrees(given)?.unwrap_or(1.0),
        Quantity::Length => metres(given)?.map_or(1.0, |unit| unit.metres),
        Quantity::Scale => 1.0,
    };
    Ok(given.number(0)? * scale)
}

fn bound(node: &Node) -> Result<Description, String> {
    let source = need(node, &["SOURCECRS"])?;
    let described = source.nodes.iter().find_map(parse);
    let mut described = described.unwrap_or_else(|| Err("it has no source".to_owned()))?;
    let transformation = node.child("ABRIDGEDTRANSFORMATION");
    let parameters = transformation.map(|transformation| {
        let parameters = transformation
            .nodes
            .iter()
            .filter(|child| child.keyword == "PARAMETER");
        parameters
            .map(|parameter| parameter.number(0))
            .collect::<Result<Vec<f64>, _>>()
    });
    let parameters = parameters.transpose()?.unwrap_or_default();
    match parameters.len() {
        3 => described.geographic.to_wgs84 = Some(parameters),
        7 => {
            let mut parameters = parameters;
            // as a factor here, in parts per million elsewhere
            if let Some(scale) = parameters
                .last_mut()
                .filter(|scale| (**scale - 1.0).abs() < 0.01)
            {
                *scale = (*scale - 1.0) * 1e6;
            }
            described.geographic.to_wgs84 = Some(parameters);
        }
        _ => {}
    }
    Ok(described)
}
