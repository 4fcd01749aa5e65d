//! Reading a layer of a GeoPackage.

use std::path::Path;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::BinaryBuilder;
use arrow_schema::DataType;
use bytes::Bytes;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::FORMAT;
use crate::cells::{Cell, CellColumn};
use crate::options::Limits;
use crate::{Crs, Error, ReadOptions, Result, Table};

/// Steps of SQLite's machine between two looks at how many there were.
const STEPS: i32 = 1_000_000;
/// Looks after which a file is given up that makes SQLite work without end, whatever its size.
const LOOKS: u64 = 2_000;

/// Opens a file in place.
pub(crate) fn open(name: &str, path: &Path, options: &ReadOptions) -> Result<Table> {
    let size = std::fs::metadata(path)
        .map_err(|error| Error::io(name, error))?
        .len();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags);
    let mut connection = connection.map_err(|error| Error::malformed(name, FORMAT, error))?;
    layer(name, &mut connection, size, options)
}

/// Reads bytes.
pub(crate) fn read(name: &str, bytes: Bytes, options: &ReadOptions) -> Result<Table> {
    let malformed = |error: rusqlite::Error| Error::malformed(name, FORMAT, error);
    let mut bytes = bytes.to_vec();
    // bytes in memory have no write-ahead log beside them
    if let Some(versions) = bytes.get_mut(18..20)
        && versions == [2, 2]
    {
        versions.fill(1);
    }
    let size = bytes.len();
    let mut connection = Connection::open_in_memory().map_err(malformed)?;
    connection
        .deserialize_read_exact("main", bytes.as_slice(), size, true)
        .map_err(malformed)?;
    drop(bytes);
    layer(name, &mut connection, size as u64, options)
}

fn layer(
    name: &str,
    connection: &mut Connection,
    size: u64,
    options: &ReadOptions,
) -> Result<Table> {
    let malformed = |error: rusqlite::Error| Error::malformed(name, FORMAT, error);
    let most_bytes = options.limits.bytes(size);
    distrust(connection, size, most_bytes).map_err(malformed)?;
    let chosen = choose(name, connection, options)?;
    let quoted = chosen.name.replace('"', "\"\"");
    let columns = columns(connection, &quoted).map_err(malformed)?;
    if columns.len() > Limits::COLUMNS {
        return Err(Error::malformed(name, FORMAT, "it has too many columns"));
    }
    let wanted = |column: &SqlColumn| {
        let asked = options.columns.as_ref();
        asked.is_none_or(|asked| asked.contains(&column.name))
            && !(column.is_key && asked.is_none() && is_row_number(&column.name))
    };
    if let Some(missing) = options
        .columns
        .iter()
        .flatten()
        .find(|asked| columns.iter().all(|column| column.name != **asked))
    {
        return Err(Error::MissingColumn {
            column: missing.clone(),
            available: columns.iter().map(|column| column.name.clone()).collect(),
        });
    }
    let geometry = chosen.geometry.as_deref();
    let mut read: Vec<(&SqlColumn, CellColumn)> = columns
        .iter()
        .filter(|column| Some(column.name.as_str()) != geometry && wanted(column))
        .map(|column| (column, CellColumn::default()))
        .collect();
    let mut selected: Vec<String> = read
        .iter()
        .map(|(column, _)| format!("\"{}\"", column.name.replace('"', "\"\"")))
        .collect();
    selected.extend(geometry.map(|column| format!("\"{}\"", column.replace('"', "\"\""))));
    if selected.is_empty() {
        selected.push("1".to_owned());
    }
    let query = format!("SELECT {} FROM \"{quoted}\"", selected.join(", "));
    let mut statement = connection.prepare(&query).map_err(malformed)?;
    let mut found = statement.query([]).map_err(malformed)?;
    let mut shapes = BinaryBuilder::new();
    let (mut rows, mut bytes) = (0_usize, 0_u64);
    while let Some(row) = found.next().map_err(malformed)? {
        for (position, (column, cells)) in read.iter_mut().enumerate() {
            let value = row.get_ref(position).map_err(malformed)?;
            let (cell, length) = column.cell(value);
            bytes += length;
            cells.push(cell);
        }
        if geometry.is_some() {
            let value = row.get_ref(read.len()).map_err(malformed)?;
            let problem = |problem: &str| {
                Error::malformed(
                    name,
                    FORMAT,
                    format!("layer `{}`, row {rows}: {problem}", chosen.name),
                )
            };
            match value {
                ValueRef::Null => shapes.append_null(),
                ValueRef::Blob(blob) => {
                    let wkb = well_known_binary(blob).map_err(problem)?;
                    bytes += wkb.len() as u64;
                    shapes.append_value(wkb);
                }
                _ => return Err(problem("its geometry is no blob")),
            }
        }
        rows += 1;
        if bytes > most_bytes {
            return Err(Error::too_large(
                name,
                format!("layer `{}`", chosen.name),
                most_bytes,
            ));
        }
    }
    drop(found);
    drop(statement);
    let columns = read.into_iter().map(|(column, cells)| {
        let values = cells.finish();
        (column.name.clone(), column.typed(values))
    });
    let table = Table::new(columns.collect())?;
    let Some(geometry) = geometry else {
        return crate::coordinates::find(name, table, options);
    };
    let crs = crs(connection, chosen.srs).map_err(malformed)??;
    let crs = options
        .assume_crs
        .clone()
        .filter(|_| crs.is_unknown())
        .unwrap_or(crs);
    table.with_primary(geometry, Arc::new(shapes.finish()), crs)
}

/// Bounds on what a file can make SQLite do.
fn distrust(connection: &mut Connection, size: u64, most_bytes: u64) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    let longest = i32::try_from(most_bytes.min(size.saturating_mul(2)).max(1 << 20));
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, longest.unwrap_or(i32::MAX))?;
    let most = LOOKS + size / 10_000;
    let mut looks = 0;
    let stop = move || {
        looks += 1;
        looks > most
    };
    connection.progress_handler(STEPS, Some(stop))
}

/// The layer that is read.
struct Chosen {
    name: String,
    geometry: Option<String>,
    srs: i64,
}

fn choose(name: &str, connection: &Connection, options: &ReadOptions) -> Result<Chosen> {
    let malformed = |error: rusqlite::Error| Error::malformed(name, FORMAT, error);
    let is_package = connection
        .query_row(
            "SELECT 1 FROM sqlite_schema WHERE name = 'gpkg_contents'",
            [],
            |_| Ok(()),
        )
        .optional()
        .map_err(malformed)?
        .is_some();
    if !is_package {
        let problem = "it is an SQLite database without the tables of a GeoPackage";
        return Err(Error::malformed(name, FORMAT, problem));
    }
    let layers = layers(connection).map_err(malformed)?;
    let listed = || {
        let names: Vec<String> = layers
            .iter()
            .map(|layer| format!("`{}`", layer.name))
            .collect();
        names.join(", ")
    };
    let chosen = match &options.layer {
        Some(wanted) => layers
            .iter()
            .find(|layer| layer.name == *wanted)
            .or_else(|| {
                layers
                    .iter()
                    .find(|layer| layer.name.eq_ignore_ascii_case(wanted))
            })
            .ok_or_else(|| format!("no layer `{wanted}`; the layers are {}", listed())),
        None => {
            let with_geometry: Vec<&Chosen> = layers
                .iter()
                .filter(|layer| layer.geometry.is_some())
                .collect();
            match (with_geometry.as_slice(), layers.as_slice()) {
                ([only], _) => Ok(*only),
                ([], [only]) => Ok(only),
                ([], []) => Err("it has no layer of features or attributes".to_owned()),
                _ => Err(format!(
                    "it has the layers {}; say which with --layer",
                    listed()
                )),
            }
        }
    };
    let chosen = chosen.map_err(|problem| Error::malformed(name, FORMAT, problem))?;
    Ok(Chosen {
        name: chosen.name.clone(),
        geometry: chosen.geometry.clone(),
        srs: chosen.srs,
    })
}

fn layers(connection: &Connection) -> rusqlite::Result<Vec<Chosen>> {
    let has_geometries = connection
        .query_row(
            "SELECT 1 FROM sqlite_schema WHERE name = 'gpkg_geometry_columns'",
            [],
            |_| Ok(()),
        )
        .optional()?
        .is_some();
    let query = if has_geometries {
        "SELECT c.table_name, g.column_name, COALESCE(g.srs_id, -1) FROM gpkg_contents c \
         LEFT JOIN gpkg_geometry_columns g ON g.table_name = c.table_name \
         WHERE c.data_type IN ('features', 'attributes') ORDER BY c.rowid LIMIT 10000"
    } else {
        "SELECT table_name, NULL, -1 FROM gpkg_contents WHERE data_type = 'attributes' ORDER BY rowid LIMIT 10000"
    };
    let mut statement = connection.prepare(query)?;
    let layers = statement.query_map([], |row| {
        Ok(Chosen {
            name: row.get(0)?,
            geometry: row.get(1)?,
            srs: row.get(2)?,
        })
    })?;
    layers.collect()
}

/// A column and the type that it declares.
struct SqlColumn {
    name: String,
    kind: String,
    is_key: bool,
}

fn columns(connection: &Connection, quoted: &str) -> rusqlite::Result<Vec<SqlColumn>> {
    let mut statement = connection.prepare(&format!("PRAGMA table_info(\"{quoted}\")"))?;
    let columns = statement.query_map([], |row| {
        Ok(SqlColumn {
            name: row.get(1)?,
            kind: row
                .get::<_, Option<String>>(2)?
                .unwrap_or_default()
                .to_ascii_uppercase(),
            is_key: row.get::<_, i64>(5)? > 0,
        })
    })?;
    columns.collect()
}

/// Whether a key has the name that writers give it on their own.
fn is_row_number(name: &str) -> bool {
    matches!(name.to_ascii_lowercase().as_str(), "fid" | "ogc_fid")
}

impl SqlColumn {
    /// A value, and the bytes it takes.
    fn cell(&self, value: ValueRef<'_>) -> (Cell, u64) {
        match value {
            ValueRef::Null | ValueRef::Blob(_) => (Cell::Null, 1),
            ValueRef::Integer(number) if self.kind == "BOOLEAN" && matches!(number, 0 | 1) => {
                (Cell::Flag(number == 1), 1)
            }
            ValueRef::Integer(number) if self.is_real() => {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "the column declares floating point"
                )]
                let number = number as f64;
                (Cell::Number(number), 8)
            }
            ValueRef::Integer(number) => (Cell::Integer(number), 8),
            ValueRef::Real(number) => (Cell::Number(number), 8),
            ValueRef::Text(text) => {
                let text = String::from_utf8_lossy(text).into_owned();
                let length = text.len() as u64 + 4;
                (Cell::Text(text), length)
            }
        }
    }

    fn is_real(&self) -> bool {
        ["REAL", "FLOAT", "DOUBLE", "NUMERIC"]
            .iter()
            .any(|kind| self.kind.starts_with(kind))
    }

    /// Dates as dates.
    fn typed(&self, values: ArrayRef) -> ArrayRef {
        if self.kind == "DATE" && *values.data_type() == DataType::Utf8 {
            let dates = arrow_cast::cast(&values, &DataType::Date32);
            return dates
                .ok()
                .filter(|dates| dates.null_count() == values.null_count())
                .unwrap_or(values);
        }
        values
    }
}

/// The Well-Known Binary in a geometry of a GeoPackage (12-128r18, 2.1.3).
fn well_known_binary(blob: &[u8]) -> std::result::Result<&[u8], &'static str> {
    let (header, rest) = blob
        .split_first_chunk::<8>()
        .ok_or("its geometry is cut short")?;
    let [b'G', b'P', _, flags, ..] = *header else {
        return Err("its geometry does not begin with GP");
    };
    if flags & 0x20 != 0 {
        return Err("its geometry is of an extended type, which is not supported");
    }
    let envelope = match (flags >> 1) & 7 {
        0 => 0,
        1 => 32,
        2 | 3 => 48,
        4 => 64,
        _ => return Err("its geometry has an envelope of an unknown kind"),
    };
    rest.get(envelope..).ok_or("its geometry is cut short")
}

/// The reference system of a layer.
fn crs(connection: &Connection, srs: i64) -> rusqlite::Result<Result<Crs>> {
    if srs <= 0 {
        return Ok(Ok(Crs::unknown()));
    }
    let found = connection
        .query_row(
            "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?1",
            [srs],
            |row| {
                Ok((
                    row.get::<_, Option<String>>(0)?,
                    row.get::<_, Option<i64>>(1)?,
                    row.get::<_, Option<String>>(2)?,
                ))
            },
        )
        .optional()?;
    let Some((organization, code, definition)) = found else {
        return Ok(Ok(Crs::unknown()));
    };
    let organization = organization.unwrap_or_default().to_ascii_uppercase();
    let by_code = code
        .filter(|code| *code > 0 && matches!(organization.as_str(), "EPSG" | "ESRI"))
        .and_then(|code| format!("{organization}:{code}").parse::<Crs>().ok());
    let definition = definition.unwrap_or_default();
    Ok(match by_code {
        Some(crs) => Ok(crs),
        None if definition.trim().is_empty() || definition.trim() == "undefined" => {
            Ok(Crs::unknown())
        }
        None => definition.parse(),
    })
}
