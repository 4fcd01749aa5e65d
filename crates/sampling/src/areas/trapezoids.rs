//! A polygon as trapezoids with level sides, or the reason why it is not a polygon.
//!
//! A line is swept from south to north over the edges (Shamos and Hoey 1976; de Berg et al.,
//! *Computational Geometry*, 3rd ed., chapters 2 and 6). Between two neighbouring edges with the
//! inside between them lies a trapezoid, which ends where a vertex ends the neighbourhood. The
//! same sweep sees every fault:
//!
//! * two edges that cross become neighbours before they do, and neighbours are tested;
//! * an outer ring adds one level of "inside" and a hole takes one away, so levels other than 0
//!   and 1 are parts that overlap, or holes outside their part.
//!
//! Rings may touch, in points or along edges: the inside is still well defined. Only exact
//! orientation tests decide (Shewchuk 1997), and no crossing point is ever computed, so there is
//! nothing to tolerate or to tune. Time is O(n log n) for n vertices, plus a move of at most n
//! numbers in the list of the edges under the line, which stays small where n is large.

use std::cmp::Ordering;

use geo::algorithm::kernels::{Kernel, RobustKernel};
use geo::{Coord, Orientation};

/// Between two edges, from one latitude to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Trapezoid {
    /// Latitude of the south side.
    pub(crate) south: f64,
    /// Latitude of the north side.
    pub(crate) north: f64,
    /// West and east end of the south side.
    pub(crate) at_south: [f64; 2],
    /// West and east end of the north side.
    pub(crate) at_north: [f64; 2],
}

/// Why rings do not bound an area, and where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    /// Two edges cross.
    Crossing(Coord),
    /// Two parts overlap, or a hole lies outside its part.
    Overlap(Coord),
}

/// The trapezoids of rings that go counter-clockwise round the inside: outer rings
/// counter-clockwise, holes clockwise. Rings need not repeat their first vertex.
pub(crate) fn trapezoids(rings: &[Vec<Coord>]) -> Result<Vec<Trapezoid>, Fault> {
    let edges: Vec<Edge> = rings.iter().flat_map(|ring| edges_of(ring)).collect();
    Sweep::over(edges).run()
}

/// An edge from its southern end to its northern one; a level edge from west to east.
#[derive(Clone, Copy, Debug)]
struct Edge {
    lower: Coord,
    upper: Coord,
    /// What crossing it eastwards adds to the level: 1 goes in, -1 goes out.
    step: i32,
}

fn edges_of(ring: &[Coord]) -> impl Iterator<Item = Edge> + '_ {
    let next = ring.iter().skip(1).chain(ring.first());
    ring.iter()
        .zip(next)
        .filter_map(|(&from, &to)| match by_sweep(from, to) {
            Ordering::Less => Some(Edge {
                lower: from,
                upper: to,
                step: -1,
            }),
            Ordering::Greater => Some(Edge {
                lower: to,
                upper: from,
                step: 1,
            }),
            Ordering::Equal => None,
        })
}

/// The order in which the line meets points: south first, then west.
fn by_sweep(a: Coord, b: Coord) -> Ordering {
    (a.y.total_cmp(&b.y)).then(a.x.total_cmp(&b.x))
}

/// On which side of an edge a point lies.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    West,
    On,
    East,
}

impl Edge {
    fn side(&self, point: Coord) -> Side {
        match RobustKernel::orient2d(self.lower, self.upper, point) {
            Orientation::CounterClockwise => Side::West,
            Orientation::Collinear => Side::On,
            Orientation::Clockwise => Side::East,
        }
    }

    /// Longitude of the edge at a latitude that it spans.
    fn x_at(&self, y: f64) -> f64 {
        if y <= self.lower.y {
            return self.lower.x;
        }
        if y >= self.upper.y {
            return self.upper.x;
        }
        let share = (y - self.lower.y) / (self.upper.y - self.lower.y);
        self.lower.x + share * (self.upper.x - self.lower.x)
    }
}

struct Sweep {
    edges: Vec<Edge>,
    /// Edges in the order in which the line meets their lower ends.
    starts: Vec<u32>,
    /// Upper ends, in the order in which the line meets them.
    ends: Vec<Coord>,
    /// Edges under the line, west to east.
    under: Vec<Under>,
    found: Vec<Trapezoid>,
    /// Where a level was first neither 0 nor 1. Where edges cross, that is so from one of their
    /// lower ends on, and the sweep goes on to find the crossing itself.
    overlap: Option<Coord>,
}

/// An edge under the line, and the gap between it and its eastern neighbour.
#[derive(Clone, Copy)]
struct Under {
    edge: u32,
    /// Level of the gap.
    level: i32,
    /// Latitude from which on the gap has had these two neighbours.
    since: f64,
}

impl Sweep {
    fn over(edges: Vec<Edge>) -> Self {
        let mut starts: Vec<u32> = (0..edges.len() as u32).collect();
        starts.sort_unstable_by(|&a, &b| {
            by_sweep(edges[a as usize].lower, edges[b as usize].lower).then(a.cmp(&b))
        });
        let mut ends: Vec<Coord> = edges.iter().map(|edge| edge.upper).collect();
        ends.sort_unstable_by(|&a, &b| by_sweep(a, b));
        Self {
            found: Vec::with_capacity(edges.len()),
            edges,
            starts,
            ends,
            under: Vec::new(),
            overlap: None,
        }
    }

    fn run(mut self) -> Result<Vec<Trapezoid>, Fault> {
        let (mut start, mut end) = (0, 0);
        while let Some(&lowest_end) = self.ends.get(end) {
            let lowest_start = self
                .starts
                .get(start)
                .map(|&e| self.edges[e as usize].lower);
            let point = match lowest_start {
                Some(lower) if by_sweep(lower, lowest_end).is_lt() => lower,
                _ => lowest_end,
            };
            let first = start;
            while self
                .starts
                .get(start)
                .is_some_and(|&e| self.edges[e as usize].lower == point)
            {
                start += 1;
            }
            while self.ends.get(end) == Some(&point) {
                end += 1;
            }
            self.meet(point, first..start)?;
        }
        match self.overlap {
            Some(place) => Err(Fault::Overlap(place)),
            None => Ok(self.found),
        }
    }

    /// The line meets a point where the edges `starts[new]` begin and others may end.
    fn meet(&mut self, point: Coord, new: std::ops::Range<usize>) -> Result<(), Fault> {
        let edges = &self.edges;
        let side = |under: &Under| edges[under.edge as usize].side(point);
        let west = self
            .under
            .partition_point(|under| side(under) == Side::East);
        let touching = self.under[west..].partition_point(|under| side(under) == Side::On);
        let east = west + touching;

        for gap in west.saturating_sub(1)..east {
            self.close(gap, point.y);
        }

        let mut fan: Vec<u32> = self.under[west..east]
            .iter()
            .map(|under| under.edge)
            .filter(|&edge| self.edges[edge as usize].upper != point)
            .chain(self.starts[new].iter().copied())
            .collect();
        self.sort_fan(point, &mut fan);

        let mut level = west.checked_sub(1).map_or(0, |w| self.under[w].level);
        let renewed = self.with_levels(point, &fan, &mut level);
        let count = renewed.len();
        self.under.splice(west..east, renewed);
        if let Some(neighbour) = west.checked_sub(1) {
            self.under[neighbour].since = point.y;
            self.check_neighbours(neighbour)?;
        }
        if count > 0 {
            self.check_neighbours(west + count - 1)?;
        }
        Ok(())
    }

    /// The trapezoid in the gap east of an edge ends at `north`.
    fn close(&mut self, gap: usize, north: f64) {
        let (Some(west), Some(east)) = (self.under.get(gap), self.under.get(gap + 1)) else {
            return;
        };
        if west.level != 1 || west.since >= north {
            return;
        }
        let [a, b] = [west.edge, east.edge].map(|edge| self.edges[edge as usize]);
        let south = west.since;
        self.found.push(Trapezoid {
            south,
            north,
            at_south: [a.x_at(south), b.x_at(south)],
            at_north: [a.x_at(north), b.x_at(north)],
        });
    }

    /// West to east: edges that leave one point.
    fn sort_fan(&self, point: Coord, fan: &mut [u32]) {
        fan.sort_by(|&a, &b| {
            let [a, b] = [a, b].map(|edge| self.edges[edge as usize].upper);
            match RobustKernel::orient2d(point, b, a) {
                Orientation::CounterClockwise => Ordering::Less,
                Orientation::Collinear => Ordering::Equal,
                Orientation::Clockwise => Ordering::Greater,
            }
        });
    }

    /// The levels beside the edges of a fan. Edges that lie on one another are taken in the order
    /// that goes out before it goes in again.
    fn with_levels(&mut self, point: Coord, fan: &[u32], level: &mut i32) -> Vec<Under> {
        let upper = |edge: u32| self.edges[edge as usize].upper;
        let mut renewed = Vec::with_capacity(fan.len());
        for bundle in fan.chunk_by(|&a, &b| {
            RobustKernel::orient2d(point, upper(a), upper(b)) == Orientation::Collinear
        }) {
            let mut bundle = bundle.to_vec();
            while !bundle.is_empty() {
                let wanted = if *level == 0 { 1 } else { -1 };
                let step = |edge: u32| self.edges[edge as usize].step;
                let next = bundle.iter().position(|&edge| step(edge) == wanted);
                let edge = bundle.remove(next.unwrap_or(0));
                *level += step(edge);
                if !(0..=1).contains(level) {
                    self.overlap.get_or_insert(point);
                }
                renewed.push(Under {
                    edge,
                    level: *level,
                    since: point.y,
                });
            }
        }
        renewed
    }

    /// Whether the edge at `west` and its eastern neighbour cross further up.
    fn check_neighbours(&self, west: usize) -> Result<(), Fault> {
        let (Some(a), Some(b)) = (self.under.get(west), self.under.get(west + 1)) else {
            return Ok(());
        };
        let [a, b] = [a.edge, b.edge].map(|edge| self.edges[edge as usize]);
        let crossed = if by_sweep(a.upper, b.upper).is_lt() {
            b.side(a.upper) == Side::East
        } else {
            a.side(b.upper) == Side::West
        };
        if crossed {
            return Err(Fault::Crossing(crossing_of(&a, &b)));
        }
        Ok(())
    }
}

/// About where two edges cross, for the message.
fn crossing_of(a: &Edge, b: &Edge) -> Coord {
    let (p, r) = (a.lower, a.upper - a.lower);
    let (q, s) = (b.lower, b.upper - b.lower);
    let across = r.x * s.y - r.y * s.x;
    if across == 0.0 {
        return b.lower;
    }
    let share = ((q.x - p.x) * s.y - (q.y - p.y) * s.x) / across;
    p + r * share.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::coord;

    fn ring(points: &[(f64, f64)]) -> Vec<Coord> {
        points.iter().map(|&(x, y)| coord! {x: x, y: y}).collect()
    }

    fn area(rings: &[Vec<Coord>]) -> Result<f64, Fault> {
        let width = |[west, east]: [f64; 2]| east - west;
        let area =
            |t: &Trapezoid| (width(t.at_south) + width(t.at_north)) / 2.0 * (t.north - t.south);
        Ok(trapezoids(rings)?.iter().map(area).sum())
    }

    fn square(x: f64, y: f64, side: f64) -> Vec<Coord> {
        ring(&[(x, y), (x + side, y), (x + side, y + side), (x, y + side)])
    }

    fn hole(mut outer: Vec<Coord>) -> Vec<Coord> {
        outer.reverse();
        outer
    }

    #[test]
    fn a_square_is_one_trapezoid() {
        let found = trapezoids(&[square(1.0, 2.0, 3.0)]).unwrap();
        assert_eq!(
            found,
            [Trapezoid {
                south: 2.0,
                north: 5.0,
                at_south: [1.0, 4.0],
                at_north: [1.0, 4.0]
            }]
        );
    }

    #[test]
    fn concave_rings_holes_and_parts_keep_their_area() {
        let arrow = ring(&[(0., 0.), (4., 0.), (4., 4.), (2., 1.), (0., 4.)]);
        assert_eq!(area(&[arrow]), Ok(10.0));
        assert_eq!(
            area(&[square(0., 0., 4.), hole(square(1., 1., 2.))]),
            Ok(12.0)
        );
        assert_eq!(area(&[square(0., 0., 4.), square(5., 1., 2.)]), Ok(20.0));
        let island_in_a_lake = [
            square(0., 0., 6.),
            hole(square(1., 1., 4.)),
            square(2., 2., 2.),
        ];
        assert_eq!(area(&island_in_a_lake), Ok(24.0));
    }

    #[test]
    fn rings_that_touch_are_no_fault() {
        let shared_edge = [square(0., 0., 2.), square(2., 0., 2.)];
        assert_eq!(area(&shared_edge), Ok(8.0));
        let part_of_an_edge = [square(0., 0., 4.), square(4., 1., 2.)];
        assert_eq!(area(&part_of_an_edge), Ok(20.0));
        let corner = [square(0., 0., 2.), square(2., 2., 2.)];
        assert_eq!(area(&corner), Ok(8.0));
        let hole_at_the_edge = [
            square(0., 0., 4.),
            hole(ring(&[(0., 2.), (2., 1.), (2., 3.)])),
        ];
        assert_eq!(area(&hole_at_the_edge), Ok(14.0));
        let hole_along_the_edge = [square(0., 0., 4.), hole(square(0., 1., 1.))];
        assert_eq!(area(&hole_along_the_edge), Ok(15.0));
        let hour_glass_of_two_loops =
            ring(&[(0., 0.), (1., 1.), (2., 0.), (2., 2.), (1., 1.), (0., 2.)]);
        assert_eq!(area(&[hour_glass_of_two_loops]), Ok(2.0));
    }

    #[test]
    fn spikes_and_repeated_vertices_have_no_area_and_do_no_harm() {
        let spike = ring(&[
            (0., 0.),
            (4., 0.),
            (4., 4.),
            (2., 4.),
            (2., 9.),
            (2., 4.),
            (0., 4.),
        ]);
        assert_eq!(area(&[spike]), Ok(16.0));
        let repeated = ring(&[
            (0., 0.),
            (0., 0.),
            (2., 0.),
            (2., 2.),
            (2., 2.),
            (0., 2.),
            (0., 0.),
        ]);
        assert_eq!(area(&[repeated]), Ok(4.0));
        assert_eq!(area(&[ring(&[(0., 0.), (1., 1.), (2., 2.)])]), Ok(0.0));
        assert_eq!(area(&[]), Ok(0.0));
    }

    #[test]
    fn crossings_are_found_where_they_are() {
        let bow_tie = ring(&[(0., 0.), (2., 2.), (2., 0.), (0., 2.)]);
        assert!(area(&[bow_tie]).is_err());
        let bow_tie_with_a_vertex_in_the_middle =
            ring(&[(0., 0.), (1., 1.), (2., 2.), (2., 0.), (1., 1.), (0., 2.)]);
        assert!(area(&[bow_tie_with_a_vertex_in_the_middle]).is_err());
        // the corner reaches out through the west side
        let pierced = ring(&[(0., 0.), (4., 0.), (4., 4.), (-1., 2.), (3., 5.), (0., 5.)]);
        assert_eq!(
            area(&[pierced]),
            Err(Fault::Crossing(coord! {x: 0.0, y: 2.4}))
        );
        // the line from (9, 0) to (1, 3) passes (4, 1.875) on the east side
        let cut = ring(&[(0., 0.), (9., 0.), (1., 3.), (4., 3.), (4., 1.), (0., 4.)]);
        assert_eq!(
            area(&[cut]),
            Err(Fault::Crossing(coord! {x: 4.0, y: 1.875}))
        );
    }

    #[test]
    fn overlaps_and_stray_holes_are_faults() {
        assert!(area(&[square(0., 0., 4.), square(2., 2., 4.)]).is_err());
        let nested = area(&[square(0., 0., 4.), square(1., 1., 2.)]);
        assert_eq!(nested, Err(Fault::Overlap(coord! {x: 1.0, y: 1.0})));
        assert!(area(&[square(0., 0., 4.), square(0., 0., 4.)]).is_err());
        assert!(area(&[square(0., 0., 4.), hole(square(9., 9., 1.))]).is_err());
        let wound_twice = ring(&[
            (0., 0.),
            (4., 0.),
            (4., 4.),
            (0., 4.),
            (0., 0.),
            (4., 0.),
            (4., 4.),
            (0., 4.),
        ]);
        assert!(area(&[wound_twice]).is_err());
    }

    #[test]
    fn a_hundred_thousand_spikes_keep_their_area() {
        use crate::random_stream::RandomStream;
        let n = 100_000;
        let mut random = RandomStream::of(1, "spikes");
        let star: Vec<Coord> = (0..n)
            .map(|i| {
                let angle = f64::from(i) / f64::from(n) * std::f64::consts::TAU;
                let r = 0.5 + 0.5 * random.unit();
                coord! {x: r * angle.cos(), y: r * angle.sin()}
            })
            .collect();
        let shoelace: f64 = star
            .iter()
            .zip(star.iter().cycle().skip(1))
            .map(|(a, b)| (a.x * b.y - a.y * b.x) / 2.0)
            .sum();
        let ours = area(&[star]).unwrap();
        assert!((ours / shoelace - 1.0).abs() < 1e-10, "{ours} {shoelace}");
    }
}
