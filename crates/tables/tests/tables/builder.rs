//! Tables and files that the tests read.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float32Array, Float64Array, Int64Array, RecordBatch,
    StringArray,
};
use arrow_schema::{Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use serde_json::Value;
use tables::{Coord, Crs, ReadOptions, Result, Table, WriteOptions};

/// A file of the real data; tests that ask for one are ignored where there is none.
pub fn real_data(file: &str) -> PathBuf {
    let folder = std::env::var_os("TRANSECT_DATA").expect("TRANSECT_DATA is set");
    PathBuf::from(folder).join(file)
}

/// `rows` cells of a lattice around Davao, one column of each type that matters.
pub fn cells(rows: usize) -> Table {
    let indices = || 0..rows;
    let people = indices().map(|row| (row % 7 != 3).then_some(row as f32 / 4.0));
    let villages = indices().map(|row| ["Talisay", "Bató", "Santa Cruz"][row % 3]);
    let surveyed = indices().map(|row| (row % 5 != 0).then_some(19_000 + row as i32));
    let columns: Vec<(String, ArrayRef)> = vec![
        (
            "cell".into(),
            Arc::new(Int64Array::from_iter_values(
                indices().map(|row| row as i64 + 1_000),
            )),
        ),
        ("people".into(), Arc::new(Float32Array::from_iter(people))),
        (
            "village".into(),
            Arc::new(StringArray::from_iter_values(villages)),
        ),
        (
            "urban".into(),
            Arc::new(BooleanArray::from_iter(
                indices().map(|row| Some(row % 2 == 0)),
            )),
        ),
        (
            "surveyed".into(),
            Arc::new(Date32Array::from_iter(surveyed)),
        ),
    ];
    Table::new(columns)
        .unwrap()
        .with_points("geometry", &lattice(rows), Crs::wgs84())
        .unwrap()
}

/// Places 3 arc seconds apart, 100 to a line.
pub fn lattice(rows: usize) -> Vec<Coord> {
    let place = |row: usize| Coord {
        x: 125.5 + (row % 100) as f64 / 1200.0,
        y: 7.25 + (row / 100) as f64 / 1200.0,
    };
    (0..rows).map(place).collect()
}

/// A table written and read again.
pub fn round_trip(table: &Table) -> Table {
    read(table.to_geoparquet(&WriteOptions::default()).unwrap()).unwrap()
}

pub fn read(bytes: Vec<u8>) -> Result<Table> {
    Table::from_bytes("test.parquet", bytes.into(), &ReadOptions::default())
}

/// A Parquet file of columns, with metadata in its footer and not in the Arrow schema, as pyarrow has it.
pub fn parquet_file(columns: Vec<(&str, ArrayRef)>, metadata: &[(&str, Value)]) -> Vec<u8> {
    let fields: Vec<_> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, None).unwrap();
    writer.write(&batch).unwrap();
    for (key, value) in metadata {
        writer.append_key_value_metadata(KeyValue::new((*key).to_owned(), value.to_string()));
    }
    writer.close().unwrap();
    bytes
}

pub fn floats(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

/// The `geo` metadata of a file, as written into its footer.
pub fn geo_of(bytes: Vec<u8>) -> Value {
    metadata_of(bytes, "geo").expect("geo metadata")
}

pub fn metadata_of(bytes: Vec<u8>, key: &str) -> Option<Value> {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let file = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let pairs = file
        .metadata()
        .file_metadata()
        .key_value_metadata()
        .unwrap()
        .clone();
    let value = pairs.into_iter().find(|pair| pair.key == key)?.value?;
    Some(serde_json::from_str(&value).unwrap())
}
