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

#[cfg(test)]
mod tests {
    use geo::Rect;

    use super::*;

    #[test]
    fn polygons_touch_at_sides_and_corners_and_across_slivers() {
        // Squares of 100 m: half a metre apart is a sliver, two metres are a lane.
        let squares: Vec<Geometry> = [(0.0, 0.0), (100.5, 0.0), (202.5, 0.0), (200.5, 100.0)]
            .map(|(x, y): (f64, f64)| {
                Rect::new((x, y), (x + 100.0, y + 100.0))
                    .to_polygon()
                    .into()
            })
            .into();
        let graph = touching(&squares);
        assert_eq!(graph.neighbours(0), [1]);
        assert_eq!(graph.neighbours(1), [0, 3]);
        assert_eq!(graph.neighbours(2), [3]);
    }
}
