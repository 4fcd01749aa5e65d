//! Reading whole TIFF files, such as a service sends.

use std::borrow::Cow;
use std::io::Cursor;

use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;

use super::npy::interleave;
use crate::Error;
use crate::pixels::{Pixels, Values};

/// Decodes the first image of a TIFF file with all its bands.
pub(crate) fn read_tiff(bytes: &[u8]) -> Result<Pixels, Error> {
    let fault = |error: tiff::TiffError| Error::Picture {
        media: "tiff",
        problem: error.to_string(),
    };
    let mut decoder = Decoder::new(Cursor::new(as_plain_bands(bytes))).map_err(fault)?;
    let (width, height) = decoder.dimensions().map_err(fault)?;
    let bands: u16 = decoder
        .find_tag_unsigned(Tag::SamplesPerPixel)
        .map_err(fault)?
        .unwrap_or(1);
    let mut result = DecodingResult::U8(Vec::new());
    let layout = decoder.read_image_to_buffer(&mut result).map_err(fault)?;
    let values = match result {
        DecodingResult::U8(values) => Values::U8(values),
        DecodingResult::I8(values) => Values::I8(values),
        DecodingResult::U16(values) => Values::U16(values),
        DecodingResult::I16(values) => Values::I16(values),
        DecodingResult::U32(values) => Values::U32(values),
        DecodingResult::I32(values) => Values::I32(values),
        DecodingResult::F32(values) => Values::F32(values),
        DecodingResult::F64(values) => Values::F64(values),
        DecodingResult::F16(values) => Values::F32(values.into_iter().map(f32::from).collect()),
        DecodingResult::U64(values) => {
            Values::F64(values.into_iter().map(|value| value as f64).collect())
        }
        DecodingResult::I64(values) => {
            Values::F64(values.into_iter().map(|value| value as f64).collect())
        }
    };
    let values = if layout.planes > 1 {
        let plane = values.len() / layout.planes;
        interleave(&values, plane, bands)
    } else {
        values
    };
    Pixels::new(width, height, bands, values)
}

/// GDAL's own tag, XML: names of bands among other things.
const GDAL_METADATA: u16 = 42112;

/// The names that a TIFF file gives its bands, where it names all, and its nodata value.
pub(crate) fn tiff_bands(bytes: &[u8]) -> Option<(Vec<String>, Option<f64>)> {
    let mut decoder = Decoder::new(Cursor::new(bytes)).ok()?;
    let bands: u16 = decoder
        .find_tag_unsigned(Tag::SamplesPerPixel)
        .ok()?
        .unwrap_or(1);
    let mut text = |tag: Tag| decoder.get_tag_ascii_string(tag).ok();
    let names =
        text(Tag::Unknown(GDAL_METADATA)).map_or_else(Vec::new, |text| band_names(&text, bands));
    let nodata = text(Tag::GdalNodata).and_then(|text| nodata(&text));
    Some((names, nodata))
}

/// The value in GDAL's tag for it.
pub(crate) fn nodata(text: &str) -> Option<f64> {
    text.trim_end_matches('\0').trim().parse().ok()
}

/// The descriptions of the bands in GDAL's metadata, where every band has one.
pub(crate) fn band_names(metadata: &str, bands: u16) -> Vec<String> {
    let name_of = |band: u16| {
        metadata.split("<Item ").find_map(|item| {
            let (attributes, rest) = item.split_once('>')?;
            let fits = attributes.contains("role=\"description\"")
                && attributes.contains(&format!("sample=\"{band}\""));
            let (name, _) = fits.then_some(rest)?.split_once("</Item>")?;
            // GDAL escapes the text of an item and then the XML around it.
            Some(unescaped(&unescaped(name)))
        })
    };
    let names: Vec<String> = (0..bands).map_while(name_of).collect();
    if names.len() == usize::from(bands) {
        names
    } else {
        Vec::new()
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// The `tiff` crate leaves out what follows red, green and blue. Declared as grey, a file of more
/// than three bands gives all of them; the bytes of its pixels are the same.
fn as_plain_bands(bytes: &[u8]) -> Cow<'_, [u8]> {
    const PHOTOMETRIC: u16 = 262;
    const BANDS: u16 = 277;
    const BLACK_IS_ZERO: u16 = 1;
    const RGB: u16 = 2;
    let value_of = |tag: u16| short_tag(bytes, tag);
    match (value_of(PHOTOMETRIC), value_of(BANDS)) {
        (Some((RGB, at)), Some((bands, _))) if bands > 3 => {
            let mut plain = bytes.to_vec();
            let grey = if bytes.starts_with(b"II") {
                BLACK_IS_ZERO.to_le_bytes()
            } else {
                BLACK_IS_ZERO.to_be_bytes()
            };
            if let Some(value) = plain.get_mut(at..at + 2) {
                value.copy_from_slice(&grey);
            }
            Cow::Owned(plain)
        }
        _ => Cow::Borrowed(bytes),
    }
}

/// The value of a tag of one SHORT in the first directory of a classic TIFF file, and where it stands.
fn short_tag(bytes: &[u8], wanted: u16) -> Option<(u16, usize)> {
    let little = bytes.starts_with(b"II");
    let short = |at: usize| {
        let raw = [*bytes.get(at)?, *bytes.get(at + 1)?];
        Some(if little {
            u16::from_le_bytes(raw)
        } else {
            u16::from_be_bytes(raw)
        })
    };
    let long = |at: usize| {
        let (first, second) = (u32::from(short(at)?), u32::from(short(at + 2)?));
        Some(if little {
            second << 16 | first
        } else {
            first << 16 | second
        })
    };
    // BigTIFF has another number here, and another layout.
    if short(2)? != 42 {
        return None;
    }
    let directory = usize::try_from(long(4)?).ok()?;
    let entries = usize::from(short(directory)?);
    let at = |index: usize| directory + 2 + 12 * index;
    let found = (0..entries).map(at).find(|at| short(*at) == Some(wanted))?;
    Some((short(found + 8)?, found + 8))
}
