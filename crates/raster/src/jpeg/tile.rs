//! A tile of a JPEG in TIFF, its chroma enlarged where it was made smaller: in the cosine transform.
//!
//! The triangle filter that is usual for whole JPEG files needs the neighbouring chroma, which a tile does not know
//! beyond its edge. Here each block of 8 x 8 coefficients is brought back at twice the size, as libjpeg 7 to 9 do (jdmaster.c, "`IDCT`
//! scaling"), and with them the GDAL that `pip install rasterio` brings: no block needs another, so that no tile has seams.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use libjpeg_turbo_rs::{Decoder, JpegCoefficients, RawImage, read_coefficients};

use super::unreadable;
use crate::{Error, Pixels, Result, Values};

/// Points of a block and side.
const BLOCK: usize = 8;

/// Place of each of the 64 coefficients, row by row, in the order of the file (ISO 10918-1, figure A.6).
#[rustfmt::skip]
const ZIGZAG: [usize; 64] = [
     0,  1,  5,  6, 14, 15, 27, 28,
     2,  4,  7, 13, 16, 26, 29, 42,
     3,  8, 12, 17, 25, 30, 41, 43,
     9, 11, 18, 24, 31, 40, 44, 53,
    10, 19, 23, 32, 39, 45, 52, 54,
    20, 22, 33, 38, 46, 51, 55, 60,
    21, 34, 37, 47, 50, 56, 59, 61,
    35, 36, 48, 49, 57, 58, 62, 63,
];

/// Decodes a tile; one that is cut short or broken anywhere is an error.
pub(crate) fn decode(bytes: &[u8]) -> Result<Pixels> {
    // Tells whether the tile is whole, and is the answer where no chroma was made smaller.
    let plain = super::decode(bytes)?;
    let coefficients = read_coefficients(bytes).map_err(unreadable)?;
    let [luma, cb, cr] = coefficients.components.as_slice() else {
        return Ok(plain);
    };
    let scale = |of: u8, by: u8| match (of, by) {
        (1, 1) | (2, 2) => Some(1),
        (2, 1) => Some(2),
        _ => None,
    };
    let across = scale(luma.h_sampling, cb.h_sampling);
    let down = scale(luma.v_sampling, cb.v_sampling);
    let alike = (cb.h_sampling, cb.v_sampling) == (cr.h_sampling, cr.v_sampling);
    let (Some(across), Some(down), true) = (across, down, alike) else {
        return Ok(plain);
    };
    if (across, down) == (1, 1) {
        return Ok(plain);
    }
    let luma = Decoder::new(bytes)
        .and_then(Decoder::decode_raw)
        .map_err(unreadable)?;
    let cb = Plane::enlarged(&coefficients, 1, across, down)?;
    let cr = Plane::enlarged(&coefficients, 2, across, down)?;
    coloured(&luma, &cb, &cr)
}

/// One component at the size of the picture or a little more.
struct Plane {
    levels: Vec<u8>,
    width: usize,
}

impl Plane {
    fn enlarged(
        coefficients: &JpegCoefficients,
        component: usize,
        across: usize,
        down: usize,
    ) -> Result<Self> {
        let missing = || {
            Error::unreadable(
                "jpeg",
                format!("no component {component} or no table for it"),
            )
        };
        let plane = coefficients.components.get(component).ok_or_else(missing)?;
        let table = coefficients
            .quant_tables
            .get(usize::from(plane.quant_table_index))
            .ok_or_else(missing)?;
        let (columns, rows) = (waves(BLOCK * across), waves(BLOCK * down));
        let width = plane.blocks_x * columns.len();
        let mut levels = vec![0; width * plane.blocks_y * rows.len()];
        for (index, block) in plane.blocks.iter().enumerate() {
            let (x, y) = (
                index % plane.blocks_x * columns.len(),
                index / plane.blocks_x * rows.len(),
            );
            let mut values = [0.0; 64];
            for ((value, place), step) in values.iter_mut().zip(ZIGZAG).zip(table) {
                *value = f64::from(block[place]) * f64::from(*step);
            }
            for (line, row) in rows.iter().enumerate() {
                let start = (y + line) * width + x;
                let Some(out) = levels.get_mut(start..start + columns.len()) else {
                    return Err(missing());
                };
                // The eight frequencies along this line, then its points.
                let mut along = [0.0; BLOCK];
                for (v, values) in values.as_chunks::<BLOCK>().0.iter().enumerate() {
                    for (sum, value) in along.iter_mut().zip(values) {
                        *sum += row[v] * value;
                    }
                }
                for (level, column) in out.iter_mut().zip(&columns) {
                    let sum: f64 = along.iter().zip(column).map(|(a, b)| a * b).sum();
                    // Within 0 and 255: nothing is lost.
                    *level = (sum + 128.0).round().clamp(0.0, 255.0) as u8;
                }
            }
        }
        Ok(Self { levels, width })
    }
}

/// The eight cosines of every one of `points` points that a block is brought back at: half of each, the first by the root of 2
/// less, so that the transform of a flat block is flat whatever the number of points.
fn waves(points: usize) -> Vec<[f64; BLOCK]> {
    let wave = |point: usize, frequency: usize| {
        let angle = (2 * point + 1) as f64 * frequency as f64 * PI / (2 * points) as f64;
        let first = if frequency == 0 { FRAC_1_SQRT_2 } else { 1.0 };
        angle.cos() * first / 2.0
    };
    (0..points)
        .map(|point| std::array::from_fn(|frequency| wave(point, frequency)))
        .collect()
}

/// Red, green and blue as libjpeg works them out: whole numbers, 16 bits behind the point (jdcolor.c).
fn coloured(luma: &RawImage, cb: &Plane, cr: &Plane) -> Result<Pixels> {
    let missing = || Error::unreadable("jpeg", "components that differ in size");
    let (Some(y), Some(&stride @ 1..)) = (luma.planes.first(), luma.plane_widths.first()) else {
        return Err(missing());
    };
    if cb.width == 0 || cr.width == 0 {
        return Err(missing());
    }
    let mut rgb = Vec::with_capacity(luma.width * luma.height * 3);
    let rows = y
        .chunks_exact(stride)
        .zip(cb.levels.chunks_exact(cb.width))
        .zip(cr.levels.chunks_exact(cr.width));
    for ((y, cb), cr) in rows.take(luma.height) {
        let pixels = y.iter().zip(cb).zip(cr).take(luma.width);
        rgb.extend(pixels.flat_map(|((y, cb), cr)| colour(*y, *cb, *cr)));
    }
    // A JPEG's sides are 16-bit numbers.
    Pixels::new(luma.width as u32, luma.height as u32, 3, Values::U8(rgb))
}

fn colour(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    const HALF: i32 = 1 << 15;
    let (y, cb, cr) = (i32::from(y), i32::from(cb) - 128, i32::from(cr) - 128);
    [
        y + ((91_881 * cr + HALF) >> 16),
        y + ((-22_554 * cb - 46_802 * cr + HALF) >> 16),
        y + ((116_130 * cb + HALF) >> 16),
    ]
    .map(|level| level.clamp(0, 255) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_block_stays_flat_at_any_size() {
        for points in [8, 16] {
            for wave in waves(points) {
                // the first coefficient of a flat block is 8 times its level
                assert!((wave[0] * wave[0] * 8.0 - 1.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn the_order_of_the_file_visits_every_place_once() {
        let mut places = ZIGZAG;
        places.sort_unstable();
        assert!(places.into_iter().eq(0..64));
    }

    #[test]
    fn primary_colours_come_out_as_they_should() {
        assert_eq!(colour(76, 85, 255), [254, 0, 0]);
        assert_eq!(colour(255, 128, 128), [255; 3]);
    }
}
