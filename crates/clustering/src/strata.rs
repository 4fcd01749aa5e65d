//! Strata: what clusters do not cross, and pieces of them that are too thin for a cluster.

use std::collections::BTreeMap;

use tables::Table;

use crate::{Error, Graph, Params, ThinPieces, columns};

/// The strata of places in canonical order.
#[derive(Debug, Default)]
pub(crate) struct Strata {
    /// The columns, as the table spells them.
    pub columns: Vec<String>,
    /// The stratum of each place; empty where there are none.
    pub of: Vec<u32>,
    /// Pieces that were clustered with a piece of another stratum, and their weight.
    pub merged: u64,
    pub merged_weight: f64,
}

impl Strata {
    pub fn read(table: &Table, params: &Params, rows: &[u32]) -> Result<Self, Error> {
        let Some(named) = &params.strata else {
            return Ok(Self::default());
        };
        let found = columns::strata_columns(table, named)?;
        let strata = columns::strata(table, &found)?;
        Ok(Self {
            columns: found.into_iter().map(str::to_owned).collect(),
            of: rows.iter().map(|&row| strata[row as usize]).collect(),
            ..Self::default()
        })
    }
}

/// The graph without edges between strata, nor between places with different settings. Thin pieces are merged with a neighbouring
/// piece of the same settings first, if they are to be.
pub(crate) fn divide(
    graph: Graph,
    mut strata: Strata,
    settings_of: &[u32],
    weights: &[f64],
    least: &dyn Fn(u32) -> f64,
    thin: ThinPieces,
) -> (Graph, Strata) {
    if strata.of.is_empty() && settings_of.is_empty() {
        return (graph, strata);
    }
    let stratum = |place: u32| strata.of.get(place as usize).copied().unwrap_or(0);
    let settings = |place: u32| settings_of.get(place as usize).copied().unwrap_or(0);
    let apart = graph.filtered(|a, b| stratum(a) == stratum(b) && settings(a) == settings(b));
    if thin == ThinPieces::Keep || strata.of.is_empty() {
        return (apart, strata);
    }
    let (piece, count) = apart.pieces(|_| 0);
    drop(apart);
    let mut merging = Merging::new(&graph, &piece, count, weights, least, &settings);
    merging.run();
    strata.merged = merging.merged;
    strata.merged_weight = merging.merged_weight;
    let label: Vec<u32> = piece.iter().map(|&piece| merging.host(piece)).collect();
    let merged = graph.filtered(|a, b| label[a as usize] == label[b as usize]);
    (merged, strata)
}

/// Pieces that take in thin ones.
struct Merging {
    host_of: Vec<u32>,
    weights: Vec<f64>,
    least: Vec<f64>,
    /// For each piece the pieces beside it, and in how many pairs of neighbours.
    beside: Vec<BTreeMap<u32, u32>>,
    merged: u64,
    merged_weight: f64,
}

impl Merging {
    fn new(
        graph: &Graph,
        piece: &[u32],
        count: usize,
        weights: &[f64],
        least: &dyn Fn(u32) -> f64,
        settings: &dyn Fn(u32) -> u32,
    ) -> Self {
        let mut merging = Self {
            host_of: (0..count as u32).collect(),
            weights: vec![0.0; count],
            least: vec![0.0; count],
            beside: vec![BTreeMap::new(); count],
            merged: 0,
            merged_weight: 0.0,
        };
        for place in 0..graph.len() as u32 {
            let own = piece[place as usize];
            merging.weights[own as usize] += weights[place as usize];
            merging.least[own as usize] = least(place);
            for &other in graph.neighbours(place) {
                let across = piece[other as usize];
                if across != own && settings(place) == settings(other) {
                    *merging.beside[own as usize].entry(across).or_default() += 1;
                }
            }
        }
        merging
    }

    fn host(&self, mut piece: u32) -> u32 {
        while self.host_of[piece as usize] != piece {
            piece = self.host_of[piece as usize];
        }
        piece
    }

    /// The lightest thin piece first, until none has a neighbour.
    fn run(&mut self) {
        let mut waiting: Vec<u32> = (0..self.host_of.len() as u32).collect();
        waiting.sort_by(|&a, &b| {
            self.weights[a as usize]
                .total_cmp(&self.weights[b as usize])
                .then(a.cmp(&b))
        });
        for piece in waiting {
            if self.host(piece) != piece
                || self.weights[piece as usize] >= self.least[piece as usize]
            {
                continue;
            }
            let beside = std::mem::take(&mut self.beside[piece as usize]);
            let mut hosts: BTreeMap<u32, u32> = BTreeMap::new();
            for (other, pairs) in beside {
                let host = self.host(other);
                if host != piece {
                    *hosts.entry(host).or_default() += pairs;
                }
            }
            // Of equals the first.
            let most = hosts
                .iter()
                .reduce(|a, b| if b.1 > a.1 { b } else { a })
                .map(|(&host, _)| host);
            let Some(host) = most else { continue };
            self.host_of[piece as usize] = host;
            self.merged += 1;
            self.merged_weight += self.weights[piece as usize];
            self.weights[host as usize] += self.weights[piece as usize];
            for (other, pairs) in hosts {
                if other != host {
                    *self.beside[host as usize].entry(other).or_default() += pairs;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thin_piece_goes_to_the_piece_it_touches_most() {
        // Two rows of six: the third and fourth column are a stratum of 4, between 4 on the left and 4 on the right of another.
        let stratum = |place: u32| u32::from((2..4).contains(&(place % 6)));
        let graph = Graph::from_edges(12, |edge| {
            for place in 0..12 {
                if place % 6 < 5 {
                    edge(place, place + 1);
                }
                if place < 6 {
                    edge(place, place + 6);
                }
            }
        });
        let strata = Strata {
            columns: vec!["s".to_owned()],
            of: (0..12).map(stratum).collect(),
            ..Strata::default()
        };
        let weights = [1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0];
        let (divided, strata) = divide(graph, strata, &[], &weights, &|_| 5.0, ThinPieces::Merge);
        // The left piece of 4 and the middle one of 4 make one of 8, which is heavy enough.
        assert_eq!((strata.merged, strata.merged_weight), (1, 4.0));
        assert_eq!(divided.pieces(|_| 0).1, 2);
    }
}
