//! TIFF. The `image` crate reads most of it, but not what aerial photographs are mostly stored as: luma and chroma,
//! compressed by JPEG tile by tile (TIFF Technical Note 2, 1995). Those are read here.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbImage, imageops};
use tiff::decoder::{ChunkType, Decoder};
use tiff::tags::{CompressionMethod, Tag};
use tiff::{ColorType, TiffError};

use super::decode::{decode_plain, one_line};
use super::{EXPECTED, MAX_BYTES, jpeg_tile};
use crate::{Error, Result};

/// Decodes a TIFF file.
pub(super) fn decode(bytes: &[u8]) -> Result<DynamicImage> {
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(unreadable)?;
    match decoder.colortype().map_err(unreadable)? {
        ColorType::YCbCr(8) => decode_tiles(bytes, &mut decoder),
        ColorType::CMYK(_) | ColorType::CMYKA(_) => Err(super::cmyk()),
        _ => decode_plain(bytes, ImageFormat::Tiff),
    }
}

/// Puts the tiles (or strips, which are tiles as wide as the picture) together. Each is a JPEG file that lacks its tables.
fn decode_tiles(bytes: &[u8], decoder: &mut Decoder<Cursor<&[u8]>>) -> Result<DynamicImage> {
    let compression: u16 = decoder
        .get_tag_unsigned(Tag::Compression)
        .map_err(unreadable)?;
    let planes: u16 = decoder
        .find_tag_unsigned(Tag::PlanarConfiguration)
        .map_err(unreadable)?
        .unwrap_or(1);
    if compression != CompressionMethod::ModernJPEG.to_u16() || planes != 1 {
        let found = format!("YCbCr in {planes} planes of compression {compression}");
        return Err(Error::Unsupported {
            found,
            expected: EXPECTED,
        });
    }
    let (offsets, lengths) = match decoder.get_chunk_type() {
        ChunkType::Tile => (Tag::TileOffsets, Tag::TileByteCounts),
        ChunkType::Strip => (Tag::StripOffsets, Tag::StripByteCounts),
    };
    let offsets = decoder.get_tag_u64_vec(offsets).map_err(unreadable)?;
    let lengths = decoder.get_tag_u64_vec(lengths).map_err(unreadable)?;
    let tables = match decoder.find_tag(Tag::JPEGTables).map_err(unreadable)? {
        Some(tables) => tables.into_u8_vec().map_err(unreadable)?,
        None => Vec::new(),
    };
    let (width, height) = decoder.dimensions().map_err(unreadable)?;
    let (across, down) = decoder.chunk_dimensions();
    if u64::from(width) * u64::from(height) * 3 > MAX_BYTES || across == 0 || down == 0 {
        let problem =
            format!("a TIFF that claims {width} x {height} pixels in tiles of {across} x {down}");
        return Err(Error::Unreadable { problem });
    }
    let corners = (0..height).step_by(down as usize);
    let corners = corners.flat_map(|y| (0..width).step_by(across as usize).map(move |x| (x, y)));
    let mut image = RgbImage::new(width, height);
    for (index, (x, y)) in corners.enumerate() {
        let tile = offsets
            .get(index)
            .zip(lengths.get(index))
            .and_then(|(offset, length)| {
                let start = usize::try_from(*offset).ok()?;
                bytes.get(start..start.checked_add(usize::try_from(*length).ok()?)?)
            });
        let Some(tile) = tile else {
            return Err(Error::Unreadable {
                problem: format!("tile {index} lies outside the file"),
            });
        };
        let tile = jpeg_tile::decode(&whole_jpeg(&tables, tile))?.into_rgb8();
        // What hangs over the right and lower edges is cut off.
        imageops::replace(&mut image, &tile, i64::from(x), i64::from(y));
    }
    Ok(DynamicImage::ImageRgb8(image))
}

/// A tile with its tables: the tables end with a marker for the end of the file, the tile begins with one for its start.
fn whole_jpeg(tables: &[u8], tile: &[u8]) -> Vec<u8> {
    match (
        tables.strip_suffix(&[0xFF, 0xD9]),
        tile.strip_prefix(&[0xFF, 0xD8]),
    ) {
        (Some(tables), Some(tile)) => [tables, tile].concat(),
        _ => tile.to_vec(),
    }
}

fn unreadable(error: TiffError) -> Error {
    match error {
        TiffError::UnsupportedError(unsupported) => Error::Unsupported {
            found: one_line(&unsupported.to_string()),
            expected: EXPECTED,
        },
        other => Error::Unreadable {
            problem: one_line(&other.to_string()),
        },
    }
}
