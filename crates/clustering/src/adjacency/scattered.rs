//! Points and footprints that lie apart: neighbours in a Delaunay triangulation, unless they are far.

use geo::Coord;
use spade::{DelaunayTriangulation, Point2, Triangulation};

use crate::Graph;

/// Neighbours are the ends of the edges of the Delaunay triangulation (Delaunay, "Sur la sphère vide", 1934; built by the
/// `spade` crate) that are no longer than `longest`; places at one point are neighbours as a chain. Coordinates are projected
/// metres.
#[must_use]
pub fn scattered(centres: &[Coord], longest: f64) -> Graph {
    let mut order: Vec<u32> = (0..centres.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| {
        let (p, q) = (centres[a as usize], centres[b as usize]);
        p.x.total_cmp(&q.x)
            .then(p.y.total_cmp(&q.y))
            .then(a.cmp(&b))
    });
    // Relative to the first, so that a shifted map has the same triangles.
    let origin = order
        .first()
        .map_or(Coord::default(), |&first| centres[first as usize]);
    let mut pairs = Vec::new();
    let mut distinct: Vec<u32> = Vec::with_capacity(order.len());
    let mut points = Vec::with_capacity(order.len());
    let mut previous = None;
    for &place in &order {
        let centre = centres[place as usize];
        match previous {
            Some(before) if centres[before as usize] == centre => pairs.push((before, place)),
            _ => {
                distinct.push(place);
                points.push(Point2::new(centre.x - origin.x, centre.y - origin.y));
            }
        }
        previous = Some(place);
    }
    let near = |a: u32, b: u32| {
        let (p, q) = (centres[a as usize], centres[b as usize]);
        (p.x - q.x).hypot(p.y - q.y) <= longest
    };
    // The only error is a coordinate that is not finite or absurdly large: such places have no neighbours.
    if let Ok(triangulation) = DelaunayTriangulation::<Point2<f64>>::bulk_load_stable(points) {
        for edge in triangulation.undirected_edges() {
            let [a, b] = edge.vertices().map(|v| distinct[v.fix().index()]);
            if near(a, b) {
                pairs.push((a.min(b), a.max(b)));
            }
        }
    }
    pairs.sort_unstable();
    Graph::from_edges(centres.len(), |edge| {
        for &(a, b) in &pairs {
            edge(a, b);
        }
    })
}
