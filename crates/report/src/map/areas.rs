//! Areas shaded by a value.

use geo::{Geometry, LineString};
use maud::{Markup, html};

use super::ColourScale;
use super::frame::{Frame, path_data, push};

/// An area on the map.
pub(crate) struct Area<'a> {
    pub(crate) outline: &'a Geometry,
    pub(crate) value: Option<f64>,
    /// Shown when the pointer rests on it.
    pub(crate) note: String,
}

/// The areas, each in the colour of its value.
pub(crate) fn areas_layer(
    frame: &Frame,
    areas: &[Area<'_>],
    scale: Option<&ColourScale>,
) -> Markup {
    html! {
        g {
            @for area in areas {
                @let colour = area.value.zip(scale).map_or("none".to_owned(), |(value, scale)| format!("r{}", scale.colour(value)));
                path class={ "area " (colour) } d=(path_data(&outline(frame, area.outline))) { title { (area.note) } }
            }
        }
    }
}

fn outline(frame: &Frame, geometry: &Geometry) -> String {
    let mut path = String::new();
    add(frame, geometry, &mut path);
    path
}

fn add(frame: &Frame, geometry: &Geometry, path: &mut String) {
    match geometry {
        Geometry::Polygon(polygon) => {
            ring(frame, polygon.exterior(), path);
            polygon
                .interiors()
                .iter()
                .for_each(|interior| ring(frame, interior, path));
        }
        Geometry::MultiPolygon(parts) => parts
            .iter()
            .for_each(|part| add(frame, &Geometry::Polygon(part.clone()), path)),
        Geometry::GeometryCollection(parts) => parts.iter().for_each(|part| add(frame, part, path)),
        _ => {}
    }
}

/// A ring without the corners that fall on the one before: an outline needs no more points than it has pixels.
fn ring(frame: &Frame, ring: &LineString, path: &mut String) {
    let mut last = None;
    for corner in &ring.0 {
        let (x, y) = frame.at(*corner);
        let rounded = ((x * 2.0).round(), (y * 2.0).round());
        if last != Some(rounded) {
            push(path, if last.is_none() { 'M' } else { 'L' }, (x, y));
            last = Some(rounded);
        }
    }
    if last.is_some() {
        path.push('Z');
    }
}
