//! Tiles put together into the picture of a plan.

use std::sync::Arc;

use crate::Error;
use crate::resample::{Fill, Placement, Resampling, Source, resample, resample_at};
use crate::window::{Level, Placing, Plan};
use crate::{Pixels, Role, Value, Values, map_values};

/// The tiles that a picture needs.
pub struct Mosaic {
    level: Level,
    tiles: Vec<(u64, u64, Arc<Pixels>)>,
}

impl Mosaic {
    /// The tiles of a level, each with its column and row.
    pub fn new(level: Level, tiles: Vec<(u64, u64, Arc<Pixels>)>) -> Self {
        Self { level, tiles }
    }

    /// The picture. What lies outside the raster, or is not there in its tiles, is not there in the
    /// picture, and has the number `fill` (0 without it).
    ///
    /// # Errors
    /// [`Error::Unreadable`] where there is no tile, or tiles differ in bands or type.
    pub fn picture(
        &self,
        plan: &Plan,
        how: Resampling,
        fill: Option<f64>,
    ) -> Result<Pixels, Error> {
        let fault = |problem: &str| Error::unreadable("mosaic", problem);
        let (_, _, first) = self.tiles.first().ok_or_else(|| fault("no tile"))?;
        let bands = first.bands();
        let alike = |tile: &Pixels| {
            tile.bands() == bands && tile.values().type_name() == first.values().type_name()
        };
        if !self.tiles.iter().all(|(_, _, tile)| alike(tile)) {
            return Err(fault("tiles of different bands or types"));
        }
        // Classes have no means.
        let how = if first.roles().contains(&Role::Class) {
            Resampling::Nearest
        } else {
            how
        };
        let valid;
        let values = map_values!(first.values(), like => {
            let (values, flags) = self.values(like, bands, plan, how, fill);
            valid = flags;
            values
        });
        let pixels = Pixels::new(plan.grid.width, plan.grid.height, bands, values)?;
        Ok(Pixels {
            roles: first.roles.clone(),
            palette: first.palette.clone(),
            ..pixels
        }
        .with_valid(valid))
    }

    fn values<T: Value>(
        &self,
        _like: &[T],
        bands: u16,
        plan: &Plan,
        how: Resampling,
        fill: Option<f64>,
    ) -> (Vec<T>, Option<Vec<bool>>)
    where
        Values: Holds<T>,
    {
        let bands = usize::from(bands);
        let outside = T::from_f64(fill.unwrap_or(0.0));
        let size = (plan.grid.width as usize, plan.grid.height as usize);
        if let Placing::Own { corner } = plan.placing {
            return self.part(corner, size, bands, outside);
        }
        let Some((columns, rows)) = plan.source_window(&self.level) else {
            let count = size.0 * size.1 * bands;
            return (vec![outside; count], Some(vec![false; count]));
        };
        let part = ((columns.1 - columns.0) as usize, (rows.1 - rows.0) as usize);
        let (values, valid) = self.part((columns.0 as i64, rows.0 as i64), part, bands, outside);
        let source = Source {
            values: &values,
            valid: valid.as_deref(),
            size: part,
            bands,
        };
        let from = (columns.0 as f64, rows.0 as f64);
        let fill = Fill {
            outside,
            avoid: fill.and_then(T::exactly),
        };
        match &plan.placing {
            Placing::Own { .. } => (values, valid),
            Placing::Scaled { corner, scale } => {
                let corner = (corner.0 - from.0, corner.1 - from.1);
                let placement = Placement {
                    corner,
                    scale: *scale,
                    size,
                };
                resample(&source, &placement, how, fill)
            }
            Placing::Warped { centres, scale } => {
                let centres = centres
                    .iter()
                    .map(|centre| (centre.0 - from.0, centre.1 - from.1));
                resample_at(&source, centres, *scale, how, fill)
            }
        }
    }

    /// What the tiles hold of `size` pixels from column and row `corner`, and which of it is there.
    fn part<T: Value>(
        &self,
        corner: (i64, i64),
        size: (usize, usize),
        bands: usize,
        outside: T,
    ) -> (Vec<T>, Option<Vec<bool>>)
    where
        Values: Holds<T>,
    {
        let count = size.0 * size.1 * bands;
        let mut values = vec![outside; count];
        let mut covered = 0;
        let mut whole = true;
        self.runs(corner, size, bands, |at, run: &[T], flags| {
            values[at..at + run.len()].copy_from_slice(run);
            covered += run.len();
            whole &= flags.is_none_or(|flags| !flags.contains(&false));
        });
        if whole && covered == count {
            return (values, None);
        }
        let mut valid = vec![false; count];
        self.runs(corner, size, bands, |at, run: &[T], flags| {
            let out = &mut valid[at..at + run.len()];
            match flags {
                Some(flags) => out.copy_from_slice(flags),
                None => out.fill(true),
            }
        });
        (values, Some(valid))
    }

    /// Hands over, run by run, what the tiles hold of `size` pixels from column and row `corner`:
    /// the number of the part at which the run begins, its values, and which of them are there.
    fn runs<T: Value>(
        &self,
        corner: (i64, i64),
        size: (usize, usize),
        bands: usize,
        mut put: impl FnMut(usize, &[T], Option<&[bool]>),
    ) where
        Values: Holds<T>,
    {
        for (column, row, tile) in &self.tiles {
            let Some(values) = tile.values().held() else {
                continue;
            };
            let (width, height) = (i64::from(tile.width()), i64::from(tile.height()));
            let left = *column as i64 * i64::from(self.level.tile.0);
            let top = *row as i64 * i64::from(self.level.tile.1);
            // Tiles at the edge are padded: what lies past the raster is no picture.
            let right = (left + width)
                .min(self.level.size.0 as i64)
                .min(corner.0 + size.0 as i64);
            let bottom = (top + height)
                .min(self.level.size.1 as i64)
                .min(corner.1 + size.1 as i64);
            let (from_x, from_y) = (left.max(corner.0), top.max(corner.1));
            if from_x >= right {
                continue;
            }
            for y in from_y..bottom {
                let start = ((y - top) * width + (from_x - left)) as usize * bands;
                let length = (right - from_x) as usize * bands;
                let at = ((y - corner.1) as usize * size.0 + (from_x - corner.0) as usize) * bands;
                let flags = tile.valid().map(|flags| &flags[start..start + length]);
                put(at, &values[start..start + length], flags);
            }
        }
    }
}

/// Values that may hold numbers of one type.
pub(crate) trait Holds<T> {
    /// The numbers, where they are of this type.
    fn held(&self) -> Option<&[T]>;
}

macro_rules! holds {
    ($($variant:ident $type:ty),*) => {$(
        impl Holds<$type> for Values {
            fn held(&self) -> Option<&[$type]> {
                match self {
                    Values::$variant(values) => Some(values),
                    _ => None,
                }
            }
        }
    )*};
}
holds!(U8 u8, I8 i8, U16 u16, I16 i16, U32 u32, I32 i32, F32 f32, F64 f64);

#[cfg(test)]
mod tests {
    use tables::Crs;

    use super::*;
    use crate::grid::Grid;

    /// 5 x 3 pixels in tiles of 2 x 2, each pixel holding 10 * row + column.
    fn mosaic() -> Mosaic {
        let level = Level {
            origin: (0.0, 3.0),
            pixel: (1.0, 1.0),
            size: (5, 3),
            tile: (2, 2),
            turned: None,
        };
        let tile = |column: u64, row: u64| {
            let value = |x: u64, y: u64| (10 * (row * 2 + y) + column * 2 + x) as u8;
            let values = vec![value(0, 0), value(1, 0), value(0, 1), value(1, 1)];
            (
                column,
                row,
                Arc::new(Pixels::new(2, 2, 1, Values::U8(values)).unwrap()),
            )
        };
        let tiles = (0..2)
            .flat_map(|row| (0..3).map(move |column| tile(column, row)))
            .collect();
        Mosaic::new(level, tiles)
    }

    fn plan(placing: Placing, width: u32, height: u32) -> Plan {
        let grid = Grid {
            crs: Crs::wgs84(),
            origin: (0.0, 0.0),
            pixel: (1.0, 1.0),
            width,
            height,
        };
        Plan {
            level: 0,
            grid,
            placing,
        }
    }

    fn own(column: i64, row: i64) -> Placing {
        Placing::Own {
            corner: (column, row),
        }
    }

    fn scaled(column: f64, row: f64) -> Placing {
        Placing::Scaled {
            corner: (column, row),
            scale: (1.0, 1.0),
        }
    }

    #[test]
    fn a_window_over_several_tiles_is_stitched() {
        let picture = mosaic()
            .picture(&plan(own(1, 1), 3, 2), Resampling::Nearest, None)
            .unwrap();
        assert_eq!(picture.bytes().unwrap(), [11, 12, 13, 21, 22, 23]);
    }

    #[test]
    fn what_lies_outside_the_raster_is_nodata_even_where_a_tile_is_padded() {
        let picture = mosaic()
            .picture(&plan(own(4, 2), 2, 2), Resampling::Nearest, Some(255.0))
            .unwrap();
        assert_eq!(picture.bytes().unwrap(), [24, 255, 255, 255]);
        assert_eq!(picture.valid().unwrap(), [true, false, false, false]);
    }

    #[test]
    fn resampling_by_nothing_is_the_same_as_copying() {
        let copied = mosaic()
            .picture(&plan(own(1, 0), 4, 3), Resampling::Nearest, None)
            .unwrap();
        for how in [Resampling::Nearest, Resampling::Bilinear] {
            let taken = mosaic()
                .picture(&plan(scaled(1.0, 0.0), 4, 3), how, None)
                .unwrap();
            assert_eq!(taken, copied, "{how:?}");
            let centre = |at: usize| ((at % 4) as f64 + 1.5, (at / 4) as f64 + 0.5);
            let centres = (0..12).map(centre).collect();
            let warped = plan(
                Placing::Warped {
                    centres,
                    scale: (1.0, 1.0),
                },
                4,
                3,
            );
            assert_eq!(
                mosaic().picture(&warped, how, None).unwrap(),
                copied,
                "{how:?}"
            );
        }
    }

    #[test]
    fn nodata_is_left_out_of_means() {
        let mut nodata = mosaic();
        for (_, _, tile) in &mut nodata.tiles {
            *tile = Arc::new(tile.as_ref().clone().without_nodata(Some(0.0)));
        }
        let picture = nodata
            .picture(
                &plan(scaled(0.5, 0.0), 1, 1),
                Resampling::Bilinear,
                Some(0.0),
            )
            .unwrap();
        assert_eq!(picture.bytes().unwrap(), [1]);
    }
}
