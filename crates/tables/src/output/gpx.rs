//! Writing GPX 1.1: points as waypoints, lines and outlines as tracks. GPX asks for all waypoints before the first track.

use std::fmt::Write as _;
use std::io::Write;

use geo::{Coord, Geometry, LineString};

use super::kml::{label_column, value};
use super::rows::{self, Rows};
use super::text::xml;
use crate::{Error, Result, Table};

const FORMAT: &str = "GPX";

pub(super) fn write<W: Write>(table: &Table, mut out: W) -> Result<Vec<String>> {
    let failed = |error| Error::write(FORMAT, error);
    if table.geometry_column().is_none() {
        return Err(Error::NoGeometry {
            available: table.names(),
        });
    }
    let table = table.reproject(&crate::Crs::wgs84())?;
    let columns = rows::properties(&table);
    let label = label_column(&columns);
    out.write_all(
        b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<gpx version=\"1.1\" creator=\"transect\" \
          xmlns=\"http://www.topografix.com/GPX/1/1\">\n",
    )
    .map_err(failed)?;
    let mut without = 0_usize;
    for tracks in [false, true] {
        for block in rows::blocks(&table) {
            let block = block?;
            for row in 0..block.count {
                let Some(geometry) = block.geometry(row)? else {
                    without += usize::from(!tracks);
                    continue;
                };
                let mut parts = Parts::default();
                parts.add(&geometry);
                let about = about(&block, row, &columns, label);
                let mut text = String::new();
                if tracks && !parts.lines.is_empty() {
                    let _ = write!(text, "<trk>{about}");
                    for line in &parts.lines {
                        text.push_str("<trkseg>");
                        for coord in &line.0 {
                            let _ =
                                write!(text, "<trkpt lat=\"{}\" lon=\"{}\"/>", coord.y, coord.x);
                        }
                        text.push_str("</trkseg>");
                    }
                    text.push_str("</trk>\n");
                } else if !tracks {
                    for coord in &parts.points {
                        let _ = writeln!(
                            text,
                            "<wpt lat=\"{}\" lon=\"{}\">{about}</wpt>",
                            coord.y, coord.x
                        );
                    }
                }
                out.write_all(text.as_bytes()).map_err(failed)?;
            }
        }
    }
    out.write_all(b"</gpx>\n").map_err(failed)?;
    let note = format!("GPX has no place for rows without a geometry: {without} are left out");
    Ok((without > 0).then_some(note).into_iter().collect())
}

/// The name and, as its description, all columns of a row.
fn about(
    block: &Rows,
    row: usize,
    columns: &[(String, arrow_schema::DataType)],
    label: Option<usize>,
) -> String {
    let mut about = String::new();
    if let Some(label) = label.and_then(|label| block.cells(row).nth(label).and_then(value)) {
        let _ = write!(about, "<name>{label}</name>");
    }
    let described = columns.iter().zip(block.cells(row));
    let described =
        described.filter_map(|((name, _), cell)| Some(format!("{}: {}", xml(name), value(cell)?)));
    let described: Vec<String> = described.collect();
    if !described.is_empty() {
        let _ = write!(about, "<desc>{}</desc>", described.join("; "));
    }
    about
}

#[derive(Default)]
struct Parts {
    points: Vec<Coord>,
    lines: Vec<LineString>,
}

impl Parts {
    fn add(&mut self, geometry: &Geometry) {
        match geometry {
            Geometry::Point(point) => self.points.push(point.0),
            Geometry::MultiPoint(points) => self.points.extend(points.iter().map(|point| point.0)),
            Geometry::Line(line) => self.lines.push(LineString(vec![line.start, line.end])),
            Geometry::LineString(line) => self.lines.push(line.clone()),
            Geometry::MultiLineString(lines) => self.lines.extend(lines.iter().cloned()),
            Geometry::Polygon(polygon) => {
                self.lines.push(polygon.exterior().clone());
                self.lines.extend(polygon.interiors().iter().cloned());
            }
            Geometry::MultiPolygon(polygons) => {
                for polygon in polygons {
                    self.add(&Geometry::Polygon(polygon.clone()));
                }
            }
            Geometry::Rect(rect) => self.lines.push(rect.to_polygon().exterior().clone()),
            Geometry::Triangle(triangle) => {
                self.lines.push(triangle.to_polygon().exterior().clone())
            }
            Geometry::GeometryCollection(members) => {
                members.iter().for_each(|member| self.add(member))
            }
        }
    }
}
