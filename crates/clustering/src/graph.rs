//! Which places are neighbours.

/// An undirected graph: the neighbours of each place, one place after the other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Graph {
    starts: Vec<u32>,
    neighbours: Vec<u32>,
}

impl Graph {
    /// A graph of `places` places from its edges, which `edges` calls out; it is called twice and must say the same. An edge
    /// called out twice stands twice, which does no harm.
    pub fn from_edges(places: usize, edges: impl Fn(&mut dyn FnMut(u32, u32))) -> Self {
        let mut starts = vec![0u32; places + 1];
        edges(&mut |a, b| {
            starts[a as usize + 1] += 1;
            starts[b as usize + 1] += 1;
        });
        for place in 0..places {
            starts[place + 1] += starts[place];
        }
        let mut neighbours = vec![0; starts[places] as usize];
        let mut next = starts.clone();
        edges(&mut |a, b| {
            for (from, to) in [(a, b), (b, a)] {
                neighbours[next[from as usize] as usize] = to;
                next[from as usize] += 1;
            }
        });
        Self { starts, neighbours }
    }

    /// Begins a graph that [`push`](Self::push) fills place by place.
    pub(crate) fn begin(places: usize) -> Self {
        let mut starts = Vec::with_capacity(places + 1);
        starts.push(0);
        Self {
            starts,
            neighbours: Vec::new(),
        }
    }

    /// Appends the next place with its neighbours.
    pub(crate) fn push(&mut self, neighbours: &[u32]) {
        self.neighbours.extend_from_slice(neighbours);
        self.starts.push(self.neighbours.len() as u32);
    }

    /// Number of places.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The neighbours of a place.
    #[must_use]
    pub fn neighbours(&self, place: u32) -> &[u32] {
        let place = place as usize;
        &self.neighbours[self.starts[place] as usize..self.starts[place + 1] as usize]
    }

    /// The same graph without the edges that `keep` refuses.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(u32, u32) -> bool) -> Self {
        let mut graph = Self::begin(self.len());
        let mut kept = Vec::new();
        for place in 0..self.len() as u32 {
            kept.clear();
            kept.extend(
                self.neighbours(place)
                    .iter()
                    .copied()
                    .filter(|&other| keep(place, other)),
            );
            graph.push(&kept);
        }
        graph
    }

    /// The same graph with more edges.
    #[must_use]
    pub(crate) fn with(&self, edges: &[(u32, u32)]) -> Self {
        Self::from_edges(self.len(), |edge| {
            for place in 0..self.len() as u32 {
                for &other in self.neighbours(place) {
                    if place < other {
                        edge(place, other);
                    }
                }
            }
            for &(a, b) in edges {
                edge(a, b);
            }
        })
    }

    /// Some of the places by themselves, numbered in the order given, as `number` must say too.
    #[must_use]
    pub(crate) fn part(&self, chosen: &[u32], number: impl Fn(u32) -> Option<u32>) -> Self {
        let mut part = Self::begin(chosen.len());
        let mut beside = Vec::new();
        for &place in chosen {
            beside.clear();
            beside.extend(
                self.neighbours(place)
                    .iter()
                    .filter_map(|&other| number(other)),
            );
            part.push(&beside);
        }
        part
    }

    /// For each place the number of its connected piece, where only places of the same `label` connect; and how many
    /// pieces there are. Pieces are numbered in the order of their first places.
    #[must_use]
    pub fn pieces(&self, label: impl Fn(u32) -> u32) -> (Vec<u32>, usize) {
        const NONE: u32 = u32::MAX;
        let mut piece = vec![NONE; self.len()];
        let mut count = 0;
        let mut queue = Vec::new();
        for first in 0..self.len() as u32 {
            if piece[first as usize] != NONE {
                continue;
            }
            piece[first as usize] = count;
            queue.push(first);
            while let Some(place) = queue.pop() {
                for &other in self.neighbours(place) {
                    if piece[other as usize] == NONE && label(other) == label(place) {
                        piece[other as usize] = count;
                        queue.push(other);
                    }
                }
            }
            count += 1;
        }
        (piece, count as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_follow_edges_between_equal_labels_only() {
        let graph = Graph::from_edges(5, |edge| {
            edge(0, 1);
            edge(1, 2);
            edge(3, 4);
        });
        assert_eq!(graph.pieces(|_| 0), (vec![0, 0, 0, 1, 1], 2));
        assert_eq!(
            graph.pieces(|place| u32::from(place == 1)),
            (vec![0, 1, 2, 3, 3], 4)
        );
    }
}
