//! Brightness: the mean luma, and the luma that other measures share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Picture;

/// Mean luma of the picture, 0 (black) to 1 (white).
///
/// Luma is that of ITU-R BT.601 in the integer weights of `OpenCV`'s `COLOR_RGB2GRAY`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Brightness {
    /// Column of the readings; `brightness` unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Brightness {
    #[expect(clippy::unused_self, reason = "every measure is asked in one way")]
    pub(super) fn measure(&self, picture: &Picture<'_>) -> Option<f64> {
        let pixels = picture.opaque_pixels();
        let sum: u64 = pixels.iter().map(|pixel| u64::from(luma(*pixel))).sum();
        (!pixels.is_empty()).then(|| sum as f64 / (255.0 * pixels.len() as f64))
    }
}

/// Luma of a pixel, 0 to 255: 0.299 red, 0.587 green and 0.114 blue, times 32768.
pub(super) fn luma([red, green, blue]: [u8; 3]) -> u8 {
    let weighted = 9798 * u32::from(red) + 19235 * u32::from(green) + 3735 * u32::from(blue);
    ((weighted + (1 << 14)) >> 15) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luma_has_the_weights_of_bt_601() {
        assert_eq!(
            [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255; 3], [0; 3]].map(luma),
            [76, 150, 29, 255, 0]
        );
    }

    #[test]
    fn brightness_is_the_mean_luma_of_what_is_opaque() {
        let picture = Picture::from_bands8(3, 1, 2, &[255, 255, 0, 255, 255, 0]).unwrap();
        assert_eq!(Brightness::default().measure(&picture), Some(0.5));
    }
}
