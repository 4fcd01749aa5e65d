//! CSV and its kin: text in columns, the geometry in one or two of them.
//!
//! The separator (comma, semicolon, tab or bar) is the one the header has most of. A column is of integers, numbers or
//! true/false when all its values are, and text otherwise; numbers with leading zeros are identifiers, and stay text.

use csv::{ByteRecord, ReaderBuilder, Trim};

use crate::cells::{CellColumn, distinct_names};
use crate::coordinates;
use crate::infer::Kind;
use crate::options::{Decimal, Limits};
use crate::{Error, ReadOptions, Result, Table};

pub(crate) const FORMAT: &str = "CSV";

pub(crate) fn read(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        let problem = "it is UTF-16; expected UTF-8, or Latin-1";
        return Err(Error::malformed(name, FORMAT, problem));
    }
    if options.decimal == Decimal::Comma && delimiter(bytes) == b',' {
        let problem = "its fields are separated by commas; decimal commas need another separator";
        return Err(Error::malformed(name, FORMAT, problem));
    }
    let header = header(name, bytes)?;
    let wanted = wanted(name, bytes, &header, options)?;
    let kinds = kinds(name, bytes, header.len(), options.decimal)?;
    let mut columns: Vec<CellColumn> = header.iter().map(|_| CellColumn::default()).collect();
    let mut latin = false;
    each_record(name, bytes, |record| {
        let fields = columns
            .iter_mut()
            .zip(record.iter())
            .zip(&kinds)
            .zip(&wanted);
        for (((column, field), kind), wanted) in fields {
            if *wanted {
                column.push(kind.cell(field, options.decimal, &mut latin));
            }
        }
        Ok(())
    })?;
    if latin {
        options.notes.add(format!(
            "{name}: it is not UTF-8; its text is taken as Latin-1"
        ));
    }
    let read = header
        .into_iter()
        .zip(columns)
        .zip(wanted)
        .filter(|(_, wanted)| *wanted);
    let columns = read.map(|((name, column), _)| (name, column.finish()));
    coordinates::find(name, Table::new(columns.collect())?, options)
}

fn each_record(
    name: &str,
    bytes: &[u8],
    mut visit: impl FnMut(&ByteRecord) -> Result<()>,
) -> Result<()> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(bytes))
        .trim(Trim::All)
        .from_reader(bytes);
    let mut record = ByteRecord::new();
    while reader
        .read_byte_record(&mut record)
        .map_err(|error| Error::malformed(name, FORMAT, error))?
    {
        visit(&record)?;
    }
    Ok(())
}

/// The names in the first line, made to differ.
fn header(name: &str, bytes: &[u8]) -> Result<Vec<String>> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(bytes))
        .trim(Trim::All)
        .from_reader(bytes);
    let header = reader
        .byte_headers()
        .map_err(|error| Error::malformed(name, FORMAT, error))?;
    if header.is_empty() {
        return Err(Error::malformed(
            name,
            FORMAT,
            "it is empty; expected a header line with the names of columns",
        ));
    }
    if header.len() > Limits::COLUMNS {
        return Err(Error::TooLarge {
            name: name.to_owned(),
            what: format!("a header of {} columns", header.len()),
            limit: format!("{} columns", Limits::COLUMNS),
        });
    }
    let names =
        header.iter().zip(1..).map(
            |(field, number)| match String::from_utf8_lossy(field).trim() {
                "" => format!("column_{number}"),
                name => name.to_owned(),
            },
        );
    Ok(distinct_names(names))
}

fn delimiter(bytes: &[u8]) -> u8 {
    let header = bytes
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    let count = |delimiter: u8| header.iter().filter(|&&byte| byte == delimiter).count();
    // on a tie, the first: commas are the rule
    let candidates = [b'|', b'\t', b';', b','];
    candidates
        .into_iter()
        .max_by_key(|&delimiter| count(delimiter))
        .unwrap_or(b',')
}

/// Which columns are read: those asked for, and those of the geometry.
fn wanted(name: &str, bytes: &[u8], header: &[String], options: &ReadOptions) -> Result<Vec<bool>> {
    let Some(columns) = &options.columns else {
        return Ok(vec![true; header.len()]);
    };
    if let Some(missing) = columns.iter().find(|column| !header.contains(column)) {
        return Err(Error::MissingColumn {
            column: missing.clone(),
            available: header.to_vec(),
        });
    }
    let mut first: Vec<Option<String>> = vec![None; header.len()];
    each_record(name, bytes, |record| {
        for (first, field) in first.iter_mut().zip(record) {
            if first.is_none() && !field.is_empty() {
                *first = Some(String::from_utf8_lossy(field).into_owned());
            }
        }
        Ok(())
    })?;
    let holds_geometry = |column: &str| {
        let position = header.iter().position(|name| name == column);
        let first = position.and_then(|position| first.get(position)?.as_deref());
        first.is_some_and(coordinates::is_geometry)
    };
    let names: Vec<&str> = header.iter().map(String::as_str).collect();
    let source = coordinates::source(&names, options, holds_geometry)?;
    let is_wanted = |name: &String| {
        let is_geometry = source
            .as_ref()
            .is_some_and(|source| source.columns().contains(&name.as_str()));
        is_geometry || columns.contains(name)
    };
    Ok(header.iter().map(is_wanted).collect())
}

fn kinds(name: &str, bytes: &[u8], columns: usize, decimal: Decimal) -> Result<Vec<Kind>> {
    let mut kinds = vec![Kind::default(); columns];
    each_record(name, bytes, |record| {
        for (kind, field) in kinds.iter_mut().zip(record.iter()) {
            kind.narrow(field, decimal);
        }
        Ok(())
    })?;
    Ok(kinds)
}
