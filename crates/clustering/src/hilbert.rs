//! Positions along the Hilbert curve, which keeps near what lies near.
//!
//! After Skilling, "Programming the Hilbert curve", AIP Conference Proceedings 707 (2004), in two dimensions. All tiles of one
//! square of a quadtree follow each other on the curve, which the blocks of the balanced method rely on.

/// The place of tile (`column`, `row`) on the curve through 2^`bits` x 2^`bits` tiles.
pub(crate) fn hilbert(column: u32, row: u32, bits: u32) -> u64 {
    let (mut x, mut y) = (column, row);
    let mut key = 0;
    for bit in (0..bits).rev() {
        let (right, up) = ((x >> bit) & 1, (y >> bit) & 1);
        key = (key << 2) | u64::from((3 * right) ^ up);
        // Turn the quadrant so that its own curve begins where the last one ended.
        if up == 0 {
            if right == 1 {
                x = !x;
                y = !y;
            }
            std::mem::swap(&mut x, &mut y);
        }
    }
    key
}

/// Bits that hold the numbers up to `largest`, at least one.
pub(crate) fn bits_for(largest: u32) -> u32 {
    (u32::BITS - largest.leading_zeros()).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_along_the_curve_goes_to_a_tile_beside() {
        let mut tiles: Vec<(u32, u32)> = (0..64).map(|n| (n % 8, n / 8)).collect();
        tiles.sort_by_key(|&(column, row)| hilbert(column, row, 3));
        for pair in tiles.windows(2) {
            let step = pair[0].0.abs_diff(pair[1].0) + pair[0].1.abs_diff(pair[1].1);
            assert_eq!(step, 1, "{pair:?}");
        }
    }

    #[test]
    fn the_tiles_of_a_quadrant_follow_each_other() {
        let mut keys: Vec<u64> = (4..8)
            .flat_map(|column| (0..4).map(move |row| hilbert(column, row, 3)))
            .collect();
        keys.sort_unstable();
        assert_eq!(keys, (keys[0]..keys[0] + 16).collect::<Vec<_>>());
    }
}
