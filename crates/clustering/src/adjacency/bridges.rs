//! Bridges over gaps, for grids that hold settled cells only: the land between two villages is not in the table.

use geo::Coord;

use super::scattered::scattered;
use crate::Graph;

/// Pairs of places of different pieces that are neighbours in a Delaunay triangulation and no farther apart than `reach`. Places with
/// `full` neighbours lie inside their piece and are passed over.
pub(crate) fn bridges(
    graph: &Graph,
    centres: &[Coord],
    reach: f64,
    full: Option<usize>,
) -> Vec<(u32, u32)> {
    let (piece, count) = graph.pieces(|_| 0);
    if count < 2 {
        return Vec::new();
    }
    let at_border: Vec<u32> = (0..graph.len() as u32)
        .filter(|&place| full.is_none_or(|full| graph.neighbours(place).len() < full))
        .collect();
    let points: Vec<Coord> = at_border
        .iter()
        .map(|&place| centres[place as usize])
        .collect();
    let near = scattered(&points, reach);
    let mut links = Vec::new();
    for (number, &place) in (0u32..).zip(&at_border) {
        for &other in near.neighbours(number) {
            let other = at_border[other as usize];
            if place < other && piece[place as usize] != piece[other as usize] {
                links.push((place, other));
            }
        }
    }
    links.sort_unstable();
    links.dedup();
    links
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::coord;

    #[test]
    fn pieces_are_bridged_up_to_the_reach_and_not_within() {
        // Two pairs 300 m apart, and a farm 2 km away.
        let centres = [0.0, 100.0, 400.0, 500.0, 2_500.0].map(|x| coord! { x: x, y: 0.0 });
        let graph = Graph::from_edges(5, |edge| {
            edge(0, 1);
            edge(2, 3);
        });
        assert_eq!(bridges(&graph, &centres, 299.0, None), []);
        assert_eq!(bridges(&graph, &centres, 300.0, None), [(1, 2)]);
        assert_eq!(bridges(&graph, &centres, 2_000.0, None), [(1, 2), (3, 4)]);
    }
}
