//! Writing CSV (RFC 4180, lines ending in a line feed).

use std::io::Write;

use csv::{QuoteStyle, WriterBuilder};
use geo::Geometry;
use wkt::ToWkt;

use super::rows;
use super::text;
use crate::cells::Cell;
use crate::{Error, Result, Table};

const FORMAT: &str = "CSV";

pub(super) fn write<W: Write>(table: &Table, out: W) -> Result<Vec<String>> {
    let failed = |error: csv::Error| Error::write(FORMAT, error.into());
    let mut notes = Vec::new();
    let has_geometry = table.geometry_column().is_some();
    let is_known = !table.crs().is_unknown();
    let table = table.on_wgs84()?;
    let is_points = has_geometry && table.points()?.is_some();
    let columns = rows::properties(&table);
    let free = |name: &str| {
        let taken = columns.iter().any(|(column, _)| column == name);
        if taken {
            format!("{name}.1")
        } else {
            name.to_owned()
        }
    };
    let mut header: Vec<String> = columns.iter().map(|(name, _)| text::cell(name)).collect();
    match (has_geometry, is_points, is_known) {
        (false, ..) => {}
        (true, true, true) => header.extend([free("lon"), free("lat")]),
        (true, true, false) => header.extend([free("x"), free("y")]),
        (true, false, _) => header.push(free("wkt")),
    }
    if has_geometry && !is_known {
        notes.push(
            "CSV has no place for a reference system, and that of the table is unknown".to_owned(),
        );
    }
    let mut writer = WriterBuilder::new()
        .quote_style(QuoteStyle::Necessary)
        .from_writer(out);
    writer.write_record(&header).map_err(failed)?;
    for block in rows::blocks(&table) {
        let block = block?;
        for row in 0..block.count {
            let mut record: Vec<String> = block.cells(row).map(field).collect();
            match (is_points, block.geometry(row)?) {
                (true, Some(Geometry::Point(point))) => {
                    record.extend([point.x().to_string(), point.y().to_string()]);
                }
                (true, _) => record.extend([String::new(), String::new()]),
                (false, Some(geometry)) => record.push(geometry.wkt_string()),
                (false, None) if has_geometry => record.push(String::new()),
                (false, None) => {}
            }
            writer.write_record(&record).map_err(failed)?;
        }
    }
    writer
        .flush()
        .map_err(|error| Error::write(FORMAT, error))?;
    Ok(notes)
}

fn field(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Flag(flag) => flag.to_string(),
        Cell::Integer(number) => number.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Text(value) => text::cell(value),
    }
}
