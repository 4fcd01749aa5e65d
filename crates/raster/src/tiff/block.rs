//! One block of an image into pixels.

use super::codec::{Codec, unpack};
use super::image::{Image, Photometric, SampleKind};
use super::samples;
use crate::{Error, Pixels, Values, jpeg};

impl Image {
    /// The pixels of a block: all bands, or one where planes stand apart. Tiles are whole even at
    /// the image's edge; the last strip ends with the image.
    ///
    /// Validity is not looked at: [`Image::finish`] does, once all planes are together.
    ///
    /// # Errors
    /// [`Error::Unreadable`] for bytes that are no such block, [`Error::Unsupported`] for a kind of
    /// numbers that is not read.
    pub fn decode_block(&self, bytes: &[u8], row: u32) -> Result<Pixels, Error> {
        let (width, height) = (self.block().0, self.block_rows(row));
        let bands = self.block_bands();
        let pixels = match self.codec {
            Codec::Jpeg => self.jpeg(bytes)?,
            Codec::Webp => webp(bytes, bands)?,
            Codec::Lerc => {
                let reason =
                    "deflate, lzw or zstd: write it anew with gdal_translate -co COMPRESS=DEFLATE";
                return Err(Error::unsupported("a tiff packed by LERC", reason));
            }
            codec => {
                let reversed: Vec<u8>;
                let bytes = if self.reversed_bits {
                    reversed = bytes.iter().map(|byte| byte.reverse_bits()).collect();
                    &reversed
                } else {
                    bytes
                };
                let unpacked = unpack(codec, bytes, self.row_bytes() * height as usize)?;
                let predicted = !matches!(codec, Codec::None | Codec::PackBits);
                let values = samples::numbers(self, unpacked, predicted)?;
                Pixels::new(width, height, bands, values)?
            }
        };
        let fits = pixels.width() == width && pixels.height() >= height && pixels.bands() == bands;
        if !fits || !self.holds(pixels.values()) {
            let problem = format!(
                "a block of {} x {} pixels with {} bands of {} instead of {width} x {height} with {bands}",
                pixels.width(),
                pixels.height(),
                pixels.bands(),
                pixels.values().type_name()
            );
            return Err(Error::unreadable("tiff", problem));
        }
        // A last strip may have been packed at full height.
        if pixels.height() > height {
            pixels.top(height)
        } else {
            Ok(pixels)
        }
    }

    /// Whether values are of the type that the image states.
    fn holds(&self, values: &Values) -> bool {
        matches!(
            (self.kind, self.bits, values),
            (SampleKind::Unsigned, ..=8, Values::U8(_))
                | (SampleKind::Signed, ..=8, Values::I8(_))
                | (SampleKind::Unsigned, 9..=16, Values::U16(_))
                | (SampleKind::Signed, 9..=16, Values::I16(_))
                | (SampleKind::Unsigned, 17..=32, Values::U32(_))
                | (SampleKind::Signed, 17..=32, Values::I32(_))
                | (SampleKind::Float, 16 | 32, Values::F32(_))
                | (_, 64, Values::F64(_))
        )
    }

    /// Values without numbers, of the type that blocks decode to.
    pub(crate) fn no_values(&self) -> Values {
        match (self.kind, self.bits) {
            (SampleKind::Unsigned, ..=8) => Values::U8(Vec::new()),
            (SampleKind::Signed, ..=8) => Values::I8(Vec::new()),
            (SampleKind::Unsigned, 9..=16) => Values::U16(Vec::new()),
            (SampleKind::Signed, 9..=16) => Values::I16(Vec::new()),
            (SampleKind::Unsigned, 17..=32) => Values::U32(Vec::new()),
            (SampleKind::Signed, 17..=32) => Values::I32(Vec::new()),
            (SampleKind::Float, ..=32) => Values::F32(Vec::new()),
            _ => Values::F64(Vec::new()),
        }
    }

    /// A block is a JPEG file without its tables, and without a word on its colours but the image's.
    fn jpeg(&self, bytes: &[u8]) -> Result<Pixels, Error> {
        if self.bits != 8 || self.kind != SampleKind::Unsigned {
            return Err(Error::unsupported(
                format!("a tiff of {}-bit jpeg", self.bits),
                "8 bits: write it anew with gdal_translate",
            ));
        }
        let file = jpeg::with_tables(&self.jpeg_tables, bytes);
        if self.photometric == Photometric::YCbCr {
            if self.block_bands() == 3 {
                return jpeg::decode_tile(&file);
            }
            return Err(Error::unsupported(
                "a YCbCr jpeg in planes",
                "bands together: write it anew with gdal_translate",
            ));
        }
        jpeg::decode_plain(&file, self.block_bands())
    }
}

/// WebP holds red, green and blue, with or without alpha; alpha that is 255 all over may be left out.
fn webp(bytes: &[u8], bands: u16) -> Result<Pixels, Error> {
    let pixels = crate::decode::plain(bytes, image::ImageFormat::WebP)?;
    match (pixels.bands(), bands) {
        (3, 4) => {
            let opaque = Pixels::new(
                pixels.width(),
                pixels.height(),
                1,
                Values::U8(vec![255; pixels.values().len() / 3]),
            )?;
            pixels.beside(&opaque)
        }
        (4, 3) => pixels.select(&[0, 1, 2]),
        _ => Ok(pixels),
    }
}
