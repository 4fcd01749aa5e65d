//! Numbers of a picture into the packed blocks of a TIFF: strips and tiles, their neighbours' differences, Deflate.

use libdeflater::{CompressionLvl, Compressor};
use rayon::prelude::*;

use super::write::Compression;
use crate::Error;
use crate::{Pixels, Value};

/// Deflate level of libdeflate: differences of neighbouring pixels have few repeats to look for, so that higher levels take
/// several times as long for files a percent or two smaller.
const DEFLATE_LEVEL: i32 = 1;
/// Share of its bytes that a band may keep when packed by fdeflate: its one fixed code is made for small differences, takes less
/// than half of libdeflate's time, and packs others badly.
const KEPT_AT_MOST: f64 = 0.67;

/// Every band as one packed block.
pub(super) fn pack_bands<T: Value>(
    values: &[T],
    pixels: &Pixels,
    compression: Compression,
) -> Result<Vec<Vec<u8>>, Error> {
    let bands = usize::from(pixels.bands());
    let strip = |band: usize| {
        let mut stored: Vec<T> = Vec::with_capacity(values.len() / bands);
        for row in values.chunks_exact(pixels.width() as usize * bands) {
            // A chunk holds every band.
            let of_band = row.chunks_exact(bands).map(|pixel| pixel[band]);
            match compression {
                Compression::None => stored.extend(of_band.map(T::little_endian)),
                Compression::Deflate => {
                    let mut before = T::zeroed();
                    stored.extend(of_band.map(|value| {
                        let step = value.difference(before);
                        before = value;
                        step.little_endian()
                    }));
                }
            }
        }
        let bytes: &[u8] = bytemuck::cast_slice(&stored);
        match compression {
            Compression::None => Ok(bytes.to_vec()),
            Compression::Deflate => pack_small_steps(bytes),
        }
    };
    (0..bands).map(strip).collect()
}

/// Cuts the picture into blocks, row after row, and packs each; what lies past the edge repeats it,
/// which packs well and keeps differences small.
pub(super) fn pack_blocks<T: Value>(
    values: &[T],
    pixels: &Pixels,
    (block_width, block_height): (u32, u32),
    compression: Compression,
) -> Result<Vec<Vec<u8>>, Error> {
    let across = pixels.width().div_ceil(block_width);
    let down = pixels.height().div_ceil(block_height);
    let bands = usize::from(pixels.bands());
    let row_length = pixels.width() as usize * bands;
    (0..across * down)
        .into_par_iter()
        .map(|block| {
            let (left, top) = (block % across * block_width, block / across * block_height);
            let inside = (pixels.width() - left).min(block_width) as usize * bands;
            let mut bytes = Vec::with_capacity(
                block_width as usize * block_height as usize * bands * size_of::<T>(),
            );
            let mut line = vec![T::zeroed(); block_width as usize * bands];
            let mut stored = line.clone();
            for y in top..top + block_height {
                let start =
                    y.min(pixels.height() - 1) as usize * row_length + left as usize * bands;
                let (own, padding) = line.split_at_mut(inside);
                own.copy_from_slice(&values[start..start + inside]);
                for pixel in padding.chunks_exact_mut(bands) {
                    pixel.copy_from_slice(&own[inside - bands..]);
                }
                stored.copy_from_slice(&line);
                if compression == Compression::Deflate {
                    for ((stored, value), before) in
                        stored[bands..].iter_mut().zip(&line[bands..]).zip(&line)
                    {
                        *stored = value.difference(*before);
                    }
                }
                for value in &mut stored {
                    *value = value.little_endian();
                }
                bytes.extend_from_slice(bytemuck::cast_slice(&stored));
            }
            match compression {
                Compression::None => Ok(bytes),
                Compression::Deflate => pack(&bytes),
            }
        })
        .collect()
}

/// Packs differences that are likely to be small.
fn pack_small_steps(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let most = (bytes.len() as f64 * KEPT_AT_MOST) as usize;
    let packed = fdeflate::Compressor::new(Vec::with_capacity(most + 64))
        .and_then(|mut compressor| {
            compressor.write_data(bytes)?;
            compressor.finish()
        })
        .map_err(|error| fault(&error))?;
    if packed.len() <= most + 64 {
        Ok(packed)
    } else {
        pack(bytes)
    }
}

fn pack(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let level = CompressionLvl::new(DEFLATE_LEVEL).map_err(|error| fault(&format!("{error:?}")))?;
    let mut compressor = Compressor::new(level);
    let mut packed = vec![0; compressor.zlib_compress_bound(bytes.len())];
    let length = compressor
        .zlib_compress(bytes, &mut packed)
        .map_err(|error| fault(&error))?;
    packed.truncate(length);
    Ok(packed)
}

fn fault(problem: &dyn std::fmt::Display) -> Error {
    Error::Unreadable {
        media: "tiff",
        problem: problem.to_string(),
    }
}
