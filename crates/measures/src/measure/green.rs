//! Green share: how much of a picture is vegetation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::opencv_lab::LevelRange;
use super::share;
use crate::{Error, Picture, Result};

/// Share of the pixels whose a* in CIE L*a*b* lies between two bounds, 0 to 1: vegetation, by default.
///
/// a* runs from green (-128) to red (127). It is computed exactly as `OpenCV`'s `COLOR_RGB2LAB` does on 8-bit pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Green {
    /// Column of the readings; `green` unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Green is above this a*; the bound itself is not.
    pub min: i16,
    /// Green is below this a*; the bound itself is not.
    pub max: i16,
}

impl Default for Green {
    fn default() -> Self {
        Self {
            name: None,
            min: -30,
            max: -5,
        }
    }
}

impl Green {
    pub(super) fn check(&self) -> Result<()> {
        // Both bounds are left out, so there has to be a whole number between them.
        if i32::from(self.min) + 1 < i32::from(self.max) {
            return Ok(());
        }
        let problem = format!(
            "nothing lies between min and max ({} and {})",
            self.min, self.max
        );
        Err(Error::Setting {
            setting: "green".to_owned(),
            problem,
        })
    }

    pub(super) fn measure(&self, picture: &Picture<'_>) -> Option<f64> {
        let pixels = picture.opaque_pixels();
        let levels = LevelRange::new(i32::from(self.min) + 129, i32::from(self.max) + 127);
        share(levels.count(&pixels), pixels.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share_of(green: &Green, pixels: &[[u8; 3]]) -> Option<f64> {
        let picture =
            Picture::from_bands8(pixels.len() as u32, 1, 3, pixels.as_flattened()).unwrap();
        green.measure(&picture)
    }

    #[test]
    fn the_whole_colour_cube_has_2_853_983_green_colours() {
        let green = (0..=255_u8).map(|red| {
            let plane: Vec<[u8; 3]> = (0..=u16::MAX)
                .map(|rest| [red, rest.to_be_bytes()[0], rest.to_be_bytes()[1]])
                .collect();
            share_of(&Green::default(), &plane).unwrap() * 65536.0
        });
        assert_eq!(green.sum::<f64>(), 2_853_983.0);
    }

    /// a* by `OpenCV`: leaf green -44, lawn -31, olive -15, grey 0, brick 38.
    #[test]
    fn the_bounds_leave_out_what_is_greener_and_what_is_less_green() {
        let colours = [
            [60, 140, 40],
            [80, 130, 60],
            [110, 120, 50],
            [128, 128, 128],
            [178, 80, 60],
        ];
        assert_eq!(share_of(&Green::default(), &colours), Some(0.2));
        assert_eq!(
            share_of(
                &Green {
                    min: -128,
                    ..Green::default()
                },
                &colours
            ),
            Some(0.6)
        );
        assert_eq!(
            share_of(
                &Green {
                    min: -1,
                    max: 127,
                    name: None
                },
                &colours
            ),
            Some(0.4)
        );
    }

    #[test]
    fn a_picture_of_transparent_pixels_only_has_no_reading() {
        let picture = Picture::from_bands8(1, 1, 4, &[0, 200, 0, 0]).unwrap();
        assert_eq!(Green::default().measure(&picture), None);
    }
}
