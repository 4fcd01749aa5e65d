//! Columns from formats that give one value at a time and do not always say of which type.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, NullArray};

use crate::options::Limits;

/// One value of a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Null,
    Flag(bool),
    Integer(i64),
    Number(f64),
    Text(String),
}

/// A column that takes the narrowest type that holds all its values: integers give way to numbers, and everything to
/// text.
#[derive(Debug, Default)]
pub(crate) struct CellColumn {
    cells: Cells,
}

#[derive(Debug)]
enum Cells {
    Nulls(usize),
    Flags(BooleanBuilder),
    Integers(Int64Builder),
    Numbers(Float64Builder),
    Texts(StringBuilder),
}

impl Default for Cells {
    fn default() -> Self {
        Self::Nulls(0)
    }
}

/// Integers above this are not all numbers in floating point.
const EXACT: u64 = 1 << 53;

impl CellColumn {
    pub fn len(&self) -> usize {
        use arrow_array::builder::ArrayBuilder;
        match &self.cells {
            Cells::Nulls(rows) => *rows,
            Cells::Flags(cells) => cells.len(),
            Cells::Integers(cells) => cells.len(),
            Cells::Numbers(cells) => cells.len(),
            Cells::Texts(cells) => cells.len(),
        }
    }

    /// Fills with nulls up to a number of rows.
    pub fn fill(&mut self, rows: usize) {
        for _ in self.len()..rows {
            self.push(Cell::Null);
        }
    }

    pub fn push(&mut self, cell: Cell) {
        match (&mut self.cells, cell) {
            (Cells::Nulls(rows), Cell::Null) => *rows += 1,
            (Cells::Flags(cells), Cell::Null) => cells.append_null(),
            (Cells::Integers(cells), Cell::Null) => cells.append_null(),
            (Cells::Numbers(cells), Cell::Null) => cells.append_null(),
            (Cells::Texts(cells), Cell::Null) => cells.append_null(),
            (Cells::Flags(cells), Cell::Flag(value)) => cells.append_value(value),
            (Cells::Integers(cells), Cell::Integer(value)) => cells.append_value(value),
            (Cells::Numbers(cells), Cell::Number(value)) => cells.append_value(value),
            (Cells::Texts(cells), Cell::Text(value)) => cells.append_value(value),
            (Cells::Numbers(cells), Cell::Integer(value)) if value.unsigned_abs() <= EXACT => {
                cells.append_value(value as f64);
            }
            (Cells::Texts(cells), other) => cells.append_value(text_of(&other)),
            (_, cell) => {
                self.widen(&cell);
                self.push(cell);
            }
        }
    }

    /// Changes the column's type so that it can take a cell that does not fit.
    fn widen(&mut self, cell: &Cell) {
        let rows = self.len();
        self.cells = match (std::mem::take(&mut self.cells), cell) {
            (Cells::Nulls(_), Cell::Flag(_)) => {
                Cells::Flags(nulls(BooleanBuilder::new(), rows, |cells| {
                    cells.append_null()
                }))
            }
            (Cells::Nulls(_), Cell::Integer(_)) => {
                Cells::Integers(nulls(Int64Builder::new(), rows, |cells| {
                    cells.append_null()
                }))
            }
            (Cells::Nulls(_), Cell::Number(_)) => {
                Cells::Numbers(nulls(Float64Builder::new(), rows, |cells| {
                    cells.append_null()
                }))
            }
            (Cells::Nulls(_), _) => Cells::Texts(nulls(StringBuilder::new(), rows, |cells| {
                cells.append_null()
            })),
            (Cells::Integers(mut cells), Cell::Number(_)) => {
                let integers = cells.finish();
                if integers
                    .iter()
                    .flatten()
                    .all(|value| value.unsigned_abs() <= EXACT)
                {
                    let numbers = integers.iter().map(|value| value.map(|value| value as f64));
                    let mut wider = Float64Builder::with_capacity(rows);
                    numbers.for_each(|number| wider.append_option(number));
                    Cells::Numbers(wider)
                } else {
                    texts(integers.iter().map(|value| value.map(Cell::Integer)))
                }
            }
            (Cells::Flags(mut cells), _) => {
                texts(cells.finish().iter().map(|value| value.map(Cell::Flag)))
            }
            (Cells::Integers(mut cells), _) => {
                texts(cells.finish().iter().map(|value| value.map(Cell::Integer)))
            }
            (Cells::Numbers(mut cells), _) => {
                texts(cells.finish().iter().map(|value| value.map(Cell::Number)))
            }
            (Cells::Texts(cells), _) => Cells::Texts(cells),
        };
    }

    pub fn finish(self) -> ArrayRef {
        match self.cells {
            Cells::Nulls(rows) => Arc::new(NullArray::new(rows)),
            Cells::Flags(mut cells) => Arc::new(cells.finish()),
            Cells::Integers(mut cells) => Arc::new(cells.finish()),
            Cells::Numbers(mut cells) => Arc::new(cells.finish()),
            Cells::Texts(mut cells) => Arc::new(cells.finish()),
        }
    }
}

fn nulls<B>(mut builder: B, rows: usize, append_null: impl Fn(&mut B)) -> B {
    for _ in 0..rows {
        append_null(&mut builder);
    }
    builder
}

fn texts(cells: impl Iterator<Item = Option<Cell>>) -> Cells {
    let mut texts = StringBuilder::new();
    for cell in cells {
        match cell {
            Some(cell) => texts.append_value(text_of(&cell)),
            None => texts.append_null(),
        }
    }
    Cells::Texts(texts)
}

fn text_of(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Flag(value) => value.to_string(),
        Cell::Integer(value) => value.to_string(),
        Cell::Number(value) => value.to_string(),
        Cell::Text(value) => value.clone(),
    }
}

/// Columns by name, in the order in which they first appear; a row need not have all of them.
#[derive(Debug)]
pub(crate) struct CellTable {
    names: Vec<String>,
    columns: Vec<CellColumn>,
    places: HashMap<String, usize>,
    rows: usize,
    most_cells: u64,
}

impl CellTable {
    /// A table of at most so many cells.
    pub fn new(most_cells: u64) -> Self {
        Self {
            names: Vec::new(),
            columns: Vec::new(),
            places: HashMap::new(),
            rows: 0,
            most_cells,
        }
    }

    /// Adds a row of named cells; what is not named is null. The error says which bound the table would pass.
    pub fn push_row(
        &mut self,
        cells: impl IntoIterator<Item = (String, Cell)>,
    ) -> Result<(), String> {
        for (name, cell) in cells {
            let place = match self.places.get(&name) {
                Some(place) => *place,
                None => {
                    self.places.insert(name.clone(), self.columns.len());
                    self.names.push(name);
                    self.columns.push(CellColumn::default());
                    self.columns.len() - 1
                }
            };
            let Some(column) = self.columns.get_mut(place) else {
                continue;
            };
            // a name that comes twice in a row counts once
            if column.len() <= self.rows {
                column.fill(self.rows);
                column.push(cell);
            }
        }
        self.rows += 1;
        Limits::check_cells(self.rows, self.columns.len(), self.most_cells)
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn finish(mut self) -> Vec<(String, ArrayRef)> {
        for column in &mut self.columns {
            column.fill(self.rows);
        }
        self.names
            .into_iter()
            .zip(self.columns.into_iter().map(CellColumn::finish))
            .collect()
    }
}

/// Makes names differ the way pandas does: the second `road` becomes `road.1`.
pub(crate) fn distinct_names(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let names: Vec<String> = names.into_iter().collect();
    let mut taken: HashSet<String> = names.iter().cloned().collect();
    let mut seen = HashSet::new();
    let distinct = names.into_iter().map(|name| {
        if seen.insert(name.clone()) {
            return name;
        }
        let numbered = (1..)
            .map(|number| format!("{name}.{number}"))
            .find(|candidate| !taken.contains(candidate));
        let numbered = numbered.unwrap_or(name);
        taken.insert(numbered.clone());
        numbered
    });
    distinct.collect()
}
