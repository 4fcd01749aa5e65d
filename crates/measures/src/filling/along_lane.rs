//! Filling by the readings before and after, on the same way and side.

use super::lane::Town;
use super::{Distance, Filled, FilledFrom, counted};

/// Fills every lane that has a reading.
pub(super) fn fill(town: &Town<'_>, by: Distance, filled: &mut [Filled]) {
    for lane in town.lanes() {
        let rows = &town.rows[lane.clone()];
        let along = &town.along[lane];
        let readings: Vec<(usize, f64)> = rows
            .iter()
            .enumerate()
            .filter_map(|(index, row)| Some((index, counted(filled[*row].value?))))
            .collect();
        for (index, row) in rows.iter().enumerate() {
            if filled[*row].value.is_some() {
                continue;
            }
            let next = readings.partition_point(|(reading, _)| *reading < index);
            let around = (
                next.checked_sub(1).map(|before| readings[before]),
                readings.get(next).copied(),
            );
            let apart = |reading: usize| (along[reading] - along[index]).abs();
            let (value, support_m) = match around {
                (Some((before, one)), Some((after, other))) => {
                    let weight = match by {
                        Distance::Road => share_of_way(apart(before), apart(after)),
                        Distance::Index => (index - before) as f64 / (after - before) as f64,
                    };
                    (
                        (1.0 - weight) * one + weight * other,
                        apart(before).min(apart(after)),
                    )
                }
                (Some((reading, value)), None) | (None, Some((reading, value))) => {
                    (value, apart(reading))
                }
                (None, None) => break,
            };
            filled[*row] = Filled {
                value: Some(value),
                from: Some(FilledFrom::Way),
                support_m: Some(support_m),
            };
        }
    }
}

/// How far between two readings; the middle where all three are in one place.
fn share_of_way(from: f64, to: f64) -> f64 {
    if from + to > 0.0 {
        from / (from + to)
    } else {
        0.5
    }
}
