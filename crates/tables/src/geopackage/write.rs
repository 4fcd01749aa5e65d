//! Writing a table as the one layer of a GeoPackage.

use std::path::Path;

use arrow_schema::DataType;
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use super::FORMAT;
use crate::cells::Cell;
use crate::output::rows;
use crate::{Crs, Error, Result, Table};

/// `GPKG` in the file's header.
const APPLICATION: i32 = 0x4750_4b47;
/// 1.3.0.
const VERSION: i32 = 10_300;
/// The time of the last change, always the same so that one table makes one file.
const CHANGED: &str = "2000-01-01T00:00:00.000Z";
/// Systems without an EPSG code get this number in the file.
const OWN_SRS: i64 = 100_000;

const SCHEMA: &str = "
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE,
  srs_id INTEGER, CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
INSERT INTO gpkg_spatial_ref_sys VALUES ('Undefined Cartesian SRS', -1, 'NONE', -1, 'undefined', NULL);
INSERT INTO gpkg_spatial_ref_sys VALUES ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', NULL);
";

/// Writes a table into a file that is empty, or not there yet.
pub(crate) fn write(path: &Path, layer: &str, table: &Table) -> Result<()> {
    let failed = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => {
            Error::write(FORMAT, std::io::ErrorKind::StorageFull.into())
        }
        _ => Error::encode(FORMAT, error),
    };
    let mut connection = Connection::open(path).map_err(failed)?;
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA application_id = {APPLICATION}; \
             PRAGMA user_version = {VERSION};"
        ))
        .map_err(failed)?;
    let transaction = connection.transaction().map_err(failed)?;
    transaction.execute_batch(SCHEMA).map_err(failed)?;
    let srs =
        put_srs(&transaction, &Crs::wgs84()).and_then(|_| put_srs(&transaction, &table.crs()))?;
    put_layer(&transaction, layer, table, srs)?;
    transaction.commit().map_err(failed)?;
    connection.close().map_err(|(_, error)| failed(error))
}

fn put_srs(connection: &Connection, crs: &Crs) -> Result<i64> {
    let Some(definition) = crs.to_wkt()? else {
        return Ok(-1);
    };
    let (id, organization, code) = match crs.epsg() {
        Some(code) => (i64::from(code), "EPSG", i64::from(code)),
        None => (OWN_SRS, "NONE", OWN_SRS),
    };
    connection
        .execute(
            "INSERT OR IGNORE INTO gpkg_spatial_ref_sys VALUES (?1, ?2, ?3, ?4, ?5, NULL)",
            params![crs.name(), id, organization, code, definition],
        )
        .map_err(|error| Error::encode(FORMAT, error))?;
    Ok(id)
}

fn put_layer(connection: &Connection, layer: &str, table: &Table, srs: i64) -> Result<()> {
    let failed = |error: rusqlite::Error| Error::encode(FORMAT, error);
    let columns = rows::properties(table);
    let taken = |name: &str| {
        columns
            .iter()
            .any(|(column, _)| column.eq_ignore_ascii_case(name))
    };
    let free = |names: [&'static str; 3]| {
        names
            .into_iter()
            .find(|name| !taken(name))
            .unwrap_or("transect_key")
    };
    let key = free(["fid", "gpkg_fid", "transect_fid"]);
    let geometry = table
        .geometry_column()
        .map(|_| free(["geom", "gpkg_geom", "transect_geom"]));
    let kind = kind(table)?;
    let names = distinct(&columns);
    let mut declared = vec![format!(
        "{} INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL",
        quoted(key)
    )];
    declared.extend(geometry.map(|name| format!("{} {kind}", quoted(name))));
    for (name, (_, data_type)) in names.iter().zip(&columns) {
        declared.push(format!("{} {}", quoted(name), declaration(data_type)));
    }
    connection
        .execute_batch(&format!(
            "CREATE TABLE {} ({})",
            quoted(layer),
            declared.join(", ")
        ))
        .map_err(failed)?;
    let bounds = match geometry {
        Some(_) => table.bounds()?,
        None => None,
    };
    let corner = |value: fn(geo::Rect) -> f64| bounds.map(value);
    connection
        .execute(
            "INSERT INTO gpkg_contents VALUES (?1, ?2, ?1, '', ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                layer,
                if geometry.is_some() {
                    "features"
                } else {
                    "attributes"
                },
                CHANGED,
                corner(|rect| rect.min().x),
                corner(|rect| rect.min().y),
                corner(|rect| rect.max().x),
                corner(|rect| rect.max().y),
                geometry.map(|_| srs)
            ],
        )
        .map_err(failed)?;
    if let Some(geometry) = geometry {
        connection
            .execute(
                "INSERT INTO gpkg_geometry_columns VALUES (?1, ?2, ?3, ?4, 2, 0)",
                params![layer, geometry, kind, srs],
            )
            .map_err(failed)?;
    }
    let mut filled: Vec<String> = geometry.map(quoted).into_iter().collect();
    filled.extend(names.iter().map(|name| quoted(name)));
    let insert = if filled.is_empty() {
        format!("INSERT INTO {} DEFAULT VALUES", quoted(layer))
    } else {
        let places = vec!["?"; filled.len()].join(", ");
        format!(
            "INSERT INTO {} ({}) VALUES ({places})",
            quoted(layer),
            filled.join(", ")
        )
    };
    let mut statement = connection.prepare(&insert).map_err(failed)?;
    for block in rows::blocks(table) {
        let block = block?;
        for row in 0..block.count {
            let mut values = Vec::with_capacity(filled.len());
            if geometry.is_some() {
                let wkb = block.wkb.get(row).and_then(Option::as_deref);
                values.push(match wkb {
                    None => Value::Null,
                    Some(wkb) => Value::Blob(blob(wkb, srs)),
                });
            }
            values.extend(block.cells(row).map(|cell| match cell {
                Cell::Null => Value::Null,
                Cell::Flag(flag) => Value::Integer(i64::from(*flag)),
                Cell::Integer(number) => Value::Integer(*number),
                Cell::Number(number) => Value::Real(*number),
                Cell::Text(text) => Value::Text(text.clone()),
            }));
            statement
                .execute(params_from_iter(values))
                .map_err(failed)?;
        }
    }
    Ok(())
}

/// The geometry type that all rows have.
fn kind(table: &Table) -> Result<String> {
    if table.geometry_column().is_none() {
        return Ok("GEOMETRY".to_owned());
    }
    let kinds = table.kinds()?;
    Ok(match kinds.as_slice() {
        [only] => only.trim_end_matches(" Z").to_ascii_uppercase(),
        _ => "GEOMETRY".to_owned(),
    })
}

/// Names that differ whatever their case, as SQLite asks for.
fn distinct(columns: &[(String, DataType)]) -> Vec<String> {
    let mut taken = std::collections::HashSet::new();
    let names = columns.iter().map(|(column, _)| {
        let name: String = column.chars().filter(|letter| *letter != '\0').collect();
        let candidates =
            std::iter::once(name.clone()).chain((1..).map(|number| format!("{name}_{number}")));
        let mut free = candidates.filter(|name| taken.insert(name.to_lowercase()));
        free.next().unwrap_or(name)
    });
    names.collect()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn declaration(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Dictionary(_, values) => declaration(values),
        DataType::Boolean => "BOOLEAN",
        DataType::Int8 | DataType::UInt8 | DataType::Int16 => "SMALLINT",
        DataType::UInt16 | DataType::Int32 => "MEDIUMINT",
        integer if integer.is_integer() => "INTEGER",
        DataType::Float16 | DataType::Float32 => "FLOAT",
        number if number.is_numeric() => "DOUBLE",
        DataType::Date32 | DataType::Date64 => "DATE",
        _ => "TEXT",
    }
}

/// A geometry with the header of a GeoPackage, without an envelope.
fn blob(wkb: &[u8], srs: i64) -> Vec<u8> {
    let is_empty = crate::geometry::is_empty(wkb);
    // little-endian, standard, no envelope
    let flags = if is_empty { 0x11 } else { 0x01 };
    let mut blob = vec![b'G', b'P', 0, flags];
    blob.extend(i32::try_from(srs).unwrap_or(-1).to_le_bytes());
    blob.extend(wkb);
    blob
}
