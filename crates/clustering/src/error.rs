//! What can be wrong with a table or its settings.

/// Everything here is for the caller to change: a setting, a column or a geometry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting that cannot be right, whatever the table.
    #[error("setting {name} is {value}: it must be {expected}")]
    Setting {
        /// The setting, as it is spelt in [`Params`](crate::Params).
        name: &'static str,
        /// What was given.
        value: String,
        /// What would be right.
        expected: &'static str,
    },
    /// A named column that the table has not got.
    #[error("there is no column {column:?}: the table has {}", present.join(", "))]
    NoColumn {
        /// The column that was asked for.
        column: String,
        /// The columns there are.
        present: Vec<String>,
    },
    /// Values that cannot be used, with the first rows that hold one.
    #[error(
        "column {column:?} has {count} {what}, first in rows {}: {remedy}",
        list(rows)
    )]
    BadValues {
        /// The column.
        column: String,
        /// How many rows are affected.
        count: usize,
        /// What is wrong with them.
        what: &'static str,
        /// The first few row numbers, from 0.
        rows: Vec<usize>,
        /// What to do about it.
        remedy: &'static str,
    },
    /// A column that is meant by no exact name, and by several regardless of case.
    #[error("{name:?} may be any of the columns {}: name one exactly", present.join(", "))]
    AmbiguousColumn {
        /// The name that was looked for.
        name: String,
        /// The columns that match it but for case.
        present: Vec<String>,
    },
    /// Nothing says where on Earth the coordinates are.
    #[error("the table names no coordinate reference system: set assume_crs, such as EPSG:4326")]
    NoCrs,
    /// A CRS for distances that has none.
    #[error(
        "projected_epsg is {epsg}, which has no metres: it must be the code of a projected system"
    )]
    NotProjected {
        /// What was given.
        epsg: u32,
    },
    /// The table has a `cluster_id` column already.
    #[error("the table has a column {column:?} already: set overwrite to replace it")]
    AlreadyClustered {
        /// The column in the way.
        column: &'static str,
    },
    /// The table is too large for the memory there is.
    #[error(
        "clustering {rows} rows takes about {needed_mb} MB and {left_mb} MB are left: give the function more memory, or split the table"
    )]
    Memory {
        /// Rows of the table.
        rows: usize,
        /// What they need beside the table, in millions of bytes.
        needed_mb: u64,
        /// What is left, in millions of bytes.
        left_mb: u64,
    },
    /// The table cannot be read, projected or made.
    #[error(transparent)]
    Table(#[from] tables::Error),
}

fn list(rows: &[usize]) -> String {
    rows.iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
