//! Roads coloured on both sides.

use std::collections::BTreeMap;

use geo::{Coord, Geometry};
use maud::{Markup, html};
use tables::Table;

use super::ColourScale;
use super::frame::{Frame, path_data, push};
use crate::Result;

/// One side of a road at one place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoadPoint<'a> {
    pub(crate) way: i64,
    pub(crate) side: &'a str,
    pub(crate) sequence: i64,
    pub(crate) place: Coord,
    pub(crate) value: Option<f64>,
}

/// The columns of road samples that a map needs.
pub(crate) struct RoadTable {
    sides: Vec<Option<String>>,
    ways: Vec<Option<f64>>,
    sequences: Vec<Option<f64>>,
    places: Vec<Option<Geometry>>,
    pub(crate) values: Vec<Option<f64>>,
}

impl RoadTable {
    pub(crate) fn of(samples: &Table, measure: &str) -> Result<Self> {
        Ok(Self {
            sides: samples.texts("side")?,
            ways: samples.numbers("osm_way_id")?,
            sequences: samples.numbers("sequence")?,
            places: samples.geometries()?,
            values: samples.numbers(measure)?,
        })
    }

    /// Every sample that has a place on a way, with its row.
    pub(crate) fn points(&self) -> impl Iterator<Item = (usize, RoadPoint<'_>)> {
        self.places.iter().enumerate().filter_map(|(row, place)| {
            let (Some(Geometry::Point(place)), Some(way), Some(sequence)) =
                (place, self.ways[row], self.sequences[row])
            else {
                return None;
            };
            let point = RoadPoint {
                // Ids and sequence numbers are whole and far below 2^53.
                way: way as i64,
                sequence: sequence as i64,
                side: self.sides[row].as_deref().unwrap_or(""),
                place: place.0,
                value: self.values[row],
            };
            Some((row, point))
        })
    }
}

/// How far each side is drawn beside the road's middle, and how wide.
const ASIDE: f64 = 1.3;
const STROKE: f64 = 2.2;

/// Both sides of the roads, a path a colour. Where there are more than `most` points, neighbours on a side share their
/// mean.
pub(crate) fn roads_layer(
    frame: &Frame,
    points: &[RoadPoint<'_>],
    scale: Option<&ColourScale>,
    most: usize,
) -> Markup {
    let mut lanes: BTreeMap<(i64, &str), Vec<RoadPoint<'_>>> = BTreeMap::new();
    // Cameras that look elsewhere are drawn in the middle of a road that is not seen to its sides.
    let has_sides = points
        .iter()
        .any(|point| matches!(point.side, "left" | "right"));
    let is_drawn = |side: &str| !has_sides || matches!(side, "left" | "right");
    for point in points.iter().filter(|point| is_drawn(point.side)) {
        lanes
            .entry((point.way, point.side))
            .or_default()
            .push(*point);
    }
    let together = points.len().div_ceil(most.max(1)).max(1);
    // No value first, so that values lie on top.
    let mut paths: BTreeMap<Option<usize>, String> = BTreeMap::new();
    for ((_, side), mut lane) in lanes {
        lane.sort_by_key(|point| point.sequence);
        let aside = match side {
            "left" => -ASIDE,
            "right" => ASIDE,
            _ => 0.0,
        };
        let line = line(frame, &lane, aside);
        let mut start = 0;
        while start < lane.len() {
            let end = (start + together).min(lane.len());
            let values: Vec<f64> = lane[start..end]
                .iter()
                .filter_map(|point| point.value)
                .collect();
            let mean =
                (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
            let colour = mean.zip(scale).map(|(value, scale)| scale.colour(value));
            stretch(paths.entry(colour).or_default(), &line, start, end);
            start = end;
        }
    }
    html! {
        @for (colour, path) in &paths {
            @let class = colour.map_or("snone".to_owned(), |colour| format!("s{colour}"));
            path class={ "roads " (class) } stroke-width=(STROKE) d=(path_data(path)) {}
        }
    }
}

/// Where the points of a lane are drawn: beside the road, square to its direction there.
fn line(frame: &Frame, lane: &[RoadPoint<'_>], aside: f64) -> Vec<(f64, f64)> {
    let middle: Vec<(f64, f64)> = lane.iter().map(|point| frame.at(point.place)).collect();
    (0..middle.len())
        .map(|index| {
            let (from, to) = (
                middle[index.saturating_sub(1)],
                middle[(index + 1).min(middle.len() - 1)],
            );
            let (across, down) = (to.0 - from.0, to.1 - from.1);
            let length = across.hypot(down);
            let (x, y) = middle[index];
            // Down is south here, so the right of (1, 0), east, is (0, 1).
            if length > 0.0 {
                (x - aside * down / length, y + aside * across / length)
            } else {
                (x + aside, y)
            }
        })
        .collect()
}

/// Half way from the point before to half way to the point after: stretches touch and no point is lost.
fn stretch(path: &mut String, line: &[(f64, f64)], start: usize, end: usize) {
    let half = |one: (f64, f64), other: (f64, f64)| {
        (f64::midpoint(one.0, other.0), f64::midpoint(one.1, other.1))
    };
    let first = if start > 0 {
        half(line[start - 1], line[start])
    } else {
        line[start]
    };
    push(path, 'M', first);
    // A stretch drawn as a few tenths of a unit needs no bends.
    if end - start <= 2 {
        line[start..end]
            .iter()
            .for_each(|point| push(path, 'L', *point));
    } else {
        push(path, 'L', line[start + (end - start) / 2]);
    }
    if end < line.len() {
        push(path, 'L', half(line[end - 1], line[end]));
    }
}
