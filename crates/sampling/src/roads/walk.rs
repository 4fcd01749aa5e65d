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

    /// The points of a way, and its length in metres as the plan measures it: the first point one
    /// interval from the start, then one every interval, none on the shorter rest. A way no longer
    /// than the interval has one point at its middle.
    pub(crate) fn walk(&self, way: &[Coord]) -> (Vec<RoadPoint>, f64) {
        let segments: Vec<Segment> = way
            .windows(2)
            .filter_map(|pair| <&[Coord; 2]>::try_from(pair).ok())
            .map(|&[from, to]| self.segment(from, to))
            .filter(|segment| segment.length_m > 0.0)
            .collect();
        let length: f64 = segments.iter().map(|segment| segment.length_m).sum();
        let mut points = Vec::new();
        if length <= self.interval_m {
            // the study of 2017 passed over short ways with a bend
            let passed_over = self.compat == Some(Compat::Ons2017) && way.len() > 2;
            if !passed_over {
                self.place(&segments, std::iter::once(length / 2.0), &mut points);
            }
        } else {
            let stops = (1_u32..).map(|n| f64::from(n) * self.interval_m);
            self.place(
                &segments,
                stops.take_while(|&stop| stop <= length),
                &mut points,
            );
        }
        (points, length)
    }

    fn segment(&self, from: Coord, to: Coord) -> Segment {
        let (length_m, azimuth, _, _): (f64, f64, f64, f64) =
            self.earth.inverse(from.y, from.x, to.y, to.x);
        let length_m = match self.compat {
            None => length_m,
            // latitude for longitude and longitude for latitude
            Some(Compat::Ons2017) => self.earth.inverse(from.x, from.y, to.x, to.y),
        };
        Segment {
            from,
            to,
            length_m,
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
        Walker::new(interval_m, None).walk(&way)
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
        assert_eq!(compat.walk(&way).0, []);
        assert_eq!(compat.walk(&way[..2]).0.len(), 1);
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
            let (points, _) = Walker::new(10.0, Some(Compat::Ons2017)).walk(&way);
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
            let (points, length) = Walker::new(interval, None).walk(&way);
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
