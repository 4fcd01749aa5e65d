//! How much weight could be in good clusters, whoever draws them.

use geo::Coord;

use crate::discs::Discs;
use crate::ground::Ground;

/// How finely discs are drawn. Five times as fine moves the bound by less than a hundredth.
const TILES_A_RADIUS: u32 = 8;

/// The weight that lies in discs of the target radius which hold the least weight, for each of the settings. A cluster is connected,
/// so a disc counts what one piece has in it; and a place heavier than allowed is in no good cluster, nor connects any.
pub(crate) fn feasible_weight(ground: &Ground) -> Vec<f64> {
    let too_heavy = |place: u32| ground.weights[place as usize] > ground.settings(place).max_weight;
    let (piece, count) = ground
        .graph
        .pieces(|place| if too_heavy(place) { place + 1 } else { 0 });
    let mut feasible = vec![0.0; ground.settings.len()];
    let reach = |centres: &[Coord], weights: &[f64], number: usize| {
        let settings = &ground.settings[number];
        let discs = Discs::around_all(centres, weights, settings.target_radius, TILES_A_RADIUS);
        discs.weight_within_reach(settings.min_weight)
    };
    if count == 1 && !too_heavy(0) {
        feasible[number(ground, 0)] = reach(&ground.centres, &ground.weights, number(ground, 0));
        return feasible;
    }
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); count];
    for (place, &piece) in (0u32..).zip(&piece) {
        if !too_heavy(place) {
            members[piece as usize].push(place);
        }
    }
    let (mut centres, mut weights) = (Vec::new(), Vec::new());
    for members in members {
        let Some(&first) = members.first() else {
            continue;
        };
        weights.clear();
        weights.extend(members.iter().map(|&place| ground.weights[place as usize]));
        if weights.iter().sum::<f64>() < ground.settings(first).min_weight {
            continue;
        }
        centres.clear();
        centres.extend(members.iter().map(|&place| ground.centres[place as usize]));
        let number = number(ground, first);
        feasible[number] += reach(&centres, &weights, number);
    }
    feasible
}

/// The number of a place's settings.
fn number(ground: &Ground, place: u32) -> usize {
    let of = ground.settings_of.get(place as usize);
    of.map_or(0, |&number| number as usize)
}
