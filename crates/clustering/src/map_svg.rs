//! A picture of clusters, as SVG that any browser opens.

mod canvas;

use std::collections::BTreeMap;
use std::fmt::Write;

use geo::{Coord, CoordsIter, Geometry};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use tables::Table;

use crate::adjacency::Lattice;
use crate::ground::{unwrap_longitudes, unwrap_shapes};
use crate::{Error, columns};
use canvas::Canvas;

/// Enough for neighbours to differ.
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
    let bounds: Vec<_> = members.values().map(|rows| ink.bounds(rows)).collect();
    let colours = colours(&bounds);
    for ((id, rows), colour) in members.iter().zip(colours) {
        let flags = flags_of(id);
        let note = if flags.is_empty() {
            String::new()
        } else {
            format!(" ({flags})")
        };
        let opacity = if flags.is_empty() { SOLID } else { FAINT };
        let _ = writeln!(
            drawing,
            r#"<path {} opacity="{opacity}" d="{}"><title>{}{}</title></path>"#,
            ink.paint(COLOURS[colour]),
            ink.path(rows),
            escaped(id),
            escaped(&note)
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

/// Text as XML holds it: marks of XML as entities, and control characters, which XML 1.0 has not, as a replacement.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // Marks that turn the direction of writing make a name look like another.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => {
                safe.push('\u{fffd}');
            }
            other if other.is_control() || matches!(other, '\u{fffe}' | '\u{ffff}') => {
                safe.push('\u{fffd}');
            }
            other => safe.push(other),
        }
    }
    safe
}

/// A colour for each cluster, by its number: other than those of the clusters before it whose bounds it meets, as long as there are
/// enough.
fn colours(bounds: &[Option<AABB<[f64; 2]>>]) -> Vec<usize> {
    let boxes = bounds.iter().zip(0..);
    let boxes: RTree<GeomWithData<Rectangle<[f64; 2]>, usize>> = RTree::bulk_load(
        boxes
            .filter_map(|(bounds, number)| {
                Some(GeomWithData::new(Rectangle::from_aabb((*bounds)?), number))
            })
            .collect(),
    );
    let mut colours: Vec<usize> = Vec::with_capacity(bounds.len());
    for (number, bounds) in bounds.iter().enumerate() {
        let mut taken = [false; COLOURS.len()];
        let met = bounds
            .iter()
            .flat_map(|bounds| boxes.locate_in_envelope_intersecting(bounds));
        for met in met {
            if let Some(&colour) = colours.get(met.data) {
                taken[colour] = true;
            }
        }
        // Numbers that follow each other begin with colours far apart.
        let wanted = |step: usize| (number * 5 + step) % COLOURS.len();
        let free = (0..COLOURS.len())
            .map(wanted)
            .find(|&colour| !taken[colour]);
        colours.push(free.unwrap_or(wanted(0)));
    }
    colours
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
            Some(mut points) => {
                if degrees {
                    unwrap_longitudes(&mut points);
                }
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
        let mut shapes = shapes;
        if degrees {
            unwrap_shapes(shapes.iter_mut().flatten());
        }
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

    /// The least rectangle around rows and what touches them; `None` where they lie nowhere.
    fn bounds(&self, rows: &[usize]) -> Option<AABB<[f64; 2]>> {
        let mut corners: Vec<[f64; 2]> = match self {
            Self::Cells { cells, .. } => rows
                .iter()
                .flat_map(|&row| {
                    let [column, line] = cells[row].map(f64::from);
                    [[column, line], [column + 1.0, line + 1.0]]
                })
                .collect(),
            Self::Shapes { shapes, .. } => rows
                .iter()
                .filter_map(|&row| shapes[row].as_ref())
                .flat_map(CoordsIter::coords_iter)
                .map(|corner| [corner.x, corner.y])
                .collect(),
            Self::Dots { dots, .. } => rows.iter().map(|&row| [dots[row].x, dots[row].y]).collect(),
        };
        // An index takes no numbers that are none.
        corners.retain(|corner| corner.iter().all(|number| number.is_finite()));
        (!corners.is_empty()).then(|| AABB::from_points(&corners))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_place() {
        assert_eq!(
            escaped("</title><script>\u{0}\u{202e}&\"'"),
            "&lt;/title&gt;&lt;script&gt;\u{fffd}\u{fffd}&amp;&quot;&#39;"
        );
    }

    #[test]
    fn neighbours_differ_where_there_are_enough_colours() {
        let square = |x: f64, y: f64| AABB::from_corners([x, y], [x + 1.0, y + 1.0]);
        let squares: Vec<_> = (0..400)
            .map(|number| square(f64::from(number % 20), f64::from(number / 20)))
            .collect();
        let bounds: Vec<_> = squares.iter().copied().map(Some).collect();
        let colours = colours(&bounds);
        for (number, one) in squares.iter().enumerate() {
            for (other, _) in squares.iter().enumerate().skip(number + 1) {
                let touching = rstar::Envelope::intersects(one, &squares[other]);
                assert!(!touching || colours[number] != colours[other]);
            }
        }
        // Thirteen of one place cannot all differ.
        assert_eq!(super::colours(&[Some(square(0.0, 0.0)); 13]).len(), 13);
    }

    #[test]
    fn places_that_are_no_numbers_are_drawn_nowhere_and_disturb_no_other() {
        let dots: Vec<Coord> = (0..40)
            .map(|number| Coord {
                x: if number % 3 == 0 {
                    f64::NAN
                } else {
                    f64::from(number)
                },
                y: f64::from(number),
            })
            .collect();
        let canvas = Canvas::around(dots.iter().copied(), false);
        let ink = Ink::Dots { dots, canvas };
        let bounds: Vec<_> = (0..40).map(|row| ink.bounds(&[row])).collect();
        assert_eq!(bounds.iter().flatten().count(), 26);
        assert_eq!(colours(&bounds).len(), 40);
    }
}
