//! From longitude and latitude to the drawing.

use std::fmt::Write;

use geo::Coord;
use maud::{Markup, PreEscaped, html};

use crate::numbers::round_up;

/// Width of every drawing, in its own units.
const WIDTH: f64 = 1000.0;
/// A drawing is at most this high; what is narrower is centred.
const MOST_HEIGHT: f64 = 900.0;
const MARGIN: f64 = 16.0;
/// Mean radius of the Earth, metres.
const RADIUS: f64 = 6_371_008.8;

/// Places what is in a box of degrees, with north up and distances true at the box's middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Frame {
    west: f64,
    north: f64,
    /// Units a degree of latitude.
    per_degree: f64,
    /// A degree of longitude in degrees of latitude.
    squeeze: f64,
    left: f64,
    height: f64,
}

impl Frame {
    /// Around some places; `None` where there are none. Places on both sides of 180 degrees stay together.
    pub(crate) fn around(places: impl Iterator<Item = Coord> + Clone) -> Option<Self> {
        let (mut west, mut east, mut south, mut north) = (f64::MAX, f64::MIN, f64::MAX, f64::MIN);
        let near = places.clone().find(|place| place.x.is_finite())?.x;
        for place in places.filter(|place| place.x.is_finite() && place.y.is_finite()) {
            let x = unwrapped(place.x, near);
            (west, east) = (west.min(x), east.max(x));
            (south, north) = (south.min(place.y), north.max(place.y));
        }
        let squeeze = f64::midpoint(south, north).to_radians().cos().max(0.01);
        // A single place still needs some ground around it: about a hundred metres.
        let width = ((east - west) * squeeze).max(1e-3);
        let height = (north - south).max(1e-3);
        let per_degree =
            ((WIDTH - 2.0 * MARGIN) / width).min((MOST_HEIGHT - 2.0 * MARGIN) / height);
        Some(Self {
            west,
            north,
            per_degree,
            squeeze,
            left: f64::midpoint(0.0, WIDTH - width * per_degree),
            height: height * per_degree + 2.0 * MARGIN + 24.0,
        })
    }

    /// Where a place is drawn.
    pub(crate) fn at(&self, place: Coord) -> (f64, f64) {
        let x = unwrapped(place.x, self.west) - self.west;
        (
            self.left + x * self.squeeze * self.per_degree,
            MARGIN + (self.north - place.y) * self.per_degree,
        )
    }

    /// The drawing with its layers and a scale bar.
    pub(crate) fn svg(&self, label: &str, layers: &[Markup]) -> Markup {
        let metres_per_unit = RADIUS.to_radians() / self.per_degree;
        let mut metres = round_up(120.0 * metres_per_unit);
        if metres / metres_per_unit > 320.0 {
            metres /= 2.0;
        }
        let length = metres / metres_per_unit;
        let name = if metres >= 1000.0 {
            format!("{} km", metres / 1000.0)
        } else {
            format!("{metres} m")
        };
        let bottom = self.height - 10.0;
        html! {
            svg viewBox=(format!("0 0 {WIDTH} {:.0}", self.height)) role="img" aria-label=(label) {
                @for layer in layers { (layer) }
                path.scale d=(format!("M{MARGIN} {:.1}v6h{length:.1}v-6", bottom - 6.0)) {}
                text.label x=(format!("{:.1}", MARGIN + length + 8.0)) y=(format!("{bottom:.1}")) { (name) }
            }
        }
    }
}

/// The longitude within half a turn of another.
fn unwrapped(longitude: f64, near: f64) -> f64 {
    longitude - ((longitude - near) / 360.0).round() * 360.0
}

/// Appends a path command with its point, tenths of a unit.
pub(crate) fn push(path: &mut String, command: char, (x, y): (f64, f64)) {
    // Writing to a String cannot fail.
    let _ = write!(path, "{command}{x:.1} {y:.1}");
}

/// A path's data, which is digits and letters only.
pub(crate) fn path_data(data: &str) -> PreEscaped<&str> {
    PreEscaped(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn north_is_up_and_a_square_on_the_ground_is_square() {
        let half = 0.01 / 60.0_f64.to_radians().cos();
        let corners = [
            Coord {
                x: 10.0 - half,
                y: 59.99,
            },
            Coord {
                x: 10.0 + half,
                y: 60.01,
            },
        ];
        let frame = Frame::around(corners.into_iter()).unwrap();
        let ((left, bottom), (right, top)) = (frame.at(corners[0]), frame.at(corners[1]));
        assert!(top < bottom && left < right);
        assert!(((right - left) / (bottom - top) - 1.0).abs() < 1e-9);
        assert!(((left + right) / 2.0 - WIDTH / 2.0).abs() < 1e-9);
    }

    #[test]
    fn places_on_both_sides_of_180_degrees_stay_together() {
        let places = [
            Coord { x: 179.9, y: -17.0 },
            Coord {
                x: -179.9,
                y: -17.1,
            },
        ];
        let frame = Frame::around(places.into_iter()).unwrap();
        assert!(frame.at(places[1]).0 - frame.at(places[0]).0 > 500.0);
        assert!(
            places
                .into_iter()
                .all(|place| (0.0..=WIDTH).contains(&frame.at(place).0))
        );
    }

    #[test]
    fn a_single_place_is_in_the_middle() {
        let place = Coord { x: 7.0, y: 47.0 };
        assert!((frame_x(place) - WIDTH / 2.0).abs() < WIDTH / 2.0);
    }

    fn frame_x(place: Coord) -> f64 {
        Frame::around([place].into_iter()).unwrap().at(place).0
    }
}
