//! The published approach: weighted mini-batch k-means, tuned over the number of clusters.
//!
//! | module | what |
//! | --- | --- |
//! | `area` | an area to divide, and the numbers of clusters that are tried |
//! | `population`, `seeding`, `mini_batch`, `centres` | k-means: draws by weight, first centres, batches |
//! | `place_tree` | the nearest centre of every place |
//! | `score` | how far a division is from the targets |
//! | `passes` | clusters that are too heavy, divided again |

mod area;
mod centres;
mod division;
mod mini_batch;
mod passes;
mod place_tree;
mod population;
mod score;
mod seeding;

use std::cmp::Ordering;

use rayon::prelude::*;

use crate::{Budget, Grouping, Places, Settings};
use area::Area;
use division::Division;

/// Bytes that a place takes in a trial, at most.
const BYTES_A_TRIAL: u64 = 64;

/// Clusters `places` by the published approach.
///
/// For each of at most [`initial_max_trials`](Settings::initial_max_trials) numbers of clusters around total weight over target
/// weight, a k-means divides the places, and what came out heavier than [`max_weight`](Settings::max_weight) is divided again
/// in passes 2 to [`max_passes`](Settings::max_passes), each time with the best of at most
/// [`subsequent_max_trials`](Settings::subsequent_max_trials) numbers. The trial whose clusters have the lowest score
///
/// ```text
/// weight_importance_factor * target_radius / target_weight * |target_weight - median weight| + |target_radius - median radius|
/// ```
///
/// when its passes are over wins. (The original compares the trials before their passes, which favours many small clusters:
/// on the demo grids the score ends at 819 there, at 360 to 430 here.)
///
/// The same places, settings and seed give the same clusters with any number of threads. Clusters are compact but
/// nothing keeps them connected or above the least weight: that is what `Method::Balanced` is for.
///
/// Once the budget is spent no further trial or pass begins.
///
/// ```
/// use clustering::{Budget, Method, Params, Places, tuned_kmeans};
/// use geo::coord;
///
/// // Two villages, five kilometres apart.
/// let centres: Vec<_> = (0..40).map(|i| coord! { x: f64::from(i % 2) * 5_000.0, y: f64::from(i) * 10.0 }).collect();
/// let places = Places { centres: &centres, weights: &[10.0; 40], outlines: None };
/// let params = Params {
///     method: Method::TunedKmeans,
///     desired_cluster_weight: 200.0.into(),
///     desired_cluster_radius: 200.0.into(),
///     ..Params::default()
/// };
/// let settings = params.settings(&mut |_, _| Ok(0))?;
/// let grouping = tuned_kmeans(&places, &settings, &Budget::unlimited());
/// assert_eq!(grouping.clusters.len(), 2);
/// assert_ne!(grouping.cluster_of[0], grouping.cluster_of[1]);
/// # Ok::<(), clustering::Error>(())
/// ```
#[must_use]
pub fn tuned_kmeans(places: &Places<'_>, settings: &Settings, budget: &Budget<'_>) -> Grouping {
    if places.is_empty() {
        return Grouping::flat(Vec::new(), 0);
    }
    let area = Area::new(*places, settings.seed);
    let numbers = area.numbers(settings, settings.initial_max_trials);
    let at_once = budget.at_once(BYTES_A_TRIAL.saturating_mul(places.len() as u64));
    let trials = numbers
        .chunks(at_once.min(numbers.len()).max(1))
        .enumerate();
    trials
        .flat_map(|(chunk, numbers)| {
            numbers
                .par_iter()
                .enumerate()
                .filter(|&(trial, _)| chunk + trial == 0 || !(budget.stop)())
                .map(|(_, &k)| Trial::new(places, &area, k, settings, budget))
                .min_by(|a, b| a.rank(b))
        })
        .min_by(Trial::rank)
        .map_or_else(
            || Grouping::flat(vec![0; places.len()], 1),
            |trial| trial.grouping,
        )
}

/// What came of one number of clusters.
struct Trial {
    score: f64,
    k: usize,
    grouping: Grouping,
}

impl Trial {
    /// The first pass with `k` clusters and the passes after it.
    fn new(
        places: &Places<'_>,
        area: &Area<'_>,
        k: usize,
        settings: &Settings,
        budget: &Budget<'_>,
    ) -> Self {
        let grouping = passes::divide_heavy(places, area.divide(k, settings), settings, budget);
        let division = Division {
            cluster_of: grouping.cluster_of,
            clusters: grouping.clusters.len(),
        };
        Self {
            score: area.score(&division, settings),
            k,
            grouping: Grouping {
                cluster_of: division.cluster_of,
                ..grouping
            },
        }
    }

    /// The lower score comes first, of equals the fewer clusters.
    fn rank(&self, other: &Self) -> Ordering {
        let by_score = self.score.total_cmp(&other.score);
        by_score.then(self.k.cmp(&other.k))
    }
}

#[cfg(test)]
mod tests {
    use geo::{Coord, coord};
    use proptest::prelude::*;

    use super::*;
    use crate::{Method, OnConflict, Prefer};

    fn settings(target_weight: f64, target_radius: f64) -> Settings {
        Settings {
            method: Method::TunedKmeans,
            target_weight,
            target_radius,
            min_weight: 0.75 * target_weight,
            max_weight: 1.25 * target_weight,
            weight_importance_factor: 1.0,
            initial_max_trials: 20,
            subsequent_max_trials: 10,
            max_passes: 10,
            minibatch_reassignment_ratio: 0.05,
            on_conflict: OnConflict::Weight,
            prefer: Prefer::Target,
            starts: None,
            seed: 1,
        }
    }

    fn lattice(columns: u32, rows: u32) -> Vec<Coord> {
        (0..rows)
            .flat_map(|row| (0..columns).map(move |column| coord! { x: f64::from(column) * 100.0, y: f64::from(row) * 100.0 }))
            .collect()
    }

    fn weights_of(grouping: &Grouping, weights: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; grouping.clusters.len()];
        for (&cluster, weight) in grouping.cluster_of.iter().zip(weights) {
            sums[cluster as usize] += weight;
        }
        sums
    }

    #[test]
    fn nothing_has_no_clusters() {
        let places = Places {
            centres: &[],
            weights: &[],
            outlines: None,
        };
        let grouping = tuned_kmeans(&places, &settings(10.0, 100.0), &Budget::unlimited());
        assert_eq!((grouping.cluster_of.len(), grouping.clusters.len()), (0, 0));
    }

    #[test]
    fn one_place_is_one_cluster_however_heavy() {
        let centres = [coord! { x: 3.0, y: 4.0 }];
        let places = Places {
            centres: &centres,
            weights: &[1e9],
            outlines: None,
        };
        let grouping = tuned_kmeans(&places, &settings(10.0, 100.0), &Budget::unlimited());
        assert_eq!(grouping.cluster_of, [0]);
    }

    #[test]
    fn places_where_nobody_lives_are_one_cluster() {
        let centres = lattice(6, 6);
        let places = Places {
            centres: &centres,
            weights: &[0.0; 36],
            outlines: None,
        };
        let grouping = tuned_kmeans(&places, &settings(10.0, 100.0), &Budget::unlimited());
        assert_eq!(grouping.clusters.len(), 1);
    }

    #[test]
    fn every_place_may_be_a_cluster_of_its_own() {
        let centres = lattice(2, 2);
        let places = Places {
            centres: &centres,
            weights: &[10.0; 4],
            outlines: None,
        };
        let grouping = tuned_kmeans(&places, &settings(10.0, 0.001), &Budget::unlimited());
        assert_eq!(grouping.clusters.len(), 4);
    }

    #[test]
    fn places_on_one_spot_are_one_cluster() {
        let centres = vec![coord! { x: 7.0, y: 7.0 }; 50];
        let places = Places {
            centres: &centres,
            weights: &[10.0; 50],
            outlines: None,
        };
        let grouping = tuned_kmeans(&places, &settings(100.0, 100.0), &Budget::unlimited());
        assert_eq!(grouping.clusters.len(), 1);
    }

    #[test]
    fn the_path_of_a_split_cluster_begins_with_the_label_it_had() {
        // A quarter of the places holds nearly all people, so that the first pass cannot do.
        let centres = lattice(40, 40);
        let weights: Vec<f64> = centres
            .iter()
            .map(|p| {
                if p.x < 1000.0 && p.y < 1000.0 {
                    10.0
                } else {
                    0.1
                }
            })
            .collect();
        let places = Places {
            centres: &centres,
            weights: &weights,
            outlines: None,
        };
        let few_trials = Settings {
            initial_max_trials: 1,
            ..settings(60.0, 300.0)
        };
        let grouping = tuned_kmeans(&places, &few_trials, &Budget::unlimited());
        assert!(grouping.passes > 1);
        for (number, lineage) in grouping.clusters.iter().enumerate() {
            assert!((1..=grouping.passes).contains(&lineage.pass));
            assert_eq!(lineage.path.len() > 1, lineage.pass > 1);
            for other in &grouping.clusters[..number] {
                assert!(
                    !lineage.path.starts_with(&other.path)
                        && !other.path.starts_with(&lineage.path)
                );
            }
        }
    }

    #[test]
    fn a_first_pass_alone_splits_nothing() {
        let centres = lattice(20, 20);
        let weights = vec![1.0; 400];
        let places = Places {
            centres: &centres,
            weights: &weights,
            outlines: None,
        };
        let one_pass = Settings {
            max_passes: 1,
            ..settings(50.0, 300.0)
        };
        let grouping = tuned_kmeans(&places, &one_pass, &Budget::unlimited());
        assert!(
            grouping
                .clusters
                .iter()
                .all(|lineage| lineage.path.len() == 1 && lineage.pass == 1)
        );
    }

    #[test]
    fn a_spent_budget_still_gives_clusters() {
        let centres = lattice(20, 20);
        let places = Places {
            centres: &centres,
            weights: &[1.0; 400],
            outlines: None,
        };
        let spent = Budget {
            memory: None,
            stop: &|| true,
        };
        let grouping = tuned_kmeans(&places, &settings(50.0, 300.0), &spent);
        assert_eq!((grouping.cluster_of.len(), grouping.passes), (400, 1));
        assert!(grouping.clusters.len() > 1);
    }

    #[test]
    fn two_threads_find_what_one_finds() {
        let centres = lattice(80, 80);
        let weights: Vec<f64> = (0..6400)
            .map(|i| f64::from(i * 7919 % 101) / 50.0)
            .collect();
        let places = Places {
            centres: &centres,
            weights: &weights,
            outlines: None,
        };
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| tuned_kmeans(&places, &settings(240.0, 1000.0), &Budget::unlimited()))
        };
        assert_eq!(on(1), on(2));
        assert_ne!(on(1), {
            let other_seed = Settings {
                seed: 2,
                ..settings(240.0, 1000.0)
            };
            tuned_kmeans(&places, &other_seed, &Budget::unlimited())
        });
    }

    #[test]
    fn a_town_of_even_density_comes_near_both_targets() {
        // 900 people on 9 km2, so that squares of 100 people have a circle of 707 m around them.
        let centres = lattice(30, 30);
        let weights = vec![1.0; 900];
        let places = Places {
            centres: &centres,
            weights: &weights,
            outlines: None,
        };
        let grouping = tuned_kmeans(&places, &settings(100.0, 707.0), &Budget::unlimited());
        let weights = weights_of(&grouping, &weights);
        assert!((8..=11).contains(&weights.len()), "{weights:?}");
        assert!(weights.iter().all(|&weight| weight <= 125.0), "{weights:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn every_place_is_in_a_cluster_and_no_cluster_is_empty(
            points in prop::collection::vec((-1e5..1e5_f64, -1e5..1e5_f64, 0.0..50.0_f64), 1..300),
            target in 1.0..500.0_f64,
            radius in 1.0..1e5_f64,
            seed: u64,
        ) {
            let centres: Vec<Coord> = points.iter().map(|p| coord! { x: p.0, y: p.1 }).collect();
            let weights: Vec<f64> = points.iter().map(|p| p.2).collect();
            let places = Places { centres: &centres, weights: &weights, outlines: None };
            let settings = Settings { seed, ..settings(target, radius) };
            let grouping = tuned_kmeans(&places, &settings, &Budget::unlimited());
            prop_assert_eq!(grouping.cluster_of.len(), points.len());
            let mut rows = vec![0; grouping.clusters.len()];
            for &cluster in &grouping.cluster_of {
                rows[cluster as usize] += 1;
            }
            prop_assert!(rows.iter().all(|&rows| rows > 0));
        }
    }
}
