//! Which part of which level a picture shows.

use geo::{Coord, coord};
use tables::Projection;

use super::Level;
use super::resample::Resampling;
use crate::Error;
use crate::grid::Grid;
use crate::ground::Map;
use crate::picture::{MAX_SIZE_PX, Size};
use crate::sample::Sample;

/// A pixel size this close to a level's own is the level's own.
const SAME_PIXEL: f64 = 0.005;
/// Places of pixels in another reference system are projected at every so many pixels and taken in
/// between by straight lines.
const PROJECTED_EVERY: u32 = 16;

/// A picture's grid and its place on a level.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    /// Level that is read.
    pub(crate) level: usize,
    /// Grid of the picture.
    pub(crate) grid: Grid,
    pub(super) placing: Placing,
}

/// How the pixels of a picture lie on those of a level.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Placing {
    /// They are the same: column and row of the first.
    Own { corner: (i64, i64) },
    /// They are larger or smaller, or lie between: column and row of the corner, level pixels for each pixel.
    Scaled {
        corner: (f64, f64),
        scale: (f64, f64),
    },
    /// They lie askew: column and row of each pixel's centre, level pixels for each pixel.
    Warped {
        centres: Vec<(f64, f64)>,
        scale: (f64, f64),
    },
}

/// Columns and rows of tiles, the last ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TileSpan {
    columns: (u64, u64),
    rows: (u64, u64),
}

impl TileSpan {
    pub(crate) fn count(&self) -> u64 {
        (self.columns.1 - self.columns.0 + 1).saturating_mul(self.rows.1 - self.rows.0 + 1)
    }

    pub(crate) fn places(&self) -> Vec<(u64, u64)> {
        (self.rows.0..=self.rows.1)
            .flat_map(|row| (self.columns.0..=self.columns.1).map(move |column| (column, row)))
            .collect()
    }
}

/// The grid of a picture: the one that the sample brings, or one of a size around it.
///
/// Pictures of the source's own pixels share their edges with the source; others are centred on the
/// place exactly.
pub(crate) fn grid_of(
    map: &Map,
    levels: &[Level],
    sample: &Sample,
    size: Size,
) -> Result<Grid, Error> {
    if let Some(grid) = &sample.grid {
        return Ok(grid.clone());
    }
    let (lon, lat) = (sample.lon, sample.lat);
    let center = map.place(lon, lat)?;
    let finest = levels.first().ok_or(Error::Internal {
        doing: "planning a window of a raster without levels",
    })?;
    let per_metre = map.units_per_metre(lon, lat)?;
    // The size of a pixel in map units, where it is not the source's own, and the count of pixels.
    let (pixel, count) = match size {
        Size::Ground {
            size_m,
            px: Some(px),
        } => {
            let pixel = (
                size_m * per_metre.0 / f64::from(px),
                size_m * per_metre.1 / f64::from(px),
            );
            (Some(pixel), (f64::from(px), f64::from(px)))
        }
        Size::Ground { size_m, px: None } => {
            let count = |per_metre: f64, pixel: f64| (size_m * per_metre / pixel).round().max(1.0);
            (
                None,
                (
                    count(per_metre.0, finest.pixel.0),
                    count(per_metre.1, finest.pixel.1),
                ),
            )
        }
        Size::Pixels { px, pixel_m: None } => (None, (f64::from(px), f64::from(px))),
        Size::Pixels {
            px,
            pixel_m: Some(pixel_m),
        } => {
            let pixel = match map.crs.metres_per_unit() {
                Some(metres) => (pixel_m / metres, pixel_m / metres),
                None => (pixel_m * per_metre.0, pixel_m * per_metre.1),
            };
            (Some(pixel), (f64::from(px), f64::from(px)))
        }
    };
    let limit = f64::from(MAX_SIZE_PX);
    if count.0 > limit || count.1 > limit {
        return Err(Error::setting(
            "picture.size_m",
            format!("{} x {} of the source's pixels", count.0, count.1),
            format!("at most {MAX_SIZE_PX} pixels a side: set size_px or pixel_m"),
        ));
    }
    let own = match pixel {
        None => Some(finest),
        Some(pixel) => own_level(levels, pixel),
    };
    let (pixel, origin) = match own {
        Some(level) => {
            let place = level.place(center);
            let corner = (
                (place.0 - count.0 / 2.0).round(),
                (place.1 - count.1 / 2.0).round(),
            );
            let origin = (
                level.origin.0 + corner.0 * level.pixel.0,
                level.origin.1 - corner.1 * level.pixel.1,
            );
            (level.pixel, origin)
        }
        None => {
            let pixel = pixel.unwrap_or(finest.pixel);
            let origin = (
                center.x - pixel.0 * count.0 / 2.0,
                center.y + pixel.1 * count.1 / 2.0,
            );
            (pixel, origin)
        }
    };
    let (width, height) = (count.0 as u32, count.1 as u32);
    Ok(Grid {
        crs: map.crs.clone(),
        origin,
        pixel,
        width,
        height,
    })
}

/// The level whose own pixels are of this size.
pub(crate) fn own_level(levels: &[Level], pixel: (f64, f64)) -> Option<&Level> {
    levels.iter().find(|level| {
        (level.pixel.0 / pixel.0 - 1.0).abs() <= SAME_PIXEL
            && (level.pixel.1 / pixel.1 - 1.0).abs() <= SAME_PIXEL
    })
}

/// Places a grid on the coarsest level that is at least as fine.
pub(crate) fn plan(map: &Map, levels: &[Level], grid: Grid) -> Result<Plan, Error> {
    if grid.crs != map.crs {
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
    let projection = Projection::between(&grid.crs, &map.crs)?;
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
    projection.project(&mut places)?;
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
    pub(super) fn source_window(&self, level: &Level) -> Option<((u64, u64), (u64, u64))> {
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
    pub(crate) fn tiles(&self, level: &Level) -> Option<TileSpan> {
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
    pub(crate) fn middle(&self) -> (f64, f64) {
        let (low, high, _) = self.extent();
        ((low.0 + high.0) / 2.0, (low.1 + high.1) / 2.0)
    }
}

impl Level {
    /// Column and row of a place, counted in fractions from the upper left corner.
    pub(crate) fn place(&self, place: Coord) -> (f64, f64) {
        (
            (place.x - self.origin.0) / self.pixel.0,
            (self.origin.1 - place.y) / self.pixel.1,
        )
    }
}

#[cfg(test)]
mod tests {
    use tables::Crs;

    use super::*;

    /// Two levels of 0.5 m and 1 m in Swiss coordinates, around the centre of Zurich.
    fn levels() -> Vec<Level> {
        let level = |pixel: f64, size: u64| Level {
            origin: (2_683_000.0, 1_248_000.0),
            pixel: (pixel, pixel),
            size: (size, size),
            tile: (256, 256),
        };
        vec![level(0.5, 4000), level(1.0, 2000)]
    }

    fn map() -> Map {
        Map::new(Crs::from_epsg(2056).unwrap()).unwrap()
    }

    fn sample(lon: f64, lat: f64) -> Sample {
        Sample {
            sample_id: String::new(),
            lon,
            lat,
            heading: None,
            pitch: None,
            grid: None,
            key: String::new(),
        }
    }

    fn zurich(size: Size) -> Plan {
        let grid = grid_of(&map(), &levels(), &sample(8.5417, 47.3769), size).unwrap();
        plan(&map(), &levels(), grid).unwrap()
    }

    fn swiss_grid(origin: (f64, f64), pixel: f64, side: u32) -> Grid {
        let crs = Crs::from_epsg(2056).unwrap();
        Grid {
            crs,
            origin,
            pixel: (pixel, pixel),
            width: side,
            height: side,
        }
    }

    #[test]
    fn own_pixels_share_their_edges_with_the_source() {
        for size in [
            Size::Ground {
                size_m: 50.0,
                px: None,
            },
            Size::Ground {
                size_m: 50.0,
                px: Some(100),
            },
            Size::Pixels {
                px: 100,
                pixel_m: None,
            },
            Size::Pixels {
                px: 100,
                pixel_m: Some(0.501),
            },
        ] {
            let plan = zurich(size);
            assert_eq!(
                (plan.level, plan.grid.width, plan.grid.pixel),
                (0, 100, (0.5, 0.5))
            );
            assert!(matches!(plan.placing, Placing::Own { .. }), "{plan:?}");
            assert_eq!((plan.grid.origin.0 * 2.0).fract(), 0.0);
        }
    }

    #[test]
    fn the_coarsest_level_that_is_fine_enough_is_read() {
        for (pixel_m, level) in [(0.3, 0), (0.7, 0), (0.999, 1), (1.5, 1), (30.0, 1)] {
            let plan = zurich(Size::Pixels {
                px: 10,
                pixel_m: Some(pixel_m),
            });
            assert_eq!(plan.level, level, "{pixel_m}");
        }
    }

    #[test]
    fn other_pixels_are_centred_on_the_place() {
        let plan = zurich(Size::Pixels {
            px: 11,
            pixel_m: Some(0.7),
        });
        let center = map().place(8.5417, 47.3769).unwrap();
        let middle = plan.grid.bounds().center();
        assert!((middle.x - center.x).abs() < 1e-6 && (middle.y - center.y).abs() < 1e-6);
    }

    #[test]
    fn a_grid_that_the_plan_brings_is_kept_to_the_letter() {
        let brought = swiss_grid((2_683_100.25, 1_247_900.0), 0.5, 64);
        let sample = Sample {
            grid: Some(brought.clone()),
            ..sample(8.5417, 47.3769)
        };
        let size = Size::Pixels {
            px: 10,
            pixel_m: None,
        };
        let grid = grid_of(&map(), &levels(), &sample, size).unwrap();
        assert_eq!(grid, brought);
        let plan = plan(&map(), &levels(), grid).unwrap();
        assert_eq!(
            plan.placing,
            Placing::Scaled {
                corner: (200.5, 200.0),
                scale: (1.0, 1.0)
            }
        );
    }

    #[test]
    fn a_grid_of_another_reference_system_is_placed_pixel_by_pixel() {
        let map = map();
        let utm = Map::new(Crs::from_epsg(32632).unwrap()).unwrap();
        let corner = utm.place(8.5417, 47.3769).unwrap();
        let crs = Crs::from_epsg(32632).unwrap();
        let grid = Grid {
            crs,
            origin: (corner.x, corner.y),
            pixel: (0.5, 0.5),
            width: 70,
            height: 50,
        };
        let plan = plan(&map, &levels(), grid.clone()).unwrap();
        let Placing::Warped { centres, scale } = &plan.placing else {
            panic!("{plan:?}")
        };
        assert!((scale.0 - 1.0).abs() < 1e-3);
        let exact = Projection::between(&grid.crs, &map.crs).unwrap();
        for (column, row) in [(0, 0), (69, 49), (33, 21), (7, 40)] {
            let mut place = [coord! {
                x: corner.x + (f64::from(column) + 0.5) * 0.5,
                y: corner.y - (f64::from(row) + 0.5) * 0.5,
            }];
            exact.project(&mut place).unwrap();
            let expected = levels()[0].place(place[0]);
            let centre = centres[(row * 70 + column) as usize];
            let off = (centre.0 - expected.0).hypot(centre.1 - expected.1);
            assert!(off < 1e-3, "{column} {row}: {off} pixels off");
        }
    }

    #[test]
    fn a_window_beside_the_raster_needs_no_tile() {
        let far = grid_of(
            &map(),
            &levels(),
            &sample(7.0, 46.0),
            Size::Pixels {
                px: 9,
                pixel_m: None,
            },
        );
        let far = plan(&map(), &levels(), far.unwrap()).unwrap();
        assert_eq!(far.tiles(&levels()[0]), None);
    }

    #[test]
    fn a_window_across_an_edge_needs_the_tiles_inside() {
        let grid = swiss_grid((2_682_850.0, 1_246_150.0), 0.5, 600);
        let span = plan(&map(), &levels(), grid)
            .unwrap()
            .tiles(&levels()[0])
            .unwrap();
        assert_eq!(span.places(), [(0, 14), (1, 14), (0, 15), (1, 15)]);
    }
}
