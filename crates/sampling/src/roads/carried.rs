//! Points at equal distances over the whole network: what is left at the end of a way is carried on.
//!
//! Mappers split streets at every junction and wherever a tag changes. Where each way is walked by
//! itself, a way of 20 m has a point however long the interval is, and the rest of a longer one none.
//! Carried on, the rest of a way counts for the way that continues the street: of one name, or without
//! names of one class, the straightest where several meet. At the end of a street it counts for the
//! next one. So every metre of road has the same share in the points, and there are as many as the
//! length of the network holds intervals.

use std::collections::{BTreeMap, HashMap, VecDeque};

use geo::Coord;

use super::joined::place_key;
use super::road::Road;
use super::tags::Name;
use super::walk::Stops;

/// A part of a road.
struct Piece<'a> {
    road: usize,
    part: usize,
    line: &'a [Coord],
    length_m: f64,
}

/// A piece and whether it is walked from its end.
type Step = (usize, bool);

/// Where the points of every part of every road lie. `lengths` are those of the parts.
pub(crate) fn stops(roads: &[Road], lengths: &[Vec<f64>], interval_m: f64) -> Vec<Vec<Stops>> {
    let pieces: Vec<Piece<'_>> = roads
        .iter()
        .zip(lengths)
        .enumerate()
        .flat_map(|(road, (of, lengths))| {
            let parts = of.parts.iter().zip(lengths).enumerate();
            parts.map(move |(part, (line, &length_m))| Piece {
                road,
                part,
                line,
                length_m,
            })
        })
        .collect();
    let mut stops: Vec<Vec<Stops>> = roads
        .iter()
        .map(|road| {
            vec![
                Stops {
                    first_m: 0.0,
                    count: 0
                };
                road.parts.len()
            ]
        })
        .collect();
    let mut next = interval_m;
    for (piece, backwards) in in_order(roads, &pieces) {
        let piece = &pieces[piece];
        let left = piece.length_m - next;
        let count = if left >= 0.0 {
            (left / interval_m).floor() + 1.0
        } else {
            0.0
        };
        let last = next + (count - 1.0).max(0.0) * interval_m;
        stops[piece.road][piece.part] = Stops {
            first_m: if backwards {
                (piece.length_m - last).max(0.0)
            } else {
                next
            },
            count: count as u64,
        };
        next += count * interval_m - piece.length_m;
    }
    stops
}

/// All pieces, street after street, each from one end to the other as far as it goes.
fn in_order(roads: &[Road], pieces: &[Piece<'_>]) -> Vec<Step> {
    let mut streets: BTreeMap<(Option<Name>, Option<Name>), Vec<usize>> = BTreeMap::new();
    for (number, piece) in pieces.iter().enumerate() {
        let attributes = &roads[piece.road].attributes;
        let class = attributes
            .road_type
            .filter(|_| attributes.road_name.is_none());
        streets
            .entry((attributes.road_name, class))
            .or_default()
            .push(number);
    }
    let mut order = Vec::with_capacity(pieces.len());
    let mut taken = vec![false; pieces.len()];
    for members in streets.into_values() {
        let mut at: HashMap<u64, Vec<Step>> = HashMap::new();
        for &member in &members {
            let line = pieces[member].line;
            for (end, backwards) in [(line.first(), false), (line.last(), true)] {
                if let Some(&end) = end {
                    at.entry(place_key(end))
                        .or_default()
                        .push((member, backwards));
                }
            }
        }
        for member in members {
            if taken[member] {
                continue;
            }
            taken[member] = true;
            let mut chain = VecDeque::from([(member, false)]);
            while let Some(step) = chain
                .back()
                .and_then(|&last| next(last, pieces, &at, &taken))
            {
                taken[step.0] = true;
                chain.push_back(step);
            }
            let turned = |(piece, backwards): Step| (piece, !backwards);
            while let Some(step) = chain
                .front()
                .and_then(|&first| next(turned(first), pieces, &at, &taken))
            {
                taken[step.0] = true;
                chain.push_front(turned(step));
            }
            order.extend(chain);
        }
    }
    order
}

/// The piece that goes on from the end of a step with the least turn.
fn next(
    step: Step,
    pieces: &[Piece<'_>],
    at: &HashMap<u64, Vec<Step>>,
    taken: &[bool],
) -> Option<Step> {
    let (before, end) = vertices(step, pieces)?;
    let heading = direction(before, end);
    let candidates = at.get(&place_key(end))?.iter().copied();
    candidates
        .filter(|(piece, _)| !taken[*piece])
        .filter_map(|(piece, backwards)| {
            let (after, start) = vertices((piece, !backwards), pieces)?;
            let turn = (direction(start, after) - heading + 540.0).rem_euclid(360.0) - 180.0;
            Some(((piece, backwards), turn.abs()))
        })
        .min_by(|(a, turn_a), (b, turn_b)| turn_a.total_cmp(turn_b).then(a.cmp(b)))
        .map(|(step, _)| step)
}

/// The last two vertices of a piece in the direction in which it is walked.
fn vertices((piece, backwards): Step, pieces: &[Piece<'_>]) -> Option<(Coord, Coord)> {
    match (pieces[piece].line, backwards) {
        ([.., before, end], false) => Some((*before, *end)),
        ([end, before, ..], true) => Some((*before, *end)),
        _ => None,
    }
}

/// Degrees anticlockwise from east.
fn direction(from: Coord, to: Coord) -> f64 {
    let step = to - from;
    step.y
        .atan2(step.x * from.y.to_radians().cos())
        .to_degrees()
}

#[cfg(test)]
mod tests {
    use super::super::tags::{Attributes, Names};
    use super::*;
    use geo::coord;
    use proptest::prelude::*;

    fn roads(ways: &[(&str, &[(f64, f64)])]) -> Vec<Road> {
        let mut names = Names::default();
        let line = |line: &[(f64, f64)]| line.iter().map(|&(x, y)| coord! {x: x, y: y}).collect();
        (1..)
            .zip(ways)
            .map(|(way_id, (name, vertices))| Road {
                way_id,
                attributes: Attributes {
                    road_name: names.name(name),
                    ..Attributes::default()
                },
                parts: vec![line(vertices)],
            })
            .collect()
    }

    fn counts(stops: &[Vec<Stops>]) -> Vec<u64> {
        stops.iter().flatten().map(|stops| stops.count).collect()
    }

    #[test]
    fn a_street_of_short_ways_has_points_at_even_distances() {
        // 30, 30, 30 and 30 along one street, the third drawn the other way round
        let street = roads(&[
            ("A", &[(0., 0.), (3e-4, 0.)]),
            ("A", &[(3e-4, 0.), (6e-4, 0.)]),
            ("A", &[(9e-4, 0.), (6e-4, 0.)]),
            ("A", &[(9e-4, 0.), (12e-4, 0.)]),
        ]);
        let found = stops(&street, &vec![vec![30.0]; 4], 40.0);
        // at 40, 80 and 120 of the street: 10 into the second, 10 from the end of the third, the end
        assert_eq!(counts(&found), [0, 1, 1, 1]);
        assert_eq!(
            (
                found[1][0].first_m,
                found[2][0].first_m,
                found[3][0].first_m
            ),
            (10.0, 10.0, 30.0)
        );
    }

    #[test]
    fn the_straightest_way_continues_a_street_and_the_rest_goes_to_the_next() {
        let star = roads(&[
            ("A", &[(0., 0.), (1e-3, 0.)]),
            ("A", &[(1e-3, 0.), (1e-3, 1e-3)]),
            ("A", &[(1e-3, 0.), (2e-3, 1e-4)]),
            ("B", &[(5., 5.), (5.001, 5.)]),
        ]);
        let pieces: Vec<Piece<'_>> = (star.iter().enumerate())
            .map(|(road, of)| Piece {
                road,
                part: 0,
                line: &of.parts[0],
                length_m: 100.0,
            })
            .collect();
        assert_eq!(
            in_order(&star, &pieces),
            [(0, false), (2, false), (1, false), (3, false)]
        );
        let found = stops(&star, &vec![vec![100.0]; 4], 150.0);
        // 150 in the third way, 300 at the end of the second, 450 would lie beyond
        assert_eq!(counts(&found), [0, 1, 1, 0]);
    }

    proptest! {
        #[test]
        fn as_many_points_as_the_length_holds_intervals(
            lengths in proptest::collection::vec(1.0_f64..400.0, 1..40), interval in 5.0_f64..200.0,
        ) {
            let ways: Vec<(&str, Vec<(f64, f64)>)> = lengths.iter().enumerate()
                .map(|(n, _)| (["", "A", "B"][n % 3], vec![(n as f64, 0.0), (n as f64 + 0.5, 0.0)]))
                .collect();
            let ways: Vec<(&str, &[(f64, f64)])> = ways.iter().map(|(name, line)| (*name, &line[..])).collect();
            let each: Vec<Vec<f64>> = lengths.iter().map(|&length| vec![length]).collect();
            let found = stops(&roads(&ways), &each, interval);
            let total: f64 = lengths.iter().sum();
            let count = counts(&found).iter().sum::<u64>() as f64;
            prop_assert!((count - (total / interval).floor()).abs() <= 1.0);
            for (stops, length) in found.iter().flatten().zip(&lengths) {
                let last = stops.first_m + stops.count.saturating_sub(1) as f64 * interval;
                prop_assert!(stops.count == 0 || (stops.first_m >= 0.0 && last <= length + 1e-9));
            }
        }
    }
}
