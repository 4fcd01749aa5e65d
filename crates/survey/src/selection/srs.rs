//! Simple random samples, and equal-probability systematic ones.

use crate::Stream;

/// `n` of `0..len`, all samples equally likely, in increasing order.
pub(crate) fn simple_random(len: usize, n: usize, stream: &mut Stream) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    for place in 0..n.min(len) {
        let other = place + stream.below(len - place);
        order.swap(place, other);
    }
    order.truncate(n);
    order.sort_unstable();
    order
}

/// `n` of `0..len` at equal steps from a random start: each has the probability n / len.
pub(crate) fn equal_steps(len: usize, n: usize, stream: &mut Stream) -> Vec<usize> {
    super::systematic::systematic_from(&vec![1.0; len], n, stream.unit())
}
