//! Places gathered into blocks, so that fewer things are moved about.
//!
//! A block is a connected set of places on one square of a quadtree. Blocks are small against the target radius and light
//! against the target weight; where no disc of the target radius is heavy enough for a cluster they are twice as wide, because no
//! cluster there can be small. Weights, radii and connections of sets of blocks are exactly those of their places.

use geo::Coord;

use crate::convex_hull::convex_hull_into;
use crate::discs::Discs;
use crate::{CanonicalOrder, Graph, Places, Settings};

/// Widest block where a small cluster may come to lie, in target radii.
const WIDTH: f64 = 0.2;
/// Heaviest block of several places, in target weights.
const WEIGHT: f64 = 1.0 / 30.0;
/// Tiles along a radius when discs are summed.
const TILES_A_RADIUS: u32 = 8;
/// Discs of tiles are rough: this share of the least weight is taken for a promise.
pub(super) const PROMISE: f64 = 0.85;

/// Blocks, in canonical order.
#[derive(Debug, Clone, Default)]
pub(super) struct Blocks {
    pub graph: Graph,
    pub weights: Vec<f64>,
    /// Mean position of the places of each block.
    pub centres: Vec<Coord>,
    /// Where the corners of each block's hull begin; one longer.
    pub corner_starts: Vec<u32>,
    pub corners: Vec<Coord>,
    /// The weight within the target radius of each block.
    pub promise: Vec<f32>,
}

impl Blocks {
    /// Gathers places, which are in `order`; gives the blocks and the block of each place.
    pub fn gather(
        places: &Places<'_>,
        order: &CanonicalOrder,
        graph: &Graph,
        settings: &Settings,
    ) -> (Self, Vec<u32>) {
        let discs = Discs::new(
            places.centres,
            places.weights,
            settings.target_radius,
            TILES_A_RADIUS,
        );
        let promise = discs.weight_around();
        drop(discs);
        let squares = Squares::new(places, order, &promise, settings);
        let mut block_of = vec![u32::MAX; places.len()];
        let mut members: Vec<u32> = Vec::with_capacity(places.len());
        let mut ends: Vec<u32> = Vec::new();
        let mut start = 0;
        while start < places.len() {
            let (end, joined) = squares.next(start);
            for place in start as u32..end as u32 {
                if block_of[place as usize] != u32::MAX {
                    continue;
                }
                let block = ends.len() as u32;
                let mut next = members.len();
                block_of[place as usize] = block;
                members.push(place);
                while joined && next < members.len() {
                    for &other in graph.neighbours(members[next]) {
                        let inside = (start..end).contains(&(other as usize));
                        if inside && block_of[other as usize] == u32::MAX {
                            block_of[other as usize] = block;
                            members.push(other);
                        }
                    }
                    next += 1;
                }
                ends.push(members.len() as u32);
            }
            start = end;
        }
        let mut blocks = Self::begin(ends.len());
        let mut hull = Vec::new();
        let mut points = Vec::new();
        let mut neighbours = Neighbours::new(ends.len());
        let mut start = 0;
        for (block, &end) in (0u32..).zip(&ends) {
            let members = &mut members[start as usize..end as usize];
            members.sort_unstable();
            let count = members.len() as f64;
            let (mut weight, mut centre, mut best) = (0.0, Coord::default(), 0f64);
            points.clear();
            for &place in members.iter() {
                let place = place as usize;
                weight += places.weights[place];
                centre = centre + places.centres[place];
                best = best.max(promise[place]);
                points.extend_from_slice(places.corners(place));
            }
            convex_hull_into(&mut points, &mut hull);
            let around = members.iter().flat_map(|&place| graph.neighbours(place));
            neighbours.collect(block, around.map(|&other| block_of[other as usize]));
            blocks.push(
                weight,
                centre / count,
                &hull,
                best as f32,
                &neighbours.found,
            );
            start = end;
        }
        (blocks, block_of)
    }

    fn begin(count: usize) -> Self {
        Self {
            graph: Graph::begin(count),
            weights: Vec::with_capacity(count),
            centres: Vec::with_capacity(count),
            corner_starts: vec![0],
            corners: Vec::new(),
            promise: Vec::with_capacity(count),
        }
    }

    fn push(&mut self, weight: f64, centre: Coord, hull: &[Coord], promise: f32, beside: &[u32]) {
        self.graph.push(beside);
        self.weights.push(weight);
        self.centres.push(centre);
        self.corners.extend_from_slice(hull);
        self.corner_starts.push(self.corners.len() as u32);
        self.promise.push(promise);
    }

    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// The corners of a block's hull.
    pub fn corners(&self, block: u32) -> &[Coord] {
        let block = block as usize;
        &self.corners[self.corner_starts[block] as usize..self.corner_starts[block + 1] as usize]
    }

    pub fn weight(&self, blocks: &[u32]) -> f64 {
        blocks
            .iter()
            .map(|&block| self.weights[block as usize])
            .sum()
    }

    /// Some of the blocks by themselves, numbered in the order given, as `number` must say too.
    pub fn part(&self, chosen: &[u32], number: impl Fn(u32) -> Option<u32>) -> Self {
        let mut part = Self::begin(chosen.len());
        let mut beside = Vec::new();
        for &block in chosen {
            beside.clear();
            let neighbours = self.graph.neighbours(block).iter();
            beside.extend(neighbours.filter_map(|&other| number(other)));
            let at = block as usize;
            part.push(
                self.weights[at],
                self.centres[at],
                self.corners(block),
                self.promise[at],
                &beside,
            );
        }
        part
    }
}

/// Divides the canonical order into squares whose places may make one block.
struct Squares<'a> {
    places: &'a Places<'a>,
    order: &'a CanonicalOrder,
    promise: &'a [f64],
    /// Times a tile may be doubled.
    doublings: u32,
    heaviest: f64,
    /// The heaviest pile of places on one cell of a lattice: it should stay together, as a cell does.
    heaviest_cell: f64,
    promising: f64,
}

impl<'a> Squares<'a> {
    fn new(
        places: &'a Places<'a>,
        order: &'a CanonicalOrder,
        promise: &'a [f64],
        settings: &Settings,
    ) -> Self {
        let tiles = (WIDTH * settings.target_radius / order.side).max(1.0);
        let heaviest = WEIGHT * settings.target_weight;
        Self {
            places,
            order,
            promise,
            doublings: tiles.log2().floor().min(30.0) as u32,
            heaviest,
            heaviest_cell: if order.on_lattice {
                settings.max_weight
            } else {
                heaviest
            },
            promising: PROMISE * settings.min_weight,
        }
    }

    /// The end of the square that begins at place `start`, and whether its places may be joined.
    fn next(&self, start: usize) -> (usize, bool) {
        for doubling in (0..=self.doublings + 1).rev() {
            let shift = 2 * doubling;
            let keys = &self.order.keys;
            let square = |place: usize| keys[place] >> shift;
            if doubling > 0 && start > 0 && square(start - 1) == square(start) {
                continue;
            }
            let wide = doubling > self.doublings;
            let heaviest = if doubling == 0 {
                self.heaviest_cell
            } else {
                self.heaviest
            };
            let mut weight = 0.0;
            let mut end = start;
            let mut fits = true;
            while end < keys.len() && square(end) == square(start) {
                weight += self.places.weights[end];
                fits &= !(wide && self.promise[end] >= self.promising);
                fits &= weight <= heaviest;
                if !fits && doubling > 0 {
                    break;
                }
                end += 1;
            }
            if fits || doubling == 0 {
                return (end, fits);
            }
        }
        (start + 1, false)
    }
}

/// Collects distinct neighbours.
struct Neighbours {
    seen_by: Vec<u32>,
    found: Vec<u32>,
}

impl Neighbours {
    fn new(count: usize) -> Self {
        Self {
            seen_by: vec![u32::MAX; count],
            found: Vec::new(),
        }
    }

    fn collect(&mut self, block: u32, others: impl Iterator<Item = u32>) {
        self.found.clear();
        self.seen_by[block as usize] = block;
        for other in others {
            if self.seen_by[other as usize] != block {
                self.seen_by[other as usize] = block;
                self.found.push(other);
            }
        }
    }
}
