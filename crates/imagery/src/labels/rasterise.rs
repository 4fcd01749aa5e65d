//! Polygons into pixels by scanline, even-odd rule (Foley, van Dam et al., Computer Graphics, 3.6).
//!
//! A pixel is inside when its centre is. Ties: a centre on a left or lower edge is outside, one on
//! a right or upper edge inside, whatever the winding of the ring.

use geo::{Coord, MultiPolygon, Rect, coord};

use crate::grid::Grid;

/// Bands of a polygon hold about this many edges, so that a row looks at few of them.
const EDGES_PER_BAND: usize = 32;

/// The edges of a shape, by bands of y, so that a window of a large shape costs what lies beside
/// the window and not the whole outline.
#[derive(Clone, Debug)]
pub(super) struct EdgeBands {
    bounds: Rect,
    band_height: f64,
    /// First edge of each band in `edges`, and the end of the last.
    starts: Vec<usize>,
    edges: Vec<Edge>,
}

/// An edge from its lower to its upper end.
#[derive(Clone, Copy, Debug)]
struct Edge {
    low: Coord,
    high: Coord,
}

impl EdgeBands {
    /// `None` for a shape without area to speak of.
    pub(super) fn new(shape: &MultiPolygon) -> Option<Self> {
        let rings = shape
            .iter()
            .flat_map(|polygon| std::iter::once(polygon.exterior()).chain(polygon.interiors()));
        let edges: Vec<Edge> = rings
            .flat_map(geo::LineString::lines)
            .filter(|line| line.start.y != line.end.y)
            .map(|line| {
                if line.start.y < line.end.y {
                    Edge {
                        low: line.start,
                        high: line.end,
                    }
                } else {
                    Edge {
                        low: line.end,
                        high: line.start,
                    }
                }
            })
            .collect();
        let first = edges.first()?;
        let (mut low, mut high) = (first.low, first.low);
        let mut heights = 0.0;
        for edge in &edges {
            low = coord! { x: low.x.min(edge.low.x).min(edge.high.x), y: low.y.min(edge.low.y) };
            high =
                coord! { x: high.x.max(edge.low.x).max(edge.high.x), y: high.y.max(edge.high.y) };
            heights += edge.high.y - edge.low.y;
        }
        let height = high.y - low.y;
        if ![low.x, low.y, high.x, high.y]
            .iter()
            .all(|number| number.is_finite())
        {
            return None;
        }
        // A long edge stands in every band that it crosses: no more bands than keep copies within three each.
        let wanted = edges.len() / EDGES_PER_BAND;
        let affordable = (3.0 * edges.len() as f64 * height / heights) as usize;
        let bands = wanted.min(affordable).max(1);
        let band_height = height / bands as f64;
        let band_of = |y: f64| (((y - low.y) / band_height) as usize).min(bands - 1);
        let mut counts = vec![0_usize; bands + 1];
        for edge in &edges {
            for band in band_of(edge.low.y)..=band_of(edge.high.y) {
                counts[band + 1] += 1;
            }
        }
        for band in 0..bands {
            counts[band + 1] += counts[band];
        }
        let starts = counts.clone();
        let mut sorted = vec![Edge { low, high }; starts[bands]];
        for edge in &edges {
            for band in band_of(edge.low.y)..=band_of(edge.high.y) {
                sorted[counts[band]] = *edge;
                counts[band] += 1;
            }
        }
        Some(Self {
            bounds: Rect::new(low, high),
            band_height,
            starts,
            edges: sorted,
        })
    }

    pub(super) fn bounds(&self) -> Rect {
        self.bounds
    }

    /// Calls `fill(row, first column, column behind the last)` for every run of pixels inside.
    pub(super) fn runs(&self, grid: &Grid, mut fill: impl FnMut(usize, usize, usize)) {
        let (left, top) = grid.origin;
        let (width, height) = grid.pixel;
        let columns = f64::from(grid.width);
        let mut crossings = Vec::new();
        let first = ((top - self.bounds.max().y) / height - 0.5)
            .floor()
            .max(0.0);
        let last = ((top - self.bounds.min().y) / height - 0.5)
            .ceil()
            .min(f64::from(grid.height) - 1.0);
        let mut row = first;
        while row <= last {
            let y = top - (row + 0.5) * height;
            crossings.clear();
            crossings.extend(
                self.band(y)
                    .iter()
                    .filter(|edge| edge.low.y < y && y <= edge.high.y)
                    .map(|edge| {
                        let along = (y - edge.low.y) / (edge.high.y - edge.low.y);
                        (edge.low.x + along * (edge.high.x - edge.low.x) - left) / width
                    }),
            );
            crossings.sort_unstable_by(f64::total_cmp);
            for pair in crossings.chunks_exact(2) {
                let from = (pair[0] + 0.5).floor().clamp(0.0, columns);
                let to = (pair[1] + 0.5).floor().clamp(0.0, columns);
                if from < to {
                    fill(row as usize, from as usize, to as usize);
                }
            }
            row += 1.0;
        }
    }

    fn band(&self, y: f64) -> &[Edge] {
        let band = ((y - self.bounds.min().y) / self.band_height).max(0.0) as usize;
        let band = band.min(self.starts.len() - 2);
        &self.edges[self.starts[band]..self.starts[band + 1]]
    }
}
