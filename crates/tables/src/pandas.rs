//! The `pandas` metadata that pandas and geopandas leave in a Parquet file: index, column types.
//!
//! Kept as it came, and in step with what changes: otherwise geopandas loses the index or restores a wrong type.
//! Format: <https://pandas.pydata.org/docs/development/developer.html>.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array};
use arrow_schema::DataType;
use serde_json::{Value, json};

const KEY: &str = "pandas";

/// Schema metadata with the pandas part of it parsed, if there is one.
pub(crate) struct Pandas {
    metadata: BTreeMap<String, String>,
    parsed: Option<Value>,
}

impl Pandas {
    pub fn of(metadata: &BTreeMap<String, String>) -> Self {
        let parsed = metadata
            .get(KEY)
            .and_then(|text| serde_json::from_str(text).ok());
        Self {
            metadata: metadata.clone(),
            parsed: parsed.filter(Value::is_object),
        }
    }

    /// All metadata, the pandas part in step.
    pub fn into_metadata(mut self) -> BTreeMap<String, String> {
        if let Some(parsed) = self.parsed {
            self.metadata.insert(KEY.to_owned(), parsed.to_string());
        }
        self.metadata
    }

    fn list(&mut self, member: &str) -> Option<&mut Vec<Value>> {
        self.parsed.as_mut()?.get_mut(member)?.as_array_mut()
    }

    /// Notes the type of a new or replaced column.
    pub fn set_column(&mut self, name: &str, data_type: &DataType) {
        let Some(columns) = self.list("columns") else {
            return;
        };
        let (pandas_type, numpy_type) = type_names(data_type);
        let entry = json!({
            "name": name, "field_name": name, "pandas_type": pandas_type, "numpy_type": numpy_type, "metadata": null
        });
        match columns.iter_mut().find(|column| is_named(column, name)) {
            // an unnamed index has a field name, and null for its name
            Some(known) => {
                let shown = known.get("name").cloned().unwrap_or(Value::Null);
                *known = entry;
                known["name"] = shown;
            }
            None => columns.push(entry),
        }
    }

    /// Forgets a column, also as an index.
    pub fn remove_column(&mut self, name: &str) {
        if let Some(columns) = self.list("columns") {
            columns.retain(|column| !is_named(column, name));
        }
        if let Some(index) = self.list("index_columns") {
            index.retain(|column| column.as_str() != Some(name));
        }
    }

    /// Turns an index that is only a range into a column: its name and its values for that many rows.
    ///
    /// `None` when there is no such index.
    pub fn index_column(&mut self, rows: usize) -> Option<(String, ArrayRef)> {
        let index = self.list("index_columns")?;
        let [range] = index.as_slice() else {
            return None;
        };
        if range.get("kind")?.as_str()? != "range" {
            return None;
        }
        let (start, step) = (range.get("start")?.as_i64()?, range.get("step")?.as_i64()?);
        let shown = range.get("name").cloned().unwrap_or(Value::Null);
        // the name pandas itself gives to the column of an unnamed index
        let field = shown.as_str().unwrap_or("__index_level_0__").to_owned();
        *index = vec![json!(field)];
        let entry = json!({
            "name": shown, "field_name": field, "pandas_type": "int64", "numpy_type": "int64", "metadata": null
        });
        if let Some(columns) = self.list("columns") {
            columns.push(entry);
        }
        let values = std::iter::successors(Some(start), |value| Some(value.wrapping_add(step)));
        let values: Int64Array = values.take(rows).map(Some).collect();
        Some((field, Arc::new(values)))
    }
}

fn is_named(column: &Value, name: &str) -> bool {
    let field = column.get("field_name").or_else(|| column.get("name"));
    field.and_then(Value::as_str) == Some(name)
}

/// The names pandas has for a type: its own, and numpy's.
fn type_names(data_type: &DataType) -> (&'static str, &'static str) {
    match data_type {
        DataType::Boolean => ("bool", "bool"),
        DataType::Int8 => ("int8", "int8"),
        DataType::Int16 => ("int16", "int16"),
        DataType::Int32 => ("int32", "int32"),
        DataType::Int64 => ("int64", "int64"),
        DataType::UInt8 => ("uint8", "uint8"),
        DataType::UInt16 => ("uint16", "uint16"),
        DataType::UInt32 => ("uint32", "uint32"),
        DataType::UInt64 => ("uint64", "uint64"),
        DataType::Float32 => ("float32", "float32"),
        DataType::Float64 => ("float64", "float64"),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => ("unicode", "object"),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => ("bytes", "object"),
        _ => ("object", "object"),
    }
}
