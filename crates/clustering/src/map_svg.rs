//! A picture of clusters, as SVG that any browser opens.

mod canvas;

use std::collections::BTreeMap;
use std::fmt::Write;

use geo::{Coord, CoordsIter, Geometry};
use tables::Table;

use crate::adjacency::Lattice;
use crate::{Error, columns};
use canvas::Canvas;

/// Neighbouring numbers get colours far apart.
const COLOURS: [&str; 12] = [
    "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2", "#b07aa1", "#edc948", "#9c755f",
    "#2f6690", "#d37295", "#8cd17d", "#a0643c",
];
/// Opacity of clusters that meet all limits, and of the others.
const SOLID: f64 = 0.95;
const FAINT: f64 = 0.3;

/// Draws a clustered table as a map, each cluster in a colour. Cells of a lattice are drawn as cells, polygons as polygons,
/// points as dots.
///
/// # Errors
/// [`Error::NoColumn`] if the table has no `cluster_id`; an unreadable geometry.
pub fn map_svg(table: &Table) -> Result<String, Error> {
    draw(table, None)
}

/// [`map_svg`] with the clusters faint that are out of range, too wide or in pieces, as the table of clusters says.
///
/// # Errors
/// As [`map_svg`], for either table.
pub fn map_svg_with_flags(table: &Table, clusters: &Table) -> Result<String, Error> {
    draw(table, Some(&flags_of(clusters)?))
}

fn draw(table: &Table, flags: Option<&BTreeMap<String, String>>) -> Result<String, Error> {
    columns::require(table, "cluster_id")?;
    let ids = table.texts("cluster_id")?;
    let flags_of = |id: &str| {
        flags
            .and_then(|flags| flags.get(id))
            .map_or("", String::as_str)
    };
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, id) in ids.iter().enumerate() {
        if let Some(id) = id {
            members.entry(id).or_default().push(row);
        }
    }
    let ink = Ink::of(table)?;
    let mut drawing = String::new();
    for (number, (id, rows)) in members.iter().enumerate() {
        let flags = flags_of(id);
        let note = if flags.is_empty() {
            String::new()
        } else {
            format!(" ({flags})")
        };
        let colour = COLOURS[number * 5 % COLOURS.len()];
        let opacity = if flags.is_empty() { SOLID } else { FAINT };
        let _ = writeln!(
            drawing,
            r#"<path {} opacity="{opacity}" d="{}"><title>{id}{note}</title></path>"#,
            ink.paint(colour),
            ink.path(rows)
        );
    }
    let faint = members.keys().filter(|id| !flags_of(id).is_empty()).count();
    let caption = match flags {
        Some(_) => format!(
            "{} clusters; {faint} faint: a limit is not met",
            members.len()
        ),
        None => format!("{} clusters", members.len()),
    };
    Ok(ink.canvas().document(&drawing, &caption))
}

/// The flags of each cluster.
fn flags_of(clusters: &Table) -> Result<BTreeMap<String, String>, Error> {
    columns::require(clusters, "cluster_id")?;
    columns::require(clusters, "flags")?;
    let ids = clusters.texts("cluster_id")?;
    let flags = clusters.texts("flags")?;
    Ok(ids
        .into_iter()
        .zip(flags)
        .filter_map(|(id, flags)| Some((id?, flags.unwrap_or_default())))
        .collect())
}

/// What rows are drawn as.
enum Ink {
    Cells {
        cells: Vec<[u32; 2]>,
        canvas: Canvas,
    },
    Shapes {
        shapes: Vec<Option<Geometry>>,
        canvas: Canvas,
    },
    Dots {
        dots: Vec<Coord>,
        canvas: Canvas,
    },
}

impl Ink {
    fn of(table: &Table) -> Result<Self, Error> {
        let degrees = table.crs().is_geographic();
        let shapes = match table.points()? {
            Some(points) => {
                return Ok(match Lattice::detect(&points) {
                    Some(lattice) => Self::cells(lattice, &points, degrees),
                    None => Self::Dots {
                        canvas: Canvas::around(points.iter().copied(), degrees),
                        dots: points,
                    },
                });
            }
            None => table.geometries()?,
        };
        let corners = shapes.iter().flatten().flat_map(CoordsIter::coords_iter);
        Ok(Self::Shapes {
            canvas: Canvas::around(corners, degrees),
            shapes,
        })
    }

    fn cells(lattice: Lattice, points: &[Coord], degrees: bool) -> Self {
        Self::Cells {
            canvas: Canvas::of_lattice(&lattice, points, degrees),
            cells: lattice.cells,
        }
    }

    fn canvas(&self) -> &Canvas {
        match self {
            Self::Cells { canvas, .. }
            | Self::Shapes { canvas, .. }
            | Self::Dots { canvas, .. } => canvas,
        }
    }

    fn paint(&self, colour: &str) -> String {
        match self {
            Self::Cells { .. } => format!(r#"fill="{colour}""#),
            Self::Shapes { .. } => {
                format!(
                    r#"fill="{colour}" fill-rule="evenodd" stroke="{colour}" stroke-width="0.5""#
                )
            }
            Self::Dots { .. } => {
                format!(r#"stroke="{colour}" stroke-width="4" stroke-linecap="round""#)
            }
        }
    }

    fn path(&self, rows: &[usize]) -> String {
        let mut path = String::new();
        match self {
            Self::Cells { cells, canvas } => {
                canvas.cells(&mut path, rows.iter().map(|&row| cells[row]));
            }
            Self::Shapes { shapes, canvas } => {
                for shape in rows.iter().filter_map(|&row| shapes[row].as_ref()) {
                    canvas.shape(&mut path, shape);
                }
            }
            Self::Dots { dots, canvas } => {
                for &row in rows {
                    canvas.dot(&mut path, dots[row]);
                }
            }
        }
        path
    }
}
