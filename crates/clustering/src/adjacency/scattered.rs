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

#[cfg(test)]
mod tests {
    use geo::coord;

    use super::*;

    #[test]
    fn neighbours_are_near_and_share_an_edge_of_a_triangle() {
        // A square with its middle, and a farm 5 km away: the middle parts opposite corners.
        let centres = [
            (0.0, 0.0),
            (200.0, 0.0),
            (200.0, 200.0),
            (0.0, 200.0),
            (90.0, 105.0),
            (5_000.0, 90.0),
        ]
        .map(|(x, y)| coord! { x: x, y: y });
        let graph = scattered(&centres, 2_000.0);
        let neighbours = |place: u32| {
            let mut around = graph.neighbours(place).to_vec();
            around.sort_unstable();
            around
        };
        assert_eq!(neighbours(4), [0, 1, 2, 3]);
        assert_eq!(neighbours(0), [1, 3, 4]);
        assert!(neighbours(5).is_empty());
        assert_eq!(scattered(&centres, 6_000.0).pieces(|_| 0).1, 1);
    }

    #[test]
    fn places_at_one_point_and_along_a_line_hang_together() {
        let centres = [0.0, 0.0, 100.0, 0.0, 200.0].map(|x| coord! { x: x, y: 7.0 });
        assert_eq!(scattered(&centres, 150.0).pieces(|_| 0).1, 1);
        assert_eq!(scattered(&centres, 50.0).pieces(|_| 0).1, 3);
    }
}
