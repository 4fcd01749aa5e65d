//! Sums that lose no digits.

/// A sum by Neumaier's compensation (1974): as if it were kept in twice the digits.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    pub(crate) fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        self.lost += if self.sum.abs() >= value.abs() {
            (self.sum - sum) + value
        } else {
            (value - sum) + self.sum
        };
        self.sum = sum;
    }

    pub(crate) fn value(self) -> f64 {
        self.sum + self.lost
    }
}

/// The sum of all values.
pub(crate) fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sum = Sum::default();
    values.into_iter().for_each(|value| sum.add(value));
    sum.value()
}

/// The running sums of values: the n-th is the sum of the first n + 1.
pub(crate) fn running(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut sum = Sum::default();
    values
        .into_iter()
        .map(|value| {
            sum.add(value);
            sum.value()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_terms_beside_large_ones_are_not_lost() {
        assert_eq!(sum([1.0, 1e100, 1.0, -1e100]), 2.0);
        let tenths = running(std::iter::repeat_n(0.1, 1_000_000));
        assert!((tenths[999_999] - 100_000.0).abs() < 1e-10);
    }
}
