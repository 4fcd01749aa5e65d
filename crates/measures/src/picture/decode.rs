//! From a file's bytes to a [`Picture`].

use std::borrow::Cow;
use std::io::Cursor;

use image::{DynamicImage, ImageError, ImageFormat, ImageReader, Limits};

use super::{EXPECTED, MAX_BYTES, Picture, jpeg, tiff};
use crate::{Error, Result};

impl Picture<'static> {
    /// Decodes a PNG, JPEG, WEBP or TIFF file; the bytes tell which, not a name.
    ///
    /// JPEG gives the same levels as libjpeg-turbo, hence as `OpenCV` and Pillow. JPEG inside TIFF is read too.
    ///
    /// # Errors
    /// [`Error::Unreadable`] for what is no picture, or broken, or claims to be larger than 1 GiB;
    /// [`Error::Unsupported`] for CMYK (without its ink profile the colours would be guesses) and for floating point.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let format = image::guess_format(bytes).map_err(|_| Error::Unreadable {
            problem: format!("{} bytes that are not PNG, JPEG, WEBP or TIFF", bytes.len()),
        })?;
        let image = match format {
            ImageFormat::Jpeg => jpeg::decode(bytes)?,
            ImageFormat::Tiff => tiff::decode(bytes)?,
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
            Cow::Owned(rgb) => rgb,
            Cow::Borrowed(_) => image.into_bytes(),
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
pub(super) fn decode_plain(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    reader.decode().map_err(|error| match error {
        ImageError::Unsupported(unsupported) => Error::Unsupported {
            found: one_line(&unsupported.to_string()),
            expected: EXPECTED,
        },
        other => Error::Unreadable {
            problem: one_line(&other.to_string()),
        },
    })
}

/// Decoders' messages may fill several lines; a ledger's reason is one.
pub(super) fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
