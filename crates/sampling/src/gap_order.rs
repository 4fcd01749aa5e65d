//! The order that visits the longest stretch without a sample next.
//!
//! Folding every road ([`fold`](crate::visiting_order::fold)) gives a lane of 10 m as many early
//! samples as a road of 4 km. Here all stretches of a town compete: the next visit goes to the one
//! that tells least about its samples, and cuts it in two.
//!
//! How little a stretch tells is its length, doubled for each open end: between two visited
//! samples readings are interpolated, beyond the last one they can only be carried on, and a lane
//! without a visit has two open ends. For readings that wander along a road like a random walk, the
//! squared error summed over a stretch of length `l` is `l^2 / 6` between two readings and `l^2 / 2`
//! beyond one, so a visit in the middle saves `l^2 / 12` there and one three quarters out saves
//! `3 l^2 / 8` here, as much as on an inner stretch 2.1 times as long.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// The samples of one side of a way, along the way.
#[derive(Clone, Copy, Debug)]
pub struct Lane<'a> {
    /// Distance of each sample from the start of the way in metres, ascending.
    pub distances_m: &'a [f64],
    /// Length of the way in metres.
    pub length_m: f64,
}

/// The rank, 0 first, of the visit of every sample of every lane of a town.
///
/// Stretches of equal length are taken in the order of the lanes, and along a lane. The time is
/// O(n log n) for n samples.
///
/// ```
/// use sampling::gap_order::{Lane, gap_order};
/// let short = Lane { distances_m: &[10.0, 20.0], length_m: 25.0 };
/// let long = Lane { distances_m: &[10.0, 20.0, 30.0, 40.0, 50.0], length_m: 60.0 };
/// assert_eq!(gap_order(&[short, long]), [[1, 4].to_vec(), [2, 5, 0, 6, 3].to_vec()]);
/// ```
#[must_use]
pub fn gap_order(lanes: &[Lane<'_>]) -> Vec<Vec<u32>> {
    let mut ranks: Vec<Vec<u32>> = lanes
        .iter()
        .map(|lane| vec![0; lane.distances_m.len()])
        .collect();
    let mut stretches: BinaryHeap<Stretch> = (0..)
        .zip(lanes)
        .filter_map(|(number, lane)| Stretch::between(lane, number, None, None))
        .collect();
    let mut rank = 0;
    while let Some(stretch) = stretches.pop() {
        let lane = &lanes[stretch.lane as usize];
        let visited = stretch.nearest_to_its_cut(lane);
        ranks[stretch.lane as usize][visited as usize] = rank;
        rank += 1;
        let before = stretch.first.checked_sub(1);
        let after = Some(stretch.end).filter(|&end| (end as usize) < lane.distances_m.len());
        stretches.extend(Stretch::between(lane, stretch.lane, before, Some(visited)));
        stretches.extend(Stretch::between(lane, stretch.lane, Some(visited), after));
    }
    ranks
}

/// Samples without a visit, between visited ones or the ends of the way.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    /// Its length, doubled for each open end.
    weight: f64,
    lane: u32,
    /// The samples: from `first` to before `end`.
    first: u32,
    end: u32,
}

impl Stretch {
    /// The stretch between two visited samples, `None` for an end of the way; `None` when it is empty.
    fn between(
        lane: &Lane<'_>,
        number: u32,
        before: Option<u32>,
        after: Option<u32>,
    ) -> Option<Self> {
        // a lane has fewer than 2^32 samples
        let first = before.map_or(0, |sample| sample + 1);
        let end = after.unwrap_or(lane.distances_m.len() as u32);
        if first >= end {
            return None;
        }
        let mut stretch = Self {
            weight: 0.0,
            lane: number,
            first,
            end,
        };
        let [from, to] = stretch.bounds(lane);
        let open = u8::from(before.is_none()) + u8::from(after.is_none());
        stretch.weight = (to - from) * f64::from(1_u8 << open);
        Some(stretch)
    }

    /// Where it begins and ends along the way.
    fn bounds(&self, lane: &Lane<'_>) -> [f64; 2] {
        let at = |sample: u32| lane.distances_m.get(sample as usize).copied();
        [
            self.first.checked_sub(1).and_then(at).unwrap_or(0.0),
            at(self.end).unwrap_or(lane.length_m),
        ]
    }

    /// The sample to visit: next to the middle, or to three quarters of the way to an open end.
    fn nearest_to_its_cut(&self, lane: &Lane<'_>) -> u32 {
        let [from, to] = self.bounds(lane);
        let open_before = self.first == 0;
        let open_after = self.end as usize == lane.distances_m.len();
        let share = match (open_before, open_after) {
            (true, false) => 0.25,
            (false, true) => 0.75,
            _ => 0.5,
        };
        let cut = from + share * (to - from);
        let samples = &lane.distances_m[self.first as usize..self.end as usize];
        let above = samples.partition_point(|&distance| distance < cut);
        let nearer_below = match (
            above.checked_sub(1).and_then(|i| samples.get(i)),
            samples.get(above),
        ) {
            (Some(below), Some(above)) => cut - below < above - cut,
            (below, _) => below.is_some(),
        };
        // within the lane, hence below 2^32
        self.first + above as u32 - u32::from(nearer_below)
    }
}

impl Ord for Stretch {
    /// The heaviest is the greatest; of equal ones the first.
    fn cmp(&self, other: &Self) -> Ordering {
        (self.weight.total_cmp(&other.weight))
            .then(other.lane.cmp(&self.lane))
            .then(other.first.cmp(&self.first))
    }
}

impl PartialOrd for Stretch {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Stretch {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Stretch {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn long_roads_are_visited_before_short_ones() {
        let long: Vec<f64> = (1..100).map(|i| f64::from(i) * 10.0).collect();
        let lanes = [
            Lane {
                distances_m: &[5.0],
                length_m: 10.0,
            },
            Lane {
                distances_m: &long,
                length_m: 1000.0,
            },
        ];
        let ranks = gap_order(&lanes);
        // 1000 m open at both ends: the middle first, then 500 m open at one end, a quarter in
        assert_eq!(ranks[1][49], 0);
        assert_eq!(ranks[1][12].min(ranks[1][87]), 1);
        assert_eq!(ranks[1][12].max(ranks[1][87]), 2);
        // the lane of 10 m weighs 40 m
        assert!(ranks[0][0] > 25 && ranks[0][0] < 80, "{}", ranks[0][0]);
    }

    #[test]
    fn lanes_without_samples_or_length_do_no_harm() {
        let lanes = [
            Lane {
                distances_m: &[],
                length_m: 10.0,
            },
            Lane {
                distances_m: &[0.0, 0.0, 0.0],
                length_m: 0.0,
            },
            Lane {
                distances_m: &[f64::NAN],
                length_m: f64::NAN,
            },
        ];
        let mut ranks = gap_order(&lanes).concat();
        ranks.sort_unstable();
        assert_eq!(ranks, [0, 1, 2, 3]);
        assert_eq!(gap_order(&[]), Vec::<Vec<u32>>::new());
    }

    /// The stretches after so many visits, looked at afresh.
    fn heaviest(lanes: &[(Vec<f64>, f64)], ranks: &[Vec<u32>], visits: u32) -> f64 {
        let mut heaviest = 0.0_f64;
        for ((distances, length), ranks) in lanes.iter().zip(ranks) {
            let seen: Vec<usize> = (0..distances.len())
                .filter(|&i| ranks[i] < visits)
                .collect();
            let mut bounds = vec![None];
            bounds.extend(seen.iter().copied().map(Some));
            bounds.push(None);
            for pair in bounds.windows(2) {
                let first = pair[0].map_or(0, |i| i + 1);
                let end = pair[1].unwrap_or(distances.len());
                if first < end {
                    let from = pair[0].map_or(0.0, |i| distances[i]);
                    let to = pair[1].map_or(*length, |i| distances[i]);
                    let open = pair.iter().filter(|bound| bound.is_none()).count();
                    heaviest = heaviest.max((to - from) * f64::powi(2.0, open as i32));
                }
            }
        }
        heaviest
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn every_visit_cuts_the_heaviest_stretch(
            steps in proptest::collection::vec(proptest::collection::vec(1_u32..40, 0..12), 1..6)
        ) {
            let lanes: Vec<(Vec<f64>, f64)> = steps
                .iter()
                .map(|steps| {
                    let distances: Vec<f64> = steps
                        .iter()
                        .scan(0, |sum, step| { *sum += step; Some(f64::from(*sum)) })
                        .collect();
                    let length = distances.last().map_or(3.0, |last| last + 3.0);
                    (distances, length)
                })
                .collect();
            let borrowed: Vec<Lane<'_>> = lanes
                .iter()
                .map(|(distances_m, length_m)| Lane { distances_m, length_m: *length_m })
                .collect();
            let ranks = gap_order(&borrowed);
            let mut all = ranks.concat();
            all.sort_unstable();
            prop_assert!(all.iter().copied().eq(0..all.len() as u32));
            for visits in 0..all.len() as u32 {
                // the sample visited next lies in a stretch of the greatest weight
                let before = heaviest(&lanes, &ranks, visits);
                let (lane, sample) = ranks
                    .iter()
                    .enumerate()
                    .find_map(|(lane, ranks)| ranks.iter().position(|&rank| rank == visits).map(|s| (lane, s)))
                    .unwrap();
                let seen = |i: usize| ranks[lane][i] < visits;
                let first = (0..sample).rev().find(|&i| seen(i));
                let end = (sample..lanes[lane].0.len()).find(|&i| seen(i));
                let from = first.map_or(0.0, |i| lanes[lane].0[i]);
                let to = end.map_or(lanes[lane].1, |i| lanes[lane].0[i]);
                let open = u8::from(first.is_none()) + u8::from(end.is_none());
                prop_assert_eq!((to - from) * f64::from(1_u8 << open), before);
            }
        }
    }
}
