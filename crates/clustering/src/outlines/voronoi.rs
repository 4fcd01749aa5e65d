//! Outlines of points: Voronoi cells, cut to the target radius around each point.
//!
//! The cell of a point is bounded by pieces of the bisectors with its Delaunay neighbours, from the centre of one triangle's circle to
//! that of the next. A bisector is cut by the circles around its two points at the same places, so that neighbours share
//! their edges exactly; between cuts the cell follows its circle, by chords.

use std::collections::{BTreeMap, HashMap};
use std::f64::consts::TAU;

use geo::Coord;
use spade::handles::FixedVertexHandle;
use spade::{DelaunayTriangulation, HasPosition, Point2, Triangulation};

use super::mesh::{Corners, Face, Mesh};
use crate::Error;
use crate::ground::Ground;

/// Chords of a whole circle.
const CHORDS: f64 = 48.0;
/// Corners nearer to each other than this, in metres, are one.
const SNAP: f64 = 1e-6;
/// How far points of several clusters at one place are moved apart, in metres.
const APART: f64 = 0.25;

/// A point, and the cluster it belongs to.
#[derive(Clone, Copy)]
struct Seed {
    at: Coord,
    cluster: u32,
    radius: f64,
}

impl HasPosition for Seed {
    type Scalar = f64;
    fn position(&self) -> Point2<f64> {
        Point2::new(self.at.x, self.at.y)
    }
}

/// An end of a piece of a bisector: a corner, and whether a circle cut it off.
#[derive(Clone, Copy)]
struct End {
    corner: u32,
    cut: bool,
}

/// The cells as faces labelled by cluster, in the CRS of the table.
pub(super) fn mesh(ground: &Ground, cluster_of: &[u32]) -> Result<Mesh, Error> {
    let mut mesh = cells(&seeds(ground, cluster_of));
    ground.in_source_unwrapped(&mut mesh.corners)?;
    Ok(mesh)
}

/// One seed for each place and cluster there.
fn seeds(ground: &Ground, cluster_of: &[u32]) -> Vec<Seed> {
    let mut piles: BTreeMap<(u64, u64), Vec<u32>> = BTreeMap::new();
    for (place, at) in (0u32..).zip(&ground.centres) {
        let bits = |v: f64| (v + 0.0).to_bits();
        piles
            .entry((bits(at.x), bits(at.y)))
            .or_default()
            .push(place);
    }
    let mut seeds = Vec::new();
    for pile in piles.values() {
        let mut clusters: Vec<u32> = pile.iter().map(|&p| cluster_of[p as usize]).collect();
        clusters.sort_unstable();
        clusters.dedup();
        let many = clusters.len() as f64;
        for (number, &cluster) in clusters.iter().enumerate() {
            let angle = TAU * number as f64 / many;
            let moved = if many > 1.0 { APART } else { 0.0 };
            let centre = ground.centres[pile[0] as usize];
            seeds.push(Seed {
                at: Coord {
                    x: centre.x + moved * angle.cos(),
                    y: centre.y + moved * angle.sin(),
                },
                cluster,
                radius: ground.settings(pile[0]).target_radius,
            });
        }
    }
    seeds
}

fn cells(seeds: &[Seed]) -> Mesh {
    let mut mesh = Mesh::default();
    let mut corners = Corners::new(SNAP);
    let Ok(triangulation) = DelaunayTriangulation::<Seed>::bulk_load_stable(seeds.to_vec()) else {
        return mesh;
    };
    // One radius for all, so that both circles cut a bisector at the same places.
    let radius = seeds
        .iter()
        .map(|seed| seed.radius)
        .fold(f64::INFINITY, f64::min);
    let mut pieces: HashMap<(usize, usize), Option<[End; 2]>> = HashMap::new();
    for vertex in triangulation.vertices() {
        let seed = *vertex.data();
        let own = vertex.fix().index();
        let mut ends: Vec<[End; 2]> = Vec::new();
        let edges: Vec<_> = vertex.out_edges().collect();
        for edge in edges {
            let other = edge.to();
            let beside: FixedVertexHandle = other.fix();
            let key = (own.min(beside.index()), own.max(beside.index()));
            let piece = match pieces.get(&key) {
                Some(piece) => *piece,
                None => {
                    // Seen from the lower number, so that both get the same.
                    let edge = if own == key.0 { edge } else { edge.rev() };
                    let (a, b) = (edge.from().data().at, edge.to().data().at);
                    let circle =
                        |edge: spade::handles::DirectedEdgeHandle<'_, Seed, (), (), ()>| {
                            edge.face().as_inner().map(|face| {
                                let centre = face.circumcenter();
                                Coord {
                                    x: centre.x,
                                    y: centre.y,
                                }
                            })
                        };
                    // The triangle to the left of the edge is where the bisector goes on to the left.
                    let piece =
                        piece_of(&mut corners, a, b, circle(edge.rev()), circle(edge), radius);
                    pieces.insert(key, piece);
                    piece
                }
            };
            if let Some([right, left]) = piece {
                // The inside is on the left: a bisector is walked from the right of the edge to its left.
                ends.push(if own == key.0 {
                    [right, left]
                } else {
                    [left, right]
                });
            }
        }
        let ring = ring(&mut corners, seed.at, radius, &mut ends);
        mesh.faces.push(Face {
            label: seed.cluster,
            rings: vec![ring],
        });
    }
    mesh.corners = corners.all;
    mesh
}

/// The piece of the bisector of `a` and `b` from the circle centre on the right of the way from `a` to `b` to that on its left, within
/// `radius` of both.
fn piece_of(
    corners: &mut Corners,
    a: Coord,
    b: Coord,
    right: Option<Coord>,
    left: Option<Coord>,
    radius: f64,
) -> Option<[End; 2]> {
    let middle = (a + b) / 2.0;
    let length = (b.x - a.x).hypot(b.y - a.y);
    let along = Coord {
        x: -(b.y - a.y) / length,
        y: (b.x - a.x) / length,
    };
    let half = 0.5 * length;
    let reach = (radius * radius - half * half).max(0.0).sqrt();
    if half >= radius {
        return None;
    }
    let place = |centre: Coord| (centre.x - middle.x) * along.x + (centre.y - middle.y) * along.y;
    let low = right.map_or(f64::NEG_INFINITY, place);
    let high = left.map_or(f64::INFINITY, place);
    if low >= reach || high <= -reach || high - low < SNAP {
        return None;
    }
    let mut end = |at: f64, centre: Option<Coord>| match centre {
        Some(centre) if at.abs() < reach => End {
            corner: corners.number(centre),
            cut: false,
        },
        _ => End {
            corner: corners.number(middle + along * at.clamp(-reach, reach)),
            cut: true,
        },
    };
    Some([end(low, right), end(high, left)])
}

/// The ring of a cell from the pieces of bisectors around it.
fn ring(corners: &mut Corners, centre: Coord, radius: f64, ends: &mut [[End; 2]]) -> Vec<u32> {
    let angle = |all: &[Coord], corner: u32| {
        let c = all[corner as usize];
        (c.y - centre.y).atan2(c.x - centre.x)
    };
    let on_circle = |angle: f64| Coord {
        x: centre.x + radius * angle.cos(),
        y: centre.y + radius * angle.sin(),
    };
    let step = TAU / CHORDS;
    if ends.is_empty() {
        return (0..CHORDS as u32)
            .map(|chord| corners.number(on_circle(f64::from(chord) * step)))
            .collect();
    }
    // Counter-clockwise by the middle of each piece.
    ends.sort_by(|a, b| {
        let middle = |piece: &[End; 2]| {
            let [a, b] = piece.map(|end| corners.all[end.corner as usize]);
            let m = (a + b) / 2.0;
            (m.y - centre.y).atan2(m.x - centre.x)
        };
        middle(a).total_cmp(&middle(b))
    });
    let mut ring = Vec::new();
    for number in 0..ends.len() {
        let [from, to] = ends[number];
        let next = ends[(number + 1) % ends.len()][0];
        ring.extend([from.corner, to.corner]);
        if to.cut && next.cut && to.corner != next.corner {
            let start = angle(&corners.all, to.corner);
            let turn = (angle(&corners.all, next.corner) - start).rem_euclid(TAU);
            let chords = (turn / step).ceil().max(1.0);
            for chord in 1..chords as u32 {
                let at = on_circle(start + turn * f64::from(chord) / chords);
                ring.push(corners.number(at));
            }
        }
    }
    ring.dedup();
    while ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
    ring
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{Area, Contains, Intersects, Point, Validation};

    #[test]
    fn cells_are_valid_disjoint_and_hold_their_points() {
        let mut number = 5u64;
        let mut next = || {
            number = number
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (number >> 40) as f64 / f64::from(1 << 24)
        };
        let seeds: Vec<Seed> = (0..300)
            .map(|n| Seed {
                at: Coord {
                    x: 4_000.0 * next(),
                    y: 3_000.0 * next(),
                },
                cluster: n % 7,
                radius: 250.0,
            })
            .collect();
        let outlines = cells(&seeds).dissolve_labelled(7);
        for seed in &seeds {
            for (cluster, outline) in (0u32..).zip(&outlines) {
                let inside = outline.contains(&Point(seed.at));
                assert_eq!(inside, cluster == seed.cluster);
            }
        }
        let total: f64 = outlines.iter().map(Area::unsigned_area).sum();
        for outline in &outlines {
            assert!(outline.is_valid());
        }
        // Cells are dissolved whole: nothing is counted twice.
        let singly: f64 = cells(&seeds)
            .faces
            .iter()
            .zip(std::iter::repeat(cells(&seeds).corners))
            .map(|(face, corners)| {
                let ring: Vec<Coord> = face.rings[0].iter().map(|&n| corners[n as usize]).collect();
                super::super::dissolve::signed_area(&ring)
            })
            .sum();
        assert!((total - singly).abs() < 1e-3, "{total} {singly}");
        // One far from all others is a circle.
        let lone = cells(&[seeds[0]]).dissolve_labelled(7);
        let circle = std::f64::consts::PI * 250.0 * 250.0;
        assert!((lone[seeds[0].cluster as usize].unsigned_area() / circle - 1.0).abs() < 0.01);
        assert!(!lone[0].intersects(&lone[1]));
    }
}
