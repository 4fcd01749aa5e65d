//! Label layers: polygons burnt into the grid of a picture.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use raster::labels::{LabelLayer, Mask};

use crate::Error;

/// A polygon layer burnt into every picture at its own grid. A pixel gets the value of the polygon
/// that its centre lies in, the largest where several overlap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// The layer: a table of polygons (GeoParquet, GeoJSON, Shapefile, FlatGeobuf), as a path or a key of the input bucket.
    pub layer: String,
    /// Column of numbers that are burnt in; 1 everywhere where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Whether the labels become the last band of the picture or a file of their own.
    #[serde(default)]
    pub mode: LabelMode,
    /// Value of pixels in no polygon.
    #[serde(default)]
    pub outside: f64,
    /// A picture whose share of labelled pixels is smaller is not fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_label_share: Option<f64>,
}

/// Where labels go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LabelMode {
    /// The last band of the picture.
    #[default]
    Band,
    /// A GeoTIFF beside the picture, `{sample_id}.labels.tif`.
    File,
}

impl Labels {
    /// What the band of labels is called.
    pub(crate) fn band_name(&self) -> &str {
        self.column.as_deref().unwrap_or("label")
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.layer.trim().is_empty() {
            return Err(Error::setting(
                "picture.labels.layer",
                "empty",
                "a path or key of a polygon table",
            ));
        }
        match self.min_label_share {
            Some(share) if !(0.0..=1.0).contains(&share) => Err(Error::setting(
                "picture.labels.min_label_share",
                share,
                "a share from 0 to 1",
            )),
            _ if !self.outside.is_finite() => Err(Error::setting(
                "picture.labels.outside",
                self.outside,
                "a number",
            )),
            _ => Ok(()),
        }
    }
}
