//! Pictures as every measure sees them: 8-bit red, green and blue, and which pixels count.

mod decode;

pub use decode::colour_bands;

use std::borrow::Cow;

use image::DynamicImage;

use crate::{Error, Result};

/// What the constructors accept, for messages.
const EXPECTED: &str = "8- or 16-bit grey, RGB or either with alpha";

/// A picture in memory: 8-bit RGB, rows from the top, and which of its pixels are transparent.
///
/// Grey becomes equal red, green and blue; 16-bit values are scaled to the nearest of 8 bits; a pixel whose alpha is
/// 0 has no colour and is left out of every measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture<'a> {
    width: u32,
    height: u32,
    rgb: Cow<'a, [u8]>,
    /// One a pixel; `None` where every pixel counts.
    opaque: Option<Vec<bool>>,
}

impl<'a> Picture<'a> {
    /// Takes over an image that is decoded already; 8-bit RGB is borrowed.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for floating-point pictures, whose white is not known.
    pub fn from_image(image: &'a DynamicImage) -> Result<Self> {
        let (width, height) = (image.width(), image.height());
        match image {
            DynamicImage::ImageLuma8(pixels) => Self::from_bands8(width, height, 1, pixels),
            DynamicImage::ImageLumaA8(pixels) => Self::from_bands8(width, height, 2, pixels),
            DynamicImage::ImageRgb8(pixels) => Self::from_bands8(width, height, 3, pixels),
            DynamicImage::ImageRgba8(pixels) => Self::from_bands8(width, height, 4, pixels),
            DynamicImage::ImageLuma16(pixels) => Self::from_bands16(width, height, 1, pixels),
            DynamicImage::ImageLumaA16(pixels) => Self::from_bands16(width, height, 2, pixels),
            DynamicImage::ImageRgb16(pixels) => Self::from_bands16(width, height, 3, pixels),
            DynamicImage::ImageRgba16(pixels) => Self::from_bands16(width, height, 4, pixels),
            other => Err(Error::Unsupported {
                found: format!("{:?} pixels", other.color()),
                expected: EXPECTED,
            }),
        }
    }

    /// A picture of 8-bit samples, pixel after pixel: 1 band is grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
    ///
    /// # Errors
    /// [`Error::SampleCount`] where the samples do not fill the picture, [`Error::Unsupported`] for other bands.
    pub fn from_bands8(width: u32, height: u32, bands: u16, samples: &'a [u8]) -> Result<Self> {
        check_count(width, height, bands, samples.len())?;
        if bands == 3 {
            return Ok(Self {
                width,
                height,
                rgb: Cow::Borrowed(samples),
                opaque: None,
            });
        }
        Self::spread(width, height, bands, samples, |sample| sample)
    }

    /// The same for 16-bit samples, each scaled to the nearest 8-bit level.
    ///
    /// # Errors
    /// As [`Picture::from_bands8`].
    pub fn from_bands16(
        width: u32,
        height: u32,
        bands: u16,
        samples: &[u16],
    ) -> Result<Picture<'static>> {
        check_count(width, height, bands, samples.len())?;
        Picture::spread(width, height, bands, samples, level_of_16)
    }

    /// Red, green and blue of every pixel, and who is transparent, from samples of any layout.
    fn spread<S: Copy + Default + PartialEq>(
        width: u32,
        height: u32,
        bands: u16,
        samples: &[S],
        level: impl Fn(S) -> u8,
    ) -> Result<Picture<'static>> {
        let (colours, alpha) = match bands {
            1 => (1, None),
            2 => (1, Some(1)),
            3 => (3, None),
            4 => (3, Some(3)),
            _ => {
                return Err(Error::Unsupported {
                    found: format!("{bands} bands"),
                    expected: EXPECTED,
                });
            }
        };
        let pixels = samples.chunks_exact(usize::from(bands));
        let mut rgb = Vec::with_capacity(pixels.len() * 3);
        for pixel in pixels.clone() {
            match pixel {
                [red, green, blue, ..] if colours == 3 => {
                    rgb.extend([level(*red), level(*green), level(*blue)]);
                }
                [grey, ..] => rgb.extend([level(*grey); 3]),
                [] => {}
            }
        }
        let opaque: Option<Vec<bool>> = alpha.map(|band| {
            pixels
                .map(|pixel| pixel.get(band).is_some_and(|alpha| *alpha != S::default()))
                .collect()
        });
        let opaque = opaque.filter(|opaque| opaque.contains(&false));
        Ok(Picture {
            width,
            height,
            rgb: Cow::Owned(rgb),
            opaque,
        })
    }

    /// Pixels across.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Pixels down.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// As an RGB image; what was transparent has the colour that the file gave it.
    #[must_use]
    pub fn into_rgb8(self) -> Option<image::RgbImage> {
        image::RgbImage::from_raw(self.width, self.height, self.rgb.into_owned())
    }

    /// Every pixel in order, transparent ones included.
    pub(crate) fn pixels(&self) -> &[[u8; 3]] {
        self.rgb.as_chunks().0
    }

    /// Which pixels count; `None` where all do.
    pub(crate) fn opaque(&self) -> Option<&[bool]> {
        self.opaque.as_deref()
    }

    /// The pixels that count, side by side.
    pub(crate) fn opaque_pixels(&self) -> Cow<'_, [[u8; 3]]> {
        match &self.opaque {
            None => Cow::Borrowed(self.pixels()),
            Some(opaque) => {
                let kept = self
                    .pixels()
                    .iter()
                    .zip(opaque)
                    .filter(|(_, opaque)| **opaque);
                Cow::Owned(kept.map(|(pixel, _)| *pixel).collect())
            }
        }
    }
}

/// The nearest of 256 levels: 65,535 / 255 = 257 exactly, and the greatest quotient is 255.
fn level_of_16(sample: u16) -> u8 {
    ((u32::from(sample) + 128) / 257) as u8
}

fn check_count(width: u32, height: u32, bands: u16, found: usize) -> Result<()> {
    // Two u32 fill a u64; the bands need saturation, which no real count reaches.
    let expected = (u64::from(width) * u64::from(height)).saturating_mul(u64::from(bands));
    if found as u64 == expected {
        return Ok(());
    }
    Err(Error::SampleCount {
        width,
        height,
        bands,
        found,
        expected,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_is_rgb_of_equal_channels() {
        let picture = Picture::from_bands8(2, 1, 1, &[7, 200]).unwrap();
        assert_eq!(picture.pixels(), [[7; 3], [200; 3]]);
    }

    #[test]
    fn pixels_of_alpha_0_are_left_out() {
        let samples = [1, 2, 3, 255, 4, 5, 6, 0, 7, 8, 9, 1];
        let picture = Picture::from_bands8(3, 1, 4, &samples).unwrap();
        assert_eq!(*picture.opaque_pixels(), [[1, 2, 3], [7, 8, 9]]);
        let grey = Picture::from_bands16(2, 1, 2, &[65535, 0, 257, 1]).unwrap();
        assert_eq!(*grey.opaque_pixels(), [[1; 3]]);
    }

    #[test]
    fn sixteen_bits_are_scaled_to_the_nearest_level() {
        let samples = [0, 128, 129, 385, 386, 65535];
        let picture = Picture::from_bands16(2, 1, 3, &samples).unwrap();
        assert_eq!(picture.pixels(), [[0, 0, 1], [1, 2, 255]]);
    }

    #[test]
    fn a_picture_that_does_not_fit_its_size_is_refused() {
        let error = Picture::from_bands8(2, 2, 3, &[0; 11]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "11 samples for a picture of 2 x 2 pixels with 3 bands, expected 12"
        );
        let error = Picture::from_bands8(1, 1, 5, &[0; 5]).unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    }
}
