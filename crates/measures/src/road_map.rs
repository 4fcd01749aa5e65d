//! Road points as GeoJSON for web maps and GIS.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use serde_json::{Map, Value, json};
use tables::{Coord, Table};

use crate::Result;
use crate::filling::RoadColumns;

/// Grey of simplestyle: what a point without any value is drawn in.
const NO_VALUE: &str = "#7e7e7e";

/// Writes filled road samples as a GeoJSON `FeatureCollection` for maps, one point feature a road point, whatever sides it
/// is seen to.
///
/// Its properties are flat, so that a GIS has a column for each: `road` (the name), `osm_way_id`, `road_type`, `sequence`;
/// for a measure `m` the mean of the sides as `m`, and for each side `s` of the table `m_s`, all rounded to 4 decimals;
/// `id_s`, `predicted_s`, `support_m_s`, `date_s` (when the picture was captured) and `fetched_s`; and simplestyle 1.1's
/// `marker-color`, from black to full green by the mean of the first measure, and `marker-size`. A side that a point is
/// not seen to is null. The features stand in the order of town, way and sequence.
///
/// # Errors
/// [`Error::Table`](crate::Error::Table) for a column that is missing, [`Error::Row`](crate::Error::Row) for a sample
/// without way, side or sequence, [`Error::Write`](crate::Error::Write) where `out` cannot be written.
pub fn write_road_geojson<W: Write>(filled: &Table, measures: &[String], mut out: W) -> Result<()> {
    let columns = RoadColumns::of(filled)?;
    let samples = columns.samples()?;
    let values = measures
        .iter()
        .map(|measure| filled.numbers(measure))
        .collect::<tables::Result<Vec<_>>>()?;
    let predicted = filled.flags("predicted")?;
    let texts = |column: &str| match filled.has_column(column) {
        true => filled.texts(column),
        false => Ok(vec![None; filled.rows()]),
    };
    let support = match filled.has_column("support_m") {
        true => filled.numbers("support_m")?,
        false => vec![None; filled.rows()],
    };
    let (ids, roads, classes) = (
        texts("sample_id")?,
        texts("road_name")?,
        texts("road_type")?,
    );
    let (captured, fetched) = (texts("captured")?, texts("fetched_at")?);
    let sides: BTreeSet<&str> = samples.iter().map(|sample| sample.side).collect();

    let mut points: BTreeMap<_, BTreeMap<&str, usize>> = BTreeMap::new();
    for (row, sample) in samples.iter().enumerate() {
        let point = (sample.town, sample.way, sample.sequence);
        points.entry(point).or_default().insert(sample.side, row);
    }
    out.write_all(br#"{"type":"FeatureCollection","features":["#)?;
    for (index, ((_, way, sequence), rows)) in points.iter().enumerate() {
        let Some(&first) = rows.values().next() else {
            continue;
        };
        let mut properties = Map::new();
        properties.insert("road".into(), json!(roads[first]));
        properties.insert("osm_way_id".into(), json!(way));
        properties.insert("road_type".into(), json!(classes[first]));
        properties.insert("sequence".into(), json!(sequence));
        for (measure, values) in measures.iter().zip(&values) {
            let read = rows.values().filter_map(|row| values[*row]);
            properties.insert(measure.clone(), rounded(mean(read)));
            for side in &sides {
                let value = rows.get(side).and_then(|row| values[*row]);
                properties.insert(format!("{measure}_{side}"), rounded(value));
            }
        }
        for side in &sides {
            let row = rows.get(side).copied();
            let mut put = |name: &str, value: Value| {
                properties.insert(format!("{name}_{side}"), value);
            };
            put("id", json!(row.and_then(|row| ids[row].as_deref())));
            put("predicted", json!(row.and_then(|row| predicted[row])));
            let metres = row.and_then(|row| support[row]);
            put(
                "support_m",
                json!(metres.map(|metres| (metres * 10.0).round() / 10.0)),
            );
            put("date", json!(row.and_then(|row| captured[row].as_deref())));
            put(
                "fetched",
                json!(row.and_then(|row| fetched[row].as_deref())),
            );
        }
        let first_measure = values.first();
        let read = rows
            .values()
            .filter_map(|row| first_measure.and_then(|values| values[*row]));
        properties.insert("marker-color".into(), json!(marker_color(mean(read))));
        properties.insert("marker-size".into(), json!("small"));
        let Coord { x, y } = samples[first].place;
        let feature = json!({
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [x, y]},
            "properties": properties,
        });
        out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut out, &feature).map_err(std::io::Error::from)?;
    }
    out.write_all(b"\n]}\n")?;
    Ok(out.flush()?)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

fn rounded(value: Option<f64>) -> Value {
    json!(value.map(|value| (value * 1e4).round() / 1e4))
}

fn marker_color(mean: Option<f64>) -> String {
    let Some(mean) = mean else {
        return NO_VALUE.to_owned();
    };
    // A float cast saturates, so what lies outside 0 to 1 is drawn as its end.
    let green = (255.0 * mean) as u8;
    format!("#00{green:02x}00")
}
