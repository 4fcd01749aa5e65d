//! What each cluster came out as.

use crate::{Graph, Places, Settings, enclosing_circle};
use geo::Coord;
use rayon::prelude::*;

/// The figures of one cluster.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figures {
    pub weight: f64,
    pub rows: u32,
    /// Radius in metres of the smallest circle around the cluster's geometries.
    pub radius: f64,
    /// Number of connected pieces.
    pub pieces: u32,
    pub flags: Vec<Flag>,
}

impl Figures {
    pub fn in_range(&self, settings: &Settings) -> bool {
        self.weight >= settings.min_weight && self.weight <= settings.max_weight
    }

    pub fn is_compact(&self, settings: &Settings) -> bool {
        self.radius <= settings.target_radius
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
}

impl Flag {
    pub fn word(self) -> &'static str {
        match self {
            Self::Oversized => "oversized",
            Self::Undersized => "undersized",
            Self::Wide => "wide",
            Self::NotContiguous => "not_contiguous",
        }
    }
}

/// Figures of the clusters `0..clusters`; `members` holds the places of each.
pub(crate) fn measure(
    places: &Places<'_>,
    graph: &Graph,
    cluster_of: &[u32],
    members: &[Vec<u32>],
    settings: &Settings,
) -> Vec<Figures> {
    let (piece, _) = graph.pieces(|place| cluster_of[place as usize]);
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
            let mut figures = Figures {
                weight: members.iter().map(|&p| places.weights[p as usize]).sum(),
                rows: members.len() as u32,
                radius: enclosing_circle(corners).radius,
                pieces: pieces.len() as u32,
                flags: Vec::new(),
            };
            figures.flags = flags(&figures, settings);
            figures
        })
        .collect()
}

fn flags(figures: &Figures, settings: &Settings) -> Vec<Flag> {
    let all = [
        (figures.weight > settings.max_weight, Flag::Oversized),
        (figures.weight < settings.min_weight, Flag::Undersized),
        (!figures.is_compact(settings), Flag::Wide),
        (figures.pieces > 1, Flag::NotContiguous),
    ];
    all.into_iter()
        .filter_map(|(holds, flag)| holds.then_some(flag))
        .collect()
}

/// The middle value, or the mean of the two middle ones; `None` without values.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get((values.len() - 1) / 2)?;
    Some(0.5 * (lower + upper))
}
