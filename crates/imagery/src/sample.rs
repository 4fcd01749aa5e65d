use geo::Polygon;
use tables::Crs;

use crate::Error;
use raster::Grid;
use raster::{Maps, square};

/// A place to take a picture at.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Name of the sample, unique in its plan.
    pub sample_id: String,
    /// Longitude, degrees east (WGS 84).
    pub lon: f64,
    /// Latitude, degrees north (WGS 84).
    pub lat: f64,
    /// Direction to look, degrees clockwise from north; for street pictures.
    pub heading: Option<f64>,
    /// Degrees above the horizon; for street pictures.
    pub pitch: Option<f64>,
    /// The grid that the picture must have, where the plan decides it (chips); else the picture's size
    /// settings do.
    pub grid: Option<Grid>,
    /// Key under which the picture is stored, with the extension of the picture's format.
    pub key: String,
}

/// Where a picture lies, as far as that is known before it is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Frame {
    /// Size in pixels that is asked for.
    pub(crate) size: Option<(u32, u32)>,
    /// Outline on the ground, lon/lat.
    pub(crate) footprint: Option<Polygon>,
    /// Ground metres of a pixel.
    pub(crate) pixel_m: Option<f64>,
    /// Grid of the pixels.
    pub(crate) grid: Option<Grid>,
}

impl Frame {
    /// The frame of a picture on a grid.
    pub(crate) fn of_grid(maps: &Maps, grid: Grid, sample: &Sample) -> Result<Self, Error> {
        let map = maps.get(&grid.crs)?;
        Ok(Self {
            size: Some((grid.width, grid.height)),
            footprint: Some(map.outline(grid.bounds())?),
            pixel_m: Some(grid.pixel.0 / map.units_per_metre(sample.lon, sample.lat)?.0),
            grid: Some(grid),
        })
    }

    /// The frame of a picture that a service draws: on the grid that the sample brings, else a square
    /// around it.
    pub(crate) fn drawn(
        maps: &Maps,
        crs: &Crs,
        sample: &Sample,
        (size_m, px): (f64, u32),
    ) -> Result<Self, Error> {
        let grid = match &sample.grid {
            Some(grid) => grid.clone(),
            None => {
                let map = maps.get(crs)?;
                let per_metre = map.units_per_metre(sample.lon, sample.lat)?;
                let size = (size_m * per_metre.0, size_m * per_metre.1);
                let bounds = square(map.place(sample.lon, sample.lat)?, size);
                Grid {
                    crs: crs.clone(),
                    origin: (bounds.min().x, bounds.max().y),
                    pixel: (size.0 / f64::from(px), size.1 / f64::from(px)),
                    width: px,
                    height: px,
                }
            }
        };
        Self::of_grid(maps, grid, sample)
    }
}
