//! Polygons that touch.

use geo::{Area, BoundingRect, Distance, Euclidean, Geometry};
use rayon::prelude::*;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use crate::Graph;

/// Polygons count as touching within this share of the side of a typical one: digitised borders rarely meet exactly.
const TOLERANCE: f64 = 0.01;

/// Neighbours are polygons nearer to each other than 1 % of the square root of their median area. The geometries are in
/// projected metres.
#[must_use]
pub fn touching(geometries: &[Geometry]) -> Graph {
    let mut areas: Vec<f64> = geometries.par_iter().map(Area::unsigned_area).collect();
    areas.par_sort_unstable_by(f64::total_cmp);
    let median = areas.get(areas.len() / 2).copied().unwrap_or(0.0);
    let near = TOLERANCE * median.sqrt();
    let boxes: Vec<_> = geometries
        .iter()
        .zip(0u32..)
        .filter_map(|(geometry, place)| {
            let rect = geometry.bounding_rect()?;
            let (low, high) = (rect.min(), rect.max());
            let around = Rectangle::from_corners([low.x, low.y], [high.x, high.y]);
            Some(GeomWithData::new(around, place))
        })
        .collect();
    let tree = RTree::bulk_load(boxes);
    let pairs: Vec<(u32, u32)> = geometries
        .par_iter()
        .zip(0..geometries.len() as u32)
        .flat_map_iter(|(geometry, place)| {
            let reach = geometry.bounding_rect().map(|rect| {
                let (low, high) = (rect.min(), rect.max());
                AABB::from_corners([low.x - near, low.y - near], [high.x + near, high.y + near])
            });
            let mut found: Vec<u32> = reach
                .into_iter()
                .flat_map(|reach| tree.locate_in_envelope_intersecting(&reach))
                .map(|other| other.data)
                .filter(|&other| other > place)
                .filter(|&other| Euclidean.distance(geometry, &geometries[other as usize]) <= near)
                .collect();
            found.sort_unstable();
            found.into_iter().map(move |other| (place, other))
        })
        .collect();
    Graph::from_edges(geometries.len(), |edge| {
        for &(a, b) in &pairs {
            edge(a, b);
        }
    })
}
