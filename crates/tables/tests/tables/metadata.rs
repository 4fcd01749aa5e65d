//! The metadata that pandas and geopandas need, in both places where they look for it.

use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, Float64Array, Int64Array, StringArray};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};
use tables::{Table, WriteOptions};

use crate::builder::{metadata_of, parquet_file, read};

/// A file as pandas writes it, with two columns and this index.
fn pandas_file(index: Value) -> Vec<u8> {
    let names: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c"]));
    let values: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0]));
    let pandas = json!({
        "index_columns": [index],
        "column_indexes": [],
        "columns": [
            {"name": "name", "field_name": "name", "pandas_type": "unicode", "numpy_type": "object", "metadata": null},
            {"name": "value", "field_name": "value", "pandas_type": "float64", "numpy_type": "float64", "metadata": null}
        ],
        "creator": {"library": "pyarrow", "version": "13.0.0"},
        "pandas_version": "2.0.2"
    });
    parquet_file(
        vec![("name", names), ("value", values)],
        &[("pandas", pandas)],
    )
}

fn range(start: i64, stop: i64, step: i64) -> Value {
    json!({"kind": "range", "name": null, "start": start, "stop": stop, "step": step})
}

fn pandas_of(table: &Table) -> Value {
    serde_json::from_str(&table.schema().metadata()["pandas"]).unwrap()
}

#[test]
fn metadata_stands_in_the_footer_and_in_the_arrow_schema() {
    let bytes = read(pandas_file(range(0, 3, 1)))
        .unwrap()
        .to_geoparquet(&WriteOptions::default())
        .unwrap();
    let in_footer = metadata_of(bytes.clone(), "pandas").unwrap();
    assert_eq!(in_footer["pandas_version"], "2.0.2");
    // a reader that knows the Arrow schema only
    let file = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let file = file.metadata().file_metadata();
    let pairs = file.key_value_metadata().unwrap().iter();
    let only: Vec<_> = pairs
        .filter(|pair| pair.key == "ARROW:schema")
        .cloned()
        .collect();
    let schema = parquet_to_arrow_schema(file.schema_descr(), Some(&only)).unwrap();
    let in_schema: Value = serde_json::from_str(&schema.metadata()["pandas"]).unwrap();
    assert_eq!(in_schema, in_footer);
}

#[test]
fn a_range_index_becomes_a_column_when_rows_move() {
    let table = read(pandas_file(range(10, 40, 10))).unwrap();
    assert_eq!(
        pandas_of(&table)["index_columns"][0]["start"],
        10,
        "as long as rows stay, it stays"
    );
    let taken = table.take(&[2, 0]).unwrap();
    assert_eq!(
        pandas_of(&taken)["index_columns"],
        json!(["__index_level_0__"])
    );
    assert_eq!(
        taken.numbers("__index_level_0__").unwrap(),
        [Some(30.0), Some(10.0)]
    );
    let entry = &pandas_of(&taken)["columns"][2];
    assert_eq!(entry["name"], Value::Null);
    assert_eq!(entry["field_name"], "__index_level_0__");
}

#[test]
fn an_index_that_is_a_column_is_kept_as_it_is() {
    let table = read(pandas_file(json!("name"))).unwrap();
    let taken = table.take(&[1]).unwrap();
    assert_eq!(pandas_of(&taken)["index_columns"], json!(["name"]));
    assert_eq!(taken.column_names().collect::<Vec<_>>(), ["name", "value"]);
}

#[test]
fn new_columns_are_noted_with_their_types_and_dropped_ones_forgotten() {
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    let table = read(pandas_file(json!("name"))).unwrap();
    let table = table
        .with_column("value", Arc::clone(&numbers))
        .unwrap()
        .with_column("more", numbers)
        .unwrap();
    let pandas = pandas_of(&table);
    assert_eq!(pandas["columns"][1]["numpy_type"], "int64", "replaced");
    assert_eq!(pandas["columns"][2]["field_name"], "more", "appended");
    let pandas = pandas_of(&table.without_column("name").unwrap());
    assert_eq!(pandas["columns"].as_array().unwrap().len(), 2);
    assert_eq!(pandas["index_columns"], json!([]));
}

#[test]
fn metadata_that_is_no_pandas_json_is_passed_through() {
    let bytes: ArrayRef = Arc::new(BinaryArray::from_iter_values([b"x"]));
    let file = parquet_file(
        vec![("x", bytes)],
        &[("pandas", json!("not an object")), ("note", json!("kept"))],
    );
    let table = read(file).unwrap().take(&[0]).unwrap();
    assert_eq!(table.schema().metadata()["pandas"], r#""not an object""#);
    assert_eq!(table.schema().metadata()["note"], r#""kept""#);
}
