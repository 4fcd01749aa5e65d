//! A point every so many metres along a way.

use geo::Coord;
use geographiclib_rs::{DirectGeodesic, Geodesic, InverseGeodesic};

use super::plan::{Compat, hundredths};

/// Up to this length, metres, a straight line in degrees and the geodesic differ by less than 2 mm
/// below 70 degrees of latitude: the sagitta is `l^2 tan(latitude) / 8 R`.
const STRAIGHT_M: f64 = 200.0;

/// A point of a road.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RoadPoint {
    pub(crate) place: Coord,
    /// Direction of the way, hundredths of a degree clockwise from north.
    pub(crate) bearing: u16,
    /// Distance from the start of the way in metres.
    pub(crate) distance_m: f64,
    /// Metres of road that it stands for.
    pub(crate) stands_for_m: f64,
}

/// A walked way.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Walk {
    pub(crate) points: Vec<RoadPoint>,
    /// Its length in metres as the plan measures it.
    pub(crate) length_m: f64,
    /// Its length on the ground.
    pub(crate) ground_m: f64,
    /// From its start to its end with the gaps between its parts.
    pub(crate) end_m: f64,
    /// Whether it has more points than there may be, and so none.
    pub(crate) is_cut: bool,
}

/// Where the points of a part lie: the first so far from its start, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stops {
    pub(crate) first_m: f64,
    pub(crate) count: u64,
}

/// Walks ways on the WGS 84 ellipsoid (Karney 2013, *Algorithms for geodesics*).
pub(crate) struct Walker {
    earth: Geodesic,
    interval_m: f64,
    compat: Option<Compat>,
}

/// A part of a way between two vertices.
struct Segment {
    from: Coord,
    to: Coord,
    length_m: f64,
    ground_m: f64,
    azimuth: f64,
}

impl Walker {
    pub(crate) fn new(interval_m: f64, compat: Option<Compat>) -> Self {
        Self {
            earth: Geodesic::wgs84(),
            interval_m,
            compat,
        }
    }

    /// Walks the parts of a way, one after the other. Without `stops`, the first point of a part lies
    /// one interval from its start, then one every interval, none on the shorter rest; a part no
    /// longer than the interval has one point at its middle.
    ///
    /// Distances count on over the gap from one part to the next. `most` is how many points there may
    /// be; a way with more has none.
    pub(crate) fn walk(&self, parts: &[Vec<Coord>], stops: Option<&[Stops]>, most: u64) -> Walk {
        let mut walk = Walk::default();
        let mut end: Option<Coord> = None;
        let mut left = most;
        for (number, part) in parts.iter().enumerate() {
            let segments = self.segments(part);
            let length: f64 = segments.iter().map(|segment| segment.length_m).sum();
            let ground: f64 = segments.iter().map(|segment| segment.ground_m).sum();
            if let (Some(end), Some(&start)) = (end, part.first()) {
                let gap: f64 = self.earth.inverse(end.y, end.x, start.y, start.x);
                walk.end_m += gap;
            }
            let carried = stops.and_then(|stops| stops.get(number).copied());
            let placed = match carried {
                Some(stops) => stops,
                None => self.stops_of(part, length),
            };
            let Some(rest) = left.checked_sub(placed.count) else {
                return Walk {
                    is_cut: true,
                    ..Walk::default()
                };
            };
            left = rest;
            let stands_for_m = match carried {
                Some(_) => self.interval_m,
                None => ground / placed.count.max(1) as f64,
            };
            let at = |n| placed.first_m + n as f64 * self.interval_m;
            let from = walk.points.len();
            self.place(&segments, (0..placed.count).map(at), &mut walk.points);
            for point in &mut walk.points[from..] {
                point.distance_m += walk.end_m;
                point.stands_for_m = stands_for_m;
            }
            walk.end_m += length;
            walk.length_m += length;
            walk.ground_m += ground;
            end = part.last().copied().or(end);
        }
        walk
    }

    /// The stops of a part that is walked by itself.
    fn stops_of(&self, part: &[Coord], length: f64) -> Stops {
        let none = Stops {
            first_m: 0.0,
            count: 0,
        };
        if length <= 0.0 {
            return none;
        }
        if length > self.interval_m {
            return Stops {
                first_m: self.interval_m,
                count: (length / self.interval_m) as u64,
            };
        }
        // the study of 2017 passed over short ways with a bend
        if self.compat == Some(Compat::Ons2017) && part.len() > 2 {
            return none;
        }
        Stops {
            first_m: length / 2.0,
            count: 1,
        }
    }

    /// Length of a part in metres, as the plan measures it.
    pub(crate) fn length_m(&self, part: &[Coord]) -> f64 {
        self.segments(part)
            .iter()
            .map(|segment| segment.length_m)
            .sum()
    }

    fn segments(&self, part: &[Coord]) -> Vec<Segment> {
        part.windows(2)
            .filter_map(|pair| <&[Coord; 2]>::try_from(pair).ok())
            .map(|&[from, to]| self.segment(from, to))
            .filter(|segment| segment.length_m > 0.0)
            .collect()
    }

    fn segment(&self, from: Coord, to: Coord) -> Segment {
        let (ground_m, azimuth, _, _): (f64, f64, f64, f64) =
            self.earth.inverse(from.y, from.x, to.y, to.x);
        let length_m = match self.compat {
            None => ground_m,
            // latitude for longitude and longitude for latitude
            Some(Compat::Ons2017) => self.earth.inverse(from.x, from.y, to.x, to.y),
        };
        Segment {
            from,
            to,
            length_m,
            ground_m,
            azimuth,
        }
    }

    /// Puts points at ascending distances along the segments.
    fn place(
        &self,
        segments: &[Segment],
        stops: impl Iterator<Item = f64>,
        points: &mut Vec<RoadPoint>,
    ) {
        let mut segments = segments.iter().peekable();
        let mut before = 0.0;
        for stop in stops {
            while let Some(passed) = segments.next_if(|segment| before + segment.length_m < stop) {
                before += passed.length_m;
                if segments.peek().is_none() {
                    // a rounding step short of the end: the end itself
                    points.push(self.point(passed, passed.length_m, stop));
                    return;
                }
            }
            if let Some(segment) = segments.peek() {
                points.push(self.point(segment, stop - before, stop));
            }
        }
    }

    fn point(&self, segment: &Segment, along_m: f64, distance_m: f64) -> RoadPoint {
        let place = if segment.length_m <= STRAIGHT_M || self.compat.is_some() {
            let share = (along_m / segment.length_m).clamp(0.0, 1.0);
            let mut step = segment.to - segment.from;
            if step.x.abs() > 180.0 {
                step.x -= 360.0_f64.copysign(step.x);
            }
            segment.from + step * share
        } else {
            let (y, x): (f64, f64) =
                self.earth
                    .direct(segment.from.y, segment.from.x, segment.azimuth, along_m);
            Coord { x, y }
        };
        RoadPoint {
            place: Coord {
                x: if place.x.abs() > 180.0 {
                    place.x - 360.0_f64.copysign(place.x)
                } else {
                    place.x
                },
                y: place.y,
            },
            bearing: hundredths(segment.azimuth),
            distance_m,
            stands_for_m: 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::coord;
    use proptest::prelude::*;

    fn walk(way: &[(f64, f64)], interval_m: f64) -> (Vec<RoadPoint>, f64) {
        let way: Vec<Coord> = way.iter().map(|&(x, y)| coord! {x: x, y: y}).collect();
        one_part(&Walker::new(interval_m, None), &way)
    }

    fn one_part(walker: &Walker, way: &[Coord]) -> (Vec<RoadPoint>, f64) {
        let walk = walker.walk(&[way.to_vec()], None, u64::MAX);
        (walk.points, walk.length_m)
    }

    fn metres(a: Coord, b: Coord) -> f64 {
        Geodesic::wgs84().inverse(a.y, a.x, b.y, b.x)
    }

    #[test]
    fn a_degree_along_the_equator_has_points_at_every_interval_but_the_start() {
        // 111,319.49 m to a degree of longitude at the equator
        let (points, length) = walk(&[(0., 0.), (1., 0.)], 10_000.0);
        assert!((length - 111_319.490_8).abs() < 1e-3);
        assert_eq!(points.len(), 11);
        for (n, point) in points.iter().enumerate() {
            assert_eq!(point.distance_m, (n + 1) as f64 * 10_000.0);
            assert!((point.place.x - point.distance_m / length).abs() < 1e-9);
            assert_eq!(point.bearing, 9000);
        }
    }

    #[test]
    fn what_is_left_at_a_bend_is_carried_on() {
        // 15 m east, then 15 m north: points after 10 m, 5 m into the second part, none at 30 m - tail
        let metre = 1.0 / 111_319.490_8;
        let north = 1.0 / 110_574.275_9;
        let (points, _) = walk(
            &[(0., 0.), (15. * metre, 0.), (15. * metre, 14. * north)],
            10.0,
        );
        assert_eq!(points.len(), 2);
        assert!((points[0].place.x / metre - 10.0).abs() < 1e-6);
        assert_eq!((points[0].bearing, points[1].bearing), (9000, 0));
        assert!((points[1].place.y / north - 5.0).abs() < 1e-4);
    }

    #[test]
    fn a_short_way_has_one_point_at_its_middle() {
        let metre = 1.0 / 111_319.490_8;
        let (straight, _) = walk(&[(0., 0.), (6. * metre, 0.)], 10.0);
        assert_eq!(straight.len(), 1);
        assert!((straight[0].place.x / metre - 3.0).abs() < 1e-6);
        let bent = [(0., 0.), (2. * metre, 0.), (2. * metre, 6. * metre)];
        let (points, length) = walk(&bent, 10.0);
        assert_eq!(points.len(), 1);
        assert_eq!(points[0].bearing, 0);
        assert_eq!(points[0].distance_m, length / 2.0);
        // the study of 2017 had none there
        let way = bent.map(|(x, y)| coord! {x: x, y: y});
        let compat = Walker::new(10.0, Some(Compat::Ons2017));
        assert_eq!(one_part(&compat, &way).0, []);
        assert_eq!(one_part(&compat, &way[..2]).0.len(), 1);
    }

    #[test]
    fn parts_of_a_way_are_walked_by_themselves_and_distances_count_on() {
        let metre = 1.0 / 111_319.490_8;
        let line = |from: f64, to: f64| {
            vec![
                coord! {x: from * metre, y: 0.},
                coord! {x: to * metre, y: 0.},
            ]
        };
        let walker = Walker::new(10.0, None);
        let walk = walker.walk(&[line(0., 25.), line(40., 46.)], None, u64::MAX);
        let distances: Vec<f64> = walk.points.iter().map(|p| p.distance_m.round()).collect();
        assert_eq!(distances, [10., 20., 43.]);
        let share: Vec<f64> = walk
            .points
            .iter()
            .map(|p| (p.stands_for_m * 10.0).round() / 10.0)
            .collect();
        assert_eq!(share, [12.5, 12.5, 6.0]);
        assert!((walk.length_m - 31.0).abs() < 1e-6 && (walk.end_m - 46.0).abs() < 1e-6);
        let carried = [
            Stops {
                first_m: 3.0,
                count: 3,
            },
            Stops {
                first_m: 8.0,
                count: 0,
            },
        ];
        let walk = walker.walk(&[line(0., 25.), line(40., 46.)], Some(&carried), u64::MAX);
        let distances: Vec<f64> = walk.points.iter().map(|p| p.distance_m.round()).collect();
        assert_eq!(distances, [3., 13., 23.]);
        assert!(walk.points.iter().all(|point| point.stands_for_m == 10.0));
        assert!(walker.walk(&[line(0., 25.)], None, 1).is_cut);
    }

    #[test]
    fn ways_without_length_have_no_points() {
        assert_eq!(walk(&[], 10.0), (vec![], 0.0));
        assert_eq!(walk(&[(1., 1.)], 10.0), (vec![], 0.0));
        assert_eq!(walk(&[(1., 1.), (1., 1.)], 10.0), (vec![], 0.0));
    }

    #[test]
    fn a_long_straight_keeps_to_the_geodesic_and_the_interval() {
        let (points, _) = walk(&[(5.0, 60.0), (6.0, 60.8)], 1000.0);
        let places: Vec<Coord> = points.iter().map(|point| point.place).collect();
        assert_eq!(places.len(), 104);
        for pair in places.windows(2) {
            assert!((metres(pair[0], pair[1]) - 1000.0).abs() < 1e-6);
        }
    }

    #[test]
    fn a_way_may_cross_the_antimeridian() {
        let (points, length) = walk(&[(179.9995, 10.), (-179.9995, 10.)], 10.0);
        assert!(length < 110.0);
        assert_eq!(points.len(), 10);
        assert!(points.iter().all(|point| point.place.x.abs() > 179.999));
    }

    #[test]
    fn swapped_axes_space_points_as_the_study_of_2017_did() {
        // in Newport 10 m became 6.3 m on an east-west street and 9.9 m on a north-south one
        let spacing = |to: Coord| {
            let way = [coord! {x: -3.0, y: 51.59}, to];
            let (points, _) = one_part(&Walker::new(10.0, Some(Compat::Ons2017)), &way);
            metres(points[0].place, points[1].place)
        };
        assert!((spacing(coord! {x: -2.999, y: 51.59}) - 6.26).abs() < 0.02);
        assert!((spacing(coord! {x: -3.0, y: 51.591}) - 10.0).abs() < 0.1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn points_lie_on_the_way_at_their_distance(
            steps in proptest::collection::vec((-0.002_f64..0.002, -0.002_f64..0.002), 1..12),
            y in -70.0_f64..70.0,
            interval in 3.0_f64..300.0,
        ) {
            let way: Vec<Coord> = std::iter::once((0.0, 0.0))
                .chain(steps)
                .scan(coord! {x: 7.0, y: y}, |at, (x, y)| { *at = *at + coord! {x: x, y: y}; Some(*at) })
                .collect();
            let (points, length) = one_part(&Walker::new(interval, None), &way);
            prop_assert_eq!(points.len(), ((length / interval) as usize).max(1));
            for point in &points {
                // the nearest vertices before and after are as far along as they should be
                let mut along = 0.0;
                let found = way.windows(2).any(|pair| {
                    let step = metres(pair[0], pair[1]);
                    let here = along + metres(pair[0], point.place);
                    let on_it = (metres(pair[0], point.place) + metres(point.place, pair[1]) - step).abs() < 1e-4;
                    along += step;
                    on_it && (here - point.distance_m).abs() < 0.01
                });
                prop_assert!(found, "{:?}", point);
            }
        }
    }
}
