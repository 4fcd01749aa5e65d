//! Geometry columns of files without the `geo` metadata: Parquet's own types GEOMETRY and GEOGRAPHY, and GeoArrow's extension
//! types.
//!
//! <https://github.com/apache/parquet-format/blob/master/Geospatial.md>, <https://geoarrow.org/extension-types.html>.

use arrow_schema::Schema;
use parquet::basic::LogicalType;
use parquet::file::metadata::ParquetMetaData;
use serde_json::{Value, json};

use super::metadata::GeoMetadata;

/// The first geometry column that says so itself.
pub(super) fn geometry(metadata: &ParquetMetaData, schema: &Schema) -> Option<GeoMetadata> {
    let described = metadata.file_metadata().schema_descr();
    let fields = described.root_schema().get_fields();
    let of_parquet = fields.iter().find_map(|field| {
        let info = field.get_basic_info();
        let crs = match info.logical_type_ref()? {
            LogicalType::Geometry(geometry) => &geometry.crs,
            LogicalType::Geography(geography) => &geography.crs,
            _ => return None,
        };
        let crs = crs.as_deref().map(|text| named_crs(metadata, text));
        Some(GeoMetadata::of_column(info.name(), "WKB", crs))
    });
    of_parquet.or_else(|| {
        schema.fields().iter().find_map(|field| {
            let kind = field.metadata().get("ARROW:extension:name")?;
            let encoding = kind
                .strip_prefix("geoarrow.")
                .or_else(|| kind.strip_prefix("ogc."))?;
            let about = field.metadata().get("ARROW:extension:metadata");
            let about: Value = serde_json::from_str(about.map_or("{}", String::as_str)).ok()?;
            // GeoArrow without a reference system does not know it
            let crs = about.get("crs").cloned().unwrap_or(Value::Null);
            Some(GeoMetadata::of_column(field.name(), encoding, Some(crs)))
        })
    })
}

/// A reference system as Parquet names it: a key of the file's metadata, a code, or a definition in place.
fn named_crs(metadata: &ParquetMetaData, text: &str) -> Value {
    if let Some(key) = text.strip_prefix("projjson:") {
        let pairs = metadata.file_metadata().key_value_metadata();
        let found = pairs.into_iter().flatten().find(|pair| pair.key == key);
        let value = found.and_then(|pair| pair.value.as_deref());
        return value
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_else(|| json!(text));
    }
    if let Some(code) = text.strip_prefix("srid:") {
        return match code {
            "0" => Value::Null,
            code => json!(format!("EPSG:{code}")),
        };
    }
    if text.trim_start().starts_with('{')
        && let Ok(json) = serde_json::from_str(text)
    {
        return json;
    }
    json!(text)
}
