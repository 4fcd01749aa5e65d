//! What the values of a column of text are: true/false, integers, numbers, or text after all.

use std::collections::HashMap;

use arrow_array::ArrayRef;

use crate::cells::{Cell, CellColumn};
use crate::options::{Decimal, Limits};

/// What every value of a column can be read as.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    flag: bool,
    integer: bool,
    number: bool,
}

impl Default for Kind {
    fn default() -> Self {
        Self {
            flag: true,
            integer: true,
            number: true,
        }
    }
}

impl Kind {
    /// Leaves what this value can be read as, too.
    pub fn narrow(&mut self, field: &[u8], decimal: Decimal) {
        if field.is_empty() {
            return;
        }
        self.flag &= flag(field).is_some();
        self.integer &= integer(field).is_some();
        self.number &= number(field, decimal).is_some();
    }

    /// A value as what all of its column can be read as; bytes that are no UTF-8 are Latin-1, and set `latin`.
    pub fn cell(self, field: &[u8], decimal: Decimal, latin: &mut bool) -> Cell {
        if field.is_empty() {
            return Cell::Null;
        }
        let typed = if self.flag {
            flag(field).map(Cell::Flag)
        } else if self.integer {
            integer(field).map(Cell::Integer)
        } else if self.number {
            number(field, decimal).map(Cell::Number)
        } else {
            None
        };
        typed.unwrap_or_else(|| {
            Cell::Text(match std::str::from_utf8(field) {
                Ok(text) => text.to_owned(),
                Err(_) => {
                    *latin = true;
                    field.iter().copied().map(char::from).collect()
                }
            })
        })
    }
}

fn flag(field: &[u8]) -> Option<bool> {
    match field {
        b"true" | b"True" | b"TRUE" => Some(true),
        b"false" | b"False" | b"FALSE" => Some(false),
        _ => None,
    }
}

/// An integer written as one writes integers: `007` and `+7` are texts.
fn integer(field: &[u8]) -> Option<i64> {
    let digits = field.strip_prefix(b"-").unwrap_or(field);
    let is_plain = matches!(digits, [b'0'] | [b'1'..=b'9', ..]);
    std::str::from_utf8(field)
        .ok()
        .filter(|_| is_plain)?
        .parse()
        .ok()
}

fn number(field: &[u8], decimal: Decimal) -> Option<f64> {
    let digits = field.strip_prefix(b"-").unwrap_or(field);
    let is_identifier = matches!(digits, [b'0', b'0'..=b'9', ..] | [b'+', ..]);
    let text = std::str::from_utf8(field).ok().filter(|_| !is_identifier)?;
    match decimal {
        Decimal::Point => text.parse().ok(),
        Decimal::Comma if text.contains('.') => None,
        Decimal::Comma => text.replacen(',', ".", 1).parse().ok(),
    }
}

/// Rows of named texts, such as KML has, that become columns of the kind all their values have.
#[derive(Debug)]
pub(crate) struct TextTable {
    names: Vec<String>,
    places: HashMap<String, usize>,
    /// Of each row, the columns it has.
    rows: Vec<Vec<(usize, String)>>,
    most_cells: u64,
}

impl TextTable {
    /// A table of at most so many cells.
    pub fn new(most_cells: u64) -> Self {
        Self {
            names: Vec::new(),
            places: HashMap::new(),
            rows: Vec::new(),
            most_cells,
        }
    }

    /// Adds a row; what is not named is null, and a name that comes twice counts once.
    pub fn push_row(&mut self, fields: Vec<(String, String)>) -> Result<(), String> {
        let mut row: Vec<(usize, String)> = Vec::new();
        for (name, text) in fields {
            let next = self.names.len();
            let place = *self.places.entry(name.clone()).or_insert(next);
            if place == next {
                self.names.push(name);
            }
            if row.iter().all(|(taken, _)| *taken != place) {
                row.push((place, text));
            }
        }
        self.rows.push(row);
        Limits::check_cells(self.rows.len(), self.names.len(), self.most_cells)
    }

    pub fn finish(self) -> Vec<(String, ArrayRef)> {
        let mut kinds = vec![Kind::default(); self.names.len()];
        for (place, text) in self.rows.iter().flatten() {
            if let Some(kind) = kinds.get_mut(*place) {
                kind.narrow(text.as_bytes(), Decimal::Point);
            }
        }
        let mut columns: Vec<CellColumn> = kinds.iter().map(|_| CellColumn::default()).collect();
        let rows = self.rows.len();
        for (number, row) in self.rows.into_iter().enumerate() {
            for (place, text) in row {
                if let (Some(column), Some(kind)) = (columns.get_mut(place), kinds.get(place)) {
                    column.fill(number);
                    column.push(kind.cell(text.as_bytes(), Decimal::Point, &mut false));
                }
            }
        }
        let columns = self
            .names
            .into_iter()
            .zip(columns)
            .map(|(name, mut column)| {
                column.fill(rows);
                (name, column.finish())
            });
        columns.collect()
    }
}
