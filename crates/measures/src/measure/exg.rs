//! Excess green: vegetation by chromaticity.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{share, within};
use crate::{Picture, Result};

/// Share of the pixels whose excess green index is above a threshold, 0 to 1.
///
/// The index is 2g - r - b of the chromatic coordinates r = R / (R + G + B) and so on (Woebbecke, Meyer, Von Bargen and
/// Mortensen, Transactions of the ASAE 38(1), 1995), from -1 to 2. Black has no chromaticity and counts as not green.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Exg {
    /// Column of the readings; `exg` unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Green is above this index.
    pub min: f64,
}

impl Default for Exg {
    fn default() -> Self {
        Self {
            name: None,
            min: 0.1,
        }
    }
}

impl Exg {
    pub(super) fn check(&self) -> Result<()> {
        within("exg.min", self.min, -1.0, 2.0)
    }

    pub(super) fn measure(&self, picture: &Picture<'_>) -> Option<f64> {
        let pixels = picture.opaque_pixels();
        let green = pixels.iter().filter(|[red, green, blue]| {
            let sum = u16::from(*red) + u16::from(*green) + u16::from(*blue);
            // 2g - r - b = 3g - 1, without the division.
            sum > 0 && f64::from(*green) * 3.0 > (1.0 + self.min) * f64::from(sum)
        });
        share(green.count() as u64, pixels.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_strictly_above_its_threshold() {
        // 3g - 1: black has none; grey 0; (85, 110, 80) gives 0.2; (100, 110, 90) gives 0.1; pure green 2.
        let pixels = [
            [0, 0, 0],
            [77, 77, 77],
            [85, 110, 80],
            [100, 110, 90],
            [0, 9, 0],
        ];
        let picture = Picture::from_bands8(5, 1, 3, pixels.as_flattened()).unwrap();
        for (min, expected) in [
            (0.1 + 1e-9, 0.4),
            (0.1 - 1e-9, 0.6),
            (-1e-9, 0.8),
            (1.999, 0.2),
            (2.0, 0.0),
        ] {
            assert_eq!(
                Exg { name: None, min }.measure(&picture),
                Some(expected),
                "above {min}"
            );
        }
    }
}
