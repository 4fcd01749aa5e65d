//! Cutting a connected set of blocks in two connected sets, along a line or around a disc.

use geo::Coord;

use super::blocks::Blocks;

/// Cuts sets of blocks; keeps its buffers between cuts and counts its work.
pub(super) struct Cutter<'a> {
    pub blocks: &'a Blocks,
    /// Blocks looked at so far: the measure of effort, where a clock would make runs differ.
    pub work: u64,
    keys: Vec<(f32, u32)>,
    /// Which piece each block was last found in. Pieces never share a number, so nothing needs resetting.
    piece: Vec<u32>,
    pieces: u32,
    queue: Vec<u32>,
}

/// A piece found in a set of blocks.
#[derive(Clone, Copy)]
struct Piece {
    number: u32,
    weight: f64,
    count: usize,
}

/// Two connected parts: the first `at` blocks, of that weight, and the rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cut {
    pub at: usize,
    pub weight: f64,
}

impl<'a> Cutter<'a> {
    pub fn new(blocks: &'a Blocks) -> Self {
        Self {
            blocks,
            work: 0,
            keys: Vec::new(),
            piece: vec![0; blocks.len()],
            pieces: 0,
            queue: Vec::new(),
        }
    }

    /// Cuts along a line across `direction`, so that the nearer part weighs about `weight`.
    pub fn along_line(&mut self, set: &mut [u32], direction: Coord, weight: f64) -> Option<Cut> {
        let centres = &self.blocks.centres;
        self.sort_keys(set, |block| {
            let c = centres[block as usize];
            c.x * direction.x + c.y * direction.y
        });
        let at = self.lightest_keys(weight, f32::INFINITY);
        self.settle(set, at)
    }

    /// Cuts out what lies within `radius` of `centre`, the nearest first, up to about `weight`.
    pub fn around_disc(
        &mut self,
        set: &mut [u32],
        centre: Coord,
        radius: f64,
        weight: f64,
    ) -> Option<Cut> {
        let blocks = self.blocks;
        self.sort_keys(set, |block| {
            let squares = blocks.corners(block).iter().map(|&corner| {
                let (dx, dy) = (corner.x - centre.x, corner.y - centre.y);
                dx * dx + dy * dy
            });
            squares.fold(0.0, f64::max)
        });
        let at = self.lightest_keys(weight, (radius * radius) as f32);
        self.settle(set, at)
    }

    fn sort_keys(&mut self, set: &[u32], key: impl Fn(u32) -> f64) {
        self.work += set.len() as u64;
        self.keys.clear();
        self.keys
            .extend(set.iter().map(|&block| (key(block) as f32, block)));
    }

    /// Moves the smallest keys to the front until they weigh about `weight` or pass `most`; their number. A quickselect on
    /// the running weight.
    fn lightest_keys(&mut self, weight: f64, most: f32) -> usize {
        let weights = &self.blocks.weights;
        let (mut low, mut high, mut before) = (0, self.keys.len(), 0.0);
        while high - low > 1 {
            let middle = (low + high) / 2;
            self.keys[low..high].select_nth_unstable_by(middle - low, |a, b| {
                a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
            });
            let lower = &self.keys[low..middle];
            let with = before + lower.iter().map(|key| weights[key.1 as usize]).sum::<f64>();
            if with <= weight && self.keys[middle].0 <= most {
                before = with;
                low = middle;
            } else {
                high = middle;
            }
        }
        // The block at the border goes to the side that comes nearer.
        match self.keys.get(low) {
            Some(&(key, block))
                if key <= most && before + 0.5 * weights[block as usize] <= weight =>
            {
                low + 1
            }
            _ => low,
        }
    }

    /// Makes both sides connected. The heaviest piece of the first `at` keys stays; of all the rest the heaviest piece
    /// stays, and its other pieces join the first side, which they must touch because the whole is connected.
    fn settle(&mut self, set: &mut [u32], at: usize) -> Option<Cut> {
        for (block, key) in set.iter_mut().zip(&self.keys) {
            *block = key.1;
        }
        if at == 0 || at == set.len() {
            return None;
        }
        let (first, second) = (self.new_piece(), self.new_piece());
        for (index, &block) in set.iter().enumerate() {
            self.piece[block as usize] = if index < at { first } else { second };
        }
        let kept = self.heaviest_piece(&set[..at], first)?;
        if kept.count < at {
            for &block in &set[..at] {
                if self.piece[block as usize] != kept.number {
                    self.piece[block as usize] = second;
                }
            }
        }
        let others = self.heaviest_piece(set, second)?;
        let at = self.arrange(set, others.number);
        let weight = if kept.count == at {
            kept.weight
        } else {
            self.blocks.weight(&set[..at])
        };
        Some(Cut { at, weight })
    }

    fn new_piece(&mut self) -> u32 {
        self.pieces += 1;
        self.pieces
    }

    /// The heaviest connected piece of the blocks of `set` marked with `mark`; all its pieces get numbers of their own.
    fn heaviest_piece(&mut self, set: &[u32], mark: u32) -> Option<Piece> {
        let graph = &self.blocks.graph;
        let weights = &self.blocks.weights;
        self.work += set.len() as u64;
        let mut heaviest: Option<Piece> = None;
        for &start in set {
            if self.piece[start as usize] != mark {
                continue;
            }
            self.pieces += 1;
            let number = self.pieces;
            self.piece[start as usize] = number;
            self.queue.clear();
            self.queue.push(start);
            let (mut next, mut weight) = (0, 0.0);
            while let Some(&block) = self.queue.get(next) {
                next += 1;
                weight += weights[block as usize];
                for &other in graph.neighbours(block) {
                    if self.piece[other as usize] == mark {
                        self.piece[other as usize] = number;
                        self.queue.push(other);
                    }
                }
            }
            // Among pieces without weight the larger counts as heavier.
            let count = self.queue.len();
            if heaviest.is_none_or(|h| (weight, count) > (h.weight, h.count)) {
                heaviest = Some(Piece {
                    number,
                    weight,
                    count,
                });
            }
        }
        heaviest
    }

    /// Moves the blocks that are not in `last` to the front; their number.
    fn arrange(&mut self, set: &mut [u32], last: u32) -> usize {
        let mut at = 0;
        for index in 0..set.len() {
            if self.piece[set[index] as usize] != last {
                set.swap(index, at);
                at += 1;
            }
        }
        at
    }

    /// The direction in which the weight of a set is spread most: the principal axis of its inertia.
    pub fn long_axis(&mut self, set: &[u32]) -> f64 {
        self.work += set.len() as u64;
        let (weights, centres) = (&self.blocks.weights, &self.blocks.centres);
        // A little weight for each block, so that sets without any have an axis too.
        let even = (self.blocks.weight(set) / set.len() as f64).max(f64::MIN_POSITIVE) * 0.05;
        let mass = |block: u32| weights[block as usize] + even;
        let (mut total, mut x, mut y) = (0.0, 0.0, 0.0);
        for &block in set {
            let (m, c) = (mass(block), centres[block as usize]);
            total += m;
            x += m * c.x;
            y += m * c.y;
        }
        let (x, y) = (x / total, y / total);
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for &block in set {
            let (m, c) = (mass(block), centres[block as usize]);
            let (dx, dy) = (c.x - x, c.y - y);
            xx += m * dx * dx;
            xy += m * dx * dy;
            yy += m * dy * dy;
        }
        0.5 * (2.0 * xy).atan2(xx - yy)
    }

    /// The weight of a set within `radius` of a point, and the middle of that weight.
    pub fn within(&mut self, set: &[u32], from: Coord, radius: f64) -> (f64, Coord) {
        self.work += set.len() as u64 / 2;
        let (mut weight, mut x, mut y) = (0.0, 0.0, 0.0);
        for &block in set {
            let (w, c) = (
                self.blocks.weights[block as usize],
                self.blocks.centres[block as usize],
            );
            let (dx, dy) = (c.x - from.x, c.y - from.y);
            if dx * dx + dy * dy <= radius * radius {
                weight += w;
                x += w * c.x;
                y += w * c.y;
            }
        }
        let middle = if weight > 0.0 {
            Coord {
                x: x / weight,
                y: y / weight,
            }
        } else {
            from
        };
        (weight, middle)
    }
}
