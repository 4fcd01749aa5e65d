//! Clusters that are too heavy are divided again, pass by pass.

use super::area::{Area, mix};
use super::division::Division;
use crate::places::Part;
use crate::{Budget, Grouping, Lineage, Places, Settings};

/// Passes with the same number of heavy clusters after which there are no more.
const STUCK_AFTER: usize = 3;

/// Takes a first division and divides what is heavier than `max_weight` again, each heavy cluster by itself.
pub(super) fn divide_heavy(
    places: &Places<'_>,
    first: Division,
    settings: &Settings,
    budget: &Budget<'_>,
) -> Grouping {
    let weights = first.weights(places.weights);
    let mut grouping = Grouping::flat(first.cluster_of, first.clusters as u32);
    let mut heavy: Vec<u32> = heavier(&weights, settings).collect();
    let mut counts = vec![heavy.len()];
    for pass in 2..=settings.max_passes {
        let stuck = counts.len() >= STUCK_AFTER
            && counts[counts.len() - STUCK_AFTER..]
                .iter()
                .all(|&count| count == heavy.len());
        if heavy.is_empty() || stuck || (budget.stop)() {
            break;
        }
        grouping.passes = pass;
        heavy = divide_each(places, &mut grouping, &heavy, settings, budget);
        counts.push(heavy.len());
    }
    grouping
}

/// Divides the given clusters; gives those that are too heavy after that.
fn divide_each(
    places: &Places<'_>,
    grouping: &mut Grouping,
    heavy: &[u32],
    settings: &Settings,
    budget: &Budget<'_>,
) -> Vec<u32> {
    let mut still_heavy = Vec::new();
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); grouping.clusters.len()];
    let mut wanted = vec![false; grouping.clusters.len()];
    for &cluster in heavy {
        wanted[cluster as usize] = true;
    }
    for (place, &cluster) in grouping.cluster_of.iter().enumerate() {
        if wanted[cluster as usize] {
            members[cluster as usize].push(place as u32);
        }
    }
    for &cluster in heavy {
        if (budget.stop)() {
            still_heavy.push(cluster);
            continue;
        }
        let members = &members[cluster as usize];
        let part = Part::new(places, members);
        let lineage = &grouping.clusters[cluster as usize];
        let seed = lineage.path.iter().fold(
            mix(settings.seed, u64::from(grouping.passes)),
            |seed, &label| mix(seed, u64::from(label)),
        );
        let division =
            Area::new(part.places(), seed).best_division(settings, settings.subsequent_max_trials);
        let weights = division.weights(&part.weights);
        if division.clusters == 1 {
            still_heavy.push(cluster);
            continue;
        }
        // The first part keeps the cluster's number, the others get new ones.
        let next = grouping.clusters.len() as u32 - 1;
        let number = |label: u32| if label == 0 { cluster } else { next + label };
        let path = lineage.path.clone();
        let pass = grouping.passes;
        let part_of = |label: u32| Lineage {
            path: path.iter().copied().chain([label]).collect(),
            pass,
        };
        let mut parts = (0..division.clusters as u32).map(part_of);
        if let Some(first) = parts.next() {
            grouping.clusters[cluster as usize] = first;
        }
        grouping.clusters.extend(parts);
        for (&place, &label) in members.iter().zip(&division.cluster_of) {
            grouping.cluster_of[place as usize] = number(label);
        }
        still_heavy.extend(heavier(&weights, settings).map(number));
    }
    still_heavy
}

fn heavier<'a>(weights: &'a [f64], settings: &'a Settings) -> impl Iterator<Item = u32> + 'a {
    (0..weights.len() as u32).filter(|&cluster| weights[cluster as usize] > settings.max_weight)
}
