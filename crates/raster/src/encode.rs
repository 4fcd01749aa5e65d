//! Pixels into the bytes of a file of any format.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::codecs::webp::WebPEncoder;
use image::{ColorType, ImageEncoder, ImageError};

use crate::Error;
use crate::Format;
use crate::geotiff::{GeotiffOptions, write_raster};
use crate::grid::Grid;
use crate::npy::write_npy;
use crate::{Pixels, Values};

/// Quality of the JPEG files written here: above it sizes grow faster than anyone can see.
const JPEG_QUALITY: u8 = 90;

/// Encodes a picture; the grid goes into a TIFF and nowhere else.
///
/// # Errors
/// [`Error::Encode`] for pixels that the format cannot hold, [`Error::Table`] for a grid that it cannot state.
pub fn encode(
    pixels: &Pixels,
    grid: Option<&Grid>,
    format: Format,
    options: &GeotiffOptions,
) -> Result<Vec<u8>, Error> {
    // Classes have colours where pictures are looked at, and numbers where they are computed with.
    let shown;
    let pixels = match format {
        Format::Tiff | Format::Npy => pixels,
        Format::Png | Format::Webp => {
            shown = pixels.clone().in_colours()?.with_missing_clear()?;
            &shown
        }
        Format::Jpeg => {
            shown = pixels.clone().in_colours()?;
            &shown
        }
    };
    match format {
        Format::Tiff => write_raster(pixels, None, grid, options),
        Format::Npy => write_npy(pixels),
        Format::Png => {
            let color = color_of(
                pixels,
                format,
                |_| true,
                "1 to 4 bands of 8 or 16 bits; tiff and npy hold anything",
            )?;
            let mut out = Vec::new();
            let encoder =
                PngEncoder::new_with_quality(&mut out, CompressionType::Fast, FilterType::Adaptive);
            write(encoder, pixels, color, format)?;
            Ok(out)
        }
        Format::Webp => {
            let fits = |color| {
                matches!(
                    color,
                    ColorType::L8 | ColorType::La8 | ColorType::Rgb8 | ColorType::Rgba8
                )
            };
            let color = color_of(
                pixels,
                format,
                fits,
                "1 to 4 bands of 8 bits; tiff and npy hold anything",
            )?;
            let mut out = Vec::new();
            write(WebPEncoder::new_lossless(&mut out), pixels, color, format)?;
            Ok(out)
        }
        Format::Jpeg => {
            let opaque;
            let pixels = match (pixels.bands(), pixels.values()) {
                (2, Values::U8(_)) => {
                    opaque = pixels.clone().select(&[0])?;
                    &opaque
                }
                (4, Values::U8(_)) => {
                    opaque = pixels.clone().select(&[0, 1, 2])?;
                    &opaque
                }
                _ => pixels,
            };
            let fits = |color| matches!(color, ColorType::L8 | ColorType::Rgb8);
            let color = color_of(
                pixels,
                format,
                fits,
                "1 or 3 bands of 8 bits; tiff and npy hold anything",
            )?;
            let mut out = Vec::new();
            write(
                JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY),
                pixels,
                color,
                format,
            )?;
            Ok(out)
        }
    }
}

/// The same with a band of labels, of the type of the pixels, behind the others.
///
/// # Errors
/// As [`encode`].
pub fn encode_labelled(
    pixels: &Pixels,
    labels: &Pixels,
    grid: Option<&Grid>,
    format: Format,
    options: &GeotiffOptions,
) -> Result<Vec<u8>, Error> {
    match format {
        Format::Tiff => write_raster(pixels, Some(labels), grid, options),
        _ => encode(&pixels.beside(labels)?, grid, format, options),
    }
}

fn color_of(
    pixels: &Pixels,
    format: Format,
    fits: impl Fn(ColorType) -> bool,
    expected: &'static str,
) -> Result<ColorType, Error> {
    pixels
        .color_type()
        .filter(|color| fits(*color))
        .ok_or_else(|| Error::Encode {
            format: format.name(),
            pixels: format!(
                "{} bands of {}",
                pixels.bands(),
                pixels.values().type_name()
            ),
            expected,
        })
}

fn write(
    encoder: impl ImageEncoder,
    pixels: &Pixels,
    color: ColorType,
    format: Format,
) -> Result<(), Error> {
    let fault = |error: ImageError| Error::Unreadable {
        media: format.name(),
        problem: error.to_string(),
    };
    let (width, height) = (pixels.width(), pixels.height());
    match pixels.values() {
        Values::U8(bytes) => encoder
            .write_image(bytes, width, height, color.into())
            .map_err(fault),
        Values::U16(words) => encoder
            .write_image(bytemuck::cast_slice(words), width, height, color.into())
            .map_err(fault),
        _ => Err(Error::Internal {
            doing: "encoding a picture",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(bands: u16, sixteen: bool) -> Pixels {
        let count = 20 * 10 * u32::from(bands);
        let values = if sixteen {
            Values::U16((0..count).map(|i| (i * 7919 % 65_521) as u16).collect())
        } else {
            Values::U8((0..count).map(|i| (i * 7919 % 251) as u8).collect())
        };
        Pixels::new(20, 10, bands, values).unwrap()
    }

    #[test]
    fn lossless_formats_give_back_what_was_put_in() {
        let cases = [
            (
                Format::Png,
                vec![
                    (1, false),
                    (2, false),
                    (3, false),
                    (4, false),
                    (1, true),
                    (3, true),
                    (4, true),
                ],
            ),
            (Format::Webp, vec![(3, false), (4, false)]),
            (
                Format::Tiff,
                vec![(1, false), (3, false), (4, true), (5, true), (7, false)],
            ),
            (
                Format::Npy,
                vec![(1, false), (3, false), (4, true), (5, true)],
            ),
        ];
        for (format, kinds) in cases {
            for (bands, sixteen) in kinds {
                let pixels = noise(bands, sixteen);
                let bytes = encode(&pixels, None, format, &GeotiffOptions::default()).unwrap();
                let decoded = Pixels::decode(&bytes).unwrap();
                // A second or fourth band is alpha once it is in a picture.
                assert_eq!(
                    (decoded.width(), decoded.height(), decoded.values()),
                    (pixels.width(), pixels.height(), pixels.values()),
                    "{format} {bands} {sixteen}"
                );
            }
        }
    }

    #[test]
    fn pixels_that_a_format_cannot_hold_are_refused_with_what_can() {
        let error = encode(
            &noise(5, true),
            None,
            Format::Png,
            &GeotiffOptions::default(),
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "png cannot hold 5 bands of uint16: 1 to 4 bands of 8 or 16 bits; tiff and npy hold anything"
        );
        assert!(
            encode(
                &noise(3, true),
                None,
                Format::Jpeg,
                &GeotiffOptions::default()
            )
            .is_err()
        );
    }

    #[test]
    fn a_jpeg_drops_the_alpha_band() {
        let bytes = encode(
            &noise(4, false),
            None,
            Format::Jpeg,
            &GeotiffOptions::default(),
        )
        .unwrap();
        assert_eq!(Pixels::decode(&bytes).unwrap().bands(), 3);
    }
}
