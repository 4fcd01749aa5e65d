//! Which part of which level a picture shows.

use geo::{Coord, coord};
use tables::Projection;

use crate::ground::Map;
use crate::resample::Resampling;
use crate::{Affine, Error, Grid};

/// A pixel size this close to a level's own is the level's own.
const SAME_PIXEL: f64 = 0.005;
/// Places of pixels in another reference system are projected at every so many pixels and taken in
/// between by straight lines.
const PROJECTED_EVERY: u32 = 16;

/// One level of detail of a raster, rows from the top.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// Outer corner of the upper left pixel, in map units.
    pub origin: (f64, f64),
    /// Size of a pixel in map units, both positive.
    pub pixel: (f64, f64),
    /// Columns and rows.
    pub size: (u64, u64),
    /// Columns and rows of a tile.
    pub tile: (u32, u32),
    /// From columns and rows to the map, where rows do not run south or columns not east.
    pub turned: Option<Affine>,
}

/// A picture's grid and its place on a level.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Level that is read.
    pub level: usize,
    /// Grid of the picture.
    pub grid: Grid,
    /// How its pixels lie on those of the level.
    pub placing: Placing,
}

/// How the pixels of a picture lie on those of a level.
#[derive(Clone, Debug, PartialEq)]
pub enum Placing {
    /// They are the same: column and row of the first.
    Own {
        /// Column and row of the first pixel.
        corner: (i64, i64),
    },
    /// They are larger or smaller, or lie between: column and row of the corner, level pixels for each pixel.
    Scaled {
        /// Column and row of the corner.
        corner: (f64, f64),
        /// Level pixels for each pixel, across and down.
        scale: (f64, f64),
    },
    /// They lie askew: column and row of each pixel's centre, level pixels for each pixel.
    Warped {
        /// Column and row of each pixel's centre, row after row.
        centres: Vec<(f64, f64)>,
        /// Level pixels for each pixel, across and down.
        scale: (f64, f64),
    },
}

/// Columns and rows of tiles, the last ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileSpan {
    columns: (u64, u64),
    rows: (u64, u64),
}

impl TileSpan {
    /// Tiles in all.
    pub fn count(&self) -> u64 {
        (self.columns.1 - self.columns.0 + 1).saturating_mul(self.rows.1 - self.rows.0 + 1)
    }

    /// Column and row of each, row after row.
    pub fn places(&self) -> Vec<(u64, u64)> {
        (self.rows.0..=self.rows.1)
            .flat_map(|row| (self.columns.0..=self.columns.1).map(move |column| (column, row)))
            .collect()
    }
}

/// The level whose own pixels are of this size.
pub fn own_level(levels: &[Level], pixel: (f64, f64)) -> Option<&Level> {
    levels.iter().find(|level| {
        (level.pixel.0 / pixel.0 - 1.0).abs() <= SAME_PIXEL
            && (level.pixel.1 / pixel.1 - 1.0).abs() <= SAME_PIXEL
    })
}

/// Places a grid on the coarsest level that is at least as fine.
///
/// # Errors
/// [`Error::Table`] for a grid whose reference system cannot be brought into that of the map.
pub fn plan(map: &Map, levels: &[Level], grid: Grid) -> Result<Plan, Error> {
    if grid.crs != map.crs || levels.iter().any(|level| level.turned.is_some()) {
        return warped(map, levels, grid);
    }
    let (index, level) = level_for(levels, grid.pixel)?;
    let corner = level.place(coord! { x: grid.origin.0, y: grid.origin.1 });
    let scale = (grid.pixel.0 / level.pixel.0, grid.pixel.1 / level.pixel.1);
    // A thousandth of a pixel is rounding, over the whole width of a picture.
    let is_whole = |number: f64| (number - number.round()).abs() < 1e-3;
    let is_one = |scale: f64, count: u32| (scale - 1.0).abs() * f64::from(count) < 1e-3;
    let own = is_one(scale.0, grid.width)
        && is_one(scale.1, grid.height)
        && is_whole(corner.0)
        && is_whole(corner.1);
    let placing = if own {
        Placing::Own {
            corner: (corner.0.round() as i64, corner.1.round() as i64),
        }
    } else {
        Placing::Scaled { corner, scale }
    };
    Ok(Plan {
        level: index,
        grid,
        placing,
    })
}

/// The coarsest level whose pixels are at most so large, or the finest.
fn level_for(levels: &[Level], pixel: (f64, f64)) -> Result<(usize, &Level), Error> {
    // A hair of tolerance, so that a level of the very same pixel is not passed over for rounding.
    let fine = |level: &Level| {
        level.pixel.0 <= pixel.0 * (1.0 + 1e-6) && level.pixel.1 <= pixel.1 * (1.0 + 1e-6)
    };
    let index = levels.iter().rposition(fine).unwrap_or(0);
    let level = levels.get(index);
    level.map(|level| (index, level)).ok_or(Error::Internal {
        doing: "choosing a level of a raster without levels",
    })
}

/// Places a grid of another reference system: the places of some pixels are projected, those
/// between taken by straight lines (as GDAL's approximate transformer does).
fn warped(map: &Map, levels: &[Level], grid: Grid) -> Result<Plan, Error> {
    let projection = (grid.crs != map.crs)
        .then(|| Projection::between(&grid.crs, &map.crs))
        .transpose()?;
    let knots = |count: u32| -> Vec<f64> {
        let steps = count.div_ceil(PROJECTED_EVERY);
        (0..=steps)
            .map(|step| f64::from((step * PROJECTED_EVERY).min(count)))
            .collect()
    };
    let (columns, rows) = (knots(grid.width), knots(grid.height));
    let mut places: Vec<Coord> = rows
        .iter()
        .flat_map(|row| columns.iter().map(move |column| (*column, *row)))
        .map(|(column, row)| {
            coord! {
                x: grid.origin.0 + column * grid.pixel.0,
                y: grid.origin.1 - row * grid.pixel.1,
            }
        })
        .collect();
    if let Some(projection) = &projection {
        projection.project(&mut places)?;
    }
    let at = |row: usize, column: usize| {
        places
            .get(row * columns.len() + column)
            .copied()
            .unwrap_or_default()
    };
    // The mean size of a pixel on the source's map, along the picture's two sides.
    let (last_row, last_column) = (rows.len() - 1, columns.len() - 1);
    let across = at(0, last_column) - at(0, 0);
    let down = at(last_row, 0) - at(0, 0);
    let pixel = (
        across.x.hypot(across.y) / f64::from(grid.width),
        down.x.hypot(down.y) / f64::from(grid.height),
    );
    let (index, level) = level_for(levels, pixel)?;
    let mut centres = Vec::with_capacity(grid.width as usize * grid.height as usize);
    for row in 0..grid.height {
        let knot_row = (row / PROJECTED_EVERY) as usize;
        let v = along(&rows, knot_row, f64::from(row) + 0.5);
        for column in 0..grid.width {
            let knot_column = (column / PROJECTED_EVERY) as usize;
            let u = along(&columns, knot_column, f64::from(column) + 0.5);
            let upper = at(knot_row, knot_column) * (1.0 - u) + at(knot_row, knot_column + 1) * u;
            let lower =
                at(knot_row + 1, knot_column) * (1.0 - u) + at(knot_row + 1, knot_column + 1) * u;
            centres.push(level.place(upper * (1.0 - v) + lower * v));
        }
    }
    let scale = (pixel.0 / level.pixel.0, pixel.1 / level.pixel.1);
    Ok(Plan {
        level: index,
        grid,
        placing: Placing::Warped { centres, scale },
    })
}

/// How far a place lies from a knot to the next, 0 to 1.
fn along(knots: &[f64], knot: usize, place: f64) -> f64 {
    match (knots.get(knot), knots.get(knot + 1)) {
        (Some(from), Some(to)) if to > from => (place - from) / (to - from),
        _ => 0.0,
    }
}

impl Plan {
    /// The columns and rows of the level that are read, with those that resampling looks at around
    /// them: first and behind the last, cut at the level's edges. `None` where nothing is left.
    pub(crate) fn source_window(&self, level: &Level) -> Option<((u64, u64), (u64, u64))> {
        let (low, high, margin) = self.extent();
        let axis = |low: f64, high: f64, margin: f64, size: u64| {
            // Margins alone show nothing of the picture's own ground.
            if low >= size as f64 || high <= 0.0 {
                return None;
            }
            let from = (low - margin).floor().max(0.0);
            let to = (high + margin).ceil().min(size as f64);
            (from < to).then_some((from as u64, to as u64))
        };
        let columns = axis(low.0, high.0, margin.0, level.size.0)?;
        let rows = axis(low.1, high.1, margin.1, level.size.1)?;
        Some((columns, rows))
    }

    /// The part of the level that the picture covers, in its pixels, and how far resampling reaches.
    fn extent(&self) -> ((f64, f64), (f64, f64), (f64, f64)) {
        let count = (f64::from(self.grid.width), f64::from(self.grid.height));
        match &self.placing {
            Placing::Own { corner } => {
                let low = (corner.0 as f64, corner.1 as f64);
                (low, (low.0 + count.0, low.1 + count.1), (0.0, 0.0))
            }
            Placing::Scaled { corner, scale } => {
                let high = (corner.0 + count.0 * scale.0, corner.1 + count.1 * scale.1);
                (
                    *corner,
                    high,
                    (Resampling::reach(scale.0), Resampling::reach(scale.1)),
                )
            }
            Placing::Warped { centres, scale } => {
                let start = (
                    (f64::INFINITY, f64::INFINITY),
                    (f64::NEG_INFINITY, f64::NEG_INFINITY),
                );
                let (low, high) = centres.iter().fold(start, |(low, high), centre| {
                    (
                        (low.0.min(centre.0), low.1.min(centre.1)),
                        (high.0.max(centre.0), high.1.max(centre.1)),
                    )
                });
                (
                    low,
                    high,
                    (Resampling::reach(scale.0), Resampling::reach(scale.1)),
                )
            }
        }
    }

    /// The tiles of the level that are needed.
    pub fn tiles(&self, level: &Level) -> Option<TileSpan> {
        let (columns, rows) = self.source_window(level)?;
        let span = |(from, to): (u64, u64), tile: u32| {
            (from / u64::from(tile), (to - 1) / u64::from(tile))
        };
        Some(TileSpan {
            columns: span(columns, level.tile.0),
            rows: span(rows, level.tile.1),
        })
    }

    /// Column and row of the level at the middle of the picture.
    pub fn middle(&self) -> (f64, f64) {
        let (low, high, _) = self.extent();
        ((low.0 + high.0) / 2.0, (low.1 + high.1) / 2.0)
    }
}

impl Level {
    /// Column and row of a place, counted in fractions from the upper left corner.
    pub fn place(&self, place: Coord) -> (f64, f64) {
        if let Some(back) = self.turned.and_then(|turned| turned.inverse()) {
            let place = back.at((place.x, place.y));
            return (place.x, place.y);
        }
        (
            (place.x - self.origin.0) / self.pixel.0,
            (self.origin.1 - place.y) / self.pixel.1,
        )
    }
}
