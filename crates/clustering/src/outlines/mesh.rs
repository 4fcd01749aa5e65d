//! Faces with shared corners, dissolved by the edges they share.

use std::collections::HashMap;

use geo::{
    BooleanOps, BoundingRect, Coord, Geometry, LineString, MultiPolygon, Polygon, Validation,
    unary_union,
};
use rayon::prelude::*;
use rstar::primitives::GeomWithData;
use rstar::{AABB, RTree};
use tables::Table;

use super::dissolve::polygons;
use crate::ground::{Ground, in_order, unwrap_shapes};
use crate::{Error, Lattice};

/// Corners nearer to each other than this share of the typical face are one.
const SNAP: f64 = 1e-6;

/// Faces, each with a label and its rings of corners, the inside on the left.
#[derive(Default)]
pub(super) struct Mesh {
    pub corners: Vec<Coord>,
    pub faces: Vec<Face>,
    /// The faces may overlap, so that outlines are to be checked.
    pub untrusted: bool,
}

/// A face: what it belongs to, and its rings.
pub(super) struct Face {
    pub label: u32,
    pub rings: Vec<Vec<u32>>,
}

/// Numbers for corners, the same for corners that are the same but for rounding.
pub(super) struct Corners {
    tolerance: f64,
    found: HashMap<(i64, i64), Vec<u32>>,
    pub all: Vec<Coord>,
}

impl Corners {
    /// Corners at most `tolerance` apart along both axes are the same.
    pub fn new(tolerance: f64) -> Self {
        Self {
            tolerance: tolerance.max(f64::MIN_POSITIVE),
            found: HashMap::new(),
            all: Vec::new(),
        }
    }

    pub fn number(&mut self, corner: Coord) -> u32 {
        const CELL: f64 = 64.0;
        let side = CELL * self.tolerance;
        let (x, y) = (corner.x / side, corner.y / side);
        // Cells beside are looked at where the corner is near their border.
        let reach = 1.0 / CELL;
        let span = |v: f64| ((v - reach).floor() as i64)..=((v + reach).floor() as i64);
        for column in span(x) {
            for row in span(y) {
                for &number in self.found.get(&(column, row)).into_iter().flatten() {
                    let other = self.all[number as usize];
                    if (other.x - corner.x).abs() <= self.tolerance
                        && (other.y - corner.y).abs() <= self.tolerance
                    {
                        return number;
                    }
                }
            }
        }
        let number = self.all.len() as u32;
        self.all.push(corner);
        let cell = (x.floor() as i64, y.floor() as i64);
        self.found.entry(cell).or_default().push(number);
        number
    }
}

/// The polygons of a table as faces, in the order of the places, each labelled by its place.
pub(super) fn of_polygons(ground: &Ground, table: &Table) -> Result<Mesh, Error> {
    let mut shapes = shapes_of(ground, table)?;
    if let Some(lattice) = &ground.lattice
        && shapes
            .iter()
            .all(|shape| matches!(shape, Geometry::Point(_)))
    {
        shapes = cells_of(lattice);
    }
    Ok(of_shapes(&shapes))
}

/// The geometries of the places, with longitudes that pass 180 degrees if the table lies there.
pub(super) fn shapes_of(ground: &Ground, table: &Table) -> Result<Vec<Geometry>, Error> {
    let all = table.geometries()?;
    let empty = || Geometry::MultiPolygon(MultiPolygon::new(Vec::new()));
    let mut shapes: Vec<Geometry> =
        in_order(&(0..all.len() as u32).collect::<Vec<_>>(), &ground.rows)
            .into_iter()
            .map(|row| all[row as usize].clone().unwrap_or_else(empty))
            .collect();
    if ground.crs.is_geographic() {
        unwrap_shapes(shapes.iter_mut());
    }
    Ok(shapes)
}

/// Each place's square, or its share of it where several places are in one cell.
fn cells_of(lattice: &Lattice) -> Vec<Geometry> {
    let [width, height] = lattice.steps();
    let mut piles: HashMap<[u32; 2], (u32, u32)> = HashMap::new();
    for &cell in &lattice.cells {
        piles.entry(cell).or_default().0 += 1;
    }
    let mut squares = Vec::with_capacity(lattice.cells.len());
    for &cell in &lattice.cells {
        let pile = piles.entry(cell).or_default();
        let share = width / f64::from(pile.0.max(1));
        let left =
            lattice.origin.x + (f64::from(cell[0]) - 0.5) * width + share * f64::from(pile.1);
        let low = lattice.origin.y + (f64::from(cell[1]) - 0.5) * height;
        pile.1 += 1;
        squares.push(
            geo::Rect::new((left, low), (left + share, low + height))
                .to_polygon()
                .into(),
        );
    }
    squares
}

/// The polygons of shapes as faces, each labelled by its number.
pub(super) fn of_shapes(shapes: &[Geometry]) -> Mesh {
    let mut sides: Vec<f64> = shapes
        .iter()
        .filter_map(BoundingRect::bounding_rect)
        .map(|rect| rect.width().max(rect.height()))
        .collect();
    sides.sort_unstable_by(f64::total_cmp);
    let typical = sides.get(sides.len() / 2).copied().unwrap_or(1.0);
    let mut corners = Corners::new(SNAP * typical);
    let mut faces = Vec::with_capacity(shapes.len());
    for (label, shape) in (0u32..).zip(shapes) {
        for polygon in polygons_of(shape) {
            let mut rings = vec![ring(&mut corners, polygon.exterior(), true)];
            let holes = polygon.interiors().iter();
            rings.extend(holes.map(|hole| ring(&mut corners, hole, false)));
            faces.push(Face { label, rings });
        }
    }
    let mut mesh = Mesh {
        corners: corners.all,
        faces,
        untrusted: true,
    };
    mesh.meet();
    mesh
}

pub(super) fn polygons_of(shape: &Geometry) -> Vec<&Polygon> {
    match shape {
        Geometry::Polygon(polygon) => vec![polygon],
        Geometry::MultiPolygon(many) => many.iter().collect(),
        Geometry::GeometryCollection(all) => all.iter().flat_map(polygons_of).collect(),
        _ => Vec::new(),
    }
}

/// The corners of a ring, to the left of an outer and to the right of an inner one.
fn ring(corners: &mut Corners, line: &LineString, outer: bool) -> Vec<u32> {
    let open = line.0.len().saturating_sub(1);
    let mut ring: Vec<u32> = line.0[..open].iter().map(|&c| corners.number(c)).collect();
    ring.dedup();
    while ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
    let coords: Vec<Coord> = ring.iter().map(|&n| corners.all[n as usize]).collect();
    if (super::dissolve::signed_area(&coords) > 0.0) != outer {
        ring.reverse();
    }
    ring
}

impl Mesh {
    fn edges(&self) -> impl Iterator<Item = (u32, u32, u32)> {
        self.faces.iter().flat_map(|face| {
            face.rings.iter().flat_map(move |ring| {
                let pairs = ring.iter().zip(ring.iter().cycle().skip(1));
                pairs.map(move |(&from, &to)| (from, to, face.label))
            })
        })
    }

    /// Divides edges at corners of other faces that lie on them.
    fn meet(&mut self) {
        let mut all: Vec<(u32, u32)> = self.edges().map(|(from, to, _)| (from, to)).collect();
        all.sort_unstable();
        let has = |edge: (u32, u32)| all.binary_search(&edge).is_ok();
        let mut at_border: Vec<u32> = Vec::new();
        for &(from, to) in &all {
            if !has((to, from)) {
                at_border.extend([from, to]);
            }
        }
        at_border.sort_unstable();
        at_border.dedup();
        let points = at_border.iter().map(|&corner| {
            let c = self.corners[corner as usize];
            GeomWithData::new([c.x, c.y], corner)
        });
        let tree = RTree::bulk_load(points.collect());
        let corners = &self.corners;
        self.faces.par_iter_mut().for_each(|face| {
            for ring in &mut face.rings {
                let mut divided = Vec::with_capacity(ring.len());
                for (&from, &to) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                    divided.push(from);
                    if all.binary_search(&(to, from)).is_err() {
                        divided.extend(between(&tree, corners, from, to));
                    }
                }
                *ring = divided;
            }
        });
    }

    /// The union of the faces of each of `count` clusters, by the cluster of each label.
    pub fn dissolve(mut self, cluster_of: &[u32], count: usize) -> Vec<MultiPolygon> {
        for face in &mut self.faces {
            face.label = cluster_of[face.label as usize];
        }
        self.dissolve_labelled(count)
    }

    /// The union of the faces of each of `count` labels.
    pub fn dissolve_labelled(self, count: usize) -> Vec<MultiPolygon> {
        let mut edges: Vec<Vec<(u64, u64)>> = vec![Vec::new(); count];
        for (from, to, label) in self.edges() {
            edges[label as usize].push((u64::from(from), u64::from(to)));
        }
        let mut faces: Vec<Vec<&Face>> = vec![Vec::new(); count];
        for face in &self.faces {
            faces[face.label as usize].push(face);
        }
        let at = |corner: u64| self.corners[corner as usize];
        edges
            .into_par_iter()
            .zip(faces)
            .map(|(mut edges, faces)| {
                edges.sort_unstable();
                edges.dedup();
                let inside = |&(from, to): &(u64, u64)| edges.binary_search(&(to, from)).is_ok();
                let mut border: Vec<(u64, u64)> =
                    edges.iter().copied().filter(|edge| !inside(edge)).collect();
                let outline = polygons(&mut border, at);
                if self.untrusted && !outline.is_valid() {
                    return self.union(&faces);
                }
                outline
            })
            .collect()
    }

    /// The union of faces that overlap or have no edges in common.
    fn union(&self, faces: &[&Face]) -> MultiPolygon {
        let line = |ring: &Vec<u32>| {
            LineString::new(ring.iter().map(|&n| self.corners[n as usize]).collect())
        };
        let polygons: Vec<Polygon> = faces
            .iter()
            .filter_map(|face| {
                let (outer, holes) = face.rings.split_first()?;
                Some(Polygon::new(line(outer), holes.iter().map(line).collect()))
            })
            .collect();
        // The union of one with nothing also mends rings that cross themselves.
        unary_union(polygons.iter()).union(&MultiPolygon::new(Vec::new()))
    }
}

/// The corners that lie on an edge, in order, its ends left out.
fn between(
    tree: &RTree<GeomWithData<[f64; 2], u32>>,
    corners: &[Coord],
    from: u32,
    to: u32,
) -> Vec<u32> {
    let (a, b) = (corners[from as usize], corners[to as usize]);
    let (dx, dy) = (b.x - a.x, b.y - a.y);
    let length = dx.hypot(dy);
    let near = SNAP * length;
    let reach = AABB::from_corners(
        [a.x.min(b.x) - near, a.y.min(b.y) - near],
        [a.x.max(b.x) + near, a.y.max(b.y) + near],
    );
    let mut found: Vec<(f64, u32)> = tree
        .locate_in_envelope(&reach)
        .filter(|point| point.data != from && point.data != to)
        .filter_map(|point| {
            let [x, y] = *point.geom();
            let along = ((x - a.x) * dx + (y - a.y) * dy) / length;
            let across = ((x - a.x) * dy - (y - a.y) * dx) / length;
            (across.abs() <= near && along > 0.0 && along < length).then_some((along, point.data))
        })
        .collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.into_iter().map(|(_, corner)| corner).collect()
}
