//! The table of clusters: one row each, with its outline.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, StringArray, UInt32Array};
use geo::{Coord, Geometry, LineString, Polygon};
use tables::Table;

use crate::cluster_table::Clusters;
use crate::convex_hull::convex_hull;
use crate::figures::Flag;
use crate::ground::Ground;
use crate::{Error, Params, columns, outlines};

/// Columns `cluster_id`, `cluster_pass`, `cluster_weight`, `rows`, `radius` (metres), `contiguous`, `in_range`, `flags` (words
/// with commas between), strata and what is to be carried, then the outline as the geometry, and the hull and the centre of
/// weight as further columns of Well-Known Binary. All are in the CRS of the input.
pub(crate) fn clusters_table(
    ground: &Ground,
    table: &Table,
    clusters: &Clusters,
    params: &Params,
) -> Result<Table, Error> {
    let figures = &clusters.figures;
    let flags = figures.iter().map(|f| {
        let words: Vec<&str> = f.flags.iter().copied().map(Flag::word).collect();
        words.join(",")
    });
    let columns: [(&str, ArrayRef); 8] = [
        (
            "cluster_id",
            Arc::new(StringArray::from_iter_values(&clusters.names)),
        ),
        (
            "cluster_pass",
            Arc::new(UInt32Array::from_iter_values(
                clusters.passes.iter().copied(),
            )),
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
                figures.iter().map(|f| Some(f.in_range())),
            )),
        ),
        ("flags", Arc::new(StringArray::from_iter_values(flags))),
    ];
    let named = columns.map(|(name, values)| (name.to_owned(), values));
    let mut made = Table::new(named.into())?;
    for column in carried(ground, table, params)? {
        let rows = representatives(ground, table, clusters, &column)?;
        // A column that has the name of one of ours stands beside it.
        let name = if made.has_column(&column) {
            format!("{column}_of_input")
        } else {
            column.clone()
        };
        made = made.with_column(&name, table.take(&rows)?.column(&column)?)?;
    }
    let outlines = outlines::outlines(ground, table, &clusters.members)?;
    made = made.with_geometries("geometry", &outlines, ground.crs.clone())?;
    let (hulls, centres) = hulls_and_centres(ground, clusters)?;
    made = made.with_column("hull", wkb(&hulls)?)?;
    Ok(made.with_column("centre", wkb(&centres)?)?)
}

/// The columns of the table to carry, each once.
fn carried(ground: &Ground, table: &Table, params: &Params) -> Result<Vec<String>, Error> {
    let mut carried = ground.strata.columns.clone();
    for column in &params.carry {
        let column = columns::require(table, column)?;
        if !carried.iter().any(|other| other == column) {
            carried.push(column.to_owned());
        }
    }
    Ok(carried)
}

/// For each cluster a row with the value that most of its weight has; of equals the one in the first row.
fn representatives(
    ground: &Ground,
    table: &Table,
    clusters: &Clusters,
    column: &str,
) -> Result<Vec<u32>, Error> {
    let values = table.texts(column)?;
    let row_of = |members: &Vec<u32>| {
        let mut weights: BTreeMap<&Option<String>, (f64, u32, u32)> = BTreeMap::new();
        for &place in members {
            let row = ground.rows[place as usize];
            let entry = weights
                .entry(&values[row as usize])
                .or_insert((0.0, 0, row));
            entry.0 += ground.weights[place as usize];
            entry.1 += 1;
            entry.2 = entry.2.min(row);
        }
        let heavier = |a: (f64, u32, u32), b: (f64, u32, u32)| {
            let order = b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2));
            if order.is_le() { a } else { b }
        };
        weights
            .into_values()
            .reduce(heavier)
            .map_or(0, |best| best.2)
    };
    Ok(clusters.members.iter().map(row_of).collect())
}

/// The convex hull of each cluster's places, and the middle of its weight.
fn hulls_and_centres(
    ground: &Ground,
    clusters: &Clusters,
) -> Result<(Vec<Option<Geometry>>, Vec<Option<Geometry>>), Error> {
    let places = ground.places();
    let (mut hulls, mut centres) = (Vec::new(), Vec::new());
    let degrees = ground.crs.is_geographic();
    for members in &clusters.members {
        let corners = members
            .iter()
            .flat_map(|&place| places.corners(place as usize));
        let mut hull = convex_hull(&mut corners.copied().collect::<Vec<_>>());
        let (mut weight, mut sum, mut mean) = (0.0, Coord::default(), Coord::default());
        for &place in members {
            let (w, c) = (
                ground.weights[place as usize],
                ground.centres[place as usize],
            );
            weight += w;
            sum = sum + c * w;
            mean = mean + c / members.len() as f64;
        }
        let mut centre = [if weight > 0.0 { sum / weight } else { mean }];
        ground.in_source(&mut hull)?;
        ground.in_source(&mut centre)?;
        hulls.push(outlines::across_180(shape(hull), degrees));
        centres.push(Some(Geometry::Point(centre[0].into())));
    }
    Ok((hulls, centres))
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

/// Geometries as a column of bytes.
fn wkb(geometries: &[Option<Geometry>]) -> Result<ArrayRef, Error> {
    let table =
        Table::new(Vec::new())?.with_geometries("wkb", geometries, tables::Crs::unknown())?;
    Ok(table.column("wkb")?)
}
