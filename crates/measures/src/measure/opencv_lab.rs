//! The a* axis of CIE L\*a\*b\* as `OpenCV` computes it on 8-bit pictures, level for level.
//!
//! `OpenCV`'s `cvtColor(..., COLOR_RGB2LAB)` on `uint8` is integer arithmetic over two tables (`color_lab.cpp`,
//! `RGB2Lab_b`): linear light in steps of 1/2040, and the cube root of CIE 15:2004 section 8.2.1.1 in steps of
//! 1/32768. The tables are made in 32-bit floats whose cube root is rounded towards zero, so they are made that way
//! here; a 64-bit cube root gives other colours.
//!
//! One pixel costs three look-ups of 2 KiB tables, which add up the two XYZ rows at once in the halves of one 64-bit
//! number, and two of a table of 8 KiB: all of it stays in the first-level cache.

use std::sync::LazyLock;

/// Linear light of a channel at full brightness.
const WHITE: i32 = 2040;
/// One in the cube-root table.
const ONE: i32 = 1 << 15;
/// Entries of the cube-root table that `OpenCV` makes; light never passes [`WHITE`].
const CUBE_ROOTS: usize = 3072;
/// Rows X and Y from linear RGB over the white of D65, times 4096.
const X: [u64; 3] = [1777, 1541, 778];
const Y: [u64; 3] = [871, 2929, 296];

/// The tables, made once.
static TABLES: LazyLock<Tables> = LazyLock::new(Tables::new);

struct Tables {
    /// For each channel and level: its part of X in the low half and of Y in the high half, times 4096.
    /// Half of 4096 is added to red's, so that the sum is rounded when it is shifted.
    light: [[u64; 256]; 3],
    /// Cube roots times [`ONE`]; the table is filled up to a power of two, so that a masked index needs no check.
    cube_root: [u16; 4096],
}

/// Pixels whose a* level lies in a range, as a test on the difference of the cube roots of X and Y.
#[derive(Clone, Copy, Debug)]
pub(super) struct LevelRange {
    /// Smallest difference inside.
    least: i32,
    /// Largest less smallest; negative where no pixel can be inside.
    span: i32,
}

impl LevelRange {
    /// Levels 0 to 255, both inclusive.
    pub(super) fn new(least: i32, most: i32) -> Self {
        // Levels never fall as the difference grows, so the differences inside are one run.
        let inside = |difference: &i32| (least..=most).contains(&level(*difference));
        let run = || (-ONE..=ONE).filter(inside);
        match (run().next(), run().next_back()) {
            (Some(first), Some(last)) => Self {
                least: first,
                span: last - first,
            },
            _ => Self { least: 0, span: -1 },
        }
    }

    /// How many of the pixels are inside.
    pub(super) fn count(self, pixels: &[[u8; 3]]) -> u64 {
        let Ok(span) = u32::try_from(self.span) else {
            return 0;
        };
        let tables = &*TABLES;
        let inside = |pixel: &[u8; 3]| {
            u32::from(
                tables
                    .difference(*pixel)
                    .wrapping_sub(self.least)
                    .cast_unsigned()
                    <= span,
            )
        };
        // Blocks keep the inner sum in 32 bits.
        pixels
            .chunks(1 << 20)
            .map(|block| u64::from(block.iter().map(inside).sum::<u32>()))
            .sum()
    }
}

/// The a* level (a* + 128) for a difference of cube roots.
fn level(difference: i32) -> i32 {
    let scaled = 500 * difference + 128 * ONE;
    ((scaled + ONE / 2) >> 15).clamp(0, 255)
}

impl Tables {
    fn new() -> Self {
        let linear: Vec<u64> = (0..=255).map(linear_light).collect();
        let mut light = [[0; 256]; 3];
        for (channel, parts) in light.iter_mut().enumerate() {
            let rounding = if channel == 0 { 2048 } else { 0 };
            for (part, light) in parts.iter_mut().zip(&linear) {
                *part = (X[channel] * light + rounding) | ((Y[channel] * light + rounding) << 32);
            }
        }
        let mut cube_root = [0; 4096];
        for (index, entry) in cube_root.iter_mut().take(CUBE_ROOTS).enumerate() {
            *entry = cube_root_entry(index as u16);
        }
        Self { light, cube_root }
    }

    /// Cube root of X less cube root of Y, in steps of 1/32768.
    #[inline]
    fn difference(&self, [red, green, blue]: [u8; 3]) -> i32 {
        let [reds, greens, blues] = &self.light;
        let sum = reds[usize::from(red)] + greens[usize::from(green)] + blues[usize::from(blue)];
        let root = |index: u64| i32::from(self.cube_root[(index & 4095) as usize]);
        root(sum >> 12) - root(sum >> 44)
    }
}

/// sRGB decoding (IEC 61966-2-1) of a level, in steps of 1/2040.
fn linear_light(level: u8) -> u64 {
    let value = f64::from(level) / 255.0;
    let linear = if value <= 0.04045 {
        value / 12.92
    } else {
        ((value + 0.055) / 1.055).powf(2.4)
    };
    (f64::from(WHITE) * linear).round_ties_even() as u64
}

/// CIE's f(t) for t = index / 2040, times 32768, in 32-bit floats.
fn cube_root_entry(index: u16) -> u16 {
    let t = f32::from(index) / WHITE as f32;
    let root = if t < 216.0 / 24389.0 {
        t * (841.0 / 108.0) + 16.0 / 116.0
    } else {
        truncated_cube_root(t)
    };
    (ONE as f32 * root).round_ties_even() as u16
}

/// The cube root of a positive number, rounded towards zero.
fn truncated_cube_root(t: f32) -> f32 {
    let exact = f64::from(t).cbrt();
    let nearest = exact as f32;
    if f64::from(nearest) > exact {
        nearest.next_down()
    } else {
        nearest
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn a_level(pixel: [u8; 3]) -> u8 {
        level(TABLES.difference(pixel)) as u8
    }

    #[test]
    fn the_tables_add_up_to_opencvs() {
        assert_eq!((0..=255).map(linear_light).sum::<u64>(), 162_416);
        assert_eq!(
            (0..3072)
                .map(|index| u64::from(cube_root_entry(index)))
                .sum::<u64>(),
            86_529_539
        );
    }

    /// The digest is of `cv2.cvtColor(cube, cv2.COLOR_RGB2LAB)[..., 1].tobytes()`, `OpenCV` 5.0.0, red slowest.
    #[test]
    fn every_one_of_the_16_777_216_colours_has_opencvs_level() {
        let (mut sum, mut digest) = (0_u64, Sha256::new());
        for red in 0..=255 {
            let plane: Vec<u8> = (0..=u16::MAX)
                .map(|rest| a_level([red, rest.to_be_bytes()[0], rest.to_be_bytes()[1]]))
                .collect();
            sum += plane.iter().copied().map(u64::from).sum::<u64>();
            digest.update(&plane);
        }
        assert_eq!(sum, 2_264_629_204);
        let digest: String = digest
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            digest,
            "a679de0bfa2661c5b116b2e43aaef9fa4e11b0e599f8633f297a1acf4bc3b862"
        );
    }

    #[test]
    fn a_range_holds_exactly_the_colours_whose_level_is_inside() {
        let colours: Vec<[u8; 3]> = (0..=u16::MAX)
            .map(|n| {
                [
                    (n >> 8) as u8,
                    (n & 255) as u8,
                    n.wrapping_mul(40503).to_be_bytes()[0],
                ]
            })
            .collect();
        for (least, most) in [
            (99, 122),
            (0, 255),
            (0, 41),
            (128, 128),
            (200, 255),
            (130, 120),
            (256, 300),
        ] {
            let expected = colours
                .iter()
                .filter(|pixel| (least..=most).contains(&i32::from(a_level(**pixel))))
                .count();
            assert_eq!(
                LevelRange::new(least, most).count(&colours),
                expected as u64,
                "{least}..={most}"
            );
        }
    }
}
