//! The order in which the points of one road are visited: by folding it in half.
//!
//! The first visit goes to the middle, the next two to the middles of the halves, and so on, so
//! that the visits made so far are always spread over the whole road. This is breadth-first order
//! of the binary tree whose root is the middle.

/// When a point is visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Rank of the visit, 0 first.
    pub order: u32,
    /// How often the road was folded to get there, 1 first.
    pub priority: u32,
}

/// The visits of a road of `n` points, point by point. The middle is the upper one of an even count.
///
/// ```
/// let orders: Vec<u32> = sampling::visiting_order::fold(5).iter().map(|v| v.order).collect();
/// assert_eq!(orders, [3, 1, 0, 4, 2]);
/// ```
#[must_use]
pub fn fold(n: usize) -> Vec<Visit> {
    let nowhere = Visit {
        order: 0,
        priority: 0,
    };
    let mut visits = vec![nowhere; n];
    for (order, index) in (0..).zip(visited(n)) {
        visits[index] = Visit {
            order,
            priority: priority_of(order),
        };
    }
    visits
}

/// The points of a road of `n` points in the order of their visits.
pub(crate) fn visited(n: usize) -> Vec<usize> {
    // the queue of a breadth-first search, kept whole: its middles are the visits
    let mut parts = Vec::with_capacity(n);
    if n > 0 {
        parts.push(0..n);
    }
    let mut next = 0;
    while next < parts.len() {
        let std::ops::Range { start, end } = parts[next];
        let middle = start + (end - start) / 2;
        parts.extend(
            [start..middle, middle + 1..end]
                .into_iter()
                .filter(|part| !part.is_empty()),
        );
        next += 1;
    }
    parts
        .iter()
        .map(|part| part.start + (part.end - part.start) / 2)
        .collect()
}

/// The fold of the visit with this rank.
///
/// Halves differ by at most one point, hence so do all parts of one fold, and a fold is complete
/// before the next begins: fold `p` holds the ranks from `2^(p - 1) - 1` on.
pub(crate) fn priority_of(order: u32) -> u32 {
    (u64::from(order) + 1).ilog2() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn orders(n: usize) -> Vec<u32> {
        fold(n).iter().map(|visit| visit.order).collect()
    }

    fn priorities(n: usize) -> Vec<u32> {
        fold(n).iter().map(|visit| visit.priority).collect()
    }

    #[test]
    fn the_orders_of_short_roads() {
        let expected: [&[u32]; 9] = [
            &[],
            &[0],
            &[1, 0],
            &[1, 0, 2],
            &[3, 1, 0, 2],
            &[3, 1, 0, 4, 2],
            &[3, 1, 4, 0, 5, 2],
            &[3, 1, 4, 0, 5, 2, 6],
            &[7, 3, 1, 4, 0, 5, 2, 6],
        ];
        for (n, expected) in expected.into_iter().enumerate() {
            assert_eq!(orders(n), expected, "{n} points");
        }
    }

    #[test]
    fn the_order_and_the_folds_of_fifteen_points() {
        assert_eq!(
            orders(15),
            [7, 3, 8, 1, 9, 4, 10, 0, 11, 5, 12, 2, 13, 6, 14]
        );
        assert_eq!(
            priorities(15),
            [4, 3, 4, 2, 4, 3, 4, 1, 4, 3, 4, 2, 4, 3, 4]
        );
    }

    /// Depth in the tree, computed the slow way.
    fn depths(start: usize, end: usize, depth: u32, found: &mut [u32]) {
        if start < end {
            let middle = start + (end - start) / 2;
            found[middle] = depth;
            depths(start, middle, depth + 1, found);
            depths(middle + 1, end, depth + 1, found);
        }
    }

    proptest! {
        #[test]
        fn every_rank_is_given_once_and_the_fold_is_the_depth(n in 0_usize..3000) {
            let mut ranks = orders(n);
            ranks.sort_unstable();
            prop_assert!(ranks.iter().copied().eq(0..n as u32));
            let mut expected = vec![0; n];
            depths(0, n, 1, &mut expected);
            prop_assert_eq!(priorities(n), expected);
        }
    }
}
