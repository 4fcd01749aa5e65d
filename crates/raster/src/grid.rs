//! The grid of a georeferenced picture.

use geo::{Coord, Rect, coord};
use tables::Crs;

use crate::Error;

/// An affine transform from columns and rows to a map, in GDAL's order: x, by column, by row, y, by
/// column, by row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine(pub [f64; 6]);

impl Affine {
    /// The place of a column and row, counted from the outer corner of the upper left pixel.
    pub fn at(&self, (column, row): (f64, f64)) -> Coord {
        let [x, a, b, y, d, e] = self.0;
        coord! { x: x + column * a + row * b, y: y + column * d + row * e }
    }

    /// The transform the other way, where there is one.
    pub fn inverse(&self) -> Option<Self> {
        let [x, a, b, y, d, e] = self.0;
        let area = a * e - b * d;
        let inverse = Self([
            (b * y - e * x) / area,
            e / area,
            -b / area,
            (d * x - a * y) / area,
            -d / area,
            a / area,
        ]);
        (area != 0.0
            && inverse
                .0
                .iter()
                .chain(&self.0)
                .all(|number| number.is_finite()))
        .then_some(inverse)
    }

    /// The same pixels counted from another corner.
    pub fn shifted(&self, columns: f64, rows: f64) -> Self {
        let Coord { x, y } = self.at((columns, rows));
        let [_, a, b, _, d, e] = self.0;
        Self([x, a, b, y, d, e])
    }

    /// The same corner with pixels so many times as wide and high.
    pub fn scaled(&self, columns: f64, rows: f64) -> Self {
        let [x, a, b, y, d, e] = self.0;
        Self([x, a * columns, b * rows, y, d * columns, e * rows])
    }

    /// Whether rows run south and columns east.
    pub fn is_north_up(&self) -> bool {
        let [_, a, b, _, d, e] = self.0;
        b == 0.0 && d == 0.0 && a > 0.0 && e < 0.0
    }

    /// Whether rows and columns run otherwise than along the axes of the map.
    pub fn is_askew(&self) -> bool {
        let [_, _, b, _, d, _] = self.0;
        b != 0.0 || d != 0.0
    }

    /// Width and height of a pixel in map units.
    pub fn pixel(&self) -> (f64, f64) {
        let [_, a, b, _, d, e] = self.0;
        (a.hypot(d), b.hypot(e))
    }
}

/// A reference system in any words that are understood: a code, WKT, PROJ, PROJJSON.
///
/// # Errors
/// [`Error::Table`] for words that are not understood.
pub fn crs_of_text(text: &str) -> Result<Crs, Error> {
    match text.parse::<Crs>() {
        Ok(crs) => Ok(crs),
        Err(error) if text.contains('[') => Crs::from_wkt(text).map_err(|_| error.into()),
        Err(error) => Err(error.into()),
    }
}

/// Where the pixels of a picture lie: north up, no rotation.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Reference system of the coordinates.
    pub crs: Crs,
    /// Outer corner of the upper left pixel (x, y).
    pub origin: (f64, f64),
    /// Width and height of a pixel in units of the reference system, both positive.
    pub pixel: (f64, f64),
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Grid {
    /// The ground that the grid covers, in its reference system.
    pub fn bounds(&self) -> Rect {
        let (x, y) = self.origin;
        Rect::new(
            coord! { x: x, y: y - f64::from(self.height) * self.pixel.1 },
            coord! { x: x + f64::from(self.width) * self.pixel.0, y: y },
        )
    }

    /// The affine transform in GDAL's order: x, pixel width, 0, y, 0, minus pixel height.
    pub fn geo_transform(&self) -> [f64; 6] {
        [
            self.origin.0,
            self.pixel.0,
            0.0,
            self.origin.1,
            0.0,
            -self.pixel.1,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transform_and_its_inverse_lead_back() {
        let turned = Affine([500_000.0, 3.0, 4.0, 9_000.0, 4.0, -3.0]);
        let back = turned.inverse().unwrap();
        let place = turned.at((7.0, 2.5));
        let there = back.at((place.x, place.y));
        assert!((there.x - 7.0).abs() < 1e-9 && (there.y - 2.5).abs() < 1e-9);
        assert_eq!(turned.pixel(), (5.0, 5.0));
        assert!(Affine([0.0, 1.0, 1.0, 0.0, 1.0, 1.0]).inverse().is_none());
    }
}
