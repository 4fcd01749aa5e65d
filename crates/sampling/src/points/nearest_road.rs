//! The road next to a place, and where it goes there.

use geo::Coord;
use geographiclib_rs::{Geodesic, InverseGeodesic};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use crate::roads::{Road, hundredths};

/// Segments of roads, indexed by their boxes in degrees.
pub(crate) struct Segments {
    boxes: RTree<GeomWithData<Rectangle<[f64; 2]>, Segment>>,
    earth: Geodesic,
}

#[derive(Clone, Copy)]
struct Segment {
    road: u32,
    from: Coord,
    to: Coord,
}

/// The road next to a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Nearest {
    /// Place of the road among the roads.
    pub(crate) road: usize,
    pub(crate) distance_m: f64,
    /// Direction of the road there, hundredths of a degree.
    pub(crate) bearing: u16,
}

impl Segments {
    /// Segments across the antimeridian are left out.
    pub(crate) fn of(roads: &[Road]) -> Self {
        let segments = (0_u32..).zip(roads).flat_map(|(number, road)| {
            let pairs = road.parts.iter().flat_map(|part| part.windows(2));
            pairs.filter_map(move |pair| {
                let &[from, to] = <&[Coord; 2]>::try_from(pair).ok()?;
                let is_whole = from != to && (from.x - to.x).abs() < 180.0;
                is_whole.then(|| {
                    let corners = Rectangle::from_corners([from.x, from.y], [to.x, to.y]);
                    GeomWithData::new(
                        corners,
                        Segment {
                            road: number,
                            from,
                            to,
                        },
                    )
                })
            })
        });
        Self {
            boxes: RTree::bulk_load(segments.collect()),
            earth: Geodesic::wgs84(),
        }
    }

    /// The nearest road within so many metres, of several as near the first.
    pub(crate) fn nearest(&self, place: Coord, within_m: f64) -> Option<Nearest> {
        // metres of a degree of the ellipsoid here (Snyder 1987, eq. 4-18 and 4-19)
        let (a, e2) = (6_378_137.0_f64, 0.006_694_379_990_141_317_f64);
        let (sin, cos) = place.y.to_radians().sin_cos();
        let root = (1.0 - e2 * sin * sin).sqrt();
        let lon_m = (a * cos / root).to_radians().max(1.0);
        let lat_m = (a * (1.0 - e2) / root.powi(3)).to_radians();
        let reach = [within_m / lon_m * 1.001, within_m / lat_m * 1.001];
        let around = AABB::from_corners(
            [place.x - reach[0], place.y - reach[1]],
            [place.x + reach[0], place.y + reach[1]],
        );
        let metres = |v: Coord| ((v.x - place.x) * lon_m, (v.y - place.y) * lat_m);
        self.boxes
            .locate_in_envelope_intersecting(&around)
            .map(|found| {
                (
                    found.data,
                    to_origin(metres(found.data.from), metres(found.data.to)),
                )
            })
            .filter(|(_, distance_m)| *distance_m <= within_m)
            .min_by(|(a, near), (b, far)| {
                let order = near.total_cmp(far).then(a.road.cmp(&b.road));
                order
                    .then(a.from.x.total_cmp(&b.from.x))
                    .then(a.from.y.total_cmp(&b.from.y))
            })
            .map(|(segment, distance_m)| {
                let (from, to) = (segment.from, segment.to);
                let (_, azimuth, _, _): (f64, f64, f64, f64) =
                    self.earth.inverse(from.y, from.x, to.y, to.x);
                Nearest {
                    road: segment.road as usize,
                    distance_m,
                    bearing: hundredths(azimuth),
                }
            })
    }
}

/// Distance of the origin from a straight line between two points.
fn to_origin(from: (f64, f64), to: (f64, f64)) -> f64 {
    let step = (to.0 - from.0, to.1 - from.1);
    let squared = step.0 * step.0 + step.1 * step.1;
    let share = if squared > 0.0 {
        (-(from.0 * step.0 + from.1 * step.1) / squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (from.0 + share * step.0).hypot(from.1 + share * step.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roads::Attributes;
    use geo::coord;

    fn road(way_id: i64, line: &[(f64, f64)]) -> Road {
        Road {
            way_id,
            attributes: Attributes::default(),
            parts: vec![line.iter().map(|&(x, y)| coord! {x: x, y: y}).collect()],
        }
    }

    #[test]
    fn the_nearest_road_has_a_distance_and_a_bearing() {
        // a degree of latitude at the equator is 110,574.3 m, one of longitude 111,319.5 m
        let roads = [
            road(1, &[(0.0, 0.0), (0.01, 0.0)]),
            road(2, &[(0.002, 0.001), (0.002, 0.002)]),
        ];
        let segments = Segments::of(&roads);
        let near = segments
            .nearest(coord! {x: 0.005, y: 0.0002}, 50.0)
            .unwrap();
        assert_eq!((near.road, near.bearing), (0, 9000));
        assert!((near.distance_m - 22.115).abs() < 0.001, "{near:?}");
        let north = segments
            .nearest(coord! {x: 0.0021, y: 0.0015}, 50.0)
            .unwrap();
        assert_eq!((north.road, north.bearing), (1, 0));
        assert!((north.distance_m - 11.132).abs() < 0.001, "{north:?}");
        assert_eq!(segments.nearest(coord! {x: 0.005, y: 0.0005}, 50.0), None);
        let beyond = segments.nearest(coord! {x: -0.0003, y: 0.0}, 50.0).unwrap();
        assert!((beyond.distance_m - 33.396).abs() < 0.001, "{beyond:?}");
    }
}
