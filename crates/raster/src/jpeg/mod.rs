//! JPEG, decoded bit for bit as libjpeg-turbo does: what `OpenCV`, Pillow and most programs see in a file.
//!
//! Decoders differ where they round, mostly in scaling up the chroma, and a share of green pixels feels it: on an aerial
//! photograph, rounding chroma up by a fifth of a level takes 3 % off.

mod tile;

use libjpeg_turbo_rs::{ColorSpace, DecodeLimits, Decoder, JpegError, PixelFormat};

use crate::decode::MAX_BYTES;
use crate::{Error, Pixels, Result, Values};

pub(crate) use tile::decode as decode_tile;

/// What is read, for messages.
const EXPECTED: &str = "a jpeg of grey or RGB";

/// Decodes a whole JPEG file; one that is cut short or broken anywhere is an error.
pub(crate) fn decode(bytes: &[u8]) -> Result<Pixels> {
    let limits = DecodeLimits {
        max_memory: Some(MAX_BYTES),
        ..DecodeLimits::default()
    };
    let decoder = Decoder::new_with_limits(bytes, limits).map_err(unreadable)?;
    let (format, bands) = match decoder.jpeg_color_space() {
        ColorSpace::Grayscale => (PixelFormat::Grayscale, 1),
        ColorSpace::YCbCr | ColorSpace::Rgb => (PixelFormat::Rgb, 3),
        // Without the profile of its inks the colours would be guesses.
        ColorSpace::Cmyk | ColorSpace::Ycck => {
            return Err(Error::unsupported("a CMYK jpeg", EXPECTED));
        }
        other => {
            return Err(Error::unsupported(format!("a jpeg of {other:?}"), EXPECTED));
        }
    };
    let decoder = decoder
        .with_output_format(format)
        .with_stop_on_warning(true);
    let decoded = decoder.decode_image().map_err(unreadable)?;
    // A JPEG's sides are 16-bit numbers.
    let (width, height) = (decoded.width as u32, decoded.height as u32);
    Pixels::new(width, height, bands, Values::U8(decoded.data))
}

/// Decodes a JPEG whose numbers are bands as they stand, whatever its markers say of colours.
pub(crate) fn decode_plain(bytes: &[u8], bands: u16) -> Result<Pixels> {
    let limits = DecodeLimits {
        max_memory: Some(MAX_BYTES),
        ..DecodeLimits::default()
    };
    let format = match bands {
        1 => PixelFormat::Grayscale,
        3 => PixelFormat::Rgb,
        4 => PixelFormat::Cmyk,
        _ => {
            return Err(Error::unsupported(
                format!("a jpeg of {bands} bands"),
                "1, 3 or 4",
            ));
        }
    };
    // Adobe's marker with transform 0 keeps decoders from taking the first three for luma and chroma.
    let bytes = if bands > 1 {
        with_adobe_marker(bytes)
    } else {
        bytes.to_vec()
    };
    let decoder = Decoder::new_with_limits(&bytes, limits).map_err(unreadable)?;
    let decoder = decoder
        .with_output_format(format)
        .with_stop_on_warning(true);
    let decoded = decoder.decode_image().map_err(unreadable)?;
    Pixels::new(
        decoded.width as u32,
        decoded.height as u32,
        bands,
        Values::U8(decoded.data),
    )
}

fn with_adobe_marker(bytes: &[u8]) -> Vec<u8> {
    const MARKER: &[u8] = b"\xFF\xD8\xFF\xEE\x00\x0EAdobe\x00\x64\x00\x00\x00\x00\x00";
    match bytes.strip_prefix(&[0xFF, 0xD8]) {
        Some(rest) => [MARKER, rest].concat(),
        None => bytes.to_vec(),
    }
}

/// A tile with its tables: the tables end with a marker for the end of the file, the tile begins with
/// one for its start (TIFF Technical Note 2, 1995).
pub(crate) fn with_tables(tables: &[u8], tile: &[u8]) -> Vec<u8> {
    match (
        tables.strip_suffix(&[0xFF, 0xD9]),
        tile.strip_prefix(&[0xFF, 0xD8]),
    ) {
        (Some(tables), Some(tile)) => [tables, tile].concat(),
        _ => tile.to_vec(),
    }
}

fn unreadable(error: JpegError) -> Error {
    match error {
        JpegError::Unsupported(found) => {
            Error::unsupported(format!("a jpeg with {found}"), EXPECTED)
        }
        other => Error::unreadable("jpeg", other),
    }
}
