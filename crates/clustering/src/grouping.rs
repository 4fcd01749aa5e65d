//! What a method gives back.

/// A partition of places into clusters.
#[derive(Debug, Clone, PartialEq)]
pub struct Grouping {
    /// For each place the index of its cluster in `clusters`.
    pub cluster_of: Vec<u32>,
    /// The clusters, in any order: they are numbered along a space-filling curve afterwards. None is empty.
    pub clusters: Vec<Lineage>,
    /// Passes that were run.
    pub passes: u32,
    /// The weights of the clusters before they were brought near the target, and whether they kept both limits; `None` where
    /// the target does not count.
    pub before_target: Option<Vec<(f64, bool)>>,
}

/// Where a cluster comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    /// The labels the cluster got, pass by pass, outermost first: `[7]` for an unsplit cluster, `[7, 0]` and `[7, 1]` for the
    /// two halves of a split one. Two clusters never share a path, and no path is the beginning of another. The labels
    /// themselves are arbitrary.
    pub path: Vec<u32>,
    /// The pass that made the cluster, from 1.
    pub pass: u32,
}

impl Grouping {
    /// A partition without splits: every label is a cluster made in the first pass.
    #[must_use]
    pub fn flat(cluster_of: Vec<u32>, clusters: u32) -> Self {
        Self {
            cluster_of,
            clusters: (0..clusters)
                .map(|label| Lineage {
                    path: vec![label],
                    pass: 1,
                })
                .collect(),
            passes: 1,
            before_target: None,
        }
    }
}
