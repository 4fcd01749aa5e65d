//! Shapes that cross 180 degrees of longitude are cut there.

use geo::{BooleanOps, BoundingRect, Coord, Geometry, MapCoordsInPlace, MultiPolygon, Rect};

/// Rounding beyond 180 degrees that is none.
const ROUNDING: f64 = 1e-7;

/// A shape in degrees whose longitudes may pass 180, with what lies beyond moved to the other side of the map, and cut at 180 degrees
/// where it crosses.
pub(crate) fn across_180(shape: Option<Geometry>, degrees: bool) -> Option<Geometry> {
    let mut shape = shape?;
    let rect = shape.bounding_rect()?;
    if !degrees {
        return Some(shape);
    }
    // A hull that was projected point by point has its eastern corners at -179.
    if rect.width() > 180.0 {
        shape.map_coords_in_place(|c| Coord {
            x: if c.x < 0.0 { c.x + 360.0 } else { c.x },
            y: c.y,
        });
    }
    let rect = shape.bounding_rect()?;
    let (west, east) = (rect.min().x, rect.max().x);
    let back = |c: Coord| Coord {
        x: c.x - 360.0,
        y: c.y,
    };
    if east <= 180.0 + ROUNDING && west >= -180.0 - ROUNDING {
        clamp(&mut shape);
        return Some(shape);
    }
    if west >= 180.0 - ROUNDING {
        shape.map_coords_in_place(back);
        clamp(&mut shape);
        return Some(shape);
    }
    if west < -180.0 - ROUNDING {
        shape.map_coords_in_place(|c| Coord {
            x: c.x + 360.0,
            y: c.y,
        });
        return across_180(Some(shape), degrees);
    }
    let many = match shape {
        Geometry::Polygon(polygon) => MultiPolygon::new(vec![polygon]),
        Geometry::MultiPolygon(many) => many,
        mut other => {
            other.map_coords_in_place(|c| if c.x > 180.0 { back(c) } else { c });
            return Some(other);
        }
    };
    let half = |from: f64, to: f64| {
        MultiPolygon::new(vec![Rect::new((from, -91.0), (to, 91.0)).to_polygon()])
    };
    let mut parts = many.intersection(&half(west.min(0.0) - 1.0, 180.0));
    let mut beyond = many.intersection(&half(180.0, east.max(360.0) + 1.0));
    beyond.map_coords_in_place(back);
    parts.0.extend(beyond);
    let mut parts = Geometry::MultiPolygon(parts);
    clamp(&mut parts);
    Some(parts)
}

fn clamp(shape: &mut Geometry) {
    shape.map_coords_in_place(|c| Coord {
        x: c.x.clamp(-180.0, 180.0),
        y: c.y,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::Area;

    #[test]
    fn a_square_across_180_degrees_is_two_of_the_same_area() {
        let square = Rect::new((179.0, -17.0), (181.5, -16.0)).to_polygon();
        let cut = across_180(Some(square.into()), true).expect("a shape");
        let Geometry::MultiPolygon(parts) = &cut else {
            panic!("{cut:?}")
        };
        assert_eq!(parts.0.len(), 2);
        assert!((cut.unsigned_area() - 2.5).abs() < 1e-9);
        let rect = cut.bounding_rect().expect("a box");
        assert_eq!((rect.min().x, rect.max().x), (-180.0, 180.0));
    }

    #[test]
    fn metres_and_shapes_on_one_side_stay() {
        let square: Geometry = Rect::new((179.0, 0.0), (500.0, 1.0)).to_polygon().into();
        assert_eq!(across_180(Some(square.clone()), false), Some(square));
        let beyond: Geometry = Rect::new((180.0, 0.0), (181.0, 1.0)).to_polygon().into();
        let moved = across_180(Some(beyond), true).and_then(|shape| shape.bounding_rect());
        assert_eq!(moved, Some(Rect::new((-180.0, 0.0), (-179.0, 1.0))));
    }
}
