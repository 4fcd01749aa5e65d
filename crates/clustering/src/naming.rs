//! Names of clusters: numbered along the Hilbert curve, split by split.

use std::collections::BTreeMap;

use crate::Grouping;

/// The clusters of a grouping in their final order, with their names.
pub(crate) struct Named {
    /// For each cluster of the grouping its number in the final order.
    pub rank: Vec<u32>,
    /// Names in the final order.
    pub names: Vec<String>,
}

/// Numbers clusters in the order of `position`, where they lie on the curve: the clusters of the first pass from 1, the parts
/// of a split one from 1 again, zero-padded to their count.
pub(crate) fn name(grouping: &Grouping, position: &[u64]) -> Named {
    let mut root = Branch::default();
    for (cluster, (lineage, &position)) in (0u32..).zip(grouping.clusters.iter().zip(position)) {
        root.insert(&lineage.path, cluster, position);
    }
    let mut named = Named {
        rank: vec![0; grouping.clusters.len()],
        names: Vec::with_capacity(grouping.clusters.len()),
    };
    root.walk("CLUSTER", &mut named);
    named
}

/// A cluster, or one that was split into others.
#[derive(Default)]
struct Branch {
    cluster: Option<u32>,
    /// Where it lies: at its first part.
    position: Option<u64>,
    parts: BTreeMap<u32, Branch>,
}

impl Branch {
    fn insert(&mut self, path: &[u32], cluster: u32, position: u64) {
        self.position = Some(self.position.map_or(position, |old| old.min(position)));
        match path.split_first() {
            None => self.cluster = Some(cluster),
            Some((&label, rest)) => self
                .parts
                .entry(label)
                .or_default()
                .insert(rest, cluster, position),
        }
    }

    fn walk(self, name: &str, named: &mut Named) {
        if let Some(cluster) = self.cluster {
            named.rank[cluster as usize] = named.names.len() as u32;
            named.names.push(name.to_owned());
        }
        let width = self.parts.len().to_string().len();
        let mut parts: Vec<Branch> = self.parts.into_values().collect();
        parts.sort_by_key(|part| part.position);
        for (number, part) in (1..).zip(parts) {
            part.walk(&format!("{name}_{number:0width$}"), named);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Lineage;

    fn grouping(paths: &[&[u32]]) -> Grouping {
        let lineage = |path: &&[u32]| Lineage {
            path: path.to_vec(),
            pass: path.len() as u32,
        };
        Grouping {
            cluster_of: Vec::new(),
            clusters: paths.iter().map(lineage).collect(),
            passes: 1,
            before_target: None,
        }
    }

    #[test]
    fn numbers_follow_the_curve_and_splits_count_from_one() {
        let named = name(&grouping(&[&[5], &[9, 1], &[9, 0]]), &[20, 3, 7]);
        assert_eq!(named.names, ["CLUSTER_1_1", "CLUSTER_1_2", "CLUSTER_2"]);
        assert_eq!(named.rank, [2, 0, 1]);
    }

    #[test]
    fn numbers_are_padded_to_the_count_of_their_siblings() {
        let paths: Vec<Vec<u32>> = (0..10).map(|n| vec![n]).collect();
        let paths: Vec<&[u32]> = paths.iter().map(Vec::as_slice).collect();
        let positions: Vec<u64> = (0..10).collect();
        let named = name(&grouping(&paths), &positions);
        assert_eq!(named.names[0], "CLUSTER_01");
        assert_eq!(named.names[9], "CLUSTER_10");
    }

    #[test]
    fn a_split_of_a_split_appends_another_number() {
        let named = name(&grouping(&[&[0, 0, 0], &[0, 0, 1], &[0, 1]]), &[0, 1, 2]);
        assert_eq!(
            named.names,
            ["CLUSTER_1_1_1", "CLUSTER_1_1_2", "CLUSTER_1_2"]
        );
    }
}
