//! Outlines of footprints that lie apart: the footprints of a cluster and the land between them, a concave outline.
//!
//! The corners of all footprints are triangulated with their walls as constraints (constrained Delaunay triangulation, Chew 1989, built
//! by `spade`). A triangle between footprints belongs to a cluster if its three corners do and none of its sides is longer than a
//! neighbour may be away. Triangles do not overlap, so outlines do not.

use geo::{BoundingRect, Contains, Coord, Geometry, Point};
use spade::{ConstrainedDelaunayTriangulation, HasPosition, Point2, Triangulation};
use tables::Table;

use super::mesh::{self, Face, Mesh, polygons_of};
use crate::Error;
use crate::ground::Ground;

/// A corner, with its number in the mesh.
struct Corner {
    at: Point2<f64>,
    number: u32,
}

impl HasPosition for Corner {
    type Scalar = f64;
    fn position(&self) -> Point2<f64> {
        self.at
    }
}

/// Footprints and triangles as faces labelled by cluster, in the CRS of the table.
pub(super) fn mesh(ground: &Ground, table: &Table, cluster_of: &[u32]) -> Result<Mesh, Error> {
    let shapes = mesh::shapes_of(ground, table)?;
    let mut mesh = mesh::of_shapes(&shapes);
    // Places of each corner, and walls.
    let mut places: Vec<Vec<u32>> = vec![Vec::new(); mesh.corners.len()];
    let mut walls = Vec::new();
    for face in &mut mesh.faces {
        for ring in &face.rings {
            for (&from, &to) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                if places[from as usize].last() != Some(&face.label) {
                    places[from as usize].push(face.label);
                }
                walls.push([from as usize, to as usize]);
            }
        }
        face.label = cluster_of[face.label as usize];
    }
    // A side has two walls where footprints share it.
    for wall in &mut walls {
        wall.sort_unstable();
    }
    walls.sort_unstable();
    walls.dedup();
    let scale = scale(ground, &shapes);
    let corners = (0u32..).zip(&mesh.corners).map(|(number, c)| Corner {
        at: Point2::new(c.x * scale.x, c.y * scale.y),
        number,
    });
    let Ok(triangulation) = ConstrainedDelaunayTriangulation::<Corner>::try_bulk_load_cdt(
        corners.collect(),
        walls,
        |_| {},
    ) else {
        return Ok(mesh);
    };
    for triangle in triangulation.inner_faces() {
        let [a, b, c] = triangle.vertices();
        let numbers = [a, b, c].map(|vertex| vertex.data().number);
        let place = ground.settings(0);
        let longest = 2.0 * place.target_radius;
        let long = triangle
            .adjacent_edges()
            .iter()
            .any(|edge| edge.length_2() > longest * longest);
        if long {
            continue;
        }
        let of = |number: u32| places[number as usize].iter().copied();
        let centre = numbers.iter().fold(Coord::default(), |sum, &n| {
            sum + mesh.corners[n as usize] / 3.0
        });
        let on_all = |place: &u32| {
            of(numbers[1]).any(|other| other == *place)
                && of(numbers[2]).any(|other| other == *place)
        };
        // Within a footprint, or beyond its wall.
        let within = of(numbers[0]).filter(on_all).any(|place| {
            let inside = |polygon: &&geo::Polygon| polygon.contains(&Point(centre));
            polygons_of(&shapes[place as usize]).iter().any(inside)
        });
        if within {
            continue;
        }
        let clusters = |number: u32| of(number).map(|place| cluster_of[place as usize]);
        let common = clusters(numbers[0]).find(|&cluster| {
            clusters(numbers[1]).any(|other| other == cluster)
                && clusters(numbers[2]).any(|other| other == cluster)
        });
        if let Some(label) = common {
            mesh.faces.push(Face {
                label,
                rings: vec![numbers.to_vec()],
            });
        }
    }
    Ok(mesh)
}

/// Metres for each unit of the coordinates of the table, about.
fn scale(ground: &Ground, shapes: &[Geometry]) -> Coord {
    let degrees = |shape: &Geometry| shape.bounding_rect().map(|rect| rect.center());
    if !ground.crs.is_geographic() {
        let unit = ground.crs.metres_per_unit().unwrap_or(1.0);
        return Coord { x: unit, y: unit };
    }
    const METRES_A_DEGREE: f64 = 111_195.0;
    let centres: Vec<Coord> = shapes.iter().filter_map(degrees).collect();
    let middle = centres.iter().map(|c| c.y).sum::<f64>() / centres.len().max(1) as f64;
    Coord {
        x: METRES_A_DEGREE * middle.to_radians().cos(),
        y: METRES_A_DEGREE,
    }
}
