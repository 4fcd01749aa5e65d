//! The `geo` metadata of a GeoParquet file, treated as opaque JSON of which only a few members are understood.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::geometry::Extent;
use crate::table::PrimaryGeometry;
use crate::{Crs, Error, Result};

const VERSION: &str = "1.1.0";

/// The parsed `geo` metadata of a file being read.
pub(crate) struct GeoMetadata {
    members: Map<String, Value>,
}

impl GeoMetadata {
    /// Parses what stands under the key `geo`.
    pub fn parse(file: &str, text: &str) -> Result<Self> {
        let malformed = |problem: String| {
            Error::malformed(file, "GeoParquet", format!("`geo` metadata: {problem}"))
        };
        let value: Value =
            serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
        let Value::Object(members) = value else {
            return Err(malformed("not a JSON object".to_owned()));
        };
        Ok(Self { members })
    }

    /// What a file without the metadata says of its only geometry column by other means.
    pub fn of_column(name: &str, encoding: &str, crs: Option<Value>) -> Self {
        let mut column = json!({"encoding": encoding});
        if let Some(crs) = crs {
            column["crs"] = crs;
        }
        let members = json!({"primary_column": name, "columns": {name: column}});
        Self {
            members: members.as_object().cloned().unwrap_or_default(),
        }
    }

    /// The name of the primary geometry column; where none is named, that of the only one described.
    pub fn primary_column(&self) -> Option<&str> {
        let named = self.members.get("primary_column").and_then(Value::as_str);
        named.or_else(|| {
            let mut columns = self.members.get("columns")?.as_object()?.keys();
            let only = columns.next();
            only.filter(|_| columns.next().is_none())
                .map(String::as_str)
        })
    }

    fn column(&self, name: &str) -> Option<&Map<String, Value>> {
        self.members.get("columns")?.get(name)?.as_object()
    }

    /// How the geometries of a column are laid out: `wkb`, or the name of a native encoding such as `point`.
    pub fn encoding(&self, name: &str) -> String {
        let encoding = self
            .column(name)
            .and_then(|column| column.get("encoding"))
            .and_then(Value::as_str);
        // files older than 1.1 may carry GeoArrow's own name
        encoding.map_or_else(
            || "wkb".to_owned(),
            |encoding| encoding.trim_start_matches("geoarrow.").to_lowercase(),
        )
    }

    /// The reference system of a column: WGS 84 when none is given, unknown when it is null.
    pub fn crs(&self, name: &str) -> Result<Crs> {
        match self.column(name).and_then(|column| column.get("crs")) {
            None => Ok(Crs::wgs84()),
            Some(Value::Null) => Ok(Crs::unknown()),
            Some(Value::Object(json)) if json.is_empty() => Ok(Crs::unknown()),
            // files of version 0.1, and those of R's sfarrow: Well-Known Text
            Some(Value::String(text)) if text.trim().is_empty() => Ok(Crs::unknown()),
            Some(Value::String(text)) => text.parse(),
            Some(json) => Crs::from_projjson(json),
        }
    }

    /// The description of the primary geometry column, the opaque rest with it.
    pub fn into_primary(self, name: &str, crs: Crs) -> PrimaryGeometry {
        PrimaryGeometry {
            name: name.to_owned(),
            crs,
            geo: self.members,
        }
    }
}

/// The geometry columns among `columns`: the primary one and those that `geo` speaks of, as WKB.
pub(crate) fn wkb_columns<'a>(
    primary: &PrimaryGeometry,
    columns: impl Iterator<Item = &'a str>,
) -> Vec<&'a str> {
    let described = primary.geo.get("columns");
    let is_wkb = |name: &str| {
        let column = described.and_then(|columns| columns.get(name));
        column.is_some_and(|column| column.get("encoding").and_then(Value::as_str) == Some("WKB"))
    };
    columns
        .filter(|name| *name == primary.name || is_wkb(name))
        .collect()
}

/// The `geo` metadata to write: what came in, with what changed patched.
pub(crate) fn describe(
    primary: &PrimaryGeometry,
    columns: &BTreeSet<&str>,
    extents: &[(String, Extent)],
) -> Result<Value> {
    let mut geo = primary.geo.clone();
    let mut described = match geo.remove("columns") {
        Some(Value::Object(described)) => described,
        _ => Map::new(),
    };
    described.retain(|name, _| columns.contains(name.as_str()));
    described.entry(&primary.name).or_insert_with(|| json!({}));
    for (name, description) in &mut described {
        let Value::Object(description) = description else {
            continue;
        };
        // rows may have gone or moved: what is not computed anew must not stand
        description.remove("bbox");
        // the member of 0.4 that `geometry_types` replaced
        description.remove("geometry_type");
        if name == &primary.name {
            if description.get("encoding").and_then(Value::as_str) != Some("WKB") {
                // a covering may point into the native coordinates that are WKB now
                description.remove("covering");
            }
            description.insert("encoding".to_owned(), json!("WKB"));
            description.insert("crs".to_owned(), primary.crs.to_projjson()?);
        }
        if !covering_columns(description).all(|column| columns.contains(column)) {
            description.remove("covering");
        }
        let Some((_, extent)) = extents.iter().find(|(column, _)| column == name) else {
            continue;
        };
        description.insert("geometry_types".to_owned(), extent.kinds().collect());
        if let Some(bbox) = extent.bbox() {
            description.insert("bbox".to_owned(), json!(bbox));
        }
    }
    geo.insert("version".to_owned(), json!(VERSION));
    geo.insert("primary_column".to_owned(), json!(primary.name));
    geo.insert("columns".to_owned(), Value::Object(described));
    geo.insert(
        "creator".to_owned(),
        json!({"library": "transect", "version": env!("CARGO_PKG_VERSION")}),
    );
    Ok(Value::Object(geo))
}

/// The columns in which a covering says the boxes of the rows are.
fn covering_columns(description: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let covering = description
        .get("covering")
        .and_then(|covering| covering.get("bbox"));
    let paths = covering
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::values);
    paths.filter_map(|path| path.get(0)?.as_str())
}
