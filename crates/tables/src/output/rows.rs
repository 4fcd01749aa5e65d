//! The rows of a table as plain values, a block at a time.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use geo::Geometry;

use crate::cells::Cell;
use crate::column::BLOCK_ROWS;
use crate::geometry::{self, WkbBlock};
use crate::{Error, Result, Table};

/// Consecutive rows.
pub(crate) struct Rows {
    /// The columns but for the geometry, in order.
    pub columns: Vec<Vec<Cell>>,
    /// Well-Known Binary of each row; empty for a table without a geometry.
    pub wkb: Vec<Option<Vec<u8>>>,
    pub first: usize,
    pub count: usize,
}

impl Rows {
    /// The cells of a row.
    pub fn cells(&self, row: usize) -> impl Iterator<Item = &Cell> {
        self.columns
            .iter()
            .map(move |column| column.get(row).unwrap_or(&Cell::Null))
    }

    /// The geometry of a row.
    pub fn geometry(&self, row: usize) -> Result<Option<Geometry>> {
        let wkb = self.wkb.get(row).and_then(Option::as_deref);
        let decoded = wkb.map(geometry::decode).transpose();
        decoded.map_err(|problem| Error::Geometry {
            column: "geometry".to_owned(),
            row: self.first + row,
            problem,
        })
    }
}

/// The columns but for the geometry.
pub(crate) fn properties(table: &Table) -> Vec<(String, DataType)> {
    let geometry = table.geometry_column();
    let schema = table.schema();
    let fields = schema
        .fields()
        .iter()
        .filter(|field| Some(field.name().as_str()) != geometry);
    fields
        .map(|field| (field.name().clone(), field.data_type().clone()))
        .collect()
}

/// The rows of a table, a block at a time.
pub(crate) fn blocks(table: &Table) -> impl Iterator<Item = Result<Rows>> {
    let schema = table.schema();
    (0..table.rows()).step_by(BLOCK_ROWS).map(move |first| {
        let count = BLOCK_ROWS.min(table.rows() - first);
        let batch = table.batch(first, count, &schema)?;
        let primary = table.geometry_column();
        let mut wkb = Vec::new();
        let mut columns = Vec::new();
        for (field, array) in schema.fields().iter().zip(batch.columns()) {
            if Some(field.name().as_str()) == primary {
                let values = WkbBlock::new(field.name(), array)?;
                wkb = values
                    .values()
                    .map(|bytes| bytes.map(<[u8]>::to_vec))
                    .collect();
            } else {
                columns.push(cells(array));
            }
        }
        Ok(Rows {
            columns,
            wkb,
            first,
            count,
        })
    })
}

/// The values of a column; null for what has no plain form.
fn cells(array: &ArrayRef) -> Vec<Cell> {
    let flat = match array.data_type() {
        DataType::Dictionary(_, values) => {
            arrow_cast::cast(array, values).unwrap_or_else(|_| array.clone())
        }
        _ => array.clone(),
    };
    let to = match flat.data_type() {
        DataType::Boolean => DataType::Boolean,
        DataType::UInt64 => DataType::UInt64,
        integer if integer.is_integer() => DataType::Int64,
        number if number.is_numeric() => DataType::Float64,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => DataType::Null,
        _ => DataType::Utf8,
    };
    let Ok(values) = arrow_cast::cast(&flat, &to) else {
        return vec![Cell::Null; array.len()];
    };
    match to {
        DataType::Boolean => plain(values.as_boolean().iter(), Cell::Flag),
        DataType::Int64 => plain(values.as_primitive::<Int64Type>().iter(), Cell::Integer),
        DataType::UInt64 => plain(values.as_primitive::<UInt64Type>().iter(), |value| {
            i64::try_from(value).map_or_else(|_| Cell::Text(value.to_string()), Cell::Integer)
        }),
        DataType::Float64 => plain(values.as_primitive::<Float64Type>().iter(), Cell::Number),
        DataType::Utf8 => plain(values.as_string::<i32>().iter(), |text| {
            Cell::Text(text.to_owned())
        }),
        _ => vec![Cell::Null; array.len()],
    }
}

fn plain<T>(values: impl Iterator<Item = Option<T>>, cell: impl Fn(T) -> Cell) -> Vec<Cell> {
    values
        .map(|value| value.map_or(Cell::Null, &cell))
        .collect()
}
