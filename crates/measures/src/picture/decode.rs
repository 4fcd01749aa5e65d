//! From a file's bytes, or pixels that are decoded already, to a [`Picture`].

use raster::{Pixels, Role, Values};

use super::{EXPECTED, Picture};
use crate::{Error, Result};

impl Picture<'static> {
    /// Decodes a PNG, JPEG, WEBP, TIFF or `NumPy` file; the bytes tell which, not a name. A picture in
    /// flight and the file that it is stored in are read by the same decoder.
    ///
    /// # Errors
    /// [`Error::Unreadable`] for what is no picture, or broken, or claims to be larger than 1 GiB;
    /// [`Error::Unsupported`] for CMYK (without its ink profile the colours would be guesses), for numbers
    /// that are no colours, and for two bands of which nobody says what they are.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let pixels = Pixels::decode(bytes).map_err(|error| match error {
            raster::Error::Unsupported { found, .. } => Error::Unsupported {
                found,
                expected: EXPECTED,
            },
            raster::Error::Unreadable {
                media: "picture",
                problem,
            } => Error::Unreadable { problem },
            other => Error::Unreadable {
                problem: other.to_string(),
            },
        })?;
        Self::from_pixels(&pixels)
    }

    /// The colours of pixels: the bands that are red, green and blue where those are known, else the only
    /// band as grey, else the first three. Pixels of which a colour is missing do not count.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for numbers that are no colours: neither 8 nor 16 bits, or class numbers.
    pub fn from_pixels(pixels: &Pixels) -> Result<Self> {
        let unsupported = |found: String| Error::Unsupported {
            found,
            expected: EXPECTED,
        };
        let bands = colour_bands(pixels.roles()).map_err(unsupported)?;
        let rgb = match pixels.values() {
            Values::U8(values) => picked(values, pixels.bands(), bands, |level| level),
            Values::U16(values) => picked(values, pixels.bands(), bands, super::level_of_16),
            other => return Err(unsupported(format!("{} pixels", other.type_name()))),
        };
        let of_pixel = usize::from(pixels.bands());
        let counts = pixels.valid().map(|valid| {
            let there = |flags: &[bool]| bands.iter().all(|band| flags.get(*band) == Some(&true));
            valid
                .chunks_exact(of_pixel)
                .map(there)
                .collect::<Vec<bool>>()
        });
        Ok(Self {
            width: pixels.width(),
            height: pixels.height(),
            rgb: rgb.into(),
            opaque: counts.filter(|counts| counts.contains(&false)),
        })
    }
}

/// Which bands (from 0) are taken for red, green and blue; or what there is instead of colours.
pub fn colour_bands(roles: &[Role]) -> std::result::Result<[usize; 3], String> {
    let of = |role: Role| roles.iter().position(|other| *other == role);
    if let (Some(red), Some(green), Some(blue)) = (of(Role::Red), of(Role::Green), of(Role::Blue)) {
        return Ok([red, green, blue]);
    }
    let plain: Vec<usize> = (0..roles.len())
        .filter(|band| roles.get(*band) != Some(&Role::Alpha))
        .collect();
    match plain.as_slice() {
        [only] if roles.get(*only) == Some(&Role::Class) => Err("class numbers".to_owned()),
        [only] => Ok([*only; 3]),
        [first, second, third, ..] => Ok([*first, *second, *third]),
        _ => Err(format!(
            "{} bands that are not red, green and blue",
            plain.len()
        )),
    }
}

fn picked<S: Copy>(
    values: &[S],
    bands: u16,
    [red, green, blue]: [usize; 3],
    level: impl Fn(S) -> u8,
) -> Vec<u8> {
    let mut rgb = Vec::with_capacity(values.len() / usize::from(bands) * 3);
    for pixel in values.chunks_exact(usize::from(bands)) {
        rgb.extend([level(pixel[red]), level(pixel[green]), level(pixel[blue])]);
    }
    rgb
}
