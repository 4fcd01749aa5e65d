//! What each cluster came out as.

use geo::Coord;
use rayon::prelude::*;

use crate::ground::Ground;
use crate::{Settings, enclosing_circle};

/// The figures of one cluster.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figures {
    pub weight: f64,
    pub rows: u32,
    /// Radius in metres of the smallest circle around the cluster's geometries.
    pub radius: f64,
    /// Number of connected pieces.
    pub pieces: u32,
    /// The number of its settings.
    pub settings: usize,
    pub flags: Vec<Flag>,
}

impl Figures {
    pub fn has(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }

    /// Neither lighter nor heavier than allowed.
    pub fn in_range(&self) -> bool {
        !self.has(Flag::Oversized) && !self.has(Flag::Undersized)
    }

    /// In range, within the radius and in one piece.
    pub fn is_good(&self) -> bool {
        self.in_range() && !self.has(Flag::Wide) && self.pieces == 1
    }
}

/// What is remarkable about a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Flag {
    /// Heavier than the greatest weight.
    Oversized,
    /// Lighter than the least weight.
    Undersized,
    /// Wider than the target radius.
    Wide,
    /// In several pieces.
    NotContiguous,
    /// Of more than one stratum.
    MixedStrata,
}

impl Flag {
    pub fn word(self) -> &'static str {
        match self {
            Self::Oversized => "oversized",
            Self::Undersized => "undersized",
            Self::Wide => "wide",
            Self::NotContiguous => "not_contiguous",
            Self::MixedStrata => "mixed_strata",
        }
    }
}

/// Figures of the clusters of a ground; `members` holds the places of each.
pub(crate) fn measure(ground: &Ground, cluster_of: &[u32], members: &[Vec<u32>]) -> Vec<Figures> {
    let places = ground.places();
    let (piece, _) = ground.graph.pieces(|place| cluster_of[place as usize]);
    members
        .par_iter()
        .map_init(Vec::<Coord>::new, |corners, members| {
            corners.clear();
            for &place in members {
                corners.extend_from_slice(places.corners(place as usize));
            }
            let mut pieces: Vec<u32> = members.iter().map(|&p| piece[p as usize]).collect();
            pieces.sort_unstable();
            pieces.dedup();
            let number = |&place: &u32| ground.settings_of.get(place as usize);
            let settings = members.first().and_then(number).map_or(0, |&n| n as usize);
            let mut figures = Figures {
                weight: members.iter().map(|&p| places.weights[p as usize]).sum(),
                rows: members.len() as u32,
                radius: enclosing_circle(corners).radius,
                pieces: pieces.len() as u32,
                settings,
                flags: Vec::new(),
            };
            let stratum = |&place: &u32| ground.strata.of.get(place as usize);
            let mixed = members
                .iter()
                .any(|place| stratum(place) != members.first().and_then(stratum));
            figures.flags = flags(&figures, &ground.settings[settings], mixed);
            figures
        })
        .collect()
}

fn flags(figures: &Figures, settings: &Settings, mixed: bool) -> Vec<Flag> {
    let all = [
        (figures.weight > settings.max_weight, Flag::Oversized),
        (figures.weight < settings.min_weight, Flag::Undersized),
        (figures.radius > settings.target_radius, Flag::Wide),
        (figures.pieces > 1, Flag::NotContiguous),
        (mixed, Flag::MixedStrata),
    ];
    all.into_iter()
        .filter_map(|(holds, flag)| holds.then_some(flag))
        .collect()
}

/// The weight of which half of all weight lies in clusters no heavier, and half in clusters no lighter; `None` without weight.
pub(crate) fn weighted_median(weights: impl Iterator<Item = f64>) -> Option<f64> {
    let mut weights: Vec<f64> = weights.collect();
    weights.sort_unstable_by(f64::total_cmp);
    let half = 0.5 * weights.iter().sum::<f64>();
    let mut below = 0.0;
    weights.into_iter().find(|weight| {
        below += weight;
        below >= half && half > 0.0
    })
}

/// The middle value, or the mean of the two middle ones; `None` without values.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get((values.len() - 1) / 2)?;
    Some(0.5 * (lower + upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_weight_lies_on_each_side_of_the_weighted_median() {
        // 10, 10, 10, 10 and 60: half of the people live in the cluster of 60, though four of five clusters are small.
        let weights = [10.0, 60.0, 10.0, 10.0, 10.0];
        assert_eq!(median(weights.into_iter()), Some(10.0));
        assert_eq!(weighted_median(weights.into_iter()), Some(60.0));
        assert_eq!(weighted_median([0.0; 3].into_iter()), None);
        assert_eq!(weighted_median([].into_iter()), None);
    }
}
