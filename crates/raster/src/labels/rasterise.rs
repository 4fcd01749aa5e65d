//! Polygons into pixels by scanline, even-odd rule (Foley, van Dam et al., Computer Graphics, 3.6).
//!
//! A pixel is inside when its centre is. Ties are those of `gdal_rasterize`: a centre on a left edge
//! is outside, one on a right edge inside; a sloping edge counts from its upper end to just above its
//! lower one; a level edge below the inside of its ring belongs to it, like one above. Places are
//! turned into pixels by the very products that GDAL takes, so that rounding is the same too.

use geo::{Coord, LineString, Polygon, Rect, coord};

use crate::grid::Grid;

/// Bands of a polygon hold about this many edges, so that a window looks at few of them.
const EDGES_PER_BAND: usize = 32;

/// The edges of a polygon, by bands of y, so that a window of a large polygon costs what lies beside
/// the window and not the whole outline.
#[derive(Clone, Debug)]
pub(super) struct EdgeBands {
    bounds: Rect,
    band_height: f64,
    /// First edge of each band in `edges`, and the end of the last.
    starts: Vec<usize>,
    edges: Vec<Edge>,
}

/// An edge in the direction in which its ring goes clockwise.
#[derive(Clone, Copy, Debug)]
struct Edge {
    from: Coord,
    to: Coord,
}

impl Edge {
    fn low(&self) -> f64 {
        self.from.y.min(self.to.y)
    }

    fn high(&self) -> f64 {
        self.from.y.max(self.to.y)
    }
}

impl EdgeBands {
    /// `None` for a polygon without edges, or with one that ends nowhere.
    pub(super) fn new(polygon: &Polygon) -> Option<Self> {
        let edges: Vec<Edge> = std::iter::once(polygon.exterior())
            .chain(polygon.interiors())
            .flat_map(clockwise_edges)
            .collect();
        let first = edges.first()?;
        let (mut low, mut high) = (first.from, first.from);
        let mut heights = 0.0;
        for edge in &edges {
            for end in [edge.from, edge.to] {
                low = coord! { x: low.x.min(end.x), y: low.y.min(end.y) };
                high = coord! { x: high.x.max(end.x), y: high.y.max(end.y) };
            }
            heights += edge.high() - edge.low();
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
        let mut banded = Self {
            bounds: Rect::new(low, high),
            band_height: height / bands as f64,
            starts: vec![0; bands + 1],
            edges: Vec::new(),
        };
        let mut counts = vec![0_usize; bands + 1];
        for edge in &edges {
            for band in banded.band(edge.low())..=banded.band(edge.high()) {
                counts[band + 1] += 1;
            }
        }
        for band in 0..bands {
            counts[band + 1] += counts[band];
        }
        banded.starts.clone_from(&counts);
        let mut sorted = vec![*first; counts[bands]];
        for edge in &edges {
            for band in banded.band(edge.low())..=banded.band(edge.high()) {
                sorted[counts[band]] = *edge;
                counts[band] += 1;
            }
        }
        banded.edges = sorted;
        Some(banded)
    }

    pub(super) fn bounds(&self) -> Rect {
        self.bounds
    }

    /// Calls `fill(row, first column, column behind the last)` for runs of pixels inside; runs may overlap.
    pub(super) fn runs(&self, grid: &Grid, mut fill: impl FnMut(usize, usize, usize)) {
        let (left, top) = grid.origin;
        let (width, height) = grid.pixel;
        // GDAL's inverse of the transform: products with the reciprocals, not quotients.
        let (per_x, at_x) = (1.0 / width, -left / width);
        let (per_y, at_y) = (-1.0 / height, top / height);
        let pixel = |place: Coord| coord! { x: at_x + place.x * per_x, y: at_y + place.y * per_y };
        let rows = f64::from(grid.height);
        let columns = f64::from(grid.width);
        let mut run = |row: f64, from: f64, to: f64| {
            let from = (from + 0.5).floor().clamp(0.0, columns);
            let to = (to + 0.5).floor().clamp(0.0, columns);
            if from < to {
                fill(row as usize, from as usize, to as usize);
            }
        };
        let mut crossings: Vec<(f64, f64)> = Vec::new();
        for edge in self.beside(grid.bounds()) {
            let (from, to) = (pixel(edge.from), pixel(edge.to));
            if from.y == to.y {
                // Clockwise, the inside lies above what leads from right to left.
                let row = from.y - 0.5;
                if to.x < from.x && row.fract() == 0.0 && (0.0..rows).contains(&row) {
                    run(row, to.x, from.x);
                }
                continue;
            }
            let (upper, lower) = if from.y < to.y {
                (from, to)
            } else {
                (to, from)
            };
            let mut row = (upper.y - 0.5).ceil().max(0.0);
            while row < rows && row + 0.5 < lower.y {
                let down = row + 0.5 - upper.y;
                let x = down * (lower.x - upper.x) / (lower.y - upper.y) + upper.x;
                crossings.push((row, x));
                row += 1.0;
            }
        }
        crossings.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        for row in crossings.chunk_by(|a, b| a.0 == b.0) {
            for pair in row.chunks_exact(2) {
                run(pair[0].0, pair[0].1, pair[1].1);
            }
        }
    }

    /// Every edge that may cross a row of the window, once.
    fn beside(&self, window: Rect) -> impl Iterator<Item = &Edge> {
        let (first, last) = (self.band(window.min().y), self.band(window.max().y));
        (first..=last).flat_map(move |band| {
            self.edges[self.starts[band]..self.starts[band + 1]]
                .iter()
                .filter(move |edge| band == first || band == self.band(edge.low()))
        })
    }

    fn band(&self, y: f64) -> usize {
        let band = ((y - self.bounds.min().y) / self.band_height).max(0.0) as usize;
        band.min(self.starts.len() - 2)
    }
}

/// The edges of a ring, clockwise, without level ones that its inside lies below: those need nothing of their own.
fn clockwise_edges(ring: &LineString) -> impl Iterator<Item = Edge> {
    let as_it_stands = is_clockwise(&ring.0);
    ring.lines()
        .map(move |line| {
            let (from, to) = if as_it_stands {
                (line.start, line.end)
            } else {
                (line.end, line.start)
            };
            Edge { from, to }
        })
        .filter(|edge| edge.from.y != edge.to.y || edge.to.x < edge.from.x)
}

/// Which way a closed ring goes, judged at the rightmost of its lowest corners; by the area that it
/// encloses where it passes there twice or does not turn.
fn is_clockwise(closed: &[Coord]) -> bool {
    let Some((_, corners)) = closed.split_last() else {
        return true;
    };
    let lowest = |a: &Coord, b: &Coord| a.y.total_cmp(&b.y).then(b.x.total_cmp(&a.x));
    let Some(at) = (0..corners.len()).min_by(|a, b| lowest(&corners[*a], &corners[*b])) else {
        return true;
    };
    let pivot = corners[at];
    let before = corners[(at + corners.len() - 1) % corners.len()] - pivot;
    let after = corners[(at + 1) % corners.len()] - pivot;
    let turn = after.x * before.y - before.x * after.y;
    let once = corners.iter().filter(|corner| **corner == pivot).count() == 1;
    if once && turn != 0.0 {
        return turn < 0.0;
    }
    let sides = closed.windows(2);
    sides
        .map(|side| side[0].x * side[1].y - side[1].x * side[0].y)
        .sum::<f64>()
        < 0.0
}
