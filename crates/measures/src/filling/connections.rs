//! Which ways meet.

use std::collections::{BTreeMap, BTreeSet};

use rstar::RTree;
use rstar::primitives::GeomWithData;

use super::lane::Town;

/// Ways that share a node, or seem to.
pub(super) struct Connections(BTreeMap<i64, BTreeSet<i64>>);

impl Connections {
    /// As the road network has them.
    pub(super) fn given(pairs: &[(i64, i64)]) -> Self {
        let mut connections = Self(BTreeMap::new());
        for (one, other) in pairs {
            connections.insert(*one, *other);
        }
        connections
    }

    /// Ways whose samples come within two spacings of each other. Where two ways meet, the nearest samples of both lie
    /// at most one spacing from the node.
    pub(super) fn inferred(town: &Town<'_>) -> Self {
        let mut connections = Self(BTreeMap::new());
        let mut steps: Vec<f64> = town
            .lanes()
            .flat_map(|lane| town.along[lane].windows(2))
            .map(|pair| pair[1] - pair[0])
            .collect();
        steps.sort_by(f64::total_cmp);
        let Some(spacing) = steps.get(steps.len() / 2) else {
            return connections;
        };
        let places = town.positions.iter().zip(&town.samples);
        let tree = RTree::bulk_load(
            places
                .map(|(position, sample)| GeomWithData::new(*position, sample.way))
                .collect(),
        );
        for (position, sample) in town.positions.iter().zip(&town.samples) {
            for near in tree.locate_within_distance(*position, 4.0 * spacing * spacing) {
                connections.insert(sample.way, near.data);
            }
        }
        connections
    }

    /// The ways that one meets, in order of their ids.
    pub(super) fn of(&self, way: i64) -> impl Iterator<Item = i64> + Clone {
        self.0.get(&way).into_iter().flatten().copied()
    }

    fn insert(&mut self, one: i64, other: i64) {
        if one != other {
            self.0.entry(one).or_default().insert(other);
            self.0.entry(other).or_default().insert(one);
        }
    }
}
