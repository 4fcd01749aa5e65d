//! The grid of a picture: how much ground, how many pixels.

use raster::window::{Level, own_level};
use raster::{Grid, Map};

use crate::Error;
use crate::picture::{MAX_SIZE_PX, Size};
use crate::sample::Sample;

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
    let centred = |pixel: (f64, f64)| {
        let origin = (
            center.x - pixel.0 * count.0 / 2.0,
            center.y + pixel.1 * count.1 / 2.0,
        );
        (pixel, origin)
    };
    let (pixel, origin) = match own {
        // Rows and columns that run askew share no edges with a grid that is north up.
        Some(level) if level.turned.is_some_and(|turned| turned.is_askew()) => centred(level.pixel),
        Some(level) => {
            let place = level.place(center);
            let corner = (
                (place.0 - count.0 / 2.0).round(),
                (place.1 - count.1 / 2.0).round(),
            );
            let origin = match level.turned {
                None => (
                    level.origin.0 + corner.0 * level.pixel.0,
                    level.origin.1 - corner.1 * level.pixel.1,
                ),
                // Rows that run north, or columns that run west: the west and north of two opposite corners.
                Some(turned) => {
                    let one = turned.at(corner);
                    let other = turned.at((corner.0 + count.0, corner.1 + count.1));
                    (one.x.min(other.x), one.y.max(other.y))
                }
            };
            (level.pixel, origin)
        }
        None => centred(pixel.unwrap_or(finest.pixel)),
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

#[cfg(test)]
mod tests {
    use geo::coord;
    use raster::window::{Placing, Plan, plan};
    use tables::{Crs, Projection};

    use super::*;

    /// Two levels of 0.5 m and 1 m in Swiss coordinates, around the centre of Zurich.
    fn levels() -> Vec<Level> {
        let level = |pixel: f64, size: u64| Level {
            origin: (2_683_000.0, 1_248_000.0),
            pixel: (pixel, pixel),
            size: (size, size),
            tile: (256, 256),
            turned: None,
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
    fn pictures_of_own_pixels_lie_around_their_place_however_the_raster_lies() {
        let (map, place) = (map(), sample(8.54, 47.37));
        let centre = map.place(place.lon, place.lat).unwrap();
        // 200 x 200 pixels of 2 m that hold the place in the middle, give or take 0.6 m.
        let (x, y) = (centre.x + 0.6, centre.y - 0.6);
        let (sin, cos) = 30_f64.to_radians().sin_cos();
        let cases = [
            ("north up", [x - 200.0, 2.0, 0.0, y + 200.0, 0.0, -2.0]),
            ("south up", [x - 200.0, 2.0, 0.0, y - 200.0, 0.0, 2.0]),
            ("west first", [x + 200.0, -2.0, 0.0, y + 200.0, 0.0, -2.0]),
            (
                "askew",
                [
                    x - 200.0 * cos - 200.0 * sin,
                    2.0 * cos,
                    2.0 * sin,
                    y - 200.0 * sin + 200.0 * cos,
                    2.0 * sin,
                    -2.0 * cos,
                ],
            ),
        ];
        for (name, numbers) in cases {
            let transform = raster::Affine(numbers);
            let corner = transform.at((0.0, 0.0));
            let level = Level {
                origin: (corner.x, corner.y),
                pixel: transform.pixel(),
                size: (200, 200),
                tile: (64, 64),
                turned: (!transform.is_north_up()).then_some(transform),
            };
            let size = Size::Pixels {
                px: 20,
                pixel_m: None,
            };
            let grid = grid_of(&map, std::slice::from_ref(&level), &place, size).unwrap();
            let middle = (
                grid.origin.0 + 10.0 * grid.pixel.0 - centre.x,
                grid.origin.1 - 10.0 * grid.pixel.1 - centre.y,
            );
            assert!(
                middle.0.abs() <= 1.001 && middle.1.abs() <= 1.001,
                "{name}: {middle:?}"
            );
            let on_edge = level.place(coord! { x: grid.origin.0, y: grid.origin.1 });
            let off = (on_edge.0 - on_edge.0.round()).hypot(on_edge.1 - on_edge.1.round());
            assert!(name == "askew" || off < 1e-6, "{name}: {on_edge:?}");
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
