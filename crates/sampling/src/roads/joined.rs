//! Ways of one name that meet end to end, joined into one road.
//!
//! Mappers split a street wherever a tag changes. Walked way by way, every piece starts its count
//! of metres anew and loses its tail.

use std::collections::{BTreeMap, HashMap};

use geo::Coord;

use super::road::Road;
use super::tags::{Attributes, Name};

/// A place on the grid of OpenStreetMap, 1e-7 degrees: what the ends of ways are compared by.
pub(crate) fn place_key(place: geo::Coord) -> u64 {
    let grid = |degrees: f64| u64::from(((degrees * 1e7).round() as i32).cast_unsigned());
    grid(place.x) << 32 | grid(place.y)
}

/// Lines that meet end to end, as far as exactly two of their ends meet, made one. The direction is
/// that of the first.
pub(crate) fn join_lines(lines: Vec<Vec<Coord>>) -> Vec<Vec<Coord>> {
    if lines.len() < 2 {
        return lines;
    }
    let mut left: Vec<Option<Vec<Coord>>> = lines.into_iter().map(Some).collect();
    let members: Vec<usize> = (0..left.len()).collect();
    let meetings = Meetings::of(&left, &members);
    let mut joined = Vec::new();
    for member in members {
        if let Some(mut line) = left[member].take() {
            meetings.extend_both(&mut line, &mut left);
            joined.push(line);
        }
    }
    joined
}

/// Joins ways of one name where exactly two of their ends meet. A joined road has the id, the
/// attributes and the direction of the way with the smallest id in it.
pub(crate) fn join(roads: Vec<Road>) -> Vec<Road> {
    let mut pieces: Vec<(i64, Attributes)> = Vec::with_capacity(roads.len());
    let mut left: Vec<Option<Vec<Coord>>> = Vec::with_capacity(roads.len());
    for road in roads {
        for part in road.parts {
            pieces.push((road.way_id, road.attributes));
            left.push(Some(part));
        }
    }
    let mut by_name: BTreeMap<Name, Vec<usize>> = BTreeMap::new();
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by_key(|&piece| pieces[piece].0);
    for piece in order {
        if let Some(name) = pieces[piece].1.road_name {
            by_name.entry(name).or_default().push(piece);
        }
    }
    let mut joined: Vec<(usize, Vec<Coord>)> = Vec::with_capacity(left.len());
    for members in by_name.into_values() {
        let meetings = Meetings::of(&left, &members);
        for member in members {
            if let Some(mut line) = left[member].take() {
                meetings.extend_both(&mut line, &mut left);
                joined.push((member, line));
            }
        }
    }
    joined.extend(
        left.into_iter()
            .enumerate()
            .filter_map(|(piece, line)| Some((piece, line?))),
    );
    joined.sort_by_key(|&(piece, _)| (pieces[piece].0, piece));
    let road = |(piece, line): (usize, Vec<Coord>)| Road {
        way_id: pieces[piece].0,
        attributes: pieces[piece].1,
        parts: vec![line],
    };
    joined.into_iter().map(road).collect()
}

/// The lines that end at each place; a ring is there twice.
struct Meetings(HashMap<u64, Vec<usize>>);

impl Meetings {
    fn of(lines: &[Option<Vec<Coord>>], members: &[usize]) -> Self {
        let mut meetings: HashMap<u64, Vec<usize>> = HashMap::new();
        for &member in members {
            let line = lines[member].as_deref().unwrap_or_default();
            for end in [line.first(), line.last()].into_iter().flatten() {
                meetings.entry(place_key(*end)).or_default().push(member);
            }
        }
        Self(meetings)
    }

    /// Lengthens a line at its end, then at its start.
    fn extend_both(&self, line: &mut Vec<Coord>, left: &mut [Option<Vec<Coord>>]) {
        self.extend(line, left);
        line.reverse();
        self.extend(line, left);
        line.reverse();
    }

    /// Appends the lines that go on from the end of one, as far as each is the only one.
    fn extend(&self, line: &mut Vec<Coord>, left: &mut [Option<Vec<Coord>>]) {
        while let Some(end) = line.last().copied() {
            let Some([a, b]) = self.0.get(&place_key(end)).map(Vec::as_slice) else {
                return;
            };
            let Some(mut next) = [a, b].into_iter().find_map(|&member| left[member].take()) else {
                return;
            };
            if next.first().copied().map(place_key) != Some(place_key(end)) {
                next.reverse();
            }
            line.extend(next.into_iter().skip(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tags::Names;
    use super::*;
    use geo::coord;

    fn roads(ways: &[(i64, &str, &[(i32, i32)])]) -> Vec<Road> {
        let mut names = Names::default();
        ways.iter()
            .map(|&(way_id, name, line)| Road {
                way_id,
                attributes: Attributes {
                    road_name: names.name(name),
                    ..Attributes::default()
                },
                parts: vec![
                    line.iter()
                        .map(|&(x, y)| coord! {x: f64::from(x) / 1e3, y: f64::from(y) / 1e3})
                        .collect(),
                ],
            })
            .collect()
    }

    fn shape(joined: &[Road]) -> Vec<(i64, Vec<(i32, i32)>)> {
        let thousandths = |v: &Coord| ((v.x * 1e3).round() as i32, (v.y * 1e3).round() as i32);
        joined
            .iter()
            .map(|road| {
                (
                    road.way_id,
                    road.parts.concat().iter().map(thousandths).collect(),
                )
            })
            .collect()
    }

    #[test]
    fn pieces_of_a_street_are_joined_whatever_their_direction() {
        let pieces = roads(&[
            (7, "High Street", &[(3, 0), (2, 0)]),
            (5, "High Street", &[(1, 0), (2, 0)]),
            (9, "High Street", &[(0, 0), (1, 0)]),
            (6, "Mill Lane", &[(3, 0), (3, 5)]),
        ]);
        assert_eq!(
            shape(&join(pieces)),
            [
                (5, vec![(0, 0), (1, 0), (2, 0), (3, 0)]),
                (6, vec![(3, 0), (3, 5)])
            ]
        );
    }

    #[test]
    fn forks_rings_and_nameless_ways_stay_apart() {
        let fork = roads(&[
            (1, "The Green", &[(0, 0), (1, 0)]),
            (2, "The Green", &[(1, 0), (2, 1)]),
            (3, "The Green", &[(1, 0), (2, -1)]),
        ]);
        assert_eq!(join(fork).len(), 3);
        let nameless = roads(&[(1, "", &[(0, 0), (1, 0)]), (2, "", &[(1, 0), (2, 0)])]);
        assert_eq!(join(nameless).len(), 2);
        let ring_with_a_tail = roads(&[
            (1, "Close", &[(0, 0), (1, 0), (1, 1), (0, 0)]),
            (2, "Close", &[(0, 0), (-1, 0)]),
        ]);
        assert_eq!(join(ring_with_a_tail).len(), 2);
    }

    #[test]
    fn halves_of_a_ring_make_a_ring() {
        let halves = roads(&[
            (4, "Crescent", &[(0, 0), (1, 0), (1, 1)]),
            (3, "Crescent", &[(0, 0), (0, 1), (1, 1)]),
        ]);
        assert_eq!(
            shape(&join(halves)),
            [(3, vec![(0, 0), (0, 1), (1, 1), (1, 0), (0, 0)])]
        );
    }
}
