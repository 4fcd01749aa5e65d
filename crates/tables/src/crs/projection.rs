//! From one reference system to another, many coordinates at a time.

use std::cell::RefCell;

use geo::{Coord, Geometry, MapCoordsInPlace};
use proj4rs::Proj;
use proj4rs::transform::{Transform, TransformClosure, transform};

use super::Crs;
use super::datum::{self, DatumShift};
use crate::{Error, Result};

/// Coordinates handled at a time: they stay in the cache through all steps of the operation.
const CHUNK: usize = 1024;
/// Rounding that takes a longitude past 180 is not an error, in degrees.
const SLACK: f64 = 1e-6;

/// An operation that takes coordinates from one reference system to another.
///
/// Computed as PROJ 4 does, through WGS 84 with at most seven parameters for a datum. Where PROJ has a choice of operations
/// or needs a grid of shifts, results may differ by metres: [`Projection::operation`] says so.
#[derive(Clone)]
pub struct Projection {
    from: Proj,
    to: Proj,
    from_geographic: bool,
    to_geographic: bool,
    same: bool,
    operation: String,
}

impl Projection {
    /// The operation between two systems.
    ///
    /// # Errors
    /// [`Error::UnknownCrs`] when one is unknown; [`Error::UnsupportedCrs`] when one cannot be computed rightly.
    pub fn between(from: &Crs, to: &Crs) -> Result<Self> {
        let same = from == to;
        let (from_proj, from_shift) = parse_with_datum(from)?;
        let (to_proj, to_shift) = parse_with_datum(to)?;
        if !same {
            for (crs, shift) in [(from, &from_shift), (to, &to_shift)] {
                if *shift == DatumShift::Unknown {
                    return Err(
                        crs.unsupported("what takes its datum to WGS 84 is not known".to_owned())
                    );
                }
            }
        }
        let shift = if same {
            "nothing to do".to_owned()
        } else {
            datum::describe(&from_shift, &to_shift)
        };
        Ok(Self {
            from_geographic: from_proj.is_latlong(),
            to_geographic: to_proj.is_latlong(),
            from: from_proj,
            to: to_proj,
            same,
            operation: format!("{from} to {to}: {shift}"),
        })
    }

    /// What is done to coordinates, and what is known to be lost.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// Projects coordinates in place. Longitudes need no unwrapping at 180 degrees.
    ///
    /// # Errors
    /// [`Error::CoordinateOutOfRange`] names the first coordinate that is not in the range of its system or cannot be
    /// projected; the coordinates are then of no use.
    pub fn project(&self, coords: &mut [Coord]) -> Result<()> {
        if self.from_geographic {
            check_lon_lat(coords)?;
        }
        if self.same {
            return Ok(());
        }
        let mut before = Vec::with_capacity(CHUNK.min(coords.len()));
        for (index, chunk) in coords.chunks_mut(CHUNK).enumerate() {
            before.clear();
            before.extend_from_slice(chunk);
            self.project_chunk(chunk).map_err(|failed| {
                let coord = before.get(failed).copied().unwrap_or_default();
                Error::CoordinateOutOfRange {
                    row: index * CHUNK + failed,
                    x: coord.x,
                    y: coord.y,
                    expected: "a place within reach of the projection",
                }
            })?;
        }
        Ok(())
    }

    /// Projects a few coordinates; the error is the position of the one that cannot be.
    fn project_chunk(&self, chunk: &mut [Coord]) -> std::result::Result<(), usize> {
        if self.from_geographic {
            for coord in &mut *chunk {
                *coord = Coord {
                    x: coord.x.to_radians(),
                    y: coord.y.to_radians(),
                };
            }
        }
        let mut coords = Coords {
            coords: chunk,
            failed: 0,
        };
        let done = transform(&self.from, &self.to, &mut coords);
        if done.is_err() {
            return Err(coords.failed);
        }
        if let Some(failed) = chunk
            .iter()
            .position(|coord| !coord.x.is_finite() || !coord.y.is_finite())
        {
            return Err(failed);
        }
        if self.to_geographic {
            for coord in chunk {
                *coord = Coord {
                    x: coord.x.to_degrees(),
                    y: coord.y.to_degrees(),
                };
            }
        }
        Ok(())
    }

    /// Projects every coordinate of a geometry in place.
    ///
    /// # Errors
    /// As [`Projection::project`], the coordinates counted within the geometry.
    pub fn project_geometry(&self, geometry: &mut Geometry) -> Result<()> {
        let coords = RefCell::new(Vec::new());
        geometry.map_coords_in_place(|coord| {
            coords.borrow_mut().push(coord);
            coord
        });
        let mut coords = coords.into_inner();
        self.project(&mut coords)?;
        let projected = RefCell::new(coords.into_iter());
        geometry.map_coords_in_place(|coord| projected.borrow_mut().next().unwrap_or(coord));
        Ok(())
    }
}

/// The parsed definition of a system.
pub(super) fn parse(crs: &Crs) -> Result<Proj> {
    parse_with_datum(crs).map(|(proj, _)| proj)
}

fn parse_with_datum(crs: &Crs) -> Result<(Proj, DatumShift)> {
    let (text, shift) = datum::without_grids(crs.proj()?);
    let unsupported =
        |error: &dyn std::fmt::Display| crs.unsupported(error.to_string().to_lowercase());
    let proj = Proj::from_proj_string(&text).map_err(|error| match error {
        proj4rs::errors::Error::ProjectionNotFound => {
            let method = text
                .split_whitespace()
                .find_map(|part| part.strip_prefix("+proj="));
            let method = method.unwrap_or("none");
            unsupported(&format!("the projection method {method} is not supported"))
        }
        other => unsupported(&other),
    })?;
    if proj.is_geocent() {
        return Err(unsupported(
            &"geocentric coordinates are not places on a map",
        ));
    }
    Ok((proj, shift))
}

/// That coordinates are longitudes and latitudes in degrees.
pub(super) fn check_lon_lat(coords: &[Coord]) -> Result<()> {
    let is_lon_lat =
        |coord: &Coord| coord.x.abs() <= 180.0 + SLACK && coord.y.abs() <= 90.0 + SLACK;
    match coords.iter().position(|coord| !is_lon_lat(coord)) {
        None => Ok(()),
        Some(row) => {
            let coord = coords.get(row).copied().unwrap_or_default();
            Err(Error::CoordinateOutOfRange {
                row,
                x: coord.x,
                y: coord.y,
                expected: "longitude -180 to 180, then latitude -90 to 90",
            })
        }
    }
}

struct Coords<'a> {
    coords: &'a mut [Coord],
    failed: usize,
}

impl Transform for Coords<'_> {
    fn transform_coordinates<F: TransformClosure>(
        &mut self,
        step: &mut F,
    ) -> proj4rs::errors::Result<()> {
        for (row, coord) in self.coords.iter_mut().enumerate() {
            self.failed = row;
            (coord.x, coord.y, _) = step(coord.x, coord.y, 0.0)?;
        }
        Ok(())
    }
}
