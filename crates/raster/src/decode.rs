//! Files of any format into pixels.

use std::io::Cursor;

use image::{DynamicImage, ImageError, ImageFormat, ImageReader, Limits};

use crate::{Error, Pixels, Result, Values, jpeg};

/// Memory that one picture may take while it is decoded. A header that claims more is refused before
/// anything is allocated.
pub(crate) const MAX_BYTES: u64 = 1 << 30;

impl Pixels {
    /// Decodes a PNG, JPEG, WebP, TIFF or `NumPy` file; the bytes tell which, not a name.
    ///
    /// JPEG gives the same levels as libjpeg-turbo, hence as `OpenCV` and Pillow; JPEG inside TIFF
    /// those of GDAL.
    ///
    /// # Errors
    /// [`Error::Unreadable`] for what is no picture, or broken, or claims to be larger than 1 GiB;
    /// [`Error::Unsupported`] for whole files of a kind that is not read, such as CMYK.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        match bytes {
            [b'I', b'I', ..] | [b'M', b'M', ..] => return crate::tiff::read(bytes),
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => return crate::npy::read_npy(bytes),
            _ => {}
        }
        match image::guess_format(bytes) {
            Ok(ImageFormat::Jpeg) => jpeg::decode(bytes).map(Pixels::with_usual_roles),
            Ok(format @ (ImageFormat::Png | ImageFormat::WebP)) => {
                plain(bytes, format).map(Pixels::with_usual_roles)
            }
            Ok(other) => {
                let kind = other.extensions_str().first().unwrap_or(&"foreign");
                Err(Error::unsupported(
                    format!("a {kind} file"),
                    "png, jpeg, webp, tiff or npy",
                ))
            }
            Err(_) => {
                let problem = format!(
                    "{} bytes that are not png, jpeg, webp, tiff or npy",
                    bytes.len()
                );
                Err(Error::unreadable("picture", problem))
            }
        }
    }
}

/// What the `image` crate reads by itself.
pub(crate) fn plain(bytes: &[u8], format: ImageFormat) -> Result<Pixels> {
    let media = if format == ImageFormat::Png {
        "png"
    } else {
        "webp"
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    let image = reader.decode().map_err(|error| match error {
        ImageError::Unsupported(unsupported) => {
            Error::unsupported(unsupported.to_string(), "1 to 4 bands of 8 or 16 bits")
        }
        other => Error::unreadable(media, other),
    })?;
    let (width, height) = (image.width(), image.height());
    let bands = u16::from(image.color().channel_count());
    let values = match image {
        DynamicImage::ImageLuma8(image) => Values::U8(image.into_raw()),
        DynamicImage::ImageLumaA8(image) => Values::U8(image.into_raw()),
        DynamicImage::ImageRgb8(image) => Values::U8(image.into_raw()),
        DynamicImage::ImageRgba8(image) => Values::U8(image.into_raw()),
        DynamicImage::ImageLuma16(image) => Values::U16(image.into_raw()),
        DynamicImage::ImageLumaA16(image) => Values::U16(image.into_raw()),
        DynamicImage::ImageRgb16(image) => Values::U16(image.into_raw()),
        DynamicImage::ImageRgba16(image) => Values::U16(image.into_raw()),
        other => {
            let found = format!("a {media} of {:?}", other.color());
            return Err(Error::unsupported(found, "1 to 4 bands of 8 or 16 bits"));
        }
    };
    Pixels::new(width, height, bands, values)
}
