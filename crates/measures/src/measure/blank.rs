//! Blank: how much of a picture is one flat colour.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::share;
use crate::Picture;

/// Share of the pixels that have the commonest colour, 0 to 1: a picture without content is near 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Blank {
    /// Column of the readings; `blank` unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Blank {
    #[expect(clippy::unused_self, reason = "every measure is asked in one way")]
    pub(super) fn measure(&self, picture: &Picture<'_>) -> Option<f64> {
        let pixels = picture.opaque_pixels();
        let mut colours: Vec<u32> = pixels
            .iter()
            .map(|[red, green, blue]| u32::from_be_bytes([0, *red, *green, *blue]))
            .collect();
        colours.sort_unstable();
        let commonest = colours
            .chunk_by(|one, next| one == next)
            .map(<[u32]>::len)
            .max()
            .unwrap_or(0);
        share(commonest as u64, pixels.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commonest_colour_is_counted_wherever_it_stands() {
        let pixels = [[1, 2, 3], [9, 9, 9], [1, 2, 3], [3, 2, 1], [1, 2, 3]];
        let picture = Picture::from_bands8(5, 1, 3, pixels.as_flattened()).unwrap();
        assert_eq!(Blank::default().measure(&picture), Some(0.6));
    }
}
