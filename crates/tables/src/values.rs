//! Columns as plain Rust values, whatever type they were stored in.

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use crate::column::Column;
use crate::{Error, Result, Table};

impl Table {
    /// A column as numbers: integers (exact up to 2^53), floats, decimals, booleans as 0 and 1, and text that reads as a
    /// number; empty text is `None`.
    ///
    /// # Errors
    /// [`Error::MissingColumn`]; [`Error::ColumnType`] for dates, lists and the like; [`Error::Value`] with the row for text that
    /// is no number.
    pub fn numbers(&self, name: &str) -> Result<Vec<Option<f64>>> {
        let column = self.find(name)?;
        let mut numbers = Vec::with_capacity(self.rows());
        for block in column.blocks() {
            let (first_row, array) = block?;
            match plain_type(array.data_type()) {
                DataType::Utf8 => {
                    let texts = cast(column, &array, &DataType::Utf8, "numbers")?;
                    for (offset, text) in texts.as_string::<i32>().iter().enumerate() {
                        let row = first_row + offset;
                        let expected = match text {
                            Some(text) if has_decimal_comma(text) => {
                                "a number (decimal commas are read with --decimal ,)"
                            }
                            _ => "a number",
                        };
                        numbers.push(parse(column, row, text, expected, |text| {
                            text.parse().ok()
                        })?);
                    }
                }
                DataType::Float64 => {
                    let floats = cast(column, &array, &DataType::Float64, "numbers")?;
                    numbers.extend(floats.as_primitive::<Float64Type>());
                }
                _ => return Err(wrong_type(column, "numbers")),
            }
        }
        Ok(numbers)
    }

    /// A column as text: numbers, booleans and dates in their usual notation (5, 0.5, true, 2024-02-29).
    ///
    /// # Errors
    /// [`Error::MissingColumn`]; [`Error::ColumnType`] for what has no text, such as lists and raw bytes.
    pub fn texts(&self, name: &str) -> Result<Vec<Option<String>>> {
        let column = self.find(name)?;
        if matches!(
            column.field.data_type(),
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView
        ) {
            return Err(wrong_type(column, "text"));
        }
        let mut texts = Vec::with_capacity(self.rows());
        for block in column.blocks() {
            let mut array = block?.1;
            if let DataType::Timestamp(unit, Some(zone)) = array.data_type()
                && zone.as_ref() == "UTC"
            {
                // Named zones need a time zone database to print; this one is an offset of none.
                let offset = DataType::Timestamp(*unit, Some("+00:00".into()));
                array = cast(column, &array, &offset, "text")?;
            }
            let array = cast(column, &array, &DataType::Utf8, "text")?;
            texts.extend(
                array
                    .as_string::<i32>()
                    .iter()
                    .map(|text| text.map(str::to_owned)),
            );
        }
        Ok(texts)
    }

    /// A column as yes and no: booleans, the numbers 0 and 1, or the words true/false, yes/no, t/f, y/n, 1/0 in any case.
    ///
    /// # Errors
    /// [`Error::MissingColumn`], [`Error::ColumnType`]; [`Error::Value`] with the row for anything else.
    pub fn flags(&self, name: &str) -> Result<Vec<Option<bool>>> {
        const EXPECTED: &str = "true or false, yes or no, 1 or 0";
        let column = self.find(name)?;
        let mut flags = Vec::with_capacity(self.rows());
        for block in column.blocks() {
            let (first_row, array) = block?;
            if *array.data_type() == DataType::Boolean {
                flags.extend(array.as_boolean().iter());
                continue;
            }
            if plain_type(array.data_type()) == DataType::Null {
                return Err(wrong_type(column, EXPECTED));
            }
            let texts = cast(column, &array, &DataType::Utf8, EXPECTED)?;
            for (offset, text) in texts.as_string::<i32>().iter().enumerate() {
                flags.push(parse(column, first_row + offset, text, EXPECTED, flag)?);
            }
        }
        Ok(flags)
    }
}

/// Whether a text is a number but for a comma where the point should be.
fn has_decimal_comma(text: &str) -> bool {
    text.matches(',').count() == 1 && text.replacen(',', ".", 1).trim().parse::<f64>().is_ok()
}

fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" | "1.0" => Some(true),
        "false" | "f" | "no" | "n" | "0" | "0.0" => Some(false),
        _ => None,
    }
}

fn parse<T>(
    column: &Column,
    row: usize,
    text: Option<&str>,
    expected: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    read(text).map(Some).ok_or_else(|| Error::Value {
        column: column.name().to_owned(),
        row,
        found: text.chars().take(60).collect(),
        expected,
    })
}

/// Float64 for what counts, Utf8 for what is text, Null for the rest.
fn plain_type(of: &DataType) -> DataType {
    match of {
        DataType::Dictionary(_, values) => plain_type(values),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::Boolean | DataType::Null => DataType::Float64,
        numeric if numeric.is_numeric() => DataType::Float64,
        _ => DataType::Null,
    }
}

fn cast(
    column: &Column,
    array: &ArrayRef,
    to: &DataType,
    expected: &'static str,
) -> Result<ArrayRef> {
    let flat = match array.data_type() {
        DataType::Dictionary(_, values) => arrow_cast::cast(array, values),
        _ => Ok(ArrayRef::clone(array)),
    };
    flat.and_then(|flat| arrow_cast::cast(&flat, to))
        .map_err(|_| wrong_type(column, expected))
}

fn wrong_type(column: &Column, expected: &'static str) -> Error {
    Error::ColumnType {
        column: column.name().to_owned(),
        found: column.field.data_type().to_string(),
        expected,
    }
}
