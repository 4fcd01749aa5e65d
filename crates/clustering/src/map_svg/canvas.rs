//! Where on the picture a coordinate lies.

use std::fmt::Write;

use geo::{Coord, Geometry, LineString};

use crate::adjacency::Lattice;
use crate::canonical_order::extent;

/// Longest side of the map in pixels.
const SIDE: f64 = 1000.0;
/// Room below the map for a line of text.
const CAPTION: f64 = 36.0;
const MARGIN: f64 = 8.0;

/// An equirectangular map: degrees of longitude are as wide as they are in the middle.
pub(super) struct Canvas {
    low: Coord,
    scale: Coord,
    width: f64,
    height: f64,
    /// Columns and rows of cells that share one square of the picture, where a lattice has more cells than pixels.
    shared: u32,
}

impl Canvas {
    pub fn around(coords: impl Iterator<Item = Coord>, degrees: bool) -> Self {
        let coords: Vec<Coord> = coords.collect();
        let (low, high) = extent(&coords);
        Self::of_box(low, high, degrees)
    }

    /// A canvas on which each cell of a lattice is a rectangle.
    pub fn of_lattice(lattice: &Lattice, points: &[Coord], degrees: bool) -> Self {
        let (low, high) = extent(points);
        let [columns, rows] = lattice.size.map(f64::from);
        let step = Coord {
            x: (high.x - low.x) / (columns - 1.0).max(1.0),
            y: (high.y - low.y) / (rows - 1.0).max(1.0),
        };
        let canvas = Self::of_box(
            low,
            low + Coord {
                x: step.x * columns,
                y: step.y * rows,
            },
            degrees,
        );
        Self {
            scale: Coord {
                x: canvas.width / columns,
                y: canvas.height / rows,
            },
            shared: (columns.max(rows) / SIDE).ceil().max(1.0) as u32,
            ..canvas
        }
    }

    fn of_box(low: Coord, high: Coord, degrees: bool) -> Self {
        let squeeze = if degrees {
            (0.5 * (low.y + high.y)).to_radians().cos().max(0.01)
        } else {
            1.0
        };
        let (width, height) = ((high.x - low.x) * squeeze, high.y - low.y);
        let longest = width.max(height);
        let scale = if longest > 0.0 { SIDE / longest } else { 1.0 };
        Self {
            low,
            scale: Coord {
                x: scale * squeeze,
                y: scale,
            },
            width: (width * scale).max(1.0),
            height: (height * scale).max(1.0),
            shared: 1,
        }
    }

    fn place(&self, coord: Coord) -> (f64, f64) {
        let x = (coord.x - self.low.x) * self.scale.x;
        let y = self.height - (coord.y - self.low.y) * self.scale.y;
        (x, y)
    }

    /// Cells as runs along their rows.
    pub fn cells(&self, path: &mut String, cells: impl Iterator<Item = [u32; 2]>) {
        let shared = self.shared;
        let mut squares: Vec<(u32, u32)> = cells
            .map(|[column, row]| (row / shared, column / shared))
            .collect();
        squares.sort_unstable();
        squares.dedup();
        let side = Coord {
            x: self.scale.x * f64::from(shared),
            y: self.scale.y * f64::from(shared),
        };
        for run in squares.chunk_by(|a, b| a.0 == b.0 && a.1 + 1 == b.1) {
            let (row, column) = run[0];
            let x = f64::from(column) * side.x;
            let y = self.height - f64::from(row + 1) * side.y;
            let (width, height) = (run.len() as f64 * side.x, side.y);
            let _ = write!(path, "M{x:.1} {y:.1}h{width:.1}v{height:.1}h-{width:.1}z");
        }
    }

    pub fn shape(&self, path: &mut String, shape: &Geometry) {
        match shape {
            Geometry::Polygon(polygon) => {
                self.ring(path, polygon.exterior());
                for hole in polygon.interiors() {
                    self.ring(path, hole);
                }
            }
            Geometry::MultiPolygon(polygons) => {
                for polygon in polygons {
                    self.shape(path, &Geometry::Polygon(polygon.clone()));
                }
            }
            Geometry::LineString(line) => self.ring(path, line),
            other => {
                use geo::CoordsIter;
                for coord in other.coords_iter() {
                    self.dot(path, coord);
                }
            }
        }
    }

    fn ring(&self, path: &mut String, ring: &LineString) {
        for (index, &coord) in ring.coords().enumerate() {
            let (x, y) = self.place(coord);
            let _ = write!(path, "{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' });
        }
        path.push('z');
    }

    /// A line of no length with round ends.
    pub fn dot(&self, path: &mut String, at: Coord) {
        let (x, y) = self.place(at);
        let _ = write!(path, "M{x:.1} {y:.1}h0");
    }

    pub fn document(&self, drawing: &str, caption: &str) -> String {
        let (width, height) = (
            self.width + 2.0 * MARGIN,
            self.height + 2.0 * MARGIN + CAPTION,
        );
        let text = self.height + MARGIN + 0.75 * CAPTION;
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="{:.1} {:.1} {width:.1} {height:.1}" width="{width:.0}" height="{height:.0}" font-family="sans-serif" font-size="18">
<rect x="-{MARGIN}" y="-{MARGIN}" width="100%" height="100%" fill="#ffffff"/>
<g shape-rendering="geometricPrecision">
{drawing}</g>
<text x="0" y="{text:.1}" fill="#333333">{caption}</text>
</svg>
"##,
            -MARGIN, -MARGIN
        )
    }
}
