//! Samples in batches of nearly equal size.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// How samples are divided: into so many batches, or into batches of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Batches {
    /// This many batches, or one a sample where there are fewer.
    Count(usize),
    /// As few batches as hold at most this many samples each.
    Size(usize),
}

impl Default for Batches {
    fn default() -> Self {
        Self::Count(50)
    }
}

/// The rows of each batch of `samples`: sizes differ by at most one, larger batches first, never
/// more batches than asked for, none for no samples.
///
/// ```
/// use sampling::{Batches, batch_ranges};
/// let batches = batch_ranges(801, Batches::Count(50)).unwrap();
/// assert_eq!(batches.len(), 50);
/// assert_eq!(batches[0], 0..17);
/// assert_eq!(batches[1], 17..33);
/// ```
///
/// # Errors
/// [`Error::Setting`] for a count or size of 0.
pub fn batch_ranges(samples: usize, batches: Batches) -> Result<Vec<Range<usize>>> {
    let count = match batches {
        Batches::Count(0) => return Err(Error::setting("batches", "is 0; at least 1")),
        Batches::Size(0) => return Err(Error::setting("batch_size", "is 0; at least 1")),
        Batches::Count(count) => count.min(samples),
        Batches::Size(size) => samples.div_ceil(size),
    };
    if count == 0 {
        return Ok(Vec::new());
    }
    let (size, larger) = (samples / count, samples % count);
    let start = |batch: usize| batch * size + batch.min(larger);
    Ok((0..count)
        .map(|batch| start(batch)..start(batch + 1))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn batches_of_nothing_are_none_and_of_zero_are_refused() {
        assert_eq!(batch_ranges(0, Batches::Count(50)).unwrap(), []);
        assert_eq!(batch_ranges(0, Batches::Size(50)).unwrap(), []);
        assert!(batch_ranges(10, Batches::Count(0)).is_err());
        assert!(batch_ranges(10, Batches::Size(0)).is_err());
    }

    #[test]
    fn eight_hundred_and_one_areas_in_fifty() {
        let sizes: Vec<usize> = batch_ranges(801, Batches::Count(50))
            .unwrap()
            .into_iter()
            .map(|rows| rows.len())
            .collect();
        assert_eq!(sizes.iter().filter(|&&size| size == 17).count(), 1);
        assert_eq!(sizes.iter().filter(|&&size| size == 16).count(), 49);
    }

    proptest! {
        #[test]
        fn batches_cover_every_sample_once_and_differ_by_at_most_one(
            samples in 0_usize..5000, n in 1_usize..200, by_size: bool
        ) {
            let batches = if by_size { Batches::Size(n) } else { Batches::Count(n) };
            let ranges = batch_ranges(samples, batches).unwrap();
            let rows: Vec<usize> = ranges.iter().cloned().flatten().collect();
            prop_assert_eq!(rows, (0..samples).collect::<Vec<_>>());
            let sizes: Vec<usize> = ranges.iter().map(ExactSizeIterator::len).collect();
            let (most, least) = (sizes.iter().max(), sizes.iter().min());
            prop_assert!(most.zip(least).is_none_or(|(most, least)| *least > 0 && most - least <= 1));
            match batches {
                Batches::Count(count) => prop_assert!(ranges.len() <= count),
                Batches::Size(size) => prop_assert!(sizes.iter().all(|&s| s <= size)),
            }
        }
    }
}
