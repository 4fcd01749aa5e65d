//! The table of clusters: one row each, with its hull.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, StringArray, UInt32Array};
use geo::{Coord, Geometry, LineString, Polygon};
use tables::{Crs, Table};

use crate::convex_hull::convex_hull;
use crate::figures::{Figures, Flag};
use crate::ground::Ground;
use crate::{Error, Settings};

/// Columns `cluster_id`, `cluster_pass`, `cluster_weight`, `rows`, `radius` (metres), `contiguous`, `in_range`, `flags` (words
/// with commas between) and the hull in longitude and latitude.
pub(crate) fn clusters_table(
    ground: &Ground,
    members: &[Vec<u32>],
    names: &[String],
    passes: &[u32],
    figures: &[Figures],
    settings: &Settings,
) -> Result<Table, Error> {
    let places = ground.places();
    let mut hulls = Vec::with_capacity(members.len());
    for members in members {
        let corners = members
            .iter()
            .flat_map(|&place| places.corners(place as usize));
        let mut hull = convex_hull(&mut corners.copied().collect::<Vec<_>>());
        for corner in &mut hull {
            *corner = (*corner + ground.origin) / ground.metres_per_unit;
        }
        ground.to_lon_lat.project(&mut hull)?;
        hulls.push(shape(hull));
    }
    let flags = figures.iter().map(|f| {
        let words: Vec<&str> = f.flags.iter().copied().map(Flag::word).collect();
        words.join(",")
    });
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("cluster_id", Arc::new(StringArray::from_iter_values(names))),
        (
            "cluster_pass",
            Arc::new(UInt32Array::from_iter_values(passes.iter().copied())),
        ),
        (
            "cluster_weight",
            Arc::new(Float64Array::from_iter_values(
                figures.iter().map(|f| f.weight),
            )),
        ),
        (
            "rows",
            Arc::new(UInt32Array::from_iter_values(
                figures.iter().map(|f| f.rows),
            )),
        ),
        (
            "radius",
            Arc::new(Float64Array::from_iter_values(
                figures.iter().map(|f| f.radius),
            )),
        ),
        (
            "contiguous",
            Arc::new(BooleanArray::from_iter(
                figures.iter().map(|f| Some(f.pieces == 1)),
            )),
        ),
        (
            "in_range",
            Arc::new(BooleanArray::from_iter(
                figures.iter().map(|f| Some(f.in_range(settings))),
            )),
        ),
        ("flags", Arc::new(StringArray::from_iter_values(flags))),
    ];
    let columns = columns
        .into_iter()
        .map(|(name, values)| (name.to_owned(), values));
    let table = Table::new(columns.collect())?;
    Ok(table.with_geometries("geometry", &hulls, Crs::wgs84())?)
}

/// A polygon, or a line or a point where the places span no area.
fn shape(hull: Vec<Coord>) -> Option<Geometry> {
    match hull.as_slice() {
        [] => None,
        [point] => Some(Geometry::Point((*point).into())),
        [_, _] => Some(Geometry::LineString(LineString::new(hull))),
        _ => Some(Geometry::Polygon(Polygon::new(
            LineString::new(hull),
            Vec::new(),
        ))),
    }
}
