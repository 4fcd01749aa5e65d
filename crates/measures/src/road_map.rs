//! Road points as GeoJSON for web maps.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;
use tables::{Coord, Table};

use crate::Result;
use crate::filling::RoadColumns;

/// Grey of simplestyle: what a point without any value is drawn in.
const NO_VALUE: &str = "#7e7e7e";

/// Writes filled road samples as a GeoJSON `FeatureCollection` for maps, one point feature a road point.
///
/// Its properties are `road` (the name), `left` and `right` (each an object with the measure rounded to 4 decimals, `id`,
/// `predicted` and `sample_ts`, or null where that side has no sample), and simplestyle 1.1's `marker-color`, from black
/// to full green by the mean of the sides that have a value, and `marker-size`. The features stand in the order of town,
/// way and sequence. Sides are matched by way and sequence number, so a point with one side only shifts nothing.
///
/// # Errors
/// [`Error::Table`](crate::Error::Table) for a column that is missing, [`Error::Row`](crate::Error::Row) for a sample
/// without way, side or sequence, [`Error::Write`](crate::Error::Write) where `out` cannot be written.
pub fn write_road_geojson<W: Write>(filled: &Table, measure: &str, mut out: W) -> Result<()> {
    let columns = RoadColumns::of(filled)?;
    let samples = columns.samples()?;
    let values = filled.numbers(measure)?;
    let predicted = filled.flags("predicted")?;
    let ids = filled.texts("sample_id")?;
    let roads = filled.texts("road_name")?;
    let times = if filled.has_column("fetched_at") {
        filled.texts("fetched_at")?
    } else {
        vec![None; filled.rows()]
    };

    let mut points: BTreeMap<_, RoadPoint> = BTreeMap::new();
    for (row, sample) in samples.iter().enumerate() {
        let point = points
            .entry((sample.town, sample.way, sample.sequence))
            .or_insert(RoadPoint {
                place: sample.place,
                road: row,
                left: None,
                right: None,
            });
        match sample.side {
            "left" => point.left = Some(row),
            "right" => point.right = Some(row),
            _ => {}
        }
    }
    let side = |row: usize| Side {
        measure,
        value: values[row],
        id: ids[row].as_deref(),
        predicted: predicted[row],
        sample_ts: times[row].as_deref(),
    };
    out.write_all(br#"{"type":"FeatureCollection","features":["#)?;
    let seen = points
        .values()
        .filter(|point| point.left.is_some() || point.right.is_some());
    for (index, point) in seen.enumerate() {
        let feature = Feature {
            r#type: "Feature",
            geometry: Point {
                r#type: "Point",
                coordinates: [point.place.x, point.place.y],
            },
            properties: Properties {
                road: roads[point.road].as_deref(),
                left: point.left.map(side),
                right: point.right.map(side),
                marker_color: marker_color(
                    [point.left, point.right]
                        .into_iter()
                        .flatten()
                        .filter_map(|row| values[row]),
                ),
                marker_size: "small",
            },
        };
        out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut out, &feature).map_err(std::io::Error::from)?;
    }
    out.write_all(b"\n]}\n")?;
    Ok(out.flush()?)
}

/// One place on a road and the rows of its two sides.
struct RoadPoint {
    place: Coord,
    road: usize,
    left: Option<usize>,
    right: Option<usize>,
}

#[derive(Serialize)]
struct Feature<'a> {
    r#type: &'static str,
    geometry: Point,
    properties: Properties<'a>,
}

#[derive(Serialize)]
struct Point {
    r#type: &'static str,
    coordinates: [f64; 2],
}

#[derive(Serialize)]
struct Properties<'a> {
    road: Option<&'a str>,
    left: Option<Side<'a>>,
    right: Option<Side<'a>>,
    #[serde(rename = "marker-color")]
    marker_color: String,
    #[serde(rename = "marker-size")]
    marker_size: &'static str,
}

/// One side; the value stands under the measure's own name.
struct Side<'a> {
    measure: &'a str,
    value: Option<f64>,
    id: Option<&'a str>,
    predicted: Option<bool>,
    sample_ts: Option<&'a str>,
}

impl Serialize for Side<'_> {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry(
            self.measure,
            &self.value.map(|value| (value * 1e4).round() / 1e4),
        )?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("predicted", &self.predicted)?;
        map.serialize_entry("sample_ts", &self.sample_ts)?;
        map.end()
    }
}

fn marker_color(values: impl Iterator<Item = f64>) -> String {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    if count == 0.0 {
        return NO_VALUE.to_owned();
    }
    // A float cast saturates, so what lies outside 0 to 1 is drawn as its end.
    let green = (255.0 * sum / count) as u8;
    format!("#00{green:02x}00")
}
