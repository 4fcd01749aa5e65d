//! Rows as a table, and back.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, Float64Array, Int32Array, Int64Array, StringArray, TimestampMicrosecondArray,
    new_null_array,
};
use arrow_schema::DataType;
use geo::Geometry;
use jiff::Timestamp;
use tables::{Crs, Table};

use super::{LedgerRow, Status};
use crate::Error;

const FOOTPRINT: &str = "footprint";
/// Columns that are no readings of a measure.
const FACTS: [&str; 25] = [
    "sample_id",
    "status",
    "reason",
    "http_status",
    "attempts",
    "key",
    "bytes",
    "sha256",
    "media_type",
    "width",
    "height",
    FOOTPRINT,
    "pixel_m",
    "captured",
    "picture_id",
    "camera_lon",
    "camera_lat",
    "camera_distance_m",
    "fetched_at",
    "source",
    "attribution",
    "expires",
    "label_share",
    "label_pixels",
    "valid_share",
];

/// Rows as a table with `footprint` as its geometry (WGS 84) and a column for each measure.
///
/// # Errors
/// [`Error::Setting`] for a measure named like a column of the ledger.
pub fn to_table(rows: &[LedgerRow], measures: &[String]) -> Result<Table, Error> {
    if let Some(name) = measures.iter().find(|name| FACTS.contains(&name.as_str())) {
        return Err(Error::setting(
            "measures",
            name,
            "a name that is no column of the ledger",
        ));
    }
    fn texts<'a>(
        rows: &'a [LedgerRow],
        text: impl Fn(&'a LedgerRow) -> Option<&'a str>,
    ) -> ArrayRef {
        Arc::new(rows.iter().map(text).collect::<StringArray>())
    }
    let small = |number: &dyn Fn(&LedgerRow) -> Option<u32>| -> ArrayRef {
        let numbers = rows
            .iter()
            .map(|row| number(row).and_then(|number| i32::try_from(number).ok()));
        Arc::new(numbers.collect::<Int32Array>())
    };
    let floats = |number: &dyn Fn(&LedgerRow) -> Option<f64>| -> ArrayRef {
        Arc::new(rows.iter().map(number).collect::<Float64Array>())
    };
    let times = |time: &dyn Fn(&LedgerRow) -> Option<Timestamp>| -> ArrayRef {
        let micros = rows
            .iter()
            .map(|row| time(row).map(Timestamp::as_microsecond));
        Arc::new(
            micros
                .collect::<TimestampMicrosecondArray>()
                .with_timezone("UTC"),
        )
    };
    let bytes = rows
        .iter()
        .map(|row| row.bytes.and_then(|bytes| i64::try_from(bytes).ok()));
    let label_pixels: StringArray = rows
        .iter()
        .map(|row| row.label_share.map(|_| label_text(&row.label_pixels)))
        .collect();
    let mut columns: Vec<(String, ArrayRef)> = [
        ("sample_id", texts(rows, |row| Some(&row.sample_id))),
        ("status", texts(rows, |row| Some(row.status.name()))),
        ("reason", texts(rows, |row| row.reason.as_deref())),
        ("http_status", small(&|row| row.http_status.map(u32::from))),
        ("attempts", small(&|row| Some(row.attempts))),
        ("key", texts(rows, |row| row.key.as_deref())),
        ("bytes", Arc::new(bytes.collect::<Int64Array>())),
        ("sha256", texts(rows, |row| row.sha256.as_deref())),
        ("media_type", texts(rows, |row| row.media_type.as_deref())),
        ("width", small(&|row| row.width)),
        ("height", small(&|row| row.height)),
        ("pixel_m", floats(&|row| row.pixel_m)),
        ("captured", texts(rows, |row| row.captured.as_deref())),
        ("picture_id", texts(rows, |row| row.picture_id.as_deref())),
        ("camera_lon", floats(&|row| row.camera_lon)),
        ("camera_lat", floats(&|row| row.camera_lat)),
        ("camera_distance_m", floats(&|row| row.camera_distance_m)),
        ("fetched_at", times(&|row| row.fetched_at)),
        ("source", texts(rows, |row| Some(&row.source))),
        ("attribution", texts(rows, |row| row.attribution.as_deref())),
        ("expires", times(&|row| row.expires)),
        ("label_share", floats(&|row| row.label_share)),
        ("label_pixels", Arc::new(label_pixels)),
        ("valid_share", floats(&|row| row.valid_share)),
    ]
    .map(|(name, column)| (name.to_owned(), column))
    .into();
    for name in measures {
        columns.push((name.clone(), floats(&|row| row.measure(name).flatten())));
    }
    let footprints: Vec<Option<Geometry>> = rows
        .iter()
        .map(|row| row.footprint.clone().map(Geometry::Polygon))
        .collect();
    Ok(Table::new(columns)?.with_geometries(FOOTPRINT, &footprints, Crs::wgs84())?)
}

/// The rows of a table that [`to_table`] made. Every further column of numbers is a measure.
///
/// # Errors
/// [`Error::Table`] for a missing column, [`Error::Ledger`] for a value that cannot stand there.
pub fn from_table(table: &Table) -> Result<Vec<LedgerRow>, Error> {
    let wrong = |column: &str, row: usize, found: String, expected: &'static str| Error::Ledger {
        column: column.to_owned(),
        row,
        found,
        expected,
    };
    let names = measure_columns(table);
    let measures: Vec<(String, Vec<Option<f64>>)> = names
        .into_iter()
        .map(|name| Ok((name.clone(), table.numbers(&name)?)))
        .collect::<Result<_, Error>>()?;
    let text = |name: &str| table.texts(name);
    let (ids, statuses, reasons) = (text("sample_id")?, text("status")?, text("reason")?);
    let (keys, sha256, media_types) = (text("key")?, text("sha256")?, text("media_type")?);
    let (captured, sources, attributions) =
        (text("captured")?, text("source")?, text("attribution")?);
    let (http_status, attempts) = (counts(table, "http_status")?, counts(table, "attempts")?);
    let (bytes, widths, heights) = (
        counts(table, "bytes")?,
        counts(table, "width")?,
        counts(table, "height")?,
    );
    let (pixel_m, label_share) = (table.numbers("pixel_m")?, table.numbers("label_share")?);
    let label_pixels = text("label_pixels")?;
    // Ledgers written before these columns existed have none of them.
    let numbers = |name: &str| match table.has_column(name) {
        true => table.numbers(name),
        false => Ok(Vec::new()),
    };
    let picture_ids = match table.has_column("picture_id") {
        true => text("picture_id")?,
        false => Vec::new(),
    };
    let (camera_lon, camera_lat) = (numbers("camera_lon")?, numbers("camera_lat")?);
    let camera_distance_m = numbers("camera_distance_m")?;
    let valid_share = numbers("valid_share")?;
    let (fetched_at, expires) = (times(table, "fetched_at")?, times(table, "expires")?);
    let footprints = table.geometries()?;
    let mut rows = Vec::with_capacity(table.rows());
    for (row, (id, footprint)) in ids.into_iter().zip(footprints).enumerate() {
        let id = id.ok_or_else(|| wrong("sample_id", row, "nothing".to_owned(), "a name"))?;
        let status = statuses.get(row).cloned().flatten().unwrap_or_default();
        let status = Status::named(&status).ok_or_else(|| {
            wrong(
                "status",
                row,
                status,
                "ok, exists, no_imagery, blank or failed",
            )
        })?;
        let small = |values: &[Option<u64>]| {
            values
                .get(row)
                .copied()
                .flatten()
                .and_then(|value| u32::try_from(value).ok())
        };
        let text = |values: &[Option<String>]| values.get(row).cloned().flatten();
        rows.push(LedgerRow {
            sample_id: id,
            status,
            reason: text(&reasons),
            http_status: small(&http_status).and_then(|status| u16::try_from(status).ok()),
            attempts: small(&attempts).unwrap_or(0),
            key: text(&keys),
            bytes: bytes.get(row).copied().flatten(),
            sha256: text(&sha256),
            media_type: text(&media_types),
            width: small(&widths),
            height: small(&heights),
            footprint: match footprint {
                Some(Geometry::Polygon(polygon)) => Some(polygon),
                None => None,
                Some(_) => {
                    return Err(wrong(
                        FOOTPRINT,
                        row,
                        "another geometry".to_owned(),
                        "a polygon",
                    ));
                }
            },
            pixel_m: pixel_m.get(row).copied().flatten(),
            captured: text(&captured),
            picture_id: text(&picture_ids),
            camera_lon: camera_lon.get(row).copied().flatten(),
            camera_lat: camera_lat.get(row).copied().flatten(),
            camera_distance_m: camera_distance_m.get(row).copied().flatten(),
            fetched_at: fetched_at.get(row).copied().flatten(),
            source: text(&sources).unwrap_or_default(),
            attribution: text(&attributions),
            expires: expires.get(row).copied().flatten(),
            label_share: label_share.get(row).copied().flatten(),
            valid_share: valid_share.get(row).copied().flatten(),
            label_pixels: match text(&label_pixels) {
                None => Vec::new(),
                Some(found) => label_counts(&found).ok_or_else(|| {
                    wrong("label_pixels", row, found, "counts of pixels by label")
                })?,
            },
            measures: measures
                .iter()
                .map(|(name, values)| (name.clone(), values.get(row).copied().flatten()))
                .collect(),
        });
    }
    Ok(rows)
}

/// Counts by label as a JSON object.
fn label_text(counts: &[(f64, u64)]) -> String {
    let counts: serde_json::Map<String, serde_json::Value> = counts
        .iter()
        .map(|(value, count)| (value.to_string(), (*count).into()))
        .collect();
    serde_json::Value::Object(counts).to_string()
}

fn label_counts(text: &str) -> Option<Vec<(f64, u64)>> {
    let counts: HashMap<String, u64> = serde_json::from_str(text).ok()?;
    let mut counts = counts
        .into_iter()
        .map(|(value, count)| Some((value.parse().ok()?, count)))
        .collect::<Option<Vec<(f64, u64)>>>()?;
    counts.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some(counts)
}

/// Parts of a ledger as one: every measure that any part has, one row for each sample, of several
/// the one with a picture, then the later one.
///
/// # Errors
/// [`Error::Table`] for a table that is no ledger.
pub fn merge(parts: &[Table]) -> Result<Table, Error> {
    if parts.is_empty() {
        return to_table(&[], &[]);
    }
    let mut measures: Vec<String> = Vec::new();
    for part in parts {
        for name in measure_columns(part) {
            if !measures.contains(&name) {
                measures.push(name);
            }
        }
    }
    let alike = parts
        .iter()
        .map(|part| conform(part, &measures))
        .collect::<Result<Vec<_>, _>>()?;
    let all = Table::concat(&alike)?;
    let (ids, statuses) = (all.texts("sample_id")?, all.texts("status")?);
    let mut best: HashMap<&str, (Status, u32)> = HashMap::with_capacity(ids.len());
    for (row, (id, status)) in (0_u32..).zip(ids.iter().zip(&statuses)) {
        let status = status
            .as_deref()
            .and_then(Status::named)
            .unwrap_or(Status::Failed);
        let entry = best
            .entry(id.as_deref().unwrap_or_default())
            .or_insert((status, row));
        if status >= entry.0 {
            *entry = (status, row);
        }
    }
    let mut rows: Vec<u32> = best.into_values().map(|(_, row)| row).collect();
    rows.sort_unstable();
    if rows.len() == all.rows() {
        Ok(all)
    } else {
        Ok(all.take(&rows)?)
    }
}

/// The same table with these measures, in this order, empty where it has none.
fn conform(table: &Table, measures: &[String]) -> Result<Table, Error> {
    let mut alike = with_camera(table)?;
    for name in measures {
        let column = match table.has_column(name) {
            true => table.column(name)?,
            false => Arc::new(Float64Array::new_null(table.rows())),
        };
        if alike.has_column(name) {
            alike = alike.without_column(name)?;
        }
        alike = alike.with_column(name, column)?;
    }
    Ok(alike)
}

/// A ledger of before, with empty columns of cameras where the others have theirs.
fn with_camera(table: &Table) -> Result<Table, Error> {
    if table.has_column("picture_id") {
        return Ok(table.clone());
    }
    let empty = to_table(&[], &[])?;
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for name in empty.column_names().filter(|name| *name != FOOTPRINT) {
        let values = match table.has_column(name) {
            true => table.column(name)?,
            false => new_null_array(empty.column(name)?.data_type(), table.rows()),
        };
        columns.push((name.to_owned(), values));
    }
    for name in measure_columns(table) {
        let values = table.column(&name)?;
        columns.push((name, values));
    }
    Ok(Table::new(columns)?.with_geometries(FOOTPRINT, &table.geometries()?, Crs::wgs84())?)
}

/// Columns of a ledger that are readings of measures, in their order.
pub fn measure_columns(table: &Table) -> Vec<String> {
    let schema = table.schema();
    let fields = schema.fields().iter();
    fields
        .filter(|field| field.data_type() == &DataType::Float64)
        .map(|field| field.name())
        .filter(|name| !FACTS.contains(&name.as_str()))
        .cloned()
        .collect()
}

/// Whole numbers that are not negative.
fn counts(table: &Table, name: &str) -> Result<Vec<Option<u64>>, Error> {
    let wrong = |row: usize, found: f64| Error::Ledger {
        column: name.to_owned(),
        row,
        found: found.to_string(),
        expected: "a whole number of at least 0",
    };
    let numbers = table.numbers(name)?.into_iter().enumerate();
    numbers
        .map(|(row, number)| match number {
            // Sizes in bytes are whole and far below 2^53.
            Some(number) if number >= 0.0 && number.fract() == 0.0 && number < 9e15 => {
                Ok(Some(number as u64))
            }
            Some(number) => Err(wrong(row, number)),
            None => Ok(None),
        })
        .collect()
}

fn times(table: &Table, name: &str) -> Result<Vec<Option<Timestamp>>, Error> {
    let column = table.column(name)?;
    let wrong = |row: usize, found: String| Error::Ledger {
        column: name.to_owned(),
        row,
        found,
        expected: "a time in microseconds",
    };
    let times = column
        .as_any()
        .downcast_ref::<TimestampMicrosecondArray>()
        .ok_or_else(|| wrong(0, column.data_type().to_string()))?;
    times
        .iter()
        .enumerate()
        .map(|(row, micros)| {
            micros
                .map(|micros| {
                    Timestamp::from_microsecond(micros).map_err(|_| wrong(row, micros.to_string()))
                })
                .transpose()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use geo::polygon;

    use super::*;

    fn full_row(id: &str) -> LedgerRow {
        LedgerRow {
            status: Status::Ok,
            reason: None,
            http_status: Some(200),
            attempts: 3,
            key: Some(format!("images/p/{id}.png")),
            bytes: Some(5_000_000_000),
            sha256: Some("ab".repeat(32)),
            media_type: Some("image/png".to_owned()),
            width: Some(256),
            height: Some(256),
            footprint: Some(
                polygon![(x: 8.0, y: 47.0), (x: 8.1, y: 47.0), (x: 8.1, y: 47.1), (x: 8.0, y: 47.1)],
            ),
            pixel_m: Some(0.2),
            captured: Some("2019-06".to_owned()),
            fetched_at: Some("2026-11-21T12:00:00.5Z".parse().unwrap()),
            expires: Some("2026-12-21T12:00:00Z".parse().unwrap()),
            label_share: Some(0.25),
            valid_share: Some(0.75),
            label_pixels: vec![(-1.0, 3), (2.0, 16_381)],
            measures: vec![("green".to_owned(), Some(0.5)), ("edge".to_owned(), None)],
            ..LedgerRow::new(id, "mapbox", Some("© Mapbox"))
        }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn rows_come_back_from_a_table_as_they_were() {
        let failed = LedgerRow {
            reason: Some("http 503".to_owned()),
            measures: vec![("green".to_owned(), None), ("edge".to_owned(), None)],
            ..LedgerRow::new("b", "mapbox", None)
        };
        let rows = vec![full_row("a"), failed];
        let table = to_table(&rows, &names(&["green", "edge"])).unwrap();
        let bytes = table
            .to_geoparquet(&tables::WriteOptions::default())
            .unwrap();
        let read = Table::from_bytes(
            "part.parquet",
            bytes.into(),
            &tables::ReadOptions::default(),
        )
        .unwrap();
        assert_eq!(from_table(&read).unwrap(), rows);
    }

    #[test]
    fn parts_merge_to_one_row_a_sample_and_all_measures() {
        let failed = LedgerRow::new("a", "mapbox", None);
        let one = to_table(&[failed, full_row("b")], &names(&["green"])).unwrap();
        let two = to_table(&[full_row("a"), full_row("c")], &names(&["edge"])).unwrap();
        let merged = from_table(&merge(&[one, two]).unwrap()).unwrap();
        let seen: Vec<_> = merged
            .iter()
            .map(|row| {
                (
                    row.sample_id.as_str(),
                    row.status,
                    row.measure("green").flatten(),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("b", Status::Ok, Some(0.5)),
                ("a", Status::Ok, None),
                ("c", Status::Ok, None)
            ]
        );
        assert_eq!(from_table(&merge(&[]).unwrap()).unwrap(), []);
    }

    #[test]
    fn a_measure_cannot_take_the_name_of_a_fact() {
        let message = to_table(&[], &names(&["width"])).unwrap_err().to_string();
        assert_eq!(
            message,
            "measures is width: expected a name that is no column of the ledger"
        );
    }

    #[test]
    fn a_status_that_is_none_is_named_with_its_row() {
        let table = to_table(&[full_row("a")], &[]).unwrap();
        let table = table
            .with_column("status", Arc::new(StringArray::from(vec!["done"])))
            .unwrap();
        assert_eq!(
            from_table(&table).unwrap_err().to_string(),
            "ledger column status, row 0: found done, expected ok, exists, no_imagery, blank or failed"
        );
    }
}
