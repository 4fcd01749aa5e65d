//! How far a division is from the targets.

use geo::Coord;

use super::division::Division;
use crate::{Places, Settings, enclosing_circle};

/// The published score, lower is better: how far the median weight and the median radius are from their targets,
/// in metres. Reorders both slices.
pub(super) fn score(weights: &mut [f64], radii: &mut [f64], settings: &Settings) -> f64 {
    let metres_for_weight =
        settings.weight_importance_factor * settings.target_radius / settings.target_weight;
    metres_for_weight * (settings.target_weight - median(weights)).abs()
        + (settings.target_radius - median(radii)).abs()
}

/// The middle value, or the mean of the two in the middle; 0 of none. Reorders the values.
fn median(values: &mut [f64]) -> f64 {
    let half = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    let odd = values.len() % 2 == 1;
    let (below, &mut upper, _) = values.select_nth_unstable_by(half, f64::total_cmp);
    if odd {
        upper
    } else {
        0.5 * (below.iter().copied().fold(f64::NEG_INFINITY, f64::max) + upper)
    }
}

/// The corners of all places of an area.
pub(super) struct Corners<'a> {
    corners: &'a [Coord],
    /// The place of each corner; places that are points are their own corner.
    place_of: Option<Vec<u32>>,
}

impl<'a> Corners<'a> {
    /// The corners of an area with fewer than 2^32 of them.
    pub(super) fn new(places: &Places<'a>) -> Self {
        let place_of = places.outlines.map(|outlines| {
            let mut place_of = vec![0; outlines.corners.len()];
            for place in 0..places.len() {
                place_of[outlines.starts[place]..outlines.starts[place + 1]].fill(place as u32);
            }
            place_of
        });
        let corners = places
            .outlines
            .map_or(places.centres, |outlines| outlines.corners);
        Self { corners, place_of }
    }

    /// The radius of the smallest circle around each cluster.
    pub(super) fn radii(&self, division: &Division) -> Vec<f64> {
        let cluster_of = |corner: usize| {
            let place = self
                .place_of
                .as_ref()
                .map_or(corner, |place_of| place_of[corner] as usize);
            division.cluster_of[place] as usize
        };
        let mut ends = vec![0; division.clusters + 1];
        for corner in 0..self.corners.len() {
            ends[cluster_of(corner) + 1] += 1;
        }
        for cluster in 0..division.clusters {
            ends[cluster + 1] += ends[cluster];
        }
        let starts = ends.clone();
        let mut grouped = vec![Coord::default(); self.corners.len()];
        for (corner, &position) in self.corners.iter().enumerate() {
            let end = &mut ends[cluster_of(corner)];
            grouped[*end] = position;
            *end += 1;
        }
        starts
            .windows(2)
            .map(|run| enclosing_circle(&grouped[run[0]..run[1]]).radius)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use geo::coord;

    use super::*;
    use crate::{Outlines, Params};

    #[test]
    fn the_median_of_an_even_count_is_the_mean_of_the_middle_two() {
        assert_eq!(median(&mut [9.0, 1.0, 4.0, 2.0]), 3.0);
        assert_eq!(median(&mut [9.0, 1.0, 4.0]), 4.0);
        assert_eq!(median(&mut []), 0.0);
    }

    #[test]
    fn the_score_weighs_people_in_metres() {
        let params = Params {
            weight_importance_factor: 3.0.into(),
            ..Params::default()
        };
        let settings = params.settings(&mut |_, _| Ok(0)).unwrap();
        // 3 * 1000 / 240 * |240 - 216| + |1000 - 1300|
        let score = score(
            &mut [100.0, 216.0, 400.0],
            &mut [1300.0, 10.0, 9000.0],
            &settings,
        );
        assert!((score - 600.0).abs() < 1e-9, "{score}");
    }

    #[test]
    fn the_radius_of_polygons_goes_around_their_corners() {
        let corners = [(0.0, 0.0), (6.0, 0.0), (6.0, 8.0), (20.0, 0.0), (22.0, 0.0)]
            .map(|(x, y)| coord! { x: x, y: y });
        let centres = [coord! { x: 4.0, y: 3.0 }, coord! { x: 21.0, y: 0.0 }];
        let outlines = Some(Outlines {
            starts: &[0, 3, 5],
            corners: &corners,
        });
        let places = Places {
            centres: &centres,
            weights: &[1.0, 1.0],
            outlines,
        };
        let apart = Division {
            cluster_of: vec![1, 0],
            clusters: 2,
        };
        assert_eq!(Corners::new(&places).radii(&apart), [1.0, 5.0]);
        let together = Division::whole(2);
        assert_eq!(
            Corners::new(&places).radii(&together)[0],
            f64::hypot(22.0, 0.0).max(f64::hypot(16.0, 8.0)) / 2.0
        );
    }
}
