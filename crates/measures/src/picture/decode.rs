//! From a file's bytes to a [`Picture`].

use std::io::Cursor;

use image::{DynamicImage, ImageError, ImageFormat, ImageReader, Limits};
use tiff::decoder::{Decoder, DecodingResult};
use tiff::{ColorType, TiffError};
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::{EXPECTED, Picture};
use crate::{Error, Result};

/// Memory that one picture may take while it is decoded: 16,000 pixels square and a little. A header that claims more
/// is refused before anything is allocated.
const MAX_BYTES: u64 = 1 << 30;

impl Picture<'static> {
    /// Decodes a PNG, JPEG, WEBP or TIFF file; the bytes tell which, not a name. JPEG inside TIFF is read too.
    ///
    /// # Errors
    /// [`Error::Unreadable`] for what is no picture, or broken, or claims to be larger than 1 GiB;
    /// [`Error::Unsupported`] for CMYK (without its ink profile the colours would be guesses) and for floating point.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let format = image::guess_format(bytes).map_err(|_| Error::Unreadable {
            problem: format!("{} bytes that are not PNG, JPEG, WEBP or TIFF", bytes.len()),
        })?;
        let image = match format {
            ImageFormat::Tiff => decode_tiff(bytes)?,
            ImageFormat::Jpeg => decode_jpeg(bytes)?,
            ImageFormat::Png | ImageFormat::WebP => decode_plain(bytes, format)?,
            other => {
                let found = format!(
                    "a {} file",
                    other.extensions_str().first().unwrap_or(&"foreign")
                );
                return Err(Error::Unsupported {
                    found,
                    expected: "PNG, JPEG, WEBP or TIFF",
                });
            }
        };
        let picture = Picture::from_image(&image)?;
        let (width, height, opaque) = (picture.width, picture.height, picture.opaque);
        let rgb = match picture.rgb {
            std::borrow::Cow::Owned(rgb) => rgb,
            std::borrow::Cow::Borrowed(_) => image.into_bytes(),
        };
        Ok(Self {
            width,
            height,
            rgb: rgb.into(),
            opaque,
        })
    }
}

/// What the `image` crate reads by itself.
fn decode_plain(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    reader.decode().map_err(unreadable)
}

/// JPEG: the `image` crate turns CMYK into RGB without a word and fills up with grey what was cut short, so its
/// decoder is used directly and strictly.
fn decode_jpeg(bytes: &[u8]) -> Result<DynamicImage> {
    let unreadable = |error: zune_jpeg::errors::DecodeErrors| Error::Unreadable {
        problem: one_line(&format!("{error:?}")),
    };
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(unreadable)?;
    let colours = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => ColorSpace::Luma,
        Some(ColorSpace::RGB | ColorSpace::YCbCr) => ColorSpace::RGB,
        Some(ColorSpace::CMYK | ColorSpace::YCCK) => return Err(cmyk()),
        other => {
            return Err(Error::Unsupported {
                found: format!("a JPEG of {other:?}"),
                expected: EXPECTED,
            });
        }
    };
    let Some((width, height)) = decoder.dimensions() else {
        return Err(Error::Unreadable {
            problem: "a JPEG without a frame".to_owned(),
        });
    };
    if (width * height * colours.num_components()) as u64 > MAX_BYTES {
        return Err(Error::Unreadable {
            problem: format!("a JPEG that claims {width} x {height} pixels"),
        });
    }
    decoder.set_options(options.jpeg_set_out_colorspace(colours));
    let samples = decoder.decode().map_err(unreadable)?;
    // A JPEG's sides are 16-bit numbers.
    let (width, height, found) = (width as u32, height as u32, samples.len());
    let image = match colours {
        ColorSpace::Luma => {
            image::GrayImage::from_raw(width, height, samples).map(DynamicImage::ImageLuma8)
        }
        _ => image::RgbImage::from_raw(width, height, samples).map(DynamicImage::ImageRgb8),
    };
    image.ok_or_else(|| wrong_count(width, height, found))
}

/// TIFF: the `image` crate leaves out what aerial photographs are mostly stored as, luma and chroma compressed by
/// JPEG, so that one is read here.
fn decode_tiff(bytes: &[u8]) -> Result<DynamicImage> {
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(unreadable_tiff)?;
    match decoder.colortype().map_err(unreadable_tiff)? {
        ColorType::YCbCr(8) => {}
        ColorType::CMYK(_) | ColorType::CMYKA(_) => return Err(cmyk()),
        _ => return decode_plain(bytes, ImageFormat::Tiff),
    }
    let mut limits = tiff::decoder::Limits::default();
    limits.decoding_buffer_size = MAX_BYTES as usize;
    let mut decoder = decoder.with_limits(limits);
    let (width, height) = decoder.dimensions().map_err(unreadable_tiff)?;
    let DecodingResult::U8(mut samples) = decoder.read_image().map_err(unreadable_tiff)? else {
        return Err(Error::Unsupported {
            found: "YCbCr of more than 8 bits".to_owned(),
            expected: EXPECTED,
        });
    };
    for pixel in samples.as_chunks_mut().0 {
        *pixel = rgb_of(*pixel);
    }
    let found = samples.len();
    let image = image::RgbImage::from_raw(width, height, samples).map(DynamicImage::ImageRgb8);
    image.ok_or_else(|| wrong_count(width, height, found))
}

fn cmyk() -> Error {
    Error::Unsupported {
        found: "CMYK".to_owned(),
        expected: EXPECTED,
    }
}

/// A decoder gave other than the pixels it announced.
fn wrong_count(width: u32, height: u32, found: usize) -> Error {
    Error::SampleCount {
        width,
        height,
        bands: 3,
        found,
        expected: u64::from(width) * u64::from(height) * 3,
    }
}

/// Full-range YCbCr of JFIF (ITU-T T.871, section 7) to RGB, each channel to the nearest level.
fn rgb_of([luma, blue, red]: [u8; 3]) -> [u8; 3] {
    let (luma, blue, red) = (
        f32::from(luma),
        f32::from(blue) - 128.0,
        f32::from(red) - 128.0,
    );
    // A float cast saturates, which is the clamping that the standard asks for.
    let level = |value: f32| (value + 0.5).floor() as u8;
    [
        level(luma + 1.402 * red),
        level(luma - 0.344_136 * blue - 0.714_136 * red),
        level(luma + 1.772 * blue),
    ]
}

fn unreadable(error: ImageError) -> Error {
    match error {
        ImageError::Unsupported(unsupported) => Error::Unsupported {
            found: one_line(&unsupported.to_string()),
            expected: EXPECTED,
        },
        other => Error::Unreadable {
            problem: one_line(&other.to_string()),
        },
    }
}

fn unreadable_tiff(error: TiffError) -> Error {
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

/// Decoders' messages may fill several lines; a ledger's reason is one.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
