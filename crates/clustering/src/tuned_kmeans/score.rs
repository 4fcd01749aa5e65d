//! How far a division is from the targets.

use geo::Coord;

use super::division::Division;
use crate::{CircleFinder, Places, Settings};

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

/// The corners of all places of an area in the order of their x, so that no hull has to sort its own.
pub(super) struct Corners<'a> {
    corners: &'a [Coord],
    by_x: Vec<u32>,
    /// The place of each corner, in the order of `by_x`; places that are points are their own corner.
    place_of: Option<Vec<u32>>,
}

impl<'a> Corners<'a> {
    /// The corners of an area with fewer than 2^32 of them.
    pub(super) fn new(places: &Places<'a>) -> Self {
        let corners = places
            .outlines
            .map_or(places.centres, |outlines| outlines.corners);
        let mut by_x: Vec<u32> = (0..corners.len() as u32).collect();
        by_x.sort_unstable_by(|&a, &b| {
            let (p, q) = (corners[a as usize], corners[b as usize]);
            p.x.total_cmp(&q.x)
                .then(p.y.total_cmp(&q.y))
                .then(a.cmp(&b))
        });
        let place_of = places.outlines.map(|outlines| {
            let mut owner = vec![0; corners.len()];
            for place in 0..places.len() {
                owner[outlines.starts[place]..outlines.starts[place + 1]].fill(place as u32);
            }
            by_x.iter().map(|&corner| owner[corner as usize]).collect()
        });
        Self {
            corners,
            by_x,
            place_of,
        }
    }

    /// The radius of the smallest circle around each cluster.
    pub(super) fn radii(&self, division: &Division) -> Vec<f64> {
        let cluster_at = |i: usize| {
            let place = self
                .place_of
                .as_ref()
                .map_or(self.by_x[i], |place_of| place_of[i]);
            division.cluster_of[place as usize] as usize
        };
        let mut ends = vec![0; division.clusters + 1];
        for i in 0..self.by_x.len() {
            ends[cluster_at(i) + 1] += 1;
        }
        for cluster in 0..division.clusters {
            ends[cluster + 1] += ends[cluster];
        }
        let starts = ends.clone();
        let mut grouped = vec![0_u32; self.by_x.len()];
        for (i, &corner) in self.by_x.iter().enumerate() {
            let end = &mut ends[cluster_at(i)];
            grouped[*end] = corner;
            *end += 1;
        }
        let mut circles = CircleFinder::default();
        let mut points = Vec::new();
        starts
            .windows(2)
            .map(|run| {
                points.clear();
                points.extend(
                    grouped[run[0]..run[1]]
                        .iter()
                        .map(|&corner| self.corners[corner as usize]),
                );
                circles.find(&mut points).radius
            })
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
        let settings = params.settings(&mut |_, _| Ok(false)).unwrap();
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
