//! Folds: groups of features that lie together.

use geo::{Coord, KMeans, KMeansParams, Point};

use crate::{Error, Result};

/// The fold of each place, from 0: k-means (Lloyd 1982, k-means++ by Arthur and Vassilvitskii 2007)
/// of the projected places, the same for the same seed.
pub(crate) fn folds(places: &[Coord], chunks: usize, seed: u64) -> Result<Vec<usize>> {
    if chunks > places.len() {
        return Err(Error::setting(
            "folds",
            format!(
                "chunks is {chunks}, yet there are {} features; no more folds than features",
                places.len()
            ),
        ));
    }
    // near the origin squares of distances keep their digits
    let origin = places.first().copied().unwrap_or_default();
    let points: Vec<Point> = places
        .iter()
        .map(|&place| Point::from(place - origin))
        .collect();
    let params = KMeansParams::new_with_seed(chunks, seed).max_iter(10_000);
    points.kmeans_with_params(params).map_err(|error| {
        Error::setting(
            "folds",
            format!("the features cannot be put into {chunks} folds: {error}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::coord;

    #[test]
    fn folds_are_a_partition_of_neighbours() {
        let places: Vec<Coord> = (0..40)
            .map(|i| coord! {x: 5e5 + f64::from(i / 10) * 1e4 + f64::from(i % 10), y: 1e6})
            .collect();
        let found = folds(&places, 4, 7).unwrap();
        assert_eq!(found, folds(&places, 4, 7).unwrap());
        for group in found.chunks(10) {
            assert!(group.iter().all(|fold| fold == &group[0]));
        }
        let mut distinct = found.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct, [0, 1, 2, 3]);
        assert!(matches!(
            folds(&places[..3], 4, 7),
            Err(Error::Setting { field: "folds", .. })
        ));
    }
}
