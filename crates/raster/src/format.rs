//! File formats of pictures.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// File format of a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// PNG: lossless, 8 or 16 bits, up to 4 bands.
    #[default]
    Png,
    /// JPEG: lossy, 8 bits, 1 or 3 bands.
    #[serde(alias = "jpg")]
    #[schemars(extend("alsoAccepted" = ["jpg"]))]
    Jpeg,
    /// WebP, lossless as written here: 8 bits, 3 or 4 bands.
    Webp,
    /// GeoTIFF: any bands and type, with reference system and transform; a Cloud Optimized GeoTIFF from 512 pixels.
    #[serde(alias = "tif", alias = "geotiff")]
    #[schemars(extend("alsoAccepted" = ["tif", "geotiff"]))]
    Tiff,
    /// `NumPy` array of shape (bands, height, width).
    Npy,
}

impl Format {
    /// Extension of a file of this format, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
            Self::Tiff => "tif",
            Self::Npy => "npy",
        }
    }

    /// Media type of a file of this format.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Tiff => "image/tiff",
            Self::Npy => "application/x-npy",
        }
    }

    /// The name that settings use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
            Self::Tiff => "tiff",
            Self::Npy => "npy",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
