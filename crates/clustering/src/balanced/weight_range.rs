//! Into how many clusters a weight can be divided.

use std::ops::RangeInclusive;

/// The weights a cluster may have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct WeightRange {
    pub least: f64,
    pub most: f64,
}

impl WeightRange {
    pub fn holds(self, weight: f64) -> bool {
        weight >= self.least && weight <= self.most
    }

    /// The numbers of clusters that a weight can be divided into, if any: with 180 to 300, no number fits a weight of 350. At
    /// most `places`, which cannot be cut.
    pub fn counts(self, weight: f64, places: usize) -> Option<RangeInclusive<usize>> {
        let fewest = ((weight / self.most).ceil() as usize).max(1);
        let most = if self.least > 0.0 {
            (weight / self.least).floor() as usize
        } else {
            places
        };
        (fewest <= most.min(places)).then(|| fewest..=most.min(places))
    }

    /// The weights that a part for `count` of `of` clusters may have, so that both parts can be divided on.
    pub fn part(self, weight: f64, count: usize, of: usize) -> Option<WeightRange> {
        let (count, rest) = (count as f64, (of - count) as f64);
        let part = WeightRange {
            least: (count * self.least).max(weight - rest * self.most),
            most: (count * self.most).min(weight - rest * self.least),
        };
        (part.least <= part.most).then_some(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: WeightRange = WeightRange {
        least: 180.0,
        most: 300.0,
    };

    #[test]
    fn some_weights_fit_no_number_of_clusters() {
        assert_eq!(RANGE.counts(350.0, 99), None);
        assert_eq!(RANGE.counts(179.0, 99), None);
        assert_eq!(RANGE.counts(180.0, 99), Some(1..=1));
        assert_eq!(RANGE.counts(600.0, 99), Some(2..=3));
        assert_eq!(RANGE.counts(600.0, 2), Some(2..=2));
    }

    #[test]
    fn a_part_leaves_the_rest_divisible() {
        let part = RANGE.part(500.0, 1, 2).expect("500 is divisible by two");
        assert_eq!((part.least, part.most), (200.0, 300.0));
        assert_eq!(RANGE.part(350.0, 1, 2), None);
    }
}
