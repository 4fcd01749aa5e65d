//! The picture that a study asks for: how much ground, how many pixels, which format.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use raster::Format;

use crate::Error;
use crate::labels::{LabelMode, Labels};

/// Largest side of a picture, in pixels.
pub const MAX_SIZE_PX: u32 = 16_384;

/// What one picture is to be.
///
/// The side is given by two of `size_m`, `size_px` and `pixel_m`, or by one of the first two:
/// `size_m` alone takes the source's own pixel (256 pixels where the source draws at any scale),
/// `size_px` alone takes that many of the source's own pixels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// Side of the picture on the ground, in metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_m: Option<f64>,
    /// Side of the picture in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_px: Option<u32>,
    /// Side of a pixel in metres. With `size_px`, metres of the source's own projection (as in
    /// "4.777 m pixels of a Web Mercator basemap"); a value within 0.5 % of the source's own pixel
    /// reads the source's pixels untouched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixel_m: Option<f64>,
    /// File format.
    #[serde(default)]
    pub format: Format,
    /// Bands to keep, in this order: numbers counted from 1 (cog), or names (`earth_engine`, stac).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bands: Option<Vec<Band>>,
    /// A polygon layer burnt into the picture's own grid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Labels>,
    /// A picture whose share of valid pixels (inside the raster, neither nodata nor masked nor clear) is
    /// smaller is `blank`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_valid_share: Option<f64>,
    /// What becomes of a colour picture that is one flat colour.
    #[serde(default, skip_serializing_if = "Blank::is_skip")]
    pub blank: Blank,
    /// Whether a GDAL sidecar (`{key}.aux.xml`) with the reference system and the transform is written
    /// beside a png, jpeg or webp.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sidecar: bool,
}

/// What becomes of a colour picture of 8 bits that is one flat colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Blank {
    /// It shows nothing: the sample is `blank` and no picture is stored.
    #[default]
    Skip,
    /// It is a picture like any other.
    Keep,
}

impl Blank {
    fn is_skip(&self) -> bool {
        *self == Self::Skip
    }
}

/// A band of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Band {
    /// Its number, counted from 1.
    Number(u16),
    /// Its name.
    Name(String),
}

impl fmt::Display for Band {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// The side of a picture, with what was left open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Size {
    /// So many metres on the ground, in so many pixels (`None`: of the source's own pixels).
    Ground { size_m: f64, px: Option<u32> },
    /// So many pixels, each so many metres of the source's projection (`None`: its own pixel).
    Pixels { px: u32, pixel_m: Option<f64> },
}

impl Size {
    /// Pixels along a side; the usual number where the source decides.
    pub(crate) fn usual_px(self) -> f64 {
        match self {
            Self::Ground { px: Some(px), .. } | Self::Pixels { px, .. } => f64::from(px),
            Self::Ground { px: None, .. } => 256.0,
        }
    }
}

impl Picture {
    /// Checks everything that can be seen without knowing the source.
    pub(crate) fn check(&self) -> Result<Size, Error> {
        let metres = |name: &str, value: Option<f64>| match value {
            Some(value) if !(value.is_finite() && value > 0.0) => Err(Error::setting(
                format!("picture.{name}"),
                value,
                "a positive number of metres",
            )),
            _ => Ok(value),
        };
        let size_m = metres("size_m", self.size_m)?;
        let pixel_m = metres("pixel_m", self.pixel_m)?;
        let within = |px: u32, setting: &str| {
            if (1..=MAX_SIZE_PX).contains(&px) {
                Ok(px)
            } else {
                Err(Error::setting(
                    setting,
                    px,
                    format!("1 to {MAX_SIZE_PX} pixels"),
                ))
            }
        };
        if let Some(labels) = &self.labels {
            labels.check()?;
            let holds = matches!(self.format, Format::Tiff | Format::Npy);
            if labels.mode == LabelMode::Band && !holds {
                return Err(Error::setting(
                    "picture.labels.mode",
                    format!("\"band\" with format \"{}\"", self.format),
                    "\"file\", or format \"tiff\" or \"npy\": other formats take a further band for alpha, or lose it",
                ));
            }
        }
        if let Some(share) = self
            .min_valid_share
            .filter(|share| !(0.0..=1.0).contains(share))
        {
            return Err(Error::setting(
                "picture.min_valid_share",
                share,
                "a share from 0 to 1",
            ));
        }
        match (size_m, self.size_px, pixel_m) {
            (Some(size_m), Some(px), None) => Ok(Size::Ground {
                size_m,
                px: Some(within(px, "picture.size_px")?),
            }),
            (Some(size_m), None, Some(pixel_m)) => {
                let px = (size_m / pixel_m).round().min(f64::from(u32::MAX)) as u32;
                Ok(Size::Ground {
                    size_m,
                    px: Some(within(px, "picture.size_m / picture.pixel_m")?),
                })
            }
            (Some(size_m), None, None) => Ok(Size::Ground { size_m, px: None }),
            (None, Some(px), pixel_m) => Ok(Size::Pixels {
                px: within(px, "picture.size_px")?,
                pixel_m,
            }),
            (Some(_), Some(_), Some(_)) => Err(Error::setting(
                "picture",
                "given size_m, size_px and pixel_m",
                "two of the three, since the third follows from them",
            )),
            (None, None, _) => Err(Error::setting(
                "picture",
                "without a size",
                "size_m or size_px",
            )),
        }
    }
}

impl Size {
    /// Ground and pixels for a source that draws at any scale.
    pub(crate) fn drawn(self) -> Result<(f64, u32), Error> {
        match self {
            Self::Ground { size_m, px } => Ok((size_m, px.unwrap_or(DEFAULT_DRAWN_PX))),
            Self::Pixels {
                px,
                pixel_m: Some(pixel_m),
            } => Ok((f64::from(px) * pixel_m, px)),
            Self::Pixels { pixel_m: None, .. } => Err(Error::setting(
                "picture",
                "size_px alone",
                "size_px with size_m or pixel_m, since this source draws at any scale",
            )),
        }
    }
}

/// Side in pixels where a source draws at any scale and the study does not say.
const DEFAULT_DRAWN_PX: u32 = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(size_m: Option<f64>, size_px: Option<u32>, pixel_m: Option<f64>) -> Picture {
        Picture {
            size_m,
            size_px,
            pixel_m,
            ..Picture::default()
        }
    }

    #[test]
    fn two_of_three_measures_give_the_side() {
        let cases = [
            (
                picture(Some(50.0), None, None),
                Size::Ground {
                    size_m: 50.0,
                    px: None,
                },
            ),
            (
                picture(Some(50.0), Some(256), None),
                Size::Ground {
                    size_m: 50.0,
                    px: Some(256),
                },
            ),
            (
                picture(Some(50.0), None, Some(0.5)),
                Size::Ground {
                    size_m: 50.0,
                    px: Some(100),
                },
            ),
            (
                picture(None, Some(256), Some(4.77)),
                Size::Pixels {
                    px: 256,
                    pixel_m: Some(4.77),
                },
            ),
            (
                picture(None, Some(256), None),
                Size::Pixels {
                    px: 256,
                    pixel_m: None,
                },
            ),
        ];
        for (picture, size) in cases {
            assert_eq!(picture.check().unwrap(), size);
        }
    }

    #[test]
    fn a_size_that_cannot_be_is_refused_with_what_would_be_right() {
        let cases = [
            (
                picture(None, None, None),
                "picture is without a size: expected size_m or size_px",
            ),
            (
                picture(Some(0.0), None, None),
                "picture.size_m is 0: expected a positive number of metres",
            ),
            (
                picture(Some(f64::NAN), None, None),
                "picture.size_m is NaN: expected a positive number of metres",
            ),
            (
                picture(None, Some(0), None),
                "picture.size_px is 0: expected 1 to 16384 pixels",
            ),
            (
                picture(Some(1e9), None, Some(0.1)),
                "picture.size_m / picture.pixel_m is 4294967295: expected 1 to 16384 pixels",
            ),
            (
                picture(Some(50.0), Some(256), Some(0.2)),
                "picture is given size_m, size_px and pixel_m: expected two of the three, since the third follows from them",
            ),
        ];
        for (picture, message) in cases {
            assert_eq!(picture.check().unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_misspelt_field_is_named() {
        let error = serde_json::from_str::<Picture>(r#"{"size_pixels": 3}"#)
            .unwrap_err()
            .to_string();
        assert!(error.contains("unknown field `size_pixels`"), "{error}");
    }
}
