//! Places as points in space, so that distances need no projection and no care at 180 degrees.

use tables::Coord;

/// Semi-major axis and eccentricity squared of WGS 84 (NIMA TR8350.2).
const RADIUS: f64 = 6_378_137.0;
const ECCENTRICITY_SQUARED: f64 = 6.694_379_990_141_33e-3;

/// A point or a direction, metres from the Earth's centre (x to 0 degrees east, z to the north pole).
pub(super) type Vector = [f64; 3];

/// The place on the ellipsoid.
pub(super) fn position(place: Coord) -> Vector {
    let (longitude, latitude) = (place.x.to_radians(), place.y.to_radians());
    let (sin, cos) = latitude.sin_cos();
    // Radius of curvature in the prime vertical.
    let normal = RADIUS / (1.0 - ECCENTRICITY_SQUARED * sin * sin).sqrt();
    let (east, north) = longitude.sin_cos();
    [
        normal * cos * north,
        normal * cos * east,
        normal * (1.0 - ECCENTRICITY_SQUARED) * sin,
    ]
}

/// Straight distance in metres; below 10 km it is within a millimetre of the geodesic.
pub(super) fn distance(one: &Vector, other: &Vector) -> f64 {
    norm(&minus(one, other))
}

/// The direction of a heading at a place, of length 1.
pub(super) fn direction(place: Coord, heading: f64) -> Vector {
    let (sin_lon, cos_lon) = place.x.to_radians().sin_cos();
    let (sin_lat, cos_lat) = place.y.to_radians().sin_cos();
    let (sin, cos) = heading.to_radians().sin_cos();
    let east = [-sin_lon, cos_lon, 0.0];
    let north = [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat];
    std::array::from_fn(|axis| sin * east[axis] + cos * north[axis])
}

/// The direction to the right of travel from one position to another, of length 1; none where they are one.
pub(super) fn right_of(from: &Vector, to: &Vector) -> Option<Vector> {
    let along = minus(to, from);
    // Up is near enough the direction from the centre: at most 0.2 degrees off.
    let [ax, ay, az] = along;
    let [ux, uy, uz] = *from;
    let right = [ay * uz - az * uy, az * ux - ax * uz, ax * uy - ay * ux];
    let length = norm(&right);
    (length > 0.0).then(|| right.map(|part| part / length))
}

/// `metres` from a position in a direction.
pub(super) fn offset(from: &Vector, direction: &Vector, metres: f64) -> Vector {
    std::array::from_fn(|axis| from[axis] + metres * direction[axis])
}

fn minus(one: &Vector, other: &Vector) -> Vector {
    std::array::from_fn(|axis| one[axis] - other[axis])
}

fn norm([x, y, z]: &Vector) -> f64 {
    (x * x + y * y + z * z).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(x: f64, y: f64) -> Coord {
        Coord { x, y }
    }

    /// Geodesics by geographiclib: one thousandth of a degree at 51.5 north, east 69.439 m and north 111.259 m.
    #[test]
    fn distances_are_those_of_the_ellipsoid() {
        let here = position(place(-3.0, 51.5));
        assert!((distance(&here, &position(place(-2.999, 51.5))) - 69.4405).abs() < 1e-3);
        assert!((distance(&here, &position(place(-3.0, 51.501))) - 111.2578).abs() < 1e-3);
        assert!(
            distance(
                &position(place(180.0, -17.0)),
                &position(place(-180.0, -17.0))
            ) < 1e-6
        );
    }

    #[test]
    fn a_heading_leads_where_a_compass_would() {
        let here = position(place(-3.0, 51.5));
        let north = offset(&here, &direction(place(-3.0, 51.5), 0.0), 111.2578);
        assert!(distance(&north, &position(place(-3.0, 51.501))) < 0.01);
        let east = offset(&here, &direction(place(-3.0, 51.5), 90.0), 69.4405);
        assert!(distance(&east, &position(place(-2.999, 51.5))) < 0.01);
    }

    #[test]
    fn the_right_of_the_way_north_is_east() {
        let right = right_of(&position(place(10.0, 40.0)), &position(place(10.0, 40.001))).unwrap();
        let east = direction(place(10.0, 40.0), 90.0);
        assert!(distance(&right, &east) < 1e-3);
        assert_eq!(right_of(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]), None);
    }
}
