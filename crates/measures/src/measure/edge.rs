//! Edge density: how much of a picture is outline.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::brightness::luma;
use super::{share, within};
use crate::{Picture, Result};

/// Share of the pixels where brightness changes sharply, 0 to 1: buildings and kerbs raise it, fields and water do not.
///
/// The change is the length of the 3 x 3 Sobel gradient of the luma, up to 1442; the border repeats its own pixels. A
/// pixel with a transparent one beside it is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Edge {
    /// Column of the readings; `edge` unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// An edge is at least this steep.
    pub min: f64,
}

impl Default for Edge {
    fn default() -> Self {
        Self {
            name: None,
            min: 100.0,
        }
    }
}

impl Edge {
    pub(super) fn check(&self) -> Result<()> {
        within("edge.min", self.min, 0.0, 1443.0)
    }

    pub(super) fn measure(&self, picture: &Picture<'_>) -> Option<f64> {
        let width = picture.width() as usize;
        if width == 0 {
            return None;
        }
        let luma: Vec<u8> = picture.pixels().iter().map(|pixel| luma(*pixel)).collect();
        let rows: Vec<&[u8]> = luma.chunks_exact(width).collect();
        let masks: Option<Vec<&[bool]>> = picture
            .opaque()
            .map(|opaque| opaque.chunks_exact(width).collect());
        let steep = self.min * self.min;
        let (mut edges, mut counted) = (0_u64, 0_usize);
        for y in 0..rows.len() {
            let near = Neighbourhood { rows: &rows, y };
            let mask = masks.as_ref().map(|rows| Neighbourhood { rows, y });
            for x in 0..width {
                if mask
                    .as_ref()
                    .is_some_and(|mask| mask.around(x, width).as_flattened().contains(&false))
                {
                    continue;
                }
                counted += 1;
                edges += u64::from(f64::from(gradient_squared(near.around(x, width))) >= steep);
            }
        }
        share(edges, counted)
    }
}

/// The rows above, at and below a pixel's.
struct Neighbourhood<'a, T> {
    rows: &'a [&'a [T]],
    y: usize,
}

impl<T: Copy> Neighbourhood<'_, T> {
    /// The nine pixels around column `x`, rows first; those outside are the nearest inside.
    fn around(&self, x: usize, width: usize) -> [[T; 3]; 3] {
        let rows = [
            self.y.saturating_sub(1),
            self.y,
            (self.y + 1).min(self.rows.len() - 1),
        ];
        let columns = [x.saturating_sub(1), x, (x + 1).min(width - 1)];
        rows.map(|row| columns.map(|column| self.rows[row][column]))
    }
}

fn gradient_squared([above, here, below]: [[u8; 3]; 3]) -> i32 {
    let smooth = |[a, b, c]: [u8; 3]| i32::from(a) + 2 * i32::from(b) + i32::from(c);
    let column = |x: usize| smooth([above[x], here[x], below[x]]);
    let across = column(2) - column(0);
    let down = smooth(below) - smooth(above);
    across * across + down * down
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_an_edge_on_both_its_sides() {
        let row = [10, 10, 10, 60, 60, 60];
        let samples = row.repeat(4);
        let picture = Picture::from_bands8(6, 4, 1, &samples).unwrap();
        // Across the step the gradient is 4 * 50.
        assert_eq!(
            Edge {
                name: None,
                min: 200.0
            }
            .measure(&picture),
            Some(2.0 / 6.0)
        );
        assert_eq!(
            Edge {
                name: None,
                min: 200.1
            }
            .measure(&picture),
            Some(0.0)
        );
    }

    #[test]
    fn a_pixel_beside_a_transparent_one_is_left_out() {
        let mut samples = [[10_u8, 255]; 25];
        samples[12] = [255, 0];
        let picture = Picture::from_bands8(5, 5, 2, samples.as_flattened()).unwrap();
        assert_eq!(Edge::default().measure(&picture), Some(0.0));
    }

    #[test]
    fn a_single_pixel_has_no_edge() {
        let picture = Picture::from_bands8(1, 1, 1, &[9]).unwrap();
        assert_eq!(Edge::default().measure(&picture), Some(0.0));
    }
}
