//! A division of an area into clusters.

/// For each place the number of its cluster. No cluster is empty.
pub(super) struct Division {
    pub(super) cluster_of: Vec<u32>,
    pub(super) clusters: usize,
}

impl Division {
    /// All places in one cluster.
    pub(super) fn whole(places: usize) -> Self {
        Self {
            cluster_of: vec![0; places],
            clusters: 1,
        }
    }

    /// A division by labels below `labels`, some of which may not occur.
    pub(super) fn by_labels(mut cluster_of: Vec<u32>, labels: usize) -> Self {
        let mut occurs = vec![false; labels];
        for &label in &cluster_of {
            occurs[label as usize] = true;
        }
        let mut clusters = 0;
        let number: Vec<u32> = occurs
            .iter()
            .map(|&occurs| {
                clusters += u32::from(occurs);
                clusters.saturating_sub(1)
            })
            .collect();
        for label in &mut cluster_of {
            *label = number[*label as usize];
        }
        Self {
            cluster_of,
            clusters: clusters as usize,
        }
    }

    /// The sum of the weights in each cluster.
    pub(super) fn weights(&self, weights: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.clusters];
        for (&cluster, weight) in self.cluster_of.iter().zip(weights) {
            sums[cluster as usize] += weight;
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_do_not_occur_leave_no_gap() {
        let division = Division::by_labels(vec![4, 1, 4, 6], 8);
        assert_eq!(
            (division.cluster_of.as_slice(), division.clusters),
            ([1, 0, 1, 2].as_slice(), 3)
        );
        assert_eq!(division.weights(&[1.0, 2.0, 4.0, 8.0]), [2.0, 5.0, 8.0]);
    }
}
