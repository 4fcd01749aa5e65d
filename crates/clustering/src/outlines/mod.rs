//! Outlines of clusters: disjoint, with their holes, neighbours with the same edges, every place in its own.
//!
//! Cells of a lattice are traced along the lattice ([`lattice`]), polygons that touch are dissolved by the edges they share ([`mesh`]),
//! points get their Voronoi cells cut to the neighbourhood ([`voronoi`]), and footprints the land between those of one cluster
//! ([`footprints`]).

mod dissolve;
mod footprints;
mod lattice;
mod meridian;
mod mesh;
mod voronoi;

use geo::{Geometry, MultiPolygon};
use rayon::prelude::*;
use tables::Table;

use crate::ground::Ground;
use crate::{Adjacency, Error, Lattice};
pub(crate) use meridian::across_180;

/// The outline of each cluster, in the CRS of the table. `members` holds the places of each.
pub(crate) fn outlines(
    ground: &Ground,
    table: &Table,
    members: &[Vec<u32>],
) -> Result<Vec<Option<Geometry>>, Error> {
    let mut cluster_of = vec![0; ground.rows.len()];
    for (cluster, members) in (0u32..).zip(members) {
        for &place in members {
            cluster_of[place as usize] = cluster;
        }
    }
    let traced = match &ground.lattice {
        Some(lattice) if lattice.has_cells() => lattice::outlines(lattice, &cluster_of, members),
        _ => None,
    };
    let outlines = match traced {
        Some(outlines) => outlines,
        None => match (table.points()?, ground.adjacency) {
            (None, Adjacency::Touching | Adjacency::Lattice) => {
                mesh::of_polygons(ground, table)?.dissolve(&cluster_of, members.len())
            }
            (Some(_), Adjacency::Lattice)
                if ground.lattice.as_ref().is_some_and(Lattice::has_cells) =>
            {
                mesh::of_polygons(ground, table)?.dissolve(&cluster_of, members.len())
            }
            (None, Adjacency::Scattered) => {
                footprints::mesh(ground, table, &cluster_of)?.dissolve_labelled(members.len())
            }
            (Some(_), _) => voronoi::mesh(ground, &cluster_of)?.dissolve_labelled(members.len()),
        },
    };
    let degrees = ground.crs.is_geographic();
    Ok(outlines
        .into_par_iter()
        .map(|outline| across_180(one_or_many(outline), degrees))
        .collect())
}

/// A polygon, several, or nothing.
fn one_or_many(mut outline: MultiPolygon) -> Option<Geometry> {
    match outline.0.len() {
        0 => None,
        1 => outline.0.pop().map(Geometry::Polygon),
        _ => Some(Geometry::MultiPolygon(outline)),
    }
}
