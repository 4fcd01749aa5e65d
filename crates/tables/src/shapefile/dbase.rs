//! The attribute table of a Shapefile: dBASE III records of fixed width.
//!
//! Read here and not by a crate because identifiers of more than 15 digits must stay exact, and integers integers.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};
use arrow_schema::DataType;

use crate::cells::{Cell, CellColumn, distinct_names};

const HEADER_BYTES: usize = 32;
const FIELD_BYTES: usize = 32;
const END_OF_FIELDS: u8 = 0x0d;
const DELETED: u8 = b'*';

/// The records of a file.
pub(super) struct Attributes {
    /// Of those that are not deleted.
    pub columns: Vec<(String, ArrayRef)>,
    /// For every record, whether it is deleted.
    pub deleted: Vec<bool>,
}

struct Field {
    name: String,
    kind: u8,
    length: usize,
    decimals: u8,
}

pub(super) fn read(bytes: &[u8]) -> Result<Attributes, String> {
    let (header, after) = bytes
        .split_first_chunk::<HEADER_BYTES>()
        .ok_or("its header is cut short")?;
    let [_, _, _, _, n0, n1, n2, n3, h0, h1, r0, r1, ..] = *header;
    let records =
        usize::try_from(u32::from_le_bytes([n0, n1, n2, n3])).map_err(|error| error.to_string())?;
    let header_length = usize::from(u16::from_le_bytes([h0, h1]));
    let record_length = usize::from(u16::from_le_bytes([r0, r1]));
    let fields = fields(after)?;
    let fields_length: usize = fields.iter().map(|field| field.length).sum();
    if record_length != fields_length + 1 {
        return Err(format!(
            "records are {record_length} bytes long and their fields {fields_length}"
        ));
    }
    let data = bytes
        .get(header_length..)
        .ok_or("its header is cut short")?;
    if data.len() / record_length < records {
        return Err(format!(
            "it claims {records} records and has room for {}",
            data.len() / record_length
        ));
    }
    let mut columns: Vec<CellColumn> = fields.iter().map(|_| CellColumn::default()).collect();
    let mut deleted = Vec::with_capacity(records);
    for record in data.chunks_exact(record_length).take(records) {
        let Some((&flag, mut values)) = record.split_first() else {
            break;
        };
        deleted.push(flag == DELETED);
        if flag == DELETED {
            continue;
        }
        for (field, column) in fields.iter().zip(&mut columns) {
            let (value, rest) = values
                .split_at_checked(field.length)
                .ok_or("a record is cut short")?;
            values = rest;
            column.push(cell(field, value));
        }
    }
    let names = distinct_names(fields.iter().map(|field| field.name.clone()));
    let columns = columns
        .into_iter()
        .map(CellColumn::finish)
        .zip(&fields)
        .map(|(values, field)| match field.kind {
            b'D' => dates(&values),
            _ => values,
        });
    Ok(Attributes {
        columns: names.into_iter().zip(columns).collect(),
        deleted,
    })
}

fn fields(bytes: &[u8]) -> Result<Vec<Field>, String> {
    let mut fields = Vec::new();
    let mut rest = bytes;
    while rest.first() != Some(&END_OF_FIELDS) {
        let (descriptor, after) = rest
            .split_first_chunk::<FIELD_BYTES>()
            .ok_or("its list of fields is cut short")?;
        rest = after;
        let name = descriptor.get(..11).unwrap_or_default();
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        let [
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            kind,
            _,
            _,
            _,
            _,
            length,
            decimals,
            ..,
        ] = *descriptor;
        fields.push(Field {
            name: text(name),
            kind,
            length: length.into(),
            decimals,
        });
    }
    Ok(fields)
}

fn cell(field: &Field, value: &[u8]) -> Cell {
    let trimmed = value.trim_ascii();
    // numbers that did not fit are filled with stars
    let is_missing = trimmed.is_empty() || trimmed.iter().all(|&byte| byte == b'*' || byte == 0);
    match field.kind {
        _ if is_missing => Cell::Null,
        b'N' | b'F' => {
            let number = text(trimmed);
            let integer = number
                .parse()
                .ok()
                .filter(|_| field.kind == b'N' && field.decimals == 0);
            let typed = integer
                .map(Cell::Integer)
                .or_else(|| number.parse().ok().map(Cell::Number));
            typed.unwrap_or(Cell::Text(number))
        }
        b'L' => match trimmed {
            b"T" | b"t" | b"Y" | b"y" => Cell::Flag(true),
            b"F" | b"f" | b"N" | b"n" => Cell::Flag(false),
            _ => Cell::Null,
        },
        b'D' => match trimmed {
            [y0, y1, y2, y3, m0, m1, d0, d1] => {
                Cell::Text(text(&[*y0, *y1, *y2, *y3, b'-', *m0, *m1, b'-', *d0, *d1]))
            }
            _ => Cell::Null,
        },
        b'C' => Cell::Text(text(value.trim_ascii_end())),
        // memos and binary fields lie in files of their own
        _ => Cell::Null,
    }
}

/// Dates written as text, as dates; what is none becomes null.
fn dates(values: &ArrayRef) -> ArrayRef {
    let dates = arrow_cast::cast(values, &DataType::Date32);
    dates.unwrap_or_else(|_| Arc::new(StringArray::new_null(values.len())))
}

/// UTF-8 where it is, else Latin-1, the default of dBASE in the West.
fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(
        |_| bytes.iter().copied().map(char::from).collect(),
        str::to_owned,
    )
}
