//! Reading KML 2.2: placemarks, their names, extended data and geometries. Longitude and latitude on WGS 84.
//!
//! OGC 12-007r2; tracks of Google's extension are lines.

use geo::{
    Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon,
    Point, Polygon,
};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::infer::TextTable;
use crate::{Crs, Error, ReadOptions, Result, Table};

pub(crate) const FORMAT: &str = "KML";
/// Elements within elements.
const DEEPEST: usize = 200;

type Parsed<T> = std::result::Result<T, String>;

pub(crate) fn read(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table> {
    let mut reader = Reader::from_reader(bytes);
    let mut document = Document {
        path: Vec::new(),
        text: String::new(),
        row: None,
        rows: TextTable::new(options.limits.cells(bytes.len() as u64)),
        geometries: Vec::new(),
    };
    loop {
        let at = reader.buffer_position();
        let problem =
            |problem: String| Error::malformed(name, FORMAT, format!("byte {at}: {problem}"));
        let event = reader
            .read_event()
            .map_err(|error| problem(error.to_string()))?;
        let done = match event {
            Event::Eof => break,
            Event::Start(start) => document.start(&start),
            Event::Empty(start) => document.start(&start).and_then(|()| document.end()),
            Event::End(_) => document.end(),
            Event::Text(text) => {
                document.text.push_str(&text);
                Ok(())
            }
            Event::CData(text) => {
                document.text.push_str(&text);
                Ok(())
            }
            Event::GeneralRef(entity) => document.entity(&entity),
            _ => Ok(()),
        };
        done.map_err(problem)?;
    }
    if !document.path.is_empty() {
        return Err(Error::malformed(name, FORMAT, "it is cut short"));
    }
    let columns = document.rows.finish();
    let taken = columns.iter().any(|(column, _)| column == "geometry");
    let column = if taken { "geometry.1" } else { "geometry" };
    Table::new(columns)?
        .with_geometries(column, &document.geometries, Crs::wgs84())?
        .with_only(options)
}

/// What is known while the document is read.
struct Document {
    path: Vec<Element>,
    text: String,
    row: Option<Row>,
    rows: TextTable,
    geometries: Vec<Option<Geometry>>,
}

/// An open element.
struct Element {
    name: String,
    /// Its `name` attribute.
    named: Option<String>,
    /// Geometries that ended within it.
    members: Vec<Geometry>,
    /// Rings or coordinates that ended within it.
    lines: Vec<LineString>,
}

/// A placemark being read.
#[derive(Default)]
struct Row {
    fields: Vec<(String, String)>,
}

impl Document {
    fn start(&mut self, start: &BytesStart<'_>) -> Parsed<()> {
        if self.path.len() >= DEEPEST {
            return Err("its elements lie too deep within each other".to_owned());
        }
        let name = start.local_name().as_ref().to_owned();
        let mut named = None;
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            if attribute.key.as_ref() == "name" {
                let text = quick_xml::escape::unescape(&attribute.value)
                    .map_err(|error| error.to_string())?;
                named = Some(text.into_owned());
            }
        }
        if name == "Placemark" {
            if self.row.is_some() {
                return Err("a Placemark lies in a Placemark".to_owned());
            }
            self.row = Some(Row::default());
        }
        self.text.clear();
        self.path.push(Element {
            name,
            named,
            members: Vec::new(),
            lines: Vec::new(),
        });
        Ok(())
    }

    fn entity(&mut self, entity: &str) -> Parsed<()> {
        let text = format!("&{entity};");
        let text = quick_xml::escape::unescape(&text).map_err(|error| error.to_string())?;
        self.text.push_str(&text);
        Ok(())
    }

    fn end(&mut self) -> Parsed<()> {
        let element = self
            .path
            .pop()
            .ok_or("an element ends that did not begin")?;
        let text = std::mem::take(&mut self.text);
        let text = text.trim();
        let parent = self.path.last_mut();
        match element.name.as_str() {
            "Placemark" => {
                let row = self.row.take().unwrap_or_default();
                self.geometries.push(gathered(element.members));
                return self.rows.push_row(row.fields);
            }
            "coordinates" => {
                if let Some(parent) = parent {
                    parent.lines.push(coordinates(text)?);
                }
            }
            // a place of a track: longitude, latitude and height apart by blanks
            "coord" => {
                if let Some(parent) = parent {
                    let coord =
                        coordinates(&text.split_whitespace().collect::<Vec<_>>().join(","))?;
                    match parent.lines.last_mut() {
                        Some(line) => line.0.extend(coord.0),
                        None => parent.lines.push(coord),
                    }
                }
            }
            "Point" | "LineString" | "Track" | "LinearRing" | "Polygon" | "MultiGeometry"
            | "MultiTrack" => {
                self.geometry(element)?;
            }
            "outerBoundaryIs" | "innerBoundaryIs" => {
                if let Some(parent) = parent {
                    // outer first, whatever the order of the elements
                    match element.name.as_str() {
                        "outerBoundaryIs" => {
                            parent.lines.splice(0..0, element.lines);
                        }
                        _ => parent.lines.extend(element.lines),
                    }
                }
            }
            other => self.field(other, element.named.as_deref(), text),
        }
        Ok(())
    }

    /// Notes a value of the placemark.
    fn field(&mut self, element: &str, named: Option<&str>, text: &str) {
        let parent = self.path.last();
        let Some(row) = &mut self.row else { return };
        let parent_name = parent.map(|parent| parent.name.as_str());
        let name = match (parent_name, element) {
            (Some("Placemark"), "name" | "description" | "address" | "snippet") => Some(element),
            (Some("TimeStamp"), "when") => Some("when"),
            (Some("TimeSpan"), "begin" | "end") => Some(element),
            (Some("SchemaData"), "SimpleData") => named,
            (Some("Data"), "value") => parent.and_then(|parent| parent.named.as_deref()),
            _ => None,
        };
        if let Some(name) = name.filter(|_| !text.is_empty()) {
            row.fields.push((name.to_owned(), text.to_owned()));
        }
    }

    fn geometry(&mut self, element: Element) -> Parsed<()> {
        let is_ring_of_polygon = element.name == "LinearRing"
            && self
                .path
                .last()
                .is_some_and(|parent| parent.name.ends_with("BoundaryIs"));
        if is_ring_of_polygon {
            if let Some(parent) = self.path.last_mut() {
                parent.lines.extend(element.lines);
            }
            return Ok(());
        }
        let mut lines = element.lines;
        let geometry = match element.name.as_str() {
            "Point" => {
                let place = lines.first().and_then(|line| line.0.first());
                place.map(|place| Geometry::Point(Point(*place)))
            }
            "LineString" | "Track" => lines.pop().map(Geometry::LineString),
            "LinearRing" => lines
                .pop()
                .map(|ring| Geometry::Polygon(Polygon::new(ring, Vec::new()))),
            "Polygon" if !lines.is_empty() => {
                let outer = lines.remove(0);
                Some(Geometry::Polygon(Polygon::new(outer, lines)))
            }
            "MultiGeometry" | "MultiTrack" => gathered(element.members),
            _ => None,
        };
        let geometry = geometry.ok_or_else(|| format!("a {} has no coordinates", element.name))?;
        if let Some(parent) = self.path.last_mut() {
            parent.members.push(geometry);
        }
        Ok(())
    }
}

/// Geometries of one kind as a geometry of several parts.
fn gathered(mut members: Vec<Geometry>) -> Option<Geometry> {
    if members.len() <= 1 {
        return members.pop();
    }
    let points: Option<Vec<Point>> = members
        .iter()
        .map(|member| match member {
            Geometry::Point(point) => Some(*point),
            _ => None,
        })
        .collect();
    if let Some(points) = points {
        return Some(Geometry::MultiPoint(MultiPoint(points)));
    }
    let lines: Option<Vec<LineString>> = members
        .iter()
        .map(|member| match member {
            Geometry::LineString(line) => Some(line.clone()),
            _ => None,
        })
        .collect();
    if let Some(lines) = lines {
        return Some(Geometry::MultiLineString(MultiLineString(lines)));
    }
    let polygons: Option<Vec<Polygon>> = members
        .iter()
        .map(|member| match member {
            Geometry::Polygon(polygon) => Some(polygon.clone()),
            _ => None,
        })
        .collect();
    if let Some(polygons) = polygons {
        return Some(Geometry::MultiPolygon(MultiPolygon(polygons)));
    }
    Some(Geometry::GeometryCollection(GeometryCollection(members)))
}

/// `lon,lat[,height]` apart by blanks.
fn coordinates(text: &str) -> Parsed<LineString> {
    let coords = text.split_whitespace().map(|tuple| {
        let mut numbers = tuple.split(',').map(str::parse::<f64>);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(x)), Some(Ok(y))) => Ok(Coord { x, y }),
            _ => {
                let tuple: String = tuple.chars().take(40).collect();
                Err(format!("`{tuple}` is no longitude,latitude"))
            }
        }
    });
    coords.collect::<Parsed<Vec<Coord>>>().map(LineString)
}
