//! The rings of an area, ready for the sweep: checked, unwrapped at 180 degrees, turned the right way.

use geo::{Coord, Geometry, LineString, Polygon};

use super::trapezoids::Fault;

/// Why an area gets no points. Its text is the reason in the plan's list of rejected rows.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("no geometry")]
    NoGeometry,
    #[error("a {0} has no area; polygons are needed")]
    NotAnArea(&'static str),
    #[error("a coordinate is not a finite number")]
    NotFinite,
    #[error("latitude {0} is outside -90 to 90")]
    Latitude(f64),
    #[error("longitude {0} is outside -360 to 360")]
    Longitude(f64),
    #[error("a ring goes round a pole; give it an edge along the pole, from longitude -180 to 180")]
    RoundAPole,
    #[error("the boundary crosses itself near longitude {:.6}, latitude {:.6}", .0.x, .0.y)]
    Crossing(Coord),
    #[error(
        "parts overlap, or a hole lies outside its part, near longitude {:.6}, latitude {:.6}", .0.x, .0.y
    )]
    Overlap(Coord),
    #[error("the area is zero")]
    NoArea,
    #[error("no id")]
    NoId,
    #[error(
        "column {column:?} gives {found} as the number of points; a whole number from 0 is needed"
    )]
    Count { column: String, found: String },
    #[error("{0}")]
    Projection(String),
}

impl From<Fault> for Unusable {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Crossing(place) => Self::Crossing(place),
            Fault::Overlap(place) => Self::Overlap(place),
        }
    }
}

/// Outer rings counter-clockwise and holes clockwise, without the closing vertex.
///
/// A step of more than 180 degrees of longitude is taken to go the short way, across the
/// antimeridian (RFC 7946 section 3.1.9 asks for split polygons instead, which pass unchanged), so
/// a ring may reach beyond 180 degrees. A step of exactly 360 degrees is an edge round the world.
pub(crate) fn rings(area: &Geometry) -> Result<Vec<Vec<Coord>>, Unusable> {
    let polygons: Vec<&Polygon> = match area {
        Geometry::Polygon(polygon) => vec![polygon],
        Geometry::MultiPolygon(parts) => parts.iter().collect(),
        Geometry::Rect(rect) => return rings(&Geometry::Polygon(rect.to_polygon())),
        Geometry::Triangle(triangle) => return rings(&Geometry::Polygon(triangle.to_polygon())),
        Geometry::GeometryCollection(members) => {
            let each: Result<Vec<_>, _> = members.iter().map(rings).collect();
            return Ok(each?.concat());
        }
        Geometry::Point(_) | Geometry::MultiPoint(_) => return Err(Unusable::NotAnArea("point")),
        Geometry::Line(_) | Geometry::LineString(_) | Geometry::MultiLineString(_) => {
            return Err(Unusable::NotAnArea("line"));
        }
    };
    let mut found = Vec::new();
    for polygon in polygons {
        let outer = unwrapped(polygon.exterior())?;
        let middle = middle(&outer);
        found.push(turned(outer, Turn::CounterClockwise));
        for hole in polygon.interiors() {
            let mut hole = unwrapped(hole)?;
            let shift = 360.0 * ((middle - self::middle(&hole)) / 360.0).round();
            if shift.is_finite() {
                hole.iter_mut().for_each(|vertex| vertex.x += shift);
            }
            found.push(turned(hole, Turn::Clockwise));
        }
    }
    Ok(found)
}

fn unwrapped(ring: &LineString) -> Result<Vec<Coord>, Unusable> {
    let mut offset = 0.0;
    let mut before: Option<f64> = None;
    let mut vertices = Vec::with_capacity(ring.0.len());
    for &Coord { x, y } in &ring.0 {
        if !(x.is_finite() && y.is_finite()) {
            return Err(Unusable::NotFinite);
        }
        if y.abs() > 90.0 {
            return Err(Unusable::Latitude(y));
        }
        if x.abs() > 360.0 {
            return Err(Unusable::Longitude(x));
        }
        let step = x - before.unwrap_or(x);
        if step.abs() > 180.0 && step.abs() < 360.0 {
            offset -= 360.0_f64.copysign(step);
        }
        before = Some(x);
        vertices.push(Coord { x: x + offset, y });
    }
    // the last vertex is the first again
    vertices.pop();
    if offset != 0.0 {
        return Err(Unusable::RoundAPole);
    }
    Ok(vertices)
}

fn middle(ring: &[Coord]) -> f64 {
    let (west, east) = ring.iter().fold(
        (f64::INFINITY, f64::NEG_INFINITY),
        |(west, east), vertex| (west.min(vertex.x), east.max(vertex.x)),
    );
    f64::midpoint(west, east)
}

#[derive(Clone, Copy, PartialEq)]
enum Turn {
    CounterClockwise,
    Clockwise,
}

fn turned(mut ring: Vec<Coord>, wanted: Turn) -> Vec<Coord> {
    let Some(&origin) = ring.first() else {
        return ring;
    };
    let doubled: f64 = ring
        .windows(2)
        .filter_map(|pair| <&[Coord; 2]>::try_from(pair).ok())
        .map(|[a, b]| {
            let (a, b) = (*a - origin, *b - origin);
            a.x * b.y - a.y * b.x
        })
        .sum();
    if (doubled < 0.0) == (wanted == Turn::CounterClockwise) {
        ring.reverse();
    }
    ring
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{line_string, point, polygon};

    fn ring_of(points: &[(f64, f64)]) -> Geometry {
        Polygon::new(LineString::from(points.to_vec()), vec![]).into()
    }

    #[test]
    fn a_ring_across_the_antimeridian_is_unwrapped_and_its_hole_with_it() {
        let outer = LineString::from(vec![(178., 0.), (-178., 0.), (-178., 4.), (178., 4.)]);
        let hole = LineString::from(vec![(-179., 1.), (-179., 3.), (179., 3.), (179., 1.)]);
        let rings = rings(&Polygon::new(outer, vec![hole]).into()).unwrap();
        let longitudes = |ring: &[Coord]| ring.iter().map(|v| v.x).collect::<Vec<_>>();
        assert_eq!(longitudes(&rings[0]), [178., 182., 182., 178.]);
        assert!(
            longitudes(&rings[1])
                .iter()
                .all(|x| (179. ..=181.).contains(x))
        );
    }

    #[test]
    fn a_ring_given_beyond_180_degrees_and_one_round_the_world_stay_as_they_are() {
        let beyond = rings(&ring_of(&[(170., 0.), (190., 0.), (190., 5.)])).unwrap();
        assert_eq!(beyond[0][1].x, 190.0);
        let world = [(-180., -60.), (180., -60.), (180., 80.), (-180., 80.)];
        let world = rings(&ring_of(&world)).unwrap();
        assert_eq!(world[0].len(), 4);
        assert_eq!(world[0][1].x, 180.0);
    }

    #[test]
    fn rings_are_turned_the_right_way() {
        let wrong_way = polygon!(
            exterior: [(x: 0., y: 0.), (x: 0., y: 4.), (x: 4., y: 4.), (x: 4., y: 0.)],
            interiors: [[(x: 1., y: 1.), (x: 2., y: 1.), (x: 2., y: 2.), (x: 1., y: 2.)]],
        );
        let rings = rings(&wrong_way.into()).unwrap();
        assert_eq!(rings[0][0], Coord { x: 4., y: 0. });
        assert_eq!(rings[1][0], Coord { x: 1., y: 2. });
    }

    #[test]
    fn what_is_no_area_says_why() {
        let reason = |geometry: Geometry| rings(&geometry).unwrap_err().to_string();
        assert_eq!(
            reason(point!(x: 1., y: 2.).into()),
            "a point has no area; polygons are needed"
        );
        let line = line_string![(x: 0., y: 0.), (x: 1., y: 1.)];
        assert_eq!(
            reason(line.into()),
            "a line has no area; polygons are needed"
        );
        let nan = ring_of(&[(0., 0.), (f64::NAN, 1.), (1., 1.)]);
        assert_eq!(reason(nan), "a coordinate is not a finite number");
        let high = ring_of(&[(0., 0.), (0., 91.), (1., 1.)]);
        assert_eq!(reason(high), "latitude 91 is outside -90 to 90");
        let projected = ring_of(&[(500_000., 0.), (0., 9.), (1., 1.)]);
        assert_eq!(reason(projected), "longitude 500000 is outside -360 to 360");
        let arctic = ring_of(&[(0., 70.), (90., 70.), (180., 70.), (-90., 70.)]);
        assert_eq!(rings(&arctic), Err(Unusable::RoundAPole));
    }
}
