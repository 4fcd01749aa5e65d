//! The grid of a georeferenced picture.

use geo::{Rect, coord};
use tables::Crs;

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
