//! Reading whole TIFF files, such as a service sends.

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
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(fault)?;
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
